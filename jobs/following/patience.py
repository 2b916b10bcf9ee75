"""How long may still be waited: a limit, a clock, and a sleep that ends when the process is told to end.

Pure but for the clock it is given. Used by jobs.following; tests give a clock of their own.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from jobs.refresh.stopping import Told, never

SLICE = 1.0
"""Seconds of sleep between two looks at whether the process has to end."""


class Patience:
    """Starts when it is made. `clock` counts seconds, `told` says that this process has to end."""

    def __init__(
        self,
        seconds: float,
        *,
        told: Told = never,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.seconds = seconds
        self.told = told
        self.clock = clock
        self._sleep = sleep
        self._end = clock() + seconds

    @property
    def left(self) -> float:
        """Seconds that remain, none when the process is told to end."""
        return 0.0 if self.told() else max(0.0, self._end - self.clock())

    def wait(self, seconds: float) -> bool:
        """Sleep so long, at most to the limit; whether any time is left then."""
        until = min(self.clock() + seconds, self._end)
        while not self.told() and (rest := until - self.clock()) > 0:
            self._sleep(min(rest, SLICE))
        return self.left > 0
