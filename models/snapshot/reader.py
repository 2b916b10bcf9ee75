"""One published snapshot, open for reading: its manifest, its DuckDB file and its row text.

Turns ids and SQL into rows and bytes; the only place from which the API reaches DuckDB, so every DuckDB
error becomes one of ours here. Opened and closed by models.snapshot.pinning. Writes nothing but DuckDB's
temporary files.
"""

from __future__ import annotations

import mmap
import re
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

import duckdb
import msgspec

from models.errors import Busy, CrisisError, Unavailable, ValueProblem
from models.snapshot import layout, manifest, silent
from models.snapshot.manifest import Manifest
from models.snapshot.rowtext import literal

SETTINGS: dict[str, str | bool | int | float | list[str]] = {
    "threads": 1,
    "memory_limit": "1GB",
    "max_temp_directory_size": "4GB",
    "autoload_known_extensions": False,
    "autoinstall_known_extensions": False,
}
"""One thread for each query: the queries of many requests share the cores better than the parts of one. What all
queries of a version together may hold in memory, and on the disk beyond it, has an end: then a query answers Busy."""
PARAMETER = re.compile(r"\$(\d+)")
VALUE_ERRORS = (
    duckdb.ConversionException,
    duckdb.OutOfRangeException,
    duckdb.InvalidInputException,
    duckdb.TypeMismatchException,
)


class RowText:
    """A view's rows as JSON text in `_row` order, mapped into memory and never copied.

    The memoryviews handed out keep the mapping alive, also after the snapshot is closed or pruned.
    """

    def __init__(self, text: Path, index: Path) -> None:
        """Map both files. Raises FileNotFoundError, and Unavailable when they do not fit each other."""
        self._text = _mapped(text)
        self._offsets = _mapped(index).cast("q")
        self.rows = len(self._offsets) - 1
        if self.rows < 0 or self._offsets[self.rows] != len(self._text):
            raise Unavailable(f"the row text {text.name} is damaged", hint="Run `crisis refresh` to build it again.")

    def slice(self, lo: int, hi: int) -> memoryview:
        """Rows `lo` to `hi - 1`, joined by `,\\n`; empty when there are none."""
        if lo >= hi:
            return memoryview(b"")
        return self._text[self._offsets[lo] : self._offsets[hi] - len(layout.ROW_END)]

    def gather(self, ids: Sequence[int]) -> list[memoryview]:
        """The rows of `ids` in that order; neighbours come as one piece, pieces are to be joined by `,\\n`."""
        pieces: list[memoryview] = []
        start = before = -2
        for number in ids:
            if number != before + 1:
                if start >= 0:
                    pieces.append(self.slice(start, before + 1))
                start = number
            before = number
        if start >= 0:
            pieces.append(self.slice(start, before + 1))
        return pieces


Batch = list[tuple[Any, ...]]


class Cursor:
    """One worker's way into DuckDB, good for one request and stopped when its time is over.

    Opened by the first statement: a page that is a slice of the row text needs no DuckDB at all.
    """

    def __init__(self, opened: Callable[[], duckdb.DuckDBPyConnection], seconds: float) -> None:
        """`opened` makes a connection of this worker's own; the statements may take `seconds` together."""
        self._opened = opened
        self._seconds = seconds
        self._con: duckdb.DuckDBPyConnection | None = None
        self._timer: threading.Timer | None = None

    def rows(self, sql: str, parameters: Sequence[object] = ()) -> Batch:
        """All rows of a SELECT. Raises ValueProblem for conversion, range and division errors, Busy when stopped."""
        with translated():
            return self._ready().execute(sql, bound(sql, parameters)).fetchall()

    def stream(self, sql: str, parameters: Sequence[object] = (), size: int = 10_000) -> Iterator[Batch]:
        """The rows of a SELECT in batches of `size`, in order, without holding them all. Raises as `rows`."""
        with translated():
            con = self._ready().execute(sql, bound(sql, parameters))
            while batch := con.fetchmany(size):
                yield batch

    def arrow(self, sql: str, parameters: Sequence[object] = (), size: int = 10_000) -> Any:
        """The rows of a SELECT as a pyarrow RecordBatchReader with batches of about `size`. Raises as `rows`."""
        with translated():
            return self._ready().sql(sql, params=bound(sql, parameters)).to_arrow_reader(size)

    def close(self) -> None:
        """Stop the clock and let the connection go."""
        if self._timer is not None and self._con is not None:
            self._timer.cancel()
            self._con.close()

    def _ready(self) -> duckdb.DuckDBPyConnection:
        if self._con is None:
            self._con = self._opened()
            self._timer = threading.Timer(self._seconds, self._con.interrupt)
            self._timer.daemon = True
            self._timer.start()
        return self._con


