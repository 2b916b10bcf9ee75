"""What follows a contact with somebody in crisis: consent, referrals, follow-ups within 48 hours, supports."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from jobs.source.demo.chance import Chance, Shares
from jobs.source.demo.ledger import Row
from jobs.source.demo.staff import PARTNERS
from jobs.source.demo.words import spelled
from jobs.source.demo.world import World

SERVICES = Shares.of(
    [
        ("counselling", 0.24),
        ("case_management", 0.22),
        ("housing", 0.17),
        ("substance_use", 0.14),
        ("primary_care", 0.12),
        ("food", 0.06),
        ("victim_support", 0.03),
        ("other", 0.02),
    ]
)
METHODS = Shares.of([("phone", 0.66), ("visit", 0.17), ("text", 0.15), ("other", 0.02)])
REFERRAL_SHARE = 0.42
SECOND_REFERRAL_SHARE = 0.2
SUPPORT_SHARE = 0.08
NEVER_TRIED_SHARE = 0.002
REACHED_SHARE = 0.62
DUE = timedelta(hours=48)
REFERRED_TO = tuple(
    number for number, (_, kind) in enumerate(PARTNERS, start=1) if kind in {"health_centre", "anchor", "city"}
)
NOT_MET_SHARE = 0.6
"""Of the contacts without engagement, those in which nobody was identified."""


@dataclass(frozen=True)
class Met:
    """A unit's meeting with somebody, or with nobody: when it was there and when it left."""

    outcome: str
    disposition: str
    incident_id: int | None
    response_id: int
    at: datetime
    clear: datetime


def after_contact(world: World, met: Met, chance: Chance) -> bool:
    """Write the contact and what comes of it; True when the person got a support, a referral or a follow-up plan."""
    engaged = met.outcome == "engaged"
    if not engaged and chance.yes(NOT_MET_SHARE):
        return False
    ledger = world.ledger
    person = world.people.meet(met.at, ledger, chance) if engaged else None
    number = ledger.number("person_contact")
    values = {
        "contact_id": number,
        "person_key": person.key if person else None,
        "incident_id": met.incident_id,
        "response_id": met.response_id,
        "role": "service_user",
        "harm": "injured" if chance.yes(0.02) else "none",
        "engaged": engaged,
        "contact_outcome": spelled("contact_outcome", met.outcome, chance),
        "disposition": spelled("disposition", met.disposition, chance),
        "contact_at": met.at,
    }
    ledger.emit("person_contact", met.clear, values, chance)
    if person is None:
        return False
    referred = chance.yes(REFERRAL_SHARE)
    if referred:
        refer(world, number, met.clear, chance)
        if chance.yes(SECOND_REFERRAL_SHARE):
            refer(world, number, met.clear, chance)
    if person.follow_up == "given":
        _follow_up(world, number, met.clear, chance)
    helped = chance.yes(SUPPORT_SHARE)
    if helped:
        _aid(world, met, chance)
    return referred or helped or person.follow_up == "given"


def _aid(world: World, met: Met, chance: Chance) -> None:
    """Food, clothes, a ride: given on the spot."""
    values = {
        "support_id": world.ledger.number("support"),
        "incident_id": met.incident_id,
        "kind": "material_aid",
        "planned_at": met.clear,
        "held_at": met.clear,
        "people_band": "1-4",
    }
    world.ledger.emit("support", met.clear, values, chance)


def refer(world: World, contact_id: int, after: datetime, chance: Chance) -> None:
    """A referral: accepted by most, attended by about half, within days or weeks."""
    made = after + chance.seconds(1800, 0.8)
    values = {
        "referral_id": world.ledger.number("referral"),
        "contact_id": contact_id,
        "partner_id": chance.choice(REFERRED_TO),
        "service": spelled("service", SERVICES.pick(chance), chance) if chance.yes(0.995) else "unknown",
        "made_at": made,
    }
    answered = made + chance.seconds(2 * 86_400, 0.8)
    if chance.yes(0.82):
        values["accepted_at"] = answered
        if chance.yes(0.66):
            values["connected_at"] = answered + chance.seconds(8 * 86_400, 0.7)
        values["closed_at"] = answered + timedelta(days=30) + chance.seconds(20 * 86_400, 0.5)
    elif chance.yes(0.7):
        values["declined_at"] = answered
        values["closed_at"] = answered
    world.ledger.emit("referral", made, values, chance)


def _follow_up(world: World, contact_id: int, clear: datetime, chance: Chance) -> None:
    """The promised first attempt, mostly within 48 hours, and a second one where nobody answered."""
    reached = chance.yes(REACHED_SHARE)
    attempted = None if chance.yes(NEVER_TRIED_SHARE) else clear + chance.seconds(26 * 3600, 0.5)
    first = {"contact_id": contact_id, "attempt_no": 1, "attempted_at": attempted}
    _attempt(world, clear, first, chance, reached=reached)
    if attempted is not None and not reached and chance.yes(0.7):
        again = attempted + chance.seconds(20 * 3600, 0.4)
        second = {"contact_id": contact_id, "attempt_no": 2, "attempted_at": again}
        _attempt(world, attempted, second, chance, reached=chance.yes(0.5))


def _attempt(world: World, born: datetime, values: Row, chance: Chance, *, reached: bool) -> None:
    """One row; `born` is when it was planned, 48 hours before it is due."""
    at = values["attempted_at"]
    values |= {
        "follow_up_id": world.ledger.number("follow_up"),
        "due_at": born + DUE,
        "reached_at": at if reached else None,
        "method": METHODS.pick(chance) if at else None,
        "result": "pending" if at is None else "reached" if reached else "declined" if chance.yes(0.1) else "no_answer",
    }
    world.ledger.emit("follow_up", born, values, chance)
