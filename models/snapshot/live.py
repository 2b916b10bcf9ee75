"""Rows that are read at the moment of the request (RefreshStatus) -> tables that answer like a snapshot's.

In memory, made for one request and closed with it; never cached, no row text. Called by api.odata.service.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from models.catalogue.types import View
from models.snapshot import silent
from models.snapshot.reader import SETTINGS, Cursor, RowText, lock_down, translated
from models.snapshot.rowtext import ROW, quoted, storage_type

VERSION = "live"


class LiveTables:
    """One live view's rows, in key order."""

    version = VERSION

    def __init__(self, view: View, rows: Sequence[Mapping[str, object]], snapshot_id: str = VERSION) -> None:
        """`rows` map every column but SnapshotId to a Python value; instants are naive UTC."""
        self._view = view
        self._count = len(rows)
        self._con = silent.connect(":memory:", config=SETTINGS)
        columns = ", ".join(f"{quoted(column.name)} {storage_type(column)}" for column in view.columns)
        marks = ", ".join("?" for _ in range(len(view.columns) + 1))
        ordered = sorted(rows, key=lambda row: tuple(row[name] for name in view.order))
        with translated():
            self._con.execute(f"CREATE TABLE {quoted(view.name)} ({ROW} BIGINT, {columns})")
            for number, row in enumerate(ordered):
                whole = {**row, "SnapshotId": snapshot_id}
                values = [number, *(whole[column.name] for column in view.columns)]
                self._con.execute(f"INSERT INTO {quoted(view.name)} VALUES ({marks})", values)
        lock_down(self._con, None)

    def rows(self, view: str) -> int:
        """How many rows there are."""
        return self._count if view == self._view.name else 0

    def text(self, _view: str) -> RowText | None:
        """Live rows have no row text."""
        return None

    @contextmanager
    def cursor(self, seconds: float) -> Iterator[Cursor]:
        """A cursor, stopped with Busy after `seconds`."""
        cursor = Cursor(self._con.cursor, seconds)
        try:
            yield cursor
        finally:
            cursor.close()

    def close(self) -> None:
        """Let go of the memory."""
        self._con.close()
