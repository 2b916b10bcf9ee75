"""Rows that are runs of the project's own suite: a test file that prints a figure, or cases of a file by name.

The tests judge; here is only which figure they must print. A run is a process of its own, as `make test` would make it,
and its cases are read from the report that pytest writes.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from xml.etree import ElementTree as ET

from tests.conformance.bench import Bench
from tests.conformance.installing import Missing, node
from tests.conformance.rows import Outcome, Row
from tests.conftest import ROOT

CONTRACT = "tests/contract"
REASONS = 40
"""Lines of failed assertions that are printed below a row."""


@dataclass(frozen=True)
class Ran:
    """What a run of pytest said, and how its cases ended: function -> outcome -> number."""

    said: str
    cases: dict[str, Counter[str]]

    @property
    def faults(self) -> tuple[str, ...]:
        """The cases that failed, by pytest's own summary, and before them what was asserted: a seed is told only once."""
        lines = self.said.splitlines()
        failed = tuple(line for line in lines if line.startswith(("FAILED", "ERROR")))
        reasons = tuple(line for line in lines if line.startswith("E  "))[:REASONS]
        return (*reasons, *failed)


def pytest(bench: Bench, *arguments: str, **environment: str) -> Ran:
    """Run tests; what they printed and how each case ended. Raises Missing when the file is not there."""
    if not (ROOT / arguments[0]).exists():
        raise Missing(f"{arguments[0]} is not there")
    return _run(bench.folder, arguments, tuple(environment.items()))


@cache
def _run(folder: Path, arguments: tuple[str, ...], environment: tuple[tuple[str, str], ...]) -> Ran:
    """The run itself; several rows may read one."""
    report = folder / "report.xml"
    command = [sys.executable, "-m", "pytest", "-s", "-p", "no:cacheprovider", f"--junitxml={report}", *arguments]
    merged = {**os.environ, **dict(environment)}
    done = subprocess.run(command, cwd=ROOT, env=merged, capture_output=True, text=True, check=False)
    return Ran(done.stdout, counted(report))


def counted(report: Path) -> dict[str, Counter[str]]:
    """The cases of a report by test function."""
    cases: dict[str, Counter[str]] = {}
    for case in ET.parse(report).iter("testcase"):  # noqa: S314 written by pytest a moment ago
        function = str(case.get("name")).partition("[")[0]
        bad = next((child.tag for child in case if child.tag in ("failure", "error", "skipped")), "passed")
        cases.setdefault(function, Counter())[bad] += 1
    return cases


def printed(name: str, proves: str, figure: str, wanted: str | None, *arguments: str, **environment: str) -> Row:
    """A row whose tests must pass and print `figure`, a pattern whose first group must be `wanted` where that is given."""

    def run(bench: Bench) -> Outcome:
        ran = pytest(bench, *arguments, **environment)
        found = re.search(figure, ran.said)
        total = sum((outcomes for outcomes in ran.cases.values()), Counter[str]())
        said = found[1] if found else "no figure"
        good = found is not None and wanted in (None, found[1]) and total["passed"] == total.total()
        reason = "" if bench.shared else ": the reference data folder is not beside the checkout"
        skipped = (f"{total['skipped']} skipped{reason}",) if total["skipped"] else ()
        return Outcome(said, good, (*ran.faults, *skipped))

    return Row(name, proves, run)


