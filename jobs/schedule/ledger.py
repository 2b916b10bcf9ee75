"""What the schedule reads of past runs, and the closing of what a run could not close itself.

Run records in, plain values out; writes through jobs.refresh.records alone. Called by jobs.schedule.loop.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import Engine, Row, select

from jobs.refresh.lease import take
from jobs.refresh.records import INTERRUPTED, RUNS, close_interrupted, explain, never_began
from jobs.schedule.nights import PUBLISHED, UNCHANGED, Seen
from models.errors import CrisisError, LeaseHeld, RunStopped, RunTooLong, all_errors
from models.settings import JobSettings
from models.snapshot import layout, manifest

CODES = {cls.exit_code: cls.code for cls in reversed(all_errors())}
"""Exit code -> the code of its cause; 1 is the unforeseen."""
RUNNING = "running"


@dataclass(frozen=True)
class Ended:
    """How a run ended. `exit_code` 0 = well; `seconds` by the clock of the records."""

    run_id: str
    trigger: str
    state: str
    code: str | None
    exit_code: int
    message: str
    seconds: float


def since(engine: Engine, moment: datetime) -> tuple[Seen, ...]:
    """Runs that began at or after an instant (aware), earliest first."""
    query = select(RUNS).where(RUNS.c.started_at >= moment.replace(tzinfo=None)).order_by(RUNS.c.started_at)
    with engine.connect() as connection:
        return tuple(_seen(row) for row in connection.execute(query))


def zone_of(settings: JobSettings) -> str:
    """The city's zone as the published figures have it, which the source may say; before the first, the setting's."""
    version = layout.current_version(settings.snapshots)
    found = _zone(settings.snapshots / version) if version is not None else None
    return found or settings.city_zone


@lru_cache(maxsize=1)
def _zone(snapshot: Path) -> str | None:
    try:
        return manifest.read(snapshot).city_zone
    except (OSError, msgspec.MsgspecError):
        return None


def last_good(engine: Engine) -> datetime | None:
    """When the last run began that ended well."""
    query = select(RUNS.c.started_at).where(RUNS.c.state.in_((PUBLISHED, UNCHANGED)))
    with engine.connect() as connection:
        found = connection.scalar(query.order_by(RUNS.c.started_at.desc()).limit(1))
    return _aware(found)


def settled(engine: Engine, settings: JobSettings, run_id: str, trigger: str, exit_code: int) -> Ended | None:
    """How the run ended whose process ended with `exit_code`, after its record is closed. None: it never began.

    It never began where another run held the lease, or where it was told to end before its first step.
    """
    row = _row(engine, run_id)
    if row is not None and row.state == RUNNING:
        _close(engine, settings)
        row = _row(engine, run_id)
    if row is None:
        if exit_code in (LeaseHeld.exit_code, RunStopped.exit_code):
            return None
        code = INTERRUPTED if exit_code < 0 else CODES.get(exit_code, CrisisError.code)
        never_began(engine, run_id, trigger, code)
        row = _row(engine, run_id)
    if row is not None and row.state == "failed" and exit_code == RunTooLong.exit_code:
        explain(engine, run_id, RunTooLong.code, f"it took longer than {settings.run_hours:g} hours and was ended")
        row = _row(engine, run_id)
    if row is None:
        return None
    began, ended = row.started_at, row.ended_at or row.started_at
    well = row.state not in ("failed", RUNNING)
    return Ended(
        run_id=run_id,
        trigger=trigger,
        state=row.state,
        code=row.error_code,
        exit_code=0 if well else exit_code or CrisisError.exit_code,
        message=row.message or "",
        seconds=max((ended - began).total_seconds(), 0.0),
    )


def _close(engine: Engine, settings: JobSettings) -> None:
    """Close what a killed run left open, unless another one runs by now, which has done so."""
    try:
        hold = take(engine, "settling", settings.lease_seconds)
    except LeaseHeld:
        return
    close_interrupted(engine, layout.current_version(settings.snapshots))
    hold.release()


def _row(engine: Engine, run_id: str) -> Row[Any] | None:
    with engine.connect() as connection:
        return connection.execute(select(RUNS).where(RUNS.c.run_id == run_id)).first()


def _seen(row: Row[Any]) -> Seen:
    started = row.started_at.replace(tzinfo=UTC)
    return Seen(started, _aware(row.ended_at), row.trigger, row.state, row.error_code, _aware(row.as_of))


def _aware(moment: datetime | None) -> datetime | None:
    return moment.replace(tzinfo=UTC) if moment else None
