"""The loop behind `crisis schedule`: look, begin what is due or asked for, see it to its end, look again.

Everything that it knows it reads from the service database at each look, so that a restart, a clock that jumped or a
second schedule beside it change nothing. Its heartbeat lets the service take requests. Called by `crisis schedule`.
"""

from __future__ import annotations

import os
import secrets
import socket
import time
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime, timedelta

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from jobs import monitoring
from jobs.refresh.ending import TELLING_SECONDS
from jobs.refresh.lease import is_held
from jobs.refresh.records import is_followed
from jobs.refresh.stopping import Told, never
from jobs.schedule import ledger, told
from jobs.schedule.nights import Plan, last_due, plan
from jobs.schedule.process import Apart, Following, Order, Run
from jobs.schedule.told import Began, Finished, Held, Say, Stopped, Trouble
from models.clock import now, wall
from models.errors import LeaseHeld, RunTooLong
from models.service import queue
from models.settings import JobSettings

LOOK_SECONDS = 1.0
"""Between two looks while nothing runs, or something does."""
NAP_SECONDS = 0.2
"""A signal is noticed at the latest after this."""
TROUBLE_SECONDS = 10.0
"""Before a service database that did not answer is asked again."""
BEAT = timedelta(seconds=20)
"""Between two heartbeats."""

Start = Callable[[JobSettings, Order], Run]
Follow = Callable[[JobSettings, str, int], Apart]


class Schedule:
    """One worker. `start` begins a run elsewhere, `follow` what follows one that could not see to it itself."""

    def __init__(
        self,
        settings: JobSettings,
        engine: Engine,
        say: Say,
        *,
        start: Start = Run,
        follow: Follow = Following,
        told: Told = never,
    ) -> None:
        self.settings = settings
        self.engine = engine
        self.worker_id = f"{socket.gethostname()[:40]}:{os.getpid()}"
        self.told = told
        self._say = say
        self._start = start
        self._follow = follow
        self._following: Apart | None = None
        self._run: Run | None = None
        self._begun = 0.0
        self._beaten: datetime | None = None
        self._next: datetime | None = None
        self._said: object = None

    @property
    def zone(self) -> str:
        """The city's zone."""
        return ledger.zone_of(self.settings)

    @property
    def run_seconds(self) -> float:
        """When a run's process is ended: it does so itself at CRISIS_RUN_HOURS, and what follows has its time."""
        return self.settings.run_hours * 3_600 + self.following_seconds

    @property
    def following_seconds(self) -> float:
        """The most that what follows a run takes."""
        return TELLING_SECONDS + self.settings.powerbi_wait_minutes * 60 * len(self.settings.powerbi_datasets)

    def run(self) -> None:
        """Until told to end."""
        try:
            while not self.told():
                self._nap(LOOK_SECONDS if self.look() else TROUBLE_SECONDS)
        finally:
            self._leave()

    def look(self) -> bool:
        """One look; False where the service database did not answer."""
        try:
            self._beat()
            if self._following is not None:
                self._followed(self._following)
            elif self._run is None:
                self._begin()
            elif self._run.exit_code is not None:
                self._settle(self._run.exit_code)
            elif time.monotonic() - self._begun > self.run_seconds:
                self._run.stop()
                self._settle(RunTooLong.exit_code)
        except SQLAlchemyError as error:
            self._once(Trouble(type(error).__name__))
            return False
        return True

    def plan(self) -> Plan:
        """What the records say about tonight."""
        moment, at, zone = now(), self.settings.schedule_at, self.zone
        seen = ledger.since(self.engine, last_due(moment, at, zone))
        return plan(moment, at, zone, seen, ledger.last_good(self.engine))

    def _begin(self) -> None:
        """Begin the night's run, or a request's; else say when the next one is."""
        found = self.plan()
        if is_held(self.engine):
            if found.begin:
                self._once(Held())
            return
        if found.begin:
            self._launch(Order(secrets.token_hex(16), request=False), found.why)
            return
        request = queue.take(self.engine, self.worker_id)
        if request is not None:
            self._launch(Order(request, request=True), "")
            return
        if (found.at, found.why) != self._said:
            self._said, self._next = (found.at, found.why), found.at
            self._beat(at_once=True)
            self._say(told.waiting(found.at, self.zone, now(), found.why))

    def _launch(self, order: Order, why: str) -> None:
        self._say(Began(order.run_id, order.trigger, why))
        self._said = None
        self._begun = time.monotonic()
        self._run = self._start(self.settings, order)
        self._beat(at_once=True)

    def _settle(self, exit_code: int) -> None:
        """The run's process has ended: close its record and its request, and say how it went."""
        assert self._run is not None  # noqa: S101 - for the type checker: the callers have looked
        order = self._run.order
        ended = ledger.settled(self.engine, self.settings, order.run_id, order.trigger, exit_code)
        if ended is None:
            queue.put_back(self.engine, order.run_id)
        else:
            queue.end(self.engine, order.run_id)
            self._say(Finished(**asdict(ended)))
            self._see_to(ended)
        self._run = None
        monitoring.write(self.settings, self.engine)
        if exit_code == LeaseHeld.exit_code:
            self._once(Held())

    def _see_to(self, ended: ledger.Ended) -> None:
        """What follows the run of a process that was killed is done from here; nobody else would."""
        if self.told() or not self.settings.follows or is_followed(self.engine, ended.run_id):
            return
        self._begun = time.monotonic()
        self._following = self._follow(self.settings, ended.run_id, ended.exit_code)

    def _followed(self, following: Apart) -> None:
        """Wait for it, as a run would."""
        if following.exit_code is None and time.monotonic() - self._begun <= self.following_seconds:
            return
        if following.exit_code is None:
            following.stop()
        self._following = None

    def kill(self) -> None:
        """End what is under way at once: for a schedule that has no time left."""
        for process in (self._run, self._following):
            if process is not None:
                process.kill()

    def _beat(self, *, at_once: bool = False) -> None:
        """Say that we live; take back what a worker took who does not."""
        moment = wall()
        if not at_once and self._beaten is not None and abs(moment - self._beaten) < BEAT:
            return
        queue.beat(self.engine, self.worker_id, self._next)
        monitoring.write(self.settings, self.engine)
        self._beaten = moment
        for request_id in queue.abandoned(self.engine):
            asked = queue.seen(self.engine, request_id)
            if asked is None or asked.run is None:
                queue.put_back(self.engine, request_id)
            elif asked.run.state != queue.RUNNING:
                queue.end(self.engine, request_id)

    def _leave(self) -> None:
        """End: a run under way is told so, its record closed, and nobody waits for our heartbeat."""
        try:
            if self._following is not None:
                self._following.stop()
            if self._run is not None:
                self._settle(self._run.stop())
            queue.leave(self.engine, self.worker_id)
        except SQLAlchemyError as error:
            self._say(Trouble(type(error).__name__))
        self._say(Stopped())

    def _once(self, event: Held | Trouble) -> None:
        """Say it when it is news."""
        if event != self._said:
            self._said = event
            self._say(event)

    def _nap(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while not self.told() and (left := end - time.monotonic()) > 0:
            time.sleep(min(left, NAP_SECONDS))
