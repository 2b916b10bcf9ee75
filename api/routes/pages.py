"""/, /docs and /openapi.json: what people and generators read before they have a key."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse

from api.edge.note import note_of
from api.routes.docs_page import docs_page
from api.routes.openapi import document
from api.routes.parts import Parts
from api.routes.start_page import start_page


def add_routes(app: FastAPI, parts: Parts, version: str) -> None:
    """Put the pages on the site."""

    @app.get("/")
    def start(request: Request) -> HTMLResponse:
        return start_page(note_of(request.scope).root, version, parts.settings.city_zone, parts.freshness())

    @app.get("/docs")
    def docs(request: Request) -> HTMLResponse:
        return docs_page(note_of(request.scope).root, parts.settings)

    @app.get("/openapi.json")
    def openapi(request: Request) -> dict[str, Any]:
        return document(note_of(request.scope).root, version)
