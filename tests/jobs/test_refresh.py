"""Whole nights on a tiny city: what is published, what is not, what is remembered, what a replay gives.

A little over 400 lines in one file: every test asks one town through the same nights.
"""

from __future__ import annotations

import io
import json
import re
from dataclasses import replace
from datetime import date
from pathlib import Path

import duckdb
import pytest
from rich.console import Console
from sqlalchemy import select
from typer.testing import CliRunner

from jobs.cli import command_line
from jobs.refresh import run as running
from jobs.refresh.lease import take
from jobs.refresh.progress import Begun, Done, Moved, showing
from jobs.refresh.records import RUNS, STEPS
from models.catalogue.types import View
from models.crisis.care import FollowUp
from models.crisis.events import Call, Incident
from models.crisis.reference import CrisisMarker, Team
from models.database import engine
from models.errors import (
    CheckFailed,
    ConfigurationError,
    ContractBroken,
    FolderNotWritable,
    LeaseHeld,
    LeaseLost,
    NothingToReplay,
    SourceUnreachable,
)
from models.snapshot import layout
from models.snapshot.manifest import CheckResult
from tests.helpers.nights import QUICK, Town
from tests.helpers.source_tables import cells
from tests.helpers.tiny import add_calls, change, remove

MORNING = "2026-02-01T09:00:00Z"
LATER = "2026-02-01T15:00:00Z"
NEXT = "2026-02-02T09:00:00Z"


def records(town: Town) -> list[tuple[str, str | None, str | None]]:
    """(state, version, error code) of every run, earliest first."""
    made = engine(town.settings.service_database)
    with made.connect() as connection:
        query = select(RUNS.c.state, RUNS.c.snapshot_version, RUNS.c.error_code).order_by(RUNS.c.fence)
        found = [tuple(row) for row in connection.execute(query)]
    made.dispose()
    return found  # type: ignore[return-value]


def steps_of_last(town: Town) -> list[tuple[str, str, int | None]]:
    """(step, outcome, rows) of the last run."""
    made = engine(town.settings.service_database)
    with made.connect() as connection:
        last = select(RUNS.c.run_id).order_by(RUNS.c.fence.desc()).limit(1).scalar_subquery()
        query = select(STEPS.c.name, STEPS.c.outcome, STEPS.c.rows).where(STEPS.c.run_id == last)
        found = [tuple(row) for row in connection.execute(query.order_by(STEPS.c.step_id))]
    made.dispose()
    return found  # type: ignore[return-value]


def test_the_first_night_is_published(town: Town) -> None:
    outcome = town.refresh(MORNING)
    assert outcome.state == "published"
    assert layout.current_version(town.snapshots) == outcome.version
    assert outcome.version.startswith("20260201T090000Z-")
    made = town.manifest(outcome.version)
    assert (made.as_of, made.history_until) == ("2026-02-01T09:00:00.000Z", "2026-02-01T09:00:00.000Z")
    assert made.source_watermark == "2026-01-30T00:00:00.000Z"
    assert made.city_zone == "America/Toronto"
    assert [check.check for check in made.checks][-2:] == ["rows_lost", "stand_in"]
    assert records(town) == [("published", outcome.version, None)]
    assert steps_of_last(town) == [
        ("contract", "done", None),
        ("extract", "done", 728),
        ("history", "done", 728),
        ("clean", "done", None),
        ("compute", "done", outcome.rows),
        ("check", "done", None),
        ("build", "done", outcome.rows),
        ("publish", "done", None),
        ("prune", "done", None),
    ]
    assert town.leftovers() == []


def test_nothing_new_publishes_nothing(town: Town) -> None:
    first = town.refresh(MORNING)
    files = sorted(path for path in town.settings.home.rglob("*") if not path.name.startswith("service.db"))
    second = town.refresh(LATER)
    assert second.state == "unchanged"
    assert second.version == first.version
    assert second.message == f"nothing new since 2026-02-01T09:00:00.000Z: {first.version} stays published"
    assert sorted(path for path in town.settings.home.rglob("*") if not path.name.startswith("service.db")) == files
    assert records(town) == [("published", first.version, None), ("unchanged", first.version, None)]


