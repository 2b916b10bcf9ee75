"""What a picture shows is what the PBIR says: fields, filters, slicers and the rows that a visual of Power BI would have."""

from __future__ import annotations

from typing import Any

import pytest

from tests.powerbi.small_report import AREA, CALLS, DAY, KIND, NOW, among, city, column, evaluate, parts, said, visual
from tests.powerbi_check.pictures import expressions, filters, reading
from tests.powerbi_check.pictures.expressions import Field, Unread
from tests.powerbi_check.pictures.grids import Grid, grids

BOX = (0, 0, 400, 300)
TABLE = ("tableEx", BOX)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("'It''s late'", "It's late"),
        ("12D", 12.0),
        ("3L", 3),
        ("-0.5D", -0.5),
        ("true", True),
        ("null", None),
        ("datetime'2026-01-31T00:00:00'", "2026-01-31T00:00:00"),
    ],
)
def test_literals(text: str, value: object) -> None:
    assert expressions.literal(text) == value


def test_an_unknown_expression_is_refused_and_named() -> None:
    with pytest.raises(Unread, match="field Arithmetic"):
        expressions.field({"Arithmetic": {}})


def condition(kind: str, **body: Any) -> dict[str, Any]:
    """A filter on the column Day of Facts."""
    sources = [{"Name": "t", "Entity": "Facts", "Type": 0}]
    return {"filter": {"From": sources, "Where": [{"Condition": {kind: body}}]}}


def literal(value: str) -> dict[str, Any]:
    """A literal inside a condition."""
    return {"Literal": {"Value": value}}


DAYS = column(DAY, "t")
TODAY = {"DateSpan": {"TimeUnit": 0, "Expression": {"Now": {}}}}
YESTERDAY = {
    "DateSpan": {"TimeUnit": 0, "Expression": {"DateAdd": {"Amount": -1, "TimeUnit": 0, "Expression": {"Now": {}}}}}
}


@pytest.mark.parametrize(
    ("said_filter", "passing"),
    [
        (condition("Comparison", ComparisonKind=2, Left=DAYS, Right=literal("datetime'2026-11-24T00:00:00'")), "24 25"),
        (condition("Comparison", ComparisonKind=3, Left=DAYS, Right=literal("datetime'2026-11-24T00:00:00'")), "23"),
        (condition("Comparison", ComparisonKind=0, Left=DAYS, Right=literal("null")), "blank"),
        (condition("Between", Expression=DAYS, LowerBound=YESTERDAY, UpperBound=TODAY), "24 25"),
        (
            condition(
                "Not",
                Expression={"In": {"Expressions": [DAYS], "Values": [[literal("datetime'2026-11-24T00:00:00'")]]}},
            ),
            "23 25 blank",
        ),
    ],
)
def test_conditions_on_days(said_filter: dict[str, Any], passing: str) -> None:
    days = {day: f"2026-11-{day}T00:00:00" for day in ("23", "24", "25")} | {"blank": None}
    (limit,) = filters.restrictions([said_filter], NOW)
    assert " ".join(name for name, value in days.items() if limit.passes(value)) == passing


def test_texts_are_compared_as_dax_does() -> None:
    (limit,) = filters.restrictions([among(AREA, "'NORTH'")], NOW)
    assert limit.passes("North")
    assert not limit.passes(None)


def grid(*visuals: dict[str, Any], of: str, **page: Any) -> Grid:
    """The grid of the visual of that name."""
    return grids(city(), reading.pages(parts(*visuals, **page)), evaluate)[of]


def shown(found: Grid, *fields: Field) -> list[str]:
    """Rows as lines of text."""
    return [" ".join(str(row[field]) for field in fields) for row in found.rows]


def test_a_row_for_each_value_with_figures_in_the_models_order() -> None:
    """East has no calls and is left out; South comes first, because the model sorts areas by Rank."""
    found = grid(visual("v", *TABLE, wells={"Values": [AREA, CALLS]}), of="v")
    assert shown(found, AREA, CALLS) == ["South 2", "North 5"]
    assert found.total[CALLS] == 7


