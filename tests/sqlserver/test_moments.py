"""Which moment the rows show: one where the server allows it, and otherwise no child without the parent it was given.

What somebody else writes during the read is ordered from the small server. How SQL Server isolates transactions is not
proved by it: only which level is asked for, and what is done where there is none.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from jobs.source import delivery
from models.errors import JobError
from models.settings import JobSettings
from tests.helpers.tds_server import Fault, Properties, Server, serving
from tests.helpers.tiny import tiny_source
from tests.sqlserver.drivers import Driver
from tests.sqlserver.test_delivery import rows, staged

Settings = Callable[..., JobSettings]
LEVELS = """
database          | SNAPSHOT allowed | level asked for | said
READ_WRITE        | 1                | SNAPSHOT        | read in one SNAPSHOT transaction
READ_WRITE        | 0                | READ COMMITTED  | read at several moments, READ COMMITTED
READ_WRITE        | 3                | READ COMMITTED  | read at several moments, READ COMMITTED
READ_ONLY         | 0                | READ COMMITTED  | read in a read-only copy
READ_ONLY         | 1                | SNAPSHOT        | read in one SNAPSHOT transaction
"""
"""3 is a database that is just being switched over."""


def served(updateability: str = "READ_WRITE", snapshot: int = 0) -> Properties:
    """A database made without T-SQL types."""
    return Properties(updateability, snapshot, types={"DATETIME": "DATETIME2(6)"})


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A tiny city in a file of SQLite, to be served."""
    file = tmp_path / "crisis.db"
    tiny_source(f"sqlite:///{file}")
    return file


@pytest.mark.parametrize(
    ("database", "snapshot", "level", "said"),
    [[cell.strip() for cell in line.split("|")] for line in LEVELS.strip().splitlines()[1:]],
)
def test_the_best_level_that_the_database_allows_is_asked_for(
    driver: Driver, source: Path, settings: Settings, *, tmp_path: Path, database: str, snapshot: str, level: str,
    said: str,
) -> None:  # fmt: skip
    with serving(source, properties=served(database, int(snapshot))) as server:
        extracted = delivery.deliver(settings(driver.address(server.port)), tmp_path, lambda _table: None)
    levels = [text.rpartition("LEVEL ")[2] for text in server.statements if "ISOLATION LEVEL" in text]
    assert levels == [level]
    assert extracted.checks[0].detail == said
    order = [text for text in server.statements if text.startswith("SET") and ("LOCK" in text or "ISOLATION" in text)]
    assert order[0] == "SET LOCK_TIMEOUT 5000", "the limits come first"
    assert "SET DEADLOCK_PRIORITY LOW" in server.statements


LATE = """
    INSERT INTO incident SELECT * FROM (SELECT * FROM incident WHERE incident_id = 1) WHERE FALSE;
    CREATE TEMP TABLE late AS SELECT * FROM incident WHERE incident_id = 1;
    UPDATE late SET incident_id = 9001, location_id = 9002;
    INSERT INTO incident SELECT * FROM late;
    CREATE TEMP TABLE place AS SELECT * FROM location LIMIT 1;
    UPDATE place SET location_id = 9002;
    INSERT INTO location SELECT * FROM place;
    UPDATE call SET incident_id = 9001 WHERE call_id = 60;
"""
"""A new incident at a new place, and a call of it: written after incidents and places were read, before calls are."""


def test_parents_that_came_while_their_children_were_read_are_fetched(
    driver: Driver, source: Path, settings: Settings, tmp_path: Path
) -> None:
    with serving(source, Fault(r"FROM \[call\]", meanwhile=LATE), properties=served()) as server:
        extracted = delivery.deliver(settings(driver.address(server.port)), tmp_path, lambda _table: None)
    found = rows(tmp_path)
    assert 9001 in [row[0] for row in found["incident"]]
    assert 9002 in [row[0] for row in found["location"]], "the parent of a parent"
    assert extracted.checks[0].outcome == "warned"
    assert extracted.checks[0].detail.endswith("; 2 records were written in between and fetched")
    assert extracted.rows == sum(map(len, found.values()))


def test_a_parent_that_the_source_does_not_have_stays_missing(
    driver: Driver, source: Path, settings: Settings, tmp_path: Path
) -> None:
    orphan = "UPDATE call SET incident_id = 7777 WHERE call_id = 60"
    with serving(source, Fault(r"FROM \[call\]", meanwhile=orphan), properties=served()) as server:
        extracted = delivery.deliver(settings(driver.address(server.port)), tmp_path, lambda _table: None)
    assert 7777 not in [row[0] for row in rows(tmp_path)["incident"]]
    assert extracted.checks[0].outcome == "passed"


def test_a_snapshot_that_broke_is_no_longer_one_moment(
    driver: Driver, source: Path, settings: Settings, tmp_path: Path
) -> None:
    faults = (Fault(r"FROM \[call\]", cut_after=3, meanwhile=LATE),)
    with serving(source, *faults, properties=served(snapshot=1)) as server:
        extracted = delivery.deliver(settings(driver.address(server.port)), tmp_path, lambda _table: None)
    assert 9001 in [row[0] for row in rows(tmp_path)["incident"]]
    assert extracted.checks[0].detail == (
        "read at several moments, one SNAPSHOT transaction; 1 reads were asked again; "
        "2 records were written in between and fetched"
    )


def test_what_a_run_sends_changes_nothing(driver: Driver, source: Path, settings: Settings, tmp_path: Path) -> None:
    before = source.read_bytes()
    with serving(source, properties=served(snapshot=1)) as server:
        staged(settings(driver.address(server.port)), tmp_path / "staged")
    assert source.read_bytes() == before
    assert server.open == set(), "a connection was left open"


def test_a_run_that_is_ended_leaves_no_connection(
    driver: Driver, server: Server, source: Path, settings: Settings, tmp_path: Path
) -> None:
    with serving(source, Fault(r"FROM \[call\]", error=229), properties=served(snapshot=1)) as running:
        with pytest.raises(JobError):
            delivery.deliver(settings(driver.address(running.port)), tmp_path, lambda _table: None)
        assert running.statements[-1].startswith("SELECT TOP (10001)")
