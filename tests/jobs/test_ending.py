"""Processes that are stuck where no signal handler of theirs runs: each is gone in time, its record closed, and who
waits is told. Real processes; what hangs is a stand-in that sleeps in C, or a service database that somebody holds."""

from __future__ import annotations

import ctypes
import json
import signal
import sqlite3
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from jobs.migrate import upgrade_service
from jobs.refresh.lease import TABLE, seize, take
from jobs.refresh.records import RUNS, STEPS
from jobs.schedule.loop import Schedule
from jobs.schedule.process import Order, Run
from jobs.schedule.told import Event
from models.clock import wall
from models.database import engine
from models.errors import LeaseLost
from models.settings import JobSettings
from models.snapshot import layout
from tests.helpers.live import program
from tests.helpers.nights import QUICK, Town
from tests.helpers.tiny import tiny_source

posix_only = pytest.mark.skipif(sys.platform == "win32", reason="SIGTERM does not exist on Windows")
LIMIT = 10
"""Seconds from the signal to the end of the process, as the handbook promises."""


def deaf(*_: object) -> Any:
    """Stand-in for a driver that does not come back: in C, so that no handler of a signal runs."""
    libc = ctypes.CDLL(None)
    while True:
        libc.sleep(600)


REFRESH = """
import sys
from functools import partial
from jobs import cli
from jobs.commands import refresh as command
from jobs.refresh.run import refresh
from jobs.refresh.steps import Numbers
from tests.helpers.nights import QUICK
from tests.jobs.test_ending import deaf

command.run_refresh = partial(refresh, numbers=Numbers(deaf, QUICK.compute, QUICK.check))
sys.argv = ["crisis", "refresh", "--json"]
cli.main()
"""


def city(home: Path) -> JobSettings:
    settings = JobSettings(home=home)
    tiny_source(settings.source_database, 20)
    upgrade_service(settings.service_database)
    return settings


def until_step(settings: JobSettings, name: str) -> None:
    """Wait until a step of this name is on record."""
    service = engine(settings.service_database)
    while True:
        with service.connect() as connection:
            if connection.scalar(select(STEPS.c.step_id).where(STEPS.c.name == name)):
                break
        time.sleep(0.05)
    service.dispose()


def ended(settings: JobSettings) -> tuple[str, str | None, bool]:
    """State and code of the run, and whether the lease is free."""
    service = engine(settings.service_database)
    with service.connect() as connection:
        state, code = connection.execute(select(RUNS.c.state, RUNS.c.error_code)).one()
        free = connection.execute(select(TABLE.c.expires_at)).scalar_one() <= wall().replace(tzinfo=None)
    service.dispose()
    return state, code, free


@contextmanager
def webhook() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Somebody who is told; what was said."""
    said: list[dict[str, Any]] = []

    class Answer(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            said.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Quiet."""

    server = HTTPServer(("127.0.0.1", 0), Answer)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/hook", said
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@posix_only
def test_a_refresh_under_cron_that_hangs_ends_itself_and_tells(home: Path) -> None:
    """CRISIS_RUN_HOURS is over, the run sleeps in a driver: exit 27, record closed, lease free, webhook told."""
    settings = city(home)
    hours = {"CRISIS_RUN_HOURS": str(3 / 3600)}
    with webhook() as (address, said), program(REFRESH, home=home, CRISIS_WEBHOOK_URL=address, **hours) as process:
        assert process.wait(60) == 27
    assert ended(settings) == ("failed", "RunTooLong", True)
    assert [(each["ok"], each["error_code"], each["exit_code"]) for each in said] == [(False, "RunTooLong", 27)]
    assert layout.current_version(settings.snapshots) is None


@posix_only
def test_told_to_end_a_deaf_refresh_is_gone_in_ten_seconds_with_its_record_closed(home: Path) -> None:
    settings = city(home)
    with program(REFRESH, home=home) as process:
        until_step(settings, "clean")
        process.send_signal(signal.SIGTERM)
        assert process.wait(LIMIT) == 23
    assert ended(settings) == ("failed", "RunStopped", True)


@posix_only
@pytest.mark.parametrize("kind", ["refresh", "schedule"])
def test_a_service_database_that_is_held_keeps_nobody_from_ending(home: Path, kind: str) -> None:
    """Somebody has the write lock of the service database and does not let go; the lease says who runs, later."""
    settings = city(home)
    schedule = "import sys; sys.argv = ['crisis', 'schedule', '--json']; from jobs.cli import main; main()"
    with program(REFRESH if kind == "refresh" else schedule, home=home, CRISIS_LEASE_SECONDS="3") as process:
        until_step(settings, "contract")
        with closing(sqlite3.connect(home / "service.db", timeout=60)) as other:
            other.execute("BEGIN IMMEDIATE")
            time.sleep(1)
            process.send_signal(signal.SIGTERM)
            process.wait(LIMIT)
            other.rollback()
    assert process.returncode in ((23,) if kind == "refresh" else (0, 26))
    follow_up = Town.__new__(Town)
    follow_up.settings = settings
    assert follow_up.refresh().state in ("published", "unchanged"), "the next run makes good"


@posix_only
def test_the_schedule_tells_of_a_run_that_was_killed(home: Path) -> None:
    """The process is killed from outside: nobody but the schedule can say so. Once, and not for a run that did."""
    base = city(home)
    with webhook() as (address, said):
        settings = JobSettings(home=base.home, webhook_url=address)  # type: ignore[arg-type]
        service = engine(settings.service_database)
        events: list[Event] = []
        loop = Schedule(settings, service, events.append)
        loop._run = Run(settings, Order("killed", request=True), QUICK.__class__(deaf, QUICK.compute, QUICK.check))
        loop._begun = time.monotonic()
        until_step(settings, "clean")
        loop._run._process.kill()
        loop._run._process.join()
        loop.look()
        assert loop._following is not None
        while loop._following is not None:
            loop.look()
            time.sleep(0.05)
        service.dispose()
        assert [(each["ok"], each["error_code"], each["run_id"]) for each in said] == [(False, "Interrupted", "killed")]
        service = engine(settings.service_database)
        again = Schedule(settings, service, events.append)
        again._run = Run(settings, Order("well", request=True), QUICK)
        again._begun = time.monotonic()
        while again._run is not None and again._following is None:
            again.look()
            time.sleep(0.05)
        service.dispose()
        assert again._following is None, "it told by itself"
        assert [(each["ok"], each["run_id"]) for each in said[1:]] == [(True, "well")]


def test_what_was_ended_from_beside_publishes_nothing_more(town: Town) -> None:
    """The lease is taken with a higher number; from another process, or after another took it, nothing is taken."""
    service = engine(town.settings.service_database)
    hold = take(service, "deaf", 60)
    assert seize(service, "another", 60) is None
    ending = seize(service, "deaf", 60)
    assert ending is not None
    assert ending.fence == hold.fence + 1
    with pytest.raises(LeaseLost), hold.critical():
        pass
    assert seize(service, "deaf", 60) is None
    service.dispose()
