"""The mutation drill of `make powerbi-check` without its foreign judges: what it breaks, and that it can fail itself."""

from __future__ import annotations

from typing import Any

import pytest

from tests.powerbi_check import drill, drill_judges, mutants
from tests.powerbi_check.drill import MUTATIONS
from tests.powerbi_check.mutants import Mutation
from tests.powerbi_check.rows import AUDIENCES

KINDS = ("metric", "column", "M", "DAX", "date table", "visual", "record level")
ALONE = ("check", "stale", "report fields", "report schemas", "report accessibility", drill.GENERATOR)
"""Judges that need nothing but this environment."""


class Desk:
    """A bench with a folder and nothing else."""

    short = True

    def __init__(self, folder: Any) -> None:
        self.folder = folder


@pytest.fixture
def bench(tmp_path: Any) -> Any:
    return Desk(tmp_path)


@pytest.mark.parametrize("audience", AUDIENCES)
def test_every_kind_of_fault_is_drilled_in_the_short_form_too(audience: str) -> None:
    kinds = {each.kind for each in drill.chosen(audience, short=True)}
    wanted = {kind for kind in KINDS if audience == "viewer" or kind != "record level"}
    assert wanted <= kinds


def test_every_mutation_is_for_a_judge_that_is_there_and_says_what_breaks() -> None:
    for each in MUTATIONS:
        assert each.judge in {*drill_judges.JUDGES, drill.GENERATOR}, each
        assert each.says, each
        made = [way for way in (each.model, each.report, each.files, each.catalogue) if way]
        assert len(made) == 1, each
        assert (each.judge == drill.GENERATOR) <= bool(each.catalogue), each
    assert len({(each.kind, each.what, each.judge) for each in MUTATIONS}) == len(MUTATIONS)


@pytest.mark.parametrize(
    "each",
    [each for each in MUTATIONS if not each.catalogue],
    ids=lambda each: f"{each.kind}, {each.what}, {each.judge}",
)
def test_a_mutation_changes_the_files(each: Mutation) -> None:
    audience = each.audiences[0]
    assert drill.changed(each, audience).files != mutants.unchanged(audience).files


@pytest.mark.parametrize(
    "each",
    [each for each in MUTATIONS if each.judge in ALONE],
    ids=lambda each: f"{each.kind}, {each.what}, {each.judge}",
)
def test_what_needs_no_foreign_judge_is_found_and_named(each: Mutation, bench: Any) -> None:
    said = drill.judged(each, "viewer", bench)
    assert drill.named(each, said), said[:5]


@pytest.mark.parametrize("judge", [name for name in ALONE if name != drill.GENERATOR])
def test_these_judges_have_nothing_against_the_unmutated_project(judge: str, bench: Any) -> None:
    assert drill_judges.JUDGES[judge](mutants.unchanged("viewer"), bench) == []


LOUD = Mutation("M", "loud", "check", ("DailyCalls",), files=lambda files: files.clear())


def drilled(monkeypatch: pytest.MonkeyPatch, bench: Any, *said: str, otherwise: tuple[str, ...] = ()) -> Any:
    """The row with one mutation and a judge that says this of it, and something else of the unmutated project."""
    judge = lambda mutant, _: list(otherwise if mutant.files else said)  # noqa: E731
    monkeypatch.setattr(drill, "MUTATIONS", (LOUD,))
    monkeypatch.setattr(drill, "JUDGES", {"check": judge})
    return drill.row("viewer").run(bench)


def test_a_fault_that_is_named_is_found(monkeypatch: pytest.MonkeyPatch, bench: Any) -> None:
    outcome = drilled(monkeypatch, bench, "table DailyCalls: reads no view")
    assert outcome.good
    assert outcome.figure == "1 of 1 found, 1 kinds; unmutated: 0 findings by 1 judges"
    assert outcome.remarks == ("M, loud -> check: table DailyCalls: reads no view",)


@pytest.mark.parametrize("said", [(), ("something is wrong",)], ids=["silent", "names nothing"])
def test_a_fault_that_nobody_names_makes_the_row_fail(
    monkeypatch: pytest.MonkeyPatch, bench: Any, said: tuple[str, ...]
) -> None:
    outcome = drilled(monkeypatch, bench, *said)
    assert not outcome.good
    assert outcome.figure.startswith("0 of 1 found")


def test_a_judge_that_always_complains_makes_the_row_fail(monkeypatch: pytest.MonkeyPatch, bench: Any) -> None:
    outcome = drilled(monkeypatch, bench, "DailyCalls", otherwise=("DailyCalls",))
    assert not outcome.good
    assert outcome.figure.endswith("unmutated: 1 findings by 1 judges")
