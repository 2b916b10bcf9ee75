"""The FastAPI part: pages, health, counters and runs. No data route: those stand beside it (api.edge.switch).

FastAPI's own documentation pages load scripts from elsewhere, so they are off; /docs is ours.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from fastapi import FastAPI, Request, Response
from starlette.exceptions import HTTPException
from starlette.routing import Match, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from api.edge.frame import unforeseen
from api.edge.note import Note, note_of
from api.routes import health, pages, runs
from api.routes.parts import Parts
from models.errors import CrisisError, MethodProblem, NotFound

METHODS = ("GET", "HEAD", "POST", "DELETE")

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]


def site(parts: Parts, version: str, lifespan: Lifespan) -> FastAPI:
    """The application for everything that is not data."""
    app = FastAPI(
        title="Crisis Metrics",
        version=version,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=lifespan,
    )
    pages.add_routes(app, parts, version)
    health.add_routes(app, parts)
    runs.add_routes(app, parts)

    async def known(request: Request, error: Exception) -> Response:
        note = note_of(request.scope)
        return _written(parts, note, error if isinstance(error, CrisisError) else unforeseen(note))

    async def unrouted(request: Request, error: Exception) -> Response:
        allowed = _methods(app, request.scope) if isinstance(error, HTTPException) and error.status_code == 405 else ""
        problem = NotFound("there is no such address")
        return _written(
            parts, note_of(request.scope), MethodProblem(f"only {allowed}", allowed) if allowed else problem
        )

    app.add_exception_handler(CrisisError, known)
    app.add_exception_handler(HTTPException, unrouted)
    app.add_exception_handler(Exception, known)
    app.add_middleware(_RouteName)
    return app


def _methods(app: FastAPI, scope: Scope) -> str:
    """What may be done at an address, as the Allow header has it."""
    here = [route for route in app.routes if isinstance(route, Route) and route.matches(scope)[0] is not Match.NONE]
    found = {method for route in here for method in route.methods or ()}
    return ", ".join(sorted(found | {"HEAD"} if "GET" in found else found, key=METHODS.index))


def _written(parts: Parts, note: Note, error: CrisisError) -> Response:
    note.code = error.code
    made = parts.problem(error, note)
    answer = Response(b"".join(made.body), made.status)
    for name, value in made.headers:
        answer.headers.append(name, value)
    return answer


class _RouteName:
    """Writes the matched route into the note, one of few words, so that counters stay few."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self._app(scope, receive, send)
        finally:
            if scope["type"] == "http" and (route := scope.get("route")) is not None:
                note_of(scope).route = getattr(route, "path", "none")
