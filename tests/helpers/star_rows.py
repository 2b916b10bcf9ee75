"""Random rows of the star: few values, so that there are groups, ties and nulls; foreign keys that lead nowhere, to
hidden rows, in circles. Doubles are multiples of a quarter: their sums are exact in any order of adding.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from tests.helpers.star import VERSION

AREAS = ("001", "002", "003")
TEXTS = ("a", "A", "ab", "Bé", "bé", "z%", "", "n 1", "O'B")
SMALL = (-3, 0, 1, 1, 2, 7, 2_147_483_647)
WHOLE = (-5, 0, 2, 2, 10, 2**53 + 1)
DECIMALS = tuple(map(Decimal, ("-2.5", "0", "0.5", "1.25", "1.25", "3.1416", "100.0001")))
DOUBLES = (-1.5, 0.0, 0.25, 0.25, 2.5, 8.0)
DAYS = tuple(date(2024, 2, 28) + timedelta(days=number) for number in range(4))
MOMENTS = tuple(
    datetime(day.year, day.month, day.day) + timedelta(microseconds=micros)  # noqa: DTZ001 stored instants are naive UTC
    for day in DAYS[:2]
    for micros in (0, 1, 999_999, 43_200_000_000, 86_399_999_999)
)
ACCESS = (*[None] * 12, *[frozenset({"001", "002"})] * 8, *[frozenset({"002"})] * 3, frozenset[str]())
"""Areas of a caller; None is all of them."""

Columns = Mapping[str, tuple[Any, ...]]
EVENTS: Columns = {
    "Name": TEXTS,
    "Note": TEXTS,
    "Small": SMALL,
    "Count": WHOLE,
    "Amount": DECIMALS,
    "Ratio": DOUBLES,
    "Day": DAYS,
    "At": MOMENTS,
    "Flag": (False, True),
    "PlaceId": ("p1", "p1", "p2", "p3", "p9"),
    "ParentId": tuple(range(1, 10)),
}
PLACES: Columns = {
    "Label": TEXTS,
    "Size": SMALL,
    "Weight": DECIMALS,
    "RegionCode": ("n", "s"),
    "RegionNumber": (1, 2),
}
REGIONS: Columns = {
    "Title": TEXTS,
    "Share": DOUBLES,
    "Since": DAYS,
    "Total": WHOLE,
    "Open": (False, True),
}
Keys = Callable[[Random, int], dict[str, Any]]


def _rows(random: Random, number: int, columns: Columns, keys: Keys) -> list[dict[str, Any]]:
    """Rows with these keys and a value, or now and then null, in every other column."""

    def cell(values: tuple[Any, ...]) -> Any:
        return random.choice(values) if random.randrange(5) else None

    made = (
        {**keys(random, n), **{name: cell(values) for name, values in columns.items()}} for n in range(1, number + 1)
    )
    return [{"SnapshotId": VERSION, **row} for row in made]


def rows(random: Random) -> dict[str, list[dict[str, Any]]]:
    """The rows of all views."""
    regions = _rows(random, 4, REGIONS, lambda _, n: {"Code": "ns"[n % 2], "Number": 1 + n // 3})
    return {
        "Events": _rows(
            random,
            random.choice((0, 1, *[4, 6, 8, 10, 12] * 4)),
            EVENTS,
            lambda dice, n: {"Id": n, "On": dice.choice(DAYS), "Area": dice.choice(AREAS)},
        ),
        "Places": _rows(random, 3, PLACES, lambda dice, n: {"PlaceId": f"p{n}", "Area": dice.choice(AREAS)}),
        "Regions": random.sample(regions, random.randint(1, 4)),
    }
