"""Schema `src` in an in-memory DuckDB, made from the contract and filled from Python rows or ASCII tables.

What the refresh gives to clean: the rows in force, each with the night that recorded it. Used by the tests of
clean, compute, check and the oracle.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import duckdb

from jobs.refresh.clean import clean
from jobs.refresh.compute import compute
from jobs.refresh.parameters import PROFILES, Parameters
from jobs.refresh.versions import no_versions
from jobs.source.contract import TABLES, ContractTable, Kind
from models.catalogue import CATALOGUE
from models.clock import day_start, parse_instant
from models.snapshot.rowtext import quoted

Row = dict[str, object]
NAIVE_EPOCH = datetime(2020, 1, 1, tzinfo=UTC).replace(tzinfo=None)
TOGETHER = 100
"""Rows in one INSERT: DuckDB plans every statement anew."""
DEFAULTS: dict[str, Row] = {
    "area": {"kind": "neighbourhood", "version": "v1", "name": "Area", "equity_class": "none"},
    "team": {"kind": "mobile", "name": "Team"},
    "incident": {"family": "violent_critical", "fatal_count": 0, "injured_count": 0},
    "call": {"kind": "service", "resolved_by_phone": False},
    "unit_response": {"police_requested": False, "ems_requested": False},
    "person_contact": {"engaged": False},
    "follow_up": {"attempt_no": 1},
    "consent": {"purpose": "follow_up", "state": "given"},
}
"""What a row holds where a test does not say it."""


def contract(name: str) -> ContractTable:
    """The contract table of that name."""
    return next(table for table in TABLES if table.name == name)


def source(
    rows: Mapping[str, Iterable[Row]],
    *,
    as_of: datetime,
    nights: Iterable[tuple[datetime, datetime]] = (),
    deleted: Mapping[str, int] | None = None,
    versions: Iterable[Sequence[object]] = (),
) -> duckdb.DuckDBPyConnection:
    """A connection with every `src` table. `rows`: contract table -> rows; what a row leaves out is its default or null.

    `nights`: (recorded_at, as_of) naive UTC; default: one night at `as_of`. Rows say `_first_recorded_at`,
    `_recorded_at`, `_revised` where it matters; else they came with the first and only night. `versions`: rows of
    `src._version` in its order, where past nights matter.
    """
    con = duckdb.connect(config={"autoinstall_known_extensions": False})
    con.execute("SET TimeZone = 'UTC'")
    con.execute("CREATE SCHEMA src")
    moment = as_of.astimezone(UTC).replace(tzinfo=None)
    when = list(nights) or [(moment, moment)]
    for table in TABLES:
        _fill(con, table, rows.get(table.name, ()), when)
    con.execute(
        """CREATE TABLE src._nights (recorded_at TIMESTAMP, as_of TIMESTAMP, source_watermark TIMESTAMP,
            added BIGINT, changed BIGINT, deleted BIGINT);
        CREATE TABLE src._deleted (contract_table VARCHAR, deleted_count BIGINT)"""
    )
    con.executemany("INSERT INTO src._nights VALUES (?, ?, ?, 0, 0, 0)", [(at, seen, seen) for at, seen in when])
    no_versions(con)
    _insert(con, "_version", [list(row) for row in versions])
    if deleted:
        con.executemany("INSERT INTO src._deleted VALUES (?, ?)", list(deleted.items()))
    return con


def _fill(
    con: duckdb.DuckDBPyConnection, table: ContractTable, rows: Iterable[Row], nights: list[tuple[datetime, datetime]]
) -> None:
    columns = {column.name: column.kind.storage for column in table.columns}
    columns |= {"_recorded_at": "TIMESTAMP", "_first_recorded_at": "TIMESTAMP", "_revised": "BOOLEAN"}
    con.execute(
        f"CREATE TABLE src.{table.name} ({', '.join(f'{quoted(name)} {kind}' for name, kind in columns.items())})"
    )
    values = []
    for row in rows:
        unknown = row.keys() - columns.keys()
        if unknown:
            raise KeyError(f"{table.name} has no column {', '.join(sorted(unknown))}")
        filled = {**DEFAULTS.get(table.name, {}), "updated_at": NAIVE_EPOCH, "_revised": False}
        filled |= {"_first_recorded_at": nights[0][0], **row}
        filled.setdefault("_recorded_at", filled["_first_recorded_at"])
        values.append([filled.get(name) for name in columns])
    _insert(con, table.name, values)


def _insert(con: duckdb.DuckDBPyConnection, name: str, values: list[list[object]]) -> None:
    for start in range(0, len(values), TOGETHER):
        part = values[start : start + TOGETHER]
        marks = ", ".join(f"({', '.join('?' for _ in row)})" for row in part)
        con.execute(f"INSERT INTO src.{name} VALUES {marks}", [value for row in part for value in row])


def parameters(as_of: str | datetime, *, profile: str = "product", **more: object) -> Parameters:
    """Parameters of a test; `as_of` as ISO text with an offset or an aware instant."""
    moment = parse_instant(as_of) if isinstance(as_of, str) else as_of
    return Parameters(as_of=moment, profile=PROFILES[profile], **more)  # type: ignore[arg-type]


def figures(con: duckdb.DuckDBPyConnection, given: Parameters, *views: str) -> None:
    """Clean, and compute the named views (all published ones when none is named)."""
    clean(con, given)
    for view in CATALOGUE.views.values():
        if not view.live and (not views or view.name in views):
            compute(con, view)


def published(
    con: duckdb.DuckDBPyConnection, view: str, *columns: str, where: str = "true"
) -> list[tuple[object, ...]]:
    """Rows of `pub."<view>"` in the view's order: the named columns, or all."""
    wanted = ", ".join(f'"{column}"' for column in columns) or "*"
    order = ", ".join(f'"{column}"' for column in CATALOGUE.views[view].order)
    return con.execute(f'SELECT {wanted} FROM pub."{view}" WHERE {where} ORDER BY {order}').fetchall()


