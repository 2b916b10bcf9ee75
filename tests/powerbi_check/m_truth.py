"""What the M must give, from the snapshot's database alone: plain SQL and plain Python, nothing of the service or the model.

A table of the model is a view, or one list of the view Codes under the label's new name. Called by the rows about M.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from tests.conformance.bench import Truth

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
FLOATS = ("LabelLatitude", "LabelLongitude")
"""Not in a model: sums of floats differ from run to run."""

LIVE = "RefreshStatus"
"""Asked of the service database, not of a snapshot."""

Row = dict[str, Any]


def expected(truth: Truth, version: str) -> dict[str, list[Row]]:
    """Every table that any model may have: views under their names, and the code lists."""
    views = truth.tuples("SELECT table_name FROM duckdb_tables() WHERE NOT internal")
    tables = {str(name): [_row(row, version) for row in truth.rows(f'SELECT * FROM "{name}"')] for (name,) in views}
    for row in tables["HourlyActivity"]:
        row["WeekdayName"] = WEEKDAYS[row["Weekday"] - 1]
    return {**tables, **_codes(tables["Codes"])}


def _row(row: Row, version: str) -> Row:
    kept = {name: value for name, value in row.items() if name != "_row" and name not in FLOATS}
    return {**{name: _value(value) for name, value in kept.items()}, "SnapshotId": version}


def _value(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat(timespec="milliseconds")
    if isinstance(value, date):
        return value.isoformat()
    return float(value) if isinstance(value, Decimal) else value


def _codes(rows: list[Row]) -> dict[str, list[Row]]:
    """One table a list, called as the list in PascalCase, which is what its labels are called too."""
    tables: dict[str, list[Row]] = {}
    for row in rows:
        name = "".join(part.capitalize() for part in row["CodeList"].split("_"))
        kept = {column: row[column] for column in ("Code", "Description", "SortOrder", "SnapshotId")}
        tables.setdefault(name, []).append({**kept, name: row["Label"]})
    return tables


def differences(
    found: Iterable[Row], wanted: Iterable[Row], *, without: tuple[str, ...] = ()
) -> tuple[list[Row], list[Row]]:
    """Rows too many (a row read twice among them) and rows that lack, whole rows compared."""
    have, want = _counted(found, without), _counted(wanted, without)
    return [json.loads(row) for row in (have - want).elements()], [json.loads(row) for row in (want - have).elements()]


def _counted(rows: Iterable[Row], without: tuple[str, ...]) -> Counter[str]:
    return Counter(
        json.dumps({name: value for name, value in row.items() if name not in without}, sort_keys=True) for row in rows
    )
