"""Intervals around shares and percentiles: Wilson's score interval, and the ranks of order statistics. Pure.

Used by jobs (published percentiles) and by whatever shows a share with its uncertainty.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from statistics import NormalDist

CONFIDENCE = 0.95
Z = NormalDist().inv_cdf(1 - (1 - CONFIDENCE) / 2)
"""1.959963984540054: the normal quantile of a two-sided 95 % interval."""
EXACT_UP_TO = 50_000
"""Samples up to this size get exact binomial ranks; larger ones the normal approximation, widened by one rank."""


def wilson(successes: int, trials: int, z: float = Z) -> tuple[float, float] | None:
    """Wilson's score interval of a share (95 % by default), both ends between 0 and 1; None without trials.

    Example: wilson(652, 4682) is (0.1296, 0.1495). Raises ValueError when successes are not within 0 and trials.
    """
    if not 0 <= successes <= trials:
        raise ValueError(f"{successes} successes of {trials} trials")
    if trials == 0:
        return None
    share = successes / trials
    spread = z * math.sqrt(share * (1 - share) / trials + z * z / (4 * trials * trials))
    middle = share + z * z / (2 * trials)
    scale = 1 + z * z / trials
    return max(0.0, (middle - spread) / scale), min(1.0, (middle + spread) / scale)


Ranks = tuple[int, int]
"""1-based ranks of the order statistics between which a percentile lies."""


def order_statistic_ranks(n: int, tenths: int) -> Ranks | None:
    """Ranks of the distribution-free 95 % interval of the percentile `tenths` / 10 in a sample of `n` values.

    The interval is [X(low), X(high)] with equal tails. For B ~ Binomial(n, p), low is the greatest rank with
    P(B < low) <= 2.5 % and high the least rank with P(B >= high) <= 2.5 %, so that at least 95 % is covered whatever
    the distribution. With fewer than 6 values (p = 0.5) or 36 (p = 0.9) an end lies outside the sample: None.
    """
    ((_, ranks),) = ranks_of({n}, tenths)
    return ranks


def ranks_of(sizes: Iterable[int], tenths: int) -> Iterator[tuple[int, Ranks | None]]:
    """`order_statistic_ranks` of many sample sizes at once, ascending. Raises ValueError for a negative size."""
    wanted = sorted(set(sizes))
    if wanted and wanted[0] < 0:
        raise ValueError(f"a sample of {wanted[0]} values")
    small = [n for n in wanted if n <= EXACT_UP_TO]
    yield from _exact(small, tenths / 10)
    yield from ((n, _approximate(n, tenths / 10)) for n in wanted[len(small) :])


def _exact(sizes: list[int], p: float) -> Iterator[tuple[int, Ranks | None]]:
    """Both tails follow from one sample size to the next: a tail's rank grows by at most one for each value added."""
    low, high = _Tail(p), _Tail(1 - p)  # P(B >= high) of p is the lower tail of 1 - p
    n = 0
    for size in sizes:
        while n < size:
            n += 1
            low.grow(n)
            high.grow(n)
        yield size, (low.rank, size + 1 - high.rank) if low.rank and high.rank else None


class _Tail:
    """The greatest rank r with P(B < r) <= 2.5 % for B ~ Binomial(n, p), kept up to date while n grows by one."""

    def __init__(self, p: float) -> None:
        self.p = p
        self.rank = 0
        self.below = 0.0  # P(B < rank)
        self.at = 1.0  # P(B = rank)

    def grow(self, n: int) -> None:
        p, q, k = self.p, 1 - self.p, self.rank
        before = self.at * k * q / ((n - k) * p) if k else 0.0  # P(B = k - 1) of n - 1 values
        self.below -= p * before
        self.at *= n * q / (n - k)
        if self.below + self.at <= (1 - CONFIDENCE) / 2:
            self.below += self.at
            self.at *= (n - k) * p / ((k + 1) * q)
            self.rank += 1


def _approximate(n: int, p: float) -> Ranks:
    """Normal approximation with continuity correction, one rank wider at both ends to stay on the safe side."""
    middle, spread = n * p, Z * math.sqrt(n * p * (1 - p))
    return math.floor(middle - spread + 0.5) - 1, math.ceil(middle + spread + 0.5) + 1
