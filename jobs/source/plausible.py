"""A staged extract -> what looks wrong about it as a whole: warnings with counts, never values.

Reads the staged Parquet files through DuckDB. Single records are judged later, by jobs.refresh.clean; here it
is the delivery that is doubted. Called by jobs.refresh.steps.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import duckdb

from jobs.source.contract import TABLES, ContractColumn, ContractTable
from jobs.verdict import broken, passed
from models.catalogue import CATALOGUE
from models.clock import iso
from models.snapshot.manifest import CheckResult
from models.snapshot.rowtext import literal, quoted

PLANS = ("planned_at", "planned_start", "planned_end", "due_at", "ends_on")
"""Clocks that may lie in the future."""
SKEW = timedelta(minutes=5)
"""Clocks of source and job differ this much without anybody's fault."""
CLOCKS = tuple(sorted({name for table in TABLES for name in table.instants()}))


WordsBefore = Callable[[ContractTable, str, Sequence[str]], Collection[str]]
"""Which of these words a column of a table already had in the history, before the last NEW."""
NEW = timedelta(days=7)
"""For so long a word is new, so that somebody reads of it."""


def plausibility(
    con: duckdb.DuckDBPyConnection, staged: Path, as_of: datetime, words_before: WordsBefore
) -> tuple[CheckResult, ...]:
    """Clocks in the future, new words of no code list, required values missing. `as_of` is aware UTC."""
    return (
        _result("clocks_in_future", "clocks lie in the future", dict(_future_clocks(con, staged, as_of))),
        _result("unknown_codes", "rows have a new word of no list", dict(_unknown_codes(con, staged, words_before))),
        _result("required_missing", "values are null that the contract requires", dict(_missing_values(con, staged))),
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


def _unknown_codes(
    con: duckdb.DuckDBPyConnection, staged: Path, words_before: WordsBefore
) -> Iterator[tuple[str, int]]:
    """Rows of each column with words that are foreign and new; the code list is named, the words never."""
    mapped = _from(staged, next(table for table in TABLES if table.name == "code_value"))
    for table in TABLES:
        coded = {column.name: column for column in table.columns if column.codes}
        tests = {name: _foreign(column, mapped) for name, column in coded.items()}
        for place, _ in _counts(con, staged, table, tests):
            name = place.removeprefix(f"{table.name}.")
            query = f"SELECT {quoted(name)}, count(*) FROM {_from(staged, table)} WHERE {tests[name]} GROUP BY 1"
            rows = dict(con.execute(query).fetchall())
            new = set(rows).difference(words_before(table, name, list(rows)))
            if new:
                some = f"{len(new)} new" if len(new) > 1 else "a new word"
                yield f"{place} ({some} for code list {coded[name].codes})", sum(rows[word] for word in new)


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
