"""A report of one page in PBIR and a city of three tables, for the tests of pictures."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from powerbi.model.words import Column, DataType, Measure, Model, Relationship, Table
from tests.powerbi_check.pictures.expressions import Field
from tests.powerbi_check.pictures.grids import Cell, City

Json = dict[str, Any]
NOW = datetime(2026, 11, 25, 12, tzinfo=UTC).replace(tzinfo=None)
CALLS = Field("measure", "Facts", "Calls")
AREA, DAY, KIND = Field("column", "Areas", "Area"), Field("column", "Facts", "Day"), Field("column", "Kinds", "Kind")


def _text(name: str, sort_by: str | None = None) -> Column:
    return Column(name, DataType.STRING, name, "", sort_by=sort_by)


def city() -> City:
    """Three areas sorted by Rank, two kinds that no fact has, and facts of two days: none in the East."""
    count = Column("Count", DataType.WHOLE, "Count", "", format="#,0")
    tables = (
        Table("Areas", "", (_text("Code"), _text("Area", "Rank"), count), ""),
        Table("Kinds", "", (_text("Kind"),), ""),
        Table(
            "Facts",
            "",
            (Column("Day", DataType.DATE_TIME, "Day", "", format="yyyy-mm-dd"), _text("AreaCode"), count),
            "",
            measures=(Measure("Calls", "Facts", "SUM(Facts[Count])", "", "", "#,0"),),
        ),
    )
    link = Relationship("Facts", "AreaCode", "Areas", "Code")
    model = Model("Small", "viewer", "", "en-CA", (), tables, (link,), (), (), ())
    rows: dict[str, list[Json]] = {
        "Areas": [
            {"Code": "n", "Area": "North", "Rank": 2},
            {"Code": "s", "Area": "South", "Rank": 1},
            {"Code": "e", "Area": "East", "Rank": 3},
        ],
        "Kinds": [{"Kind": "call"}, {"Kind": "visit"}],
        "Facts": [
            {"Day": "2026-11-23T00:00:00", "AreaCode": "n", "Count": 4},
            {"Day": "2026-11-24T00:00:00", "AreaCode": "n", "Count": 1},
            {"Day": "2026-11-24T00:00:00", "AreaCode": "s", "Count": 2},
        ],
    }
    return City(model, rows, NOW)


def evaluate(cells: Sequence[Cell]) -> list[dict[Field, Any]]:
    """What DAX says about `Calls`: the sum of Count over the facts in the context, blank where there is none."""
    small = city()
    areas = {row["Code"]: row["Area"] for row in small.rows["Areas"]}
    answers = []
    for measures, context in cells:
        kept = [
            row["Count"]
            for row in small.rows["Facts"]
            if row["Day"] in context.get(("Facts", "Day"), [row["Day"]])
            and areas[row["AreaCode"]] in context.get(("Areas", "Area"), [areas[row["AreaCode"]]])
        ]
        answers.append(dict.fromkeys(measures, sum(kept) if kept else None))
    return answers


def column(item: Field, alias: str | None = None) -> Json:
    """A field as PBIR writes it."""
    source = {"Source": alias} if alias else {"Entity": item.table}
    return {item.kind.title(): {"Expression": {"SourceRef": source}, "Property": item.name}}


def said(value: str) -> Json:
    """A literal as a property."""
    return {"expr": {"Literal": {"Value": value}}}


def among(item: Field, *values: str) -> Json:
    """A filter that lets these texts through."""
    condition = {"In": {"Expressions": [column(item, "t")], "Values": [[{"Literal": {"Value": v}}] for v in values]}}
    sources = [{"Name": "t", "Entity": item.table, "Type": 0}]
    return {"filter": {"Version": 2, "From": sources, "Where": [{"Condition": condition}]}}


def visual(name: str, kind: str, box: tuple[int, int, int, int], **more: Any) -> Json:
    """visual.json; `wells` is role to fields, `title` a text, `alt` a measure; `objects` and `filters` as in PBIR."""
    wells: dict[str, list[Field]] = more.get("wells", {})
    state = {
        role: {
            "projections": [
                {"field": column(item), "queryRef": f"{item.table}.{item.name}", "nativeQueryRef": item.name}
                for item in items
            ]
        }
        for role, items in wells.items()
    }
    x, y, width, height = box
    title = {"show": said("true"), "text": said(f"'{more['title']}'")} if "title" in more else {"show": said("false")}
    alt = {"expr": column(more["alt"])} if "alt" in more else said("'In words.'")
    return {
        "name": name,
        "position": {"x": x, "y": y, "width": width, "height": height, "z": 0, "tabOrder": 0},
        "visual": {
            "visualType": kind,
            "query": {"queryState": state},
            "objects": more.get("objects", {}),
            "visualContainerObjects": {"title": [{"properties": title}], "general": [{"properties": {"altText": alt}}]},
        },
        "filterConfig": {"filters": more.get("filters", [])},
    }


def parts(*visuals: Json, **page: Any) -> dict[str, bytes]:
    """The parts of a report with one page that holds these visuals."""
    theme = {"name": "T.json", "dataColors": ["#0072B2", "#D55E00"], "foreground": "#1A1A1A"}
    found: Json = {
        "definition/report.json": {"themeCollection": {"customTheme": {"name": "T.json"}}},
        "StaticResources/RegisteredResources/T.json": theme,
        "definition/pages/pages.json": {"pageOrder": ["p"]},
        "definition/pages/p/page.json": {"displayName": "First page", "width": 1280, "height": 720, **page},
    }
    for each in visuals:
        found[f"definition/pages/p/visuals/{each['name']}/visual.json"] = each
    return {path: json.dumps(content).encode() for path, content in found.items()}
