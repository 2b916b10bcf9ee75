"""What does not fit is seen: texts are cut where Power BI would cut them, and every fault of a page is counted."""

from __future__ import annotations

import re
from typing import Any

import pytest
from lxml import etree

from tests.powerbi.small_report import AREA, CALLS, DAY, among, city, column, evaluate, parts, visual
from tests.powerbi_check.pictures import formats, letters, look, reading, sheet, writing
from tests.powerbi_check.pictures.grids import grids
from tests.powerbi_check.pictures.kinds import axes
from tests.powerbi_check.pictures.kinds.table import DRAWERS
from tests.powerbi_check.pictures.letters import Style
from tests.powerbi_check.pictures.look import Look
from tests.powerbi_check.rows import AUDIENCES

FORMATTED = """
value               | format              | shown
1234.5              | #,0                 | 1,235
1234.5              | #,0.0               | 1,234.5
0.8765              | 0.0 %               | 87.7 %
-0.05               | +0.0 %;-0.0 %;0.0 % | -5.0 %
0                   | +0.0 %;-0.0 %;0.0 % | 0.0 %
12                  | 0.0 "h"             | 12.0 h
2.50                | 0.##                | 2.5
2026-11-25T05:07:00 | yyyy-mm-dd hh:mm    | 2026-11-25 05:07
2026-11-25T00:00:00 | MMMM yyyy           | November 2026
"""


@pytest.mark.parametrize("line", FORMATTED.strip().splitlines()[1:])
def test_formats(line: str) -> None:
    value, form, shown = (part.strip() for part in line.split("|"))
    given: Any = value if "T" in value else float(value)
    assert formats.shown(given, form) == shown


def test_a_blank_is_shown_as_the_visual_says() -> None:
    assert formats.shown(None, "#,0") == ""
    assert formats.shown(None, "#,0", "none") == "none"


def test_a_text_is_cut_where_its_room_ends() -> None:
    style = Style(12)
    whole = letters.width("Critical incidents", style)
    assert letters.cut("Critical incidents", style, whole) == ("Critical incidents", False)
    shown, short = letters.cut("Critical incidents", style, whole - 1)
    assert short
    assert shown.endswith("…")
    assert letters.width(shown, style) <= whole - 1


def test_a_text_wraps_between_words_and_says_when_lines_are_missing() -> None:
    style = Style(12)
    room = letters.width("one two", style)
    assert letters.wrapped("one two three", style, room, 2) == (["one two", "three"], False)
    (shown,), short = letters.wrapped("one two three", style, room, 1)
    assert short
    assert re.fullmatch(r"one t?w?…", shown)


def test_bold_text_needs_more_room() -> None:
    assert letters.width("baseline", Style(12, 700)) > letters.width("baseline", Style(12))


@pytest.mark.parametrize(
    ("values", "ticks"),
    [([0, 7], [0, 2, 4, 6, 8]), ([3, 96], [0, 20, 40, 60, 80, 100]), ([0, 0.9], [0, 0.2, 0.4, 0.6, 0.8, 1.0])],
)
def test_scales_have_round_steps(values: list[float], ticks: list[float]) -> None:
    assert axes.scale(values, 0, 100, zero=True).ticks() == pytest.approx(ticks)


def drawn(*visuals: dict[str, Any]) -> sheet.Sheet:
    """The page with these visuals, drawn."""
    found = parts(*visuals)
    pages = reading.pages(found)
    small = city()
    return sheet.desk(sheet.Report(small, Look(reading.theme(found)), pages, grids(small, pages, evaluate)), pages[0])


def test_a_page_without_faults() -> None:
    """Every kind of drawing at once: no fault, all drawn, and the SVG is well formed."""
    kinds = [
        visual("a", "cardVisual", (0, 0, 300, 120), wells={"Data": [CALLS]}, title="Calls"),
        visual("b", "lineChart", (0, 130, 600, 250), wells={"Category": [DAY], "Y": [CALLS]}, title="By day"),
        visual("c", "clusteredBarChart", (620, 130, 600, 250), wells={"Category": [AREA], "Y": [CALLS]}),
        visual("d", "pivotTable", (0, 400, 600, 200), wells={"Rows": [AREA], "Columns": [DAY], "Values": [CALLS]}),
        visual("e", "tableEx", (620, 400, 600, 200), wells={"Values": [AREA, CALLS]}),
        visual("f", "slicer", (320, 0, 280, 80), wells={"Values": [AREA]}),
    ]
    made = drawn(*kinds)
    assert made.faults() == []
    assert (made.drawn, made.wanted) == (6, 6)
    texts = [element.text for element in etree.fromstring(made.svg.encode()).iter() if element.text]
    assert {"Calls", "By day", "South", "North", "7", "5", "2026-11-24"} <= set(texts)


