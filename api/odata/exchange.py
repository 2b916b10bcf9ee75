"""What goes into the engine and what comes out: plain values between the HTTP edge and `service`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Caller:
    """Who asks. `areas` / `teams` None = not restricted; an empty set = nothing."""

    key_id: str
    role: str
    purpose: str = "operations"
    areas: frozenset[str] | None = None
    teams: frozenset[str] | None = None


@dataclass(frozen=True)
class Limits:
    """Numbers on everything that a caller controls; from ApiSettings."""

    page_size: int = 10_000
    max_page_size: int = 50_000
    max_nodes: int = 2_000
    max_depth: int = 64
    max_export_rows: int = 1_000_000
    query_seconds: float = 30.0


@dataclass(frozen=True)
class Request:
    """One request below the service root.

    `path` is what follows the root, still percent-encoded (`Areas('001')/AreaName`); `query` is the raw
    query string; `headers` have lower-case names; `root` is the absolute public root, ending in `/`. `version` is the
    snapshot to read where that was decided before: all requests of a batch read one.
    """

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    root: str
    caller: Caller
    limits: Limits = field(default_factory=Limits)
    version: str | None = None


@dataclass(frozen=True)
class Trace:
    """What the audit trail may know of an answer: names and shapes, never values."""

    view: str | None = None
    shape: str | None = None
    rows: int | None = None
    version: str | None = None
    rows_read: int | None = None
    timings: tuple[tuple[str, float], ...] = ()
    code: str | None = None  # of the error, where the answer is one


@dataclass(frozen=True)
class Response:
    """One answer. `body` may be consumed once; chunks are bytes or memoryviews."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: Iterable[bytes | memoryview]
    trace: Trace = field(default_factory=Trace)