def test_what_changed_makes_a_new_version(town: Town) -> None:
    """
    | when         | at the source     | added, changed, gone | teams | nights |
    | 1 Feb, early |                   | 728, 0, 0            | 2     | 1      |
    | 1 Feb, later | a name changed    | 0, 1, 0: a revision  | 2     | 2      |
    | 1 Feb, later | a team is deleted | 0, 0, 1              | 1     | 3      |
    | 2 Feb        | nothing           | 0, 0, 0              | 1     | 4      |
    """
    first = town.refresh(MORNING)
    change(town.source, Team, "north", name="Far north")
    second = town.refresh(LATER)
    remove(town.source, Team, "north")
    third = town.refresh()
    fourth = town.refresh(NEXT)
    nights = [(night.added, night.changed, night.deleted) for night in town.history.nights()]
    assert nights == [(728, 0, 0), (0, 1, 0), (0, 0, 1), (0, 0, 0)]
    assert second.message == f"published {second.version}: 0 source rows added, 1 changed, 0 gone"
    outcomes = (first, second, third, fourth)
    assert [outcome.state for outcome in outcomes] == ["published"] * 4
    assert [outcome.version[:16] for outcome in outcomes][1:] == ["20260201T150000Z"] * 2 + ["20260202T090000Z"]
    views = [town.manifest(outcome.version).views for outcome in outcomes]
    assert [found["Teams"].rows for found in views] == [2, 2, 1, 1]
    assert [found["Snapshots"].rows for found in views] == [1, 2, 3, 4]
    assert len({found["Teams"].identity for found in views}) == 3, "the last night changed nothing"


def test_other_rules_make_another_version_of_the_same_night(town: Town) -> None:
    first = town.refresh(MORNING)
    second = town.refresh(LATER, profile="published")
    assert second.state == "published"
    assert second.version[:16] == first.version[:16], "the night, and so the moment, stays the same"
    assert second.version != first.version
    assert len(town.history.nights()) == 1


def test_what_the_marker_says_goes_before_the_settings(town: Town) -> None:
    change(
        town.source,
        CrisisMarker,
        "crisis-metrics-reference",
        synthetic=True,
        zone="Europe/Vienna",
        attribution="Made up.",
    )
    made = town.manifest(town.refresh(MORNING).version)
    assert (made.city_zone, made.synthetic, made.attribution) == ("Europe/Vienna", True, "Made up.")


def test_a_zone_that_does_not_exist_breaks_the_contract(town: Town) -> None:
    change(town.source, CrisisMarker, "crisis-metrics-reference", zone="Middle/Earth")
    with pytest.raises(ContractBroken, match=r"crisis_marker\.zone"):
        town.refresh(MORNING)


# what goes wrong: yesterday stays published, and the run says why


def test_a_failed_check_publishes_nothing(town: Town) -> None:
    first = town.refresh(MORNING)
    verdict = (
        CheckResult("sums_agree", True, "failed", "3 days differ"),
        CheckResult("mild", False, "warned", "1 row"),
    )
    with pytest.raises(
        CheckFailed, match=r"What is published stays\. A check failed \(sums_agree\): 3 days differ\."
    ) as caught:
        town.refresh(NEXT, numbers=replace(QUICK, check=lambda _con, _parameters: verdict))
    assert caught.value.exit_code == 12
    assert layout.current_version(town.snapshots) == first.version
    assert [folder.name for folder in town.snapshots.iterdir() if folder.is_dir()] == [first.version]
    assert records(town)[1][0] == "failed"
    assert records(town)[1][2] == "CheckFailed"
    assert steps_of_last(town)[-1] == ("check", "failed", None)
    assert town.leftovers() == []
    assert town.refresh().state == "published", "the next run makes good, from the night that was recorded"
    assert len(town.history.nights()) == 2


