"""Whether this machine's clock can be believed: before the latest night it cannot, nor weeks ahead of the source."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from jobs.source.machine_clock import runs_on
from models.errors import CheckFailed
from models.snapshot import layout
from tests.helpers.nights import Town

LAST = datetime(2026, 2, 2, 9, tzinfo=UTC)
CASES = """
the clock since the latest night | the source's changes since then | outcome | says
+1 day                           | +1 day                          | passed  |
+1 day                           | +0 day                          | passed  |
+34 day                          | +0 day                          | passed  |
+36 day                          | +0 day                          | failed  | 36 days further
+36 day                          | +20 day                         | passed  |
+365 day                         | +365 day                        | passed  |
+365 day                         | +1 day                          | failed  | 364 days further
+365 day                         | -1 day                          | failed  | 365 days further
-0.003 day                       | +0 day                          | passed  |
-0.01 day                        | +0 day                          | failed  | 0.2 hours before
-1 day                           | +0 day                          | failed  | 24.0 hours before
-365 day                         | +0 day                          | failed  | 365 days before
"""


def days(cell: str) -> timedelta:
    return timedelta(days=float(cell.split(maxsplit=1)[0]))


@pytest.mark.parametrize("line", CASES.strip().splitlines()[1:])
def test_the_clock_is_held_against_the_latest_night_and_the_source(line: str) -> None:
    clock, changes, outcome, says = (cell.strip() for cell in line.split("|"))
    then = LAST - timedelta(hours=1)
    found = runs_on(LAST + days(clock), LAST, then + days(changes), then)
    assert (found.outcome, found.blocking) == (outcome, True)
    assert says in found.detail


def test_nothing_to_hold_it_against() -> None:
    assert runs_on(LAST, None, None, None).outcome == "passed"
    assert runs_on(LAST + timedelta(days=900), LAST, None, None).outcome == "passed", "a source without updated_at"


def test_a_clock_that_was_right_is_accepted_once_and_believed_from_then_on(town: Town) -> None:
    town.refresh("2026-02-02T09:00:00Z")
    ahead = town.refresh("2026-03-01T09:00:00Z")
    with pytest.raises(CheckFailed, match="before the latest night"):
        town.refresh("2026-02-03T09:00:00Z")
    assert layout.current_version(town.snapshots) == ahead.version
    right = town.refresh("2026-02-03T09:00:00Z", accept=["clock_runs_on"])
    assert town.manifest(right.version).as_of == "2026-02-03T09:00:00.000Z"
    assert town.refresh("2026-02-04T09:00:00Z").state == "published"
