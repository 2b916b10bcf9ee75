"""A run that does not listen is ended from beside: fenced off, its record closed, who waits is told, the process left.

Two threads that hear what the main thread, stuck in a driver or a database, cannot: the signal to end, and the end of
CRISIS_RUN_HOURS. Neither needs the service database to answer. Called by jobs.refresh.run and by the commands.
"""

from __future__ import annotations

import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import FrameType

from sqlalchemy.exc import SQLAlchemyError

from jobs.refresh.lease import seize
from jobs.refresh.records import close_interrupted, explain
from jobs.refresh.stopping import GRACE_SECONDS, Told
from models.database import engine
from models.errors import CrisisError, RunStopped, RunTooLong
from models.settings import JobSettings
from models.snapshot import layout

WORDS_SECONDS = 2.0
"""What closing the record may take where the process has to be gone soon."""
TELLING_SECONDS = 120.0
"""What closing it and telling those who wait may take where nobody waits for the process."""


@contextmanager
def heard(at_last: Callable[[], None], grace: float = GRACE_SECONDS, *, also: Sequence[str] = ()) -> Iterator[Told]:
    """SIGTERM (and the signals named) is heard at once inside, also while the main thread is stuck; `at_last` is
    called where the process is still there after so many seconds. On Windows a process is not told to end, it is ended.
    """
    told, done = threading.Event(), threading.Event()
    ours, theirs = socket.socketpair()
    theirs.setblocking(False)
    wanted = {getattr(signal, name) for name in ("SIGTERM", *also) if hasattr(signal, name)}

    def listen() -> None:
        while numbers := ours.recv(64):
            if wanted.intersection(numbers):
                told.set()
                if not done.wait(grace):
                    at_last()
                return

    before = {number: signal.signal(number, _noted) for number in wanted}
    before_wakeup = signal.set_wakeup_fd(theirs.fileno(), warn_on_full_buffer=False)
    thread = threading.Thread(target=listen, name="signals", daemon=True)
    thread.start()
    try:
        yield told.is_set
    finally:
        done.set()
        signal.set_wakeup_fd(before_wakeup)
        for number, handler in before.items():
            signal.signal(number, handler)
        theirs.close()  # which wakes the thread
        thread.join()
        ours.close()


def _noted(_number: int, _frame: FrameType | None) -> None:
    """That a handler is there is what makes the interpreter write the signal's number where the thread reads it."""


@contextmanager
def limited(settings: JobSettings, run_id: str, tell: Callable[[int], None]) -> Iterator[Told]:
    """Inside, a run may take CRISIS_RUN_HOURS: then what is yielded says so.

    Where that is not heard, the run is ended from here, `tell` called with the exit code, and the process left by it.
    """
    late, done = threading.Event(), threading.Event()

    def watch() -> None:
        if done.wait(settings.run_hours * 3_600):
            return
        late.set()
        if not done.wait(GRACE_SECONDS):
            words = f"it took longer than {settings.run_hours:g} hours and was ended"
            bounded(lambda: last_words(words), TELLING_SECONDS)
            leave(RunTooLong.exit_code)

    def last_words(words: str) -> None:
        if end(settings, run_id, RunTooLong(words)):
            tell(RunTooLong.exit_code)

    thread = threading.Thread(target=watch, name="limit", daemon=True)
    thread.start()
    try:
        yield late.is_set
    finally:
        done.set()


def stopped(settings: JobSettings, run_id: str) -> None:
    """For `heard`: end a run that was told to end and did not listen, within WORDS_SECONDS, and leave the process."""
    error = RunStopped("it was told to end, did not listen and was ended; what was published stays")
    bounded(lambda: end(settings, run_id, error), WORDS_SECONDS)
    leave(error.exit_code)


def end(settings: JobSettings, run_id: str, error: CrisisError) -> bool:
    """Take the lease from a run of this process, so that nothing more of it becomes real, and close its record.

    False where the run has no lease, or the service database does not answer: then the next run closes the record.
    """
    service = engine(settings.service_database)
    try:
        hold = seize(service, run_id, settings.lease_seconds)
        if hold is None:
            return False
        close_interrupted(service, layout.current_version(settings.snapshots))
        explain(service, run_id, error.code, error.message)
        hold.release()
    except SQLAlchemyError:
        return False
    finally:
        service.dispose()
    return True


def bounded(do: Callable[[], object], seconds: float) -> None:
    """Do it, and go on after so many seconds whether it is done or not: the process ends then."""
    thread = threading.Thread(target=do, name="last words", daemon=True)
    thread.start()
    thread.join(seconds)


def leave(exit_code: int) -> None:
    """End this process now, whatever its threads do."""
    os._exit(exit_code)
