"""The end of a run, good or bad -> what follows: the webhook is told, Power BI refreshes, the webhook is told of that.

Each is recorded as a step of the run, whose own outcome stays as it is whatever happens here; the lease has been given
back by then. Without settings nothing happens. Called by jobs.refresh.run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path

import httpx
import msgspec
from sqlalchemy import Engine, select
from sqlalchemy.exc import SQLAlchemyError

from jobs.following.configured import PowerBi, power_bi, webhooks
from jobs.following.patience import Patience
from jobs.following.refreshing import Ending, Wanted, refresh_model
from jobs.following.service import Service, calling
from jobs.following.webhook import tell
from jobs.refresh.history import History
from jobs.refresh.progress import Begun, Done, Progress, quiet
from jobs.refresh.records import RUNS, RunLog, is_followed
from jobs.refresh.stopping import Told, never
from models.clock import iso, local_day, now, parse_instant
from models.database import engine as open_engine
from models.errors import ConfigurationError, CrisisError
from models.settings import JobSettings
from models.snapshot import layout, manifest

WEBHOOK_SECONDS = 60.0
TROUBLES = (httpx.HTTPError, httpx.InvalidURL, CrisisError, SQLAlchemyError, OSError, ValueError)
"""What may happen here and must not reach the run."""

MakePatience = Callable[[float], Patience]


@dataclass(frozen=True)
class End:
    """How the run ended: without an error, or by its code."""

    run_id: str
    error_code: str | None = None
    exit_code: int = 0

    @property
    def good(self) -> bool:
        """Whether the run did its work."""
        return self.error_code is None


@dataclass(frozen=True)
class Published:
    """What readers see after the run. `day` is the city's."""

    version: str | None
    as_of: str | None
    day: date


@contextmanager
def followed(
    settings: JobSettings, engine: Engine, run_id: str, told: Told = never, show: Progress = quiet
) -> Iterator[None]:
    """A run is inside. What follows comes after it, good or bad; its error passes on as it was."""
    try:
        yield
    except Exception as error:
        known = error if isinstance(error, CrisisError) else CrisisError("")
        follow(settings, engine, End(run_id, known.code, known.exit_code), told=told, show=show)
        raise
    follow(settings, engine, End(run_id), told=told, show=show)


def revised(history: Path) -> bool:
    """Whether the newest night changed or removed anything: then past days may read otherwise now."""
    try:
        nights = History(history).nights()
    except CrisisError:
        return False
    return bool(nights) and nights[-1].changed + nights[-1].deleted > 0


def follow(
    settings: JobSettings,
    engine: Engine,
    end: End,
    *,
    told: Told = never,
    show: Progress = quiet,
    patience: MakePatience | None = None,
) -> None:
    """Do what follows the run's end, where it began at all. Never raises what is expected to go wrong."""
    if not (_any_webhook(settings) or _any_power_bi(settings)):
        return
    make = patience or (lambda seconds: Patience(seconds, told=told))
    try:
        state = _state(engine, end.run_id)
        if state is None:
            return
        seen = published(settings)
        with calling() as client:
            after = _After(settings, RunLog(engine, end.run_id), client, make, show)
            after.tell("webhook", end.good, _run_message(end, state, seen))
            endings = after.refresh(seen.day)
            if endings:
                good = all(each.outcome == "done" for each in endings.values())
                said = {"models": {name: each.outcome for name, each in endings.items()}}
                after.tell("webhook powerbi", good, {"event": "powerbi", "ok": good, "run_id": end.run_id, **said})
    except TROUBLES:
        return  # the record could not be written; the run's own end is on record already


