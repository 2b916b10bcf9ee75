"""One run in a process of its own, so that what it needs goes with it, and what kills it kills nothing else.

The exit code says how it ended, one for each cause; the record in the service database says the rest. Called by
jobs.schedule.loop, which alone waits for it.
"""

from __future__ import annotations

import multiprocessing
import signal
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jobs.refresh.stopping import GRACE_SECONDS, listening
from models.errors import CrisisError, RunStopped
from models.settings import JobSettings

if TYPE_CHECKING:
    from jobs.refresh.steps import Numbers

PATIENCE = GRACE_SECONDS + 2
"""Seconds that a run which is told to end has, before it is killed."""


@dataclass(frozen=True)
class Order:
    """What to run. `request` says that somebody asked for it; a nightly run may go on from a dead one's night."""

    run_id: str
    request: bool

    @property
    def trigger(self) -> str:
        """The word in the run's record."""
        return "api" if self.request else "schedule"


class Run:
    """A run under way."""

    def __init__(self, settings: JobSettings, order: Order, numbers: Numbers | None = None) -> None:
        self.order = order
        self._told = False
        context = multiprocessing.get_context("spawn")
        self._process = context.Process(target=_run, args=(settings, order, numbers), name=f"refresh-{order.run_id}")
        self._process.start()

    @property
    def exit_code(self) -> int | None:
        """None while it runs. Negative: the signal that killed it; told to end, it ended by our wish."""
        code = self._process.exitcode
        return RunStopped.exit_code if code is not None and code < 0 and self._told else code

    def stop(self) -> int:
        """Tell it to end, and see to it that it does, in PATIENCE seconds; its exit code."""
        self._told = True
        self._process.terminate()
        self._process.join(PATIENCE)
        if self._process.exitcode is None:
            self._process.kill()
            self._process.join()
        return self.exit_code or 0


def _run(settings: JobSettings, order: Order, numbers: Numbers | None) -> None:
    """The other process. Ctrl+C goes to both; only the first hears it, and tells this one."""
    # loads DuckDB and pyarrow, which the process that waits does without
    from jobs.refresh.run import refresh  # noqa: PLC0415

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with listening() as told:
        try:
            refresh(
                settings,
                trigger=order.trigger,
                run_id=order.run_id,
                resume=not order.request,
                numbers=numbers,
                told=told,
            )
        except CrisisError as error:
            sys.exit(error.exit_code)
        except Exception:  # the job edge: its kind stands in the record  # noqa: BLE001
            sys.exit(CrisisError.exit_code)
