"""The audit trail: who read what, in which shape, on the disk before the first byte of an answer leaves.

One append-only file a process and day (UTC), `audit/<date>-<pid>.jsonl`, one JSON object a line. A writer thread takes
all waiting events, writes and syncs them at once; each request waits for its batch. When it cannot write, requests
fail with AuditUnavailable: data stays closed. Never row values, never literals: events hold names and shapes.
"""

from __future__ import annotations

import asyncio
import os
import queue
import threading
import time
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path

import msgspec

from api.observe import AuditFailed, AuditWritten, Observer
from models.clock import iso, now
from models.errors import AuditUnavailable

_STOP = None
_MOST_AT_ONCE = 1_000


@dataclass(frozen=True)
class AuditEvent:
    """One line of the trail. `target` is the redacted URL, `shape` the query without its literals.

    `outcome` is answered, an error code, or aborted: a second event of the same request id, when the client left
    before the end.
    """

    time: str
    request_id: str
    key_id: str
    role: str
    purpose: str
    route: str
    target: str
    view: str | None
    shape: str | None
    rows: int | None
    version: str | None
    outcome: str
    status: int
    bytes_sent: int | None = None


class AuditTrail:
    """The open file of this process and the thread that writes it. Shared by all requests."""

    def __init__(self, folder: Path, observe: Observer) -> None:
        self._folder = folder
        self._observe = observe
        self._waiting: queue.SimpleQueue[tuple[bytes, Future[None]] | None] = queue.SimpleQueue()
        self._file: int | None = None
        self._path: Path | None = None
        self._thread = threading.Thread(target=self._run, name="audit", daemon=True)
        self._thread.start()

    async def write(self, event: AuditEvent) -> None:
        """Return when the event is on the disk. Raises AuditUnavailable when it cannot be."""
        done: Future[None] = Future()
        self._waiting.put((msgspec.json.encode(event) + b"\n", done))
        try:
            # Shielded: a client that leaves must not take the event with it.
            await asyncio.shield(asyncio.wrap_future(done))
        except OSError as error:
            raise AuditUnavailable("the audit trail cannot be written") from error

    def close(self) -> None:
        """Write what waits and stop."""
        self._waiting.put(_STOP)
        self._thread.join(timeout=5)

    def _run(self) -> None:
        stop = False
        while not stop:
            batch = [self._waiting.get()]
            while len(batch) < _MOST_AT_ONCE and not self._waiting.empty():
                batch.append(self._waiting.get())
            events = [item for item in batch if item is not None]
            stop = len(events) < len(batch)
            if events:
                self._settle(events)
        self._forget()

    def _settle(self, events: list[tuple[bytes, Future[None]]]) -> None:
        started = time.perf_counter()
        fault: OSError | None = None
        try:
            self._append(b"".join(line for line, _ in events))
        except OSError as error:
            fault = error
            self._forget()
        # counted before it is told: who waits for the trail finds it in the counts
        if fault is None:
            self._observe(AuditWritten(len(events), (time.perf_counter() - started) * 1000))
        else:
            self._observe(AuditFailed(len(events), type(fault).__name__))
        for _, done in events:
            if fault is None:
                done.set_result(None)
            else:
                done.set_exception(fault)

    def _append(self, lines: bytes) -> None:
        handle = self._open()
        rest = memoryview(lines)
        while rest:
            rest = rest[os.write(handle, rest) :]
        os.fsync(handle)

    def _open(self) -> int:
        path = self._folder / f"{iso(now())[:10]}-{os.getpid()}.jsonl"
        # A folder that was moved away or cleared must not swallow events unseen.
        if self._file is not None and path == self._path and path.exists():
            return self._file
        self._forget()
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
        self._file, self._path = handle, path
        size = os.fstat(handle).st_size
        if size and os.lseek(handle, -1, os.SEEK_END) >= 0 and os.read(handle, 1) != b"\n":
            os.write(handle, b"\n")  # a write that failed half way ended without one
        return handle

    def _forget(self) -> None:
        if self._file is not None:
            os.close(self._file)
        self._file = self._path = None


def event_time() -> str:
    """The time of an event, as it stands in the file."""
    return iso(now())
