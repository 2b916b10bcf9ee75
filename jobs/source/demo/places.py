"""Where things happen: how busy each neighbourhood is, and places that calls come back to.

Places lie on a made-up grid of corners inside the real outlines. A place is a row of `location`; a third
of the calls come from a pool of places known before, the rest get a row of their own.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

import shapely
from shapely.geometry import shape

from jobs.source import geography
from jobs.source.demo.chance import Chance, Shares, seeded
from jobs.source.demo.ledger import Ledger, Row

DOWNTOWN = (43.656, -79.380)
EQUITY_FACTOR = {"NIA": 2.0, "EN": 1.5, "none": 1.0}
CORNERS = 120
"""Corners in each neighbourhood."""

REPEATED = 12
"""Places in each neighbourhood that are in the pool."""

REPEAT_SHARE = 0.35
METHODS = Shares.of([("address", 0.62), ("intersection", 0.24), ("block", 0.14)])
TEAM_OF_QUADRANT = {
    (True, True): "mobile_ne",
    (True, False): "mobile_nw",
    (False, True): "mobile_se",
    (False, False): "mobile_sw",
}
"""(north, east) of the middle of the city -> team."""


@dataclass(frozen=True)
class Oddity:
    """A way in which a place is not known, its share of new places, and the finding that it is counted as."""

    share: float
    name: str
    finding: str | None
    values: tuple[Row, ...]


NO_POINT: Row = {"latitude": None, "longitude": None, "geocode_method": "none"}
ODDITIES = (
    Oddity(0.010, "area_word", None, (NO_POINT | {"area_word": "NSA"},)),
    Oddity(0.006, "area_word", None, ({"area_word": "outside", "latitude": 43.5890, "longitude": -79.6441},)),
    Oddity(
        0.005,
        "area_word",
        "unknown_area",
        tuple(
            NO_POINT | {"area_word": word} for word in ("Downtown core", "999", "Old Town (pre-2022)", "near the lake")
        ),
    ),
    Oddity(0.006, "area_word", "area_missing", (NO_POINT | {"area_word": None},)),
    Oddity(0.008, "latitude", "point_zero", ({"latitude": 0.0, "longitude": 0.0},)),
)


@dataclass(frozen=True)
class Place:
    """A location row that exists, and the team that covers it."""

    location_id: int
    team_code: str


@dataclass(frozen=True)
class Ground:
    """One neighbourhood as the city's stage."""

    area_id: str
    team_code: str
    corners: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Survey:
    """All grounds, and how calls and violence fall on them."""

    grounds: tuple[Ground, ...]
    calls: Shares[Ground]
    violence: Shares[Ground]


@lru_cache(maxsize=1)
def survey(seed: int) -> Survey:
    """The city of a seed: everything about its ground that does not depend on time."""
    areas = geography.neighbourhoods()
    middle = (
        sorted(area.label_latitude for area in areas)[len(areas) // 2],
        sorted(area.label_longitude for area in areas)[len(areas) // 2],
    )
    grounds, calls, violence = [], [], []
    for area in areas:
        chance = seeded(seed, "area", area.area_id)
        quadrant = (area.label_latitude >= middle[0], area.label_longitude >= middle[1])
        own = math.exp(0.45 * chance.gauss(0.0, 1.0)) * EQUITY_FACTOR[area.equity_class]
        near = math.hypot(area.label_latitude - DOWNTOWN[0], 0.72 * (area.label_longitude - DOWNTOWN[1]))
        grounds.append(Ground(area.area_id, TEAM_OF_QUADRANT[quadrant], _corners(area, chance)))
        calls.append(own * (1.0 + 3.0 * math.exp(-near / 0.03)))
        violence.append(own**1.8 * (1.0 + math.exp(-near / 0.03)))
    return Survey(
        tuple(grounds),
        Shares.of(list(zip(grounds, calls, strict=True))),
        Shares.of(list(zip(grounds, violence, strict=True))),
    )


class Map:
    """Where the events of a run are: a survey, and the pool of places that they come back to."""

    def __init__(self, seed: int) -> None:
        self.survey = survey(seed)
        self._pools: dict[str, Shares[Place]] = {}

    def open_pools(self, ledger: Ledger, born: datetime, seed: int) -> None:
        """Write the places that calls come back to: a few of them take most of the calls (Zipf)."""
        for ground in self.survey.grounds:
            chance = seeded(seed, "pool", ground.area_id)
            places = []
            for rank in range(REPEATED):
                place = Place(ledger.number("location"), ground.team_code)
                ledger.emit("location", born, _row(place.location_id, ground, chance), chance)
                places.append((place, 1.0 / (rank + 1)))
            self._pools[ground.area_id] = Shares.of(places)

    def place(self, grounds: Shares[Ground], ledger: Ledger, born: datetime, chance: Chance) -> Place:
        """Where the next event is: a place of the pool, or a new row, odd at the known rates."""
        ground = grounds.pick(chance)
        if chance.yes(REPEAT_SHARE):
            return self._pools[ground.area_id].pick(chance)
        row = _row(ledger.number("location"), ground, chance)
        oddity = _oddity(chance)
        if oddity is not None:
            row |= chance.choice(oddity.values)
        if ledger.emit("location", born, row, chance) and oddity is not None and oddity.finding is not None:
            ledger.report.count("location", oddity.name, oddity.finding)
        return Place(row["location_id"], ground.team_code)


def _row(number: int, ground: Ground, chance: Chance) -> Row:
    latitude, longitude = chance.choice(ground.corners)
    return {
        "location_id": number,
        "area_word": ground.area_id,
        "geocode_method": METHODS.pick(chance),
        "latitude": latitude,
        "longitude": longitude,
    }


def _oddity(chance: Chance) -> Oddity | None:
    lot = chance.random()
    for oddity in ODDITIES:
        if lot < oddity.share:
            return oddity
        lot -= oddity.share
    return None


def _corners(area: geography.Neighbourhood, chance: Chance) -> tuple[tuple[float, float], ...]:
    """Points inside the outline at 5 decimals, drawn from its bounding box."""
    outline = shape(area.outline)
    shapely.prepare(outline)
    west, south, east, north = outline.bounds
    found: list[tuple[float, float]] = []
    while len(found) < CORNERS:
        drawn = [(round(chance.uniform(south, north), 5), round(chance.uniform(west, east), 5)) for _ in range(CORNERS)]
        inside = shapely.contains_xy(outline, [x for _, x in drawn], [y for y, _ in drawn])
        found += [point for point, within in zip(drawn, inside.tolist(), strict=True) if within]
    return tuple(found[:CORNERS])
