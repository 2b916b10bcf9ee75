"""The SQL of the history: staged rows against stored versions, what a night stores, which rows are in force.

Each function runs one statement on the job's DuckDB connection for one contract table. Called by
jobs.refresh.history only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb

from jobs.refresh.anchors import ANCHORS
from jobs.source.contract import TABLES, ContractTable, Kind
from models.clock import iso
from models.errors import ContractBroken
from models.snapshot.rowtext import literal, quoted

MARKS = {"_recorded_at": "TIMESTAMP", "_op": "VARCHAR", "_hash": "VARCHAR"}
"""Added to every stored row; `_op` is put or gone, and a gone row has its key only."""


@dataclass(frozen=True)
class Difference:
    """What a staged extract brings for one table, against the `held` rows in force."""

    held: int
    added: int
    changed: int
    deleted: int

    @property
    def stored(self) -> int:
        """Rows that the night has to store."""
        return self.added + self.changed + self.deleted


def _moment(instant: datetime) -> str:
    """An aware instant as an SQL literal, naive UTC."""
    return f"TIMESTAMP {literal(iso(instant)[:-1])}"


def _columns(table: ContractTable) -> str:
    return ", ".join(quoted(column.name) for column in table.columns)


def _fresh(staged: Path, table: ContractTable) -> str:
    return f"read_parquet({literal(str(staged / f'{table.name}.parquet'))})"


def _content(table: ContractTable) -> str:
    """SQL of the content hash. Nulls are left out, so that a column added to the contract changes no old row."""
    parts = []
    for column in table.columns:
        name = quoted(column.name)
        value = f"epoch_us({name})" if column.kind is Kind.INSTANT else name
        parts.append(f"{literal(column.name + '=')} || CAST({value} AS VARCHAR)")
    return f"left(sha256(concat_ws(chr(31), {', '.join(parts)})), 32)"


def _versions(files: Sequence[Path], table: ContractTable) -> str:
    """SQL of all stored versions; a column that a file of an older contract lacks is null."""
    declared = {column.name: column.kind.storage for column in table.columns} | MARKS
    nulls = ", ".join(f"CAST(NULL AS {storage}) AS {quoted(name)}" for name, storage in declared.items())
    none = f"SELECT * FROM (SELECT {nulls}) WHERE false"
    if not files:
        return none
    listed = ", ".join(literal(str(file)) for file in files)
    return f"{none} UNION ALL BY NAME SELECT * FROM read_parquet([{listed}], union_by_name = true)"


def compare(con: duckdb.DuckDBPyConnection, table: ContractTable, staged: Path, files: Sequence[Path]) -> Difference:
    """Leave in `diff.<table>` each key that is new, changed or gone, with its content hash; returns the counts.

    Raises ContractBroken for a staged key that is null or repeated.
    """
    key = quoted(table.key)
    repeated = con.execute(f"SELECT count(*) - count(DISTINCT {key}) FROM {_fresh(staged, table)}").fetchone()
    if repeated and repeated[0]:
        raise ContractBroken(f"{table.name}.{table.key} is null or not unique in {repeated[0]} rows")
    con.execute(f"""
        CREATE OR REPLACE TABLE diff.{quoted(table.name)} AS
        WITH fresh AS (SELECT {key} AS key, {_content(table)} AS hash FROM {_fresh(staged, table)}),
        known AS (
            SELECT {key} AS key, max_by(_hash, _recorded_at) AS hash, max_by(_op, _recorded_at) AS op
            FROM ({_versions(files, table)}) GROUP BY {key}
        ),
        held AS (SELECT key, hash FROM known WHERE op = 'put')
        SELECT coalesce(fresh.key, held.key) AS key, fresh.hash AS hash,
            CASE WHEN held.key IS NULL THEN 'added' WHEN fresh.key IS NULL THEN 'deleted'
                 WHEN fresh.hash = held.hash THEN 'same' ELSE 'changed' END AS kind
        FROM fresh FULL JOIN held ON fresh.key = held.key
    """)
    counts = dict(con.execute(f"SELECT kind, count(*) FROM diff.{quoted(table.name)} GROUP BY kind").fetchall())
    con.execute(f"DELETE FROM diff.{quoted(table.name)} WHERE kind = 'same'")
    added, changed, deleted = (counts.get(kind, 0) for kind in ("added", "changed", "deleted"))
    return Difference(counts.get("same", 0) + changed + deleted, added, changed, deleted)


def store(con: duckdb.DuckDBPyConnection, table: ContractTable, staged: Path, target: Path, recorded: datetime) -> None:
    """Write the rows that `compare` found to the Parquet file `target`, in key order."""
    key, diff = quoted(table.key), f"diff.{quoted(table.name)} AS d"
    con.execute(f"""
        COPY (
            SELECT fresh.*, {_moment(recorded)} AS _recorded_at, 'put' AS _op, d.hash AS _hash
            FROM {_fresh(staged, table)} AS fresh JOIN {diff} ON fresh.{key} = d.key WHERE d.kind <> 'deleted'
            UNION ALL BY NAME
            SELECT d.key AS {key}, {_moment(recorded)} AS _recorded_at, 'gone' AS _op, '' AS _hash
            FROM {diff} WHERE d.kind = 'deleted'
            ORDER BY {key}
        ) TO {literal(str(target))} (FORMAT parquet, COMPRESSION zstd)
    """)


def first_calls(con: duckdb.DuckDBPyConnection, files: Sequence[Path], since: datetime) -> str:
    """Make the table that is returned: `rang`, `source` and `first` (recorded) of each call that rang since, as it was
    first recorded."""
    table = next(table for table in TABLES if table.name == "call")
    con.execute(f"""
        CREATE OR REPLACE TABLE diff.first_call AS
        SELECT min_by(rang, _recorded_at) AS rang, min_by(source, _recorded_at) AS source, min(_recorded_at) AS first
        FROM (
            SELECT *, coalesce(call_arrival, call_create) AS rang FROM ({_versions(files, table)}) WHERE _op = 'put'
        )
        WHERE rang >= {_moment(since)} GROUP BY call_id
    """)
    return "diff.first_call"


def words_before(
    con: duckdb.DuckDBPyConnection, table: ContractTable, files: Sequence[Path], column: str, words: Sequence[str]
) -> frozenset[str]:
    """Which of these words stand in a column of the versions in `files`."""
    wanted = ", ".join(literal(word) for word in words)
    query = f"SELECT DISTINCT {quoted(column)} FROM ({_versions(files, table)}) WHERE {quoted(column)} IN ({wanted})"
    return frozenset(word for (word,) in con.execute(query).fetchall())


def watermark(con: duckdb.DuckDBPyConnection, staged: Path) -> str | None:
    """The latest `updated_at` of all tables, as ISO text."""
    parts = " UNION ALL ".join(f"SELECT max(updated_at) AS latest FROM {_fresh(staged, table)}" for table in TABLES)
    row = con.execute(f"SELECT strftime(max(latest), '%Y-%m-%dT%H:%M:%S.%gZ') FROM ({parts})").fetchone()
    return row[0] if row else None


def write_held(con: duckdb.DuckDBPyConnection, table: ContractTable, files: Sequence[Path], target: Path) -> None:
    """Write the rows in force, with the contract's columns alone, to the Parquet file `target`."""
    key, every = quoted(table.key), _versions(files, table)
    con.execute(f"""
        COPY (
            WITH span AS (SELECT {key} AS key, max(_recorded_at) AS last FROM ({every}) GROUP BY {key})
            SELECT {_columns(table)} FROM ({every}) JOIN span ON {key} = span.key AND _recorded_at = span.last
            WHERE _op = 'put'
        ) TO {literal(str(target))} (FORMAT parquet, COMPRESSION zstd)
    """)


