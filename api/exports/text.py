"""CSV and JSON: DuckDB writes each row as text, its Arrow buffer goes into the file as it lies.

CSV is RFC 4180: UTF-8, header row, CRLF, null as nothing. A text that a spreadsheet would take for a formula gets an
apostrophe in front. JSON is one plain array of the objects that OData answers with.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import IO

from api.exports.selection import Selection
from models.catalogue.types import Column, Edm
from models.snapshot.rowtext import json_value, literal, quoted

BATCH = 20_000
FORMULA_STARTS = "=+-@\t\r"
"""What makes a spreadsheet read a cell as a formula (OWASP, CSV injection)."""


def write_csv(chosen: Selection, file: IO[bytes]) -> None:
    """Write header and rows."""
    file.write((",".join(column.name for column in chosen.columns) + "\r\n").encode())
    cells = " || ',' || ".join(cell(column) for column in chosen.columns)
    _copy(chosen, f"{cells} || {_LINE_END}", file, b"")


def write_json(chosen: Selection, file: IO[bytes]) -> None:
    """Write an array."""
    file.write(b"[")
    _copy(chosen, f"{chosen.object_sql} || {literal(',')} || chr(10)", file, b",\n", flat=False)
    file.write(b"]\n")


def cell(column: Column) -> str:
    """SQL of a CSV cell: never NULL, quoted where it has to be."""
    sql = quoted(column.name)
    if column.edm is not Edm.STRING:
        return f"COALESCE(CAST({json_value(column.edm, sql)} AS VARCHAR), '')"
    starts = " OR ".join(f"starts_with({sql}, chr({ord(start)}))" for start in FORMULA_STARTS)
    safe = f"CASE WHEN {starts} THEN '''' || {sql} ELSE {sql} END"
    quoting = f"""'"' || replace({safe}, '"', '""') || '"'"""
    needed = f"""{sql} = '' OR regexp_matches({sql}, '[",\\r\\n]')"""
    return f"CASE WHEN {sql} IS NULL THEN '' WHEN {needed} THEN {quoting} ELSE {safe} END"


_LINE_END = "chr(13) || chr(10)"


def _copy(chosen: Selection, line: str, file: IO[bytes], between: bytes, *, flat: bool = True) -> None:
    """Each row as `line`; what stands between two lines is taken off the last one."""
    for text in _texts(chosen, line, flat=flat):
        file.write(text)
    if chosen.rows and between:
        file.seek(-len(between), os.SEEK_END)
        file.truncate()


def _texts(chosen: Selection, line: str, *, flat: bool) -> Iterator[memoryview]:
    """The lines of a batch as one stretch of bytes."""
    for batch in chosen.cursor.arrow(chosen.sql([line], flat=flat), chosen.parameters, BATCH):
        lines = batch.column(0)
        if len(lines):
            _, offsets, data = lines.buffers()
            ends = memoryview(offsets).cast("B").cast("i")
            yield memoryview(data)[ends[lines.offset] : ends[lines.offset + len(lines)]]
