"""Every failure has a cause with an exit code of its own; the message holds no value, whatever the error's did."""

from __future__ import annotations

import errno
import sqlite3
from dataclasses import replace

import duckdb
import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import OperationalError

from jobs.refresh.causes import named
from jobs.refresh.records import RUNS
from models.database import engine
from models.errors import CheckFailed, CrisisError, ServiceDatabaseGone
from models.snapshot import layout
from tests.helpers.nights import QUICK, Town

SECRET = "the person of row 7"


def sqlite(name: str) -> sqlite3.Error:
    """An error as SQLite's driver gives it."""
    error = sqlite3.OperationalError(SECRET)
    error.sqlite_errorname = name
    return error


CAUSES = {
    "disk full": (lambda: OSError(errno.ENOSPC, SECRET), "DiskFull", 24),
    "quota used up": (lambda: OSError(errno.EDQUOT, SECRET), "DiskFull", 24),
    "disk full under DuckDB": (
        lambda: duckdb.IOException(f"Could not write {SECRET}: No space left on device"),
        "DiskFull",
        24,
    ),
    "read-only": (lambda: OSError(errno.EROFS, SECRET), "FolderNotWritable", 20),
    "not allowed": (lambda: PermissionError(errno.EACCES, SECRET), "FolderNotWritable", 20),
    "not allowed under DuckDB": (lambda: duckdb.IOException(f"{SECRET}: Permission denied"), "FolderNotWritable", 20),
    "memory": (lambda: MemoryError(SECRET), "OutOfMemory", 25),
    "memory under DuckDB": (lambda: duckdb.OutOfMemoryException(SECRET), "OutOfMemory", 25),
    "disk full under SQLite": (lambda: OperationalError(SECRET, {}, sqlite("SQLITE_FULL")), "DiskFull", 24),
    "read-only under SQLite": (
        lambda: OperationalError(SECRET, {}, sqlite("SQLITE_READONLY_DIRECTORY")),
        "FolderNotWritable",
        20,
    ),
    "service database": (lambda: OperationalError(SECRET, {}, Exception()), "ServiceDatabaseGone", 26),
}


@pytest.mark.parametrize("name", CAUSES)
def test_each_cause_is_recorded_by_its_code(town: Town, name: str) -> None:
    made_anew, code, exit_code = CAUSES[name]
    first = town.refresh("2026-02-01T09:00:00Z")

    def fail(*_given: object) -> int:
        raise made_anew()

    with pytest.raises(CrisisError) as caught:
        town.refresh("2026-02-02T09:00:00Z", numbers=replace(QUICK, compute=fail))
    assert (caught.value.code, caught.value.exit_code) == (code, exit_code)
    made = engine(town.settings.service_database)
    with made.connect() as connection:
        row = connection.execute(
            select(RUNS.c.state, RUNS.c.error_code, RUNS.c.message).order_by(RUNS.c.fence.desc()).limit(1)
        ).one()
    made.dispose()
    assert tuple(row) == ("failed", code, caught.value.message)
    assert SECRET not in caught.value.message + caught.value.hint
    assert layout.current_version(town.snapshots) == first.version
    assert town.leftovers() == []


@pytest.mark.parametrize(
    "error", [CheckFailed("sums"), OSError(errno.EIO, "x"), duckdb.IOException("x"), KeyError("x")]
)
def test_what_is_known_or_of_no_known_cause_passes(error: Exception) -> None:
    with pytest.raises(type(error)) as caught, named():
        raise error
    assert caught.value is error


def test_a_service_database_that_goes_away_amid_the_run(town: Town) -> None:
    def lose(*_given: object) -> int:
        made = engine(town.settings.service_database)
        with made.begin() as connection:
            connection.execute(text("DROP TABLE refresh_step"))
        made.dispose()
        return 0

    with pytest.raises(ServiceDatabaseGone) as caught:
        town.refresh("2026-02-01T09:00:00Z", numbers=replace(QUICK, compute=lose))
    assert caught.value.exit_code == 26
    assert layout.current_version(town.snapshots) is None
