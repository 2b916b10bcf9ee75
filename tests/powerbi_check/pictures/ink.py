"""Shapes and texts -> SVG, and beside it what did not fit.

One Ink a visual: drawers add shapes and texts, each text with the room that it has; a text with too little room is cut as
Power BI cuts it and noted. Called by the drawers and the sheet.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape

from tests.powerbi_check.pictures import letters
from tests.powerbi_check.pictures.letters import Style
from tests.powerbi_check.pictures.reading import Box

ANCHORS = {"left": "start", "center": "middle", "right": "end"}


def number(value: float) -> str:
    """A length as short as it can be said."""
    return f"{value:.1f}".rstrip("0").rstrip(".")


@dataclass
class Ink:
    """`marks` is SVG; `short` are the texts that were cut; `strange` characters without a shape; `notes` what is beyond."""

    marks: list[str] = field(default_factory=list)
    short: list[str] = field(default_factory=list)
    strange: list[str] = field(default_factory=list)
    beyond: list[str] = field(default_factory=list)

    def box(self, box: Box, fill: str, line: str | None = None, radius: float = 0, opacity: float = 1) -> None:
        """A filled rectangle."""
        more = f' stroke="{line}"' if line else ""
        more += f' rx="{number(radius)}"' if radius else ""
        more += f' fill-opacity="{number(opacity * 100)}%"' if opacity < 1 else ""
        at = " ".join(
            f'{name}="{number(value)}"'
            for name, value in (("x", box.x), ("y", box.y), ("width", box.width), ("height", box.height))
        )
        self.marks.append(f'<rect {at} fill="{fill}"{more}/>')

    def line(self, points: Sequence[tuple[float, float]], colour: str, thick: float = 1, dash: str = "") -> None:
        """An open line through points."""
        if len(points) > 1:
            more = f' stroke-dasharray="{dash}"' if dash else ""
            self.marks.append(
                f'<path d="M{_path(points)}" fill="none" stroke="{colour}" stroke-width="{number(thick)}"{more}/>'
            )

    def area(self, points: Sequence[tuple[float, float]], fill: str, opacity: float = 1) -> None:
        """A filled shape between points."""
        if len(points) > 2:
            self.marks.append(f'<path d="M{_path(points)}Z" fill="{fill}" fill-opacity="{number(opacity * 100)}%"/>')

    def dot(self, x: float, y: float, radius: float, fill: str) -> None:
        """A point."""
        self.marks.append(f'<circle cx="{number(x)}" cy="{number(y)}" r="{number(radius)}" fill="{fill}"/>')

    def text(self, text: str, x: float, y: float, style: Style, align: str = "left") -> None:
        """One line on a base line, as it is; x is its left, middle or right."""
        if not letters.drawable(text):
            self.strange.append(text)
        left = x - {"left": 0.0, "center": 0.5, "right": 1.0}[align] * letters.width(text, style)
        plain, start = "", left
        for letter in text:
            if letter in letters.SYMBOLS:
                self._plain(plain, start, y, style)
                at = start + letters.width(plain, style)
                self._sign(letter, at, y, style)
                plain, start = "", at + letters.width(letter, style)
            else:
                plain += letter
        self._plain(plain, start, y, style)

    def fitted(self, text: str, box: Box, style: Style, align: str = "left", *, noted: bool = True) -> None:
        """One line in the middle of a box, cut where the box ends. Not `noted`: the drawer notes the cut itself."""
        shown, short = letters.cut(text, style, box.width)
        if noted and text and (short or style.tall > box.height):
            self.short.append(text)
        x = {"left": box.x, "center": box.x + box.width / 2, "right": box.right}[align]
        self.text(shown, x, box.y + box.height / 2 + style.size * 0.36, style, align)

    def block(self, text: str, box: Box, style: Style, align: str = "left", middle: bool = False) -> float:
        """A wrapped text within a box; the height that it took."""
        room = 1 + max(0, int((box.height - style.tall) / style.line))
        shown, short = letters.wrapped(text, style, box.width, room)
        if text and (short or style.tall > box.height):
            self.short.append(text)
        top = box.y + ((box.height - len(shown) * style.line) / 2 if middle else 0)
        x = {"left": box.x, "center": box.x + box.width / 2, "right": box.right}[align]
        for at, line in enumerate(shown):
            self.text(line, x, top + at * style.line + style.size * 1.07, style, align)
        return len(shown) * style.line

    def _plain(self, text: str, x: float, y: float, style: Style) -> None:
        if text.strip():
            weight = f' font-weight="{style.weight}"' if style.weight != 400 else ""
            self.marks.append(
                f'<text x="{number(x)}" y="{number(y)}" font-size="{number(style.size)}"{weight} fill="{style.colour}"'
                f' xml:space="preserve">{escape(text, quote=False)}</text>'
            )

    def _sign(self, letter: str, x: float, y: float, style: Style) -> None:
        scale = style.size / 1000
        moved = f"translate({number(x)} {number(y - 800 * scale)}) scale({scale:.4f})"
        outline = letters.SYMBOLS[letter]
        self.marks.append(f'<path d="{outline}" transform="{moved}" fill="{style.colour}" fill-rule="evenodd"/>')


def _path(points: Sequence[tuple[float, float]]) -> str:
    return "L".join(f"{number(x)} {number(y)}" for x, y in points)
