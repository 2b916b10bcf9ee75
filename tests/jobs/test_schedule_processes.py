"""`crisis schedule` and its runs as real processes: two at once, told to end, deaf, killed; each record is closed."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time as real_time
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pytest
from sqlalchemy import Engine, select, text

from jobs.migrate import upgrade_service
from jobs.refresh.lease import TABLE
from jobs.refresh.records import RUNS
from jobs.schedule.loop import Schedule
from jobs.schedule.process import Order, Run
from jobs.schedule.told import Event, plain
from models.catalogue.types import View
from models.clock import wall
from models.database import engine
from models.service import queue
from models.settings import JobSettings
from models.snapshot import layout
from tests.helpers.live import program
from tests.helpers.nights import QUICK, Town, quick_views
from tests.helpers.tiny import tiny_source

KEY = "cm_abcdefghijkl"
posix_only = pytest.mark.skipif(sys.platform == "win32", reason="SIGTERM does not exist on Windows")


def alone(home: Path) -> AbstractContextManager[subprocess.Popen[str]]:
    """`crisis schedule --json` in a process of its own."""
    return program("from jobs.cli import main; main()", "schedule", "--json", home=home)


def until(process: subprocess.Popen[str], event: str) -> list[dict[str, Any]]:
    """The lines up to this event."""
    told: list[dict[str, Any]] = []
    assert process.stdout
    for line in process.stdout:
        told.append(json.loads(line))
        if told[-1]["event"] == event:
            return told
    raise AssertionError(f"it ended without {event}: {told}")


@posix_only
def test_a_night_and_a_request_in_real_processes(home: Path) -> None:
    """Two schedules begin at once: one publishes the night, once."""
    settings = JobSettings(home=home)
    tiny_source(settings.source_database, 60)
    upgrade_service(settings.service_database)
    service = engine(settings.service_database)
    with alone(home) as process, alone(home) as other:
        told = [line for each in (process, other) for line in until(each, "Waiting")]
        assert {line["event"] for line in told} <= {"Began", "Finished", "Held", "Waiting"}
        ended = [line["state"] for line in told if line["event"] == "Finished"]
        assert ended.count("published") == 1
        assert set(ended) <= {"published", "unchanged"}, "at worst the second one looks and finds nothing new"
        assert layout.current_version(settings.snapshots) is not None
        other.send_signal(signal.SIGTERM)
        assert until(other, "Stopped")
        asked = queue.ask(service, KEY)
        told = until(process, "Finished")
        assert (told[-1]["run_id"], told[-1]["trigger"], told[-1]["state"]) == (asked, "api", "unchanged")
        until(process, "Waiting")
        process.send_signal(signal.SIGTERM)
        assert until(process, "Stopped")
        assert (process.wait(10), other.wait(10)) == (0, 0)
    assert not queue.alive(service)
    service.dispose()


def hang(_con: object, _parameters: object) -> None:
    """Stand-in for a step that does not end, and listens to nobody."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    real_time.sleep(600)


def slow(con: duckdb.DuckDBPyConnection, view: View) -> int:
    """Stand-in for a step of many parts."""
    real_time.sleep(0.2)
    return quick_views(con, view)


ENDS = """
what happens           | step    | record      | exit code
killed by others       | clean   | Interrupted | -9
told to end, deaf      | clean   | Interrupted | 23
told to end, hears it  | compute | RunStopped  | 23
"""


@posix_only
@pytest.mark.parametrize("line", ENDS.strip().splitlines()[1:])
def test_a_run_that_is_ended(town: Town, line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its record is closed, its lease given back, and whoever looks reads why."""
    kind, step, cause, exit_code = (cell.strip() for cell in line.split("|"))
    if kind == "told to end, deaf":
        monkeypatch.setattr("jobs.schedule.process.PATIENCE", 0.5)
    numbers = replace(QUICK, clean=hang) if step == "clean" else replace(QUICK, compute=slow)
    run = Run(town.settings, Order("ended", request=False), numbers)
    service = engine(town.settings.service_database)
    said: list[Event] = []
    loop = Schedule(town.settings, service, said.append)
    loop._run = run
    while not _in_step(service, step):
        real_time.sleep(0.05)
    if kind.startswith("told"):
        loop.told = lambda: True
        loop.run()
    else:
        run._process.kill()
        run._process.join()
        loop.look()
    with service.connect() as connection:
        found = connection.execute(select(RUNS.c.state, RUNS.c.error_code)).one()
        lease = connection.execute(select(TABLE.c.expires_at)).scalar_one()
    service.dispose()
    assert tuple(found) == ("failed", cause)
    assert lease <= wall().replace(tzinfo=None), "the next run need not wait for the lease to expire"
    assert f"[{cause}, exit code {exit_code}]" in " ".join(plain(event) for event in said)


def _in_step(service: Engine, name: str) -> bool:
    with service.connect() as connection:
        query = text("SELECT count(*) FROM refresh_step WHERE name = :name")
        return bool(connection.scalar(query, {"name": name}))
