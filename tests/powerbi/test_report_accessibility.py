"""Who can read the reports, as figures; and each rule finds a report that breaks it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from powerbi.audience import AUDIENCES
from powerbi.model.build import model
from powerbi.report import pbir, report
from powerbi.report.accessibility import contrast, measure
from powerbi.report.reading import Drawn, drawn

audiences = pytest.mark.parametrize("audience", AUDIENCES)


def parts(audience: str = "viewer") -> dict[str, bytes]:
    return pbir.parts(report(audience))


@audiences
def test_everything_is_as_it_must_be(audience: str, figure: Callable[[str], None]) -> None:
    found = measure(parts(audience))
    assert [str(each) for each in found.faults] == []
    assert found.alternative_texts == found.visuals == found.in_tab_order
    assert found.lowest_text_contrast >= 4.5
    assert found.lowest_graphic_contrast >= 3
    assert found.smallest_target >= 24
    figure("\n".join(f"{audience} report: {line}" for line in found.lines()))


# Ratios published with WCAG's own examples and palettes of wide use, to two places.
RATIOS = """
#000000 #FFFFFF 21.00
#767676 #FFFFFF  4.54
#777777 #FFFFFF  4.48
#0072B2 #FFFFFF  5.19
#FFFFFF #FFFFFF  1.00
"""


@pytest.mark.parametrize("line", RATIOS.strip().splitlines())
def test_contrast_is_that_of_wcag(line: str) -> None:
    one, other, ratio = line.split()
    assert f"{contrast(one, other):.2f}" == ratio
    assert contrast(one, other) == contrast(other, one)


Change = Callable[[dict[str, Any]], None]


def visual(called: str) -> Drawn:
    return next(each for each in drawn(parts()) if called in each.called)


def containers(document: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = document["visual"]["visualContainerObjects"]
    return found


def objects(document: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = document["visual"]["objects"]
    return found


def no_alt(document: dict[str, Any]) -> None:
    del containers(document)["general"]


def alt_is_the_title(document: dict[str, Any]) -> None:
    properties = containers(document)["general"][0]["properties"]
    properties["altText"] = containers(document)["title"][0]["properties"]["text"]


def no_title(document: dict[str, Any]) -> None:
    containers(document)["title"] = [{"properties": {"show": {"expr": {"Literal": {"Value": "false"}}}}}]


def last_in_tab_order(document: dict[str, Any]) -> None:
    document["position"]["tabOrder"] = 99_000


def flat(document: dict[str, Any]) -> None:
    document["position"]["height"] = 20


def pale_lines(document: dict[str, Any]) -> None:
    objects(document)["dataPoint"][0]["properties"]["fill"]["solid"]["color"]["expr"]["Literal"]["Value"] = "'#F0E442'"


def solid_lines(document: dict[str, Any]) -> None:
    for entry in objects(document)["lineStyles"]:
        entry["properties"]["lineStyle"]["expr"]["Literal"]["Value"] = "'solid'"


def bars_without_names(document: dict[str, Any]) -> None:
    del objects(document)["labels"][0]["properties"]["titleContentType"]


def status_not_shown(document: dict[str, Any]) -> None:
    projections = document["visual"]["query"]["queryState"]["Data"]["projections"]
    document["visual"]["query"]["queryState"]["Data"]["projections"] = projections[:1]


def pale_text(document: dict[str, Any]) -> None:
    objects(document)["value"][0]["properties"]["fontColor"]["solid"]["color"]["expr"]["Literal"]["Value"] = "'#9A9A9A'"


def dark_cells(document: dict[str, Any]) -> None:
    rule = objects(document)["values"][0]["properties"]["backColor"]["solid"]["color"]["expr"]["FillRule"]["FillRule"]
    rule["linearGradient2"]["max"]["color"]["Literal"]["Value"] = "'#0072B2'"


def tiny_text(document: dict[str, Any]) -> None:
    objects(document)["value"][0]["properties"]["fontSize"]["expr"]["Literal"]["Value"] = "7D"


BROKEN: dict[str, tuple[str, Change, str]] = {
    "no alternative text": ("Dispatch rate (", no_alt, "has no alt text that says more than its title"),
    "alternative text that repeats the title": (
        "Dispatch rate (",
        alt_is_the_title,
        "has no alt text that says more than its title",
    ),
    "no title": ("Month by month", no_title, "no title to be seen"),
    "tab order": ("Dispatch rate (", last_in_tab_order, "out of reading order"),
    "target": ("Weeks", flat, "is a target of 20 pixels, under 24"),
    "pale lines": ("Calls for service: each day", pale_lines, "lines or bars in #F0E442: have a contrast of 1."),
    "lines by colour alone": ("Calls for service: each day", solid_lines, "lines that only their colour tells apart"),
    "bars by colour alone": ("By severity", bars_without_names, "bars that only their colour tells apart"),
    "status by colour alone": ("Dispatch rate (", status_not_shown, "a colour that follows a value which is not shown"),
    "pale text": ("Dispatch rate (", pale_text, "text #9A9A9A on #FFFFFF: has a contrast of 2."),
    "dark cells": ("Calls for service: mean per hour", dark_cells, "text #1A1A1A on #"),
    "tiny text": ("Dispatch rate (", tiny_text, "text under 9 pt"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_each_rule_finds_a_visual_that_breaks_it(name: str) -> None:
    called, change, said = BROKEN[name]
    chosen = visual(called)
    document = json.loads(parts()[chosen.path])
    change(document)
    found = measure(parts() | {chosen.path: json.dumps(document).encode()}).faults
    assert any(said in str(fault) for fault in found), found


# Measures that say something under every filter; others may be blank, and a blank is no alternative text.
NEVER_SILENT = (
    "Freshness",
    "Provisional note",
    "Situation title",
    "Open items summary",
    "yesterday summary",
    "percentile note",
)


@audiences
def test_alternative_texts_are_bound_to_measures_that_always_say_something(audience: str) -> None:
    bound = {
        visual.alt.name for page in report(audience).pages for visual in page.visuals if not isinstance(visual.alt, str)
    }
    assert {name for name in bound if not name.endswith(NEVER_SILENT)} == set()
    texts = {each.name for each in model(audience).measures() if each.format is None}
    assert bound <= texts, "a number alone states no insight"


def test_every_tile_and_list_of_situation_states_its_insight_by_a_measure() -> None:
    """Three sentences of the strip say something only when something is wrong, and the foot never changes."""
    (page,) = (page for page in report("viewer").pages if page.key == "situation")
    fixed = {visual.key for visual in page.visuals if isinstance(visual.alt, str)}
    assert fixed == {"versions", "notice", "stale", "foot"}
