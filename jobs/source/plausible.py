"""A staged extract -> what looks wrong about it as a whole: warnings with counts, never values.

Reads the staged Parquet files through DuckDB. Single records are judged later, by jobs.refresh.clean; here it
is the delivery that is doubted. Called by jobs.refresh.steps.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb

from jobs.source.contract import TABLES, ContractColumn, ContractTable
from jobs.verdict import broken, passed
from models.catalogue import CATALOGUE
from models.clock import day_end, day_start, iso, local_day
from models.snapshot.manifest import CheckResult
from models.snapshot.rowtext import literal, quoted

PLANS = ("planned_at", "planned_start", "planned_end", "due_at", "ends_on")
"""Clocks that may lie in the future."""
SKEW = timedelta(minutes=5)
"""Clocks of source and job differ this much without anybody's fault."""
WEEKS = 4
FEW = 5
"""A half day is missed only where the same half had at least so many calls on average over WEEKS weeks."""
CLOCKS = tuple(sorted({name for table in TABLES for name in table.instants()}))


def plausibility(con: duckdb.DuckDBPyConnection, staged: Path, as_of: datetime, zone: str) -> tuple[CheckResult, ...]:
    """Clocks in the future, words of no code list, required values missing, half a day missing.

    `as_of` is aware UTC, days are of `zone`.
    """
    return (
        _result("clocks_in_future", "clocks lie in the future", dict(_future_clocks(con, staged, as_of))),
        _result("unknown_codes", "words are in no code list and no map", dict(_unknown_codes(con, staged))),
        _result("required_missing", "values are null that the contract requires", dict(_missing_values(con, staged))),
        _result("half_day_missing", "calls expected", dict(_missing_halves(con, staged, as_of, zone))),
    )


def _result(check: str, words: str, found: Mapping[str, int]) -> CheckResult:
    if not found:
        return passed(check)
    places = ", ".join(f"{place} {number}" for place, number in found.items())
    return broken(check, f"{sum(found.values())} {words}: {places}")


def _literal(instant: datetime) -> str:
    """An aware instant as SQL, naive UTC."""
    return f"TIMESTAMP {literal(iso(instant)[:-1])}"


def _from(staged: Path, table: ContractTable) -> str:
    return f"read_parquet({literal(str(staged / f'{table.name}.parquet'))})"


def _counts(
    con: duckdb.DuckDBPyConnection, staged: Path, table: ContractTable, tests: Mapping[str, str]
) -> Iterator[tuple[str, int]]:
    """Rows of a table that meet each test (column -> SQL condition), where there are any."""
    if not tests:
        return
    wanted = ", ".join(f"count(*) FILTER (WHERE {test})" for test in tests.values())
    row = con.execute(f"SELECT {wanted} FROM {_from(staged, table)}").fetchone() or ()
    yield from ((f"{table.name}.{name}", number) for name, number in zip(tests, row, strict=True) if number)


def _future_clocks(con: duckdb.DuckDBPyConnection, staged: Path, as_of: datetime) -> Iterator[tuple[str, int]]:
    limit = _literal(as_of + SKEW)
    for table in TABLES:
        tests = {name: f"{quoted(name)} > {limit}" for name in table.instants() if name not in PLANS}
        yield from _counts(con, staged, table, tests)


def _unknown_codes(con: duckdb.DuckDBPyConnection, staged: Path) -> Iterator[tuple[str, int]]:
    mapped = _from(staged, next(table for table in TABLES if table.name == "code_value"))
    for table in TABLES:
        tests = {column.name: _foreign(column, mapped) for column in table.columns if column.codes}
        yield from _counts(con, staged, table, tests)


def _missing_values(con: duckdb.DuckDBPyConnection, staged: Path) -> Iterator[tuple[str, int]]:
    for table in TABLES:
        tests = {column.name: f"{quoted(column.name)} IS NULL" for column in table.columns if not column.nullable}
        yield from _counts(con, staged, table, tests)


def _foreign(column: ContractColumn, mapped: str) -> str:
    """SQL that is true for a word which neither the code list nor the source's own map knows."""
    known = list(CATALOGUE.codes[column.codes or ""].labels())
    if column.clock_names:
        known.extend(CLOCKS)
    name = quoted(column.name)
    words = ", ".join(literal(word) for word in known)
    own = f"SELECT source_code FROM {mapped} WHERE code_list = {literal(column.codes or '')}"
    return f"{name} IS NOT NULL AND {name} NOT IN ({words}) AND {name} NOT IN ({own})"


def _missing_halves(
    con: duckdb.DuckDBPyConnection, staged: Path, as_of: datetime, zone: str
) -> Iterator[tuple[str, int]]:
    """Halves of the last whole local day without a call, though the same weekday's half has had some."""
    calls = next(table for table in TABLES if table.name == "call")
    last = local_day(as_of, zone) - timedelta(days=1)
    days = [last - timedelta(weeks=week) for week in range(WEEKS + 1)]
    for half in ("morning", "afternoon"):
        spans = []
        for day in days:
            noon = datetime.combine(day, time(12), tzinfo=ZoneInfo(zone))
            spans.append((day_start(day, zone), noon) if half == "morning" else (noon, day_end(day, zone)))
        here, *before = _calls_within(con, _from(staged, calls), spans)
        if here == 0 and sum(before) >= FEW * WEEKS:
            yield f"{half} of {last.isoformat()}", sum(before) // WEEKS


def _calls_within(
    con: duckdb.DuckDBPyConnection, calls: str, spans: list[tuple[datetime, datetime]]
) -> tuple[int, ...]:
    """Calls in each span of aware instants, start included, end not."""
    tests = (f"rang >= {_literal(start)} AND rang < {_literal(end)}" for start, end in spans)
    wanted = ", ".join(f"count(*) FILTER (WHERE {test})" for test in tests)
    row = con.execute(
        f"SELECT {wanted} FROM (SELECT coalesce(call_arrival, call_create) AS rang FROM {calls})"
    ).fetchone()
    return tuple(row or ())
