"""Removes snapshots that the retention settings no longer keep, and what killed runs left behind.

Deletes below the snapshots, history and home folders only, and only while the lease is held: then no other run
lives whose leftovers these could be. Called by jobs.refresh.run.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Engine, select

from jobs.refresh import crash
from jobs.refresh.night import BUILDING as NIGHT_BUILDING
from jobs.refresh.publish import kept
from jobs.refresh.records import RUNS
from models.clock import local_day
from models.snapshot import layout

WORK = ".work-"
PRUNED = ".pruned-"


@dataclass(frozen=True)
class Retention:
    """`hours`: how long a replaced snapshot stays for clients that page; `days`: how long the last of each day does."""

    hours: float
    days: int
    zone: str


def sweep(home: Path, snapshots: Path, history: Path) -> int:
    """Remove what killed runs left: half-built snapshots and nights, scratch folders. Returns how many."""
    left = [
        *_starting(snapshots, layout.BUILDING, PRUNED, f".{layout.CURRENT}-"),
        *_starting(history, NIGHT_BUILDING),
        *_starting(home, WORK),
    ]
    for path in left:
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()
    return len(left)


def _starting(folder: Path, *prefixes: str) -> list[Path]:
    return [path for path in folder.iterdir() if path.name.startswith(prefixes)] if folder.is_dir() else []


def prune(engine: Engine, snapshots: Path, made: str, now: datetime, retention: Retention) -> tuple[str, ...]:
    """Remove what retention does not keep; the served version and `made` always stay. Returns the removed versions."""
    removed = doomed(engine, snapshots, made, now, retention)
    for version in removed:
        aside = snapshots / f"{PRUNED}{version}"
        (snapshots / version).rename(aside)  # in one step: nobody meets half a snapshot under its name
        crash.point("prune.midway")
        shutil.rmtree(aside)
    return removed


def doomed(engine: Engine, snapshots: Path, made: str, now: datetime, retention: Retention) -> tuple[str, ...]:
    """The versions that `prune` would remove."""
    versions = kept(snapshots)
    keep = {made, layout.current_version(snapshots)} | _to_keep(versions, _last_use(engine, now), now, retention)
    return tuple(sorted(set(versions) - keep))


def _to_keep(
    versions: Mapping[str, datetime], last_use: Mapping[str, datetime], now: datetime, retention: Retention
) -> set[str]:
    recent = now - timedelta(hours=retention.hours)
    keep = {version for version, as_of in versions.items() if last_use.get(version, as_of) >= recent}
    last_of_day: dict[object, str] = {}
    for version in sorted(versions, key=lambda name: (versions[name], last_use.get(name, versions[name]))):
        last_of_day[local_day(versions[version], retention.zone)] = version
    oldest = now - timedelta(days=retention.days)
    return keep | {version for version in last_of_day.values() if versions[version] >= oldest}


def _last_use(engine: Engine, now: datetime) -> dict[str, datetime]:
    """When each version was last handed out: until the next one was published, or when it was replayed."""
    query = (
        select(RUNS.c.snapshot_version, RUNS.c.state, RUNS.c.ended_at)
        .where(RUNS.c.state.in_(("published", "replayed")), RUNS.c.snapshot_version.is_not(None))
        .order_by(RUNS.c.ended_at, RUNS.c.started_at)
    )
    used: dict[str, datetime] = {}
    served: str | None = None
    with engine.connect() as connection:
        for version, state, ended_at in connection.execute(query):
            moment = ended_at.replace(tzinfo=now.tzinfo)
            if state == "published":
                if served is not None:
                    used[served] = moment
                served = version
            used[version] = max(used.get(version, moment), moment)
    if served is not None:
        used[served] = now
    return used
