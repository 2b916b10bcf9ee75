"""Snapshots and the live state of the refresh -> measures of how old figures are and whether they belong together.

They describe the whole model, so no choice of the reader reaches them. UTCNOW alone is volatile: NOW is UTC in the
service and local on a desktop. Pure; called by __init__.
"""

from __future__ import annotations

from collections.abc import Iterator

from models.catalogue import CATALOGUE
from powerbi.audience import AUDIENCES
from powerbi.measures.dax import call, dax_column, dax_table, dax_text, measure, when, with_variables
from powerbi.model import code_tables
from powerbi.model.words import Measure
from powerbi.naming import pascal

SNAPSHOTS, STATUS = "Snapshots", "RefreshStatus"
FOLDER = "Freshness"
STALE_HOURS = 26
"""As the service's own rule; figures grow stale on the screen even if nothing runs."""
MIXED = "mixed versions, refresh again"
INSTANT = "yyyy-mm-dd hh:nn:ss"
CURRENT = f"REMOVEFILTERS({dax_table(SNAPSHOTS)}), {dax_column(SNAPSHOTS, 'IsCurrent')} = TRUE()"
LIVE = f"REMOVEFILTERS({dax_table(STATUS)})"


def measures(audience: str) -> Iterator[Measure]:
    """All of them."""
    rows = (
        (SNAPSHOTS, "As of", _current("MAX", "AsOf"), INSTANT, "The moment that the figures describe, in UTC."),
        (SNAPSHOTS, "As of text", _current("SELECTEDVALUE", "AsOfLocal"), None, "As-of in the city's time."),
        (
            SNAPSHOTS,
            "Data age (hours)",
            when(f"NOT ISBLANK({measure('As of')})", f"DATEDIFF({measure('As of')}, UTCNOW(), SECOND) / 3600"),
            "#,0.0",
            "Now minus as-of, at the moment of looking.",
        ),
        (
            SNAPSHOTS,
            "Freshness",
            _freshness(),
            None,
            f"Fresh, or STALE: older than {STALE_HOURS} hours or a failed run.",
        ),
        (
            SNAPSHOTS,
            "Snapshot versions",
            _versions(audience),
            "0",
            "Versions of the snapshot among all tables; 1 is right.",
        ),
        (
            SNAPSHOTS,
            "Mixed versions",
            when(f"{measure('Snapshot versions')} > 1", dax_text(MIXED)),
            None,
            "Shown when a new snapshot was published between two tables of one refresh.",
        ),
        (SNAPSHOTS, "Demo data notice", _demo(), None, "Says that the data are made up, where they are."),
        (
            SNAPSHOTS,
            "Situation title",
            f'"Situation at " & {measure("As of text")}',
            None,
            "Title of the first page.",
        ),
        (
            STATUS,
            "Stale since",
            _stale_since(),
            None,
            "Since when fresher figures are overdue, in UTC, and which check keeps them back, as last read.",
        ),
        (STATUS, "Last run outcome", _outcome(), None, "How the last refresh run ended, as last read."),
    )
    for view, name, expression, format_, said in rows:
        yield Measure(name, view, expression, said, FOLDER, format_)


def _current(function: str, column: str) -> str:
    return f"CALCULATE({function}({dax_column(SNAPSHOTS, column)}), {CURRENT})"


def _live(expression: str) -> str:
    return f"CALCULATE({expression}, {LIVE})"


def _freshness() -> str:
    old = 'FORMAT(AgeHours, "#,0.0") & " h old"'
    cases = (
        ("ISBLANK(AgeHours)", "BLANK()"),
        (f"AgeHours > {STALE_HOURS}", f'"STALE: figures are " & {old}'),
        (f'{measure("Last run outcome")} = "Failed"', f'"STALE: the last refresh failed; figures are " & {old}'),
        (f"NOT ISBLANK({measure('Stale since')})", f'"STALE: fresher figures are overdue; figures are " & {old}'),
    )
    fresh = f'"Fresh: figures are " & {old}'
    word = call("SWITCH", "TRUE()", *(part for case in cases for part in case), fresh)
    return with_variables({"AgeHours": measure("Data age (hours)")}, word)


def _versions(audience: str) -> str:
    reader = AUDIENCES[audience]
    tables = [view.name for view in reader.views()] + [pascal(codes.name) for codes in code_tables.lists(reader)]
    columns = (f"ALLNOBLANKROW({dax_column(table, 'SnapshotId')})" for table in tables)
    return with_variables({"EveryVersion": call("UNION", *columns)}, "COUNTROWS(DISTINCT(EveryVersion))")


def _demo() -> str:
    made_up = dax_text("Demonstration data: every incident, call and person is made up.")
    rows = f"COUNTROWS({dax_table(SNAPSHOTS)})"
    synthetic = (
        f"CALCULATE({rows}, REMOVEFILTERS({dax_table(SNAPSHOTS)}), {dax_column(SNAPSHOTS, 'IsSynthetic')} = TRUE())"
    )
    return when(f"{synthetic} > 0", made_up)


def _stale_since() -> str:
    since = _live(f"MAX({dax_column(STATUS, 'StaleSince')})")
    why = _live(f"SELECTEDVALUE({dax_column(STATUS, 'BlockedBy')})")
    told = (
        'FORMAT(SinceWhen, "yyyy-mm-dd hh:nn") & " UTC" & '
        'IF(ISBLANK(KeptBackBy), BLANK(), "; kept back by " & KeptBackBy)'
    )
    return with_variables({"SinceWhen": since, "KeptBackBy": why}, when("NOT ISBLANK(SinceWhen)", told))


def _outcome() -> str:
    labels = CATALOGUE.codes["run_outcome"].labels()
    cases = ", ".join(f"{dax_text(code)}, {dax_text(label)}" for code, label in labels.items())
    code = _live(f"SELECTEDVALUE({dax_column(STATUS, 'LastRunOutcomeCode')})")
    return f"SWITCH({code}, {cases})"
