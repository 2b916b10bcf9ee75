"""pivotTable -> row headers, column headers and cells with their colours: the heat map. Called by the sheet."""

from __future__ import annotations

from typing import Any

from tests.powerbi_check.pictures import letters
from tests.powerbi_check.pictures.expressions import Unread
from tests.powerbi_check.pictures.kinds.tables import SIDE
from tests.powerbi_check.pictures.letters import Style
from tests.powerbi_check.pictures.reading import Box
from tests.powerbi_check.pictures.scene import Scene


def draw(scene: Scene) -> None:
    """The whole matrix; a column for each value of Columns and each measure."""
    rows, across, values = (scene.visual.of(role) for role in ("Rows", "Columns", "Values"))
    if len(rows) != 1 or len(across) > 1:
        raise Unread("a matrix with several levels")
    head = scene.look.style(scene.of("columnHeaders"), bold=True)
    side, cells = scene.look.style(scene.of("rowHeaders")), scene.look.style(scene.of("values"), "fontColorPrimary")
    names = list(dict.fromkeys(row[rows[0].field] for row in scene.grid.rows))
    tops: list[Any] = list(dict.fromkeys(row[across[0].field] for row in scene.grid.rows)) if across else [None]
    tops = scene.ordered(across[0].field, tops) if across else tops
    names = scene.ordered(rows[0].field, names)
    at = {(row[rows[0].field], row[across[0].field] if across else None): row for row in scene.grid.rows}
    labels = [scene.shown(rows[0].field, name, "(Blank)") for name in names]
    aside = max([letters.width(rows[0].caption, head), *(letters.width(label, side) for label in labels)]) + 2 * SIDE
    columns = [(top, value) for top in tops for value in values]
    titles = [_title(scene, top, value.caption, len(values)) for top, value in columns]
    wide = [
        max(letters.width(title, head), *(letters.width(_text(scene, at, name, top, value), cells) for name in names))
        + 2 * SIDE
        for title, (top, value) in zip(titles, columns, strict=True)
    ]
    if (whole := aside + sum(wide)) > scene.body.width + 1:
        scene.ink.short.append(f"a matrix {whole:.0f} pixels wide in {scene.body.width:.0f}")
    tall = cells.line + 2 * float(scene.of("grid")["rowPadding"])
    y = scene.body.y
    scene.ink.fitted(rows[0].caption, Box(scene.body.x, y, aside, tall).inset(SIDE, 0), head)
    x = scene.body.x + aside
    for title, width in zip(titles, wide, strict=True):
        if x + width <= scene.body.right + 1:
            scene.ink.fitted(title, Box(x, y, width, tall).inset(SIDE, 0), head, "right" if across else "left")
        x += width
    fits = int((scene.body.height - tall + 1) / tall)
    if fits < len(names):
        scene.ink.beyond.append(f"{fits} of {len(names)} rows")
    for place, (name, label) in enumerate(zip(names[:fits], labels, strict=False)):
        y = scene.body.y + (place + 1) * tall
        scene.ink.fitted(label, Box(scene.body.x, y, aside, tall).inset(SIDE, 0), side)
        x = scene.body.x + aside
        for (top, value), width in zip(columns, wide, strict=True):
            if x + width <= scene.body.right + 1:
                _cell(scene, at.get((name, top)), value, Box(x, y, width, tall), cells)
            x += width


def _title(scene: Scene, top: Any, caption: str, many: int) -> str:
    if top is None:
        return caption
    (across,) = scene.visual.of("Columns")
    text = scene.shown(across.field, top, "(Blank)")
    return text if many == 1 else f"{text} {caption}"


def _text(scene: Scene, at: dict[Any, Any], name: Any, top: Any, value: Any) -> str:
    row = at.get((name, top))
    return scene.shown(value.field, row[value.field]) if row else ""


def _cell(scene: Scene, row: Any, value: Any, box: Box, style: Style) -> None:
    if row is None:
        return
    said = scene.of("values", value)
    fill = scene.look.colour(said.get("backColor"), row, scene.grid.rows)
    if fill:
        scene.ink.box(box, fill)
    colour = scene.look.colour(said.get("fontColor"), row) or style.colour
    own = Style(style.size, style.weight, colour)
    scene.ink.fitted(scene.shown(value.field, row[value.field]), box.inset(SIDE, 0), own, "right")
