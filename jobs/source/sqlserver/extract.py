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
from jobs.source.sqlserver.changes import Since
from jobs.source.sqlserver.convert import Converter
from jobs.source.sqlserver.offers import Offer
from jobs.source.sqlserver.session import Session
from models.errors import ContractBroken

CHUNK = 10_000
"""Rows asked for and held at a time."""


def extract(session: Session, offer: Offer, converter: Converter, target: Path, changed: Since | None = None) -> int:
    """Write rows of a table in key order to `target`, all or those changed; returns how many. Raises ContractBroken."""
    rows = 0
    with pq.ParquetWriter(target, converter.schema, compression="lz4", use_dictionary=False) as writer:
        for chunk in _chunks(session, offer, converter.columns, changed):
            writer.write_table(converter.table_of(chunk))
            rows += len(chunk[0])
    return rows


def _chunks(session: Session, offer: Offer, columns: Sequence[str], changed: Since | None) -> Iterator[list[list[Any]]]:
    """The columns of the rows by key, each chunk from the last key of the one before. That row comes again and is left
    out; were its key not unique, rows beside it would come again too."""
    name = offer.table.key
    place = columns.index(name)
    kind = offer.types[name]
    condition = changed.condition if changed else ""
    values = [changed.value] if changed else []
    first, further = (
        statements.chunk(offer.source, columns, name, kind, CHUNK + 1, first=at_start, condition=condition)
        for at_start in (True, False)
    )
    last: Any = None
    seen: set[Any] = set()
    while True:
        statement, bound = (first, values) if last is None else (further, [*values, last])
        made = session.columns(statement, bound, len(columns))
        given = len(made[place])
        if last is not None and made[place][:1] == [last]:
            made = [values[1:] for values in made]
        keys = made[place]
        distinct = set(keys)
        if None in distinct or len(distinct) < len(keys) or not distinct.isdisjoint(seen):
            raise ContractBroken(f"{offer.table.name}.{name} is null or not unique somewhere")
        if keys:
            yield made
            last = keys[-1]
            seen = distinct
        if given <= CHUNK or not keys:
            return
