"""Values -> scales with round steps, axes with labels, legends: what all charts share. Called by lines and bars."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from tests.powerbi_check.pictures import letters
from tests.powerbi_check.pictures.letters import Style
from tests.powerbi_check.pictures.reading import Box
from tests.powerbi_check.pictures.scene import Scene

DASHES = {"dashed": "7 4", "dotted": "1.5 3", "solid": ""}
RULED = "#E0E0E0"
MONTHLY, YEARLY = 62, 800
"""Days from which an axis of time is labelled by months, by years."""


@dataclass(frozen=True)
class Scale:
    """Values from `low` to `high` on pixels from `start` to `end`."""

    low: float
    high: float
    start: float
    end: float
    step: float = 1

    def at(self, value: float) -> float:
        """Where a value lies."""
        span = self.high - self.low
        share = (value - self.low) / span if span else 0.5
        return self.start + share * (self.end - self.start)

    def ticks(self) -> list[float]:
        """The values that are labelled."""
        first = math.ceil(self.low / self.step - 1e-9)
        return [tick * self.step for tick in range(first, math.floor(self.high / self.step + 1e-9) + 1)]


def scale(values: Sequence[float], start: float, end: float, *, zero: bool, ticks: int = 5) -> Scale:
    """A scale over these values, its ends on round numbers."""
    low, high = min(values, default=0.0), max(values, default=1.0)
    low = min(0.0, low) if zero or low < (high - low) else low
    high = high if high > low else low + 1
    rough = (high - low) / max(1, ticks)
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * lead for lead in (1, 2, 2.5, 5, 10) if power * lead >= rough * 0.999)
    return Scale(math.floor(low / step + 1e-9) * step, math.ceil(high / step - 1e-9) * step, start, end, step)


@dataclass(frozen=True)
class Entry:
    """One line of a legend."""

    name: str
    colour: str
    dash: str | None = None


def legend(scene: Scene, entries: Sequence[Entry]) -> Scene:
    """Draw it where it stands, above the chart; the scene with what room is left."""
    said = scene.of("legend")
    if not said["show"] or not entries:
        return scene
    style = scene.look.style(said, "labelColor")
    x, body = scene.body.x, scene.body
    for entry in entries:
        mark = 22.0 if entry.dash is not None else 12.0
        room = letters.width(entry.name, style)
        middle = body.y + style.line / 2
        if x + mark + 6 + room > body.right:
            scene.ink.short.append(f"legend: {entry.name}")
            break
        if entry.dash is None:
            scene.ink.dot(x + 5, middle, 5, entry.colour)
        else:
            scene.ink.line([(x, middle), (x + 18, middle)], entry.colour, 2, DASHES[entry.dash])
        scene.ink.text(entry.name, x + mark, middle + style.size * 0.36, style)
        x += mark + room + 16
    return scene.within(body.inset(0, style.line + 6, 0, 0))


def rule(scene: Scene, along: Scale, plot: Box, texts: Sequence[str], style: Style, *, upright: bool) -> None:
    """Grid lines and labels of the axis of values: at the left of an upright one, below a lying one."""
    for tick, text in zip(along.ticks(), texts, strict=True):
        place = along.at(tick)
        if upright:
            scene.ink.line([(plot.x, place), (plot.right, place)], RULED)
            scene.ink.text(text, plot.x - 6, place + style.size * 0.36, style, "right")
        else:
            scene.ink.line([(place, plot.y), (place, plot.bottom)], RULED)
            scene.ink.text(text, place, plot.bottom + style.line, style, "center")


def days(scene: Scene, ends: tuple[datetime, datetime], along: Scale, plot: Box, style: Style) -> None:
    """Labels of an axis of time."""
    for moment, text in _dates(*ends, plot.width / letters.width("2026-11-25 ", style)):
        place = along.at(moment.timestamp())
        half = letters.width(text, style) / 2
        x = min(max(place, plot.x + half - 10), plot.right - half + 10)
        scene.ink.line([(place, plot.bottom), (place, plot.bottom + 3)], "#767676")
        scene.ink.text(text, x, plot.bottom + 3 + style.line * 0.9, style, "center")


def _dates(first: datetime, last: datetime, fits: float) -> list[tuple[datetime, str]]:
    long = (last - first).days
    if long >= MONTHLY:
        months = range(first.year * 12 + first.month, last.year * 12 + last.month)
        every = max(1, math.ceil(len(months) / max(1, fits)))
        every = 12 if long >= YEARLY else next(step for step in (1, 2, 3, 6, 12) if step >= min(every, 12))
        starts = [datetime(at // 12, at % 12 + 1, 1, tzinfo=first.tzinfo) for at in months if at % every == 0]
        return [(start, start.strftime("%b %Y")) for start in starts]
    every = max(1, math.ceil((long + 1) / max(1, fits)))
    every = next((step for step in (1, 2, 7, 14, 28) if step >= every), 28)
    places = [first + timedelta(days=at) for at in range(0, long + 1, every)]
    return [(place, place.strftime("%b %d")) for place in places]


def names(scene: Scene, texts: Sequence[str], centres: Sequence[float], plot: Box, style: Style) -> None:
    """Labels of categories below a chart, each cut at the room that it has."""
    room = min((b - a for a, b in pairwise(centres)), default=plot.width) - 4
    skipped = room < letters.width("00", style)
    for at, (text, centre) in enumerate(zip(texts, centres, strict=True)):
        if not skipped or at % 4 == 0:
            space = room * (4 if skipped else 1)
            scene.ink.fitted(text, Box(centre - space / 2, plot.bottom + 3, space, style.line), style, "center")
