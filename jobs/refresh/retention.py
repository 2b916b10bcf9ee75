"""What the retention settings no longer keep, table by table: first as a plan, then, when asked, gone.

The history appears in the plan with what it holds, and nothing of it ever goes by a rule: it cannot be made again.
Deletes snapshots (jobs.refresh.prune), rows about past runs in the service database, and files of the audit trail,
only while the lease is held. Called by jobs.commands.retention and, for rows, by jobs.refresh.run every night.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

from sqlalchemy import ColumnElement, Connection, Engine, Table, and_, delete, func, not_, or_, select

from jobs.refresh.history import History
from jobs.refresh.prune import Retention, doomed, prune
from jobs.refresh.publish import kept
from jobs.refresh.records import CHECKS, RUNS, STEPS
from jobs.source.contract import TABLES
from models.service import METADATA
from models.settings import JobSettings
from models.snapshot import layout, manifest

REQUESTS: Table = METADATA.tables["refresh_request"]
CANCELS: Table = METADATA.tables["refresh_cancel"]
WORKERS: Table = METADATA.tables["refresh_worker"]
AUDIT = "audit"
FOR_EVER = "for ever"


@dataclass(frozen=True)
class Line:
    """One table or folder: how many rows or items it holds, how many of them go, and the rule in words."""

    what: str
    held: int
    goes: int
    bytes_gone: int
    kept: str


def plan(settings: JobSettings, engine: Engine, moment: datetime) -> tuple[Line, ...]:
    """What would go at the aware `moment`. Changes nothing. Raises HistoryDamaged."""
    return (
        _snapshots(settings, engine, moment),
        *_rows(settings, engine, moment),
        _audit(settings, moment),
        *_history(settings),
    )


def carry_out(settings: JobSettings, engine: Engine, moment: datetime) -> None:
    """Remove what `plan` says; the caller holds the lease."""
    served = layout.current_version(settings.snapshots)
    if served is not None:
        prune(engine, settings.snapshots, served, moment, retention(settings))
    forget(settings, engine, moment)
    for path in _old_audit(settings, moment):
        path.unlink(missing_ok=True)


def forget(settings: JobSettings, engine: Engine, moment: datetime) -> None:
    """Delete the rows about runs that ended long ago, in one transaction."""
    with engine.begin() as connection:
        for table, gone in _rules(settings, moment):
            connection.execute(delete(table).where(gone))


def retention(settings: JobSettings) -> Retention:
    """The rule for snapshots, in the zone of the served one."""
    served = layout.current_version(settings.snapshots)
    whole = served is not None and layout.manifest_path(settings.snapshots / served).is_file()
    zone = manifest.read(settings.snapshots / str(served)).city_zone if whole else settings.city_zone
    return Retention(settings.keep_snapshots_hours, settings.keep_snapshots_days, zone)


def _snapshots(settings: JobSettings, engine: Engine, moment: datetime) -> Line:
    served = layout.current_version(settings.snapshots)
    going = doomed(engine, settings.snapshots, served, moment, retention(settings)) if served else ()
    size = sum(path.stat().st_size for name in going for path in (settings.snapshots / name).rglob("*"))
    words = f"{settings.keep_snapshots_hours:g} hours, the last of a day {settings.keep_snapshots_days} days"
    return Line("snapshots", len(kept(settings.snapshots)), len(going), size, words)


def _rules(settings: JobSettings, moment: datetime) -> tuple[tuple[Table, ColumnElement[bool]], ...]:
    """Table -> which rows go, in the order in which they can: what points at a run before the run.

    A run stays while the snapshot that it made is there, and the last one that published stays in any case.
    """
    oldest = (moment - timedelta(days=settings.keep_runs_days)).replace(tzinfo=None)
    versions = sorted(kept(settings.snapshots))
    last = select(func.max(RUNS.c.ended_at)).where(RUNS.c.state == "published").scalar_subquery()
    runs = and_(
        RUNS.c.ended_at < oldest,
        or_(RUNS.c.snapshot_version.is_(None), not_(RUNS.c.snapshot_version.in_(versions))),
        not_(and_(RUNS.c.state == "published", RUNS.c.ended_at == last)),
    )
    return (
        (CHECKS, CHECKS.c.run_id.in_(select(RUNS.c.run_id).where(runs))),
        (STEPS, STEPS.c.run_id.in_(select(RUNS.c.run_id).where(runs))),
        (RUNS, runs),
        (REQUESTS, REQUESTS.c.ended_at < oldest),
        (CANCELS, CANCELS.c.asked_at < oldest),
        (WORKERS, WORKERS.c.beat_at < oldest),
    )


def _rows(settings: JobSettings, engine: Engine, moment: datetime) -> tuple[Line, ...]:
    words = f"{settings.keep_runs_days} days"
    with engine.connect() as connection:
        ruled = [
            Line(str(table.name), _count(connection, table), _count(connection, table, gone), 0, words)
            for table, gone in _rules(settings, moment)
        ]
        others = [METADATA.tables[name] for name in ("api_key", "key_scope")]
        return (*ruled, *(Line(str(table.name), _count(connection, table), 0, 0, FOR_EVER) for table in others))


def _count(connection: Connection, table: Table, which: ColumnElement[bool] | None = None) -> int:
    query = select(func.count()).select_from(table)
    return connection.scalar(query if which is None else query.where(which)) or 0


def _audit(settings: JobSettings, moment: datetime) -> Line:
    going = _old_audit(settings, moment)
    days = settings.keep_audit_days
    held = len(list((settings.home / AUDIT).glob("*.jsonl")))
    size = sum(path.stat().st_size for path in going)
    return Line("audit files", held, len(going), size, FOR_EVER if days is None else f"{days} days")


def _old_audit(settings: JobSettings, moment: datetime) -> Sequence[Path]:
    """Whole days of the trail; the day (UTC) stands at the head of a file's name."""
    if settings.keep_audit_days is None:
        return ()
    oldest = moment.date() - timedelta(days=settings.keep_audit_days)
    files = sorted((settings.home / AUDIT).glob("????-??-??-*.jsonl"))
    return [path for path in files if date.fromisoformat(path.name[:10]) < oldest]


def _history(settings: JobSettings) -> tuple[Line, ...]:
    nights = History(settings.history).nights()
    return (
        Line("history nights", len(nights), 0, 0, FOR_EVER),
        *(
            Line(
                f"history rows of {table.name}",
                sum(night.tables[table.name].rows for night in nights if table.name in night.tables),
                0,
                0,
                FOR_EVER,
            )
            for table in TABLES
        ),
    )
