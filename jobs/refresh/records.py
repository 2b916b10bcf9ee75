"""What the service database remembers of a run: its state, its steps, and how it ended.

Writes the tables `refresh_run`, `refresh_step` and `refresh_check` only, in short transactions, so that a killed run
shows how far it came. Never holds row values. Called by jobs.refresh.run; read by RefreshStatus, prune and doctor.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime

from sqlalchemy import Connection, Engine, Table, delete, func, insert, or_, select, update

from jobs.refresh.course import Before
from models.clock import now
from models.errors import CrisisError
from models.service import RefreshCheck, RefreshRun, RefreshStep
from models.snapshot.manifest import CheckResult

RUNS: Table = RefreshRun.__table__  # type: ignore[attr-defined]
CHECKS: Table = RefreshCheck.__table__  # type: ignore[attr-defined]
STEPS: Table = RefreshStep.__table__  # type: ignore[attr-defined]
INTERRUPTED = "Interrupted"
LENGTH = 512
DETAIL = 256


class Step:
    """A running step; set `rows` to what it handled, `outcome` and `detail` where done or failed do not say it all."""

    rows: int | None = None
    outcome: str | None = None
    detail: str | None = None


class RunLog:
    """The record of one run."""

    def __init__(self, engine: Engine, run_id: str) -> None:
        self.engine = engine
        self.run_id = run_id

    @contextmanager
    def run(self, trigger: str, fence: int, current: str | None) -> Iterator[None]:
        """Keep the record of a run from start to end; `current` is the published version when it starts.

        Runs that were killed are closed first: the lease proves that none lives.
        """
        moment = _now()
        with self.engine.begin() as connection:
            _close_interrupted(connection, moment, current)
            connection.execute(
                insert(RUNS).values(
                    run_id=self.run_id, trigger=trigger, state="running", started_at=moment, fence=fence
                )
            )
        with ExitStack() as ending:
            ending.push(self._ended)
            yield

    @contextmanager
    def step(self, name: str) -> Iterator[Step]:
        """Record a step from its start to its end, failed when it raises."""
        step, outcome = Step(), "failed"
        with self.engine.begin() as connection:
            made = connection.execute(
                insert(STEPS).values(run_id=self.run_id, name=name, started_at=_now(), outcome="running")
            )
            (step_id,) = made.inserted_primary_key or (None,)
        try:
            yield step
            outcome = "done"
        finally:
            with self.engine.begin() as connection:
                connection.execute(
                    update(STEPS)
                    .where(STEPS.c.step_id == step_id)
                    .values(
                        ended_at=_now(),
                        outcome=step.outcome or outcome,
                        rows=step.rows,
                        detail=step.detail[:DETAIL] if step.detail else None,
                    )
                )

    def before(self) -> Before | None:
        """How the run before this one ended; replays do not count. None for the first."""
        resumed = select(STEPS.c.step_id).where(STEPS.c.run_id == RUNS.c.run_id, STEPS.c.name == "resume").exists()
        with self.engine.connect() as connection:
            last = connection.execute(
                select(RUNS.c.run_id, RUNS.c.state, RUNS.c.error_code)
                .where(RUNS.c.run_id != self.run_id, RUNS.c.state != "replayed")
                .order_by(RUNS.c.fence.desc(), RUNS.c.started_at.desc())
                .limit(1)
            ).first()
            if last is None:
                return None
            again = connection.scalar(select(RUNS.c.run_id).where(RUNS.c.run_id == last.run_id, resumed))
        return Before(last.state, last.error_code, again is not None)

    def was_published(self, as_of: datetime) -> bool:
        """Whether a run ended well with the figures of this moment (aware)."""
        with self.engine.connect() as connection:
            found = select(RUNS.c.run_id).where(
                RUNS.c.as_of == as_of.replace(tzinfo=None), RUNS.c.state.in_(("published", "unchanged"))
            )
            return connection.scalar(found.limit(1)) is not None

    def say(self, message: str) -> None:
        """What people read about the run while it goes on."""
        self._set(message=message[:LENGTH])

    def found(self, checks: Sequence[CheckResult]) -> None:
        """Record the checks that did not simply pass, in place of those recorded before."""
        rows = [
            {"run_id": self.run_id, "check_id": each.check, "outcome": each.outcome, "detail": each.detail[:LENGTH]}
            for each in checks
            if each.outcome != "passed"
        ]
        with self.engine.begin() as connection:
            connection.execute(delete(CHECKS).where(CHECKS.c.run_id == self.run_id))
            if rows:
                connection.execute(insert(CHECKS), rows)

    def note(self, as_of: datetime, version: str) -> None:
        """Record what is being made, as soon as it is known. `as_of` is aware."""
        self._set(as_of=as_of.replace(tzinfo=None), snapshot_version=version)

    def end(self, state: str, message: str) -> None:
        """Close the record of a run that did its work: published, unchanged or replayed."""
        self._set(state=state, ended_at=_now(), message=message[:LENGTH])

    def _ended(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        """Record a failure and let it pass: a known one by code and message, any other by its kind alone.

        The message of an unknown failure may hold row values. What is published by now, as the run that took the lease
        has found, stays published, whatever this one ran into afterwards.
        """
        if error is None:
            return
        code, message = "InternalError", type(error).__name__
        if isinstance(error, CrisisError):
            code, message = error.code, error.message
        values = {"state": "failed", "ended_at": _now(), "error_code": code, "message": message[:LENGTH]}
        with self.engine.begin() as connection:
            mine = update(RUNS).where(RUNS.c.run_id == self.run_id, RUNS.c.state != "published")
            connection.execute(mine.values(**values))

    def _set(self, **values: object) -> None:
        with self.engine.begin() as connection:
            connection.execute(update(RUNS).where(RUNS.c.run_id == self.run_id).values(**values))


def close_interrupted(engine: Engine, current: str | None) -> None:
    """Close what killed runs left open. The caller holds the lease, which proves that none lives."""
    with engine.begin() as connection:
        _close_interrupted(connection, _now(), current)


def is_followed(engine: Engine, run_id: str) -> bool:
    """Whether anything of what follows a run's end is on its record."""
    after = or_(STEPS.c.name.startswith("webhook"), STEPS.c.name.startswith("powerbi"))
    with engine.connect() as connection:
        return connection.scalar(select(STEPS.c.step_id).where(STEPS.c.run_id == run_id, after).limit(1)) is not None


