"""The parts of a report -> figures on who can read it: alternative texts, contrast, tab order, targets, colour alone.

Measures what the JSON says, by WCAG 2.2 where it has a number (1.4.3, 1.4.11, 2.5.8). Used by the tests,
`make powerbi-check` and `crisis powerbi check`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from powerbi.report.reading import Drawn, documents, drawn, literal, references

TEXT_CONTRAST, GRAPHIC_CONTRAST, GREATEST = 4.5, 3.0, 21.0
TARGET = 24
"""Pixels that the shorter side of what can be pressed has at least."""
SMALLEST_TEXT = 9
ROW = 8
"""Visuals whose tops differ by less stand in one row."""
SHORTEST_ALT = 15
HEX = re.compile(r"^#[0-9A-Fa-f]{6}$")
TEXT_PROPERTIES = frozenset({"fontColor", "labelColor", "titleColor", "fontColorPrimary", "fontColorSecondary"})
SURFACE_PROPERTIES = frozenset({"backColor", "backColorPrimary", "backColorSecondary"})
TARGETS = frozenset({"slicer", "actionButton", "pageNavigator"})
SELF_TITLED = frozenset({"textbox", "actionButton", "pageNavigator"})
FOLLOWS_A_VALUE = frozenset({"Conditional", "FillRule"})
STEPS = 20
"""Colours looked at between the ends of a heat map."""


@dataclass(frozen=True)
class Fault:
    """What someone could not read, and where."""

    path: str
    place: str
    said: str

    def __str__(self) -> str:
        return f"{self.place}: {self.said}"


@dataclass(frozen=True)
class Figures:
    """What was counted and measured; `faults` is empty when everything is as it must be."""

    visuals: int
    alternative_texts: int
    stated_by_measures: int
    text_colours: int
    lowest_text_contrast: float
    lowest_graphic_contrast: float
    in_tab_order: int
    targets: int
    smallest_target: float
    coloured: int
    colour_alone: int
    phone_visuals: int
    faults: tuple[Fault, ...]

    def lines(self) -> tuple[str, ...]:
        """The figures as sentences."""
        return (
            f"alternative text on {self.alternative_texts} of {self.visuals} visuals, "
            f"{self.stated_by_measures} of them stated by a measure",
            f"{self.text_colours} text colours, lowest contrast {self.lowest_text_contrast:.1f}:1 "
            f"(wanted {TEXT_CONTRAST}:1)",
            f"lines and bars: lowest contrast {self.lowest_graphic_contrast:.1f}:1 (wanted {GRAPHIC_CONTRAST:g}:1)",
            f"{self.in_tab_order} of {self.visuals} visuals where reading order has them",
            f"{self.targets} targets, the smallest {self.smallest_target:g} pixels (wanted {TARGET})",
            f"{self.coloured} visuals tell something by colour, {self.colour_alone} of them by colour alone",
            f"{self.phone_visuals} visuals on phone pages",
        )


def measure(parts: Mapping[str, bytes]) -> Figures:
    """All figures of one report."""
    visuals = drawn(parts)
    path, theme = _theme(parts)
    texts = _text_contrasts(visuals, theme)
    drawings = {colour: contrast(colour, theme["background"]) for each in visuals for colour in _drawing_colours(each)}
    ordered = _in_reading_order(visuals)
    targets = list(_targets(visuals, parts))
    alone = [(each, said) for each in visuals for said in _colour_alone(each)]
    by_visual = [
        *((each, "has no alt text that says more than its title") for each in visuals if not _has_alt(each)),
        *((each, "has no title to be seen") for each in visuals if not _titled(each)),
        *((each, "is reached by the tab key out of reading order") for each in visuals if each.path not in ordered),
        *((each, f"is a target of {size:g} pixels, under {TARGET}") for each, size in targets if size < TARGET),
        *alone,
        *((each, f"has text under {SMALLEST_TEXT} pt") for each in visuals if _has_small_text(each)),
    ]
    faults = [
        *(
            Fault(path, f"text {ink} on {back}", f"has a contrast of {ratio:.2f}:1")
            for (ink, back), ratio in texts.items()
            if ratio < TEXT_CONTRAST
        ),
        *(
            Fault(path, f"lines or bars in {ink}", f"have a contrast of {ratio:.2f}:1")
            for ink, ratio in drawings.items()
            if ratio < GRAPHIC_CONTRAST
        ),
        *(Fault(each.path, each.called, said) for each, said in by_visual),
    ]
    return Figures(
        visuals=len(visuals),
        alternative_texts=sum(map(_has_alt, visuals)),
        stated_by_measures=sum(map(_dynamic, visuals)),
        text_colours=len({ink for ink, _ in texts}),
        lowest_text_contrast=min(texts.values()),
        lowest_graphic_contrast=min(drawings.values(), default=GREATEST),
        in_tab_order=len(ordered),
        targets=len(targets),
        smallest_target=min((size for _, size in targets), default=TARGET),
        coloured=sum(map(_tells_by_colour, visuals)),
        colour_alone=len({each.path for each, _ in alone}),
        phone_visuals=sum(each.mobile is not None for each in visuals),
        faults=tuple(faults),
    )


def luminance(colour: str) -> float:
    """Relative luminance of `#RRGGBB`, by WCAG 2.2."""
    channels = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    red, green, blue = (each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two colours, 1 to 21."""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def _alt(visual: Drawn) -> Any:
    return visual.formatting("general", "altText", container=True)