FAULTS = [
    pytest.param(
        [visual("a", "cardVisual", (0, 0, 200, 20), wells={"Data": [CALLS]})],
        r"cut: cardVisual of Calls: 7",
        id="a card too low for its value",
    ),
    pytest.param(
        [visual("a", "tableEx", (0, 0, 60, 200), wells={"Values": [AREA, CALLS]})],
        r"cut: tableEx of Area: a table \d+ pixels wide in 50",
        id="a table wider than its frame",
    ),
    pytest.param(
        [visual("a", "gauge", (0, 0, 200, 200), wells={"Y": [CALLS]})],
        r"not drawn: gauge of Calls: visual type gauge",
        id="a type that nobody draws",
    ),
    pytest.param(
        [visual("a", "slicer", (0, 0, 200, 80), wells={"Values": [AREA]}), visual("b", "textbox", (190, 0, 100, 80))],
        r"overlap: slicer and textbox at 190, 0",
        id="one visual on another",
    ),
    pytest.param(
        [visual("a", "textbox", (1200, 0, 100, 80))], r"outside the page: textbox", id="a visual that leaves the page"
    ),
    pytest.param(
        [
            visual(
                "a",
                "lineChart",
                (0, 0, 400, 200),
                wells={"Category": [DAY], "Y": [CALLS]},
                filters=[among(AREA, "'East'")],
            )
        ],
        r"empty: lineChart of Day",
        id="a chart without a point",
    ),
    pytest.param(
        [visual("a", "textbox", (0, 0, 200, 80), alt=CALLS, filters=[among(AREA, "'East'")])],
        r"no alternative text: textbox",
        id="an alternative text whose measure is blank",
    ),
    pytest.param(
        [visual("a", "cardVisual", (0, 0, 300, 120), wells={"Data": [CALLS]}, title="Calls 年")],
        r"no shape for a character of 'Calls 年'",
        id="a character without a shape",
    ),
]


@pytest.mark.parametrize(("visuals", "message"), FAULTS)
def test_a_fault_is_counted_and_named(visuals: list[dict[str, Any]], message: str) -> None:
    faults = drawn(*visuals).faults()
    assert len(faults) == 1, faults
    assert re.search(message, faults[0])


def test_cells_of_a_heat_map_are_coloured_between_the_ends() -> None:
    ends = {
        "min": {"color": {"Literal": {"Value": "'#FFFFFF'"}}},
        "max": {"color": {"Literal": {"Value": "'#000000'"}}},
    }
    rule = {"FillRule": {"Input": column(CALLS), "FillRule": {"linearGradient2": ends}}}
    rows = [{CALLS: value} for value in (0, 5, 10, None)]
    assert [Look({}).colour(rule, row, rows) for row in rows] == ["#FFFFFF", "#808080", "#000000", None]


def test_a_rule_gives_the_colour_of_its_first_case_that_holds() -> None:
    low = {"Comparison": {"ComparisonKind": 3, "Left": column(CALLS), "Right": {"Literal": {"Value": "0D"}}}}
    rule = {"Conditional": {"Cases": [{"Condition": low, "Value": {"Literal": {"Value": "'#9C3D00'"}}}]}}
    assert [Look({}).colour(rule, {CALLS: value}) for value in (-1, 0, None)] == ["#9C3D00", None, None]
    assert look.mixed("#FFFFFF", "#56B4E9", 0) == "#FFFFFF"


@pytest.mark.parametrize("audience", AUDIENCES)
def test_every_visual_of_the_reports_has_a_drawer_and_lies_beside_the_others(audience: str) -> None:
    pages = reading.pages(writing.parts(audience))
    assert {visual.kind for page in pages for visual in page.visuals} <= DRAWERS.keys()
    for page in pages:
        assert sheet.overlaps(page, {visual.name: visual.box for visual in page.visuals}) == [], page.title
        small = {visual.name: visual.phone for visual in page.visuals if visual.phone}
        assert sheet.overlaps(page, small) == [], page.title


def test_every_picture_that_a_page_of_docs_names_is_one_of_a_page() -> None:
    named = {
        name for page in writing.FOLDER.glob("*.md") for name in re.findall(r"[\w-]+\.png", page.read_text("utf-8"))
    }
    drawn = {name for audience in AUDIENCES for name in writing.digests(audience)}
    assert {"viewer-situation.png", "viewer-situation-phone.png", "analyst-records.png"} <= named
    assert named <= drawn
