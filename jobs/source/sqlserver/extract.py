"""SQL Server -> one Parquet file a contract table, in keyset chunks that hold bounded memory.

A chunk that failed is asked again from its last key over a new connection; nothing is read twice into the file. Called
by source.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from jobs.source.sqlserver import statements
from jobs.source.sqlserver.convert import Converter
from jobs.source.sqlserver.offers import Offer
from jobs.source.sqlserver.session import Session
from models.errors import ContractBroken

CHUNK = 10_000
"""Rows asked for and held at a time."""


def extract(session: Session, offer: Offer, converter: Converter, target: Path) -> int:
    """Write all rows of one table in key order to `target`; returns how many. Raises ContractBroken."""
    rows = 0
    with pq.ParquetWriter(target, converter.schema, compression="zstd", use_dictionary=False) as writer:
        for chunk in _chunks(session, offer, converter.columns):
            writer.write_table(converter.table_of(chunk))
            rows += len(chunk)
    return rows


def _chunks(session: Session, offer: Offer, columns: Sequence[str]) -> Iterator[Sequence[Sequence[Any]]]:
    """The rows by key, each chunk from the last key of the one before. That row comes again and is left out; were
    its key not unique, rows beside it would come again too."""
    name = offer.table.key
    place = columns.index(name)
    kind = offer.types[name]
    first = statements.chunk(offer.source, columns, name, kind, CHUNK + 1, first=True)
    further = statements.chunk(offer.source, columns, name, kind, CHUNK + 1, first=False)
    last: Any = None
    seen: set[Any] = set()
    while True:
        given = session.rows(first) if last is None else session.rows(further, [last])
        fresh = [row for row in given if row[place] != last] if last is not None else given
        repeated = len(given) - len(fresh)
        keys = [row[place] for row in fresh]
        distinct = set(keys)
        if None in distinct or len(distinct) < len(keys) or repeated > 1 or not distinct.isdisjoint(seen):
            raise ContractBroken(f"{offer.table.name}.{name} is null or not unique somewhere")
        if fresh:
            yield fresh
            last = keys[-1]
            seen = distinct
        if len(given) <= CHUNK or not fresh:
            return
