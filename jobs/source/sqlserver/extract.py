"""SQL Server -> one Parquet file a contract table, in keyset chunks that hold bounded memory.

A chunk that failed is asked again from its last key over a new connection; nothing is read twice into the file. Called
by source.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from jobs.source.sqlserver import statements
from jobs.source.sqlserver.changes import Since
from jobs.source.sqlserver.convert import Converter
from jobs.source.sqlserver.offers import Offer
from jobs.source.sqlserver.session import Columns, Session
from models.errors import ContractBroken

CHUNK = 10_000
"""Rows asked for and held at a time."""
SCRATCH: Mapping[str, Any] = {"compression": "lz4", "use_dictionary": False, "write_statistics": False}
"""How the file is written: it is read once or twice and then thrown away."""


def extract(session: Session, offer: Offer, converter: Converter, target: Path, changed: Since | None = None) -> int:
    """Write rows of a table in key order to `target`, all or those changed; returns how many. Raises ContractBroken."""
    rows = 0
    with pq.ParquetWriter(target, converter.schema, **SCRATCH) as writer:
        for chunk in _chunks(session, offer, converter, changed):
            writer.write_table(chunk)
            rows += chunk.num_rows
    return rows


@dataclass(frozen=True)
class Chunk:
    """What one statement gave, without the row that was there before; `given` counts that one too."""

    parts: list[pa.RecordBatch]
    keys: list[Any]
    given: int


def _chunks(session: Session, offer: Offer, converter: Converter, changed: Since | None) -> Iterator[pa.Table]:
    """The rows by key, each chunk from the last key of the one before. That row comes again and is left out; were its
    key not unique, rows beside it would come again too."""
    name = offer.table.key
    kind = offer.types[name]
    condition = changed.condition if changed else ""
    values = [changed.value] if changed else []
    first, further = (
        statements.chunk(offer.source, converter.columns, name, kind, CHUNK + 1, first=at_start, condition=condition)
        for at_start in (True, False)
    )
    last: Any = None
    seen: set[Any] = set()
    while True:
        statement, bound = (first, values) if last is None else (further, [*values, last])
        chunk = session.taken(statement, bound, partial(_taken, converter, converter.columns.index(name), last))
        distinct = set(chunk.keys)
        if None in distinct or len(distinct) < len(chunk.keys) or not distinct.isdisjoint(seen):
            raise ContractBroken(f"{offer.table.name}.{name} is null or not unique somewhere")
        if chunk.keys:
            yield converter.whole(chunk.parts)
            last = chunk.keys[-1]
            seen = distinct
        if chunk.given <= CHUNK or not chunk.keys:
            return


def _taken(converter: Converter, place: int, last: Any, rows: Iterator[Columns]) -> Chunk:
    """The rows behind the one with the key `last`, which stands in column `place`."""
    parts: list[pa.RecordBatch] = []
    keys: list[Any] = []
    given = 0
    for columns in rows:
        again = given == 0 and last is not None and columns[place][0] == last
        given += len(columns[place])
        rest = [values[1:] for values in columns] if again else columns
        keys.extend(rest[place])
        parts.append(converter.part(rest))
        del columns, rest  # as session holds none of them either
    return Chunk(parts, keys, given)
