"""A page and its grids -> one SVG, and what a reader would stumble over: cut texts, overlaps, empty visuals.

Pure. Every visual of the page is drawn; a type that no drawer knows is counted and shown crossed out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import combinations

from tests.powerbi_check.pictures.expressions import Field, Unread
from tests.powerbi_check.pictures.grids import City, Grid
from tests.powerbi_check.pictures.ink import Ink, number
from tests.powerbi_check.pictures.kinds.table import DRAWERS
from tests.powerbi_check.pictures.look import Look
from tests.powerbi_check.pictures.reading import Box, Page, Visual
from tests.powerbi_check.pictures.scene import Scene

PHONE_WIDTH = 324
EDGE = 5.0
"""What a frame keeps free at its sides unless it says otherwise."""

CUT, OVERLAP, OUTSIDE, EMPTY, UNSAID, UNREAD, ERROR = FAULTS = (
    "cut",
    "overlap",
    "outside the page",
    "empty",
    "no alternative text",
    "not drawn",
    "not evaluated",
)
WORDLESS = ("textbox", "actionButton", "pageNavigator", "shape", "image", "slicer")
"""Types that have no figures, so that they cannot be empty."""


@dataclass
class Sheet:
    """One picture and its faults: kind of fault -> (visual, what). `beyond` is behind a scroll bar, which is no fault."""

    svg: str = ""
    drawn: int = 0
    wanted: int = 0
    found: dict[str, list[tuple[str, str]]] = field(default_factory=lambda: {kind: [] for kind in FAULTS})
    beyond: list[str] = field(default_factory=list)

    def count(self, kind: str) -> int:
        """How many faults of a kind."""
        return len(self.found[kind])

    def faults(self) -> list[str]:
        """All that must not be, a line for each kind and visual."""
        said = []
        for kind, found in self.found.items():
            for visual in dict.fromkeys(visual for visual, _ in found):
                first, *more = [what for other, what in found if other == visual]
                rest = f" and {len(more)} more" if more else ""
                said.append(f"{kind}: {visual}" + (f": {first}" if first else "") + rest)
        return said


@dataclass(frozen=True)
class Report:
    """What all pages share: the rows, the theme, the pages themselves and the figures of every visual."""

    city: City
    look: Look
    pages: tuple[Page, ...]
    grids: Mapping[str, Grid]


def desk(report: Report, page: Page) -> Sheet:
    """The page as it stands on a desk."""
    places = {visual.name: visual.box for visual in page.visuals}
    return _sheet(report, page, places, Box(0, 0, page.width, page.height))


def phone(report: Report, page: Page) -> Sheet | None:
    """The page as it stands on a phone; None when it has no layout for one."""
    places = {visual.name: visual.phone for visual in page.visuals if visual.phone}
    if not places:
        return None
    tall = max(box.bottom for box in places.values()) + EDGE
    return _sheet(report, page, places, Box(0, 0, PHONE_WIDTH, tall))


def _sheet(report: Report, page: Page, places: Mapping[str, Box], whole: Box) -> Sheet:
    sheet = Sheet(wanted=len(places))
    marks = []
    for visual in page.visuals:
        if visual.name not in places:
            continue
        ink, box = Ink(), places[visual.name]
        scene = Scene(visual, report.grids[visual.name], report.look, ink, box, report.city, page, report.pages)
        called = name(scene)
        try:
            _frame(scene)
            sheet.drawn += 1
        except Unread as unread:
            sheet.found[UNREAD].append((called, str(unread)))
            ink.line([(box.x, box.y), (box.right, box.bottom)], "#D55E00", 2)
            ink.line([(box.right, box.y), (box.x, box.bottom)], "#D55E00", 2)
        _note(sheet, scene, called, whole)
        marks.append(_clipped(visual, box, ink))
    sheet.found[OVERLAP] += [(pair, "") for pair in overlaps(page, places)]
    sheet.svg = _document(report.look, whole, marks)
    return sheet


def name(scene: Scene) -> str:
    """What the page's reader would call a visual."""
    title = _text(scene, scene.of("title").get("text"))
    words = [scene.visual.kind, f"“{title}”" if title and scene.of("title")["show"] else ""]
    if not words[1] and scene.visual.projections:
        words[1] = f"of {scene.visual.projections[0].caption}"
    return " ".join(word for word in words if word)


