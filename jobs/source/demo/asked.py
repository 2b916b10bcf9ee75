"""Requests that the team gets: for information, support, data, from media and from the community."""

from __future__ import annotations

from datetime import datetime, timedelta

from jobs.source.demo.chance import Chance, Shares
from jobs.source.demo.hours import WORK_HOURS, Day, moment_in
from jobs.source.demo.world import World

KINDS = Shares.of([("information", 0.36), ("support", 0.26), ("community", 0.20), ("data", 0.10), ("media", 0.08)])
DUE_DAYS = {"information": 5, "support": 2, "community": 7, "data": 10, "media": 1}
TEAMS = {"information": "office", "support": "outreach", "community": "outreach", "data": "office", "media": "office"}
OUTCOMES = Shares.of([("answered", 0.80), ("partly", 0.08), ("forwarded", 0.08), ("declined", 0.04)])
NEVER_ANSWERED_SHARE = 0.004
A_CALL = 0.04
"""Requests for each call: the busier the city, the more it is asked."""


def tell_day(world: World, day: Day, chance: Chance) -> None:
    """All requests received on the day."""
    hours = day.shape(WORK_HOURS)
    level = 1.25 if day.kind == "week" else 0.3
    for _ in range(chance.poisson((1.5 + A_CALL * world.options.calls_a_day) * level)):
        tell(world, day, moment_in(hours.pick(chance), chance), KINDS.pick(chance), chance)


def tell(world: World, day: Day, received: datetime, kind: str, chance: Chance, *, answered: bool = True) -> None:
    """One request: most are answered in about half the time that they have."""
    number = world.ledger.number("request")
    due = received + timedelta(days=DUE_DAYS[kind])
    assigned = received + chance.seconds(2 * 3600, 1.0)
    values = {
        "request_id": number,
        "request_no": f"R-{day.on:%Y%m%d}-{number % 1_000_000:04d}",
        "kind": kind,
        "team_code": TEAMS[kind],
        "received_at": received,
        "assigned_at": assigned,
        "due_at": due,
        "outcome": "pending",
    }
    if answered and not chance.yes(NEVER_ANSWERED_SHARE):
        first = assigned + chance.seconds(0.4 * DUE_DAYS[kind] * 86_400, 0.7)
        values |= {
            "first_answer_at": first,
            "closed_at": first + chance.seconds(86_400, 1.0),
            "outcome": OUTCOMES.pick(chance),
        }
    world.ledger.emit("request", received, values, chance)
