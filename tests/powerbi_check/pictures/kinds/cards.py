"""cardVisual -> one cell a measure: label, value, in the arrangement that the card has. Called by the sheet."""

from __future__ import annotations

import math

from tests.powerbi_check.pictures.expressions import Unread
from tests.powerbi_check.pictures.formats import BLANK
from tests.powerbi_check.pictures.letters import Style
from tests.powerbi_check.pictures.reading import Box, Projection
from tests.powerbi_check.pictures.scene import Scene

PADDING = {"Wide": 16, "Normal": 12, "Narrow": 8}
DIVIDER = "#E0E0E0"


def draw(scene: Scene) -> None:
    """All cells."""
    if scene.visual.of("Rows"):
        raise Unread("a card with categories")
    fields = scene.visual.of("Data")
    layout = scene.of("layout")
    across = _across(layout, len(fields))
    down = math.ceil(len(fields) / across)
    gap = 0.0 if layout.get("style") == "Table" else float(layout.get("cellPadding", 8))
    width = (scene.body.width - gap * (across - 1)) / across
    height = (scene.body.height - gap * (down - 1)) / down
    for at, field in enumerate(fields):
        row, column = divmod(at, across)
        cell = Box(scene.body.x + column * (width + gap), scene.body.y + row * (height + gap), width, height)
        if column and layout.get("style") == "Table":
            scene.ink.line([(cell.x, cell.y + 8), (cell.x, cell.bottom - 8)], DIVIDER)
        _cell(scene, field, cell.inset(*_padding(scene)))


def _across(layout: dict[str, object], many: int) -> int:
    """Cells beside each other: 2 is horizontal, 1 vertical, 0 a grid with a number of columns."""
    arrangement = int(float(str(layout.get("orientation", 2))))
    columns = int(float(str(layout.get("columnCount", min(many, 4)))))
    return {1: 1, 2: many}.get(arrangement, columns)


def _padding(scene: Scene) -> tuple[float, float]:
    said = scene.of("padding")
    if "paddingUniform" in (area := scene.of("cardCalloutArea")):
        return (float(area["paddingUniform"]),) * 2
    if said.get("paddingSelection") == "Custom":
        return float(said.get("leftMargin", 12)), float(said.get("topMargin", 12))
    return (float(PADDING[str(said.get("paddingSelection", "Normal"))]),) * 2


def _cell(scene: Scene, field: Projection, cell: Box) -> None:
    said, label = scene.of("value", field), scene.of("label", field)
    value = scene.total(field.field)
    text = scene.shown(field.field, value, str(said.get("showBlankAs", BLANK)))
    colour = scene.look.colour(said.get("fontColor"), scene.grid.total) or scene.look.ink
    style = scene.look.style(said)
    style = Style(style.size, style.weight, colour)
    align = str(said.get("horizontalAlignment", "left"))
    if label["show"]:
        quiet = scene.look.style(label)
        above = label["position"] == "aboveValue"
        strip = Box(cell.x, cell.y if above else cell.bottom - quiet.line, cell.width, quiet.line)
        scene.ink.fitted(field.caption, strip, quiet, align)
        cell = cell.inset(0, quiet.line if above else 0, 0, 0 if above else quiet.line)
    if said.get("textWrap"):
        scene.ink.block(text, cell, style, align, middle=not label["show"])
    else:
        scene.ink.fitted(text, cell, style, align)