def test_columns_of_a_fact_and_its_dimension_are_joined() -> None:
    found = grid(visual("v", *TABLE, wells={"Values": [DAY, AREA]}), of="v")
    assert shown(found, DAY, AREA) == [
        "2026-11-23T00:00:00 North",
        "2026-11-24T00:00:00 South",
        "2026-11-24T00:00:00 North",
    ]


def test_columns_of_unrelated_tables_are_crossed() -> None:
    found = grid(visual("v", *TABLE, wells={"Values": [KIND, AREA, CALLS]}), of="v")
    assert shown(found, KIND, AREA, CALLS) == ["call South 2", "call North 5", "visit South 2", "visit North 5"]


def test_the_filter_of_a_visual_and_its_sort() -> None:
    made = visual("v", *TABLE, wells={"Values": [DAY, CALLS]}, filters=[among(AREA, "'North'")])
    made["visual"]["query"]["sortDefinition"] = {"sort": [{"field": column(CALLS), "direction": "Descending"}]}
    assert shown(grid(made, of="v"), CALLS) == ["4", "1"]


def slicer() -> dict[str, Any]:
    """A slicer on which North is selected."""
    kept = {"general": [{"properties": {"filter": {"filter": among(AREA, "'North'")["filter"]}}}]}
    return visual("s", "slicer", (500, 0, 100, 60), wells={"Values": [AREA]}, objects=kept)


def test_a_slicer_restricts_the_others_and_still_offers_everything() -> None:
    made = visual("v", *TABLE, wells={"Values": [AREA, CALLS]})
    assert shown(grid(slicer(), made, of="v"), AREA, CALLS) == ["North 5"]
    assert shown(grid(slicer(), made, of="s"), AREA) == ["South", "North", "East"]


def test_a_slicer_leaves_alone_what_it_does_not_reach() -> None:
    made = visual("v", *TABLE, wells={"Values": [AREA, CALLS]})
    quiet = [{"source": "s", "target": "v", "type": "NoFilter"}]
    assert shown(grid(slicer(), made, of="v", visualInteractions=quiet), AREA) == ["South", "North"]


def test_a_drill_through_page_is_shown_as_reached_from_the_busiest_value() -> None:
    drill = {"filters": [{"name": "d", "field": column(AREA), "type": "Categorical", "howCreated": "Drillthrough"}]}
    found = grid(visual("v", *TABLE, wells={"Values": [AREA, CALLS]}), of="v", filterConfig=drill)
    assert shown(found, AREA, CALLS) == ["North 5"]


def test_a_measure_that_decides_a_text_is_evaluated_too() -> None:
    title = {"title": [{"properties": {"show": said("true"), "text": {"expr": column(CALLS)}}}]}
    made = visual("v", *TABLE, wells={"Values": [AREA]})
    made["visual"]["visualContainerObjects"] = title
    assert grid(made, of="v").total == {CALLS: 7}


def test_the_hash_of_a_page_changes_with_any_of_its_parts_and_with_the_theme() -> None:
    def digest(theme: bytes, *visuals: dict[str, Any]) -> str:
        (page,) = reading.pages(parts(*visuals))
        return page.digest(theme)

    one, moved = visual("v", *TABLE), visual("v", "tableEx", (1, 0, 400, 300))
    assert len({digest(b"", one), digest(b"", moved), digest(b"dark", one), digest(b"", one, slicer())}) == 4
    assert digest(b"", one) == digest(b"", visual("v", *TABLE))


def test_the_visuals_of_a_group_stand_where_the_group_stands() -> None:
    group = {"name": "g", "position": {"x": 100, "y": 50, "width": 9, "height": 9}, "visualGroup": {}}
    inner = visual("v", "tableEx", (5, 6, 40, 30)) | {"parentGroupName": "g"}
    (page,) = reading.pages(parts(group, inner))
    assert [(each.box.x, each.box.y) for each in page.visuals] == [(105, 56)]
