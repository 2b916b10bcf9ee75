"""Metrics of the catalogue -> DAX measures of one audience. Pure; called by `powerbi.model.build`.

A measure lives in the view that its columns come from. Where an audience reads no such view, it has no such measure.
"""

from __future__ import annotations

from collections.abc import Iterator

from models.catalogue import CATALOGUE
from powerbi.audience import AUDIENCES
from powerbi.measures import (
    companions,
    comparisons,
    cuts,
    percentiles,
    records,
    revisions,
    standing,
    targets,
    trust,
    values,
)
from powerbi.model.words import Measure

FACTS = frozenset(metric.view for metric in CATALOGUE.metrics.values())
ASKED = FACTS | {percentiles.VIEW, *standing.FOLDERS, *records.VIEWS, revisions.REVISED, revisions.COMPLETE}
"""Views of which measures are made."""


def measures(audience: str) -> tuple[Measure, ...]:
    """The measures of an audience, in the order in which tables show them."""
    return tuple(_every(audience))


def _every(audience: str) -> Iterator[Measure]:
    views = AUDIENCES[audience].views()
    read = {view.name for view in views}
    for metric in CATALOGUE.metrics.values():
        yield from values.measures(metric)
        yield from targets.measures(metric)
        yield from comparisons.measures(metric)
        yield from percentiles.measures(metric)
    for view in views:
        if view.name in FACTS and view.name != "DailyFunnel":
            yield from companions.measures(view)
    yield from percentiles.general()
    yield from standing.measures()
    yield from revisions.measures()
    yield from trust.measures(audience)
    if read.issuperset(records.VIEWS):
        yield from records.measures()
    yield from cuts.building_blocks(audience, tuple(view for view in views if view.name in ASKED))
    yield from percentiles.building_blocks()
