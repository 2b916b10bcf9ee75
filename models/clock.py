"""Now, and the city's operational day. The only module that reads the system clock.

Instants are UTC; the operational day is the local calendar day in the city's zone. Called by jobs and
api; tests and drills set `CRISIS_NOW` so that a night can be repeated exactly.
"""

from __future__ import annotations

import os
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

FORMAT = "%Y-%m-%dT%H:%M:%S"


def now() -> datetime:
    """The present instant, aware, UTC, whole milliseconds. `CRISIS_NOW` (ISO instant) overrides it."""
    fixed = os.environ.get("CRISIS_NOW")
    moment = parse_instant(fixed) if fixed else datetime.now(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def wall() -> datetime:
    """The present instant of the system clock, aware, UTC, whatever `CRISIS_NOW` says: leases really expire."""
    return datetime.now(UTC)


def parse_instant(text: str) -> datetime:
    """An ISO 8601 instant with an offset (or Z) as aware UTC. Raises ValueError without an offset."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"the instant {text!r} has no offset; write 2026-01-31T05:00:00Z")
    return moment.astimezone(UTC)


def iso(moment: datetime) -> str:
    """An aware instant as `2026-01-31T05:00:00.000Z`: the one spelling in files and answers."""
    utc = moment.astimezone(UTC)
    return f"{utc.strftime(FORMAT)}.{utc.microsecond // 1000:03d}Z"


def local_day(moment: datetime, zone: str) -> date:
    """The operational day in which an aware instant falls."""
    return moment.astimezone(ZoneInfo(zone)).date()


def day_start(day: date, zone: str) -> datetime:
    """The UTC instant at which a local day begins. Example: 2026-03-08 Toronto -> 05:00Z, the next 04:00Z."""
    return datetime.combine(day, time.min, tzinfo=ZoneInfo(zone)).astimezone(UTC)


def day_end(day: date, zone: str) -> datetime:
    """The UTC instant at which a local day ends, exclusive: the start of the next one."""
    return day_start(day + timedelta(days=1), zone)


def hours_in_day(day: date, zone: str) -> int:
    """23, 24 or 25: DST days are not 24 hours long."""
    return round((day_end(day, zone) - day_start(day, zone)).total_seconds() / 3600)


def is_ambiguous(wall: datetime, zone: str) -> bool:
    """True when a naive wall time happens twice (clocks going back), so that its instant is a guess."""
    local = wall.replace(tzinfo=ZoneInfo(zone))
    return local.utcoffset() != local.replace(fold=1).utcoffset() and not is_missing(wall, zone)


def is_missing(wall: datetime, zone: str) -> bool:
    """True when a naive wall time does not exist (clocks going forward)."""
    local = wall.replace(tzinfo=ZoneInfo(zone))
    back = local.astimezone(UTC).astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    return back != wall
