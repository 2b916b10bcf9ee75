"""/healthz, /readyz and /metrics: the state of the service, for machines.

/readyz answers 200 while figures can be served, also when they are stale, and says so in `stale`, `stale_since` and
`reason`, with the checks that kept newer ones back: old figures that are marked as old beat none. It answers 503 when
nothing is published.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from fastapi import Depends, FastAPI, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST
from sqlalchemy.exc import SQLAlchemyError

from api.freshness import Freshness
from api.routes.guard import requires_here_or
from api.routes.parts import Parts
from models import monitoring
from models.clock import iso, now
from models.errors import Unavailable


def add_routes(app: FastAPI, parts: Parts) -> None:
    """Put the state of the service on the site."""

    @app.get("/healthz")
    async def healthz() -> dict[str, str]:
        return {"status": "ok"}

    @app.get("/readyz")
    def readyz() -> JSONResponse:
        fresh = parts.freshness()
        return JSONResponse(readiness(fresh), status_code=200 if fresh.version else 503)

    @app.get("/metrics", dependencies=[Depends(requires_here_or(parts, "refresh-runs", "admin"))])
    def metrics() -> Response:
        fresh = parts.freshness()
        age = (now() - fresh.as_of).total_seconds() if fresh.as_of else None
        parts.counts.freshness(stale=fresh.stale, age_seconds=age)
        try:
            nights = monitoring.text(monitoring.measured(parts.database, parts.settings.snapshots))
        except SQLAlchemyError as error:
            raise Unavailable("the service database does not answer") from error
        return Response(parts.counts.text() + nights.encode(), media_type=CONTENT_TYPE_LATEST)


def readiness(fresh: Freshness) -> dict[str, Any]:
    """What /readyz says."""
    return {
        "status": "ready" if fresh.version else "no snapshot",
        "version": fresh.version,
        "as_of": iso(fresh.as_of) if fresh.as_of else None,
        "published_at": iso(fresh.published_at) if fresh.published_at else None,
        "stale": fresh.stale,
        "stale_since": iso(fresh.stale_since) if fresh.stale_since else None,
        "reason": fresh.reason,
        "last_run": fresh.run.outcome,
        "blocked_by": [asdict(doubt) for doubt in fresh.run.blocked],
        "warned": [asdict(doubt) for doubt in fresh.warned],
        "synthetic": fresh.synthetic,
    }
