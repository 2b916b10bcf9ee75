"""What the schedule says: frozen events, each one line for people or one JSON object for a log. No row values.

Called by jobs.schedule.loop; the command chooses the form.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from models.clock import iso, now


@dataclass(frozen=True)
class Waiting:
    """Nothing to do until `at` (ISO instant); `local` is the same in city time, `left` in words."""

    at: str
    local: str
    left: str
    why: str

    @property
    def text(self) -> str:
        """For people."""
        return f"Next run: {self.local}, in {self.left}." + (f" ({self.why})" if self.why else "")


@dataclass(frozen=True)
class Began:
    """A run begins."""

    run_id: str
    trigger: str
    why: str

    @property
    def text(self) -> str:
        """For people."""
        what = "Refresh, as asked for" if self.trigger == "api" else "Refresh of the night"
        return f"{what}, run {self.run_id}." + (f" ({self.why})" if self.why else "")


@dataclass(frozen=True)
class Finished:
    """A run ended; `exit_code` is 0, or the one of its cause."""

    run_id: str
    trigger: str
    state: str
    code: str | None
    exit_code: int
    message: str
    seconds: float

    @property
    def text(self) -> str:
        """For people."""
        how = f"{self.state} after {self.seconds:.0f} s: {self.message}"
        return how if self.exit_code == 0 else f"{how} [{self.code}, exit code {self.exit_code}]"


@dataclass(frozen=True)
class Held:
    """Something is due, and another run is under way."""

    why: str = "another refresh is running; this one waits for it"

    @property
    def text(self) -> str:
        """For people."""
        return f"Waiting: {self.why}."


@dataclass(frozen=True)
class Trouble:
    """The service database did not answer; it is asked again. `kind` is the error's class."""

    kind: str

    @property
    def text(self) -> str:
        """For people."""
        return f"The service database does not answer ({self.kind}). Trying again; check CRISIS_SERVICE_URL."


@dataclass(frozen=True)
class Stopped:
    """The schedule ends."""

    why: str = "told to end"

    @property
    def text(self) -> str:
        """For people."""
        return f"The schedule ends: {self.why}."


Event = Waiting | Began | Finished | Held | Trouble | Stopped
Say = Callable[[Event], None]


def waiting(at: datetime, zone: str, moment: datetime, why: str = "") -> Waiting:
    """The event for an instant (aware)."""
    local = at.astimezone(ZoneInfo(zone))
    return Waiting(iso(at), f"{local:%Y-%m-%d %H:%M %Z} ({at:%H:%M} UTC)", _left(at - moment), why)


def plain(event: Event) -> str:
    """One line for people."""
    return event.text


def structured(event: Event) -> str:
    """One JSON object."""
    return json.dumps({"time": iso(now()), "event": type(event).__name__, **asdict(event), "text": event.text})


def _left(span: timedelta) -> str:
    minutes = max(round(span.total_seconds() / 60), 0)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"
