"""When the next nightly run is due, in city time: settings and run records in, a plan out. Pure.

A night is due at one instant: a local time that does not exist is taken as it would have been before the clocks went
forward, one that exists twice is the first. So every local day has exactly one. A night that was missed is made up for
by one run, however many were missed. Called by jobs.schedule.loop.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from jobs.refresh.records import INTERRUPTED
from models.clock import local_day
from models.errors import (
    CrisisError,
    DiskFull,
    FolderNotWritable,
    LeaseLost,
    OutOfMemory,
    RunStopped,
    ServiceDatabaseGone,
    SourceUnreachable,
    all_errors,
)
from models.source_errors import SourceDenied, SourceDriverMissing, SourceLoginRefused, SourceTlsRefused

FAILED, PUBLISHED, UNCHANGED = "failed", "published", "unchanged"
SCHEDULE = "schedule"
TRIES = 3
PAUSE = timedelta(minutes=10)
"""Between two tries of one night."""
LATE = timedelta(minutes=5)
"""A run that begins later than this after its hour makes up for something."""
WRONG = timedelta(days=1)
"""A run that is dated further ahead than this began by a clock that was wrong, and says nothing of tonight."""
PASSING: tuple[type[CrisisError], ...] = (
    SourceUnreachable,
    LeaseLost,
    FolderNotWritable,
    DiskFull,
    OutOfMemory,
    ServiceDatabaseGone,
)
LASTING: tuple[type[CrisisError], ...] = (SourceLoginRefused, SourceTlsRefused, SourceDriverMissing, SourceDenied)
AGAIN = {cls.code for cls in all_errors() if issubclass(cls, PASSING) and not issubclass(cls, LASTING)} | {
    INTERRUPTED,
    CrisisError.code,
}
"""Causes that may be gone in ten minutes; for any other a person is needed, and the next try is the next night."""


@dataclass(frozen=True)
class Seen:
    """A run as its record tells it; instants aware, UTC."""

    started_at: datetime
    ended_at: datetime | None
    trigger: str
    state: str
    code: str | None
    as_of: datetime | None


@dataclass(frozen=True)
class Plan:
    """Begin a run now, or wait until `at`. `why` is half a sentence, empty for the ordinary night."""

    begin: bool
    at: datetime
    why: str


def due(day: date, at: time, zone: str) -> datetime:
    """The instant, aware UTC, at which the night of a local day is due."""
    return datetime.combine(day, at, tzinfo=ZoneInfo(zone)).astimezone(UTC)


def last_due(moment: datetime, at: time, zone: str) -> datetime:
    """The newest due instant that is not after `moment`."""
    day = local_day(moment, zone)
    today = due(day, at, zone)
    return today if today <= moment else due(day - timedelta(days=1), at, zone)


def next_due(moment: datetime, at: time, zone: str) -> datetime:
    """The first due instant after `moment`."""
    day = local_day(moment, zone)
    today = due(day, at, zone)
    return today if today > moment else due(day + timedelta(days=1), at, zone)


def plan(moment: datetime, at: time, zone: str, seen: Sequence[Seen], good: datetime | None) -> Plan:
    """What to do at `moment`, aware UTC. `seen` are runs, earliest first; `good` is when one last ended well."""
    since, following = last_due(moment, at, zone), next_due(moment, at, zone)
    of_tonight = [run for run in seen if since <= run.started_at <= moment + WRONG]
    if any(_is_done(run, since) for run in of_tonight):
        return Plan(False, following, "")
    failed = [
        run for run in of_tonight if (run.trigger, run.state) == (SCHEDULE, FAILED) and run.code != RunStopped.code
    ]
    if not failed:
        return Plan(True, since, _lateness(moment, since, at, zone, good))
    last = failed[-1]
    if last.code not in AGAIN:
        return Plan(False, following, f"tonight's run ended with {last.code}, which the next try alone does not mend")
    if len(failed) >= TRIES:
        return Plan(False, following, f"tonight's run failed {len(failed)} times, last with {last.code}")
    again = min(last.ended_at or last.started_at, moment) + PAUSE
    return Plan(_passed(last, moment), again, f"try {len(failed) + 1} of {TRIES} after {last.code}")


def _passed(last: Seen, moment: datetime) -> bool:
    """Whether the pause after a failed try is over; a clock that was set back does not make it longer."""
    ended = last.ended_at or last.started_at
    return moment - ended >= PAUSE or ended - moment >= PAUSE


def _is_done(run: Seen, since: datetime) -> bool:
    """A run that read the source after the hour and ended well; a replay of a past day does not count."""
    return run.state == UNCHANGED or (run.state == PUBLISHED and run.as_of is not None and run.as_of >= since)


def _lateness(moment: datetime, since: datetime, at: time, zone: str, good: datetime | None) -> str:
    if good is None:
        return "nothing has been published yet"
    if moment - since <= LATE:
        return ""
    missed, day = 0, local_day(moment, zone)
    while missed < 1_000 and good < due(day, at, zone):
        missed, day = missed + (due(day, at, zone) <= moment), day - timedelta(days=1)
    return f"{missed} {'night was' if missed == 1 else 'nights were'} missed; one run makes up for it"