def _dynamic(visual: Drawn) -> bool:
    return any(kind == "Measure" for kind, _, _ in references(_alt(visual)))


def _has_alt(visual: Drawn) -> bool:
    """A measure, or a sentence that says more than the title does; a text box may say what stands in it."""
    said = literal(_alt(visual)) or ""
    title = literal(visual.formatting("title", "text", container=True))
    return (
        _dynamic(visual) or (len(said) >= SHORTEST_ALT and said != title) or (visual.kind == "textbox" and bool(said))
    )


def _titled(visual: Drawn) -> bool:
    """Charts, slicers and tables show what they are; a card shows it too, or is one sentence."""
    shown = literal(visual.formatting("title", "show", container=True)) == "true"
    sentence = literal(visual.formatting("label", "show")) == "false" and len(visual.projected()) == 1
    return shown or sentence or visual.kind in SELF_TITLED


def _hexes(node: Any, names: frozenset[str]) -> Iterator[str]:
    """Hex colours below properties of these names; conditions below them too."""
    if isinstance(node, list):
        for each in node:
            yield from _hexes(each, names)
    elif isinstance(node, dict):
        for name, value in node.items():
            if name in names:
                yield from (each for each in _strings(value) if HEX.match(each))
            else:
                yield from _hexes(value, names)


def _strings(node: Any) -> Iterator[str]:
    if isinstance(node, str):
        yield node.strip("'")
    elif isinstance(node, (list, dict)):
        for each in node.values() if isinstance(node, dict) else node:
            yield from _strings(each)


def _theme(parts: Mapping[str, bytes]) -> tuple[str, dict[str, Any]]:
    """The registered theme with its path; black on white where there is none."""
    own = {path: json.loads(content) for path, content in parts.items() if "/RegisteredResources/" in path}
    path, content = next(((path, each) for path, each in own.items() if "dataColors" in each), ("definition", {}))
    return path, {"background": "#FFFFFF", "foreground": "#000000"} | content


def _text_contrasts(visuals: list[Drawn], theme: Mapping[str, Any]) -> dict[tuple[str, str], float]:
    """Every colour of text on every surface that text stands on, and on the colours of heat maps."""
    styles = theme.get("visualStyles", {})
    page = styles.get("page", {}).get("*", {}).get("background", [])
    surfaces = {
        theme["background"],
        *_strings([each.get("color") for each in page]),
        *_hexes(styles, SURFACE_PROPERTIES),
    }
    inks = {theme["foreground"], theme.get("foregroundNeutralSecondary", theme["foreground"])}
    inks |= {each["color"] for each in theme.get("textClasses", {}).values() if "color" in each}
    inks |= {ink for node in (styles, *(each.document for each in visuals)) for ink in _text_colours(node)}
    pairs = {(ink, surface) for ink in inks for surface in surfaces if HEX.match(ink) and HEX.match(surface)}
    pairs |= {pair for each in visuals for pair in _heat_pairs(each)}
    return {pair: contrast(*pair) for pair in sorted(pairs)}


def _text_colours(document: Mapping[str, Any]) -> Iterator[str]:
    yield from _hexes(document, TEXT_PROPERTIES)
    for entry in document.get("visual", {}).get("objects", {}).get("general", []):
        for paragraph in entry["properties"].get("paragraphs", []):
            styles = (run.get("textStyle", {}) for run in paragraph["textRuns"])
            yield from (style["color"] for style in styles if HEX.match(str(style.get("color"))))


