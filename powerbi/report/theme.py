"""The theme: colours that everyone can tell apart, dark enough to read, under a name that changes with its content.

Pure; `powerbi.report.pbir` registers it, `powerbi.report.accessibility` measures it. Data colours are those of
Okabe and Ito, those of 3:1 and more on white first: pages draw lines and bars in these alone.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

BLUE, VERMILION, GREEN, BLACK = "#0072B2", "#D55E00", "#009E73", "#000000"
PURPLE, ORANGE, SKY, YELLOW = "#CC79A7", "#E69F00", "#56B4E9", "#F0E442"
DATA_COLOURS = (BLUE, VERMILION, GREEN, BLACK, PURPLE, ORANGE, SKY, YELLOW)

WHITE = "#FFFFFF"
INK = "#1A1A1A"
QUIET = "#4D4D4D"
PAPER = "#F5F5F5"
RULE = "#767676"
"""Grid lines, borders and quiet lines: 3:1 and more on white and on paper."""
ALARM = "#9C3D00"
"""Vermilion, darkened until small text reads."""
CALM = "#00654A"
"""Bluish green, darkened likewise."""
HEAT_LOW, HEAT_HIGH = WHITE, SKY
"""Cells of a heat map; ink reads on both and on everything between."""

FONT = "Segoe UI"
STATUS_COLOURS = (
    ("as usual", CALM),
    ("above usual", ALARM),
    ("below usual", ALARM),
    ("no baseline", QUIET),
    ("no figure", QUIET),
)
"""The words say it; the colour repeats it."""


def _fill(colour: str) -> dict[str, Any]:
    return {"solid": {"color": colour}}


def _visual_styles() -> dict[str, Any]:
    everything = {
        "title": [{"fontColor": _fill(INK), "fontSize": 12, "bold": True, "fontFamily": FONT, "titleWrap": True}],
        "background": [{"show": True, "color": _fill(WHITE), "transparency": 0}],
        "border": [{"show": True, "color": _fill("#C8C8C8"), "radius": 4}],
        "categoryAxis": [{"labelColor": _fill(INK), "fontSize": 9, "gridlineColor": _fill("#E0E0E0")}],
        "valueAxis": [{"labelColor": _fill(INK), "fontSize": 9, "gridlineColor": _fill("#E0E0E0")}],
        "legend": [{"labelColor": _fill(INK), "fontSize": 9}],
        "labels": [{"color": _fill(INK), "fontSize": 9}],
    }
    cells = {
        "columnHeaders": [{"fontColor": _fill(INK), "backColor": _fill(PAPER), "fontSize": 9, "bold": True}],
        "values": [
            {
                "fontColorPrimary": _fill(INK),
                "backColorPrimary": _fill(WHITE),
                "fontColorSecondary": _fill(INK),
                "backColorSecondary": _fill(PAPER),
                "fontSize": 9,
            }
        ],
        "grid": [{"rowPadding": 3}],
    }
    rows = {"rowHeaders": [{"fontColor": _fill(INK), "backColor": _fill(WHITE), "fontSize": 9}]}
    page = {
        "background": [{"color": _fill(PAPER), "transparency": 0}],
        "outspace": [{"color": _fill(PAPER), "transparency": 0}],
    }
    return {
        "*": {"*": everything},
        "page": {"*": page},
        "tableEx": {"*": cells},
        "pivotTable": {"*": {**cells, **rows}},
        "textbox": {"*": {"background": [{"show": False}], "border": [{"show": False}]}},
    }


def _content() -> dict[str, Any]:
    classes = {"label": 9, "callout": 20, "title": 12, "header": 11}
    return {
        "dataColors": list(DATA_COLOURS),
        "good": GREEN,
        "neutral": ORANGE,
        "bad": VERMILION,
        "maximum": HEAT_HIGH,
        "center": WHITE,
        "minimum": HEAT_LOW,
        "null": RULE,
        "background": WHITE,
        "backgroundLight": PAPER,
        "foreground": INK,
        "foregroundNeutralSecondary": QUIET,
        "foregroundNeutralTertiary": RULE,
        "tableAccent": BLUE,
        "hyperlink": BLUE,
        "textClasses": {name: {"fontSize": size, "fontFace": FONT, "color": INK} for name, size in classes.items()},
        "visualStyles": _visual_styles(),
    }


def theme() -> tuple[str, dict[str, Any]]:
    """File name and content. Power BI keeps themes by name, so the name carries a hash of the content."""
    content = _content()
    digest = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:8]
    name = f"CrisisMetrics-{digest}.json"
    return name, {"name": name, **content}
