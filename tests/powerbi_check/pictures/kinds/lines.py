"""lineChart -> lines over days or categories, with bands between a lower and an upper measure. Called by the sheet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from tests.powerbi_check.pictures import expressions, letters
from tests.powerbi_check.pictures.expressions import Field
from tests.powerbi_check.pictures.kinds import axes
from tests.powerbi_check.pictures.kinds.axes import Entry, Scale
from tests.powerbi_check.pictures.letters import Style
from tests.powerbi_check.pictures.reading import Box, Projection
from tests.powerbi_check.pictures.scene import Scene

Row = Mapping[Field, Any]


@dataclass(frozen=True)
class Line:
    """One line: its points by category, how it looks and the band around it."""

    entry: Entry
    points: Mapping[Any, float]
    thick: float
    band: Mapping[Any, tuple[float, float]]
    measure: Field


def draw(scene: Scene) -> None:
    """Legend, axes, bands, lines, labels."""
    (category,) = scene.visual.of("Category")
    found = lines(scene)
    scene = axes.legend(scene, [line.entry for line in found])
    places = list(dict.fromkeys(row[category.field] for row in scene.grid.rows))
    if not places:
        return
    style = scene.look.style(scene.of("categoryAxis"), "labelColor")
    plot, upright = _plot(scene, found, style)
    dated = scene.dated(category.field)
    moments = {place: moment(place) for place in places} if dated else {}
    along = _along(places, moments, plot)
    spot = {place: along.at(moments[place].timestamp() if dated else at) for at, place in enumerate(places)}
    if dated:
        axes.days(scene, (min(moments.values()), max(moments.values())), along, plot, style)
    else:
        texts = [scene.shown(category.field, place, "(Blank)") for place in places]
        axes.names(scene, texts, [spot[place] for place in places], plot, style)
    for line in found:
        _band(scene, line, spot, upright)
    for line in found:
        for run in runs(line.points, places):
            points = [(spot[place], upright.at(line.points[place])) for place in run]
            scene.ink.line(points, line.entry.colour, line.thick, axes.DASHES[line.entry.dash or "solid"])
            if len(points) == 1:
                scene.ink.dot(*points[0], 2.5, line.entry.colour)
    for line in found:
        said = scene.look.of(scene.visual, "labels", f"{line.measure.table}.{line.measure.name}")
        if said["show"] and said.get("showSeries", True):
            _labels(scene, line, places, spot, upright)


def moment(text: Any) -> datetime:
    """A day or instant of the grid."""
    return datetime.fromisoformat(str(text)[:19]).replace(tzinfo=UTC)


def lines(scene: Scene) -> list[Line]:
    """A line for each measure, or for each value of the series."""
    series = scene.visual.of("Series")
    found: list[Line] = []
    for measure in scene.visual.of("Y", "Y2"):
        splits = list(dict.fromkeys(row[series[0].field] for row in scene.grid.rows)) if series else [None]
        for split in splits:
            rows = [row for row in scene.grid.rows if not series or row[series[0].field] == split]
            name = scene.shown(series[0].field, split, "(Blank)") if series else measure.caption
            found.append(_line(scene, measure, Entry(name, scene.look.data(len(found))), rows))
    return found


def _line(scene: Scene, measure: Projection, plain: Entry, rows: list[Row]) -> Line:
    said = scene.of("lineStyles", measure)
    fill = scene.look.colour(scene.of("dataPoint", measure).get("fill"), scene.grid.total)
    (category,) = scene.visual.of("Category")
    entry = Entry(plain.name, fill or plain.colour, str(said.get("lineStyle", "solid")))
    points = {row[category.field]: float(row[measure.field]) for row in rows if row[measure.field] is not None}
    band = _range(scene, measure, category.field, rows)
    return Line(entry, points, float(said.get("strokeWidth", 2)), band, measure.field)


def _range(scene: Scene, measure: Projection, category: Field, rows: list[Row]) -> dict[Any, tuple[float, float]]:
    """The band that error bars with two measures make."""
    said = scene.of("error", measure)
    kind = said.get("errorRange")
    if not said.get("enabled", True) or not isinstance(kind, dict):
        return {}
    bounds = kind.get("explicit", kind)
    low, high = (expressions.value(bounds[name]) for name in ("lowerBound", "upperBound"))
    return {
        row[category]: (float(row[low]), float(row[high]))
        for row in rows
        if row.get(low) is not None and row.get(high) is not None
    }


def _plot(scene: Scene, found: list[Line], style: Style) -> tuple[Box, Scale]:
    said = scene.of("valueAxis")
    values = [value for line in found for value in line.points.values()]
    values += [value for line in found for pair in line.band.values() for value in pair]
    body = scene.body.inset(2, style.size / 2 + 2, 10, style.line + 6)
    upright = axes.scale(values, body.bottom, body.y, zero=said.get("start") == 0, ticks=max(2, int(body.height / 34)))
    if not said["show"]:
        return body, upright
    texts = [scene.shown(found[0].measure, tick) for tick in upright.ticks()]
    plot = body.inset(max(letters.width(text, style) for text in texts) + 8, 0, 0, 0)
    axes.rule(scene, upright, plot, texts, scene.look.style(said, "labelColor"), upright=True)
    return plot, upright


def _along(places: list[Any], moments: Mapping[Any, datetime], plot: Box) -> Scale:
    if moments:
        ends = min(moments.values()).timestamp(), max(moments.values()).timestamp()
        return Scale(ends[0], ends[1], plot.x, plot.right)
    half = plot.width / len(places) / 2
    return Scale(0, max(1, len(places) - 1), plot.x + half, plot.right - half)


def runs(points: Mapping[Any, float], places: list[Any]) -> list[list[Any]]:
    """Points without a gap between them: where a value is blank, the line breaks."""
    found: list[list[Any]] = [[]]
    for place in places:
        if place in points:
            found[-1].append(place)
        elif found[-1]:
            found.append([])
    return [run for run in found if run]


def _band(scene: Scene, line: Line, spot: Mapping[Any, float], upright: Scale) -> None:
    for run in runs({place: low for place, (low, _) in line.band.items()}, list(spot)):
        low = [(spot[place], upright.at(line.band[place][0])) for place in run]
        high = [(spot[place], upright.at(line.band[place][1])) for place in reversed(run)]
        scene.ink.area([*low, *high], line.entry.colour, 0.18)


def _labels(scene: Scene, line: Line, places: list[Any], spot: Mapping[Any, float], upright: Scale) -> None:
    """Values beside points, left out where one would lie on the last."""
    style = scene.look.style(scene.of("labels"), "color")
    taken = float("-inf")
    for place in places:
        if place in line.points:
            text = scene.shown(line.measure, line.points[place])
            half = letters.width(text, style) / 2
            middle = min(max(spot[place], scene.body.x + half + 44), scene.body.right - half)
            if middle - half > taken + 4:
                scene.ink.text(
                    text, middle, max(upright.at(line.points[place]) - 5, scene.body.y + style.size), style, "center"
                )
                taken = middle + half
