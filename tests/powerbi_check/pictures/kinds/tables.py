"""tableEx -> a table as wide as its contents, its rows as far as they fit. Called by the sheet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.powerbi_check.pictures import letters
from tests.powerbi_check.pictures.expressions import Field
from tests.powerbi_check.pictures.letters import Style
from tests.powerbi_check.pictures.reading import Box, Projection
from tests.powerbi_check.pictures.scene import Scene

SIDE = 5.0
"""Free pixels left and right in a cell."""

WIDEST = 420.0
"""A column that sizes itself grows no wider; its texts wrap or are cut."""

BAR = 9.0
"""What a scroll bar takes."""

NARROWEST = 12.0
"""Of a column with less room nothing is drawn."""


@dataclass(frozen=True)
class Columns:
    """The columns of a table and their widths."""

    fields: tuple[Projection, ...]
    wide: tuple[float, ...]


@dataclass(frozen=True)
class Line:
    """One line: where it stands, how it is set; `row` is None for the header."""

    y: float
    tall: float
    style: Style
    back: str
    row: Mapping[Field, Any] | None


def draw(scene: Scene) -> None:
    """Header, rows, total."""
    head, body = scene.of("columnHeaders"), scene.of("values")
    header = scene.look.style(head, bold=True)
    cells = scene.look.style(body, "fontColorPrimary")
    columns = sized(scene, header, cells)
    pad = float(scene.of("grid")["rowPadding"])
    tall = header.line + 2 * pad
    back = scene.look.colour(head.get("backColor"), {}) or "#FFFFFF"
    _line(scene, columns, Line(scene.body.y, tall, header, back, None))
    y = _rows(scene, columns, cells, scene.body.y + tall, pad)
    room = scene.body.width - (BAR if scene.ink.beyond else 0)
    if (whole := sum(columns.wide)) > room + 1:
        scene.ink.short.append(f"a table {whole:.0f} pixels wide in {room:.0f}")
    if scene.of("total").get("totals", True) and any(field.field.measured for field in columns.fields):
        last = Line(min(y, scene.body.bottom - tall), tall, header, "#FFFFFF", scene.grid.total)
        _line(scene, columns, last)


def _rows(scene: Scene, columns: Columns, cells: Style, y: float, pad: float) -> float:
    """The rows that fit, and a scroll bar when there are more; where the next line would stand."""
    body, drawn, many = scene.of("values"), 0, len(scene.grid.rows)
    for at, row in enumerate(scene.grid.rows):
        needed = _height(scene, columns, cells, row) + 2 * pad
        if y + needed > scene.body.bottom + 1:
            break
        second = "Secondary" if at % 2 else "Primary"
        back = scene.look.colour(body.get(f"backColor{second}"), row) or "#FFFFFF"
        _line(scene, columns, Line(y, needed, cells, back, row))
        y += needed
        drawn += 1
    if drawn < many:
        scene.ink.beyond.append(f"{drawn} of {many} rows")
        bar = Box(scene.body.right - 5, scene.body.y, 4, scene.body.height * drawn / many)
        scene.ink.box(bar, "#C8C8C8", radius=2)
    return y


def sized(scene: Scene, header: Style, cells: Style) -> Columns:
    """Each column as wide as its own setting says, otherwise as its contents need."""
    fields, wide = scene.visual.of("Values"), []
    for field in fields:
        fixed = scene.of("columnWidth", field).get("value")
        needed = [letters.width(field.caption, header)]
        needed += [letters.width(scene.shown(field.field, row[field.field]), cells) for row in scene.grid.rows]
        wide.append(float(fixed) if fixed else min(WIDEST, max(needed) + 2 * SIDE + 2))
    return Columns(fields, tuple(wide))


def _height(scene: Scene, columns: Columns, style: Style, row: Mapping[Field, Any]) -> float:
    if not scene.of("values").get("wordWrap"):
        return style.line
    most = 1
    for field, width in zip(columns.fields, columns.wide, strict=True):
        text = scene.shown(field.field, row[field.field])
        most = max(most, len(letters.wrapped(text, style, width - 2 * SIDE, 9)[0]))
    return most * style.line


def _line(scene: Scene, columns: Columns, line: Line) -> None:
    scene.ink.box(Box(scene.body.x, line.y, min(sum(columns.wide), scene.body.width), line.tall), line.back)
    x = scene.body.x
    for field, width in zip(columns.fields, columns.wide, strict=True):
        room = min(width, scene.body.right - x)
        if room < NARROWEST:
            break
        _cell(scene, field, Box(x, line.y, room, line.tall), line, whole=room == width)
        x += width
    scene.ink.line([(scene.body.x, line.y + line.tall), (min(x, scene.body.right), line.y + line.tall)], "#E0E0E0")


def _cell(scene: Scene, field: Projection, box: Box, line: Line, *, whole: bool) -> None:
    """One cell; what the frame cuts off is noted once for the table, not for each cell."""
    inner, style = box.inset(SIDE, 2), line.style
    align = "right" if scene.numeric(field.field) else "left"
    if line.row is None:
        scene.ink.fitted(field.caption, inner, style, align, noted=whole)
        return
    said = scene.of("values", field)
    fill = scene.look.colour(said.get("backColor"), line.row, scene.grid.rows)
    if fill:
        scene.ink.box(box, fill)
    own = Style(style.size, style.weight, scene.look.colour(said.get("fontColor"), line.row) or style.colour)
    text = scene.shown(field.field, line.row.get(field.field))
    if said.get("wordWrap") and whole:
        scene.ink.block(text, inner, own, align)
    else:
        scene.ink.fitted(text, inner, own, align, noted=whole)