def grammar(bench: Bench) -> Outcome:
    """Our parser and the official grammar, each judging the same addresses. Raises Missing."""
    if not (ROOT / "tests/conformance/grammar").is_dir():
        raise Missing("tests/conformance/grammar is not there")
    node("oasis")
    command = [sys.executable, "-m", "tests.conformance.grammar", "--cases", str(ADDRESSES)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    patterns = (r"(\d+) addresses of seed", r"disagreements: (\d+)", r"differences on purpose: (\d+)")
    found = [re.search(pattern, done.stdout) for pattern in patterns]
    compared, disagreements, tolerated = (int(each[1]) if each else None for each in found)
    good = done.returncode == 0 and compared == ADDRESSES and disagreements == 0
    figure = f"{compared} compared, {disagreements} disagreements, {tolerated} on purpose"
    return Outcome(figure, good, tuple((done.stdout + done.stderr).splitlines()[-30:]))


def passed(name: str, proves: str, *arguments: str, functions: tuple[str, ...] = ()) -> Row:
    """A row whose tests, or those `functions` of a file, must all pass; the figure is how many cases did."""

    def run(bench: Bench) -> Outcome:
        ran = pytest(bench, *arguments)
        lacking = tuple(f"{function} is not there" for function in functions if function not in ran.cases)
        chosen = [outcomes for function, outcomes in ran.cases.items() if not functions or function in functions]
        total = sum(chosen, Counter[str]())
        good = not lacking and total["passed"] == total.total() > 0
        return Outcome(f"{total['passed']} of {total.total()} cases", good, (*lacking, *ran.faults))

    return Row(name, proves, run)


def killer(name: str, proves: str, *functions: str, file: str = f"{CONTRACT}/test_connector_killers.py") -> Row:
    """One known way to lose a connector, and the tests that show that it does not happen."""
    return passed(f"killer-{name}", proves, file, functions=functions)


ADDRESSES = 100_000
OASIS = "tests/unit/odata_language/test_oasis_cases.py"
GRAMMAR = (
    printed(
        "oasis-core",
        "OASIS's own cases of the core grammar, in scope",
        r"OASIS cases, core: (\d+ of \d+)",
        "760 of 760",
        OASIS,
    ),
    printed(
        "oasis-aggregation",
        "OASIS's own cases of $apply",
        r"OASIS cases, aggregation: (\d+ of \d+)",
        "201 of 201",
        OASIS,
    ),
    Row("grammar", "our parser and the official grammar, read by apg-js, on generated and broken addresses", grammar),
)
METADATA = (
    passed(
        "metadata-schemas",
        "$metadata of every role: XML by the OASIS XSDs, JSON by the OASIS JSON schema, terms by the vocabularies",
        f"{CONTRACT}/test_metadata.py",
        f"{CONTRACT}/test_capabilities_terms.py",
    ),
)
RECORDED = (
    printed(
        "power-query",
        "recorded requests of Power Query, Power BI and Excel, word for word",
        r"Power Query requests replayed: (\d+ of \d+)",
        "24 of 24",
        f"{CONTRACT}/test_powerquery_replay.py",
    ),
    printed(
        "observed-clients",
        "recorded requests of OpenUI5, sqlalchemy-odata, python-odata, @odata/client; rows against plain Python",
        r"Observed client requests replayed: (\d+ of \d+)",
        "33 of 33",
        f"{CONTRACT}/test_observed_clients.py",
    ),
)
GENERATED = (
    printed(
        "generated",
        "random queries, rows and callers: whole answers of the engine and of the slow evaluator are equal",
        r"generated queries: (\d+)",
        "20000",
        "tests/generative/odata_language/test_apply_differential.py",
        CRISIS_GENERATED_CASES="20000",
    ),
)
KILLERS = (
    killer("version", "one OData-Version, 4.0 unless 4.01 is asked for",
           "test_exactly_one_version_header_and_it_says_4_0", "test_a_client_that_says_nothing_gets_4_0_not_4_01"),
    killer("metadata-xml", "$metadata is XML for Power Query's Accept list, JSON only for who asks",
           "test_metadata_is_xml_for_the_connectors_accept_list", "test_metadata_is_json_only_when_it_is_asked_for"),
    killer("media-type", "data comes in a type that the connector lists",
           "test_data_comes_in_a_type_that_the_connector_lists"),
    killer("links", "context and next links are absolute, from the configured root, whatever Host says",
           "test_links_are_absolute_and_below_the_public_root", "test_the_host_that_the_client_names_is_not_believed"),
    killer("context-brackets", "#Set(Name,Nav), never Nav()", "test_no_brackets_behind_a_name_in_a_context_url",
           "test_an_expansion_leaves_no_brackets_for_a_client_of_4_0"),
    killer("names", "no name has a hyphen", "test_no_name_has_a_hyphen"),
    killer("annotations", "annotations are typed exactly",
           "test_annotations_put_no_enumeration_member_where_a_text_belongs"),
    killer("instants", "instants always have an offset", "test_instants_always_have_an_offset"),
    killer("decimals", "decimals have no exponent, Scale is declared",
           "test_decimals_never_have_an_exponent_and_their_scale_is_declared"),
    killer("codes", "codes are Edm.String, no unusual type", "test_codes_are_texts_and_no_type_is_unusual"),
    killer("to-many", "no navigation to many, which would be one request a row",
           "test_no_collection_valued_navigation_is_published"),
    killer("unknown-options", "unknown query options are tolerated on every address",
           "test_unknown_options_are_tolerated_everywhere"),
    killer("omit-values", "omit-values=nulls is answered with Preference-Applied",
           "test_omit_values_is_answered_with_the_preference_that_was_applied",
           "test_omit_values_is_said_also_where_there_is_nothing_to_omit", "test_unknown_preferences_are_not_echoed"),
    killer("big-numbers", "IEEE754Compatible is honoured", "test_big_numbers_come_as_text_when_asked"),
    killer("decoding", "percent signs are decoded exactly once, a plus in an offset is a plus",
           "test_percent_signs_are_decoded_exactly_once", "test_a_plus_in_an_offset_is_a_plus"),
    killer("key-columns", "the key comes with every selection", "test_the_key_column_comes_with_every_selection"),
    killer("last-page", "a full page that is the last has no link", "test_a_full_page_that_is_the_last_has_no_link"),
    killer("sign-in", "an empty Bearer token is a question, answered with the challenge",
           "test_an_empty_bearer_token_is_a_question_and_the_challenge_its_answer", file="tests/http/test_access.py"),
)  # fmt: skip
BAD_INPUT = (
    printed(
        "bad-input",
        "mutated requests through the whole edge: 2xx, 4xx or 501 in the error shape, nothing unforeseen",
        r"mutated requests: (\d+)",
        "20000",
        "tests/http/test_mutations.py",
        CRISIS_GENERATED_CASES="20000",
    ),
    passed(
        "bounded-work", "small requests of great appetite are refused or stay small", "tests/http/test_bounded_work.py"
    ),
)
