"""A session that reads from SQL Server: one moment where the server allows it, asked again where that is safe.

Sends what `statements` has and nothing else. A read that fails for a passing reason is asked again over a new
connection; every error of the driver becomes one of ours. Called by source, offers, extract and orphans.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import Enum
from typing import Any, TypeVar

from sqlalchemy import Engine, PoolProxiedConnection
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError

from jobs.source.sqlserver import statements
from models.database import engine as open_engine
from models.sqlserver import Dialling, cause_of, told

Result = TypeVar("Result")
Columns = Sequence[Sequence[Any]]
AT_ONCE = 500
"""Rows that are taken apart at a time."""
WAITS = (1.0, 2.0, 4.0, 8.0)
"""Seconds before each further attempt; after the last one the run ends."""


READ_ONLY = "READ_ONLY"
"""What a copy says of itself: a readable secondary, a restored copy, a database snapshot."""


class Mode(Enum):
    """How the rows of one transaction hang together; `one_moment` when all of them show the same one."""

    SNAPSHOT = ("one SNAPSHOT transaction", True)
    COPY = ("a read-only copy", True)
    READ_COMMITTED = ("READ COMMITTED", False)

    def __init__(self, words: str, one_moment: bool) -> None:
        self.words = words
        self.one_moment = one_moment


@dataclass
class Told:
    """What a session has to tell at its end."""

    mode: Mode = Mode.READ_COMMITTED
    copy: bool = False
    """Whether anything came from a read-only copy, in whatever mode: a fail-over may lead to one."""
    connections: int = 0
    repeated: int = 0

    @property
    def one_moment(self) -> bool:
        """Whether everything that was read shows one moment."""
        return self.mode.one_moment and self.connections <= 1


class Session:
    """One reader of the source; not for several threads."""

    def __init__(self, engine: Engine, shown: str, pause: Callable[[float], None]) -> None:
        self.engine = engine
        self.shown = shown
        self.pause = pause
        self.told = Told()
        self._connection: PoolProxiedConnection | None = None

    def rows(self, statement: str, parameters: Sequence[object] = ()) -> list[Sequence[Any]]:
        """All rows of one statement. Raises what `models.sqlserver` tells about the driver's error."""
        return self._asked(statement, parameters, lambda cursor: list(cursor.fetchall()))

    def taken(
        self, statement: str, parameters: Sequence[object], take: Callable[[Iterator[Columns]], Result]
    ) -> Result:
        """What `take` makes of the rows, given as the columns of few rows at a time: made and used while they are still
        in the cache. Where the statement has to be asked again, `take` begins anew."""
        return self._asked(statement, parameters, lambda cursor: take(_columns(cursor)))

    def _asked(self, statement: str, parameters: Sequence[object], take: Callable[[Any], Result]) -> Result:
        for wait in (*WAITS, None):
            try:
                return self._read(statement, parameters, take)
            except (self.engine.dialect.loaded_dbapi.Error, DBAPIError) as error:
                self.close()
                if wait is None or not cause_of(error).again:
                    raise told(error, self.shown) from error
            self.told.repeated += 1
            self.pause(wait)
        raise AssertionError("the last attempt returns or raises")

    def _read(self, statement: str, parameters: Sequence[object], take: Callable[[Any], Result]) -> Result:
        connection = self._connection = self._connection or self._connected()
        cursor = connection.cursor()
        try:
            cursor.execute(statement, tuple(parameters))
            return take(cursor)
        finally:
            cursor.close()

    def _connected(self) -> PoolProxiedConnection:
        """A new connection, prepared; its first read begins the transaction."""
        connection = self.engine.raw_connection()
        try:
            driver: Any = connection.driver_connection
            driver.autocommit = True  # a level set inside a transaction would not hold for it
            cursor = connection.cursor()
            for statement in statements.SESSION:
                cursor.execute(statement)
            cursor.execute(statements.MODE)
            updateability, snapshots = cursor.fetchone()  # type: ignore[misc]
            mode = _mode(updateability, snapshots)
            cursor.execute(statements.SNAPSHOT if mode is Mode.SNAPSHOT else statements.READ_COMMITTED)
            cursor.close()
            driver.autocommit = not mode.one_moment
        except BaseException:
            _drop(connection)
            raise
        self.told.mode = mode
        self.told.copy = self.told.copy or updateability == READ_ONLY
        self.told.connections += 1
        return connection

    def close(self) -> None:
        """End the transaction, which has changed nothing, and the connection."""
        if self._connection is not None:
            _drop(self._connection)
            self._connection = None


def _columns(cursor: Any) -> Iterator[Columns]:
    """The rows as columns. None of them is held here while the next ones are fetched, so that those get the memory
    which is still in the cache."""
    while columns := tuple(zip(*cursor.fetchmany(AT_ONCE), strict=True)):
        yield columns
        del columns


def _mode(updateability: str | None, snapshot_state: int | None) -> Mode:
    if snapshot_state == 1:
        return Mode.SNAPSHOT
    return Mode.COPY if updateability == READ_ONLY else Mode.READ_COMMITTED


def _drop(connection: PoolProxiedConnection) -> None:
    with suppress(Exception):  # it may be broken already; what matters is that it is not used again
        connection.invalidate()


@contextmanager
def session(address: str, how: Dialling, *, pause: Callable[[float], None] = time.sleep) -> Iterator[Session]:
    """A session for the length of one delivery; closed whatever happens."""
    engine = open_engine(address, read_only=True, how=how)
    reader = Session(engine, make_url(address).render_as_string(hide_password=True), pause)
    try:
        yield reader
    finally:
        reader.close()
        engine.dispose()
