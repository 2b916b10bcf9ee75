"""A declared visual -> the formatting objects of its kind. Pure; used by `powerbi.report.pbir`.

One function a kind, in a table: what a kind does not need it does not say, and the theme answers.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from powerbi.report import theme
from powerbi.report.expressions import Json, colour, contains, field, prop, text, whole
from powerbi.report.words import Emphasis, Field, Kind, Paragraph, Series, Visual

EVERY_CELL = {"data": [{"dataViewWildcard": {"matchingOption": 1}}]}
DEFAULT = {"id": "default"}
GRID = 0
"""Arrangement in rows and columns; 1 is one column, 2 one row."""


def _entry(properties: Json, selector: Json | None = None) -> Json:
    return {"properties": properties, "selector": selector} if selector else {"properties": properties}


def _said(properties: dict[str, str | int | float | bool]) -> Json:
    return {name: prop(value) for name, value in properties.items()}


def _paragraph(item: Paragraph) -> Json:
    style = {"fontFamily": theme.FONT, "fontSize": f"{item.size}pt", "color": theme.INK}
    return {"textRuns": [{"value": item.text, "textStyle": style | ({"fontWeight": "bold"} if item.bold else {})}]}


def _text(visual: Visual) -> Json:
    return {"general": [{"properties": {"paragraphs": [_paragraph(item) for item in visual.paragraphs]}}]}


def _cases(item: Emphasis) -> list[Json]:
    """The colour where the measure says one of the words; else the theme's."""
    value = text(item.colour)
    return [{"Condition": contains(field(item.field), text(word)), "Value": value} for word in item.words]


def _emphasised(visual: Visual, property_name: str) -> list[Json]:
    """One entry a field: several emphases of one field become the cases of one condition."""
    entries = []
    for item in dict.fromkeys(each.field for each in visual.emphases):
        cases = [case for each in visual.emphases if each.field == item for case in _cases(each)]
        selector = {**EVERY_CELL, "metadata": item.reference}
        entries.append(_entry({property_name: colour({"Conditional": {"Cases": cases}})}, selector))
    return entries


