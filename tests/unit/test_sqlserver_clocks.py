"""Local clocks of a whole column -> instants: the same as one by one, also where clocks change and before time began."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

import pyarrow as pa
import pytest

from jobs.source.csv.clocks import Zone
from jobs.source.sqlserver.convert import instants

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
