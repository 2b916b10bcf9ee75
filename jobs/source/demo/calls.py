"""A day's calls for people in crisis: from the ring to the answer, the decision and the end of the record.

Sent teams are told by `responses`. Shares follow what public crisis services report: 84 % eligible, 2.5 %
police and 1.7 % ambulance asked for, 61 % engaged, 25 % not found.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from jobs.source.demo.chance import Chance, Shares
from jobs.source.demo.hours import CALL_HOURS, Day, level, moment_in
from jobs.source.demo.ledger import Row
from jobs.source.demo.places import Place
from jobs.source.demo.responses import send
from jobs.source.demo.words import spelled
from jobs.source.demo.world import Scene, World

KINDS = Shares.of([("service", 0.93), ("update_request", 0.05), ("incomplete", 0.02)])
SOURCES = Shares.of(
    [("911", 0.40), ("211", 0.38), ("partner", 0.07), ("community", 0.07), ("paramedic", 0.05), ("walk_in", 0.03)]
)
PRIORITIES = Shares.of([("1", 0.04), ("2", 0.22), ("3", 0.54), ("4", 0.20)])
INELIGIBLE = Shares.of(
    [
        ("ineligible_safety", 0.35),
        ("ineligible_medical", 0.25),
        ("ineligible_area", 0.15),
        ("ineligible_hours", 0.10),
        ("ineligible_other", 0.15),
    ]
)
ABANDONED_SHARE = 0.03
ACCEPTED_911_SHARE = 0.90
ELIGIBLE_SHARE = 0.86
BY_PHONE_SHARE = 0.08
NO_REASON_SHARE = 0.04
SECOND_CALLER_SHARE = 0.03
SAME_SECOND_SHARE = 0.21
"""Share of records created in the second of the answer: zero-second clocks are real."""


@dataclass(frozen=True)
class Ring:
    """A call at the moment it comes in."""

    call_id: int
    at: datetime
    place: Place
    values: Row


def tell_day(world: World, day: Day, chance: Chance) -> None:
    """All calls of a day, but those that came in while the feed was down."""
    hours = day.shape(CALL_HOURS)
    expected = world.options.calls_a_day * level(day.on, world.options.first_day) * len(day.hours) / 24
    gap = day.gap(world.options.seed) if day.on < world.options.last_day else None
    if gap is not None:
        world.report.gaps.append(gap)
    moments = sorted(moment_in(hours.pick(chance), chance) for _ in range(chance.overdispersed(expected, 1.6)))
    for at in moments:
        if at <= world.ledger.end and not (gap and gap[0] <= at < gap[1]):
            tell(world, day, at, chance)


def tell(world: World, day: Day, at: datetime, chance: Chance) -> None:
    """One call from the ring on, and perhaps a second caller about the same event."""
    ring = _ring(world, day, at, chance)
    kind = KINDS.pick(chance)
    if kind != "service":
        _aside(world, day, ring, kind, chance)
    elif chance.yes(ABANDONED_SHARE):
        left = at + chance.seconds(40, 0.7)
        _emit(world, day, ring, {"abandoned_at": left, "closed_at": left, "stop_reason": "abandoned"}, chance)
    else:
        incident_id = _answer(world, day, ring, chance)
        if chance.yes(SECOND_CALLER_SHARE):
            _second_caller(world, day, ring, incident_id, chance)


def _ring(world: World, day: Day, at: datetime, chance: Chance) -> Ring:
    place = world.map.place(world.map.survey.calls, world.ledger, at, chance)
    number = world.ledger.number("call")
    values = {
        "call_id": number,
        "call_no": f"C-{day.on:%Y%m%d}-{number % 1_000_000:05d}",
        "kind": "service",
        "source": spelled("source", SOURCES.pick(chance), chance),
        "priority": spelled("priority", PRIORITIES.pick(chance), chance),
        "call_arrival": at,
        "location_id": place.location_id,
    }
    return Ring(number, at, place, values)


def _aside(world: World, day: Day, ring: Ring, kind: str, chance: Chance) -> None:
    """Update requests and incomplete logs: no calls for service."""
    answered = ring.at + chance.seconds(8, 0.6)
    closed = answered + chance.seconds(150, 0.8)
    values = {"kind": kind, "call_answering": answered, "call_create": answered, "closed_at": closed}
    if _emit(world, day, ring, values, chance):
        world.report.count("call", "record", "excluded_call")


def _answer(world: World, day: Day, ring: Ring, chance: Chance) -> int | None:
    """An answered call; the incident that was opened, once a unit is there."""
    answered = ring.at + chance.seconds(7, 0.6)
    created = answered if chance.yes(SAME_SECOND_SHARE) else answered + chance.seconds(35, 0.7)
    triaged = created + chance.seconds(230, 0.55)
    values: Row = {"call_answering": answered, "call_create": created, "triaged_at": triaged}
    if ring.values["source"] in {"911", "9-1-1", "PSAP transfer"}:
        values["transfer_911_accepted"] = chance.yes(ACCEPTED_911_SHARE)
    if values.get("transfer_911_accepted") is False or not chance.yes(ELIGIBLE_SHARE):
        values |= {
            "eligible": False,
            "closed_at": triaged + chance.seconds(170, 0.6),
            "stop_reason": INELIGIBLE.pick(chance),
        }
        _stopped(world, day, ring, values, chance)
        return None
    ready = triaged + chance.seconds(100, 0.7)
    values |= {"eligible": True, "ready_at": ready}
    if chance.yes(BY_PHONE_SHARE):
        closed = ready + chance.seconds(900, 0.6)
        values |= {"closed_at": closed, "stop_reason": "resolved_by_phone", "resolved_by_phone": True}
        _emit(world, day, ring, values, chance)
        return None
    priority = str(ring.values["priority"]).removeprefix("P")
    sent = send(Scene(world, day, chance, ring.call_id, ring.place, priority), ready)
    values |= {"closed_at": sent.closed, "stop_reason": sent.stop_reason, "incident_id": sent.incident_id}
    if sent.dispatched:
        _emit(world, day, ring, values, chance)
    else:
        _stopped(world, day, ring, values, chance)
    return sent.incident_id


def _stopped(world: World, day: Day, ring: Ring, values: Row, chance: Chance) -> None:
    """A call for which nobody was sent: for some the reason was not recorded, and that is counted."""
    unsaid = chance.yes(NO_REASON_SHARE)
    if unsaid:
        values = values | {"stop_reason": None}
    if _emit(world, day, ring, values, chance) and unsaid and values["closed_at"] <= world.ledger.end:
        world.report.count("call", "stop_reason", "reason_not_recorded")


def _second_caller(world: World, day: Day, ring: Ring, incident_id: int | None, chance: Chance) -> None:
    at = ring.at + chance.between(60, 1500)
    number = world.ledger.number("call")
    again = Ring(
        number,
        at,
        ring.place,
        ring.values
        | {
            "call_id": number,
            "call_no": f"C-{day.on:%Y%m%d}-{number % 1_000_000:05d}",
            "source": spelled("source", SOURCES.pick(chance), chance),
            "call_arrival": at,
            "duplicate_of": ring.call_id,
            "incident_id": incident_id,
        },
    )
    answered = at + chance.seconds(7, 0.6)
    closed = answered + chance.seconds(120, 0.5)
    values = {"call_answering": answered, "call_create": answered, "closed_at": closed, "stop_reason": "none"}
    _emit(world, day, again, values, chance)


def _emit(world: World, day: Day, ring: Ring, values: Row, chance: Chance) -> bool:
    """Write the call; clocks in the doubled hour of the autumn are flagged, since the source types wall time."""
    row = ring.values | values
    doubled = day.doubled()
    if doubled is not None:
        names = [
            name
            for name in ("call_arrival", "call_answering", "call_create")
            if row.get(name) is not None and doubled[0] <= row[name] < doubled[1] and row[name] <= world.ledger.end
        ]
        row["clock_flags"] = ";".join(f"{name}:ambiguous" for name in names) or None
        for name in names:
            world.report.count("call", name, "ambiguous_local_time")
    return world.ledger.emit("call", ring.at, row, chance)