class Snapshot:
    """One version, open. Safe to share between threads; each takes its own `cursor`."""

    def __init__(self, facts: Manifest, con: duckdb.DuckDBPyConnection, texts: dict[str, RowText]) -> None:
        self.manifest = facts
        self.version = facts.version
        self._con = con
        self._lock = threading.Lock()
        self._texts = texts

    @classmethod
    def open(cls, folder: Path, *, temp: Path | None = None) -> Self:
        """Open `snapshots/<version>`; `temp` is the folder for what a query cannot hold in memory.

        Raises FileNotFoundError when the folder is gone, Unavailable when it cannot be read.
        """
        facts = _manifest(folder)
        # all at once: a view first asked for after the folder was pruned must be there too
        texts = {view: RowText(layout.text_path(folder, view), layout.index_path(folder, view)) for view in facts.views}
        database = layout.database_path(folder)
        if not database.is_file():
            raise FileNotFoundError(database)
        try:
            con = silent.connect(database, read_only=True, config=SETTINGS)
        except duckdb.Error as error:
            raise Unavailable(f"snapshot {facts.version} cannot be opened") from error
        lock_down(con, temp)
        return cls(facts, con, texts)

    def rows(self, view: str) -> int:
        """How many rows a view has, without looking at them."""
        return self.manifest.views[view].rows

    def text(self, view: str) -> RowText | None:
        """The row text of a view."""
        return self._texts[view]

    @contextmanager
    def cursor(self, seconds: float) -> Iterator[Cursor]:
        """A cursor for one request, stopped with Busy after `seconds`."""
        cursor = Cursor(self._own, seconds)
        try:
            yield cursor
        finally:
            cursor.close()

    def _own(self) -> duckdb.DuckDBPyConnection:
        with self._lock:
            return self._con.cursor()

    def close(self) -> None:
        """Let go of the files. Row text already handed out stays readable."""
        with self._lock:
            self._con.close()


def _manifest(folder: Path) -> Manifest:
    try:
        return manifest.read(folder)
    except msgspec.DecodeError as error:
        raise Unavailable(f"the manifest of snapshot {folder.name} is damaged") from error


def lock_down(con: duckdb.DuckDBPyConnection, temp: Path | None) -> None:
    """UTC, no files, no network, no further settings: a query can read the snapshot and nothing else.

    DuckDB lets a query write below its temporary folder, so that is a folder of its own, or none.
    """
    locked = con.execute("SELECT current_setting('lock_configuration')").fetchone()
    if locked and locked[0]:  # this process has the file open already: DuckDB shares what belongs to one file
        return
    con.execute("SET GLOBAL TimeZone = 'UTC'")
    con.execute(f"SET temp_directory = {literal(str(temp) if temp else '')}")
    con.execute("SET enable_external_access = false")
    con.execute("SET lock_configuration = true")


def bound(sql: str, parameters: Sequence[object]) -> dict[str, object]:
    """The parameters that `sql` names, by number: DuckDB refuses any that are not used."""
    return {number: parameters[int(number) - 1] for number in set(PARAMETER.findall(sql))}


@contextmanager
def translated() -> Iterator[None]:
    """DuckDB's errors as ours; its messages may hold values and go no further."""
    try:
        yield
    except duckdb.InterruptException as error:
        raise Busy("the query ran longer than is allowed", hint="Ask for less: fewer days, fewer rows.") from error
    except VALUE_ERRORS as error:
        raise ValueProblem("a value cannot be converted, leaves the range of its type or is divided by zero") from error
    except duckdb.OutOfMemoryException as error:
        raise Busy("the query needs more memory than is free", hint="Ask for less: fewer days, fewer rows.") from error
    except duckdb.Error as error:
        raise CrisisError(f"the query failed ({type(error).__name__})") from error


def _mapped(path: Path) -> memoryview:
    with path.open("rb") as file:
        if path.stat().st_size == 0:  # an empty file cannot be mapped
            return memoryview(b"")
        return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
