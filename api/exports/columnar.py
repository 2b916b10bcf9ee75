"""Parquet and Arrow: DuckDB's record batches, with instants marked as UTC and every column described.

Loaded when the first such file is asked for, since pyarrow is heavy. Called by `answer`.
"""

from __future__ import annotations

from typing import IO, Any

import pyarrow
import pyarrow.parquet

from api.exports.selection import Selection
from models.catalogue.types import Column, Edm
from models.snapshot.rowtext import quoted

BATCH = 50_000


def write_parquet(chosen: Selection, file: IO[bytes]) -> None:
    """Write one Parquet file."""
    reader, schema = _open(chosen)
    with pyarrow.parquet.ParquetWriter(file, schema, compression="zstd") as writer:
        for batch in reader:
            writer.write_batch(batch.cast(schema))


def write_arrow(chosen: Selection, file: IO[bytes]) -> None:
    """Write one Arrow IPC stream."""
    reader, schema = _open(chosen)
    with pyarrow.ipc.new_stream(file, schema) as writer:
        for batch in reader:
            writer.write_batch(batch.cast(schema))


def _open(chosen: Selection) -> tuple[Any, Any]:
    sql = chosen.sql([quoted(column.name) for column in chosen.columns])
    reader = chosen.cursor.arrow(sql, chosen.parameters, BATCH)
    fields = [_field(found, column) for found, column in zip(reader.schema, chosen.columns, strict=True)]
    about = chosen.about
    facts = {
        "title": chosen.view.title,
        "grain": chosen.view.grain,
        "snapshot": about.version,
        "as_of": about.as_of,
        "synthetic": str(about.synthetic).lower(),
        "attribution": about.attribution,
    }
    return reader, pyarrow.schema(fields, metadata=facts)


def _field(found: Any, column: Column) -> Any:
    kind = pyarrow.timestamp("us", tz="UTC") if column.edm is Edm.INSTANT else found.type
    notes = {"description": column.description, **({"unit": column.unit} if column.unit else {})}
    return pyarrow.field(column.name, kind, nullable=column.nullable, metadata=notes)
