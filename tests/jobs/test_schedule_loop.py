"""The loop: what it begins, says and leaves behind. The clock stands still until the test moves it; runs are stand-ins."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, insert, select, text, update
from typer.testing import CliRunner

from jobs.cli import command_line
from jobs.commands.doctor import examine
from jobs.migrate import upgrade_service
from jobs.refresh.lease import is_held, take
from jobs.refresh.records import RUNS
from jobs.schedule.loop import BEAT, Schedule
from jobs.schedule.process import Order
from jobs.schedule.told import Event, plain, structured
from models.clock import now, parse_instant, wall
from models.crisis.reference import CrisisMarker
from models.database import engine
from models.service import queue
from models.settings import JobSettings
from tests.helpers.nights import Town
from tests.helpers.tiny import change

KEY = "cm_abcdefghijkl"


@dataclass
class StandIn:
    """A run that ends when the test says how."""

    order: Order
    exit_code: int | None = None

    def stop(self) -> int:
        self.exit_code = 23 if self.exit_code is None else self.exit_code
        return self.exit_code


@dataclass
class Watchman:
    """A schedule whose clock and runs the test moves."""

    settings: JobSettings
    engine: Engine
    monkeypatch: pytest.MonkeyPatch
    said: list[Event] = field(default_factory=list)
    runs: list[StandIn] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.loop = Schedule(self.settings, self.engine, self.said.append, start=self._start)

    def _start(self, _settings: JobSettings, order: Order) -> Any:
        self.runs.append(StandIn(order))
        return self.runs[-1]

    def at(self, moment: str) -> Watchman:
        """`2026-03-08 07:15`, UTC; then one look."""
        self.monkeypatch.setenv("CRISIS_NOW", f"{moment.replace(' ', 'T')}:00Z")
        self.loop.look()
        return self

    def ends(self, exit_code: int = 0, state: str | None = "published", code: str | None = None) -> Watchman:
        """The run ends with such a record (None: without any); then a look."""
        order = self.runs[-1].order
        if state is not None:
            with self.engine.begin() as connection:
                moment = now().replace(tzinfo=None)
                values = {"state": state, "error_code": code, "as_of": moment, "message": f"{state}."}
                ended = None if state == "running" else moment
                connection.execute(
                    insert(RUNS).values(
                        run_id=order.run_id,
                        trigger=order.trigger,
                        started_at=moment,
                        ended_at=ended,
                        fence=len(self.runs),
                        **values,
                    )
                )
        self.runs[-1].exit_code = exit_code
        self.loop.look()
        return self

    @property
    def lines(self) -> list[str]:
        """What was said, without ids, since this was last asked."""
        found = [plain(event) for event in self.said]
        self.said.clear()
        for run in self.runs:
            found = [line.replace(run.order.run_id, "ID") for line in found]
        return found

    def states(self) -> list[tuple[str, str | None]]:
        """(state, code) of every recorded run, earliest first."""
        with self.engine.connect() as connection:
            rows = connection.execute(select(RUNS.c.state, RUNS.c.error_code).order_by(RUNS.c.started_at))
            return [(row.state, row.error_code) for row in rows]


@pytest.fixture
def watchman(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Watchman]:
    settings = JobSettings(home=home)
    upgrade_service(settings.service_database)
    service = engine(settings.service_database)
    yield Watchman(settings, service, monkeypatch)
    service.dispose()


@pytest.mark.parametrize(
    ("first", "what"),
    [
        ("2026-03-06T12:00:00Z", "the hour that does not exist"),
        ("2026-10-30T12:00:00Z", "the one that is there twice"),
        ("2026-12-30T12:00:00Z", "the end of the year"),
    ],
)
@pytest.mark.parametrize("at", ["01:30", "02:30"])
def test_five_days_have_five_nights(watchman: Watchman, first: str, what: str, at: str) -> None:
    """The clock is moved half an hour at a time, from noon to noon."""
    settings = JobSettings(home=watchman.settings.home, schedule_at=time.fromisoformat(at))
    watchman.loop = Schedule(settings, watchman.engine, watchman.said.append, start=watchman._start)
    moment = parse_instant(first)
    watchman.at(f"{moment:%Y-%m-%d %H:%M}").ends()
    for _ in range(5 * 48):
        moment += timedelta(minutes=30)
        nights = len(watchman.runs)
        watchman.at(f"{moment:%Y-%m-%d %H:%M}")
        if len(watchman.runs) > nights:
            watchman.ends()
    assert len(watchman.runs) == 1 + 5, what
    assert not any("missed" in line for line in watchman.lines)


def test_what_it_says_over_three_nights(watchman: Watchman) -> None:
    watchman.at("2026-03-07 12:00").ends().at("2026-03-07 12:01")
    assert watchman.lines == [
        "Refresh of the night, run ID. (nothing has been published yet)",
        "published after 0 s: published.",
        "Next run: 2026-03-08 03:15 EDT (07:15 UTC), in 19 h 14 min.",
    ]
    watchman.at("2026-03-08 07:14")
    assert watchman.lines == []
    watchman.at("2026-03-08 07:15").ends(12, "failed", "CheckFailed").at("2026-03-08 07:16")
    assert watchman.lines == [
        "Refresh of the night, run ID.",
        "failed after 0 s: failed. [CheckFailed, exit code 12]",
        "Next run: 2026-03-09 02:15 EDT (06:15 UTC), in 22 h 59 min. "
        "(tonight's run ended with CheckFailed, which the next try alone does not mend)",
    ]
    watchman.at("2026-03-12 18:00")
    assert watchman.lines == ["Refresh of the night, run ID. (5 nights were missed; one run makes up for it)"]


def test_structured_lines_hold_the_same(watchman: Watchman) -> None:
    watchman.at("2026-03-07 12:00").ends(12, "failed", "CheckFailed").at("2026-03-07 12:01")
    lines = [json.loads(structured(event)) for event in watchman.said]  # the clock stands at its last minute
    assert [line["event"] for line in lines] == ["Began", "Finished", "Waiting"]
    assert (lines[1]["exit_code"], lines[1]["code"], lines[1]["trigger"]) == (12, "CheckFailed", "schedule")
    assert lines[2]["at"] == "2026-03-08T07:15:00.000Z"
    assert all(line["time"] == "2026-03-07T12:01:00.000Z" and line["text"] for line in lines)


def test_what_is_asked_for_is_run_between_the_nights(watchman: Watchman) -> None:
    watchman.at("2026-03-07 12:00").ends()
    asked = queue.ask(watchman.engine, KEY)
    watchman.at("2026-03-07 13:00")
    assert watchman.runs[-1].order == Order(asked, request=True)
    second = queue.ask(watchman.engine, KEY)
    watchman.at("2026-03-07 13:01")
    assert len(watchman.runs) == 2, "one at a time"
    watchman.ends().at("2026-03-07 13:02")
    assert watchman.runs[-1].order == Order(second, request=True)
    watchman.ends(22, "failed", "RunCancelled").at("2026-03-07 13:03")
    assert list(queue.waiting(watchman.engine)) == []
    assert len(watchman.runs) == 3
    assert "Refresh, as asked for, run ID." in watchman.lines


def test_the_night_comes_before_what_is_asked_for(watchman: Watchman) -> None:
    asked = queue.ask(watchman.engine, KEY)
    watchman.at("2026-03-07 12:00").ends().at("2026-03-07 12:01")
    assert [run.order.request for run in watchman.runs] == [False, True]
    assert watchman.runs[-1].order.run_id == asked


def test_it_waits_for_a_refresh_that_somebody_else_runs(watchman: Watchman) -> None:
    hold = take(watchman.engine, "by hand", 3600)
    watchman.at("2026-03-07 12:00").at("2026-03-07 12:01")
    assert watchman.lines == ["Waiting: another refresh is running; this one waits for it."]
    assert watchman.runs == []
    assert is_held(watchman.engine)
    hold.release()
    assert not is_held(watchman.engine)
    watchman.at("2026-03-07 12:02")
    assert len(watchman.runs) == 1


def test_who_lost_the_race_for_the_lease_tries_again(watchman: Watchman) -> None:
    watchman.at("2026-03-07 12:00").ends()
    asked = queue.ask(watchman.engine, KEY)
    watchman.at("2026-03-07 12:01").ends(13, None).at("2026-03-07 12:02")
    assert [run.order.run_id for run in watchman.runs[1:]] == [asked, asked]
    assert watchman.states() == [("published", None)], "nothing was recorded of the run that did not begin"


def test_a_process_that_never_began_a_run_leaves_a_record(watchman: Watchman) -> None:
    for exit_code, code in ((2, "ConfigurationError"), (1, "InternalError"), (-9, "Interrupted")):
        watchman.at(f"2026-03-0{len(watchman.runs) + 7} 18:00").ends(exit_code, None)
        assert watchman.states()[-1] == ("failed", code)
    nights = len(watchman.runs)
    watchman.loop.look()
    assert len(watchman.runs) == nights, "it does not begin at once again and again"


def test_the_record_of_a_killed_run_is_closed_at_once(watchman: Watchman) -> None:
    watchman.at("2026-03-07 12:00").ends(-9, "running")
    assert watchman.states() == [("failed", "Interrupted")]
    assert "The process ended before the run did. [Interrupted, exit code -9]" in watchman.lines[-1]
    watchman.at("2026-03-07 12:10")
    assert len(watchman.runs) == 2, "and it is tried again"


def test_it_beats_while_it_waits_and_while_a_run_goes_on(watchman: Watchman) -> None:
    def beaten() -> datetime | None:
        with watchman.engine.connect() as connection:
            return connection.scalar(select(queue.WORKERS.c.beat_at))

    assert beaten() is None
    watchman.at("2026-03-07 12:00")
    old = wall().replace(tzinfo=None) - timedelta(minutes=3)
    for _ in range(2):
        with watchman.engine.begin() as connection:
            connection.execute(update(queue.WORKERS).values(beat_at=old))
        watchman.loop.look()
        assert beaten() == old, "not at every look"
        watchman.loop._beaten = wall() - BEAT
        watchman.loop.look()
        assert queue.alive(watchman.engine)
    watchman.ends().at("2026-03-07 12:05")
    with watchman.engine.connect() as connection:
        assert connection.scalar(select(queue.WORKERS.c.next_run_at)) == datetime.fromisoformat("2026-03-08 07:15")


def test_what_a_dead_worker_took_is_run_or_closed(watchman: Watchman) -> None:
    """
    | its run   | becomes                              |
    | no record | waits again, and we take it          |
    | published | ended                                |
    | running   | stays: its lease says whether it lives |
    """
    taken = []
    for state in (None, "published", "running"):
        taken.append(queue.ask(watchman.engine, KEY))
        queue.take(watchman.engine, "dead:1")
        if state:
            with watchman.engine.begin() as connection:
                moment = parse_instant("2026-03-07T11:00:00Z").replace(tzinfo=None)
                connection.execute(
                    insert(RUNS).values(
                        run_id=taken[-1], trigger="api", state=state, started_at=moment, as_of=moment, fence=1
                    )
                )
    watchman.at("2026-03-07 12:00")
    assert [run.order.run_id for run in watchman.runs] == [taken[0]]
    with watchman.engine.connect() as connection:
        rows = connection.execute(select(queue.REQUESTS.c.request_id, queue.REQUESTS.c.state)).all()
    assert {row.request_id: row.state for row in rows} == dict(zip(taken, ("taken", "ended", "taken"), strict=True))


def test_a_service_database_that_does_not_answer_is_asked_again(watchman: Watchman) -> None:
    with watchman.engine.begin() as connection:
        connection.execute(text("ALTER TABLE refresh_worker RENAME TO away"))
    assert not watchman.loop.look()
    assert not watchman.loop.look()
    assert watchman.lines == [
        "The service database does not answer (OperationalError). Trying again; check CRISIS_SERVICE_URL."
    ]
    with watchman.engine.begin() as connection:
        connection.execute(text("ALTER TABLE away RENAME TO refresh_worker"))
    assert watchman.loop.look()
    assert len(watchman.runs) == 1


@pytest.mark.parametrize("begun", [False, True])
def test_told_to_end_it_ends_its_run_and_its_heartbeat(watchman: Watchman, begun: bool) -> None:
    watchman.at("2026-03-07 12:00").ends()
    asked = queue.ask(watchman.engine, KEY)
    watchman.at("2026-03-07 12:01")
    if begun:
        with watchman.engine.begin() as connection:
            moment = now().replace(tzinfo=None)
            row = {"run_id": asked, "trigger": "api", "state": "failed", "error_code": "RunStopped"}
            connection.execute(insert(RUNS).values(started_at=moment, ended_at=moment, fence=9, **row))
    watchman.loop.told = lambda: True
    watchman.loop.run()
    assert watchman.lines[-1] == "The schedule ends: told to end."
    assert not queue.alive(watchman.engine)
    waiting = [request.request_id for request in queue.waiting(watchman.engine)]
    assert waiting == ([] if begun else [asked]), "what never began waits for the next worker"


def test_the_command_says_when_the_next_run_is(town: Town) -> None:
    town.refresh("2026-03-07T12:00:00Z")
    answer = CliRunner().invoke(command_line(["schedule"]), ["schedule", "--next", "--at", "02:30"])
    assert (answer.exit_code, answer.stdout) == (0, "Next run: 2026-03-08 03:30 EDT (07:30 UTC), in 19 h 30 min.\n")
    town.at("2026-03-09T12:00:00Z")
    answer = CliRunner().invoke(command_line(["schedule"]), ["schedule", "--next"])
    assert answer.stdout.startswith("Next run: 2026-03-09 08:00 EDT (12:00 UTC), in 0 min. (2 nights were missed")
    assert JobSettings().schedule_at == time(2, 15)


def test_a_run_that_hangs_is_ended_and_said_so(watchman: Watchman) -> None:
    """It would renew its lease for ever, and no other night would come."""
    watchman.monkeypatch.setattr("jobs.schedule.loop.TELLING_SECONDS", 0.0)
    settings = JobSettings(home=watchman.settings.home, run_hours=1e-9)
    watchman.loop = Schedule(settings, watchman.engine, watchman.said.append, start=watchman._start)
    watchman.at("2026-03-07 12:00")
    with watchman.engine.begin() as connection:
        row = {"run_id": watchman.runs[-1].order.run_id, "trigger": "schedule", "state": "running", "fence": 1}
        connection.execute(insert(RUNS).values(started_at=now().replace(tzinfo=None), **row))
    watchman.at("2026-03-07 12:30")
    assert watchman.runs[-1].exit_code == 23, "it was told to end"
    assert watchman.states() == [("failed", "RunTooLong")]
    assert "took longer than 1e-09 hours and was ended [RunTooLong, exit code 27]" in watchman.lines[-1]
    watchman.at("2026-03-07 18:00")
    assert len(watchman.runs) == 1, "a person looks first; the next try is the next night"


def test_the_zone_is_that_of_the_source(town: Town) -> None:
    """The setting counts until figures are published; what the source says of its city goes before it."""
    change(town.source, CrisisMarker, "crisis-metrics-reference", zone="Europe/Vienna")
    service = engine(town.settings.service_database)
    loop = Schedule(town.settings, service, print)
    assert loop.zone == "America/Toronto"
    town.refresh("2026-03-07T12:00:00Z")
    assert loop.zone == "Europe/Vienna"
    assert loop.plan().at == parse_instant("2026-03-08T01:15:00Z")
    service.dispose()


def test_doctor_finds_a_schedule_that_fell_silent(town: Town) -> None:
    """
    | heartbeat     | finding                                  |
    | none          | none: a scheduler of the city's own runs |
    | young         | none                                     |
    | of long ago   | W006                                     |
    """
    service = engine(town.settings.service_database)

    def found() -> set[str]:
        return {finding.id for finding in examine(town.settings)} & {"W006", "E002", "E003"}

    assert found() == set()
    queue.beat(service, "machine:1", None)
    assert found() == set()
    with service.begin() as connection:
        connection.execute(update(queue.WORKERS).values(beat_at=wall().replace(tzinfo=None) - timedelta(minutes=3)))
    assert found() == {"W006"}
    service.dispose()
