"""A finished snapshot folder against its own manifest, before it gets its name. Reads only that folder.

Called by jobs.refresh.build. What is looked at: the files that must be there, row counts, offsets, the
database's hash, and a sample of rows whose text must be what the table says.
"""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
import msgspec

from models.catalogue.types import View
from models.errors import CheckFailed
from models.snapshot import layout, silent
from models.snapshot.manifest import Manifest
from models.snapshot.rowtext import ROW, quoted, row_object

SAMPLE = 20
"""Rows a view, spread evenly, whose text is compared with the table, beside the last."""


def verify(folder: Path, made: Manifest, views: Mapping[str, View]) -> None:
    """Raises CheckFailed naming the view whose files do not hold together."""
    con = silent.connect(layout.database_path(folder), read_only=True)
    try:
        con.execute("SET TimeZone = 'UTC'")
        for name, facts in made.views.items():
            _verify_view(con, folder, views[name], facts.rows)
    finally:
        con.close()


def _verify_view(con: duckdb.DuckDBPyConnection, folder: Path, view: View, rows: int) -> None:
    table = quoted(view.name)
    low, high, counted = con.execute(f"SELECT min({ROW}), max({ROW}), count(*) FROM {table}").fetchone() or (0, 0, -1)
    if counted != rows or (rows and (low, high) != (0, rows - 1)):
        raise CheckFailed(f"{view.name}: the table holds {counted} rows, the row text {rows}")
    text = layout.text_path(folder, view.name)
    offsets = array("q", layout.index_path(folder, view.name).read_bytes())
    if len(offsets) != rows + 1 or offsets[0] != 0 or offsets[-1] != text.stat().st_size:
        raise CheckFailed(f"{view.name}: the offsets do not fit the row text")
    if not rows:
        return
    wanted = sorted({*range(0, rows, max(1, rows // SAMPLE)), rows - 1})
    chosen = ", ".join(str(position) for position in wanted)
    sql = f"SELECT {row_object(view.columns)} FROM {table} WHERE {ROW} IN ({chosen}) ORDER BY {ROW}"
    expected = [row[0].encode() for row in con.execute(sql).fetchall()]
    for position, want in zip(wanted, expected, strict=True):
        _verify_row(text, view, (offsets[position], offsets[position + 1]), want)


def _verify_row(text: Path, view: View, span: Sequence[int], want: bytes) -> None:
    start, end = span
    with text.open("rb") as file:
        file.seek(start)
        got = file.read(end - start)
    if got != want + layout.ROW_END:
        raise CheckFailed(f"{view.name}: the text of a row is not what the table says")
    row: dict[str, Any] = msgspec.json.decode(want)
    if list(row) != [column.name for column in view.columns]:
        raise CheckFailed(f"{view.name}: a row's members are not the declared columns")
