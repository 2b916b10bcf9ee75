"""No visual cuts a figure by what it cannot be cut by: a measure is blank there, and a page full of blanks says nothing.

A measure answers to the dimensions that its table is related to. What stands in a visual, what filters it and what a
selection beside it passes on has to be among these.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from powerbi.audience import AUDIENCES
from powerbi.model.build import model
from powerbi.report import report
from powerbi.report.words import Among, Between, Field, IsTrue, Page, Visual

audiences = pytest.mark.parametrize("audience", AUDIENCES)

# One team or one priority is a cut of the published percentiles, without a relationship.
BY_RULE = {"ResponsePercentiles": {"Teams", "Priority"}}
PERCENTILES = (", p50", ", p90", ", percentile note")


def star(audience: str) -> dict[str, set[str]]:
    """Table of facts -> the dimensions that it can be cut by."""
    found: dict[str, set[str]] = {}
    for each in model(audience).relationships:
        found.setdefault(each.from_table, set(BY_RULE.get(each.from_table, ()))).add(each.to_table)
    return found


def facts(visual: Visual) -> set[str]:
    """The tables behind the measures of a visual."""
    measures = [field for field in visual.fields() if field.measure]
    return {
        "ResponsePercentiles" if any(each in field.name for each in PERCENTILES) else field.table for field in measures
    }


def cut_by(visual: Visual) -> set[str]:
    """The tables that a visual groups by."""
    return {field.table for well in visual.wells for field in well.fields if not field.measure}


def filtered_by(visual: Visual) -> set[str]:
    return {each.field.table for each in visual.filters if isinstance(each, (Among, Between, IsTrue))}


def blanked(tables: set[str], visual: Visual, cuts: dict[str, set[str]]) -> Iterator[str]:
    """What a filter on these tables would blank."""
    dimensions = set().union(*cuts.values())
    for fact in sorted(facts(visual) & set(cuts)):
        for table in sorted(tables & dimensions - cuts[fact]):
            yield f"{visual.key}: {fact} cannot be cut by {table}"


def faults(page: Page, cuts: dict[str, set[str]]) -> Iterator[str]:
    for visual in page.visuals:
        yield from blanked(cut_by(visual) | filtered_by(visual), visual, cuts)
        for other in page.visuals:
            if other is not visual and (visual.reaches is None or other.key in visual.reaches):
                yield from (f"from {visual.key}, {fault}" for fault in blanked(cut_by(visual), other, cuts))


@audiences
def test_no_visual_and_no_selection_blanks_a_figure(audience: str) -> None:
    cuts = star(audience)
    assert [f"{page.key}: {fault}" for page in report(audience).pages for fault in faults(page, cuts)] == []


def test_a_slicer_that_reached_everything_would_be_found() -> None:
    """The choice of a period means percentiles: reaching the funnel it would blank it."""
    (page,) = (page for page in report("viewer").pages if page.key == "response")
    open_to_all = [
        Visual(each.key, each.kind, each.box, each.alt, wells=each.wells) if each.key == "period" else each
        for each in page.visuals
    ]
    found = list(faults(Page(page.key, page.title, tuple(open_to_all)), star("viewer")))
    assert "from period, funnel: DailyFunnel cannot be cut by Period" in found


def test_a_figure_by_a_foreign_dimension_would_be_found() -> None:
    (page,) = (page for page in report("viewer").pages if page.key == "places")
    chosen = next(visual for visual in page.visuals if visual.key == "areas")
    well = chosen.wells[0]
    more = type(well)(well.role, (*well.fields, Field("Stage", "Stage")))
    changed = Visual(chosen.key, chosen.kind, chosen.box, chosen.alt, wells=(more,))
    found = list(blanked(cut_by(changed), changed, star("viewer")))
    assert found == [
        "areas: DailyCalls cannot be cut by Stage",
        "areas: DailyIncidents cannot be cut by Stage",
    ]


@audiences
def test_what_leads_to_the_drill_through_brings_its_area_or_kind_and_nothing_else(audience: str) -> None:
    (page,) = (page for page in report(audience).pages if page.drill)
    cuts = star(audience)
    kinds = {"IncidentTypes"}
    blank = {fault.partition(":")[0] for visual in page.visuals for fault in blanked(kinds, visual, cuts)}
    assert blank == {"tile calls_for_service", "weeks calls_for_service", "open here"}, "as the foot of the page says"
    assert [fault for visual in page.visuals for fault in blanked({"Areas"}, visual, cuts)] == []
