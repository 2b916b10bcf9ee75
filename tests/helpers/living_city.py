"""A small city that lives: calls, incidents and requests day by day, and what staff do to their records later.

Writes a source of the contract in SQLite, row by row as its staff would: late entries, corrections, merges, duplicates,
reopenings, deletions, clocks out of order now and then, places that nobody knows. The same seed lives the same life.
Used by the drill of a year of nights.
"""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import accumulate, count, takewhile
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import delete, insert

from jobs.migrate import upgrade_crisis
from models.crisis import CrisisTable
from models.crisis.care import Consent, FollowUp, PersonContact, Referral, Request
from models.crisis.events import Call, Dispatch, Incident, UnitResponse
from models.crisis.reference import Area, Location, Partner, Person, Team, Unit
from models.database import engine

Row = dict[str, Any]
Model = type[CrisisTable]
AREAS = 4
CALLS_A_DAY = 34.0
"""Enough for each half of a day: with much fewer an empty afternoon may be chance, and no check says a word."""
INCIDENTS_A_DAY = 3.0
REQUESTS_A_DAY = 1.5
SOURCES = ("911",) * 9 + ("211",) * 8 + ("partner",) * 3
PRIORITIES = ("1", "2", "2", "3", "3", "3", "4")
TYPES = {
    "violent_critical": ("shooting", "stabbing", "homicide"),
    "person_in_crisis": ("crisis", "overdose", "wellness_check"),
}
LATE_SHARE = 0.03
"""Of calls and incidents: typed in days after they happened."""
LAST_CALL_FOR_DELETION = 30
"""Days after which nobody deletes a call any more."""


@dataclass(frozen=True)
class Change:
    """What somebody types: these values of one row; None deletes it."""

    model: Model
    key: object
    values: Row | None


