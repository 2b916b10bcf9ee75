"""How measures are judged: BLANK is not zero, an error is neither, and people see what the service would let them see."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from api.odata.binding import rowscope
from api.odata.exchange import Caller
from models.catalogue import CATALOGUE
from powerbi.model import build
from tests.powerbi_check.dax import Case, judged, same, unproved
from tests.powerbi_check.dax_contexts import Choice, Context, label
from tests.powerbi_check.dax_scopes import Person, rows_of
from tests.powerbi_check.dax_truth import status, written

MOMENT = datetime(2026, 1, 1, tzinfo=UTC)

ALIKE = """
found                | by SQL   | alike
None                 | None     | yes
None                 | 0        | no
0                    | None     | no
0                    | 0.0      | yes
1                    | True     | no
0.1 + 0.2            | 0.3      | yes
0.3001               | 0.3      | no
"as usual"           | "as usual" | yes
{"error": "unknown"} | None     | no
"""


@pytest.mark.parametrize("line", ALIKE.strip().splitlines()[1:])
def test_blank_zero_and_an_error_are_told_apart(line: str) -> None:
    found, expected, alike = (part.strip() for part in line.split("|"))
    assert same(eval(found), eval(expected)) is (alike == "yes")  # noqa: S307 literals of the table above


def test_a_measure_that_is_never_asked_or_always_blank_is_named() -> None:
    nobody = Person("no role", None)
    names = ("Calls for service", "Dispatch rate")
    every = [Case(nobody, Context(), MOMENT, {"Calls for service": value}) for value in (None,) * 20]
    tally = judged(every, [[None]] * 20)
    measures = [each for each in build.model("viewer").measures() if each.name in names]
    assert not tally.wrong
    assert list(unproved(tally, measures, 20)) == [
        "[Calls for service] is BLANK in every context",
        "[Dispatch rate] was asked in 0 contexts only",
    ]


def test_a_difference_names_measure_person_and_context() -> None:
    context = Context((label("Teams", "North"), Choice("Dates", "Year", (2026,))))
    tally = judged([Case(Person("area", "a@example.org"), context, MOMENT, {"Open items": 3})], [[None]])
    assert tally.wrong == ["[Open items] for area, Teams[TeamName] = North, Dates[Year] = 2026: None, SQL says 3"]


SCOPES = [
    Person("area", "a@example.org", ("001",)),
    Person("team", "t@example.org", (), ("north",)),
    Person("area and team", "b@example.org", ("001",), ("north",)),
    Person("all", "e@example.org", everything=True),
]


@pytest.mark.parametrize("person", SCOPES, ids=lambda each: each.name)
@pytest.mark.parametrize("name", CATALOGUE.views)
def test_expected_rows_follow_the_scope_of_the_service(name: str, person: Person) -> None:
    """Areas alone differ: a person with teams keeps them, for a dimension without rows would take its facts along."""
    view = CATALOGUE.views[name]
    areas, teams = (frozenset(each) or None for each in (person.areas, person.teams))
    caller = Caller("key", "analyst", areas=areas, teams=teams)
    allowed = dict(rowscope.restrictions(view, caller))
    condition = rows_of(view, person)
    if name == "Areas" and teams:
        assert condition == ("\"AreaId\" IN ('001')" if areas else "true")
    elif not rowscope.may_read(view, caller) and view.group not in ("dimensions", "trust"):
        assert condition == "false"
    else:
        assert condition == (
            " AND ".join(f"\"{column}\" IN ('{values[0]}')" for column, values in allowed.items()) or "true"
        )


def test_a_stranger_sees_reference_and_trust_alone() -> None:
    stranger = Person("stranger", "s@example.org")
    seen = {name for name, view in CATALOGUE.views.items() if rows_of(view, stranger) == "true"}
    groups = {CATALOGUE.views[name].group for name in seen}
    assert groups == {"dimensions", "trust"}
    assert {"Areas", "Teams"}.isdisjoint(seen)


DAYS = """
value | low  | high | word
5     | 2.0  | 6.0  | as usual
7     | 2.0  | 6.0  | above usual
1     | 2.0  | 6.0  | below usual
6     | 2.0  | 6.0  | as usual
None  | 2.0  | 6.0  | no figure
None  | None | None | no figure
5     | None | None | no baseline
"""


@pytest.mark.parametrize("line", DAYS.strip().splitlines()[1:])
def test_the_word_for_a_day(line: str) -> None:
    value, low, high, word = (part.strip() for part in line.split("|"))
    numbers = [None if text == "None" else float(text) for text in (value, low, high)]
    assert status(dict(zip(("value", "low", "high"), numbers, strict=True))) == word


def test_figures_are_written_as_people_read_them() -> None:
    assert [written(0.0625, "share"), written(0.25, "mean"), written(1234.5, "count")] == ["6.3 %", "0.3", "1,235"]
