"""The rows about pictures: every page of an audience is drawn whole, nothing on it is cut, and what lies in docs is of today.

Draws with the figures of the demo city and writes nothing: `python -m tests.powerbi_check.pictures` does that.
"""

from __future__ import annotations

from functools import partial

from tests.powerbi_check.bench import Bench
from tests.powerbi_check.pictures import writing
from tests.powerbi_check.pictures.sheet import CUT, EMPTY, OVERLAP
from tests.powerbi_check.rows import AUDIENCES, Outcome, Row

AGAIN = "run `make pictures` and look at it"


def pictures(bench: Bench, audience: str) -> Outcome:
    """Pages drawn, what is wrong with them, and which pictures are old."""
    drawn = writing.sheets(audience, bench.rows(audience))
    old = writing.stale(audience)
    faults = [f"{name}: {fault}" for name, each in drawn.items() for fault in each.faults()]
    whole, wanted = sum(each.drawn for each in drawn.values()), sum(each.wanted for each in drawn.values())
    figure = (
        f"{len(drawn) - len(old)} of {len(drawn)} pictures of today; {whole} of {wanted} visuals drawn, "
        f"{sum(each.count(CUT) for each in drawn.values())} texts cut, "
        f"{sum(each.count(OVERLAP) for each in drawn.values())} overlaps, "
        f"{sum(each.count(EMPTY) for each in drawn.values())} empty"
    )
    remarks = [*(f"docs/powerbi/{name} is not of today's page: {AGAIN}" for name in old), *faults]
    return Outcome(figure, not remarks and bool(drawn), tuple(remarks))


ROWS = tuple(
    Row(
        f"pictures {audience}",
        "every page drawn from its PBIR with the figures of the demo city",
        partial(pictures, audience=audience),
        short=False,
    )
    for audience in AUDIENCES
)
