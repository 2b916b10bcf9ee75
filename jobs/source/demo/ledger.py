"""Rows on their way to the database: what has not happened yet at the end instant is cut away here.

A generator tells a record's whole life; `emit` keeps what is known at the end, stamps `updated_at`, plants
defects and hands rows on in chunks, so that memory does not grow with the city.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import DateTime

from jobs.source.demo.chance import Chance
from jobs.source.demo.defects import plant
from jobs.source.demo.options import EPOCH, Report
from models.crisis import CONTRACT, METADATA

Row = dict[str, Any]
CHUNK = 10_000
"""Rows held before they are written."""

PLANS = {"due_at", "planned_at", "planned_start", "planned_end", "ends_on", "updated_at"}
"""Clocks that may lie ahead of the end instant: promises and plans. All others are things that happened."""

CLOCKS = {
    table.name: tuple(
        column.name for column in table.columns if isinstance(column.type, DateTime) and column.name not in PLANS
    )
    for table in METADATA.sorted_tables
}
TEMPLATES: dict[str, Row] = {
    str(model.__tablename__): {
        name: None if field.is_required() else field.default for name, field in model.model_fields.items()
    }
    for model in CONTRACT
}
KNOWN_WITH: dict[str, dict[str, Row]] = {
    "call": {
        "triaged_at": {"eligible": None, "transfer_911_accepted": None},
        "closed_at": {"stop_reason": None, "resolved_by_phone": False},
    },
    "unit_response": {
        "time_on_scene": {"police_requested": False, "ems_requested": False, "police_on_scene": None},
        "time_unit_clear": {"contact_outcome": None, "disposition": None},
    },
    "support": {"held_at": {"people_band": None}},
    "follow_up": {"attempted_at": {"result": "pending", "method": None}},
    "request": {"first_answer_at": {"outcome": "pending"}},
}
"""Table -> clock -> what is not known before it: columns and the values that they have until then."""


class Ledger:
    """Takes rows of all tables. `write` gets a table's name and its rows; `finish` hands over the rest."""

    def __init__(self, end: datetime, report: Report, write: Callable[[str, list[Row]], None]) -> None:
        self.end = end
        self.report = report
        self._write = write
        self._held: dict[str, list[Row]] = {}
        self._count = 0
        self._numbers: dict[str, int] = {}

    def begin_day(self, day: date) -> None:
        """Numbers of the day's records start anew: days since 2000, then six digits."""
        start = (day - EPOCH).days * 1_000_000
        self._numbers = dict.fromkeys(TEMPLATES, start)

    def number(self, table: str) -> int:
        """The next number of a table."""
        self._numbers[table] += 1
        return self._numbers[table]

    def emit(self, table: str, born: datetime, values: Row, chance: Chance) -> bool:
        """Take a record that came to be at `born`; False, and nothing kept, when that is after the end."""
        if born > self.end:
            return False
        row = TEMPLATES[table] | values
        latest = born
        for clock in CLOCKS[table]:
            moment = row[clock]
            if moment is None:
                continue
            if moment > self.end:
                row[clock] = None
                row.update(KNOWN_WITH.get(table, {}).get(clock, {}))
            elif moment > latest:
                latest = moment
        row["updated_at"] = min(latest + timedelta(seconds=30), self.end)
        for spoiled in (row, *plant(table, row, chance, self)):
            self._take(table, spoiled)
        return True

    def fixed(self, table: str, values: Row, updated_at: datetime) -> None:
        """Take a reference row: an area, a team, a code."""
        self._take(table, TEMPLATES[table] | values | {"updated_at": updated_at})

    def finish(self) -> None:
        """Hand over all rows that are held."""
        for table, rows in self._held.items():
            if rows:
                self._write(table, rows)
        self._held = {}
        self._count = 0

    def _take(self, table: str, row: Row) -> None:
        self._held.setdefault(table, []).append(row)
        self._count += 1
        self.report.rows[table] += 1
        self.report.largest_held = max(self.report.largest_held, self._count)
        if self._count >= CHUNK:
            self.finish()
