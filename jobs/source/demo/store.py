"""Writes the rows of one contract table in one transaction: any server through SQLAlchemy, SQLite by a short way.

The short way binds plain tuples with the text that SQLAlchemy's own type would store, made by C code: the
demo city is ready in half the time. A test compares both ways.
"""

from __future__ import annotations

from operator import itemgetter

from sqlalchemy import DateTime, Engine, Table, insert

from jobs.source.demo.ledger import Row
from models.crisis import METADATA


def write(engine: Engine, table: str, rows: list[Row]) -> None:
    """Insert the rows; they are used up."""
    target = METADATA.tables[table]
    if engine.dialect.name == "sqlite":
        _write_plain(engine, target, rows)
    else:
        write_typed(engine, target, rows)


def write_typed(engine: Engine, table: Table, rows: list[Row]) -> None:
    """Insert through SQLAlchemy's types."""
    with engine.begin() as connection:
        connection.execute(insert(table), rows)


def _write_plain(engine: Engine, table: Table, rows: list[Row]) -> None:
    names = [column.name for column in table.columns]
    clocks = [column.name for column in table.columns if isinstance(column.type, DateTime)]
    for row in rows:
        for name in clocks:
            if row[name] is not None:
                row[name] = row[name].isoformat(" ", "microseconds")
    marks = ", ".join("?" for _ in names)
    statement = f'INSERT INTO "{table.name}" ({", ".join(names)}) VALUES ({marks})'
    with engine.begin() as connection:
        connection.exec_driver_sql(statement, list(map(itemgetter(*names), rows)))
