"""Numbers on what a caller may take: requests of a key in a minute, queries at the same time.

Both count within one process. Called by the routes for every data request.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from models.errors import Busy, RateLimited

WINDOW = 60.0
QUEUE_SECONDS = 5.0


class RequestRate:
    """Requests of each key in a sliding minute, estimated from the counts of this and the last whole minute."""

    def __init__(self, most: int, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._most = most
        self._clock = clock
        self._counts: dict[str, tuple[int, int, int]] = {}  # key id -> minute, requests in it, in the one before

    def count(self, key_id: str) -> None:
        """Count one request. Raises RateLimited, with the seconds to wait, when the key has had its share."""
        moment = self._clock()
        minute = int(moment // WINDOW)
        passed = moment % WINDOW
        last, here, before = self._counts.get(key_id, (minute, 0, 0))
        if last != minute:
            here, before = 0, here if last == minute - 1 else 0
        if here + before * (WINDOW - passed) / WINDOW >= self._most:
            self._counts[key_id] = (minute, here, before)
            raise RateLimited(
                f"this key has made its {self._most} requests of a minute", retry_after=max(1, round(WINDOW - passed))
            )
        self._counts[key_id] = (minute, here + 1, before)


class QueryGate:
    """At most `most` pieces of work in threads at a time; the others wait their turn, and not for long."""

    def __init__(self, most: int, *, patience: float = QUEUE_SECONDS) -> None:
        self._free = asyncio.Semaphore(most)
        self._patience = patience

    @asynccontextmanager
    async def turn(self, *, started: bool = False) -> AsyncIterator[None]:
        """Hold a place. An answer that has `started` waits as long as it takes, since it cannot be refused any more.

        Raises Busy after `patience` seconds.
        """
        try:
            patience = self._patience if self._free.locked() and not started else None
            await asyncio.wait_for(self._free.acquire(), patience)
        except TimeoutError as error:
            raise Busy("too many queries are running", retry_after=round(self._patience) or 1) from error
        try:
            yield
        finally:
            self._free.release()
