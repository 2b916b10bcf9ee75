"""`python -m tests.generative.apply_run --queries 20000`: the engine's answers to $apply, $expand, $compute and $search
beside those of the slow oracle, on new random cases. Its last line is the figure; exit code 1 when anything differs.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Iterator
from contextlib import closing
from random import SystemRandom

from tests.helpers.differential import QUERIES, Asked, Case, Tally, case, compared, wanted
from tests.helpers.star import Star, spelled

SHOWN = 20
"""Differences told in full."""


def differing(numbers: Iterable[int], tally: Tally) -> Iterator[tuple[int, Case, Asked, list[str]]]:
    """Compare the cases of these numbers; everything is counted, differences are yielded."""
    with closing(Star()) as star:
        for number in numbers:
            found = case(number)
            star.tables.load(found.rows)
            for asked in found.asked:
                expected = wanted(found, asked)
                outcome, differences = compared(star, found, asked, expected)
                tally.add(asked, outcome, expected)
                if differences:
                    yield number, found, asked, differences


def told(number: int, found: Case, asked: Asked, differences: list[str]) -> str:
    """A difference with all that is needed to see it again."""
    lines = [f"case {number}: Events?{spelled(asked.query)}", f"  {asked.headers} areas {found.areas}"]
    return "\n".join([*lines, *(f"  {difference}" for difference in differences[:5])])


def summary(tally: Tally) -> str:
    """What was drawn and how it ended."""
    counts = (("outcomes", tally.outcomes), ("rows", tally.rows), ("depth", tally.depths), ("names", tally.names))
    return "\n".join(
        f"{title}: {', '.join(f'{name} {n}' for name, n in sorted(found.items()))}" for title, found in counts
    )


def main() -> int:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--queries", type=int, default=20_000)
    parser.add_argument("--seed", type=int, help="number of the first case; without it cases that nobody has seen")
    asked = parser.parse_args()
    first = SystemRandom().randrange(10**9) if asked.seed is None else asked.seed
    tally, bad = Tally(), 0
    for difference in differing(range(first, first - (-asked.queries // QUERIES)), tally):
        bad += 1
        if bad <= SHOWN:
            print(told(*difference), flush=True)
    print(summary(tally))
    print(f"first case {first}")
    print(f"{tally.queries} queries, {bad} differences")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
