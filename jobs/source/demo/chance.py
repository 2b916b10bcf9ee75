"""Chance with names: a seeded source of numbers for one day, and the draws that the demo city needs.

Python's own generator, whose numbers are the same on every platform and version for one seed.
"""

from __future__ import annotations

import math
from bisect import bisect
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import accumulate
from random import Random
from typing import Generic, TypeVar

Choice = TypeVar("Choice")


@dataclass(frozen=True)
class Shares(Generic[Choice]):
    """Values with weights; `pick` draws one."""

    values: tuple[Choice, ...]
    sums: tuple[float, ...]

    @classmethod
    def of(cls, pairs: Sequence[tuple[Choice, float]]) -> Shares[Choice]:
        """From (value, weight) pairs; weights need not add up to one."""
        return cls(tuple(value for value, _ in pairs), tuple(accumulate(weight for _, weight in pairs)))

    def pick(self, chance: Chance) -> Choice:
        """One value, each with its share."""
        return self.values[bisect(self.sums, chance.random() * self.sums[-1], 0, len(self.values) - 1)]


class Chance(Random):
    """Draws in the units of the city. Made for one seed and one purpose (a day, a person)."""

    def yes(self, share: float) -> bool:
        """True in `share` of the draws."""
        return self.random() < share

    def seconds(self, median: float, spread: float) -> timedelta:
        """A log-normal duration in whole seconds; `spread` is sigma (0.6: the 90th percentile is 2.2 medians)."""
        return timedelta(seconds=int(median * math.exp(spread * self.gauss(0.0, 1.0))))

    def between(self, low: float, high: float) -> timedelta:
        """A uniform duration between two numbers of seconds."""
        return timedelta(seconds=int(low + (high - low) * self.random()))

    def poisson(self, mean: float) -> int:
        """A count with this mean. Above 50 by the normal form, which is close enough for a demonstration."""
        if mean > 50:
            return max(0, round(self.gauss(mean, math.sqrt(mean))))
        product, count, floor = self.random(), 0, math.exp(-mean)
        while product > floor:
            product *= self.random()
            count += 1
        return count

    def overdispersed(self, mean: float, ratio: float) -> int:
        """A negative-binomial count whose variance is `ratio` times its mean."""
        shape = mean / (ratio - 1.0)
        return self.poisson(self.gammavariate(shape, mean / shape))


def seeded(*parts: object) -> Chance:
    """The chance of one purpose: the same parts give the same draws, in any order of asking."""
    return Chance("/".join(str(part) for part in parts))
