"""What the routes share, put together once by `api.main`: settings, gates, the trail, the engine."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Engine as Database

from api.auth.keyring import Keyring
from api.edge.audit import AuditTrail
from api.edge.limits import QueryGate, RequestRate
from api.edge.note import Note
from api.freshness import Freshness
from api.observe import Counts, Observer
from api.odata.exchange import Limits, Response
from models.errors import CrisisError
from models.settings import ApiSettings


@dataclass(frozen=True)
class Parts:
    """One of each for a process."""

    settings: ApiSettings
    limits: Limits
    database: Database
    keyring: Keyring
    trail: AuditTrail
    rate: RequestRate
    gate: QueryGate
    observe: Observer
    counts: Counts
    freshness: Callable[[], Freshness]
    problem: Callable[[CrisisError, Note], Response]
