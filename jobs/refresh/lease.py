"""One refresh at a time: a row in the service database with an expiry, and a number that fences off the losers.

A holder renews its lease while it works; one that falls silent, or whose process on this machine is gone, loses it to
the next. Every holder gets a higher fence, so a wrong guess cannot hurt: whatever becomes real (a night, a pointer)
does so inside `critical`, which proves the fence in a transaction that no other holder can pass. Writes the table
`lease` only. Called by jobs.refresh.run, by the demo city and by jobs.schedule.
"""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, Row, Table, Update, insert, select, update
from sqlalchemy.exc import IntegrityError, OperationalError, SQLAlchemyError

from models.clock import wall
from models.errors import LeaseHeld, LeaseLost
from models.service import Lease

REFRESH = "refresh"
BEATS = 3
"""Renewals within the time after which the lease would expire."""
WRONG = timedelta(days=1)
"""No lease lasts so long."""
LOST = "another run took the lease while this one was silent"

TABLE: Table = Lease.__table__  # type: ignore[attr-defined]


class Hold:
    """A lease that was taken. `clock` gives aware UTC and is real time: CRISIS_NOW does not stop a lease."""

    def __init__(self, engine: Engine, holder: str, fence: int, seconds: float, clock: Callable[[], datetime]) -> None:
        self.engine = engine
        self.holder = holder
        self.fence = fence
        self.seconds = seconds
        self.clock = clock

    def renew(self) -> None:
        """Say that this holder is alive. Raises LeaseLost when another one has taken over."""
        with self.engine.begin() as connection:
            self._renew(connection)

    @contextmanager
    def critical(self) -> Iterator[None]:
        """While inside, nobody else can take the lease: the place for a rename. Raises LeaseLost at the door."""
        with self.engine.begin() as connection:
            self._renew(connection)
            yield

    @contextmanager
    def beating(self) -> Iterator[None]:
        """Renew from a thread of its own while inside; a lost lease is noticed at the next `renew` or `critical`."""
        stop = threading.Event()
        thread = threading.Thread(target=self._beat, args=(stop,), name="lease", daemon=True)
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()

    @contextmanager
    def explaining(self) -> Iterator[None]:
        """What goes wrong inside after another run took over leaves as LeaseLost: that run has swept up beneath us."""
        try:
            yield
        except Exception as error:
            if not isinstance(error, LeaseLost) and self._is_lost():
                raise LeaseLost(LOST) from error
            raise

    def release(self) -> None:
        """Let the next holder in at once; nothing happens when the lease is lost already."""
        with self.engine.begin() as connection:
            connection.execute(self._mine().values(expires_at=_naive(self.clock())))

    def _beat(self, stop: threading.Event) -> None:
        while not stop.wait(self.seconds / BEATS):
            try:
                self.renew()
            except LeaseLost:
                return
            except OperationalError:
                continue  # a busy database: the next beat tries again, and the fence still decides

    def _renew(self, connection: Connection) -> None:
        until = _naive(self.clock() + timedelta(seconds=self.seconds))
        if connection.execute(self._mine().values(expires_at=until)).rowcount != 1:
            raise LeaseLost(LOST)

    def _is_lost(self) -> bool:
        try:
            self.renew()
        except LeaseLost:
            return True
        except SQLAlchemyError:
            return False  # nobody can tell: what went wrong stays what it was
        return False

    def _mine(self) -> Update:
        return update(TABLE).where(
            TABLE.c.resource == REFRESH, TABLE.c.holder == self.holder, TABLE.c.fence == self.fence
        )


def take(engine: Engine, holder: str, seconds: float, clock: Callable[[], datetime] = wall) -> Hold:
    """Take the refresh lease for `seconds`, or over from a holder who is gone or silent. Raises LeaseHeld."""
    name = _named(holder)
    now = _naive(clock())
    until = now + timedelta(seconds=seconds)
    with engine.begin() as connection:
        row = _row(connection)
        if row and _is_over(row, now, seconds):
            taken = connection.execute(
                update(TABLE)
                .where(TABLE.c.resource == REFRESH, TABLE.c.fence == row.fence)
                .values(holder=name, fence=row.fence + 1, expires_at=until)
            )
            if taken.rowcount == 1:
                return Hold(engine, name, row.fence + 1, seconds, clock)
    try:
        with engine.begin() as connection:
            connection.execute(insert(TABLE).values(resource=REFRESH, holder=name, fence=1, expires_at=until))
    except IntegrityError as error:
        raise LeaseHeld(f"another refresh is running; its lease ends {_end(engine)} unless it is renewed") from error
    return Hold(engine, name, 1, seconds, clock)


def seize(engine: Engine, holder: str, seconds: float, clock: Callable[[], datetime] = wall) -> Hold | None:
    """Take the lease from a holder of this process that does not listen; None where it has it no longer.

    The number grows, so that nothing more of the old holder's becomes real.
    """
    name = _named("ending")
    with engine.begin() as connection:
        row = _row(connection)
        if row is None or row.holder != _named(holder):
            return None
        until = _naive(clock() + timedelta(seconds=seconds))
        taken = connection.execute(
            update(TABLE)
            .where(TABLE.c.resource == REFRESH, TABLE.c.fence == row.fence)
            .values(holder=name, fence=row.fence + 1, expires_at=until)
        )
    return Hold(engine, name, row.fence + 1, seconds, clock) if taken.rowcount == 1 else None


def _named(holder: str) -> str:
    """A holder with its machine and process."""
    return f"{holder[:32]}@{socket.gethostname()[:20]}:{os.getpid()}"


def is_held(engine: Engine, clock: Callable[[], datetime] = wall) -> bool:
    """Whether a holder who is neither silent nor gone has the lease now."""
    with engine.connect() as connection:
        row = _row(connection)
    return row is not None and not _is_over(row, _naive(clock()))


def _is_over(row: Row[Any], now: datetime, seconds: float = 0) -> bool:
    """Whether the next may take it: it has run out, its holder is gone, or a clock that was wrong wrote its end.

    A holder who lives renews such an end away by its next beat.
    """
    left = row.expires_at - now
    return left <= timedelta(0) or left > WRONG + timedelta(seconds=seconds) or _is_gone(row.holder)


def _is_gone(holder: str) -> bool:
    """Whether the holder was a process of this machine that has ended: killed, it cannot give the lease back."""
    host, _, process = holder.partition("@")[2].rpartition(":")
    if os.name != "posix" or host != socket.gethostname()[:20] or not process.isdigit():
        return False
    try:
        os.kill(int(process), 0)  # signal 0 only asks
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False


def _row(connection: Connection) -> Row[Any] | None:
    return connection.execute(select(TABLE).where(TABLE.c.resource == REFRESH)).first()


def _end(engine: Engine) -> str:
    with engine.connect() as connection:
        row = _row(connection)
    return f"at {row.expires_at.isoformat(sep=' ', timespec='seconds')} UTC" if row else "now"


def _naive(moment: datetime) -> datetime:
    return moment.replace(tzinfo=None)
