"""The books of the drill of a year: a city that lives by its seed alone, and a ledger that finds both kinds of fault."""

from __future__ import annotations

import sqlite3
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from tests.drill.year import LONG, SHORT, Night, Plan, ledger
from tests.helpers.city_faults import FAULTS
from tests.helpers.living_city import LivingCity

DAY = date(2027, 11, 5)  # the clocks change on the 7th
PLAN = Plan(DAY, 3, 0, {1: "two thirds of the calls gone"}, frozenset())


def lived(folder: Path, *moments: datetime, seed: int = 1) -> dict[str, list[tuple[object, ...]]]:
    """Every table of a city that was asked at these moments."""
    source = folder / f"{seed}-{len(moments)}.sqlite"
    city = LivingCity(f"sqlite:///{source}", DAY, seed, "America/Toronto")
    for moment in moments:
        city.live(moment)
    connection = sqlite3.connect(source)
    tables = ("call", "incident", "unit_response", "person_contact", "referral", "request", "location")
    found = {table: connection.execute(f"SELECT * FROM {table} ORDER BY 1").fetchall() for table in tables}
    connection.close()
    return found


def test_a_city_lives_by_its_seed_and_not_by_when_it_is_looked_at(tmp_path: Path) -> None:
    end = datetime(2027, 11, 25, 7, 15)  # noqa: DTZ001  the source keeps naive UTC
    often = [end - timedelta(days=days) for days in range(19, -1, -1)]
    once, again, other = lived(tmp_path, end), lived(tmp_path, *often), lived(tmp_path, end, seed=2)
    assert once == again
    assert once != other
    assert all(once.values()), "every table has rows"


def test_every_moment_is_one_that_had_come(tmp_path: Path) -> None:
    end = datetime(2027, 11, 20, 7, 15)  # noqa: DTZ001
    for row in lived(tmp_path, end)["call"]:
        clocks = [value for value in row if isinstance(value, str) and value[:2] == "20" and len(value) > 18]
        assert max(clocks) <= str(end + timedelta(minutes=5))


def night(*said: str, published: bool = True) -> Night:
    """A night that ended so."""
    return Night(DAY, ended=["published" if published else "CheckFailed"], said=set(said))


@pytest.mark.parametrize(
    ("nights", "without_cause", "without_effect"),
    [
        ([night(), night("rows_lost", published=False), night()], [], []),
        ([night(), night("rows_lost", "fewer_new_rows", published=False), night()], [], []),
        ([night("unknown_codes"), night("rows_lost", published=False), night()], ["unknown_codes"], []),
        ([night(), night("rows_lost", "unknown_codes", published=False), night()], ["unknown_codes"], []),
        ([night(), night(), night()], [], ["rows_lost was not said", "was published"]),
        ([night(), night("rows_lost"), night()], [], ["was published"]),
        ([night(), night(published=False), night()], [], ["rows_lost was not said"]),
    ],
)
def test_the_ledger_finds_words_without_cause_and_causes_without_word(
    nights: list[Night], without_cause: list[str], without_effect: list[str]
) -> None:
    books = ledger(PLAN, nights)
    assert [line.split(": ")[1].split()[0] for line in books.without_cause] == without_cause
    assert [line.split(": ")[1] for line in books.without_effect] == without_effect
    assert (books.causes, books.heard) == (1, int(not without_effect))


def test_the_plans_hold_what_they_promise() -> None:
    assert LONG.nights >= 365
    assert LONG.recomputed >= 20
    assert {fault.name for fault in FAULTS} == set(LONG.faults.values()), "every fault has its night"
    assert set(SHORT.faults.values()) <= set(LONG.faults.values())
    for plan in (LONG, SHORT):
        assert not plan.missed & set(plan.faults)
    days = {LONG.first + timedelta(days=place) for place in range(LONG.nights)}
    assert {date(2027, 11, 7), date(2028, 1, 1), date(2028, 2, 29), date(2028, 3, 12)} <= days
