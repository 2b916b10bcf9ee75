"""A past local day -> the night to know it by, and the moment that the figures then describe. Pure.

Called by jobs.refresh.run for `crisis refresh --as-of DATE`. A day of which a night was recorded is repeated
exactly; any other day is known by the first night that had seen it whole.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import duckdb

from jobs.refresh.night import Night
from models.clock import day_end, local_day
from models.errors import NothingToReplay

FIRST_EVENT = """
    SELECT min(moment) FROM (
        SELECT min(coalesce(call_arrival, call_create)) AS moment FROM src."call"
        UNION ALL SELECT min(coalesce(reported_at, notified_at)) FROM src.incident
        UNION ALL SELECT min(received_at) FROM src.request
    )
"""


@dataclass(frozen=True)
class Knowledge:
    """The latest night that may be known, and the as-of moment, aware UTC."""

    night: Night
    as_of: datetime


def choose(nights: Sequence[Night], day: date) -> Knowledge:
    """What a replay of the local day `day` knows. Raises NothingToReplay where no night has seen the day whole."""
    if not nights:
        raise NothingToReplay("the history is empty", hint="Run `crisis refresh` first.")
    of_day = [night for night in nights if local_day(night.moment, night.zone) == day]
    if of_day:
        return Knowledge(of_day[-1], of_day[-1].moment)
    for night in nights:
        end = day_end(day, night.zone)
        if night.moment >= end:
            return Knowledge(night, end - timedelta(milliseconds=1))
    last = local_day(nights[-1].moment, nights[-1].zone)
    raise NothingToReplay(
        f"{day.isoformat()} is not in the history, which ends on {last.isoformat()}",
        hint="Run `crisis refresh` for today's figures, or choose an earlier date.",
    )


def refuse_before_events(con: duckdb.DuckDBPyConnection, day: date, zone: str) -> None:
    """Raises NothingToReplay for a day before the first event in `src`: its figures would be zeros about nothing."""
    row = con.execute(FIRST_EVENT).fetchone()
    first = row[0] if row else None
    if first is None or day < local_day(first.replace(tzinfo=UTC), zone):
        raise NothingToReplay(f"there is no event on or before {day.isoformat()}")
