"""What all storytellers of the demo city share."""

from __future__ import annotations

from dataclasses import dataclass

from jobs.source.demo.chance import Chance
from jobs.source.demo.hours import Day
from jobs.source.demo.ledger import Ledger
from jobs.source.demo.options import Options, Report
from jobs.source.demo.people import People
from jobs.source.demo.places import Map, Place


@dataclass(frozen=True)
class World:
    """Options in, rows out through the ledger; the map and the people live as long as the run."""

    options: Options
    report: Report
    ledger: Ledger
    map: Map
    people: People


@dataclass(frozen=True)
class Scene:
    """One eligible call, as those see it who are asked to go there. `priority` is the catalogue's word."""

    world: World
    day: Day
    chance: Chance
    call_id: int
    place: Place
    priority: str

    @property
    def ledger(self) -> Ledger:
        """Where its rows go."""
        return self.world.ledger
