"""What a monitor wants to know of the nights: service database and published manifest -> samples -> Prometheus' text.

Every metric is declared once, here; docs/reference/monitoring.md and the check of docs/alerts.yml are made from it.
Names, codes, counts and moments only, never a row value. Called by the service's /metrics and by jobs.monitoring.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from sqlalchemy import Engine
from sqlmodel import Session, col, func, select

from models.clock import parse_instant
from models.service import BackupTaken, RefreshCheck, RefreshRequest, RefreshRun, RefreshStep, RefreshWorker, queue
from models.service.runs import LATEST_FIRST
from models.snapshot import layout, manifest

FAILED, RUNNING, REPLAYED = "failed", "running", "replayed"
FOLLOWERS = ("webhook", "powerbi")
"""First words of the steps that come after a run's end."""
COUNTED = re.compile(r"\b(added|changed|deleted)=(\d+)")
"""How the detail of a step says what came from the source."""


@dataclass(frozen=True)
class Metric:
    """One gauge: its name, what it says, and its labels."""

    name: str
    says: str
    labels: tuple[str, ...] = ()


METRICS: tuple[Metric, ...] = (
    Metric("crisis_refresh_running", "1 while a refresh is under way, or was killed and nobody has closed its record."),
    Metric("crisis_refresh_running_since_seconds", "Moment at which the refresh under way began."),
    Metric("crisis_refresh_last_ok", "1 when the last refresh that ended did its work, 0 when it failed."),
    Metric("crisis_refresh_last_info", "Always 1: how the last refresh ended.", ("state", "code", "trigger")),
    Metric("crisis_refresh_last_start_seconds", "Moment at which the last refresh that ended began."),
    Metric("crisis_refresh_last_end_seconds", "Moment at which the last refresh ended."),
    Metric("crisis_refresh_last_success_seconds", "Moment at which a refresh last ended well."),
    Metric("crisis_refresh_step_duration_seconds", "How long each step of the last refresh took.", ("step",)),
    Metric(
        "crisis_refresh_source_rows", "Rows of the source that the last refresh found new, changed, gone.", ("kind",)
    ),
    Metric("crisis_refresh_queue", "Refreshes that were asked for and have not begun."),
    Metric("crisis_check_blocked", "1 for each check that kept the last refresh from publishing.", ("check",)),
    Metric("crisis_check_warned", "1 for each check that warns about the published figures.", ("check",)),
    Metric("crisis_published_as_of_seconds", "As-of moment of the published figures."),
    Metric("crisis_schedule_heartbeat_seconds", "Moment at which a schedule was last heard of."),
    Metric("crisis_schedule_next_run_seconds", "Moment of the next nightly run."),
    Metric("crisis_following_ok", "1 when what follows a refresh (Power BI, webhook) worked last time.", ("step",)),
    Metric("crisis_following_info", "Always 1: how what follows ended, in the runbook's word.", ("step", "outcome")),
    Metric("crisis_backup_last_seconds", "Moment of the newest backup."),
    Metric("crisis_backup_bytes", "Size of the newest backup."),
)
"""Moments are seconds since 1970 in UTC, so that `time() - name` is an age also where the file is old."""


@dataclass(frozen=True)
class Sample:
    """One value of a metric; `labels` in the metric's order."""

    name: str
    value: float
    labels: tuple[str, ...] = ()


def measured(engine: Engine, snapshots: Path) -> tuple[Sample, ...]:
    """Everything that is known now; what is not known has no sample. Raises SQLAlchemyError."""
    with Session(engine) as session:
        found = [*_runs(session), *_queue(session), *_schedule(session), *_following(session), *_backup(session)]
    return (*found, *_published(snapshots))


def text(samples: Iterable[Sample]) -> str:
    """The samples in Prometheus' text format, each metric with its help."""
    by_name: dict[str, list[Sample]] = {}
    for sample in samples:
        by_name.setdefault(sample.name, []).append(sample)
    lines: list[str] = []
    for metric in METRICS:
        if metric.name in by_name:
            lines += [f"# HELP {metric.name} {metric.says}", f"# TYPE {metric.name} gauge"]
            lines += [_line(metric, sample) for sample in by_name[metric.name]]
    return "".join(f"{line}\n" for line in lines)


def counted(added: int, changed: int, deleted: int) -> str:
    """What came from the source, as the detail of a step."""
    return f"added={added} changed={changed} deleted={deleted}"


def _line(metric: Metric, sample: Sample) -> str:
    pairs = zip(metric.labels, sample.labels, strict=True)
    inside = ",".join(f'{name}="{_escaped(value)}"' for name, value in pairs)
    return f"{metric.name}{{{inside}}} {sample.value!r}" if inside else f"{metric.name} {sample.value!r}"


def _escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")


