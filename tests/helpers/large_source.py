"""A demo city many times over: its rows with other numbers and moved clocks, made inside SQLite, a million in seconds.

Copy k adds k times STEP to every number that is a key or a link, marks written numbers with k and moves every clock back by some minutes, so that links
hold, mixes stay those of the demo city and nothing lies in the future. Used by the rows of tests/drill that are large.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

from sqlalchemy import BigInteger, DateTime, String, Table

from models.crisis import METADATA
from tests.helpers.demo_city import Options, build

STEP = 10**11
"""Beyond every number of the demo city but those of persons, which are drawn."""
WITHIN = 10**14
"""Between further rows of one copy."""
MINUTES = 7
"""By which each copy lies before the last one."""
ONCE = ("area", "code_value", "crisis_marker", "partner", "shift", "staff_scope", "team", "unit")
"""Tables that a larger city does not have more of."""


def large_city(folder: Path, options: Options, copies: int, further: Mapping[str, int] | None = None) -> Path:
    """A file with `copies` times the demo city of `options`; `further`: so many more rows for each row of a table, of
    the same parents."""
    build(folder, options)
    file = folder / "crisis.db"
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        for name in ("journal_mode", "synchronous"):
            connection.execute(f"PRAGMA {name} = OFF")
        connection.execute("BEGIN")
        for table in METADATA.sorted_tables:
            more = (further or {}).get(table.name, 0)
            if table.name not in ONCE and (copies > 1 or more):
                _multiply(connection, table, copies, more)
        connection.execute("COMMIT")
    return file


def _multiply(connection: sqlite3.Connection, table: Table, copies: int, more: int) -> None:
    """Insert the copies of a table's rows, each with `more` further rows."""
    (key,) = (column.name for column in table.primary_key.columns)
    for index in table.indexes:
        connection.execute(f"DROP INDEX {index.name}")  # nobody asks by them, and each row would cost more
    connection.execute(f"CREATE TEMP TABLE first AS SELECT * FROM {table.name} ORDER BY {key}")
    chosen = ", ".join(_value(table, column.name, key) for column in table.columns)
    for further in range(more + 1):
        connection.execute(
            "WITH RECURSIVE n(k) AS (SELECT 0 UNION ALL SELECT k + 1 FROM n WHERE k + 1 < :copies) "
            f"INSERT INTO {table.name} SELECT {chosen} FROM n CROSS JOIN first WHERE k + :further > 0",
            {"copies": copies, "further": further},
        )
    connection.execute("DROP TABLE first")


def _value(table: Table, name: str, key: str) -> str:
    kind = table.columns[name].type
    if isinstance(kind, DateTime):
        moved = f"datetime({name}, -({MINUTES} * k + :further) || ' minutes')"
        return f"{moved} || substr({name}, 20)"
    if isinstance(kind, BigInteger) and name != "partner_id":
        return f"{name} + k * {STEP}" + (f" + :further * {WITHIN}" if name == key else "")
    if name.endswith("_no") and isinstance(kind, String):
        return f"{name} || CASE k WHEN 0 THEN '' ELSE '-' || k END"  # records of one number would be taken for one
    return name
