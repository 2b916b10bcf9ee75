"""Retention table by table: the plan says what goes, the run does just that, and the history stays whatever is set."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine, func, insert, select
from typer.testing import CliRunner

from jobs.cli import command_line
from jobs.refresh.lease import take
from jobs.refresh.records import CHECKS, RUNS, STEPS
from jobs.refresh.retention import CANCELS, REQUESTS, WORKERS, carry_out, forget, plan
from models.clock import now, parse_instant
from models.database import engine
from models.errors import LeaseHeld
from models.service import METADATA
from tests.helpers.nights import Town

FIRST, SECOND = "2026-02-01T09:00:00Z", "2026-02-02T09:00:00Z"
LATER = "2027-06-01T09:00:00Z"


def ago(days: float) -> datetime:
    """Naive UTC before LATER."""
    return (parse_instant(LATER) - timedelta(days=days)).replace(tzinfo=None)


def run(service: Engine, number: int, days: float, state: str = "failed", version: str | None = None) -> None:
    """A run with one step and one check that ended so many days ago."""
    moment, name = ago(days), f"run{number}"
    ended = None if state == "running" else moment
    row = {"run_id": name, "trigger": "cli", "state": state, "started_at": moment, "ended_at": ended, "fence": 1}
    with service.begin() as connection:
        connection.execute(insert(RUNS).values(**row, snapshot_version=version))
        connection.execute(insert(STEPS).values(run_id=name, name="contract", started_at=moment, outcome="done"))
        connection.execute(insert(CHECKS).values(run_id=name, check_id="rows_lost", outcome="failed", detail=""))


def ids(service: Engine, table: str = "refresh_run") -> set[str]:
    """The first column of every row."""
    with service.connect() as connection:
        return {str(value) for value in connection.scalars(select(next(iter(METADATA.tables[table].c))))}


@pytest.fixture
def old(town: Town) -> Town:
    """Two nights long ago and, around the limit of 400 days, a row of every kind."""
    town.refresh(FIRST)
    town.refresh(SECOND)
    town.at(LATER)
    return town


def test_rows_about_runs_go_by_age_and_only_where_nothing_needs_them(old: Town) -> None:
    """
    | run | ended         | state     | its snapshot | goes                               |
    | 1   | 401 days ago  | failed    |              | yes                                |
    | 2   | 399 days ago  | failed    |              |                                    |
    | 3   | 490 days ago  | published | is gone      | yes                                |
    | 4   | 401 days ago  | replayed  | is kept      |                                    |
    | 5   | 500 days ago  | running   |              | never: its end is not known        |
    | the two nights, 485 and 484 days ago, are kept as their snapshots are; the last that published in any case |
    """
    service = engine(old.settings.service_database)
    nights = ids(service)
    (version,) = {path.name for path in old.snapshots.iterdir() if path.name.startswith("20260202")}
    run(service, 1, 401)
    run(service, 2, 399)
    run(service, 3, 490, "published", "20260101T000000Z-000000000000")
    run(service, 4, 401, "replayed", version)
    run(service, 5, 500, "running")
    with service.begin() as connection:
        connection.execute(insert(REQUESTS).values(
            [
                {"request_id": name, "state": "ended", "slot": name, "requested_at": at, "requested_by": "k", "ended_at": end}
                for name, at, end in (("old", ago(401), ago(401)), ("new", ago(401), ago(399)), ("open", ago(401), None))
            ]
        ))  # fmt: skip
        connection.execute(insert(CANCELS).values(run_id="old", asked_at=ago(401), asked_by="k"))
        connection.execute(insert(WORKERS).values(worker_id="gone", started_at=ago(500), beat_at=ago(401)))
    goes = {
        line.what: line.goes for line in plan(old.settings, service, now()) if line.goes and line.what != "snapshots"
    }
    assert goes == {
        "refresh_check": 2,
        "refresh_step": 2,
        "refresh_run": 2,
        "refresh_request": 1,
        "refresh_cancel": 1,
        "refresh_worker": 1,
    }
    forget(old.settings, service, now())
    assert ids(service) == {*nights, "run2", "run4", "run5"}
    assert ids(service, "refresh_request") == {"new", "open"}
    with service.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(STEPS).where(STEPS.c.run_id.like("run%"))) == 3
    assert not any(line.goes for line in plan(old.settings, service, now()) if line.what != "snapshots")
    service.dispose()


def test_the_last_published_run_is_remembered_for_ever(old: Town) -> None:
    service = engine(old.settings.service_database)
    with service.begin() as connection:
        connection.execute(RUNS.update().values(snapshot_version="20260101T000000Z-000000000000"))
        last = connection.scalar(select(RUNS.c.run_id).order_by(RUNS.c.ended_at.desc()).limit(1))
    forget(old.settings, service, now())
    assert ids(service) == {last}
    service.dispose()


def test_the_plan_is_what_happens(old: Town) -> None:
    audit = old.settings.home / "audit"
    audit.mkdir()
    for name in ("2027-05-30-7.jsonl", "2027-05-31-7.jsonl", "2027-05-31-8.jsonl", "other.txt"):
        (audit / name).write_text("{}\n")
    service = engine(old.settings.service_database)
    settings = old.settings.model_copy(update={"keep_audit_days": 1})
    nights = [path.name for path in sorted(old.settings.history.iterdir())]
    lines = {line.what: line for line in plan(settings, service, now())}
    assert (lines["snapshots"].held, lines["snapshots"].goes) == (2, 1)
    assert lines["snapshots"].bytes_gone > 0
    assert (lines["audit files"].held, lines["audit files"].goes) == (3, 1)
    assert (lines["history nights"].held, lines["history nights"].goes) == (2, 0)
    assert lines["history rows of call"].held == 60
    assert {line.goes for line in lines.values() if line.kept == "for ever"} == {0}
    carry_out(settings, service, now())
    assert len([path for path in old.snapshots.iterdir() if path.is_dir()]) == 1
    assert sorted(path.name for path in audit.iterdir()) == ["2027-05-31-7.jsonl", "2027-05-31-8.jsonl", "other.txt"]
    assert [path.name for path in sorted(old.settings.history.iterdir())] == nights
    assert sum(line.goes for line in plan(settings, service, now())) == 0
    service.dispose()


def test_a_dry_run_changes_nothing_and_a_real_one_needs_the_lease(old: Town) -> None:
    call = CliRunner().invoke
    shown = call(command_line(["retention"]), ["retention", "--dry-run"])
    assert "nothing was removed: a dry run" in shown.stdout
    done = call(command_line(["retention"]), ["retention", "--dry-run", "--json"])
    assert done.exit_code == 0, done.exception
    said = json.loads(done.stdout)
    assert said["removed"] is False
    assert sum(line["goes"] for line in said["lines"]) == 1
    assert len([path for path in old.snapshots.iterdir() if path.is_dir()]) == 2
    service = engine(old.settings.service_database)
    hold = take(service, "a refresh", 60)
    assert isinstance(call(command_line(["retention"]), ["retention"]).exception, LeaseHeld)
    hold.release()
    assert "1 removed" in call(command_line(["retention"]), ["retention"]).stdout
    assert len([path for path in old.snapshots.iterdir() if path.is_dir()]) == 1
    service.dispose()
