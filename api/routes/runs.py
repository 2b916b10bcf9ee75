"""/v1/refresh-runs: how refreshes went, and asking for one. This process runs none: a worker takes what is asked.

POST puts a request into the queue of the service database, or finds the one that waits there; DELETE asks that a run
does not go on. Both need the action `refresh-runs`, and refuse a browser that another site sent here, because it would
bring its saved key along. Called by api.routes.site.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from fastapi import Depends, FastAPI, Request
from fastapi.responses import JSONResponse
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session, select

from api.edge.note import note_of
from api.routes.guard import requires
from api.routes.parts import Parts
from models.clock import iso
from models.errors import Forbidden, NotFound, NoWorker, RunCancelled, Unavailable
from models.service import RefreshRun, queue
from models.service.queue import Asked
from models.service.runs import LATEST_FIRST

PATH = "/v1/refresh-runs"
RUNS_SHOWN = 50
LOOK_AGAIN = 10
"""Seconds after which a client that waits for a run may ask again."""
RUN_FIELDS = ("trigger", "started_at", "ended_at", "as_of", "snapshot_version", "error_code", "message")
STEP_FIELDS = ("name", "outcome", "started_at", "ended_at", "rows")
STATES = {
    "queued": "Waits for a worker.",
    "starting": "A worker has taken it; the first step has not begun.",
    "running": "Under way; `steps` says how far.",
    "cancelling": "Stops before its next step.",
    "cancelled": "Did not go on, as asked; what was published before stays.",
    "published": "New figures are published.",
    "unchanged": "Nothing was new; what was published before stays.",
    "replayed": "A past day was made again; what was published before stays.",
    "failed": "`error_code` and `message` say why; what was published before stays.",
}
"""Every state of a run, and what it means to who asked."""
MOVING = frozenset({"queued", "starting", "running", "cancelling"})


def add_routes(app: FastAPI, parts: Parts) -> None:
    """Put the routes on the site."""
    reads = requires(parts, "refresh-runs", "admin")
    asks = requires(parts, "refresh-runs")

    @app.get(PATH, dependencies=[Depends(reads)])
    def refresh_runs() -> list[dict[str, Any]]:
        with _database():
            return _listed(parts)

    @app.post(PATH, dependencies=[Depends(_from_here), Depends(asks)])
    def request_run(request: Request) -> JSONResponse:
        note = note_of(request.scope)
        with _database():
            if not queue.alive(parts.database):
                raise NoWorker("no worker has been heard of for two minutes", retry_after=60)
            run_id = queue.ask(parts.database, str(note.key_id))
            status = _status(parts, run_id)
        where = {"Location": f"{note.root}{PATH.removeprefix('/')}/{run_id}", "Retry-After": str(LOOK_AGAIN)}
        return JSONResponse(status, status_code=202, headers=where)

    @app.get(f"{PATH}/{{run_id}}", dependencies=[Depends(reads)])
    def refresh_run(run_id: str) -> JSONResponse:
        with _database():
            status = _status(parts, run_id)
        wait = {"Retry-After": str(LOOK_AGAIN)} if status["state"] in MOVING else None
        return JSONResponse(status, headers=wait)

    @app.delete(f"{PATH}/{{run_id}}", dependencies=[Depends(_from_here), Depends(asks)])
    def cancel_run(run_id: str, request: Request) -> JSONResponse:
        with _database():
            _status(parts, run_id)  # NotFound for an id of nobody
            queue.cancel(parts.database, run_id, str(note_of(request.scope).key_id))
            status = _status(parts, run_id)
        return JSONResponse(status, status_code=202 if status["state"] in MOVING else 200)


def state_of(asked: Asked) -> str:
    """One of STATES."""
    if asked.run is not None:
        if asked.run.state == queue.RUNNING:
            return "cancelling" if asked.cancel else "running"
        return "cancelled" if asked.run.error_code == RunCancelled.code else asked.run.state
    state = asked.request.state if asked.request else "failed"
    if state == queue.TAKEN:
        return "cancelling" if asked.cancel else "starting"
    return "failed" if state == queue.ENDED else state


def described(asked: Asked, *, steps: bool) -> dict[str, Any]:
    """What a client reads about one run: instants with their offset, null where there is nothing yet."""
    told: dict[str, Any] = {"run_id": asked.run.run_id if asked.run else asked.request and asked.request.request_id}
    told["state"] = state_of(asked)
    told |= _fields(asked.run, RUN_FIELDS)
    if asked.run is None:
        told["trigger"] = "api"
    told |= _fields(asked.request, ("requested_at", "requested_by"))
    told["cancel_requested_at"] = _told(asked.cancel.asked_at) if asked.cancel else None
    if steps:
        told["steps"] = [_fields(step, STEP_FIELDS) for step in asked.steps]
    return told


def _listed(parts: Parts) -> list[dict[str, Any]]:
    """What waits, then the last runs, the newest first."""
    waiting = [Asked(request, None, None) for request in queue.waiting(parts.database)]
    with Session(parts.database) as session:
        runs = session.exec(select(RefreshRun).order_by(*LATEST_FIRST).limit(RUNS_SHOWN)).all()
    return [described(asked, steps=False) for asked in (*waiting, *(Asked(None, run, None) for run in runs))]


def _status(parts: Parts, run_id: str) -> dict[str, Any]:
    """Raises NotFound."""
    asked = queue.seen(parts.database, run_id)
    if asked is None:
        raise NotFound("there is no such refresh run", hint=f"The last ones are listed at {PATH}.")
    return described(asked, steps=True)


def _fields(row: Any, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: _told(getattr(row, name)) if row is not None else None for name in names}


def _told(value: Any) -> Any:
    return iso(value.replace(tzinfo=UTC)) if isinstance(value, datetime) else value


def _from_here(request: Request) -> None:
    """A browser says where a request began; one that a page elsewhere began is not what its owner wanted."""
    if request.headers.get("sec-fetch-site", "none") not in ("none", "same-origin"):
        raise Forbidden("this came from a page of another site", hint="Ask from a program, or from this service.")


@contextmanager
def _database() -> Iterator[None]:
    try:
        yield
    except (SQLAlchemyError, TimeoutError) as error:
        raise Unavailable("the service database does not answer") from error
