"""Local clocks of a whole column -> instants: the same as one by one, also where clocks change and before time began."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta

import pyarrow as pa
import pytest
from sqlalchemy import MetaData, Table

from jobs.source.contract import ContractColumn, ContractTable, Kind
from jobs.source.csv.clocks import Zone
from jobs.source.sqlserver.convert import Converter, instants
from jobs.source.sqlserver.offers import Offer
from models.errors import ContractBroken

DAYS = ("2024-03-10", "2024-11-03", "2026-04-05", "2026-10-04", "1969-12-31", "1883-11-18", "2024-02-29", "2024-06-01")
"""Days on which some zone's clocks change, and others."""


@pytest.mark.parametrize("name", ["America/Toronto", "Australia/Lord_Howe", "Pacific/Apia", "UTC"])
def test_a_column_of_local_clocks_is_converted_as_its_values_one_by_one(name: str) -> None:
    dice = random.Random(7)
    walls: list[datetime | None] = [None]
    for day in DAYS:
        for _ in range(200):
            walls.append(datetime.fromisoformat(day) + timedelta(microseconds=dice.randrange(172_800_000_000)))
    dice.shuffle(walls)
    made, doubts = instants(Zone(name, "first"), pa.array(walls, type=pa.timestamp("us")))
    zone = Zone(name, "first")
    one_by_one = [None if wall is None else zone.moment(wall) for wall in walls]
    assert made.to_pylist() == [moment and moment.at for moment in one_by_one]
    assert doubts == {row: moment.doubts for row, moment in enumerate(one_by_one) if moment and moment.doubts}
    assert bool(doubts) is (name in ("America/Toronto", "Australia/Lord_Howe"))


def test_a_column_without_a_value_stays_so() -> None:
    made, doubts = instants(Zone("America/Toronto", "first"), pa.array([None, None], type=pa.timestamp("us")))
    assert made.to_pylist() == [None, None]
    assert doubts == {}


def converter(declared: str) -> Converter:
    """For a table of one clock."""
    table = ContractTable(
        "thing", "at", (ContractColumn("at", Kind.INSTANT, True, "", None, False),), "", Table("t", MetaData())
    )
    return Converter(Offer(table, "[thing]", {"at": declared}, "UTC"))


def test_a_clock_without_offset_is_kept_to_the_microsecond_and_to_the_ends_of_the_calendar() -> None:
    dice = random.Random(7)
    first = datetime(1, 1, 1)  # noqa: DTZ001
    walls = [first, datetime(9999, 12, 31, 23, 59, 59, 999999), None, datetime(1969, 12, 31, 23, 59, 59, 999999)]  # noqa: DTZ001
    walls += [first + timedelta(microseconds=dice.randrange(315_537_897_600_000_000)) for _ in range(500)]
    assert converter("datetime2").part([walls]).column(0).to_pylist() == walls


@pytest.mark.parametrize("value", [date(2024, 2, 29), "2024-02-29", 1, datetime(2024, 2, 29, tzinfo=UTC)])
def test_what_is_no_clock_without_offset_is_refused_by_its_column(value: object) -> None:
    with pytest.raises(ContractBroken, match=r"^thing\.at holds a value that is no "):
        converter("datetime2").part([[value]])