def _runs(session: Session) -> Iterator[Sample]:
    """Replays of past days do not count: they say nothing of the night."""
    newest = select(RefreshRun).where(RefreshRun.state != REPLAYED).order_by(*LATEST_FIRST).limit(1)
    running = session.exec(newest.where(RefreshRun.state == RUNNING)).first()
    last = session.exec(newest.where(RefreshRun.state != RUNNING)).first()
    good = session.exec(newest.where(col(RefreshRun.state).not_in((RUNNING, FAILED)))).first()
    yield Sample("crisis_refresh_running", float(running is not None))
    yield from _moment("crisis_refresh_running_since_seconds", running.started_at if running else None)
    yield from _moment("crisis_refresh_last_success_seconds", good.ended_at if good else None)
    if last is None:
        return
    yield Sample("crisis_refresh_last_ok", float(last.state != FAILED))
    yield Sample("crisis_refresh_last_info", 1.0, (last.state, last.error_code or "", last.trigger))
    yield from _moment("crisis_refresh_last_start_seconds", last.started_at)
    yield from _moment("crisis_refresh_last_end_seconds", last.ended_at)
    blocked = select(RefreshCheck.check_id).where(RefreshCheck.run_id == last.run_id, RefreshCheck.outcome == FAILED)
    for check in sorted(session.exec(blocked)):
        yield Sample("crisis_check_blocked", 1.0, (check,))
    yield from _steps(session, last.run_id)


def _steps(session: Session, run_id: str) -> Iterator[Sample]:
    steps = session.exec(select(RefreshStep).where(RefreshStep.run_id == run_id).order_by(col(RefreshStep.step_id)))
    spent: dict[str, float] = {}
    rows: dict[str, float] = {}
    for step in steps:
        if step.ended_at is not None:
            spent[step.name] = max((step.ended_at - step.started_at).total_seconds(), 0.0)
        rows |= {kind: float(count) for kind, count in COUNTED.findall(step.detail or "")}
    yield from (Sample("crisis_refresh_step_duration_seconds", value, (name,)) for name, value in spent.items())
    yield from (Sample("crisis_refresh_source_rows", value, (kind,)) for kind, value in rows.items())


def _queue(session: Session) -> Iterator[Sample]:
    known = select(RefreshRun.run_id).where(RefreshRun.run_id == RefreshRequest.request_id)
    waiting = select(func.count()).where(col(RefreshRequest.state).in_((queue.QUEUED, queue.TAKEN)), ~known.exists())
    yield Sample("crisis_refresh_queue", float(session.exec(waiting).one()))


def _schedule(session: Session) -> Iterator[Sample]:
    worker = session.exec(select(RefreshWorker).order_by(col(RefreshWorker.beat_at).desc()).limit(1)).first()
    yield from _moment("crisis_schedule_heartbeat_seconds", worker.beat_at if worker else None)
    yield from _moment("crisis_schedule_next_run_seconds", worker.next_run_at if worker else None)


def _following(session: Session) -> Iterator[Sample]:
    """What followed the last run after which anything did: the newest one may still be under way."""
    is_follower = func.substr(RefreshStep.name, 1, 7).in_(FOLLOWERS)
    last = session.exec(
        select(RefreshStep).where(is_follower).order_by(col(RefreshStep.step_id).desc()).limit(1)
    ).first()
    if last is None:
        return
    query = select(RefreshStep).where(is_follower, RefreshStep.run_id == last.run_id).order_by(col(RefreshStep.step_id))
    for name, outcome in {step.name: step.outcome for step in session.exec(query)}.items():
        yield Sample("crisis_following_info", 1.0, (name, outcome))
        if outcome != RUNNING:
            yield Sample("crisis_following_ok", float(outcome == "done"), (name,))


def _backup(session: Session) -> Iterator[Sample]:
    made = session.exec(select(BackupTaken).order_by(col(BackupTaken.made_at).desc()).limit(1)).first()
    if made is not None:
        yield from _moment("crisis_backup_last_seconds", made.made_at)
        yield Sample("crisis_backup_bytes", float(made.bytes))


def _published(snapshots: Path) -> Iterator[Sample]:
    version = layout.current_version(snapshots)
    try:
        said = manifest.read(snapshots / version) if version else None
    except (OSError, msgspec.MsgspecError):
        return
    if said is None:
        return
    yield from _moment("crisis_published_as_of_seconds", parse_instant(said.as_of))
    for name in dict.fromkeys(found.check for found in said.checks if found.outcome != "passed"):
        yield Sample("crisis_check_warned", 1.0, (name,))


def _moment(name: str, moment: datetime | None) -> Iterator[Sample]:
    """A moment of the service database (naive UTC) or an aware one, where there is one."""
    if moment is not None:
        yield Sample(name, (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())
