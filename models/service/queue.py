"""Requests for a refresh: asked, taken, cancelled, ended; and the heartbeat of those who take them.

Rows of the service database in and out, each step one short transaction that two callers may try at once. Called by
api.routes.runs, which asks and never runs anything, and by jobs.schedule, which runs.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine, Table, delete, exists, insert, literal, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col
from sqlmodel import select as rows_of

from models.clock import now, wall
from models.service.requests import RefreshCancel, RefreshRequest, RefreshWorker
from models.service.runs import RefreshRun, RefreshStep

REQUESTS: Table = RefreshRequest.__table__  # type: ignore[attr-defined]
CANCELS: Table = RefreshCancel.__table__  # type: ignore[attr-defined]
WORKERS: Table = RefreshWorker.__table__  # type: ignore[attr-defined]
RUNS: Table = RefreshRun.__table__  # type: ignore[attr-defined]

QUEUED, TAKEN, ENDED, CANCELLED = "queued", "taken", "ended", "cancelled"
RUNNING = "running"
SILENT = timedelta(minutes=2)
"""A worker that has not beaten for this long is gone."""
FORGOTTEN = timedelta(days=1)
"""The row of a worker that is gone is kept this long."""
ATTEMPTS = 5
"""Most tries of an `ask` that meets others: each lost race means that somebody else's request came or went."""


@dataclass(frozen=True)
class Asked:
    """What is known under one id: a request, a run, or both; `steps` are the run's, in their order."""

    request: RefreshRequest | None
    run: RefreshRun | None
    cancel: RefreshCancel | None
    steps: tuple[RefreshStep, ...] = ()


def ask(engine: Engine, key_id: str) -> str:
    """The id of the request in the queue: the one that waits there, or a new one. Two at once get the same."""
    for _ in range(ATTEMPTS):
        with engine.connect() as connection:
            waiting = connection.scalar(select(REQUESTS.c.request_id).where(REQUESTS.c.state == QUEUED).limit(1))
        if waiting is not None:
            return str(waiting)
        made = secrets.token_hex(16)
        try:
            with engine.begin() as connection:
                connection.execute(
                    insert(REQUESTS).values(
                        request_id=made, state=QUEUED, slot=QUEUED, requested_at=_naive(now()), requested_by=key_id
                    )
                )
        except IntegrityError:
            continue  # another one was faster: theirs is ours too
        return made
    raise TimeoutError("the queue changed at every look")


def take(engine: Engine, worker_id: str) -> str | None:
    """Take the oldest request out of the queue; None when nothing waits, or another worker was faster."""
    with engine.begin() as connection:
        oldest = connection.scalar(
            select(REQUESTS.c.request_id)
            .where(REQUESTS.c.state == QUEUED)
            .order_by(REQUESTS.c.requested_at, REQUESTS.c.request_id)
            .limit(1)
        )
        if oldest is None:
            return None
        taken = connection.execute(
            update(REQUESTS)
            .where(REQUESTS.c.request_id == oldest, REQUESTS.c.state == QUEUED)
            .values(state=TAKEN, slot=REQUESTS.c.request_id, taken_at=_naive(now()), taken_by=worker_id)
        )
    return str(oldest) if taken.rowcount == 1 else None


def put_back(engine: Engine, request_id: str) -> None:
    """A request that was taken and never became a run waits again; one that was cancelled meanwhile is over."""
    with engine.begin() as connection:
        mine = update(REQUESTS).where(REQUESTS.c.request_id == request_id, REQUESTS.c.state == TAKEN)
        wanted = ~exists().where(CANCELS.c.run_id == request_id)
        back = connection.execute(mine.where(wanted).values(state=QUEUED, taken_at=None, taken_by=None))
        if back.rowcount != 1:
            connection.execute(mine.values(state=CANCELLED, ended_at=_naive(now())))


def end(engine: Engine, request_id: str) -> None:
    """The run of a request is over; how it went stands in the run's own record."""
    with engine.begin() as connection:
        connection.execute(
            update(REQUESTS)
            .where(REQUESTS.c.request_id == request_id, REQUESTS.c.state == TAKEN)
            .values(state=ENDED, ended_at=_naive(now()))
        )


