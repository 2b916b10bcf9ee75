"""Whether a run may go on: not when its process was told to end, nor when somebody cancelled it.

Asked at the border before each step, and the first of the two between the parts of a step as well. Once figures are
published a run goes on to its end. Reads the table `refresh_cancel`. Called by jobs.refresh.run; `listening` by what
starts runs.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from sqlalchemy import Engine

from models.errors import RunCancelled, RunStopped
from models.service import queue

Told = Callable[[], bool]
"""Says whether this process was told to end."""
PUBLISHED = frozenset({"prune"})
"""Steps after the figures are published."""
GRACE_SECONDS = 6
"""A run that was told to end and reaches no border within this is killed, which harms nothing."""


def never() -> bool:
    """Nobody tells this process anything."""
    return False


class Watch:
    """Looks for one run."""

    def __init__(self, engine: Engine, run_id: str, told: Told = never) -> None:
        self.engine = engine
        self.run_id = run_id
        self.told = told

    def border(self, step: str) -> None:
        """Before `step` begins. Raises RunStopped and RunCancelled."""
        if step in PUBLISHED:
            return
        self.part()
        if queue.is_cancelled(self.engine, self.run_id):
            raise RunCancelled(f"cancelled before the step {step}; what was published stays")

    def part(self) -> None:
        """Between two parts of a step. Raises RunStopped."""
        if self.told():
            raise RunStopped("the process was told to end; what was published stays")


@contextmanager
def listening() -> Iterator[Told]:
    """SIGTERM ends the run at its next border while inside, and the process for good after GRACE_SECONDS."""
    heard: list[int] = []

    def hear(number: int, _frame: FrameType | None) -> None:
        heard.append(number)
        if hasattr(signal, "alarm"):  # not on Windows, where nothing can be told to end: it is ended
            signal.alarm(GRACE_SECONDS)

    before = signal.signal(signal.SIGTERM, hear)
    try:
        yield lambda: bool(heard)
    finally:
        if hasattr(signal, "alarm"):
            signal.alarm(0)
        signal.signal(signal.SIGTERM, before)
