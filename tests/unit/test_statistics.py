"""Wilson's interval and the order-statistic ranks, against published numbers and exact sums."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.statistics import EXACT_UP_TO, order_statistic_ranks, ranks_of, wilson


def tail(n: int, tenths: int, rank: int) -> Fraction:
    """P(B < rank) for B ~ Binomial(n, tenths / 10), exactly: in whole numbers over 10 to the n."""
    counted = sum(math.comb(n, k) * tenths**k * (10 - tenths) ** (n - k) for k in range(rank))
    return Fraction(counted, 10**n)


def test_wilson_gives_the_published_interval() -> None:
    low, high = wilson(652, 4682) or (0, 0)
    assert (round(100 * low, 2), round(100 * high, 2)) == (12.96, 14.95)


@pytest.mark.parametrize(
    ("successes", "trials", "expected"), [(0, 10, (0.0, 0.2775)), (10, 10, (0.7225, 1.0)), (0, 0, None)]
)
def test_wilson_stays_within_nothing_and_all(successes: int, trials: int, expected: tuple[float, float] | None) -> None:
    found = wilson(successes, trials)
    assert found == expected or (found and tuple(round(end, 4) for end in found)) == expected


@pytest.mark.parametrize(("successes", "trials"), [(-1, 3), (4, 3)])
def test_impossible_counts_are_refused(successes: int, trials: int) -> None:
    with pytest.raises(ValueError, match="successes"):
        wilson(successes, trials)


@pytest.mark.parametrize(
    ("n", "tenths", "ranks"),
    [
        (5, 5, None),
        (6, 5, (1, 6)),
        (20, 5, (6, 15)),
        (100, 5, (40, 61)),
        (35, 9, None),
        (36, 9, (29, 36)),
        (100, 9, (84, 96)),
    ],
)
def test_ranks_of_small_samples(n: int, tenths: int, ranks: tuple[int, int] | None) -> None:
    assert order_statistic_ranks(n, tenths) == ranks


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 400), st.sampled_from((5, 9)))
def test_ranks_are_the_tightest_that_leave_no_more_than_a_fortieth_outside(n: int, tenths: int) -> None:
    ranks = order_statistic_ranks(n, tenths)
    limit = Fraction(25, 1000)
    if ranks is None:
        assert tail(n, tenths, 1) > limit or 1 - tail(n, tenths, n) > limit or n == 0
        return
    low, high = ranks
    assert tail(n, tenths, low) <= limit < tail(n, tenths, low + 1)
    assert 1 - tail(n, tenths, high) <= limit < 1 - tail(n, tenths, high - 1)


def test_large_samples_are_exact_up_to_the_limit_and_never_too_narrow_beyond() -> None:
    for tenths in (5, 9):
        exact, approximate = dict(ranks_of([EXACT_UP_TO, EXACT_UP_TO + 1], tenths)).values()
        assert exact and approximate
        assert 0 <= exact[0] - approximate[0] <= 2
        assert 0 <= approximate[1] - exact[1] <= 2


def test_a_sample_has_no_negative_size() -> None:
    with pytest.raises(ValueError, match="-1"):
        order_statistic_ranks(-1, 5)