def _card(visual: Visual) -> Json:
    value: dict[str, str | int | float | bool] = {
        "fontSize": visual.size,
        "bold": visual.bold,
        "textWrap": True,
        "horizontalAlignment": "left",
        "labelDisplayUnits": 1,
    }
    if visual.blank is not None:
        value["showBlankAs"] = visual.blank
    count = sum(len(well.fields) for well in visual.wells)
    grid = {"orientation": GRID, "columnCount": visual.across or 0, "rowCount": -(-count // (visual.across or 1))}
    layout = {"maxTiles": count, "cellPadding": 4} | (grid if visual.across else {})
    label = _said({"show": visual.captions, "fontSize": 9, "position": "aboveValue"})
    ink, quiet = {"fontColor": colour(theme.INK)}, {"fontColor": colour(theme.QUIET)}
    return {
        "value": [_entry(_said(value) | ink, DEFAULT), *_emphasised(visual, "fontColor")],
        "label": [_entry(label | quiet, DEFAULT)],
        "layout": [_entry({name: {"expr": whole(number)} for name, number in layout.items()})],
        "outline": [_entry(_said({"show": False}), DEFAULT)],
        "padding": [_entry(_said({"paddingSelection": "Narrow"}), DEFAULT)],
        "cardCalloutArea": [_entry({"paddingUniform": {"expr": whole(4)}})],
    }


def _table(visual: Visual) -> Json:
    return {
        "total": [_entry(_said({"totals": False}))],
        "values": [_entry(_said({"wordWrap": True})), *_emphasised(visual, "fontColor")],
    }


def _heat(item: Field) -> Json:
    rule = {
        "min": {"color": text(theme.HEAT_LOW)},
        "max": {"color": text(theme.HEAT_HIGH)},
        "nullColoringStrategy": {"strategy": text("noColor")},
    }
    fill = {"FillRule": {"Input": field(item), "FillRule": {"linearGradient2": rule}}}
    selector = {**EVERY_CELL, "metadata": item.reference}
    return _entry({"backColor": colour(fill), "fontColor": colour(theme.INK)}, selector)


def _matrix(visual: Visual) -> Json:
    made: Json = {"subTotals": [_entry(_said({"rowSubtotals": False, "columnSubtotals": False}))]}
    if visual.heat:
        made["values"] = [_heat(visual.heat)]
        made["grid"] = [_entry(_said({"rowPadding": 6}))]
    return made


def _line_style(item: Series) -> Json:
    return _entry(_said({"lineStyle": item.stroke.value, "strokeWidth": 2}), {"metadata": item.field.reference})


def _point_colour(item: Series) -> Json:
    return _entry({"fill": colour(item.colour)}, {"metadata": item.field.reference})


def _axes() -> Json:
    return {
        "categoryAxis": [_entry(_said({"showAxisTitle": False}))],
        "valueAxis": [_entry(_said({"showAxisTitle": False, "start": 0}))],
    }


def _line_labels(visual: Visual, lines: int) -> list[Json]:
    """Values of one line; of two the first; where a band is drawn they would hide it, and the axis says them."""
    if lines > 2:
        return [_entry(_said({"show": False}))]
    hidden = [_entry(_said({"showSeries": False}), {"metadata": each.field.reference}) for each in visual.series[1:]]
    return [_entry(_said({"show": True})), *hidden]


def _line(visual: Visual) -> Json:
    lines = sum(len(well.fields) for well in visual.wells if well.role == "Y")
    return {
        **_axes(),
        "legend": [_entry(_said({"show": lines > 1, "position": "Top", "legendMarkerRendering": "lineOnly"}))],
        "labels": _line_labels(visual, lines),
        "lineStyles": [_line_style(item) for item in visual.series],
        "dataPoint": [_point_colour(item) for item in visual.series],
    }


def _named_bars() -> dict[str, str | int | float | bool]:
    """Every bar carries the name of its series beside its value, outside the bar where ink reads."""
    return {
        "show": True,
        "labelPosition": "OutsideEnd",
        "enableTitleDataLabel": True,
        "titleContentType": "Series name",
        "labelContentLayout": "SingleLine",
    }


def _bar(visual: Visual) -> Json:
    many = sum(len(well.fields) for well in visual.wells if well.role == "Y") > 1
    return {
        "categoryAxis": [_entry(_said({"showAxisTitle": False, "maxMarginFactor": 50}))],
        "valueAxis": [_entry(_said({"show": False, "showAxisTitle": False}))],
        "legend": [_entry(_said({"show": many, "position": "Top"}))],
        "labels": [_entry(_said(_named_bars() if many else {"show": True, "labelPosition": "OutsideEnd"}))],
        "dataPoint": [_point_colour(item) for item in visual.series],
    }


_SLICER: Json = {
    "data": [_entry(_said({"mode": "Dropdown"}))],
    "header": [_entry(_said({"show": False}))],
    "selection": [_entry(_said({"strictSingleSelect": False, "selectAllCheckboxEnabled": False}))],
}
_NAVIGATOR_GRID = (("orientation", GRID), ("rowCount", 2), ("columnCount", 4), ("cellPadding", 8))
_NAVIGATOR: Json = {
    "layout": [_entry({name: {"expr": whole(count)} for name, count in _NAVIGATOR_GRID})],
    "text": [_entry(_said({"fontSize": 11, "bold": True}) | {"fontColor": colour(theme.INK)}, DEFAULT)],
    "fill": [_entry({"fillColor": colour(theme.WHITE)}, DEFAULT)],
    "outline": [_entry(_said({"show": True, "weight": 1}) | {"lineColor": colour(theme.RULE)}, DEFAULT)],
}
_BACK: Json = {"icon": [_entry(_said({"shapeType": "back"}) | {"lineColor": colour(theme.INK)}, DEFAULT)]}

_OBJECTS: dict[Kind, Callable[[Visual], Json]] = {
    Kind.TEXT: _text,
    Kind.CARD: _card,
    Kind.TABLE: _table,
    Kind.MATRIX: _matrix,
    Kind.LINE: _line,
    Kind.BAR: _bar,
    Kind.SLICER: lambda _: _SLICER,
    Kind.NAVIGATOR: lambda _: _NAVIGATOR,
    Kind.BACK: lambda _: _BACK,
}


def objects(visual: Visual) -> Json:
    """The formatting objects of the visual itself."""
    return _OBJECTS[visual.kind](visual)


def container_objects(visual: Visual) -> Json:
    """Title and alternative text; what the frame of every visual has."""
    alt: Any = {"expr": field(visual.alt)} if isinstance(visual.alt, Field) else prop(visual.alt)
    made: Json = {"general": [_entry({"altText": alt})]}
    if visual.title:
        made["title"] = [_entry(_said({"show": True, "text": visual.title, "heading": "Heading3"}))]
    else:
        made["title"] = [_entry(_said({"show": False}))]
    if visual.kind is Kind.BACK:
        made["visualLink"] = [_entry(_said({"show": True, "type": "Back"}))]
    return made
