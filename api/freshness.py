"""How fresh the published figures are: pointer, manifest and last runs -> Freshness, and the row of RefreshStatus.

Live and never cached. Reads the snapshots folder and the service database; called by /readyz, the start page,
/metrics and, for the view RefreshStatus, by the OData engine.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session, col, select

from models.catalogue import CATALOGUE
from models.clock import now, parse_instant
from models.errors import Unavailable
from models.service import RefreshCheck, RefreshRun
from models.service.runs import LATEST_FIRST
from models.settings import ApiSettings
from models.snapshot import layout, manifest
from models.snapshot.manifest import Manifest

RUNNING, FAILED, PUBLISHED, REPLAYED, NEVER = "running", "failed", "published", "replayed", "never"


@dataclass(frozen=True)
class Doubt:
    """A check that did not simply pass: what it is, what was found, and the next step."""

    check: str
    title: str
    detail: str
    next_step: str


@dataclass(frozen=True)
class LastRun:
    """The latest refresh run; instants aware, UTC. `failed_at` is set when the latest finished run failed, `blocked`
    when checks were why."""

    outcome: str = NEVER
    started_at: datetime | None = None
    ended_at: datetime | None = None
    code: str | None = None
    message: str | None = None
    failed_at: datetime | None = None
    blocked: tuple[Doubt, ...] = ()

    @property
    def blocked_by(self) -> str | None:
        """The ids of those checks."""
        return ", ".join(doubt.check for doubt in self.blocked) or None


@dataclass(frozen=True)
class Freshness:
    """State of the published figures at one moment. `reason` says in words why they are stale; None while fresh.
    `warned` are the checks of the published snapshot that did not simply pass."""

    version: str | None
    as_of: datetime | None
    published_at: datetime | None
    synthetic: bool
    attribution: str
    run: LastRun
    stale_since: datetime | None
    reason: str | None
    warned: tuple[Doubt, ...] = ()

    @property
    def stale(self) -> bool:
        """Whether fresher figures are overdue."""
        return self.reason is not None

    def row(self) -> dict[str, object]:
        """The one row of RefreshStatus: column name -> value, instants naive UTC, without SnapshotId."""
        return {
            "StatusId": 1,
            "LastRunOutcomeCode": self.run.outcome,
            "LastRunStartedAt": _naive(self.run.started_at),
            "LastRunEndedAt": _naive(self.run.ended_at),
            "LastRunCode": self.run.code,
            "LastRunMessage": self.run.message,
            "BlockedBy": self.run.blocked_by,
            "PublishedAt": _naive(self.published_at),
            "AsOf": _naive(self.as_of),
            "StaleSince": _naive(self.stale_since),
            "IsStale": self.stale,
            "IsSynthetic": self.synthetic,
        }


def freshness_reader(settings: ApiSettings, engine: Engine) -> Callable[[], Freshness]:
    """A function that reads the freshness of this moment. It raises Unavailable when the database does not answer."""

    def read() -> Freshness:
        return freshness(settings, engine)

    return read


def freshness(settings: ApiSettings, engine: Engine) -> Freshness:
    """See `freshness_reader`."""
    facts = current_manifest(settings.snapshots)
    try:
        with Session(engine) as session:
            run = _last_run(session)
            published = _published_at(session, facts, settings.snapshots)
    except SQLAlchemyError as error:
        raise Unavailable("the service database does not answer") from error
    as_of = parse_instant(facts.as_of) if facts else None
    since, reason = _staleness(as_of, run, settings.stale_hours, now())
    return Freshness(
        version=facts.version if facts else None,
        as_of=as_of,
        published_at=published,
        synthetic=facts.synthetic if facts else settings.demo,
        attribution=facts.attribution if facts else "",
        run=run,
        stale_since=since,
        reason=reason,
        warned=_warned(facts),
    )


def current_manifest(snapshots: Path) -> Manifest | None:
    """The manifest of the version being served; None before the first publish."""
    version = layout.current_version(snapshots)
    if version is None:
        return None
    try:
        return _manifest(snapshots / version)
    except FileNotFoundError:
        return None


@lru_cache(maxsize=4)
def _manifest(folder: Path) -> Manifest:
    return manifest.read(folder)  # never changes once the folder has its name


def doubt(check: str, detail: str) -> Doubt:
    """With the words of the catalogue; a check that it no longer has keeps its id."""
    declared = CATALOGUE.checks.get(check)
    return Doubt(check, declared.title if declared else check, detail, declared.next_step if declared else "")


def _warned(facts: Manifest | None) -> tuple[Doubt, ...]:
    return (
        tuple(doubt(found.check, found.detail) for found in facts.checks if found.outcome != "passed") if facts else ()
    )


def _blocked(session: Session, run_id: str) -> tuple[Doubt, ...]:
    """The checks that kept a run from publishing, in the order of the catalogue."""
    failed = select(RefreshCheck).where(RefreshCheck.run_id == run_id, RefreshCheck.outcome == FAILED)
    order = list(CATALOGUE.checks)
    found = [doubt(row.check_id, row.detail) for row in session.exec(failed)]
    return tuple(sorted(found, key=lambda each: order.index(each.check) if each.check in order else len(order)))


def _staleness(
    as_of: datetime | None, run: LastRun, stale_hours: float, moment: datetime
) -> tuple[datetime | None, str | None]:
    """Since when, and why. Two causes: age, or a last run that failed; the earlier one counts."""
    if as_of is None:
        return None, "nothing has been published yet"
    overdue = as_of + timedelta(hours=stale_hours)
    causes = []
    if overdue < moment:
        causes.append((overdue, f"the figures are older than {stale_hours:g} hours"))
    if run.failed_at is not None:
        why = f"{run.code or 'no code'}{f': {run.blocked_by}' if run.blocked else ''}"
        causes.append((run.failed_at, f"the last refresh failed ({why})"))
    return min(causes) if causes else (None, None)


def _last_run(session: Session) -> LastRun:
    latest = session.exec(
        select(RefreshRun).where(RefreshRun.state != REPLAYED).order_by(*LATEST_FIRST).limit(1)
    ).first()
    if latest is None:
        return LastRun()
    finished: RefreshRun | None = latest
    if latest.state == RUNNING:
        finished = session.exec(
            select(RefreshRun).where(col(RefreshRun.state).not_in((REPLAYED, RUNNING))).order_by(*LATEST_FIRST).limit(1)
        ).first()
    failed = finished is not None and finished.state == FAILED
    return LastRun(
        outcome=latest.state,
        started_at=_aware(latest.started_at),
        ended_at=_aware(latest.ended_at),
        code=finished.error_code if finished and failed else latest.error_code,
        message=latest.message,
        failed_at=_aware(finished.ended_at or finished.started_at) if finished and failed else None,
        blocked=_blocked(session, finished.run_id) if finished and failed else (),
    )


def _published_at(session: Session, facts: Manifest | None, snapshots: Path) -> datetime | None:
    """When the run that published it ended; for a snapshot that was copied here, when the pointer was moved."""
    if facts is None:
        return None
    run = session.exec(
        select(RefreshRun)
        .where(RefreshRun.state == PUBLISHED, RefreshRun.snapshot_version == facts.version)
        .order_by(col(RefreshRun.ended_at).desc())
        .limit(1)
    ).first()
    if run is not None and run.ended_at is not None:
        return _aware(run.ended_at)
    return datetime.fromtimestamp((snapshots / layout.CURRENT).stat().st_mtime // 1, UTC)


def _aware(moment: datetime | None) -> datetime | None:
    return moment.replace(tzinfo=UTC) if moment else None


def _naive(moment: datetime | None) -> datetime | None:
    return moment.astimezone(UTC).replace(tzinfo=None) if moment else None