def _series_colours(visual: Drawn) -> dict[str, str]:
    """Field -> the colour in which its lines or bars are drawn, where that is said."""
    found = {}
    for entry in visual.entries("dataPoint"):
        colours = list(_hexes(entry, frozenset({"fill"})))
        if colours and "metadata" in entry.get("selector", {}):
            found[str(entry["selector"]["metadata"])] = colours[0]
    return found


def _drawing_colours(visual: Drawn) -> Iterator[str]:
    yield from _hexes(visual.entries("dataPoint"), frozenset({"fill"}))


def _heat_pairs(visual: Drawn) -> Iterator[tuple[str, str]]:
    """Text and every twentieth colour of a heat map."""
    for entry in visual.entries("values"):
        ends = list(_hexes(entry, frozenset({"backColor"})))
        for ink in _hexes(entry, frozenset({"fontColor"})):
            if len(ends) == 2:
                yield from ((ink, _between(ends[0], ends[1], step / STEPS)) for step in range(STEPS + 1))


def _between(one: str, other: str, share: float) -> str:
    pairs = ((int(one[at : at + 2], 16), int(other[at : at + 2], 16)) for at in (1, 3, 5))
    return "#" + "".join(f"{round(low + (high - low) * share):02X}" for low, high in pairs)


def _in_reading_order(visuals: list[Drawn]) -> set[str]:
    """Paths of the visuals that the tab key reaches where reading from the top, left to right, comes to them."""
    found: set[str] = set()
    for page in dict.fromkeys(each.page for each in visuals):
        tabbed = [each for each in visuals if each.page == page]
        read = sorted(tabbed, key=lambda each: (each.position["y"] // ROW, each.position["x"]))
        found |= {one.path for one, other in zip(tabbed, read, strict=True) if one is other}
    return found


def _targets(visuals: list[Drawn], parts: Mapping[str, bytes]) -> Iterator[tuple[Drawn, float]]:
    """What can be pressed, and its smaller side, on the page and on the phone. A navigator has a button a page."""
    pages = [doc for path, doc in documents(parts).items() if path.endswith("/page.json")]
    buttons = sum(doc.get("visibility") != "HiddenInViewMode" for doc in pages)
    for each in visuals:
        if each.kind in TARGETS:
            for place in (each.position, *([each.mobile["position"]] if each.mobile else [])):
                share = buttons if each.kind == "pageNavigator" else 1
                yield each, min(place["height"], place["width"] / share)


def _tells_by_colour(visual: Drawn) -> bool:
    """Several colours in a chart, or a colour that follows a value."""
    return len(set(_series_colours(visual).values())) > 1 or bool(_keys(visual.document) & FOLLOWS_A_VALUE)


def _keys(node: Any) -> set[str]:
    if isinstance(node, dict):
        return set(node).union(*(_keys(each) for each in node.values()))
    return set().union(*(_keys(each) for each in node)) if isinstance(node, list) else set()


def _colour_alone(visual: Drawn) -> Iterator[str]:
    """Lines of different colours need different strokes, bars the name of their series, coloured values their words."""
    colours = _series_colours(visual)
    if len(set(colours.values())) > 1 and visual.kind == "lineChart":
        strokes = {
            _selected(each): literal(each["properties"].get("lineStyle")) for each in visual.entries("lineStyles")
        }
        told_apart = {(colour, strokes.get(field)) for field, colour in colours.items()}
        if len({stroke for _, stroke in told_apart}) < len(told_apart):
            yield "has lines that only their colour tells apart"
    if len(set(colours.values())) > 1 and visual.kind.endswith(("BarChart", "ColumnChart")):
        named = literal(visual.formatting("labels", "titleContentType")) == "Series name"
        if not named or literal(visual.formatting("labels", "show")) != "true":
            yield "has bars that only their colour tells apart"
    shown = {each["queryRef"] for each in visual.projected()}
    for entry in (*visual.entries("value"), *visual.entries("values")):
        by = {f"{table}.{field}" for _, table, field in references(entry)}
        if _keys(entry) & FOLLOWS_A_VALUE and not by <= shown:
            yield "has a colour that follows a value which is not shown"


def _selected(entry: Mapping[str, Any]) -> str:
    return str(entry.get("selector", {}).get("metadata"))


def _has_small_text(visual: Drawn) -> bool:
    text = json.dumps(visual.document)
    sizes = re.findall(r'"fontSize": \{"expr": \{"Literal": \{"Value": "([\d.]+)D"', text)
    sizes += re.findall(r'"fontSize": "([\d.]+)pt"', text)
    return any(float(size) < SMALLEST_TEXT for size in sizes)