def table(text: str, *, zone: str = "America/Toronto") -> list[Row]:
    """An ASCII table as rows: first line names, cells parted by `|`, no outer bars.

    A blank cell is null; `true`, `false` and whole numbers are those; `2026-03-08 01:30` is a wall time in `zone` (`Z` at
    the end: UTC), `"..."` is text whatever it holds. Lines of dashes are skipped.
    """
    lines = [line.strip() for line in text.strip().splitlines()]
    cells = [[cell.strip() for cell in line.split("|")] for line in lines if set(line) - set("|-+ ")]
    names, *rows = cells
    return [{name: _value(name, cell, zone) for name, cell in zip(names, row, strict=True) if cell} for row in rows]


def _value(name: str, cell: str, zone: str) -> object:
    if cell.startswith('"'):
        return cell.strip('"')
    if cell in ("true", "false"):
        return cell == "true"
    if name in NUMBERS and cell.lstrip("-").isdigit():
        return int(cell)
    if name in DECIMALS:
        return float(cell)
    if name in INSTANTS:
        return instant(cell, zone)
    return cell


NUMBERS = {column.name for each in TABLES for column in each.columns if column.kind is Kind.NUMBER}
DECIMALS = {column.name for each in TABLES for column in each.columns if column.kind is Kind.DECIMAL}
INSTANTS = {column.name for each in TABLES for column in each.columns if column.kind is Kind.INSTANT} | {
    "_recorded_at",
    "_first_recorded_at",
}


def instant(text: str, zone: str = "America/Toronto") -> datetime:
    """A wall time in `zone`, or UTC where it ends in Z, as naive UTC. The later one of a doubled hour ends in `*`."""
    if text.endswith("Z"):
        return datetime.fromisoformat(text[:-1].strip())
    later = text.endswith("*")
    wall = datetime.fromisoformat(text.rstrip("* "))
    start = day_start(wall.date(), zone).replace(tzinfo=None)
    if later:
        return _utc(wall, zone) + timedelta(hours=1)
    return _utc(wall, zone) if wall.time() != datetime.min.time() else start


def _utc(wall: datetime, zone: str) -> datetime:
    return wall.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC).replace(tzinfo=None)


def shown(con: duckdb.DuckDBPyConnection, view: str, columns: str, where: str = "true") -> list[tuple[str, ...]]:
    """Rows of a published view as text, for comparison with `cells`; `columns` parted by `|` as there; null is blank."""
    names = [name.strip() for name in columns.split("|")]
    return [
        tuple("" if value is None else str(value) for value in row) for row in published(con, view, *names, where=where)
    ]


def cells(text: str) -> list[tuple[str, ...]]:
    """An ASCII table without a heading as rows of text."""
    lines = [line.strip() for line in text.strip("\n").splitlines()]
    return [tuple(cell.strip() for cell in line.split("|")) for line in lines if line]


def made(as_of: str, views: str, profile: str = "product", **tables: str) -> duckdb.DuckDBPyConnection:
    """Figures of a source of ASCII tables: `made("2026-03-10T12:00:00Z", "DailyCalls", call='''...''')`."""
    chosen = parameters(as_of, profile=profile)
    con = source({name: table(text) for name, text in tables.items()}, as_of=chosen.as_of)
    figures(con, chosen, *views.split())
    return con