def cancel(engine: Engine, run_id: str, key_id: str) -> None:
    """A request in the queue is over at once; a run stops before its next step; what has ended stays as it is."""
    moment = _naive(now())
    with engine.begin() as connection:
        over = connection.execute(
            update(REQUESTS)
            .where(REQUESTS.c.request_id == run_id, REQUESTS.c.state == QUEUED)
            .values(state=CANCELLED, slot=REQUESTS.c.request_id, ended_at=moment)
        )
    if over.rowcount:
        return
    taken = select(REQUESTS.c.request_id).where(REQUESTS.c.request_id == run_id, REQUESTS.c.state == TAKEN)
    running = select(RUNS.c.run_id).where(RUNS.c.run_id == run_id, RUNS.c.state == RUNNING)
    try:
        with engine.begin() as connection:
            if connection.scalar(select(literal(1)).where(or_(taken.exists(), running.exists()))):
                connection.execute(insert(CANCELS).values(run_id=run_id, asked_at=moment, asked_by=key_id))
    except IntegrityError:
        return  # asked for already


def is_cancelled(engine: Engine, run_id: str) -> bool:
    """Whether somebody wants this run not to go on."""
    with engine.connect() as connection:
        return connection.scalar(select(CANCELS.c.run_id).where(CANCELS.c.run_id == run_id)) is not None


def seen(engine: Engine, run_id: str) -> Asked | None:
    """Everything about one id; None when it is nobody's."""
    with Session(engine, expire_on_commit=False) as session:
        steps = session.exec(
            rows_of(RefreshStep).where(RefreshStep.run_id == run_id).order_by(col(RefreshStep.step_id))
        )
        found = Asked(
            session.get(RefreshRequest, run_id),
            session.get(RefreshRun, run_id),
            session.get(RefreshCancel, run_id),
            tuple(steps.all()),
        )
    return found if found.request or found.run else None


def waiting(engine: Engine) -> Sequence[RefreshRequest]:
    """Requests that are not a run yet, oldest first."""
    with Session(engine, expire_on_commit=False) as session:
        known = select(RUNS.c.run_id).where(RUNS.c.run_id == REQUESTS.c.request_id)
        query = rows_of(RefreshRequest).where(col(RefreshRequest.state).in_((QUEUED, TAKEN)), ~known.exists())
        return session.exec(query.order_by(col(RefreshRequest.requested_at))).all()


def abandoned(engine: Engine) -> tuple[str, ...]:
    """Requests that were taken by a worker who is gone."""
    limit = _naive(wall() - SILENT)
    alive = select(WORKERS.c.worker_id).where(WORKERS.c.worker_id == REQUESTS.c.taken_by, WORKERS.c.beat_at > limit)
    with engine.connect() as connection:
        found = connection.scalars(select(REQUESTS.c.request_id).where(REQUESTS.c.state == TAKEN, ~alive.exists()))
        return tuple(str(request_id) for request_id in found)


def beat(engine: Engine, worker_id: str, next_run_at: datetime | None) -> None:
    """Say that this worker is alive, and when it will run next (aware); rows of those long gone are removed."""
    moment = wall()
    values = {"beat_at": _naive(moment), "next_run_at": _naive(next_run_at) if next_run_at else None}
    with engine.begin() as connection:
        mine = update(WORKERS).where(WORKERS.c.worker_id == worker_id).values(**values)
        if connection.execute(mine).rowcount != 1:
            connection.execute(insert(WORKERS).values(worker_id=worker_id, started_at=_naive(moment), **values))
        connection.execute(delete(WORKERS).where(WORKERS.c.beat_at < _naive(moment - FORGOTTEN)))


def leave(engine: Engine, worker_id: str) -> None:
    """This worker ends: nobody need wait two minutes to find out."""
    with engine.begin() as connection:
        connection.execute(delete(WORKERS).where(WORKERS.c.worker_id == worker_id))


def alive(engine: Engine) -> bool:
    """Whether any worker has beaten within SILENT."""
    with engine.connect() as connection:
        limit = _naive(wall() - SILENT)
        return connection.scalar(select(WORKERS.c.worker_id).where(WORKERS.c.beat_at > limit).limit(1)) is not None


def _naive(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(tzinfo=None)
