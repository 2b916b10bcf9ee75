"""The crisis database -> one Parquet file a contract table, read once, in one order, changing nothing.

Any SQLAlchemy dialect but SQL Server's, which has jobs.source.sqlserver: rows come by key in chunks, so that memory
stays bounded and no long cursor holds locks; all within one transaction where the dialect gives a consistent picture.
Called by jobs.source.delivery.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from sqlalchemy import Connection, Engine, Row, func, select
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError

from jobs.source.contract import ContractTable, Kind
from models.database import engine as open_engine
from models.errors import ContractBroken, SourceUnreachable

CHUNK = 20_000
"""Rows read and held at a time."""

ARROW = {
    Kind.NUMBER: pa.int64(),
    Kind.TEXT: pa.string(),
    Kind.INSTANT: pa.timestamp("us"),
    Kind.FLAG: pa.bool_(),
    Kind.DECIMAL: pa.float64(),
}

ISOLATION = {"postgresql": "REPEATABLE READ", "mysql": "REPEATABLE READ", "oracle": "SERIALIZABLE"}
"""Level at which a dialect shows one moment to a whole transaction; SQLite always does."""


@contextmanager
def reading(address: str) -> Iterator[Connection]:
    """A read-only connection inside one transaction that is always rolled back.

    Raises SourceUnreachable when the database does not answer, at the start or in the middle; the message
    never holds the password.
    """
    url = make_url(address)
    shown = url.render_as_string(hide_password=True)
    if url.get_backend_name() == "sqlite" and not Path(url.database or "").is_file():
        raise SourceUnreachable(
            f"there is no crisis database at {shown}",
            hint="Set CRISIS_SOURCE_URL, or make a demonstration city with `crisis demo`.",
        )
    engine = open_engine(address, read_only=True)
    try:
        with engine.connect() as plain:
            connection = _consistent(plain, engine)
            yield connection
            connection.rollback()
    except DBAPIError as error:
        raise SourceUnreachable(f"the crisis database at {shown} does not answer") from error
    finally:
        engine.dispose()


def _consistent(connection: Connection, engine: Engine) -> Connection:
    """The connection with its transaction begun at the level that shows one moment."""
    name = engine.dialect.name
    if name == "sqlite":
        connection.exec_driver_sql("BEGIN")
        return connection
    level = ISOLATION.get(name)
    return connection.execution_options(isolation_level=level) if level else connection


def extract(
    connection: Connection, table: ContractTable, target: Path, advance: Callable[[int], None] = lambda _rows: None
) -> int:
    """Write all rows of `table` in key order to the Parquet file `target`; returns how many.

    `advance` is told the rows of each chunk. Raises ContractBroken for a value that does not fit its
    declared type and for a key that is null or not unique.
    """
    schema = pa.schema([(column.name, ARROW[column.kind]) for column in table.columns])
    expected = connection.execute(select(func.count()).select_from(table.source)).scalar_one()
    rows = 0
    with pq.ParquetWriter(target, schema, compression="zstd") as writer:
        for chunk in _chunks(connection, table):
            writer.write_table(_arrow(table, schema, chunk))
            rows += len(chunk)
            advance(len(chunk))
    if rows != expected:
        raise ContractBroken(
            f"{table.name} has {expected} rows but {rows} by its key: {table.key} is null or not unique somewhere"
        )
    return rows


def _chunks(connection: Connection, table: ContractTable) -> Iterator[Sequence[Row[Any]]]:
    """The rows in key order; each chunk starts after the last key of the one before."""
    key = table.source.c[table.key]
    query = select(*table.source.c).order_by(key).limit(CHUNK)
    position = list(table.source.c.keys()).index(table.key)
    last: object = None
    while True:
        try:
            chunk = connection.execute(query if last is None else query.where(key > last)).all()
        except (ValueError, TypeError) as error:
            raise ContractBroken(f"{table.name} holds a value that cannot be read as its declared type") from error
        if chunk:
            yield chunk
            last = chunk[-1][position]
        if len(chunk) < CHUNK or last is None:
            return


def _arrow(table: ContractTable, schema: pa.Schema, chunk: Sequence[Row[Any]]) -> pa.Table:
    arrays = []
    for column, values in zip(table.columns, zip(*chunk, strict=True), strict=True):
        try:
            arrays.append(pa.array(values, type=ARROW[column.kind]))
        except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError) as error:
            raise ContractBroken(f"{table.name}.{column.name} holds a value that is no {column.kind.words}") from error
    return pa.Table.from_arrays(arrays, schema=schema)
