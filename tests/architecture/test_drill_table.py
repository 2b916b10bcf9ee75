"""The table of `make drill`: which rows are asked for, what it prints at the end, and its exit code."""

from __future__ import annotations

import pytest

from tests.conformance import rows as conformance
from tests.drill.__main__ import chosen, table
from tests.drill.rows import Outcome, Row

QUIET = Row("quiet", "nothing happens", lambda _: Outcome("", good=True))
LOUD = Row("very-loud", "much happens", lambda _: Outcome("", good=True), short=False)


def test_a_row_is_asked_for_by_name_and_the_short_form_has_the_short_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.drill.__main__.ROWS", (QUIET, LOUD))
    assert chosen(None, short=False) == [QUIET, LOUD]
    assert chosen(None, short=True) == [QUIET]
    assert chosen(["very loud"], short=False) == chosen(["very-loud"], short=False) == [LOUD]
    assert chosen(["very-loud"], short=True) == []


def test_it_ends_with_rows_figures_and_how_many_are_good(capsys: pytest.CaptureFixture[str]) -> None:
    good = Outcome("2 of 2", good=True, figures=(("kills", "2"), ("torn reads", "0")))
    broken = conformance.Outcome("broke off", good=False)
    assert table({QUIET: good, LOUD: broken}) == 1
    assert capsys.readouterr().out.splitlines() == [
        "",
        "quiet      ok    2 of 2     nothing happens",
        "very-loud  FAIL  broke off  much happens",
        "",
        "figures",
        "quiet  kills       2",
        "quiet  torn reads  0",
        "",
        "1 of 2 rows as they must be",
    ]
    assert table({QUIET: good}) == 0


def test_no_row_at_all_is_no_success() -> None:
    assert table({}) == 1
