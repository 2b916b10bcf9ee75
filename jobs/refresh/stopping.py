"""Whether a run may go on: not when its process was told to end, it took too long, or somebody cancelled it.

Asked at the border before each step, and all but the last between the parts of a step as well. Once figures are
published a run goes on to its end. Reads the table `refresh_cancel`. Called by jobs.refresh.run; how a process hears
that it has to end is in jobs.refresh.ending.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import Engine

from models.errors import RunCancelled, RunStopped, RunTooLong
from models.service import queue

Told = Callable[[], bool]
"""Says whether this process was told to end, or the run has taken too long."""
PUBLISHED = frozenset({"prune"})
"""Steps after the figures are published."""
GRACE_SECONDS = 5
"""A run that was told to end and reaches no border within this is killed, which harms nothing."""


def never() -> bool:
    """Nobody tells this process anything."""
    return False


class Watch:
    """Looks for one run."""

    def __init__(self, engine: Engine, run_id: str, told: Told = never, late: Told = never) -> None:
        self.engine = engine
        self.run_id = run_id
        self.told = told
        self.late = late

    def border(self, step: str) -> None:
        """Before `step` begins. Raises RunStopped, RunTooLong and RunCancelled."""
        if step in PUBLISHED:
            return
        self.part()
        if queue.is_cancelled(self.engine, self.run_id):
            raise RunCancelled(f"cancelled before the step {step}; what was published stays")

    def part(self) -> None:
        """Between two parts of a step. Raises RunStopped and RunTooLong."""
        if self.told():
            raise RunStopped("the process was told to end; what was published stays")
        if self.late():
            raise RunTooLong("it took longer than CRISIS_RUN_HOURS and was ended")
