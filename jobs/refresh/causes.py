"""What no one raised on purpose, by its cause: a full disk, a folder that cannot be written, too little memory, a
service database that is gone. Each becomes the error of the tree that has an exit code and a next step.

Looks at kinds and error numbers; of a message only at the system's own words, and passes none on: it may hold values.
Called by jobs.refresh.run.
"""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import duckdb
from sqlalchemy.exc import SQLAlchemyError

from models.errors import CrisisError, DiskFull, FolderNotWritable, OutOfMemory, ServiceDatabaseGone

FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
CLOSED = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})
FULL_WORDS = ("No space left on device", "Disk quota exceeded", "not enough space on the disk")
CLOSED_WORDS = ("Permission denied", "Read-only file system")


def _full(error: BaseException) -> bool:
    if isinstance(error, OSError):
        return error.errno in FULL
    return isinstance(error, duckdb.Error) and any(words in str(error) for words in FULL_WORDS)


def _closed(error: BaseException) -> bool:
    if isinstance(error, OSError):
        return error.errno in CLOSED
    return isinstance(error, duckdb.Error) and any(words in str(error) for words in CLOSED_WORDS)


CAUSES: tuple[tuple[Callable[[BaseException], bool], type[CrisisError], str], ...] = (
    (_full, DiskFull, "the disk is full"),
    (_closed, FolderNotWritable, "a folder below CRISIS_HOME cannot be written"),
    (lambda error: isinstance(error, (MemoryError, duckdb.OutOfMemoryException)), OutOfMemory, "the memory is used up"),
    (lambda error: isinstance(error, SQLAlchemyError), ServiceDatabaseGone, "the service database does not answer"),
)
"""How an error is known, what it becomes, and in which words; the first that fits."""


@contextmanager
def named() -> Iterator[None]:
    """What leaves the block unforeseen leaves it by its cause, where that is known. CrisisErrors pass."""
    try:
        yield
    except (OSError, MemoryError, duckdb.Error, SQLAlchemyError) as error:
        for fits, kind, words in CAUSES:
            if fits(error):
                raise kind(words) from error
        raise
