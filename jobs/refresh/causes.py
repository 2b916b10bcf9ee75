"""What no one raised on purpose, by its cause: a full disk, a folder that cannot be written, too little memory, a
service database that is gone. Each becomes the error of the tree that has an exit code and a next step.

Looks at kinds and error numbers; of a message only at the system's own words, and passes none on: it may hold values.
Called by jobs.refresh.run and jobs.migrate.
"""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import duckdb
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from models.errors import CrisisError, DiskFull, FolderNotWritable, OutOfMemory, ServiceDatabaseGone

FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
CLOSED = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})
FULL_WORDS = ("No space left on device", "Disk quota exceeded", "not enough space on the disk")
CLOSED_WORDS = ("Permission denied", "Read-only file system")
FULL_CODES = ("SQLITE_FULL", "SQLITE_IOERR_SHMSIZE", "SQLITE_IOERR_WRITE")
CLOSED_CODES = ("SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM")
"""Beginnings of SQLite's error names: a service database in the home folder says by them what the folder is."""


def _full(error: BaseException) -> bool:
    if isinstance(error, OSError):
        return error.errno in FULL
    return _says(error, FULL_WORDS) or _has_code(error, FULL_CODES)


def _closed(error: BaseException) -> bool:
    if isinstance(error, OSError):
        return error.errno in CLOSED
    return _says(error, CLOSED_WORDS) or _has_code(error, CLOSED_CODES)


def _says(error: BaseException, words: tuple[str, ...]) -> bool:
    return isinstance(error, duckdb.Error) and any(each in str(error) for each in words)


def _has_code(error: BaseException, beginnings: tuple[str, ...]) -> bool:
    """Whether it is one of these errors of SQLite, below SQLAlchemy."""
    name = str(getattr(error.orig, "sqlite_errorname", "")) if isinstance(error, DBAPIError) else ""
    return name.startswith(beginnings)


CAUSES: tuple[tuple[Callable[[BaseException], bool], type[CrisisError], str], ...] = (
    (_full, DiskFull, "the disk is full"),
    (_closed, FolderNotWritable, "a folder below CRISIS_HOME cannot be written"),
    (lambda error: isinstance(error, (MemoryError, duckdb.OutOfMemoryException)), OutOfMemory, "the memory is used up"),
    (lambda error: isinstance(error, SQLAlchemyError), ServiceDatabaseGone, "the service database does not answer"),
)
"""How an error is known, what it becomes, and in which words; the first that fits."""


def known(error: BaseException) -> CrisisError | None:
    """The error by its cause; None where the cause is not known."""
    return next((kind(words) for fits, kind, words in CAUSES if fits(error)), None)


@contextmanager
def named() -> Iterator[None]:
    """What leaves the block unforeseen leaves it by its cause, where that is known. CrisisErrors pass."""
    try:
        yield
    except (OSError, MemoryError, duckdb.Error, SQLAlchemyError) as error:
        cause = known(error)
        if cause is not None:
            raise cause from error
        raise
