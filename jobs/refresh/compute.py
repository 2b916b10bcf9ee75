"""Facts -> one published view: runs sql/<View>.sql and proves its columns against the catalogue.

Writes table `pub."<View>"` (declared columns and types, without SnapshotId, unsorted) on the connection that it is
given. Called by the refresh once for each view, after clean.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import duckdb

from models.catalogue.types import Column, View
from models.errors import CheckFailed
from models.snapshot.rowtext import quoted, storage_type
from models.statistics import ranks_of

SQL = Path(__file__).parent / "sql"
PERCENTILES = "ResponsePercentiles"
CHUNK_VALUES = 4_000_000
"""Percentiles are computed for so many days at a time that about this many values are held."""


def compute(con: duckdb.DuckDBPyConnection, view: View) -> int:
    """Make `pub."<View>"`; returns its rows. Raises CheckFailed when the SQL does not yield what is declared."""
    con.execute("CREATE SCHEMA IF NOT EXISTS pub")
    target = f"pub.{quoted(view.name)}"
    con.execute(f"DROP TABLE IF EXISTS {target}")
    columns = published(view)
    declared = ", ".join(
        f"{quoted(column.name)} {storage_type(column)}{'' if column.nullable else ' NOT NULL'}" for column in columns
    )
    con.execute(f"CREATE TABLE {target} ({declared})")
    sql = query(view)
    for _ in _chunks(con) if view.name == PERCENTILES else (None,):
        _verify(con, view, sql)
        try:
            con.execute(f"INSERT INTO {target} {sql}")
        except duckdb.ConstraintException as error:
            raise CheckFailed(
                f"{view.name}: a column that is never null has a null", hint=f"See sql/{view.name}.sql."
            ) from error
    (rows,) = con.execute(f"SELECT count(*) FROM {target}").fetchone() or (0,)
    return int(rows)


def published(view: View) -> tuple[Column, ...]:
    """The columns that the view's SQL yields: all but SnapshotId, which is the snapshot's own."""
    return tuple(column for column in view.columns if column.name != "SnapshotId")


def query(view: View) -> str:
    """The view's SQL: one SELECT. Raises CheckFailed when there is no such file."""
    try:
        return (SQL / f"{view.name}.sql").read_text("utf-8").rstrip().rstrip(";")
    except FileNotFoundError:
        raise CheckFailed(f"there is no SQL for the view {view.name}", hint=f"Write sql/{view.name}.sql.") from None


def _verify(con: duckdb.DuckDBPyConnection, view: View, sql: str) -> None:
    """Names, order and types must be those declared: an INSERT would cast, and match by position."""
    shape = con.execute(f"SELECT * FROM (\n{sql}\n) LIMIT 0").description or []
    found = [(str(name), str(kind)) for name, kind, *_ in shape]
    wanted = [(column.name, storage_type(column)) for column in published(view)]
    if found != wanted:
        names = [name for name, _ in wanted]
        places = [f"{name} {kind}" for name, kind in found if (name, kind) not in wanted]
        lacking = [name for name in names if name not in dict(found)]
        raise CheckFailed(
            f"{view.name}: the SQL yields other columns than declared: {', '.join(places) or 'in another order'}"
            + (f"; without {', '.join(lacking)}" if lacking else ""),
            hint=f"Compare sql/{view.name}.sql with the catalogue.",
        )


def _chunks(con: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Set table `fact.chunk` to one run of period ends after the other, and first the ranks for every sample size.

    A sample of 28 days holds each value 28 times over: all windows at once would not fit a million calls.
    """
    _ranks(con)
    sizes = con.execute(
        """SELECT p.end_day, CAST(sum(len(m.sorted_values)) AS BIGINT)
        FROM fact.period_day p JOIN fact.measured m ON m.day = p.day GROUP BY p.end_day ORDER BY p.end_day"""
    ).fetchall()
    for first, last in _runs(sizes):
        con.execute(
            "CREATE OR REPLACE TABLE fact.chunk AS SELECT CAST(? AS DATE) AS first_day, CAST(? AS DATE) AS last_day",
            [first, last],
        )
        yield None


def _runs(sizes: list[tuple[date, int]]) -> Iterator[tuple[date, date]]:
    """Consecutive days whose values together stay under CHUNK_VALUES; a day that is larger stands alone."""
    first: date | None = None
    last = date.min
    held = 0
    for day, values in sizes:
        if first is not None and held + values > CHUNK_VALUES:
            yield first, last
            first, held = None, 0
        first = first or day
        last, held = day, held + values
    if first is not None:
        yield first, last


def _ranks(con: duckdb.DuckDBPyConnection) -> None:
    """Table `fact.rank`: for each sample size in use, the ranks between which p50 and p90 lie."""
    sizes = [
        n
        for (n,) in con.execute(
            """SELECT DISTINCT CAST(sum(len(m.sorted_values)) AS BIGINT) AS n
            FROM fact.period_day p JOIN fact.measured m ON m.day = p.day
            GROUP BY p.period, p.end_day, m.interval_code, m.cut, m.cut_value ORDER BY n"""
        ).fetchall()
    ]
    p50, p90 = dict(ranks_of(sizes, 5)), dict(ranks_of(sizes, 9))
    nothing = (None, None)
    con.execute(
        "CREATE OR REPLACE TABLE fact.rank (n BIGINT, p50_low BIGINT, p50_high BIGINT, p90_low BIGINT, p90_high BIGINT)"
    )
    rows = [(n, *(p50[n] or nothing), *(p90[n] or nothing)) for n in sizes]
    for start in range(0, len(rows), 1000):
        part = rows[start : start + 1000]
        marks = ", ".join("(?, ?, ?, ?, ?)" for _ in part)
        con.execute(f"INSERT INTO fact.rank VALUES {marks}", [value for row in part for value in row])