def _frame(scene: Scene) -> None:
    """Background, border and title, then the visual itself."""
    back, border, title = (scene.of(part) for part in ("background", "border", "title"))
    box = scene.body
    fill = scene.look.colour(back["color"], scene.grid.total) if back["show"] else None
    line = scene.look.colour(border["color"], scene.grid.total) if border["show"] else None
    if fill or line:
        clear = 1 - float(back.get("transparency", 0)) / 100
        scene.ink.box(box.inset(0.5), fill or "none", line, float(border.get("radius", 0)), clear)
    free = scene.visual.frame("padding")
    body = box.inset(*(float(free.get(side, EDGE)) for side in ("left", "top", "right", "bottom")))
    for part, said in (("title", title), ("subTitle", scene.of("subTitle"))):
        text = _text(scene, said.get("text")) if said["show"] else None
        if text:
            style = scene.look.style(said)
            room = Box(body.x, body.y, body.width, min(body.height, style.line * (2 if said["titleWrap"] else 1)))
            took = scene.ink.block(text, room, style, str(said.get("alignment", "left")))
            body = body.inset(0, took + (4 if part == "title" else 2), 0, 0)
    DRAWERS.get(scene.visual.kind, _unknown)(scene.within(body))


def _unknown(scene: Scene) -> None:
    raise Unread(f"visual type {scene.visual.kind}")


def _text(scene: Scene, said: object) -> str | None:
    """A text of the container: fixed, or what a measure says."""
    if isinstance(said, Field):
        return scene.shown(said, scene.total(said)) or None
    return said if isinstance(said, str) else None


def _note(sheet: Sheet, scene: Scene, called: str, whole: Box) -> None:
    box, ink = scene.body, scene.ink
    sheet.found[CUT] += [(called, text) for text in ink.short]
    sheet.found[UNREAD] += [(called, f"no shape for a character of {text!r}") for text in ink.strange]
    sheet.beyond += [f"{called}: {text}" for text in ink.beyond]
    if box.x < 0 or box.y < 0 or box.right > whole.right + 0.5 or box.bottom > whole.bottom + 0.5:
        sheet.found[OUTSIDE].append((called, ""))
    if scene.visual.kind not in WORDLESS and _blank(scene):
        sheet.found[EMPTY].append((called, ""))
    alt = scene.of("general").get("altText")
    if not _text(scene, alt):
        sheet.found[UNSAID].append((called, ""))


def _blank(scene: Scene) -> bool:
    """Does it show nothing: no rows, or a card without any value?"""
    if scene.visual.kind != "cardVisual":
        return scene.grid.empty
    said = [item for item in scene.visual.of("Data") if "showBlankAs" not in scene.of("value", item)]
    return bool(said) and all(scene.total(item.field) is None for item in said)


def overlaps(page: Page, places: Mapping[str, Box]) -> list[str]:
    """Pairs of visuals that share more than an edge."""
    shown = [visual for visual in page.visuals if visual.name in places]
    return [
        f"{one.kind} and {other.kind} at {number(places[other.name].x)}, {number(places[other.name].y)}"
        for one, other in combinations(shown, 2)
        if places[one.name].meets(places[other.name])
    ]


def _clipped(visual: Visual, box: Box, ink: Ink) -> str:
    sides = zip(("x", "y", "width", "height"), (box.x, box.y, box.width, box.height), strict=True)
    frame = " ".join(f'{side}="{number(value)}"' for side, value in sides)
    clip = f'<clipPath id="c{visual.name}"><rect {frame}/></clipPath>'
    return f'{clip}<g clip-path="url(#c{visual.name})">' + "".join(ink.marks) + "</g>"


def _document(look: Look, whole: Box, marks: list[str]) -> str:
    size = f'width="{number(whole.width)}" height="{number(whole.height)}"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} viewBox="0 0 {number(whole.width)} {number(whole.height)}"'
        f' font-family="Open Sans"><rect {size} fill="{look.paper}"/>' + "\n".join(marks) + "</svg>\n"
    )
