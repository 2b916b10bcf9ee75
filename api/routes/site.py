"""The FastAPI part: pages, health, counters and runs. No data route: those stand beside it (api.edge.switch).

FastAPI's own documentation pages load scripts from elsewhere, so they are off; /docs is ours.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from fastapi import FastAPI, Request, Response
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Receive, Scope, Send

from api.edge.frame import unforeseen
from api.edge.note import Note, note_of
from api.routes import health, pages
from api.routes.parts import Parts
from models.errors import CrisisError, MethodProblem, NotFound

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

    async def known(request: Request, error: Exception) -> Response:
        note = note_of(request.scope)
        return _written(parts, note, error if isinstance(error, CrisisError) else unforeseen(note))

    async def unrouted(request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 404
        problem = MethodProblem("only GET and HEAD") if status == 405 else NotFound("there is no such address")
        return _written(parts, note_of(request.scope), problem)

    app.add_exception_handler(CrisisError, known)
    app.add_exception_handler(HTTPException, unrouted)
    app.add_exception_handler(Exception, known)
    app.add_middleware(_RouteName)
    return app


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
