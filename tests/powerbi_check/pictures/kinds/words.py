"""textbox, actionButton, pageNavigator and slicer -> words and boxes. Called by the sheet."""

from __future__ import annotations

import math
from typing import Any

from tests.powerbi_check.pictures.grids import selected
from tests.powerbi_check.pictures.letters import POINT, Style
from tests.powerbi_check.pictures.reading import Box, Page
from tests.powerbi_check.pictures.scene import Scene


def textbox(scene: Scene) -> None:
    """Paragraphs, each in the style of its first run."""
    room = scene.body
    for paragraph in scene.visual.setting("general").get("paragraphs", []):
        runs = paragraph["textRuns"]
        text = "".join(str(run["value"]) for run in runs)
        style = _style(scene, runs[0].get("textStyle", {}))
        align = paragraph.get("horizontalTextAlignment", "left")
        took = scene.ink.block(text, room, style, align) if text else style.line
        room = room.inset(0, took, 0, 0)


def _style(scene: Scene, said: dict[str, Any]) -> Style:
    size = float(str(said.get("fontSize", "14pt")).removesuffix("pt").removesuffix("px"))
    weight = 700 if said.get("fontWeight") == "bold" else 400
    return Style(size * POINT, weight, str(said.get("color", scene.look.ink)))


def button(scene: Scene) -> None:
    """An arrow for the way back; otherwise the text of the button."""
    said = scene.of("icon")
    line = scene.look.colour(said.get("lineColor"), {}) or scene.look.ink
    if said.get("shapeType") == "back":
        middle = scene.body.y + scene.body.height / 2
        x = scene.body.x + scene.body.width / 2
        scene.ink.line([(x + 9, middle), (x - 9, middle)], line, 2)
        scene.ink.line([(x - 2, middle - 7), (x - 9, middle), (x - 2, middle + 7)], line, 2)
        return
    text = scene.of("text")
    scene.ink.fitted(str(text.get("text", "")), scene.body.inset(4), scene.look.style(text), "center")


def navigator(scene: Scene) -> None:
    """A button for each page that a reader sees."""
    offered = [page for page in scene.pages if _offered(scene, page)]
    layout = scene.of("layout")
    gap = float(layout.get("cellPadding", 8))
    many = max(1, len(offered))
    across = {1: 1, 2: many}.get(_number(layout, "orientation", 2)) or _number(layout, "columnCount", min(many, 4))
    down = math.ceil(many / across)
    width = (scene.body.width - gap * (across - 1)) / across
    height = (scene.body.height - gap * (down - 1)) / down
    text, fill, edge = scene.of("text"), scene.of("fill"), scene.of("outline")
    for at, page in enumerate(offered):
        row, column = divmod(at, across)
        cell = Box(scene.body.x + column * (width + gap), scene.body.y + row * (height + gap), width, max(0, height))
        colour = scene.look.colour(fill.get("fillColor"), {}) or "#FFFFFF"
        scene.ink.box(cell, colour, scene.look.colour(edge.get("lineColor"), {}) or "#C8C8C8")
        style = scene.look.style(text)
        style = Style(style.size, 700 if page is scene.page else style.weight, style.colour)
        scene.ink.fitted(page.title, cell.inset(6, 0), style, "center")


def _number(said: dict[str, Any], name: str, otherwise: int) -> int:
    """A whole number of a layout; arrangements are 2 beside each other, 1 below each other, 0 a grid."""
    return int(float(str(said.get(name, otherwise))))


def _offered(scene: Scene, page: Page) -> bool:
    """Hidden pages are left out unless the navigator shows them."""
    pages = scene.of("pages")
    return not page.hidden or bool(pages.get("showHiddenPages"))


def slicer(scene: Scene) -> None:
    """A drop-down, or a list as far as it fits."""
    (field,) = scene.visual.projections
    style = scene.look.style(scene.of("items") | {"fontSize": 10})
    header = scene.of("header")
    room = scene.body.inset(4)
    if header.get("show", True):
        scene.ink.fitted(field.caption, Box(room.x, room.y, room.width, style.line), style)
        room = room.inset(0, style.line + 2, 0, 0)
    values = list(dict.fromkeys(row[field.field] for row in scene.grid.rows))
    if str(scene.of("data").get("mode", "Basic")) == "Dropdown":
        box = Box(room.x, room.y, room.width, min(room.height, 28))
        if room.height < 24:
            scene.ink.short.append(field.caption)
        scene.ink.box(box, "#FFFFFF", "#767676", radius=2)
        scene.ink.fitted(_choice(scene, values), box.inset(8, 0, 24, 0), style)
        x, y = box.right - 14, box.y + box.height / 2
        scene.ink.line([(x - 4, y - 2), (x, y + 2), (x + 4, y - 2)], scene.look.ink, 1.5)
        return
    fits = int(room.height / (style.line + 4))
    for at, value in enumerate(values[:fits]):
        row = Box(room.x, room.y + at * (style.line + 4), room.width, style.line + 4)
        scene.ink.box(Box(row.x, row.y + 5, 11, 11), "#FFFFFF", "#767676")
        scene.ink.fitted(scene.shown(field.field, value, "(Blank)"), row.inset(18, 0, 0, 0), style)
    if len(values) > fits:
        scene.ink.beyond.append(f"{fits} of {len(values)} choices")


def _choice(scene: Scene, values: list[Any]) -> str:
    """What a drop-down says that it has chosen."""
    limits = list(selected(scene.visual, scene.city.now))
    if not limits:
        return "All"
    kept = [value for value in values if all(limit.passes(value) for limit in limits)]
    (field,) = scene.visual.projections
    return scene.shown(field.field, kept[0]) if len(kept) == 1 else "Multiple selections"