def restore(
    con: duckdb.DuckDBPyConnection, table: ContractTable, files: Sequence[Path], earliest: datetime, latest: datetime
) -> None:
    """Make `src.<table>` from the versions in `files`, and add to `src._version` what became of its records.

    `earliest` and `latest` are the recorded times of the first and of the latest night.
    """
    key, anchor = quoted(table.key), ANCHORS.get(table.name)
    every = _versions(files, table)
    con.execute(f"""
        CREATE OR REPLACE TABLE src._every AS
        SELECT {key} AS key, _recorded_at AS recorded_at, _op AS op, updated_at,
            {quoted(anchor) if anchor else "CAST(NULL AS TIMESTAMP)"} AS clock
        FROM ({every})
    """)
    con.execute(f"""
        CREATE OR REPLACE TABLE src.{quoted(table.name)} AS
        WITH span AS (SELECT key, min(recorded_at) AS first, max(recorded_at) AS last FROM src._every GROUP BY key)
        SELECT {_columns(table)}, _recorded_at, span.first AS _first_recorded_at,
            span.first < span.last AND span.last = {_moment(latest)} AS _revised
        FROM ({every}) JOIN span ON {key} = span.key AND _recorded_at = span.last
        WHERE _op = 'put'
    """)
    if anchor:
        con.execute(f"""
            INSERT INTO src._version
            SELECT {literal(table.name)}, key, recorded_at, op, clock, updated_at
            FROM src._every
            WHERE key IN (SELECT key FROM src._every WHERE recorded_at > {_moment(earliest)})
        """)
    con.execute("DROP TABLE src._every")


def no_versions(con: duckdb.DuckDBPyConnection) -> None:
    """Make `src._version` anew and empty: all versions of each record that a night after the first one has touched."""
    con.execute(
        "CREATE OR REPLACE TABLE src._version (contract_table VARCHAR, key BIGINT, recorded_at TIMESTAMP, op VARCHAR, "
        "clock TIMESTAMP, updated_at TIMESTAMP)"
    )
