"""What is done about an eligible call: offers, units sent, contact, outcome, incident, clocks of each unit."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from jobs.source.demo.care import Met, after_contact
from jobs.source.demo.chance import Shares
from jobs.source.demo.ledger import Row
from jobs.source.demo.staff import MOBILE, UNITS
from jobs.source.demo.words import spelled
from jobs.source.demo.world import Scene

NO_TEAM_SHARE = 0.03
DECLINED_SHARE = 0.05
CANCELLED_SHARE = 0.05
SECOND_UNIT_SHARE = 0.15
QUEUE = {"1": 120, "2": 240, "3": 420, "4": 900}
"""Median seconds from accepted to dispatched, by priority."""

TRAVEL = {"1": 540, "2": 780, "3": 1020, "4": 1260}
"""Median seconds from rolling to arrived."""

OUTCOMES = Shares.of(
    [("engaged", 0.63), ("unable_to_locate", 0.23), ("declined", 0.09), ("gone_on_arrival", 0.04), ("safety", 0.01)]
)
DISPOSITIONS = Shares.of(
    [
        ("remained_in_community", 0.80),
        ("emergency_department", 0.09),
        ("crisis_centre", 0.03),
        ("shelter", 0.03),
        ("detox", 0.02),
        ("respite", 0.01),
        ("apprehension", 0.007),
        ("arrest", 0.002),
        ("other", 0.011),
    ]
)
POLICE_SHARE = 0.025
EMS_SHARE = 0.017
POLICE = Shares.of([("no", 0.925), ("already_there", 0.06), ("not_asked", 0.015)])
TYPES = Shares.of(
    [
        ("crisis", 0.60),
        ("suicide_related", 0.14),
        ("wellness_check", 0.12),
        ("overdose", 0.05),
        ("intoxication", 0.04),
        ("medical", 0.02),
        ("other_crisis", 0.03),
    ]
)
CORRECTED_SHARE = 0.06
KEYED_BY = Shares.of([("device", 0.78), ("radio", 0.12), ("typed_later", 0.10)])
LOGGED = ("time_dispatch", "time_enroute_to_scene", "time_on_scene", "time_canceled_enroute", "time_unit_clear")


@dataclass(frozen=True)
class Sent:
    """How it ended: `stop_reason` as it is recorded on the call."""

    closed: datetime
    stop_reason: str
    dispatched: bool
    incident_id: int | None = None


@dataclass(frozen=True)
class Run:
    """A unit on its way: what it shares with a second one."""

    team_code: str
    dispatch_id: int
    dispatched: datetime
    outcome: str
    disposition: str = "none"


@dataclass(frozen=True)
class Refusal:
    """An offer that was not taken."""

    reason: str
    at: datetime


def send(scene: Scene, ready: datetime) -> Sent:
    """Offer the call to the team of the place, then to another; send one or two units of the team that takes it."""
    chance, team = scene.chance, scene.place.team_code
    offered = ready + chance.between(10, 90)
    if chance.yes(NO_TEAM_SHARE):
        return _refused(scene, team, offered, Refusal("no_team", offered + chance.seconds(1500, 0.5)))
    if chance.yes(DECLINED_SHARE):
        refusal = Refusal("team_declined", offered + chance.seconds(150, 0.5))
        refused = _refused(scene, team, offered, refusal)
        if not chance.yes(0.8):
            return refused
        team = chance.choice([code for code in MOBILE if code != team])
        offered = refusal.at + chance.between(20, 200)
    accepted = offered + chance.seconds(60, 0.6)
    dispatch_id = _offer(scene, team, offered, {"accepted_at": accepted})
    dispatched = accepted + chance.seconds(QUEUE[scene.priority], 0.8)
    return _go(scene, Run(team, dispatch_id, dispatched, OUTCOMES.pick(chance)))


def _go(scene: Scene, run: Run) -> Sent:
    chance = scene.chance
    enroute = run.dispatched + chance.seconds(80, 0.6)
    if chance.yes(CANCELLED_SHARE):
        return _cancelled(scene, replace(run, outcome="cancelled"), enroute)
    on_scene = enroute + chance.seconds(TRAVEL[scene.priority], 0.5)
    engaged = on_scene + chance.seconds(170, 0.7) if run.outcome == "engaged" else None
    stay = chance.seconds(2500, 0.55) if engaged else chance.seconds(1000, 0.5)
    clear = (engaged or on_scene) + stay
    if engaged:
        run = replace(run, disposition=DISPOSITIONS.pick(chance))
    clocks: Row = {"time_enroute_to_scene": enroute, "time_on_scene": on_scene, "time_engaged": engaged}
    if chance.yes(0.05):
        clocks["time_staging"] = on_scene - chance.between(30, 240)
    response_id = _unit(scene, run, clocks | {"time_unit_clear": clear})
    closed = clear + chance.seconds(300, 0.5)
    if chance.yes(SECOND_UNIT_SHARE):
        closed = max(closed, _second_unit(scene, run, enroute) + timedelta(seconds=60))
    incident_id = _incident(scene, run.dispatched, on_scene, closed)
    met = Met(run.outcome, run.disposition, incident_id, response_id, on_scene, clear)
    supported = after_contact(scene.world, met, chance)
    reason = ("none" if supported else "no_support_needed") if engaged else run.outcome
    return Sent(closed, reason, dispatched=True, incident_id=incident_id)


def _cancelled(scene: Scene, run: Run, enroute: datetime) -> Sent:
    cancelled = enroute + scene.chance.seconds(500, 0.6)
    clear = cancelled + scene.chance.between(20, 240)
    clocks = {"time_enroute_to_scene": enroute, "time_canceled_enroute": cancelled, "time_unit_clear": clear}
    _unit(scene, run, clocks)
    return Sent(clear + timedelta(seconds=120), "cancelled", dispatched=True)


def _refused(scene: Scene, team: str, offered: datetime, refusal: Refusal) -> Sent:
    known = refusal.at <= scene.ledger.end
    _offer(scene, team, offered, {"declined_reason": refusal.reason if known else None})
    return Sent(refusal.at + timedelta(seconds=60), refusal.reason, dispatched=False)


def _offer(scene: Scene, team: str, offered: datetime, answer: Row) -> int:
    number = scene.ledger.number("dispatch")
    values = {"dispatch_id": number, "call_id": scene.call_id, "team_code": team, "offered_at": offered}
    scene.ledger.emit("dispatch", offered, values | answer, scene.chance)
    return number


def _unit(scene: Scene, run: Run, clocks: Row) -> int:
    """One unit response, and its entries in the status log."""
    chance = scene.chance
    number = scene.ledger.number("unit_response")
    arrived = clocks.get("time_on_scene") is not None
    asked = arrived and chance.yes(POLICE_SHARE)
    values = clocks | {
        "response_id": number,
        "dispatch_id": run.dispatch_id,
        "call_id": scene.call_id,
        "unit_id": chance.choice(UNITS[run.team_code]),
        "team_code": run.team_code,
        "time_dispatch": run.dispatched,
        "mode": "co_response" if chance.yes(0.04) else "mobile",
        "contact_outcome": spelled("contact_outcome", run.outcome, chance),
        "disposition": spelled("disposition", run.disposition, chance),
        "police_requested": asked,
        "ems_requested": arrived and chance.yes(EMS_SHARE),
        "police_on_scene": ("asked" if asked else POLICE.pick(chance)) if arrived else None,
    }
    if scene.ledger.emit("unit_response", run.dispatched, values, chance):
        _log(scene, number, values)
    return number


def _log(scene: Scene, response_id: int, values: Row) -> None:
    ledger, chance = scene.ledger, scene.chance
    for status in LOGGED:
        at = values.get(status)
        if at is None:
            continue
        by = KEYED_BY.pick(chance)
        typed = at + (chance.seconds(5400, 0.8) if by == "typed_later" else chance.between(0, 25))
        entry = {
            "event_id": ledger.number("status_event"),
            "response_id": response_id,
            "status": status,
            "at": at,
            "recorded_at": typed,
            "recorded_by": by,
        }
        ledger.emit("status_event", typed, entry, chance)


def _second_unit(scene: Scene, run: Run, enroute: datetime) -> datetime:
    """A further unit of the same team: its own clocks, the same outcome; when it was free again."""
    chance = scene.chance
    later = chance.between(0, 600)
    on_scene = enroute + later + chance.seconds(TRAVEL[scene.priority], 0.5)
    clear = on_scene + chance.seconds(2000, 0.5)
    clocks = {"time_enroute_to_scene": enroute + later, "time_on_scene": on_scene, "time_unit_clear": clear}
    _unit(scene, replace(run, dispatched=run.dispatched + later), clocks)
    return clear


def _incident(scene: Scene, reported: datetime, born: datetime, closed: datetime) -> int | None:
    """The incident of an attended call: opened when the first unit is there, and None before."""
    chance, end = scene.chance, scene.ledger.end
    number = scene.ledger.number("incident")
    done = closed if chance.yes(0.85) else closed + chance.seconds(2 * 86_400, 0.9)
    word = TYPES.pick(chance)
    values = {
        "incident_id": number,
        "incident_no": f"PC-{scene.day.on:%Y%m%d}-{number % 1_000_000:05d}",
        "family": "person_in_crisis",
        "type_code": spelled("incident_type", word, chance),
        "type_final_code": TYPES.pick(chance) if chance.yes(CORRECTED_SHARE) else None,
        "severity": "unknown" if chance.yes(0.05) else "no_injury",
        "harm": "none",
        "status": "closed" if done <= end else "monitoring" if closed <= end else "responding",
        "source": "self",
        "reported_at": reported,
        "closed_at": done,
        "location_id": scene.place.location_id,
    }
    return number if scene.ledger.emit("incident", born, values, chance) else None
