"""Which cuts a view knows -> the hidden measures that keep a total from being repeated over a foreign one.

A view answers when its reader may see any row of it, when a day is chosen that exists, and when no dimension is
filtered that it has no relationship to. Pure; called by the modules beside it.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from models.catalogue import CATALOGUE
from models.catalogue.types import View
from powerbi.audience import AUDIENCES
from powerbi.measures.dax import BEFORE_AS_OF, DAY, dax_column, dax_table, measure
from powerbi.model import relationships
from powerbi.model.words import Measure

FOLDER = "Building blocks"
PROVES_READER = {"OpenItems": "DailyResponses", "Revisions": "Completeness"}
"""Open items and revisions are rightly none on a good day: another view tells whether a reader may see any."""
PARAMETERS = {"ResponsePercentiles": frozenset({"Teams", "Priority"})}
"""Dimensions that a view has no relationship to and follows by its own rule."""
COMPARED = frozenset(metric.view for metric in CATALOGUE.metrics.values())
"""Views of metrics: their days are compared with earlier ones, as far as there are any."""


@cache
def dimensions(audience: str) -> tuple[str, ...]:
    """Every table that another one is related to, in the order in which relationships name them."""
    return tuple(dict.fromkeys(each.to_table for each in relationships.relationships(AUDIENCES[audience])))


def related(audience: str, view: str) -> frozenset[str]:
    """The dimensions whose filters reach the view."""
    every = relationships.relationships(AUDIENCES[audience])
    return frozenset(each.to_table for each in every if each.from_table == view)


def answerable(view: str) -> str:
    """The condition under which measures of the view have a value."""
    return measure(f"Answerable ({view})")


def first_day(view: str) -> str:
    """The first day that the view has rows of, over everything the reader may see."""
    return measure(f"First day ({view})")


def building_blocks(audience: str, views: tuple[View, ...]) -> Iterator[Measure]:
    """The hidden measures that the others refer to."""
    yield Measure(
        "Last complete day",
        "Dates",
        f"CALCULATE(MAX({DAY}), KEEPFILTERS({BEFORE_AS_OF} >= 1))",
        "The last day of the context that was over at as-of.",
        FOLDER,
        "yyyy-mm-dd",
        hidden=True,
    )
    for view in views:
        yield Measure(
            f"Answerable ({view.name})",
            view.name,
            _condition(audience, view.name),
            "Whether the reader sees rows of this table, and nothing is filtered that it cannot be cut by.",
            FOLDER,
            hidden=True,
        )
        if view.name in COMPARED:
            yield Measure(
                f"First day ({view.name})",
                view.name,
                f"CALCULATE(MIN({dax_column(view.name, 'OperationalDate')}), REMOVEFILTERS())",
                "The first day that this table has rows of.",
                FOLDER,
                "yyyy-mm-dd",
                hidden=True,
            )


def _condition(audience: str, view: str) -> str:
    near = related(audience, view)
    seen = [f"NOT ISEMPTY(ALL({dax_column(name, 'SnapshotId')}))" for name in (view, PROVES_READER.get(view)) if name]
    lines = [f"({' || '.join(seen)})" if len(seen) > 1 else seen[0]]
    if "Dates" in near:
        lines.append("NOT ISEMPTY('Dates')")
    foreign = [name for name in dimensions(audience) if name not in near | PARAMETERS.get(view, frozenset())]
    lines.extend(f"NOT ISFILTERED({dax_table(name)})" for name in foreign)
    return "\n    && ".join(lines)


def has_family(view: str) -> bool:
    """Whether rows of both families stand in the view."""
    return CATALOGUE.views[view].has("FamilyCode")