def explain(engine: Engine, run_id: str, code: str, message: str) -> None:
    """Say why a run failed that could only say that it was ended."""
    with engine.begin() as connection:
        failed = update(RUNS).where(RUNS.c.run_id == run_id, RUNS.c.state == "failed")
        connection.execute(failed.values(error_code=code, message=message))


def never_began(engine: Engine, run_id: str, trigger: str, code: str) -> None:
    """The record of a run whose process ended before it could begin one."""
    moment = _now()
    message = "The run ended before its first step; `crisis doctor` says what is missing."
    with engine.begin() as connection:
        connection.execute(
            insert(RUNS).values(
                run_id=run_id,
                trigger=trigger,
                state="failed",
                started_at=moment,
                ended_at=moment,
                # after the runs that did begin: by this number they are put in order
                fence=connection.scalar(select(func.max(RUNS.c.fence))) or 0,
                error_code=code,
                message=message,
            )
        )


def _close_interrupted(connection: Connection, moment: datetime, current: str | None) -> None:
    """Close what killed runs left open; one that was killed after it moved the pointer did publish."""
    ended = {"ended_at": moment}
    connection.execute(update(STEPS).where(STEPS.c.outcome == "running").values(outcome="failed", **ended))
    running = update(RUNS).where(RUNS.c.state == "running")
    if current is not None:
        done = running.where(RUNS.c.snapshot_version == current)
        connection.execute(
            done.values(state="published", message="Published; it was ended before it could say so.", **ended)
        )
    message = "The process ended before the run did."
    connection.execute(running.values(state="failed", error_code=INTERRUPTED, message=message, **ended))


def _now() -> datetime:
    return now().replace(tzinfo=None)
