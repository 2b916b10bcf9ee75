"""Text -> how wide it is, where it is cut and how it wraps, from the advance widths in `widths.json`.

The font of the pictures, Open Sans, is a little wider than Segoe UI, which Power BI uses: what fits here fits there.
Pure; called by everything that sets text.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

POINT = 4 / 3
"""Pixels of a point."""

LINE = 1.36
"""The height of a line, in sizes."""

LETTERS = 1.12
"""The height of letters with the strokes below the line, in sizes."""

DOTS = "…"
SYMBOLS = {
    "▲": "M80 780L420 120L760 780Z",
    "▼": "M80 120L420 780L760 120Z",
    "△": "M80 780L420 120L760 780ZM200 710L640 710L420 280Z",
    "▽": "M80 120L420 780L760 120ZM200 190L640 190L420 620Z",
    "●": "M420 140A310 310 0 1 0 421 140Z",
    "○": "M420 140A310 310 0 1 0 421 140ZM420 220A230 230 0 1 1 419 220Z",
    "◆": "M420 90L760 450L420 810L80 450Z",
    "◇": "M420 90L760 450L420 810L80 450ZM420 200L185 450L420 700L655 450Z",
    "■": "M110 140H730V760H110Z",
    "□": "M110 140H730V760H110ZM190 220V680H650V220Z",
    "▬": "M60 380H780V540H60Z",
    "✓": "M100 480L190 390L350 560L680 140L780 220L360 740Z",
    "⚠": "M420 90L800 780H40ZM385 330V570H455V330ZM385 630V700H455V630Z",
    "→": "M60 420H600L440 260L500 200L780 460L500 720L440 660L600 500H60Z",
    "←": "M780 420H240L400 260L340 200L60 460L340 720L400 660L240 500H780Z",
    "↑": "M380 780V260L220 420L160 360L420 90L680 360L620 420L460 260V780Z",
    "↓": "M380 120V640L220 480L160 540L420 810L680 540L620 480L460 640V120Z",
}
"""Signs that the font lacks, as outlines in thousandths of the size, the base line at 800."""

SYMBOL_WIDTH = 840


@dataclass(frozen=True)
class Style:
    """How a text is set: size in pixels, weight and colour."""

    size: float
    weight: int = 400
    colour: str = "#252423"

    @property
    def line(self) -> float:
        """The height of one line."""
        return self.size * LINE

    @property
    def tall(self) -> float:
        """What the letters of one line need; with less they are visibly cut."""
        return self.size * LETTERS


@cache
def _widths() -> dict[int, dict[str, int]]:
    said = json.loads(Path(__file__).with_name("widths.json").read_text("utf-8"))
    return {weight: dict(zip(said["characters"], said[str(weight)], strict=True)) for weight in (400, 600, 700)}


def drawable(text: str) -> bool:
    """Has every character a shape here?"""
    known = _widths()[400]
    return all(letter in known or letter in SYMBOLS for letter in text if letter != "\n")


def width(text: str, style: Style) -> float:
    """Pixels of one line."""
    known = _widths()[style.weight]
    return sum(known.get(letter, SYMBOL_WIDTH) for letter in text) * style.size / 1000


def cut(text: str, style: Style, room: float) -> tuple[str, bool]:
    """The text as it is shown on one line of that width, and whether something was cut off."""
    if width(text, style) <= room + 0.01:
        return text, False
    kept = text
    while kept and width(kept + DOTS, style) > room:
        kept = kept[:-1]
    return kept.rstrip() + DOTS, True


def wrapped(text: str, style: Style, room: float, lines: int) -> tuple[list[str], bool]:
    """The text in so many lines at most, and whether something was cut off."""
    done: list[str] = []
    for paragraph in text.split("\n"):
        line = ""
        for word in paragraph.split(" "):
            longer = f"{line} {word}" if line else word
            if line and width(longer, style) > room:
                done.append(line)
                line = word
            else:
                line = longer
        done.append(line)
    over = len(done) > lines
    shown, narrow = [], False
    for line in done[: max(1, lines)]:
        fitted, short = cut(line, style, room)
        shown.append(fitted)
        narrow |= short
    if over:
        shown[-1] = cut(shown[-1].rstrip(DOTS) + " " + DOTS * 3, style, room)[0].rstrip(f" {DOTS}") + DOTS
    return shown, over or narrow