class LivingCity:
    """A source that has lived up to a moment; `live` goes on. Moments are naive UTC."""

    def __init__(self, address: str, first: date, seed: int, zone: str) -> None:
        self.address = address
        self.zone = ZoneInfo(zone)
        self.random = random.Random(seed)
        self.told = first
        self._coming: list[tuple[datetime, int, Change]] = []
        self._order = count()
        self._numbers: dict[Model, Iterator[int]] = {}
        self._people: list[int] = []
        self.rows: dict[Model, dict[object, Row]] = {}
        upgrade_crisis(address)
        self._settle(self._midnight(first))

    def live(self, until: datetime) -> None:
        """Everything that staff typed up to `until` stands in the source."""
        while self._midnight(self.told) <= until:
            self._tell(self.told)
            self.told += timedelta(days=1)
        touched: dict[Model, set[object]] = {}
        while self._coming and self._coming[0][0] <= until:
            moment, _, change = heapq.heappop(self._coming)
            if self._type(moment, change):
                touched.setdefault(change.model, set()).add(change.key)
        self._write(touched)

    def _midnight(self, day: date) -> datetime:
        return self._local(day, 0)

    def _local(self, day: date, second: int) -> datetime:
        """An instant of a local day by its wall clock; naive UTC."""
        wall = datetime(day.year, day.month, day.day, tzinfo=self.zone) + timedelta(seconds=second)
        return wall.astimezone(UTC).replace(tzinfo=None)

    def _type(self, moment: datetime, change: Change) -> bool:
        held = self.rows.setdefault(change.model, {})
        if change.values is None:
            return held.pop(change.key, None) is not None
        row = held.get(change.key)
        if row is None:
            (key,) = _keys(change.model)
            if key not in change.values:
                return False  # somebody deleted it meanwhile
            row = held[change.key] = _blank(change.model)
        row.update(change.values, updated_at=moment)
        return True

    def _write(self, touched: dict[Model, set[object]]) -> None:
        made = engine(self.address)
        with made.begin() as connection:
            for model, keys in touched.items():
                (key,) = _keys(model)
                held = self.rows[model]
                gone = [number for number in keys if number not in held]
                if gone:
                    connection.execute(delete(model).where(model.__table__.c[key].in_(gone)))  # type: ignore[attr-defined]
                rows = [held[number] for number in sorted(keys, key=str) if number in held]
                if rows:
                    connection.execute(insert(model).prefix_with("OR REPLACE"), rows)
        made.dispose()

    def _at(self, moment: datetime, model: Model, key: object, **values: object) -> None:
        """Somebody types this at `moment`."""
        heapq.heappush(self._coming, (moment, next(self._order), Change(model, key, values)))

    def _gone(self, moment: datetime, model: Model, key: object) -> None:
        heapq.heappush(self._coming, (moment, next(self._order), Change(model, key, None)))

    def _new(self, model: Model, moment: datetime, **values: object) -> int:
        """A new record that is typed at `moment`; its number."""
        number = next(self._numbers.setdefault(model, count(1)))
        (key,) = _keys(model)
        self._at(moment, model, number, **{key: number}, **values)
        return number

    def _yes(self, share: float) -> bool:
        return self.random.random() < share

    def _after(self, moment: datetime, low: float, high: float) -> datetime:
        """A moment so many minutes later."""
        return moment + timedelta(seconds=round(60 * self.random.uniform(low, high)))

    def _many(self, mean: float) -> int:
        """A day's number: a quarter more uneven than chance alone would have it, as real ones are."""
        rate = self.random.gammavariate(4 * mean, 0.25)
        return sum(1 for _ in takewhile(lambda at: at < rate, accumulate(self._waits())))

    def _waits(self) -> Iterator[float]:
        while True:
            yield self.random.expovariate(1.0)

    def _settle(self, at: datetime) -> None:
        """What is there before anything happens."""
        for number in range(1, AREAS + 1):
            area = f"{number:03d}"
            named = {"kind": "neighbourhood", "version": "living", "name": f"Area {number}", "equity_class": "none"}
            self._at(at, Area, area, area_id=area, **named)
        for code in ("north", "south"):
            self._at(at, Team, code, team_code=code, name=code.title(), kind="mobile")
            self._at(at, Unit, code[0], unit_id=code[0], team_code=code)
        self._new(Partner, at, name="Clinic", kind="health_centre")

    def _tell(self, day: date) -> None:
        """All that begins on a day."""
        for mean, story in (
            (CALLS_A_DAY, self._call),
            (INCIDENTS_A_DAY, self._incident),
            (REQUESTS_A_DAY, self._request),
        ):
            self._each(day, mean, story)

    def _each(self, day: date, mean: float, story: Callable[[datetime], None]) -> None:
        lively = 1.15 if day.weekday() >= 4 else 1.0
        for second in sorted(self.random.randrange(86_400) for _ in range(self._many(mean * lively))):
            story(self._local(day, second))

    def _typed(self, moment: datetime) -> datetime:
        """When a record is typed in: soon, or days late."""
        return self._after(moment, 1440, 12 * 1440) if self._yes(LATE_SHARE) else self._after(moment, 1, 3)

    def _place(self, typed: datetime) -> int:
        word = "outside" if self._yes(0.03) else f"{self.random.randint(1, AREAS):03d}"
        return self._new(Location, typed, area_word=word, geocode_method="address")

    def _call(self, at: datetime) -> None:
        typed = self._typed(at)
        created = self._after(at, 0.5, 1.5)
        ready = self._after(created, 2, 6)
        call = self._new(
            Call,
            typed,
            call_no=f"C{at:%Y%m%d}-{next(self._order)}",
            kind="service",
            source=self.random.choice(SOURCES),
            priority=self.random.choice(PRIORITIES),
            call_arrival=at,
            call_answering=self._after(at, 0.1, 0.4),
            call_create=created,
            triaged_at=self._after(created, 1, 2),
            location_id=self._place(typed),
        )
        sent = self._yes(0.8)
        if not sent:
            stopped = self.random.choice(("resolved_by_phone", "ineligible_medical", "no_team"))
            self._at(max(typed, ready), Call, call, eligible=False, stop_reason=stopped, closed_at=ready)
        else:
            self._at(max(typed, ready), Call, call, eligible=True, ready_at=ready)
            self._sent(call, typed, ready)
        later = self._after(typed, 1440, LAST_CALL_FOR_DELETION * 1440)
        if self._yes(0.02):
            self._at(later, Call, call, priority=self.random.choice(PRIORITIES))
        elif not sent and self._yes(0.05) and call > 1:
            self._at(later, Call, call, duplicate_of=call - 1)
        elif not sent and self._yes(0.05):
            self._gone(later, Call, call)

    def _sent(self, call: int, typed: datetime, ready: datetime) -> None:
        """A team goes out, meets somebody perhaps, and the care begins."""
        team = self.random.choice(("north", "south"))
        sent = self._after(ready, 1, 10)
        there = self._after(sent, 8, 45) if not self._yes(0.01) else self._after(sent, -30, -5)
        clear = self._after(max(there, sent), 20, 120)
        dispatch = self._new(Dispatch, max(typed, sent), call_id=call, team_code=team, offered_at=ready)
        unit = self._new(
            UnitResponse,
            max(typed, sent),
            dispatch_id=dispatch,
            call_id=call,
            unit_id=team[0],
            team_code=team,
            time_dispatch=sent,
            mode="mobile",
        )
        met = self._yes(0.6)
        self._at(
            max(typed, clear),
            UnitResponse,
            unit,
            time_on_scene=there,
            time_engaged=self._after(max(there, sent), 1, 5) if met else None,
            time_unit_clear=clear,
            contact_outcome="engaged" if met else "unable_to_locate",
            disposition="remained_in_community" if met else None,
        )
        self._at(max(typed, clear), Call, call, closed_at=clear)
        if met:
            self._cared(unit, max(typed, clear), clear)

    def _cared(self, unit: int, typed: datetime, clear: datetime) -> None:
        if not self._people or self._yes(0.6):
            self._people.append(self._new(Person, typed))
        person = self.random.choice(self._people)
        contact = self._new(
            PersonContact,
            typed,
            person_key=person,
            response_id=unit,
            role="service_user",
            engaged=True,
            contact_outcome="engaged",
            contact_at=clear - timedelta(minutes=15),
        )
        if self._yes(0.5):
            self._new(Consent, typed, person_key=person, purpose="follow_up", state="given", given_at=clear)
            due, tried = clear + timedelta(days=2), self._after(clear, 600, 4000)
            followed = self._new(FollowUp, typed, contact_id=contact, due_at=due)
            self._at(max(typed, tried), FollowUp, followed, attempted_at=tried, result="reached", reached_at=tried)
        if self._yes(0.4):
            referral = self._new(Referral, typed, contact_id=contact, partner_id=1, service="housing", made_at=clear)
            if self._yes(0.6):
                connected = self._after(clear, 3 * 1440, 35 * 1440)
                self._at(connected, Referral, referral, connected_at=connected)
        if self._yes(0.01) and person > 1:
            self._at(self._after(typed, 1440, 20 * 1440), Person, person, merged_into=person - 1)

    def _incident(self, at: datetime) -> None:
        typed = self._typed(at)
        family = self.random.choice(list(TYPES))
        violent = family == "violent_critical"
        assessed = self._after(at, 120, 1700)
        closed = self._after(assessed, 1440, 9 * 1440)
        incident = self._new(
            Incident,
            typed,
            incident_no=f"I{at:%Y%m%d}-{next(self._order)}",
            family=family,
            type_code=self.random.choice(TYPES[family]),
            severity="injured",
            harm="injured" if violent else "none",
            injured_count=int(violent),
            status="open",
            source="911",
            occurred_from=at - timedelta(minutes=20),
            reported_at=at,
            location_id=self._place(typed),
        )
        notified = self._after(at, 2, 30)
        self._at(max(typed, notified), Incident, incident, notified_at=notified)
        self._at(max(typed, assessed), Incident, incident, needs_assessment_at=assessed)
        self._at(max(typed, closed), Incident, incident, status="closed", closed_at=closed)
        later = self._after(max(typed, closed), 2 * 1440, 30 * 1440)
        if self._yes(0.05):
            self._at(later, Incident, incident, status="reopened", reopened_at=later, closed_at=None)
            ended = self._after(later, 1440, 5 * 1440)
            self._at(ended, Incident, incident, status="closed", closed_at=ended)
        elif self._yes(0.02) and incident > 1:
            self._at(later, Incident, incident, status="merged", merged_into=incident - 1)
        elif self._yes(0.01):
            self._gone(later, Incident, incident)

    def _request(self, at: datetime) -> None:
        answered = self._after(at, 300, 9 * 1440)
        due = at + timedelta(days=5)
        request = self._new(
            Request,
            self._after(at, 1, 3),
            request_no=f"R{at:%Y%m%d}-{next(self._order)}",
            kind="information",
            team_code="north",
            received_at=at,
            due_at=due,
        )
        self._at(answered, Request, request, first_answer_at=answered, closed_at=answered, outcome="answered")


def _keys(model: Model) -> tuple[str, ...]:
    return tuple(column.name for column in model.__table__.primary_key.columns)  # type: ignore[attr-defined]


def _blank(model: Model) -> Row:
    """A row with the contract's own defaults."""
    table = model.__table__  # type: ignore[attr-defined]
    defaults = {name: field.default for name, field in model.model_fields.items() if not field.is_required()}
    return {column.name: defaults.get(column.name) for column in table.columns}
