"""What the service notices about itself: frozen Observation values, and the sinks that log and count them.

Nothing else writes log lines. An observation holds names, shapes and numbers; never a row value, a literal of a
query, a secret, or a URL with anything but its path's first parts and its option names.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, TextIO

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest


@dataclass(frozen=True)
class RequestDone:
    """One answered request. `target` is redacted; `route` is one of few words, fit for counting."""

    request_id: str
    method: str
    route: str
    target: str
    status: int
    code: str | None
    key_id: str | None
    milliseconds: float
    bytes_sent: int


@dataclass(frozen=True)
class AccessRefused:
    """A request without a usable credential; `reason` is a word of ours, never what was sent."""

    request_id: str
    reason: str
    target: str


@dataclass(frozen=True)
class UnexpectedFailure:
    """Something that no one foresaw: kind and place, not its message, which may hold values."""

    request_id: str
    kind: str
    place: str


@dataclass(frozen=True)
class AuditWritten:
    """One batch of audit events is on the disk."""

    events: int
    milliseconds: float


@dataclass(frozen=True)
class AuditFailed:
    """Audit events could not be written; the requests that waited for them were refused."""

    events: int
    kind: str


@dataclass(frozen=True)
class StreamAborted:
    """A client left before its answer ended."""

    request_id: str
    bytes_sent: int


@dataclass(frozen=True)
class KeysUnreadable:
    """The service database did not answer; keys read before go on for a while, then access closes."""

    kind: str


@dataclass(frozen=True)
class Started:
    """The web process is up."""

    version: str
    snapshot: str | None


@dataclass(frozen=True)
class RecordingStarted:
    """Requests are recorded, redacted, in this file, which has room for so many bytes more."""

    file: str
    bytes_left: int


@dataclass(frozen=True)
class RecordingEnded:
    """Nothing more is recorded: the file is `full`, or could not be written."""

    why: str


Observation = (
    RequestDone
    | AccessRefused
    | UnexpectedFailure
    | AuditWritten
    | AuditFailed
    | StreamAborted
    | KeysUnreadable
    | RecordingStarted
    | RecordingEnded
    | Started
)
Observer = Callable[[Observation], None]

FAULTS = (UnexpectedFailure, AuditFailed, KeysUnreadable)


def json_lines(stream: TextIO) -> Observer:
    """A sink that writes each observation as one JSON line with its name and time (UTC)."""
    logger = structlog.wrap_logger(
        structlog.PrintLogger(stream),
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
            structlog.processors.JSONRenderer(),
        ],
    )

    def write(seen: Observation) -> None:
        if isinstance(seen, AuditWritten):
            return  # one for each request or so: counted, not logged
        say = logger.error if isinstance(seen, FAULTS) else logger.info
        say(type(seen).__name__, **asdict(seen))

    return write


class Counts:
    """A sink that counts for Prometheus, in a registry of its own so that two apps in one process never clash."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter("crisis_requests", "Requests answered.", ("route", "status"), registry=self.registry)
        self._seconds = Histogram(
            "crisis_request_seconds",
            "Seconds from first to last byte of an answer.",
            ("route",),
            registry=self.registry,
        )
        self._bytes = Counter("crisis_response_bytes", "Body bytes sent.", ("route",), registry=self.registry)
        self._refused = Counter(
            "crisis_access_refused", "Requests without a usable credential.", ("reason",), registry=self.registry
        )
        self._audit = Counter("crisis_audit_events", "Audit events by outcome.", ("outcome",), registry=self.registry)
        self._faults = Counter("crisis_faults", "Faults of the service itself.", ("kind",), registry=self.registry)
        self._aborted = Counter("crisis_aborted_streams", "Clients that left early.", registry=self.registry)
        self._stale = Gauge("crisis_data_stale", "1 while the published figures are stale.", registry=self.registry)
        self._age = Gauge("crisis_data_age_seconds", "Seconds since the figures' as-of.", registry=self.registry)

    def __call__(self, seen: Observation) -> None:
        """Count one observation."""
        match seen:
            case RequestDone():
                self._requests.labels(seen.route, str(seen.status)).inc()
                self._seconds.labels(seen.route).observe(seen.milliseconds / 1000)
                self._bytes.labels(seen.route).inc(seen.bytes_sent)
            case AccessRefused():
                self._refused.labels(seen.reason).inc()
            case AuditWritten():
                self._audit.labels("written").inc(seen.events)
            case AuditFailed():
                self._audit.labels("failed").inc(seen.events)
            case UnexpectedFailure() | KeysUnreadable():
                self._faults.labels(type(seen).__name__).inc()
            case StreamAborted():
                self._aborted.inc()
            case Started() | RecordingStarted() | RecordingEnded():
                pass

    def freshness(self, *, stale: bool, age_seconds: float | None) -> None:
        """Set what the figures' age is, asked for just before they are read."""
        self._stale.set(stale)
        if age_seconds is not None:
            self._age.set(age_seconds)

    def text(self) -> bytes:
        """All counts in the text format of Prometheus."""
        return generate_latest(self.registry)


def fan_out(*sinks: Observer) -> Observer:
    """An observer that hands every observation to each sink."""

    def observe(seen: Observation) -> None:
        for sink in sinks:
            sink(seen)

    return observe


def place_of(error: BaseException) -> dict[str, Any]:
    """Where an error was raised, innermost last, as `file:line function`; without messages or values."""
    places: list[str] = []
    trace = error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        places.append(f"{code.co_filename.rpartition('/')[2]}:{trace.tb_lineno} {code.co_name}")
        trace = trace.tb_next
    return {"kind": type(error).__name__, "place": " < ".join(reversed(places[-8:]))}
