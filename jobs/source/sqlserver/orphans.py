"""Tables that were read at several moments -> tables without rows whose parent was written in between.

A child that was read later than its parent's table may point at a parent that came after it: those parents are asked
for by key and added. A parent that the source does not have stays missing; clean counts it. Called by source when the
source could not show one moment.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from jobs.source.contract import TABLES, ContractTable
from jobs.source.sqlserver import statements
from jobs.source.sqlserver.convert import Converter
from jobs.source.sqlserver.offers import Offer
from jobs.source.sqlserver.session import Session
from models.snapshot import silent
from models.snapshot.rowtext import literal, quoted

AT_ONCE = 1_000
"""Keys in one statement; SQL Server takes 2,100 parameters."""
MOST = 20_000
"""Missing parents of one table that are asked for, newest keys first: what came in between has the newest keys."""


def add_late_parents(
    session: Session, offers: Mapping[str, Offer], converters: Mapping[str, Converter], staged: Path
) -> int:
    """Add parents that were written while their children were read; returns how many.

    From the last table to the first: a parent that is added may itself be the child of one before it.
    """
    added = 0
    for parent in reversed(TABLES):
        missing = _missing(parent, staged)
        if missing:
            added += _add(session, offers[parent.name], converters[parent.name], staged, missing)
    return added


def children(parent: ContractTable) -> tuple[ContractTable, ...]:
    """The tables with a column named like the parent's key."""
    return tuple(
        table for table in TABLES if table is not parent and parent.key in {column.name for column in table.columns}
    )


def _missing(parent: ContractTable, staged: Path) -> list[object]:
    """Keys that children have and the parent's file does not, newest first."""
    used = " UNION ".join(
        f"SELECT {quoted(parent.key)} AS key FROM {_file(staged, child)}" for child in children(parent)
    )
    if not used:
        return []
    query = (
        f"SELECT key FROM ({used}) WHERE key IS NOT NULL AND key NOT IN "
        f"(SELECT {quoted(parent.key)} FROM {_file(staged, parent)}) ORDER BY key DESC LIMIT {MOST}"
    )
    with silent.connect() as con:
        return [row[0] for row in con.execute(query).fetchall()]


def _file(staged: Path, table: ContractTable) -> str:
    return f"read_parquet({literal(str(staged / f'{table.name}.parquet'))})"


def _add(session: Session, offer: Offer, converter: Converter, staged: Path, missing: list[object]) -> int:
    """Ask for rows by key and write the table's file anew with them."""
    key = offer.table.key
    found: list[pa.Table] = []
    for start in range(0, len(missing), AT_ONCE):
        keys = missing[start : start + AT_ONCE]
        query = statements.by_key(offer.source, converter.columns, key, offer.types[key], len(keys))
        parts = session.taken(query, keys, lambda given: [converter.part(columns) for columns in given])
        if parts:
            found.append(converter.whole(parts))
    if not found:
        return 0
    target = staged / f"{offer.table.name}.parquet"
    whole = target.with_suffix(".whole")
    with pq.ParquetFile(target) as held, pq.ParquetWriter(whole, converter.schema, compression="zstd") as writer:
        for batch in held.iter_batches():
            writer.write_batch(batch)
        for table in found:
            writer.write_table(table)
    whole.replace(target)
    return sum(table.num_rows for table in found)