def follow_dead(settings: JobSettings, run_id: str, exit_code: int) -> None:
    """Do what follows the end of a run whose process could not see to it any more, where nothing of it is on record."""
    engine = open_engine(settings.service_database)
    try:
        with engine.connect() as connection:
            run = connection.execute(select(RUNS.c.state, RUNS.c.error_code).where(RUNS.c.run_id == run_id)).first()
        if run is not None and not is_followed(engine, run_id):
            failed = run.state == "failed"
            follow(settings, engine, End(run_id, run.error_code, exit_code) if failed else End(run_id))
    except SQLAlchemyError:
        return  # nothing is known of the run; the dead-man's switch will notice
    finally:
        engine.dispose()


@dataclass(frozen=True)
class _After:
    """What every part uses."""

    settings: JobSettings
    log: RunLog
    client: httpx.Client
    make: MakePatience
    show: Progress

    def refresh(self, day: date) -> dict[str, Ending]:
        """Every model, one after the other; one that does not refresh keeps no other one from it."""
        try:
            asked = power_bi(self.settings)
        except ConfigurationError as error:
            ending = Ending("failed", error.message)
            return {"settings": self._recorded("powerbi", lambda: ending)}
        if asked is None:
            return {}
        wanted = wishes(asked, day, changed=asked.narrowed and revised(self.settings.history))
        ask = partial(self._one, asked)
        return {name: self._recorded(f"powerbi {name}", partial(ask, each)) for name, each in wanted.items()}

    def tell(self, name: str, good: bool, message: Mapping[str, object]) -> None:
        """Tell the webhook for this kind of end, where there is one."""
        if _any_webhook(self.settings):
            self._recorded(name, lambda: self._sent(good, message))

    def _one(self, asked: PowerBi, wanted: Wanted) -> Ending:
        return refresh_model(Service(asked, self.client), wanted, self.make(asked.seconds))

    def _sent(self, good: bool, message: Mapping[str, object]) -> Ending:
        address = webhooks(self.settings).get(good)
        if address is None:
            return Ending("done", "no address")
        return tell(self.client, address, message, self.make(WEBHOOK_SECONDS))

    def _recorded(self, name: str, do: Callable[[], Ending]) -> Ending:
        """Do it as a step of the run; what goes wrong is how it ended."""
        self.show(Begun(name))
        with self.log.step(name) as step:
            try:
                ending = do()
            except TROUBLES as error:
                said = error.message if isinstance(error, ConfigurationError) else type(error).__name__
                ending = Ending("failed", said)
            step.outcome, step.detail = ending.outcome, ending.detail
        self.show(Done(f"{name}: {ending.outcome}"))
        return ending


def published(settings: JobSettings) -> Published:
    """What is served now, and the city's day that it describes; without any, today."""
    version = layout.current_version(settings.snapshots)
    try:
        said = manifest.read(settings.snapshots / version) if version else None
    except (OSError, msgspec.MsgspecError):
        said = None
    if said is None:
        return Published(version, None, local_day(now(), settings.city_zone))
    return Published(version, said.as_of, local_day(parse_instant(said.as_of), said.city_zone))


def wishes(asked: PowerBi, day: date, *, changed: bool) -> dict[str, Wanted]:
    """Audience -> what is wanted of its model; `changed`: past days may read otherwise now."""
    return {name: Wanted(name, model, day, changed) for name, model in asked.models.items()}


def _state(engine: Engine, run_id: str) -> str | None:
    """The state on record; None for a run that never began, because another one held the lease."""
    with engine.connect() as connection:
        return connection.scalar(select(RUNS.c.state).where(RUNS.c.run_id == run_id))


def _any_webhook(settings: JobSettings) -> bool:
    return settings.webhook_url is not None or settings.webhook_failure_url is not None


def _any_power_bi(settings: JobSettings) -> bool:
    try:
        return power_bi(settings) is not None
    except ConfigurationError:
        return True


def _run_message(end: End, state: str, seen: Published) -> dict[str, object]:
    return {
        "event": "run",
        "ok": end.good,
        "run_id": end.run_id,
        "state": state,
        "error_code": end.error_code,
        "exit_code": end.exit_code,
        "published": seen.version,
        "as_of": seen.as_of,
        "sent_at": iso(now()),
    }
