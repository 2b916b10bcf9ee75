"""Counts of earlier nights -> what a night's count can be by chance, and whether it cannot. Pure.

Counts of calls scatter more than Poisson's law says (bad weather, games, pay days): a negative binomial law is taken,
with the scatter that the series itself showed. Called by jobs.source.arrivals.

How the bounds are chosen. `expected` is the mean of the same weekday over eight weeks. The scatter is pooled over all
weekdays, sum((x - mean of its weekday)^2 / mean) / degrees of freedom, and then taken as large as it is with 90 %
confidence (it was estimated from few nights); over spans of several days, whose windows overlap, from as many fewer
degrees. `low` is the least count that is not rarer than 1 in 100,000, so that 24 counts a night (eight
sources, three spans) surprise once in 4,000 nights; `high` the greatest that is not rarer than 1 in a million.

Example: 40, 44, 38, 41, 43, 39, 45 and 42 calls on the last eight Fridays, other days alike: expected 41.5, scatter
below 1, so Poisson's: low 16, high 78. Where the scatter is 4 (single days from 20 to 65): low 4, high 137. A source
with 8 calls a day has low 0 for one day: its silence shows over three days or seven.

A night is kept back only where three things hold at once: below `low`, below half of what is expected (most holidays
are not), and lower than any of the last 28 nights (a pattern is not). Measured on days of real services (tests/jobs/
test_band.py prints it): in 12,169 nights of 13 series nothing but a line that was closed and a gap in the records. At
1 in 10,000 a quiet Victoria Day was kept back too, so the bound is not drawn closer.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import NormalDist

WEEKS = 8
NIGHTS = 28
"""So many nights have to be known, and so far back an equally low count is looked for."""
SAME_WEEKDAY = 4
LOW, HIGH, EMPTY = 1e-5, 1e-6, 5e-5
"""How rare a count below, above and an empty half day must be."""
SURE = NormalDist().inv_cdf(0.10)
"""Quantile at which a scatter's estimate is taken: it is larger in one of ten series only."""


@dataclass(frozen=True)
class Band:
    """What a count is expected to be, and the least and greatest that is no surprise."""

    expected: float
    low: int
    high: int


def band(before: Mapping[date, int], day: date, span: int = 1) -> Band | None:
    """The band of `day` from the counts of earlier days, each of the `span` days that end with it.

    None where too few nights are known: 28, and 4 of the same weekday.
    """
    known = {age: before[day - timedelta(days=age)] for age in _ages() if day - timedelta(days=age) in before}
    weekdays = [[count for age, count in known.items() if age % 7 == weekday] for weekday in range(7)]
    same = weekdays[0]
    if len(known) < NIGHTS or len(same) < SAME_WEEKDAY:
        return None
    expected = sum(same) / len(same)
    scatter = _scatter([each for each in weekdays if len(each) > 1], span)
    # the mean itself is uncertain: it rests on so many days
    return _bounds(expected, expected * scatter * (1 + 1 / len(same)))


def _ages() -> range:
    return range(1, WEEKS * 7 + 1)


def fallen(before: Mapping[date, int], day: date, here: int, found: Band) -> bool:
    """Whether a count is too low to be believed: see above."""
    last = (before.get(day - timedelta(days=age)) for age in range(1, NIGHTS + 1))
    return here < found.low and here * 2 < found.expected and all(count is None or here < count for count in last)


def cannot_be_empty(before: Sequence[int]) -> bool:
    """Whether none can be no chance, where the same half of the last 28 days had these counts."""
    if len(before) < NIGHTS or min(before) == 0:
        return False
    expected = sum(before) / len(before)
    variance = expected * _scatter([list(before)], 1) * (1 + 1 / len(before))
    return _chance_of_none(expected, variance) < EMPTY


def _scatter(groups: Sequence[Sequence[int]], span: int) -> float:
    """Variance over mean within the groups, as large as it is with confidence; at least Poisson's 1."""
    total, degrees = 0.0, 0
    for counts in groups:
        mean = sum(counts) / len(counts)
        if mean:
            total += sum((count - mean) ** 2 for count in counts) / mean
            degrees += len(counts) - 1
    if not degrees:
        return 1.0
    independent = max(3.0, degrees / span)
    return max(1.0, total / degrees * independent / _chi_square(independent))


def _chi_square(degrees: float) -> float:
    """The quantile of the chi-square distribution at SURE, by Wilson and Hilferty."""
    part = 2 / (9 * degrees)
    return degrees * float((1 - part + SURE * math.sqrt(part)) ** 3)


def _law(mean: float, variance: float) -> tuple[float, float]:
    """Size and chance of the negative binomial law with this mean and variance; nearly Poisson's where both agree."""
    size = mean * mean / max(variance - mean, mean * 1e-3)
    return size, mean / (size + mean)


def _chance_of_none(mean: float, variance: float) -> float:
    size, chance = _law(mean, variance)
    return math.exp(size * math.log1p(-chance))


def _bounds(mean: float, variance: float) -> Band:
    """Walks up the law until LOW of it lies below, then until HIGH lies above."""
    if mean == 0:
        return Band(0.0, 0, 0)
    size, chance = _law(mean, variance)
    count = 0
    here = below = math.exp(size * math.log1p(-chance))
    low: int | None = None
    while low is None or 1 - below > HIGH:
        if low is None and below > LOW:
            low = count
            continue
        count += 1
        here *= (size + count - 1) / count * chance
        below += here
        if here == 0 and count > mean:
            break
    return Band(mean, low or 0, count)
