"""A tiny crisis database in SQLite: some areas, teams, incidents and calls, by formula, every time the same."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, insert, update

from jobs.migrate import upgrade_crisis
from models.crisis import CrisisTable
from models.crisis.care import FollowUp, PersonContact, Referral, Request, Support
from models.crisis.events import Call, Dispatch, Incident, StatusEvent, UnitResponse
from models.crisis.reference import Area, Location, Partner, Person, Team, Unit
from models.database import engine

START = datetime(2026, 1, 1, 6)  # noqa: DTZ001  the source keeps naive UTC
STEP = timedelta(hours=2)
DONE = datetime(2026, 1, 30)  # noqa: DTZ001
TYPES = ("shooting", "stabbing", "crisis", "overdose", "wellness_check")


def tiny_source(address: str, calls: int = 60, step: timedelta = STEP) -> None:
    """Make the reference schema at `address` and fill it with a call each `step` and what belongs to them."""
    upgrade_crisis(address)
    made = engine(address)
    with made.begin() as connection:
        for model, rows in _rows(calls, step):
            connection.execute(insert(model), rows)
    made.dispose()


def add_calls(address: str, have: int, more: int, step: timedelta = STEP) -> None:
    """Add `more` incidents and calls, with what belongs to them, to a source that has `have`."""
    made = engine(address)
    with made.begin() as connection:
        for model, rows in _rows(have + more, step):
            if len(rows) > have:
                connection.execute(insert(model), rows[have:])
    made.dispose()


def change(address: str, model: type[CrisisTable], key: object, **values: object) -> None:
    """Change one row of the source, as its staff would."""
    made = engine(address)
    with made.begin() as connection:
        done = connection.execute(update(model).where(_key(model) == key).values(**values))
        assert done.rowcount == 1
    made.dispose()


def remove(address: str, model: type[CrisisTable], *keys: object) -> None:
    """Delete rows of the source."""
    made = engine(address)
    with made.begin() as connection:
        assert connection.execute(delete(model).where(_key(model).in_(keys))).rowcount == len(keys)
    made.dispose()


def _key(model: type[CrisisTable]) -> Any:
    (key,) = model.__table__.primary_key.columns  # type: ignore[attr-defined]
    return key


def _rows(calls: int, step: timedelta = STEP) -> Iterable[tuple[type[CrisisTable], Sequence[dict[str, object]]]]:
    numbers = range(1, calls + 1)
    at = {number: START + number * step for number in numbers}
    seen = {"updated_at": DONE}
    yield (
        Area,
        [
            {
                "area_id": f"{n:03d}",
                "kind": "neighbourhood",
                "version": "tiny-3",
                "name": f"Area {n}",
                "equity_class": "none",
            }
            | seen
            for n in (1, 2, 3)
        ],
    )
    yield Team, [{"team_code": code, "name": code.title(), "kind": "mobile"} | seen for code in ("north", "south")]
    yield Unit, [{"unit_id": f"U{n}", "team_code": ("north", "south")[n % 2]} | seen for n in (1, 2)]
    yield Partner, [{"partner_id": 1, "name": "Clinic", "kind": "health_centre"} | seen]
    yield (
        Location,
        [{"location_id": n, "area_word": f"{1 + n % 3:03d}", "geocode_method": "address"} | seen for n in numbers],
    )
    yield Person, [{"person_key": n * 7919 % 99991} | seen for n in numbers]
    yield (
        Incident,
        [
            {
                "incident_id": n,
                "incident_no": f"I{n}",
                "family": "violent_critical" if n % 5 < 2 else "person_in_crisis",
                "type_code": TYPES[n % 5],
                "severity": "injured",
                "harm": "injured" if n % 5 < 2 else "none",
                "injured_count": int(n % 5 < 2),
                "status": "closed" if n % 4 else "open",
                "source": "911",
                "occurred_from": at[n] - timedelta(minutes=20),
                "reported_at": at[n],
                "notified_at": at[n] + timedelta(minutes=5),
                "needs_assessment_at": at[n] + timedelta(hours=10 + n % 20) if n % 3 else None,
                "closed_at": at[n] + timedelta(hours=30) if n % 4 else None,
                "location_id": n,
            }
            | seen
            for n in numbers
        ],
    )
    yield (
        Call,
        [
            {
                "call_id": n,
                "call_no": f"C{n}",
                "incident_id": n,
                "kind": "service",
                "source": "911",
                "priority": "1",
                "call_arrival": at[n],
                "call_answering": at[n] + timedelta(seconds=5 + n % 20),
                "call_create": at[n] + timedelta(seconds=30),
                "triaged_at": at[n] + timedelta(minutes=3),
                "ready_at": at[n] + timedelta(minutes=4),
                "closed_at": at[n] + timedelta(hours=2),
                "eligible": True,
                "location_id": n,
            }
            | seen
            for n in numbers
        ],
    )
    yield (
        Dispatch,
        [
            {"dispatch_id": n, "call_id": n, "team_code": "north", "offered_at": at[n] + timedelta(minutes=5)} | seen
            for n in numbers
        ],
    )
    yield (
        UnitResponse,
        [
            {
                "response_id": n,
                "dispatch_id": n,
                "call_id": n,
                "unit_id": "U1",
                "team_code": "north",
                "time_dispatch": at[n] + timedelta(minutes=6),
                "time_enroute_to_scene": at[n] + timedelta(minutes=7),
                "time_on_scene": at[n] + timedelta(minutes=10 + n % 40),
                "time_engaged": at[n] + timedelta(minutes=12 + n % 40),
                "time_unit_clear": at[n] + timedelta(minutes=90),
            }
            | seen
            for n in numbers
        ],
    )
    yield (
        StatusEvent,
        [
            {"event_id": n, "response_id": n, "status": "time_on_scene", "at": at[n] + timedelta(minutes=10)} | seen
            for n in numbers
        ],
    )
    yield (
        PersonContact,
        [
            {"contact_id": n, "person_key": n * 7919 % 99991, "response_id": n, "engaged": True, "contact_at": at[n]}
            | seen
            for n in numbers
        ],
    )
    yield (
        FollowUp,
        [
            {
                "follow_up_id": n,
                "contact_id": n,
                "due_at": at[n] + timedelta(days=2),
                "attempted_at": at[n] + timedelta(days=1),
            }
            | seen
            for n in numbers
        ],
    )
    yield Referral, [{"referral_id": n, "contact_id": n, "partner_id": 1, "made_at": at[n]} | seen for n in numbers]
    yield Support, [{"support_id": n, "incident_id": n, "held_at": at[n] + timedelta(days=1)} | seen for n in numbers]
    yield (
        Request,
        [
            {"request_id": n, "request_no": f"R{n}", "received_at": at[n], "due_at": at[n] + timedelta(days=5)} | seen
            for n in numbers
        ],
    )
