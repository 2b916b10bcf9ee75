"""Go on from a committed night, or begin at the source: the rule as a table, then whole nights.

The night is of 1 February, 07:15 UTC (02:15 in Toronto).
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import duckdb
import pytest
from sqlalchemy import select

from jobs.refresh.course import Before, course
from jobs.refresh.night import Night
from jobs.refresh.progress import Done
from jobs.refresh.records import RUNS
from jobs.refresh.run import refresh
from models.catalogue.types import View
from models.clock import parse_instant
from models.crisis.reference import Team
from models.database import engine
from models.errors import CheckFailed, RunCancelled, RunStopped
from models.service import queue
from models.snapshot import layout
from models.snapshot.manifest import CheckResult
from tests.helpers.nights import QUICK, Town
from tests.helpers.tiny import change
from tests.jobs.test_refresh import records, steps_of_last

NIGHT = Night(
    "20260201T071500.000Z", "2026-02-01T07:15:00.000Z", "2026-02-01T07:15:00.000Z", None, False, "City",
    "America/Toronto", "", {}, (), "first night",
)  # fmt: skip

RULE = """
the run before       | its night          | now         | asked by  | goes on | because
-                    | none               | 02-01 07:30 | schedule  | no      |
published            | published          | 02-01 07:30 | schedule  | no      |
unchanged            | published          | 02-01 07:30 | schedule  | no      |
SourceUnreachable    | none               | 02-01 07:30 | schedule  | no      | left no night
SourceUnreachable    | published          | 02-01 07:30 | schedule  | no      | left no night
Interrupted          | committed          | 02-01 07:30 | schedule  | yes     | gone on from the night
InternalError        | committed          | 02-01 07:30 | schedule  | yes     | gone on from the night
RunStopped           | committed          | 02-01 10:15 | schedule  | yes     | gone on from the night
RunStopped           | committed          | 02-01 10:16 | schedule  | no      | its night is of
Interrupted          | committed          | 02-01 07:14 | schedule  | no      | its night is of
Interrupted          | committed          | 02-01 07:30 | a person  | no      | as asked
CheckFailed          | committed          | 02-01 07:30 | schedule  | no      | the same rows
ContractBroken       | committed          | 02-01 07:30 | schedule  | no      | the same rows
Interrupted, resumed | committed          | 02-01 07:30 | schedule  | no      | although it had gone on
"""


@pytest.mark.parametrize("line", RULE.strip().splitlines()[1:])
def test_the_rule(line: str) -> None:
    ended, night, now, asked_by, goes_on, because = (cell.strip() for cell in line.split("|"))
    code, _, resumed = ended.partition(", ")
    well = code in ("published", "unchanged")
    before = None if code == "-" else Before(code if well else "failed", None if well else code, bool(resumed))
    found = course(
        None if night == "none" else NIGHT,
        before,
        parse_instant(f"2026-{now.replace(' ', 'T')}:00Z"),
        allowed=asked_by == "schedule",
        published=night == "published",
    )
    assert (found.night is NIGHT) is (goes_on == "yes")
    assert because in found.why
    assert bool(found.why) is bool(because)


def test_a_night_of_the_day_before_is_read_again() -> None:
    """23:50 and 00:10 are two days of the city, twenty minutes apart."""
    late = replace(NIGHT, as_of="2026-02-02T04:50:00.000Z")
    before = Before("failed", "Interrupted", False)
    for now, goes_on in (("2026-02-02T04:59:00Z", True), ("2026-02-02T05:10:00Z", False)):
        found = course(late, before, parse_instant(now), allowed=True, published=False)
        assert (found.night is late) is goes_on


# whole nights

FIRST, SECOND, RETRY, NEXT = (
    "2026-02-01T07:15:00Z",
    "2026-02-02T07:15:00Z",
    "2026-02-02T07:25:00Z",
    "2026-02-02T07:45:00Z",
)


def broken(_con: duckdb.DuckDBPyConnection, _view: View) -> int:
    raise ZeroDivisionError


def message(town: Town) -> str:
    made = engine(town.settings.service_database)
    with made.connect() as connection:
        found = connection.scalar(select(RUNS.c.message).order_by(RUNS.c.fence.desc()).limit(1))
    made.dispose()
    return str(found)


def test_a_dead_run_goes_on_although_the_source_is_away(town: Town) -> None:
    town.refresh(FIRST)
    change(town.source, Team, "north", name="Far north")
    with pytest.raises(ZeroDivisionError):
        town.refresh(SECOND, numbers=replace(QUICK, compute=broken))
    Path(town.settings.home / "crisis.db").unlink()
    outcome = town.refresh(RETRY, resume=True)
    assert outcome.state == "published"
    assert outcome.as_of == "2026-02-02T07:15:00.000Z", "the moment at which the source was read"
    assert message(town).endswith(
        "gone on from the night of 2026-02-02T07:15:00.000Z: the run before ended with InternalError"
    )
    assert [name for name, _, _ in steps_of_last(town)][:2] == ["resume", "clean"]
    assert len(town.history.nights()) == 2
    assert town.manifest(outcome.version).views["Teams"].rows == 2


def test_what_goes_on_is_what_would_have_been(town: Town, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    town.refresh(FIRST)
    with pytest.raises(ZeroDivisionError):
        town.refresh(SECOND, numbers=replace(QUICK, compute=broken))
    resumed = town.refresh(RETRY, resume=True)
    other = Town(tmp_path / "other", monkeypatch)
    other.refresh(FIRST)
    whole = other.refresh(SECOND)
    assert (resumed.version, town.identities(resumed.version)) == (whole.version, other.identities(whole.version))


def test_it_goes_on_once_and_then_begins_again(town: Town) -> None:
    town.refresh(FIRST)
    for now in (SECOND, RETRY):
        with pytest.raises(ZeroDivisionError):
            town.refresh(now, numbers=replace(QUICK, compute=broken), resume=True)
    outcome = town.refresh(NEXT, resume=True)
    assert "although it had gone on from a night" in message(town)
    assert steps_of_last(town)[0][0] == "contract"
    assert outcome.state == "published"


def test_after_a_failed_check_the_source_is_read_again(town: Town) -> None:
    town.refresh(FIRST)
    verdict = (CheckResult("sums_agree", True, "failed", "3 days differ"),)
    with pytest.raises(CheckFailed):
        town.refresh(SECOND, numbers=replace(QUICK, check=lambda _con, _parameters: verdict))
    change(town.source, Team, "north", name="Far north")
    town.refresh(RETRY, resume=True)
    assert "which the same rows would do again" in message(town)
    assert town.history.nights()[-1].changed == 1


# told to stop


def test_a_cancelled_run_ends_before_its_next_step_and_publishes_nothing(town: Town) -> None:
    first = town.refresh(FIRST)
    service = engine(town.settings.service_database)

    def cancel(_con: duckdb.DuckDBPyConnection, view: View) -> int:
        queue.cancel(service, "asked", "cm_abcdefghijkl")
        return QUICK.compute(_con, view)

    with pytest.raises(RunCancelled, match="before the step check") as caught:
        town.refresh(SECOND, numbers=replace(QUICK, compute=cancel), run_id="asked", trigger="api")
    service.dispose()
    assert caught.value.exit_code == 22
    assert layout.current_version(town.snapshots) == first.version
    assert records(town)[-1][::2] == ("failed", "RunCancelled")
    assert steps_of_last(town)[-1][:2] == ("compute", "done")
    assert town.leftovers() == []
    assert town.refresh().state == "published", "the next one is a run of its own"


def test_cancelled_after_the_publish_it_ends_as_published(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    service = engine(town.settings.service_database)
    monkeypatch.setenv("CRISIS_NOW", FIRST)

    def cancel(event: object) -> None:
        if event == ended:
            queue.cancel(service, "asked", "cm_abcdefghijkl")

    ended = Done("publish")
    outcome = refresh(town.settings, numbers=QUICK, run_id="asked", progress=cancel)  # type: ignore[arg-type]
    assert queue.is_cancelled(service, "asked")
    service.dispose()
    assert outcome.state == "published"
    assert records(town)[-1][0] == "published"


@pytest.mark.parametrize("after", [1, 5, 20])
def test_told_to_end_it_stops_between_two_tables(town: Town, after: int) -> None:
    asked = []

    def told() -> bool:
        asked.append(None)
        return len(asked) > after

    with pytest.raises(RunStopped) as caught:
        town.refresh(FIRST, told=told)
    assert caught.value.exit_code == 23
    assert records(town) == [("failed", None, "RunStopped")]
    assert town.leftovers() == []
    assert layout.current_version(town.snapshots) is None
    town.refresh(FIRST, resume=True)
    assert layout.current_version(town.snapshots) is not None
