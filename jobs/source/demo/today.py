"""What must be open at the end instant, however small the city: a waiting call, late and due assessments, requests."""

from __future__ import annotations

from datetime import timedelta

from jobs.source.demo import asked
from jobs.source.demo.chance import Chance
from jobs.source.demo.hours import Day
from jobs.source.demo.violence import Clocks, Violence
from jobs.source.demo.world import World

NEVER = timedelta(days=3650)


def tell(world: World, violence: Violence, day: Day, chance: Chance) -> None:
    """A handful of records; `day` is the last one, whose numbers they take."""
    end = world.ledger.end
    for ago in (timedelta(minutes=96), timedelta(minutes=14)):
        _waiting_call(world, day, ago, chance)
    for ago in (timedelta(hours=31), timedelta(hours=7)):
        moment = end - ago
        violence.tell(
            day, Clocks(moment - timedelta(hours=3), moment - timedelta(hours=2), moment, None, end + NEVER), chance
        )
    for ago, kind in ((timedelta(days=3), "support"), (timedelta(days=4, hours=12), "information")):
        asked.tell(world, day, end - ago, kind, chance, answered=False)


def _waiting_call(world: World, day: Day, ago: timedelta, chance: Chance) -> None:
    """An eligible call that no unit has reached."""
    at = world.ledger.end - ago
    place = world.map.place(world.map.survey.calls, world.ledger, at, chance)
    number = world.ledger.number("call")
    values = {
        "call_id": number,
        "call_no": f"C-{day.on:%Y%m%d}-{number % 1_000_000:05d}",
        "kind": "service",
        "source": "211",
        "priority": "3",
        "call_arrival": at,
        "call_answering": at + timedelta(seconds=6),
        "call_create": at + timedelta(seconds=41),
        "triaged_at": at + timedelta(seconds=260),
        "ready_at": at + timedelta(seconds=330),
        "eligible": True,
        "location_id": place.location_id,
    }
    world.ledger.emit("call", at, values, chance)
