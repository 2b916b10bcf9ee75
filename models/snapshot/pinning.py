"""Which snapshots are open, and who reads them: a request pins one version from its start to its end.

Reads the pointer and the version folders below the snapshots folder; writes nothing. Called by
api.odata.service and by the exports for every request, and by the edge to open a new version early.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from models.errors import NoSnapshot, SnapshotGone
from models.snapshot import layout
from models.snapshot.reader import Snapshot

IDLE_SECONDS = 120.0
"""An old version that nobody has read for so long is closed; a client that pages comes back sooner."""


class _Book:
    """One version on the shelf: opened once, by whoever comes first; the others wait for that."""

    def __init__(self) -> None:
        self.opening = threading.Lock()
        self.snapshot: Snapshot | None = None
        self.readers = 0
        self.last_used = 0.0


class Pin:
    """A hold on one version. Release it, or use it as a context manager; releasing twice does no harm."""

    def __init__(self, snapshot: Snapshot, put_back: Callable[[], None]) -> None:
        self.snapshot = snapshot
        self._put_back: Callable[[], None] | None = put_back

    def release(self) -> None:
        """Let the version be closed when it is neither current nor read by others."""
        put_back, self._put_back = self._put_back, None
        if put_back:
            put_back()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


class Shelf:
    """The opened snapshots of one process. Safe to share between threads."""

    def __init__(
        self,
        snapshots: Path,
        *,
        temp: Path | None = None,
        idle_seconds: float = IDLE_SECONDS,
        tick: Callable[[], float] = time.monotonic,
    ) -> None:
        """`snapshots` is the folder with the pointer; `tick` counts seconds.

        `temp` is a folder of its own for what DuckDB cannot hold in memory; None: a query too large is refused.
        """
        self.snapshots = snapshots
        self._temp = temp
        self._idle_seconds = idle_seconds
        self._tick = tick
        self._lock = threading.Lock()
        self._books: dict[str, _Book] = {}

    def current(self) -> str | None:
        """The published version; None before the first publish."""
        return layout.current_version(self.snapshots)

    def pin(self, version: str | None = None) -> Pin:
        """Hold `version`, or the current one. Raises NoSnapshot (503) and SnapshotGone (410).

        A version that is open stays readable although its folder was pruned meanwhile (its files are
        mapped), until nobody has asked for it for `idle_seconds`.
        """
        wanted = version if version is not None else self.current()
        if wanted is None:
            raise NoSnapshot("no snapshot has been published")
        book = self._take(wanted)
        try:
            snapshot = self._opened(book, wanted)
        except FileNotFoundError as error:
            self._put_back(wanted)
            if version is None and self.current() != wanted:  # published and pruned just now
                return self.pin()
            if version is None:
                raise NoSnapshot(f"the published snapshot {wanted} is missing") from error
            raise SnapshotGone(f"snapshot {wanted} is no longer kept") from error
        except BaseException:
            self._put_back(wanted)
            raise
        return Pin(snapshot, lambda: self._put_back(wanted))

    def warm(self) -> None:
        """Open the current version ahead of the first request that wants it, and close what is idle."""
        if self.current() is not None:
            self.pin().release()

    def open_versions(self) -> frozenset[str]:
        """The versions that are open now."""
        with self._lock:
            return frozenset(version for version, book in self._books.items() if book.snapshot)

    def close(self) -> None:
        """Close everything; pins still held become useless."""
        with self._lock:
            books, self._books = self._books, {}
        for book in books.values():
            if book.snapshot:
                book.snapshot.close()

    def _take(self, version: str) -> _Book:
        with self._lock:
            book = self._books.setdefault(version, _Book())
            book.readers += 1
            return book

    def _opened(self, book: _Book, version: str) -> Snapshot:
        with book.opening:
            if book.snapshot is None:
                if not layout.VERSION.match(version):
                    raise FileNotFoundError(version)
                book.snapshot = Snapshot.open(self.snapshots / version, temp=self._temp)
            return book.snapshot

    def _put_back(self, version: str) -> None:
        """One reader less; then close every version that is not current and has been idle long enough."""
        current = self.current()
        now = self._tick()
        with self._lock:
            if book := self._books.get(version):
                book.readers -= 1
                book.last_used = now
            idle = [name for name, book in self._books.items() if self._is_idle(name, book, current, now)]
            closing = [self._books.pop(name) for name in idle]
        for book in closing:
            if book.snapshot:
                book.snapshot.close()

    def _is_idle(self, version: str, book: _Book, current: str | None, now: float) -> bool:
        if book.readers:
            return False
        if book.snapshot is None:  # it could not be opened
            return True
        return version != current and now - book.last_used >= self._idle_seconds
