"""Violent critical incidents: about 1.1 a day, overdispersed, with the clocks of the community response."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from datetime import datetime, timedelta

from jobs.source.demo.care import refer
from jobs.source.demo.chance import Chance, Shares
from jobs.source.demo.hours import VIOLENCE_HOURS, Day, moment_in, violence_level
from jobs.source.demo.ledger import Row
from jobs.source.demo.staff import PARTNERS
from jobs.source.demo.words import spelled
from jobs.source.demo.world import World

A_DAY = 1.12
DISPERSION = 1.26
"""Variance over mean of the count of a day, as measured on years of public shooting records."""

TYPES = Shares.of(
    [
        ("shooting", 0.22),
        ("firearm_discharge", 0.30),
        ("stabbing", 0.22),
        ("homicide", 0.07),
        ("swarming", 0.09),
        ("other_violent", 0.10),
    ]
)
HARM = {
    "shooting": Shares.of([("injured", 0.86), ("fatal", 0.14)]),
    "firearm_discharge": Shares.of([("none", 1.0)]),
    "stabbing": Shares.of([("injured", 0.93), ("fatal", 0.04), ("unknown", 0.03)]),
    "homicide": Shares.of([("fatal", 1.0)]),
    "swarming": Shares.of([("injured", 0.55), ("none", 0.45)]),
    "other_violent": Shares.of([("injured", 0.5), ("none", 0.4), ("unknown", 0.1)]),
}
SEVERITY = {"fatal": "fatal", "none": "no_injury", "unknown": "unknown"}
SOURCES = Shares.of([("police", 0.58), ("media", 0.16), ("partner", 0.16), ("community", 0.06), ("self", 0.04)])
SUPPORTS = Shares.of(
    [
        ("debrief", 0.30),
        ("safety_walk", 0.18),
        ("counselling", 0.16),
        ("safety_plan", 0.12),
        ("vigil", 0.08),
        ("safety_audit", 0.06),
        ("school", 0.05),
        ("material_aid", 0.04),
        ("transit", 0.01),
    ]
)
BANDS = Shares.of([("0", 0.05), ("1-4", 0.3), ("5-19", 0.4), ("20-49", 0.2), ("50+", 0.05)])
ROLES = Shares.of([("affected_resident", 0.6), ("family", 0.25), ("witness", 0.15)])
ENDINGS = Shares.of(
    [("kept", 0.944), ("merged", 0.02), ("reopened", 0.025), ("void", 0.004), ("test", 0.004), ("duplicate", 0.003)]
)
"""What becomes of the record besides being closed."""

MEMORY = 12
"""Recent incidents that another one may be merged into."""


@dataclass(frozen=True)
class Clocks:
    """The incident's life, whatever of it is known at the end."""

    occurred: datetime
    reported: datetime
    notified: datetime
    assessed: datetime | None
    closed: datetime


