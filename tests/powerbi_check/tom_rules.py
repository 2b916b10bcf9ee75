"""The rules of semantic-link-labs over a semantic model: no error, no warning, or a waiver with its reason.

A waiver that nothing needs any more fails too: exceptions must not outlive their cause.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from tests.powerbi_check.bench import Bench
from tests.powerbi_check.installing import ask
from tests.powerbi_check.rows import AUDIENCES, Outcome, Row
from tests.powerbi_check.tom import SHOWN, definition

COUNTED = ("Error", "Warning")


@dataclass(frozen=True)
class Waiver:
    """A rule that may be broken by the objects whose whole name matches `objects`, and why. `format`: only by measures
    whose format string matches it whole."""

    rule: str
    objects: str
    reason: str
    format: str = ".*"
    audiences: tuple[str, ...] = AUDIENCES

    def covers(self, finding: dict[str, str]) -> bool:
        """Is this the finding that was meant?"""
        return (
            finding["rule"] == self.rule
            and re.fullmatch(self.objects, finding["object"]) is not None
            and re.fullmatch(self.format, finding["format"]) is not None
        )


WHOLE = "Whole numbers should be formatted with thousands separators and no decimals"
WAIVERS = (
    Waiver(
        "Relationship columns should be of integer data type",
        r".+\[(OperationalDate|\w+(Id|Code)|ContractTable)\] -> .+\[(OperationalDate|AreaId|\w*Code)\]",
        "keys are days and the short codes that the views publish, the same in SQL, JSON and DAX; made-up numbers would "
        "be another name for each, and the engine stores either as a dictionary",
    ),
    Waiver(
        "Ensure tables have relationships",
        "Table (MetricDefinitions|Snapshots|ScopeMembers|RefreshStatus)",
        "they speak about the figures, not about days or areas; row-level security reads ScopeMembers by name",
    ),
    Waiver(
        "Provide format string for 'Date' columns",
        r"\w+\[UpdatedAt\]",
        "an instant whose name happens to contain the word: its time of day is shown",
        audiences=("analyst",),
    ),
    Waiver(
        "No two measures should have the same definition",
        r".+\[(Critical incidents reported|Incidents by kind and severity)(, same weekday|, 28-day baseline)?\]"
        r"|.+\[(Contact rate|Emergency services requested), n\]",
        "two lines of the daily list that count the same records and are cut in different ways; each has its own measures",
    ),
    Waiver(
        "Use the DIVIDE function for division",
        r".+\[(.+, (same weekday|28-day baseline)|.+ p\d\d( low| high)?( \(records\))?|Data age \(hours\)"
        r"|Oldest open item \(hours\)|Hours to due)\]",
        "the divisor is a constant: 4 or 28 days, milliseconds of a minute or hour, seconds of an hour",
    ),
    Waiver(
        "Avoid addition or subtraction of constant values to results of divisions",
        r".+\[Response time, first arrival, spread\]",
        "n - 1 days is the divisor of a variance, and stands inside the division",
    ),
    Waiver(
        "Percentages should be formatted with thousands separators and 1 decimal",
        ".+",
        "one decimal they have; a share is never above 100 %, and the blank before the sign is what the SI asks for",
        format=r"0\.0 %",
    ),
    Waiver(
        "Percentages should be formatted with thousands separators and 1 decimal",
        r".+\[.+, change on year\]",
        "a change shows its sign",
        format=r"\+0\.0 %;-0\.0 %;0\.0 %",
    ),
    Waiver(
        WHOLE,
        r".+\[(.+ (status|summary|text|outcome|since|notice|title|period|cut|cut value)|.+, (status|percentile note|target)"
        r"|Interval note|Provisional note|Freshness|Mixed versions|Answerable \(\w+\))\]",
        "no number: the answer is a text, or yes or no",
        format="",
    ),
    Waiver(WHOLE, ".+", "no number: the answer is a day or an instant", format="yyyy-mm-dd( hh:nn(:ss)?)?"),
    Waiver(
        WHOLE,
        r".+\[(Events per hour( low| high)?|.+, spread|Snapshot versions)\]",
        "fewer than ten as a rule: rates of an hour need two decimals, a number of versions none",
        format=r"#,0\.00|0(\.0)?",
    ),
)


def judged(project: Path, waivers: tuple[Waiver, ...]) -> Outcome:
    """Every rule on every object."""
    answer = ask("rules.py", {"definition": str(definition(project))})
    counted = [finding for finding in answer["findings"] if finding["severity"] in COUNTED]
    waived = {waiver: [each for each in counted if waiver.covers(each)] for waiver in waivers}
    excused = [each for found in waived.values() for each in found]
    open_ones = [finding for finding in counted if finding not in excused]
    errors, warnings = (sum(each["severity"] == kind for each in open_ones) for kind in COUNTED)
    figure = (
        f"{answer['rules']} rules: {errors} errors, {warnings} warnings, "
        f"{len(counted) - len(open_ones)} waived by {len(waivers)} waivers"
    )
    problems = [
        *(f"could not run: {text}" for text in answer["broken"][:SHOWN]),
        *(f"{each['severity']}: {each['rule']}: {each['object']}" for each in open_ones[:SHOWN]),
        *(
            f"nothing needs the waiver of {waiver.rule!r} for {waiver.objects}"
            for waiver in waivers
            if not waived[waiver]
        ),
    ]
    reasons = [f"waived {len(found)}: {waiver.rule}: {waiver.reason}" for waiver, found in waived.items() if found]
    return Outcome(figure, not problems, (*problems, *reasons))


def row(audience: str) -> Row:
    """The row of an audience, with the waivers that are meant for it."""
    waivers = tuple(waiver for waiver in WAIVERS if audience in waiver.audiences)

    def run(bench: Bench) -> Outcome:
        return judged(bench.project(audience), waivers)

    return Row(f"model rules {audience}", "semantic-link-labs' rules: no error, no warning, or a waiver by name", run)


ROWS = tuple(row(audience) for audience in AUDIENCES)