def test_an_unknown_failure_is_recorded_by_its_kind_alone(town: Town) -> None:
    def fail(_con: duckdb.DuckDBPyConnection, _view: View) -> int:
        raise ZeroDivisionError("the person of row 7")

    with pytest.raises(ZeroDivisionError):
        town.refresh(MORNING, numbers=replace(QUICK, compute=fail))
    made = engine(town.settings.service_database)
    with made.connect() as connection:
        row = connection.execute(select(RUNS.c.state, RUNS.c.error_code, RUNS.c.message)).one()
    made.dispose()
    assert tuple(row) == ("failed", "InternalError", "ZeroDivisionError")
    assert town.leftovers() == []


def test_a_source_that_went_away(town: Town) -> None:
    first = town.refresh(MORNING)
    Path(town.settings.home / "crisis.db").unlink()
    with pytest.raises(SourceUnreachable):
        town.refresh(NEXT)
    assert layout.current_version(town.snapshots) == first.version
    assert records(town)[1] == ("failed", None, "SourceUnreachable")


def test_a_source_that_lost_most_of_its_rows_is_not_believed(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    town = Town(home, monkeypatch, calls=120)
    change(town.source, CrisisMarker, "crisis-metrics-reference", synthetic=False)
    town.refresh(MORNING)
    remove(town.source, Call, *range(1, 62))
    with pytest.raises(CheckFailed, match="call 61 of 120"):
        town.refresh(NEXT)
    assert len(town.history.nights()) == 1, "the loss is not in the history"
    accepted = town.refresh(NEXT, accept=["rows_lost"])
    assert {check.check: check.outcome for check in accepted.checks}["rows_lost"] == "accepted"
    assert town.history.nights()[-1].deleted == 61


def test_two_at_a_time_is_one_too_many(town: Town) -> None:
    made = engine(town.settings.service_database)
    take(made, "another", 60)
    made.dispose()
    with pytest.raises(LeaseHeld):
        town.refresh(MORNING)
    assert records(town) == []
    assert not town.snapshots.exists()


@pytest.mark.parametrize("step", ["history", "publish"])
def test_a_run_that_lost_its_lease_makes_nothing_real(town: Town, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    made = engine(town.settings.service_database)

    def usurp(*_arguments: object) -> tuple[CheckResult, ...]:
        with made.begin() as connection:
            connection.exec_driver_sql("UPDATE lease SET fence = fence + 1, holder = 'another'")
        return ()

    if step == "publish":
        numbers = replace(QUICK, check=usurp)
    else:
        numbers = QUICK
        whole = running.steps.receive
        monkeypatch.setattr(running.steps, "receive", lambda *given, **more: (whole(*given, **more), usurp())[0])
    with pytest.raises(LeaseLost):
        town.refresh(MORNING, numbers=numbers)
    made.dispose()
    assert layout.current_version(town.snapshots) is None
    assert len(town.history.nights()) == (1 if step == "publish" else 0)
    assert town.leftovers() == []


def test_a_home_that_cannot_be_written(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_arguments: object) -> None:
        raise PermissionError

    monkeypatch.setattr(running, "sweep", refuse)
    with pytest.raises(FolderNotWritable) as caught:
        town.refresh(MORNING)
    assert caught.value.exit_code == 20


def test_an_unknown_profile_is_refused(town: Town) -> None:
    with pytest.raises(ConfigurationError, match="bold"):
        town.refresh(MORNING, profile="bold")


# replays: from the history alone


def test_a_deleted_snapshot_comes_back_with_every_identity(town: Town) -> None:
    first = town.refresh(MORNING)
    change(town.source, Team, "north", name="Far north")
    second = town.refresh(NEXT)
    wanted = {version: town.identities(version) for version in (first.version, second.version)}
    for version in wanted:
        (town.snapshots / version).rename(town.settings.home / f"lost-{version}")
    Path(town.settings.home / "crisis.db").unlink()
    for day, version, state in (
        (date(2026, 2, 1), first.version, "published"),  # nothing else was left to serve
        (date(2026, 2, 2), second.version, "published"),
    ):
        outcome = town.refresh("2026-02-05T09:00:00Z", as_of=day)
        assert (outcome.state, outcome.version) == (state, version)
        assert town.identities(version) == wanted[version]
    assert layout.current_version(town.snapshots) == second.version


def test_the_products_own_numbers_come_back_too(town: Town) -> None:
    first = town.refresh(MORNING, numbers=None)
    wanted = town.identities(first.version)
    assert town.manifest(first.version).views["Calls"].rows == 60
    (town.snapshots / first.version).rename(town.settings.home / "lost")
    again = town.refresh(as_of=date(2026, 2, 1), numbers=None)
    assert (again.version, town.identities(again.version)) == (first.version, wanted)


def test_a_replayed_day_says_of_past_days_what_was_published_then(town: Town) -> None:
    """Nights on 1 to 4 February; late rows, a merge, a reopening, a deletion. Every day comes back with its revisions."""
    names = ("OperationalDate", "ContractTable", "RevisedOn", "AddedCount", "ChangedCount", "DeletedCount")
    wanted = {}
    for day, news in enumerate(
        (
            lambda: None,
            lambda: add_calls(town.source, 60, 2),  # of 6 January, seen for the first time
            lambda: change(town.source, Incident, 8, status="merged", merged_into=9),
            lambda: (
                change(town.source, Incident, 10, status="reopened", closed_at=None),
                remove(town.source, FollowUp, 5),
            ),
        ),
        start=1,
    ):
        news()
        outcome = town.refresh(f"2026-02-0{day}T09:00:00Z", numbers=None)
        wanted[date(2026, 2, day)] = (outcome.version, town.identities(outcome.version))
    assert [tuple(map(str, row)) for row in town.rows("Revisions", *names)] == cells("""
        2026-01-01 | incident       | 2026-02-03 | 0 | 1 | 0
        2026-01-01 | incident       | 2026-02-04 | 0 | 1 | 0
        2026-01-02 | follow_up      | 2026-02-04 | 0 | 0 | 1
        2026-01-06 | call           | 2026-02-02 | 2 | 0 | 0
        2026-01-06 | dispatch       | 2026-02-02 | 2 | 0 | 0
        2026-01-06 | incident       | 2026-02-02 | 2 | 0 | 0
        2026-01-06 | person_contact | 2026-02-02 | 2 | 0 | 0
        2026-01-06 | referral       | 2026-02-02 | 2 | 0 | 0
        2026-01-06 | request        | 2026-02-02 | 2 | 0 | 0
        2026-01-06 | status_event   | 2026-02-02 | 2 | 0 | 0
        2026-01-06 | unit_response  | 2026-02-02 | 2 | 0 | 0
        2026-01-07 | follow_up      | 2026-02-02 | 2 | 0 | 0
        2026-01-07 | support        | 2026-02-02 | 2 | 0 | 0
    """)
    for version, _ in wanted.values():
        (town.snapshots / version).rename(town.settings.home / f"lost-{version}")
    for day, (version, identities) in wanted.items():
        again = town.refresh("2026-02-09T09:00:00Z", as_of=day, numbers=None)
        assert (again.version, town.identities(again.version)) == (version, identities)
    assert len({identities["Revisions"] for _, identities in wanted.values()}) == 4


def test_a_day_without_a_night_is_known_by_the_next_one(town: Town) -> None:
    town.refresh(MORNING)
    made = town.manifest(town.refresh(as_of=date(2026, 1, 31)).version)
    assert (made.as_of, made.history_until) == ("2026-02-01T04:59:59.999Z", "2026-02-01T09:00:00.000Z")


def test_there_is_nothing_before_the_first_event(town: Town) -> None:
    with pytest.raises(NothingToReplay, match="history is empty"):
        town.refresh(MORNING, as_of=date(2025, 12, 31))
    town.refresh(MORNING)
    with pytest.raises(NothingToReplay, match="2025-12-31") as caught:
        town.refresh(as_of=date(2025, 12, 31))
    assert caught.value.exit_code == 17
    assert town.refresh(as_of=date(2026, 1, 1)).state == "replayed"


# the command


def test_progress_tells_every_step_in_order(town: Town) -> None:
    told: list[Begun | Moved | Done] = []
    town.refresh(MORNING, progress=told.append)
    assert [event.step for event in told if isinstance(event, Begun)] == [
        event.step for event in told if isinstance(event, Done)
    ]
    totals = {event.step: event.total for event in told if isinstance(event, Begun) and event.total}
    assert totals == {"extract": 20, "compute": 30}
    assert sum(isinstance(event, Moved) for event in told) == 50


@pytest.mark.parametrize("terminal", [False, True])
def test_progress_fits_where_it_is_shown(terminal: bool) -> None:
    shown = io.StringIO()
    with showing(Console(file=shown, force_terminal=terminal, width=100)) as tell:
        for event in (
            Begun("extract", 2),
            Moved("team"),
            Moved("call"),
            Done("extract", 1234),
            Begun("publish"),
            Done("publish"),
        ):
            tell(event)
    lines = shown.getvalue()
    assert "1,234 rows" in lines
    assert "publish" in lines
    assert ("\x1b[" in lines) is terminal
    if not terminal:
        assert re.fullmatch(r"extract +\d+\.\d s  1,234 rows\npublish +\d+\.\d s\n", lines)


def test_the_command_says_what_happened(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "Numbers", lambda: QUICK)
    town.at(MORNING)
    first = CliRunner().invoke(command_line(["refresh"]), ["refresh", "--json"])
    assert first.exit_code == 0, first.output
    told = json.loads(first.stdout)
    assert told["state"] == "published"
    assert "extract" in first.stderr
    second = CliRunner().invoke(command_line(["refresh"]), ["refresh"])
    assert second.stdout.startswith("nothing new since 2026-02-01T09:00:00.000Z")
    third = CliRunner().invoke(command_line(["refresh"]), ["refresh", "--as-of", "2026-02-01", "--json"])
    assert json.loads(third.stdout)["version"] == told["version"]
    assert CliRunner().invoke(command_line(["refresh"]), ["refresh", "--as-of", "yesterday"]).exit_code == 2


def test_the_command_says_a_failure_to_scripts_too(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    verdict = (CheckResult("sums_agree", True, "failed", "3 days differ"),)
    monkeypatch.setattr(running, "Numbers", lambda: replace(QUICK, check=lambda _con, _parameters: verdict))
    town.at(MORNING)
    for words, wanted in ((["refresh"], None), (["refresh", "--json"], "CheckFailed")):
        found = CliRunner().invoke(command_line(["refresh"]), words)
        assert isinstance(found.exception, CheckFailed)
        assert (json.loads(found.stdout)["error_code"] if found.stdout else None) == wanted
    assert json.loads(found.stdout) == {
        "state": "failed",
        "error_code": "CheckFailed",
        "exit_code": 12,
        "message": "What is published stays. A check failed (sums_agree): 3 days differ.",
        "hint": CheckFailed.default_hint,
    }


def test_the_command_can_check_only(town: Town) -> None:
    found = CliRunner().invoke(command_line(["refresh"]), ["refresh", "--check-only"])
    assert (found.exit_code, found.stdout) == (0, "The source keeps the contract.\n")
    assert not town.settings.history.exists()
    assert records(town) == []
