"""A small view of every column type, rows written as an ASCII table, and the ids that a filter keeps or an order gives.

Runs the engine's own SQL on an in-memory DuckDB. Used by the spec and generative tests of the OData language.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from typing import Any

import duckdb

from api.odata.binding.binder import BoundQuery, bind
from api.odata.exchange import Caller, Limits
from api.odata.language.options import read_options
from models.catalogue.columns import SNAPSHOT_ID
from models.catalogue.roles import ROLES, STAFF
from models.catalogue.types import Catalogue, Column, Edm, Navigation, Scope, View
from models.snapshot.reader import bound as named
from models.snapshot.rowtext import ROW, quoted, storage_type

AS_OF = datetime(2026, 3, 1, 12, tzinfo=UTC)
ANALYST = Caller("k1", "analyst")


def _column(name: str, edm: Edm, *, nullable: bool = True, scale: int | None = None) -> Column:
    return Column(name, edm, "For tests.", nullable, precision=18 if scale else None, scale=scale, max_length=64)


THINGS = View(
    name="Things",
    entity="Thing",
    title="Things",
    grain="One row for each thing.",
    key=("Id",),
    area="Area",
    scope=Scope.CLOSED,
    roles=STAFF,
    navigations=(Navigation("Other", "Others", ("Area", "Id")), Navigation("Secret", "Secrets", ("Id",))),
    columns=(
        _column("Id", Edm.INT64, nullable=False),
        _column("Area", Edm.STRING, nullable=False),
        _column("Name", Edm.STRING),
        _column("Small", Edm.INT32),
        _column("Count", Edm.INT64),
        _column("Amount", Edm.DECIMAL, scale=4),
        _column("Ratio", Edm.DOUBLE),
        _column("Day", Edm.DATE),
        _column("At", Edm.INSTANT),
        _column("Flag", Edm.BOOLEAN),
        SNAPSHOT_ID,
    ),
)
OTHERS = View(
    name="Others",
    entity="Other",
    title="Others",
    grain="One.",
    key=("Kind", "Number"),
    scope=Scope.OPEN,
    roles=STAFF,
    columns=(
        _column("Kind", Edm.STRING, nullable=False),
        _column("Number", Edm.INT64, nullable=False),
        _column("Label", Edm.STRING),
        SNAPSHOT_ID,
    ),
)
SECRETS = View(
    name="Secrets",
    entity="SecretOne",
    title="Secrets",
    grain="One.",
    key=("Id",),
    roles=frozenset({"admin"}),
    columns=(_column("Id", Edm.INT64, nullable=False), SNAPSHOT_ID),
)
CATALOGUE = Catalogue(
    version="test",
    views={view.name: view for view in (THINGS, OTHERS, SECRETS)},
    metrics={},
    codes={},
    roles={role.name: role for role in ROLES},
)

_READ: dict[Edm, Callable[[str], object]] = {
    Edm.STRING: lambda text: text.strip("'"),
    Edm.INT32: int,
    Edm.INT64: int,
    Edm.DECIMAL: Decimal,
    Edm.DOUBLE: float,
    Edm.DATE: date.fromisoformat,
    Edm.INSTANT: lambda text: datetime.fromisoformat(text).astimezone(UTC).replace(tzinfo=None),
    Edm.BOOLEAN: lambda text: text == "true",
}
DEFAULTS: dict[str, object] = {"Area": "001", "SnapshotId": "s"}


def rows_of(table: str) -> list[dict[str, object]]:
    """Rows of an ASCII table: a line of column names, then one line a row; an empty cell is null, '' an empty text."""
    lines = [[cell.strip() for cell in line.split("|")] for line in table.strip().splitlines()]
    names, *rows = [line for line in lines if not set("".join(line)) <= {"-", "+"}]
    return [{name: _cell(name, cell) for name, cell in zip(names, row, strict=True)} for row in rows]


def _cell(name: str, cell: str) -> object:
    return None if cell == "" else _READ[THINGS.column(name).edm](cell)


@cache
def connection() -> duckdb.DuckDBPyConnection:
    """One in-memory database for all tests of a process."""
    con = duckdb.connect(config={"threads": 1})
    con.execute("SET TimeZone = 'UTC'")
    con.execute(f"CREATE TABLE Others ({', '.join(f'{quoted(c.name)} {storage_type(c)}' for c in OTHERS.columns)})")
    con.execute("INSERT INTO Others VALUES ('001', 1, 'one', 's'), ('001', 2, NULL, 's')")
    return con


def load(rows: Sequence[dict[str, Any]]) -> None:
    """Make the table of THINGS hold these rows; what a row does not name is null."""
    con = connection()
    columns = ", ".join(f"{quoted(column.name)} {storage_type(column)}" for column in THINGS.columns)
    con.execute(f"CREATE OR REPLACE TABLE Things ({ROW} BIGINT, {columns})")
    if rows:
        marks = ", ".join("?" for _ in (ROW, *THINGS.columns))
        values = [[n, *(row.get(c.name, DEFAULTS.get(c.name)) for c in THINGS.columns)] for n, row in enumerate(rows)]
        con.executemany(f"INSERT INTO Things VALUES ({marks})", values)


def bound(query: str, caller: Caller = ANALYST, limits: Limits | None = None, view: View = THINGS) -> BoundQuery:
    """The query string bound to THINGS."""
    limits = limits or Limits()
    return bind(view, read_options(query, limits), caller, limits, AS_OF, catalogue=CATALOGUE)


def run(query: BoundQuery) -> list[int]:
    """Ids in the order that the query gives, ties and queries without an order by Id; behind `$apply`, where there may
    be no Id, the places of the rows."""
    where = f" WHERE {query.where}" if query.where is not None else ""
    wanted = ROW if query.derived else '"Id"'
    order = ", ".join([*(term.clause for term in query.order), wanted])
    sql = f"SELECT {wanted} FROM {query.table}{where} ORDER BY {order}"
    return [row[0] for row in connection().execute(sql, named(sql, query.parameters)).fetchall()]


def kept(rows: Sequence[dict[str, Any]], expression: str, caller: Caller = ANALYST) -> set[int]:
    """Ids of the rows that `$filter=expression` keeps; the expression is not percent-encoded."""
    load(rows)
    return set(run(bound(f"$filter={encode(expression)}", caller)))


def encode(text: str) -> str:
    """What has a meaning in a query string, percent-encoded."""
    for character in "%&#+":
        text = text.replace(character, f"%{ord(character):02X}")
    return text
