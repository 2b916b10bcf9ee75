"""The rows about pictures: every page of an audience is drawn whole, nothing on it is cut, and what lies in docs is of today.

Draws with the figures of the demo city and writes nothing: `make pictures` does that. The short form compares hashes alone.
"""

from __future__ import annotations

from functools import partial

from tests.powerbi_check.bench import Bench
from tests.powerbi_check.pictures import writing
from tests.powerbi_check.pictures.sheet import CUT, EMPTY, OVERLAP
from tests.powerbi_check.rows import AUDIENCES, Outcome, Row


def pictures(bench: Bench, audience: str) -> Outcome:
    """Which pictures are old; in the long form pages drawn anew and what is wrong with them."""
    wanted, old = writing.digests(audience), writing.stale(audience)
    figure = f"{len(wanted) - len(old)} of {len(wanted)} pictures of today"
    remarks = [f"docs/powerbi/{name} is not of today's page: run `make pictures` and look at it" for name in old]
    if not bench.short:
        drawn = writing.sheets(audience, bench.rows_file(audience))
        sheets = drawn.values()
        figure += (
            f"; {sum(each.drawn for each in sheets)} of {sum(each.wanted for each in sheets)} visuals drawn, "
            f"{sum(each.count(CUT) for each in sheets)} texts cut, {sum(each.count(OVERLAP) for each in sheets)} overlaps, "
            f"{sum(each.count(EMPTY) for each in sheets)} empty"
        )
        remarks += [f"{name}: {fault}" for name, each in drawn.items() for fault in each.faults()]
    return Outcome(figure, not remarks and bool(wanted), tuple(remarks))


ROWS = tuple(
    Row(
        f"pictures {audience}",
        "every page drawn from its PBIR with the figures of the demo city",
        partial(pictures, audience=audience),
    )
    for audience in AUDIENCES
)
