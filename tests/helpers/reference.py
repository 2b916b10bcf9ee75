"""Open data as plain Python counts it: the second, independent way to every figure of the reference results.

Written from the definitions in the catalogue, with csv, zoneinfo and whole milliseconds; shares nothing with the
import or the SQL. `Published` reads the figures of the snapshot; `compare` shows both.
"""

from __future__ import annotations

import csv
import gzip
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import duckdb

from models.snapshot import layout

Row = dict[str, str]
MINUTE = 60_000


def read(path: Path) -> list[Row]:
    """All rows of a CSV file, plain or gzip."""
    with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def utc_ms(wall: str, zone: str, fold: int = 0) -> int:
    """Milliseconds since 1970 of a wall time."""
    aware = datetime.fromisoformat(wall).replace(tzinfo=ZoneInfo(zone), fold=fold)
    return round(aware.astimezone(UTC).timestamp() * 1000)


def percentile(values: Iterable[int], tenths: int) -> int | None:
    """Linear between order statistics, rounded half up to a whole number."""
    ordered = sorted(values)
    if not ordered:
        return None
    place, rest = divmod((len(ordered) - 1) * tenths, 10)
    above = ordered[min(place + 1, len(ordered) - 1)]
    return (ordered[place] * 10 + rest * (above - ordered[place]) + 5) // 10


@dataclass(frozen=True)
class Intervals:
    """One interval over many records."""

    records: int
    valid: tuple[int, ...]
    invalid: int

    @property
    def missing(self) -> int:
        return self.records - len(self.valid) - self.invalid

    def line(self) -> tuple[int, int, int, int | None, int | None]:
        """n, n missing, n invalid, p50 and p90 in ms."""
        return (len(self.valid), self.missing, self.invalid, percentile(self.valid, 5), percentile(self.valid, 9))


def intervals(found: Sequence[int | None], longest: int | None = None) -> Intervals:
    """Judge intervals in ms, None where a clock is missing."""
    known = [value for value in found if value is not None]
    valid = tuple(value for value in known if value >= 0 and (longest is None or value <= longest))
    return Intervals(len(found), valid, len(known) - len(valid))


def shootings(rows: list[Row]) -> Counter[tuple[str, str]]:
    """Events by year and kind."""
    return Counter(
        (row["OCC_YEAR"], "shooting" if {row["DEATH"], row["INJURIES"]} != {"NA"} else "firearm_discharge")
        for row in rows
    )


def fire_calls(rows: list[Row], chosen: Callable[[str], bool], priority: str) -> Intervals:
    """First arrival of the calls of a priority whose received clock is `chosen`; many rows make one call."""
    received: dict[str, int] = {}
    arrived: dict[str, list[int]] = defaultdict(list)
    for row in rows:
        if row["final_priority"] == priority and chosen(row["received_dttm"]):
            received[row["call_number"]] = utc_ms(row["received_dttm"], "America/Los_Angeles")
            if row["on_scene_dttm"]:
                arrived[row["call_number"]].append(utc_ms(row["on_scene_dttm"], "America/Los_Angeles"))
    return intervals([min(arrived[call]) - start if arrived[call] else None for call, start in received.items()])


LANE_CLOCKS = {
    "call.call_create": "dispatch_request_date_time",
    "unit_response.time_dispatch": "dispatch_date_time",
    "unit_response.time_on_scene": "arrival_on_scene_date_time",
    "unit_response.time_engaged": "engagement_with_client_date_time",
    "unit_response.time_unit_clear": "mcit_departure_date_time",
}
REQUEST, ARRIVAL = LANE_CLOCKS["call.call_create"], LANE_CLOCKS["unit_response.time_on_scene"]


def lane(rows: list[Row], *, ours: bool) -> tuple[list[Row], Intervals]:
    """Dispatches that count and request to arrival: by our own rules, or as the published figure was made."""

    def clock(row: Row, column: str) -> int | None:
        typed = row[column]
        if not typed or (ours and typed.endswith("00:00:00")):
            return None
        return utc_ms(typed, "America/Los_Angeles", fold=1)

    if ours:
        rows = list({tuple(cell for name, cell in row.items() if name != "id"): row for row in rows}.values())
    found = []
    for row in rows:
        start, stop = clock(row, REQUEST), clock(row, ARRIVAL)
        found.append(None if start is None or stop is None else stop - start)
    return rows, intervals(found, None if ours else 720 * MINUTE)


class Published:
    """The figures of the snapshot that a home folder serves."""

    def __init__(self, home: Path) -> None:
        version = layout.current_version(home / "snapshots")
        assert version is not None
        self.connection = duckdb.connect(str(layout.database_path(home / "snapshots" / version)), read_only=True)

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        return self.connection.sql(sql).fetchall()

    def one(self, sql: str) -> Any:
        """The only row of a query; the only value where it has one column."""
        (row,) = self.rows(sql)
        return row[0] if len(row) == 1 else row

    def first_arrival(self, period: str, cut: str, day: str | None = None) -> Any:
        """n, n missing, n invalid, p50 and p90 in ms of the period that ends with `day`."""
        return self.one(
            f"""SELECT "ValueCount", "MissingCount", "InvalidCount", "P50Ms", "P90Ms" FROM "ResponsePercentiles"
            WHERE "IntervalCode" = 'first_arrival' AND "PeriodCode" = '{period}' AND "CutValue" = '{cut}'
            AND ('{day or ""}' = '' OR "OperationalDate" = TRY_CAST('{day or ""}' AS DATE))"""
        )

    def findings(self) -> dict[tuple[str, str], tuple[int, int]]:
        """Affected and excluded records by `table.field` and finding."""
        return {
            (field, code): (affected, excluded)
            for field, code, affected, excluded in self.rows(
                """SELECT "ContractTable" || '.' || "FieldName", "FindingCode",
                CAST(sum("AffectedCount") AS BIGINT), CAST(sum("ExcludedCount") AS BIGINT)
                FROM "DataQuality" GROUP BY ALL"""
            )
        }


def compare(title: str, *lines: tuple[str, object, object]) -> None:
    """Show figure, expected and got as a table; fail when any line differs."""
    width = max(len(name) for name, _, _ in lines)
    told = [f"\n{title}\n{'figure':<{width}} | {'expected':<44} | got"]
    told += [
        f"{name:<{width}} | {expected!s:<44} | {got!s}{'' if expected == got else '   <-- differs'}"
        for name, expected, got in lines
    ]
    sys.stdout.write("\n".join(told) + "\n")
    assert [name for name, expected, got in lines if expected != got] == [], "\n".join(told)
