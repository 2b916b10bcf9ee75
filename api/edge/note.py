"""What is noted about one request while it is being answered: the only mutable thing between frame and routes.

Made by the frame, kept in the ASGI scope, filled in by the guard and the routes, read by the frame for the log.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from api.edge.connection import Connection
from api.edge.target import Target
from api.odata.protocol.batch import Part

SCOPE_KEY = "crisis.note"
MEMBER_KEY = "crisis.member"


@dataclass(frozen=True)
class Member:
    """What the batch says to a request in it: its request id, and the snapshot that all of them read."""

    request_id: str
    version: str | None


@dataclass(frozen=True)
class PartDone:
    """A request of a batch, and what came of it."""

    part: Part
    status: int
    content_type: str | None


@dataclass
class Note:
    """One request. `request_id` is ours alone; none is accepted from outside. `version` is the snapshot that its batch
    reads; `parts` what was asked in a batch, None when nobody records it."""

    target: Target
    headers: Mapping[str, str]
    connection: Connection
    root: str
    request_id: str = field(default_factory=lambda: secrets.token_hex(12))
    version: str | None = None
    started: float = field(default_factory=time.perf_counter)
    route: str = "none"
    key_id: str | None = None
    role: str | None = None
    code: str | None = None
    status: int = 0
    content_type: str | None = None
    bytes_sent: int = 0
    parts: list[PartDone] | None = None

    @property
    def milliseconds(self) -> float:
        """Time since the request came in."""
        return (time.perf_counter() - self.started) * 1000


def note_of(scope: Mapping[str, Any]) -> Note:
    """The note of the request that this scope belongs to."""
    note = scope[SCOPE_KEY]
    assert isinstance(note, Note)  # noqa: S101 - for the type checker
    return note