class Violence:
    """Tells the violent incidents of one day after another; remembers a few, for merges."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._recent: deque[int] = deque(maxlen=MEMORY)

    def tell_day(self, day: Day, chance: Chance) -> None:
        """All violent incidents that happened on the day."""
        hours = day.shape(VIOLENCE_HOURS)
        for _ in range(chance.overdispersed(A_DAY * violence_level(day.on), DISPERSION)):
            occurred = moment_in(hours.pick(chance), chance)
            reported = occurred + chance.seconds(1500, 1.1)
            notified = reported + chance.seconds(3 * 3600, 0.9)
            assessed = None if chance.yes(0.03) else notified + chance.seconds(9 * 3600, 0.75)
            closed = notified + timedelta(days=2) + chance.seconds(9 * 86_400, 0.7)
            self.tell(day, Clocks(occurred, reported, notified, assessed, closed), chance)

    def tell(self, day: Day, clocks: Clocks, chance: Chance) -> None:
        """One incident with its log, contacts and supports."""
        world, end = self._world, self._world.ledger.end
        place = world.map.place(world.map.survey.violence, world.ledger, clocks.reported, chance)
        kind, ending = TYPES.pick(chance), ENDINGS.pick(chance)
        number = world.ledger.number("incident")
        values = _described(kind, clocks, chance) | {
            "incident_id": number,
            "incident_no": f"CI-{day.on:%Y%m%d}-{number % 1_000_000:05d}",
            "location_id": place.location_id,
        }
        values |= self._ended(ending, clocks, end, chance)
        if not world.ledger.emit("incident", clocks.reported, values, chance):
            return
        self._count(values)
        if ending == "kept":
            self._recent.append(number)
            self._respond(number, clocks, chance)

    def _ended(self, ending: str, clocks: Clocks, end: datetime, chance: Chance) -> Row:
        """Status, closing and merging, as they stand at the end instant."""
        if ending in {"void", "test", "duplicate"}:
            return {"status": ending, "closed_at": clocks.notified + timedelta(hours=2)}
        if ending == "merged" and self._recent and clocks.notified + timedelta(hours=6) <= end:
            merged = clocks.notified + timedelta(hours=6)
            return {"status": "merged", "closed_at": merged, "merged_into": chance.choice(tuple(self._recent))}
        if ending == "reopened" and clocks.closed <= end:
            again = clocks.closed + chance.seconds(6 * 86_400, 0.8)
            final = again + chance.seconds(12 * 86_400, 0.6)
            if again <= end:
                status = "closed" if final <= end else "reopened"
                return {"status": status, "reopened_at": again, "closed_at": final}
        steps = (
            (clocks.closed, "closed"),
            (clocks.assessed or clocks.closed, "monitoring"),
            (clocks.notified, "responding"),
        )
        status = next((status for at, status in steps if at <= end), "open")
        return {"status": status, "closed_at": clocks.closed}

    def _count(self, values: Row) -> None:
        report = self._world.report
        if values["status"] == "merged":
            report.count("incident", "record", "merged_incident")
        elif values["status"] in {"void", "test", "duplicate"}:
            report.count("incident", "record", "excluded_status")
        if values.get("reopened_at") is not None:
            report.count("incident", "record", "reopened_incident")

    def _respond(self, number: int, clocks: Clocks, chance: Chance) -> None:
        ledger = self._world.ledger
        steps = (
            ("open", clocks.reported),
            ("responding", clocks.notified),
            ("monitoring", clocks.assessed),
            ("closed", clocks.closed),
        )
        for status, at in steps:
            if at is not None:
                typed = at + chance.seconds(600, 1.0)
                entry = {
                    "incident_id": number,
                    "status": status,
                    "at": at,
                    "recorded_at": typed,
                    "recorded_by": "typed_later",
                }
                ledger.emit("status_event", typed, entry | {"event_id": ledger.number("status_event")}, chance)
        first = clocks.assessed or clocks.notified + timedelta(hours=30)
        for _ in range(chance.randrange(4)):
            self._contact(number, first + chance.seconds(20 * 3600, 0.9), chance)
        if chance.yes(0.6):
            for _ in range(chance.randint(1, 3)):
                self._support(number, first, first + chance.seconds(50 * 3600, 0.6), chance)

    def _contact(self, incident_id: int, met: datetime, chance: Chance) -> None:
        ledger = self._world.ledger
        contact_id = ledger.number("person_contact")
        engaged = chance.yes(0.8)
        values = {
            "contact_id": contact_id,
            "person_key": self._world.people.meet(met, ledger, chance).key if chance.yes(0.5) else None,
            "incident_id": incident_id,
            "role": ROLES.pick(chance),
            "harm": "none",
            "engaged": engaged,
            "contact_outcome": "engaged" if engaged else "declined",
            "disposition": "remained_in_community" if engaged else "none",
            "contact_at": met,
        }
        ledger.emit("person_contact", met, values, chance)
        if engaged and chance.yes(0.35):
            refer(self._world, contact_id, met, chance)

    def _support(self, incident_id: int, born: datetime, planned: datetime, chance: Chance) -> None:
        values = {
            "support_id": self._world.ledger.number("support"),
            "incident_id": incident_id,
            "kind": SUPPORTS.pick(chance),
            "planned_at": planned,
            "held_at": planned + chance.between(-1800, 7200) if chance.yes(0.92) else None,
            "people_band": BANDS.pick(chance),
            "partner_id": chance.randint(1, len(PARTNERS)),
        }
        self._world.ledger.emit("support", born, values, chance)


def _described(kind: str, clocks: Clocks, chance: Chance) -> Row:
    """What happened: kind, harm, numbers of people, source, and the clocks."""
    harm = HARM[kind].pick(chance)
    known = chance.yes(0.8)
    return {
        "family": "violent_critical",
        "type_code": spelled("incident_type", kind, chance),
        "type_final_code": "homicide" if kind != "homicide" and harm == "fatal" and chance.yes(0.7) else None,
        "severity": SEVERITY.get(harm) or ("life_threatening" if chance.yes(0.25) else "injured"),
        "harm": harm,
        "fatal_count": 1 + chance.yes(0.06) if harm == "fatal" else 0,
        "injured_count": chance.poisson(0.25) + (harm == "injured") if harm in {"fatal", "injured"} else 0,
        "source": SOURCES.pick(chance),
        "occurred_from": clocks.occurred if known else None,
        "occurred_to": clocks.occurred + chance.between(0, 900) if known else None,
        "reported_at": clocks.reported,
        "notified_at": clocks.notified,
        "needs_assessment_at": clocks.assessed,
    }
