"""One refresh from beginning to end: contract, extract, history, clean, compute, check, build, publish, prune.

Takes the lease, records the run and its steps in the service database, and leaves yesterday's snapshot published
whatever fails. Called by `crisis refresh`, `crisis demo` and tests.
"""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Collection, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import partial
from pathlib import Path

import duckdb

from jobs.following.run_end import follow_dead, followed
from jobs.refresh import crash, steps
from jobs.refresh.causes import named
from jobs.refresh.course import course
from jobs.refresh.ending import limited
from jobs.refresh.history import History
from jobs.refresh.lease import Hold, take
from jobs.refresh.night import Night
from jobs.refresh.progress import Begun, Done, Moved, Progress, quiet
from jobs.refresh.prune import WORK, Retention, prune, sweep
from jobs.refresh.publish import is_newest, publish
from jobs.refresh.recipe import Recipe
from jobs.refresh.records import RunLog, Step
from jobs.refresh.replay import choose, refuse_before_events
from jobs.refresh.retention import forget
from jobs.refresh.steps import Numbers
from jobs.refresh.stopping import Told, Watch, never
from jobs.source import marks
from jobs.source.contract import TABLES
from jobs.source.demo import keys as demo_keys
from jobs.verdict import ACCEPTABLE, acceptable, refuse, standing
from models import monitoring
from models.clock import now
from models.database import engine as open_engine
from models.errors import FolderNotWritable
from models.settings import JobSettings
from models.snapshot import layout
from models.snapshot.manifest import CheckResult, Manifest


@dataclass(frozen=True)
class Outcome:
    """How a run ended. `state` is published, unchanged or replayed; `rows` counts the snapshot's."""

    run_id: str
    state: str
    version: str
    as_of: str
    message: str
    rows: int = 0
    checks: tuple[CheckResult, ...] = ()
    pruned: tuple[str, ...] = ()


@dataclass(frozen=True)
class Job:
    """What every part of one run uses."""

    settings: JobSettings
    profile: str
    numbers: Numbers
    history: History
    hold: Hold
    log: RunLog
    tell: Progress
    con: duckdb.DuckDBPyConnection
    staged: Path
    watch: Watch
    accepted: frozenset[str] = frozenset()
    resume: bool = False
    started: datetime = field(default_factory=now)

    @contextmanager
    def step(self, name: str, total: int | None = None) -> Iterator[Step]:
        """Record and show a step; at its border the lease is proved, and whether the run may go on."""
        self.hold.renew()
        self.watch.border(name)
        self.tell(Begun(name, total))
        with self.log.step(name) as step:
            yield step
        self.tell(Done(name, step.rows))

    def stand(self, checks: Sequence[CheckResult], accepted: Collection[str]) -> tuple[CheckResult, ...]:
        """Record what the checks found, and go on with those that stand. Raises CheckFailed."""
        found = standing(checks, accepted)
        self.log.found(found)
        refuse(found)
        return found

    def advance(self, label: str) -> None:
        """One part of the running step is done."""
        self.tell(Moved(label))
        self.watch.part()


def refresh(
    settings: JobSettings,
    *,
    as_of: date | None = None,
    profile: str | None = None,
    trigger: str = "cli",
    accept: Collection[str] = (),
    progress: Progress = quiet,
    numbers: Numbers | None = None,
    run_id: str | None = None,
    resume: bool = False,
    told: Told = never,
) -> Outcome:
    """Make and publish the snapshot of now, or, with `as_of`, that of a past local day from the history alone.

    `accept` names failed checks of the delivery that are to stand all the same (ConfigurationError for others).
    `run_id` is the id under which the run was asked for; `resume` lets it go on from the night of a dead run where
    the rule of jobs.refresh.course says so; `told` says when this process has to end. The service database must be
    migrated. Raises the JobError of whatever went wrong, after recording it; what is published then stays as it is.
    """
    accepted = acceptable(accept)
    service = open_engine(settings.service_database)
    run_id = run_id or secrets.token_hex(16)
    with ExitStack() as held:
        held.callback(service.dispose)
        held.enter_context(followed(settings, service, run_id, told, progress))
        late = held.enter_context(limited(settings, run_id, partial(follow_dead, settings, run_id)))
        held.enter_context(named())
        hold = take(service, run_id, settings.lease_seconds)
        held.callback(hold.release)
        held.enter_context(hold.beating())
        log = RunLog(service, run_id)
        held.enter_context(log.run(trigger, hold.fence, layout.current_version(settings.snapshots)))
        held.enter_context(named())
        place = held.enter_context(_workplace(settings))
        con = held.enter_context(steps.scratch(place))
        held.enter_context(hold.explaining())
        job = Job(
            settings=settings,
            profile=profile or settings.cleaning_profile,
            numbers=numbers or Numbers(),
            history=History(settings.history),
            hold=hold,
            log=log,
            tell=progress,
            con=con,
            staged=place,
            watch=Watch(service, run_id, told, late),
            accepted=accepted,
            resume=resume,
        )
        outcome = _night(job) if as_of is None else _replay(job, as_of)
        log.end(outcome.state, outcome.message)
    return outcome


