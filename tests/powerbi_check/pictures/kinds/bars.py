"""Bar and column charts, clustered and stacked -> rectangles along categories. Called by the sheet.

Lying charts (`bar` in the type's name) run through categories from above; what does not fit is behind a scroll bar, which
is noted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.powerbi_check.pictures import letters
from tests.powerbi_check.pictures.expressions import Field
from tests.powerbi_check.pictures.kinds import axes
from tests.powerbi_check.pictures.kinds.axes import Entry, Scale
from tests.powerbi_check.pictures.reading import Box, Projection
from tests.powerbi_check.pictures.scene import Scene

THINNEST = 17.0
"""Pixels that a category has at least before a chart scrolls."""

LOWEST = 0.8
"""Sizes of its label that a bar has at least; on thinner ones labels lie on each other."""

WIDEST_NAME = 25
"""Percent of a lying chart that names may take unless it says otherwise; longer ones are cut."""


@dataclass(frozen=True)
class Series:
    """One colour of a chart."""

    entry: Entry
    values: Mapping[Any, float]
    measure: Field
    colours: Mapping[Any, str]


def draw(scene: Scene) -> None:
    """Legend, names, bars, labels."""
    found = series(scene)
    scene = axes.legend(scene, [each.entry for each in found] if len(found) > 1 else [])
    (category,) = scene.visual.of("Category")
    places = list(dict.fromkeys(row[category.field] for row in scene.grid.rows))
    if not places:
        return
    stacked = scene.visual.kind in ("barChart", "columnChart")
    if "Bar" in scene.visual.kind or scene.visual.kind == "barChart":
        _lying(scene, category, found, places, stacked=stacked)
    else:
        _upright(scene, category, found, places, stacked=stacked)


def series(scene: Scene) -> list[Series]:
    """One for each measure, or for each value of the series."""
    (category,) = scene.visual.of("Category")
    split = scene.visual.of("Series")
    found: list[Series] = []
    for measure in scene.visual.of("Y"):
        for value in dict.fromkeys(row[split[0].field] for row in scene.grid.rows) if split else [None]:
            rows = [row for row in scene.grid.rows if not split or row[split[0].field] == value]
            rows = [row for row in rows if row[measure.field] is not None]
            name = scene.shown(split[0].field, value, "(Blank)") if split else measure.caption
            fill = scene.of("dataPoint", measure).get("fill")
            plain = scene.look.data(len(found))
            own = {row[category.field]: scene.look.colour(fill, row, scene.grid.rows) or plain for row in rows}
            main = next(iter(own.values()), plain)
            values = {row[category.field]: float(row[measure.field]) for row in rows}
            found.append(Series(Entry(name, main), values, measure.field, own))
    return found


def _ends(found: list[Series], places: list[Any], *, stacked: bool) -> list[float]:
    if stacked:
        return [0.0, *(sum(each.values.get(place, 0.0) for each in found) for place in places)]
    return [0.0, *(value for each in found for value in each.values.values())]


def _lying(scene: Scene, category: Projection, found: list[Series], places: list[Any], *, stacked: bool) -> None:
    style = scene.look.style(scene.of("categoryAxis"), "labelColor")
    axis, body = scene.of("valueAxis"), scene.body
    fits = max(1, int(body.height / THINNEST))
    if len(places) > fits:
        scene.ink.beyond.append(f"{fits} of {len(places)} bars")
        scene.ink.box(Box(body.right - 5, body.y, 4, body.height * fits / len(places)), "#C8C8C8", radius=2)
        body, places = body.inset(0, 0, 8, 0), places[:fits]
    names = [scene.shown(category.field, place, "(Blank)") for place in places]
    share = float(scene.of("categoryAxis").get("maxMarginFactor", WIDEST_NAME)) / 100
    aside = min(max(letters.width(name, style) for name in names), body.width * share)
    plot = body.inset(aside + 8, 0, _beyond(scene, found), style.line + 4 if axis["show"] else 0)
    along = axes.scale(_ends(found, places, stacked=stacked), plot.x, plot.right, zero=True, ticks=4)
    if axis["show"]:
        texts = [scene.shown(found[0].measure, tick) for tick in along.ticks()]
        axes.rule(scene, along, plot, texts, style, upright=False)
    each = plot.height / len(places)
    for at, (place, name) in enumerate(zip(places, names, strict=True)):
        top = plot.y + at * each
        scene.ink.fitted(name, Box(body.x, top, aside, each), style, "right")
        slot = Box(plot.x, top + each * 0.12, plot.width, each * 0.76)
        _bars(scene, found, place, slot, along, stacked=stacked)


def _beyond(scene: Scene, found: list[Series]) -> float:
    """What labels behind the longest bars need."""
    if not scene.of("labels")["show"] or scene.visual.kind == "barChart":
        return 4.0
    style = scene.look.style(scene.of("labels"), "color")
    labels = [_label(scene, each, value) for each in found for value in each.values.values()]
    return 8 + max((letters.width(label, style) for label in labels), default=0)


def _label(scene: Scene, each: Series, value: float) -> str:
    """The label of a bar, behind the name of its series where the chart says so."""
    text = scene.shown(each.measure, value)
    return f"{each.entry.name} {text}" if scene.of("labels").get("enableTitleDataLabel") else text


def _bars(scene: Scene, found: list[Series], place: Any, slot: Box, along: Scale, *, stacked: bool) -> None:
    style = scene.look.style(scene.of("labels"), "color")
    labelled = scene.of("labels")["show"]
    thick = slot.height if stacked else slot.height / len(found)
    if labelled and thick < style.size * LOWEST:
        scene.ink.short.append(f"labels of {style.size:.0f} pixels at bars of {thick:.0f}")
    reached = 0.0
    for at, each in enumerate(found):
        if place not in each.values:
            continue
        value = each.values[place]
        y = slot.y if stacked else slot.y + at * thick
        low, high = sorted((along.at(reached), along.at(reached + value)))
        scene.ink.box(Box(low, y, high - low, thick * (1 if stacked else 0.94)), each.colours[place])
        text = _label(scene, each, value)
        base = y + thick / 2 + style.size * 0.36
        if labelled and not stacked:
            scene.ink.text(text, high + 4, base, style)
        elif labelled and letters.width(text, style) + 4 < high - low:
            light = letters.Style(style.size, style.weight, legible(each.colours[place]))
            scene.ink.text(text, (low + high) / 2, base, light, "center")
        reached += value if stacked else 0.0


def legible(colour: str) -> str:
    """White or black, whichever reads on a colour."""
    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return "#FFFFFF" if red * 0.299 + green * 0.587 + blue * 0.114 < 140 else "#000000"


def _upright(scene: Scene, category: Projection, found: list[Series], places: list[Any], *, stacked: bool) -> None:
    style = scene.look.style(scene.of("categoryAxis"), "labelColor")
    axis = scene.of("valueAxis")
    plot = scene.body.inset(2, style.line, 4, style.line + 6)
    along = axes.scale(_ends(found, places, stacked=stacked), plot.bottom, plot.y, zero=True)
    if axis["show"]:
        texts = [scene.shown(found[0].measure, tick) for tick in along.ticks()]
        plot = plot.inset(max(letters.width(text, style) for text in texts) + 8, 0, 0, 0)
        axes.rule(scene, along, plot, texts, style, upright=True)
    each = plot.width / len(places)
    centres = [plot.x + (at + 0.5) * each for at in range(len(places))]
    axes.names(scene, [scene.shown(category.field, place, "(Blank)") for place in places], centres, plot, style)
    thick = each * 0.76 / (1 if stacked else len(found))
    for centre, place in zip(centres, places, strict=True):
        reached = 0.0
        for at, series_ in enumerate(found):
            if place in series_.values:
                x = centre - each * 0.38 + (0 if stacked else at * thick)
                value = series_.values[place]
                high, low = along.at(reached + value), along.at(reached)
                scene.ink.box(Box(x, high, thick * 0.96, low - high), series_.colours[place])
                if scene.of("labels")["show"] and not stacked:
                    label = scene.look.style(scene.of("labels"), "color")
                    scene.ink.text(scene.shown(series_.measure, value), x + thick / 2, high - 4, label, "center")
                reached += value if stacked else 0.0
