"""Ways to cut the days into parts that meet: as a refresh policy does, and as nobody should have to fear.

A part is its first day and the day after its last, as RangeStart and RangeEnd are. Called by the rows about M.
"""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

EVER = (date(2000, 1, 1), date(2100, 1, 1))
"""The defaults of the parameters."""

DAY = timedelta(days=1)
Part = tuple[date, date]


@dataclass(frozen=True)
class Policy:
    """A basic refresh policy: units kept, and the last of them that a refresh reads anew."""

    kept: int
    kept_unit: str
    anew: int
    anew_unit: str

    @classmethod
    def of(cls, declared: dict[str, Any]) -> Policy:
        """A policy of the model's document."""
        return cls(
            declared["rollingWindowPeriods"],
            declared["rollingWindowGranularity"],
            declared["incrementalPeriods"],
            declared["incrementalGranularity"],
        )

    def parts(self, today: date) -> tuple[list[Part], list[Part]]:
        """The parts kept as they are and those read anew, when a refresh runs on that day; the unit of today is the last."""
        end = back(today, self.anew_unit, -1)
        cut = back(today, self.anew_unit, self.anew - 1)
        first = back(today, self.kept_unit, self.kept - 1)
        kept = cuts(_starts(first, cut, self.kept_unit), cut) if first < cut else []
        return kept, cuts(_starts(max(first, cut), end, self.anew_unit), end)


def back(day: date, unit: str, units: int) -> date:
    """The first day of the unit (year, month, day) that lies `units` before the one of `day`."""
    if unit == "day":
        return day - units * DAY
    months = 12 * day.year + day.month - 1
    if unit == "month":
        year, month = divmod(months - units, 12)
        return date(year, month + 1, 1)
    return date(day.year - units, 1, 1)


def _starts(first: date, end: date, unit: str) -> Iterable[date]:
    start = first
    while start < end:
        yield start
        start = back(start, unit, -1)


def cuts(days: Iterable[date], end: date) -> list[Part]:
    """Parts that meet at these days."""
    return list(pairwise([*days, end]))


def everything(days: Iterable[date]) -> list[Part]:
    """Parts that meet at these days, with what lies before and behind."""
    return list(pairwise(sorted({*EVER, *days})))


def months(first: date, last: date) -> list[Part]:
    """Every month, from the one before the first day to the one behind the last."""
    return everything(_starts(back(first, "month", 1), back(last, "month", -2), "month"))


def days_around(days: Iterable[date]) -> list[Part]:
    """Single days: each of these, the one before and the one behind."""
    return everything(day + step * DAY for day in days for step in (-1, 0, 1, 2))


def at_random(first: date, last: date, seed: int, number: int) -> list[Part]:
    """Parts that meet anywhere."""
    span = (last - first).days
    drawn = random.Random(seed)
    return everything(first + drawn.randrange(span + 2) * DAY for _ in range(number))