@contextmanager
def _workplace(settings: JobSettings) -> Iterator[Path]:
    """A scratch folder below the home folder, after what dead runs left is gone. Raises FolderNotWritable."""
    try:
        settings.home.mkdir(parents=True, exist_ok=True)
        sweep(settings.home, settings.snapshots, settings.history)
        place = settings.home / f"{WORK}{secrets.token_hex(8)}"
        place.mkdir()
    except OSError as error:
        raise FolderNotWritable(f"{settings.home} cannot be written") from error
    try:
        yield place
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _night(job: Job) -> Outcome:
    """The nightly run: what the source says now becomes a night of the history and a published snapshot."""
    settings = job.settings
    night, fresh, why = _delivered(job)
    made = steps.write_recipe(settings, job.history, night, night.moment, job.profile)
    job.log.note(night.moment, made.version)
    if not fresh and _serves(settings.snapshots, made.version):
        message = f"nothing new since {night.as_of}: {made.version} stays published"
        return Outcome(job.log.run_id, "unchanged", made.version, night.as_of, message)
    snapshot = _make(job, night, made)
    with job.step("publish"):
        publish(settings.snapshots, made.version, job.hold)
    counts = f"{night.added:,} source rows added, {night.changed:,} changed, {night.deleted:,} gone"
    message = "; ".join(filter(None, (f"published {made.version}: {counts}", why)))
    return _finish(job, snapshot, "published", message)


def _delivered(job: Job) -> tuple[Night, bool, str]:
    """The night to make figures of, whether it has news, and, after a run that failed, why it is this one."""
    kept = job.history.nights()
    newest = kept[-1] if kept else None
    published = newest is not None and job.log.was_published(newest.moment)
    chosen = course(newest, job.log.before(), job.started, allowed=job.resume, published=published)
    if chosen.why:
        job.log.say(chosen.why)
    if chosen.night is not None:
        with job.step("resume") as step:
            step.detail = monitoring.counted(chosen.night.added, chosen.night.changed, chosen.night.deleted)
            return chosen.night, True, chosen.why
    return *_read(job), chosen.why


def _read(job: Job) -> tuple[Night, bool]:
    """Contract, extract, history: the night of what the source says now, and whether it has news."""
    settings = job.settings
    with job.step("contract"):
        source = steps.check_contract(settings)
        if not source.synthetic:
            demo_keys.revoke(settings, job.hold.engine)
    with job.step("extract", len(TABLES)) as step:
        extracted = steps.extract_all(settings, job.staged, job.advance, job.con, job.history)
        step.rows = extracted.rows
    with job.step("history") as step:
        delivery = steps.receive(job.con, job.history, job.staged, source, job.started, read=extracted.checks)
        step.detail = steps.told(delivery.differences)
        # a demonstration's rows come and go as somebody makes them: nothing about its delivery can surprise
        checks = job.stand(delivery.checks, ACCEPTABLE if source.synthetic else job.accepted)
        if delivery.fresh:
            night = job.history.commit(
                job.con,
                job.staged,
                delivery.differences,
                source=source,
                checks=checks,
                as_of=job.started,
                guard=job.hold.critical(),
            )
        else:
            night = job.history.nights()[-1]
        if extracted.marks is not None:
            marks.keep(settings.home, extracted.marks, night.name)
        step.rows = sum(found.stored for found in delivery.differences.values())
    return night, delivery.fresh


def _replay(job: Job, day: date) -> Outcome:
    """A past day again, from the history alone; it is published only where it is the newest there is."""
    settings = job.settings
    with job.step("history"):
        known = choose(job.history.nights(), day)
    made = steps.write_recipe(settings, job.history, known.night, known.as_of, job.profile)
    job.log.note(known.as_of, made.version)
    snapshot = _make(job, known.night, made, day)
    state, message = "replayed", f"replayed {day.isoformat()} as {made.version}; what is published stays"
    if is_newest(settings.snapshots, known.as_of):
        with job.step("publish"):
            publish(settings.snapshots, made.version, job.hold)
        state, message = "published", f"replayed {day.isoformat()} and published {made.version}"
    return _finish(job, snapshot, state, message)


def _make(job: Job, night: Night, made: Recipe, day: date | None = None) -> Manifest:
    """From the rows in force at `night` to a finished snapshot folder; `day` is the day that a replay asks for."""
    parameters = made.parameters
    with job.step("clean"):
        job.history.in_force(job.con, night.recorded)
        if day is not None:
            refuse_before_events(job.con, day, night.zone)
        steps.make_facts(job.con, parameters, job.numbers)
    with job.step("compute", len(steps.published())) as step:
        step.rows = steps.make_views(job.con, job.numbers, job.advance)
    with job.step("check"):
        checks = job.stand((*night.checks, *steps.judge(job.con, parameters, job.numbers)), ())
    with job.step("build") as step:
        snapshot = steps.make_snapshot(job.con, job.settings.snapshots, made, night, checks)
        step.rows = sum(facts.rows for facts in snapshot.views.values())
    return snapshot


def _finish(job: Job, snapshot: Manifest, state: str, message: str) -> Outcome:
    """Prune, and say how it went."""
    settings = job.settings
    retention = Retention(settings.keep_snapshots_hours, settings.keep_snapshots_days, snapshot.city_zone)
    with job.step("prune"):
        pruned = prune(job.hold.engine, settings.snapshots, snapshot.version, job.started, retention)
        forget(settings, job.hold.engine, job.started)
        with suppress(OSError, duckdb.Error):  # what is published does not depend on it; the next night tries again
            job.history.bundle(job.con)
    crash.point("prune.done")
    rows = sum(facts.rows for facts in snapshot.views.values())
    run_id = job.log.run_id
    return Outcome(run_id, state, snapshot.version, snapshot.as_of, message, rows, snapshot.checks, pruned)


def _serves(snapshots: Path, version: str) -> bool:
    """Whether `version` is published and whole."""
    return layout.current_version(snapshots) == version and layout.manifest_path(snapshots / version).is_file()
