"""One run in a process of its own, so that what it needs goes with it, and what kills it kills nothing else.

The exit code says how it ended, one for each cause; the record in the service database says the rest. Called by
jobs.schedule.loop, which alone waits for it.
"""

from __future__ import annotations

import multiprocessing
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from jobs.refresh.ending import WORDS_SECONDS, heard, stopped
from jobs.refresh.stopping import GRACE_SECONDS
from models.errors import CrisisError, RunStopped
from models.settings import JobSettings

if TYPE_CHECKING:
    from jobs.refresh.steps import Numbers

PATIENCE = GRACE_SECONDS + WORDS_SECONDS + 0.5
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


class Apart:
    """Something under way in a process of its own."""

    def __init__(self, name: str, target: Callable[..., None], *words: object) -> None:
        self._told = False
        self._process = multiprocessing.get_context("spawn").Process(target=target, args=words, name=name)
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
            self.kill()
            self._process.join()
        return self.exit_code or 0

    def kill(self) -> None:
        """End it at once, which harms nothing: the next run makes good."""
        self._told = True
        self._process.kill()


class Run(Apart):
    """A run under way."""

    def __init__(self, settings: JobSettings, order: Order, numbers: Numbers | None = None) -> None:
        self.order = order
        super().__init__(f"refresh-{order.run_id}", _run, settings, order, numbers)


class Following(Apart):
    """What follows the end of a run that was killed, or could not see to it itself."""

    def __init__(self, settings: JobSettings, run_id: str, exit_code: int) -> None:
        super().__init__(f"following-{run_id}", _follow, settings, run_id, exit_code)


def _run(settings: JobSettings, order: Order, numbers: Numbers | None) -> None:
    """The other process. Ctrl+C goes to both; only the first hears it, and tells this one."""
    # loads DuckDB and pyarrow, which the process that waits does without
    from jobs.refresh.run import refresh  # noqa: PLC0415

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with heard(partial(stopped, settings, order.run_id)) as told:
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


def _follow(settings: JobSettings, run_id: str, exit_code: int) -> None:
    """The other process; told to end, it just ends."""
    from jobs.following.run_end import follow_dead  # noqa: PLC0415 - as above

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    follow_dead(settings, run_id, exit_code)
