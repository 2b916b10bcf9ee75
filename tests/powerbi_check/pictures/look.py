"""The report's theme and a visual's own formatting -> one answer to each question of a drawer.

A property is the visual's own, or the theme's for its kind, or the theme's for all, or Power BI's. Colours may be decided by
a row: rules, gradients and measures are worked out here. Pure; called by the drawers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.powerbi_check.pictures import expressions
from tests.powerbi_check.pictures.expressions import Field, Unread
from tests.powerbi_check.pictures.filters import COMPARISONS
from tests.powerbi_check.pictures.letters import POINT, Style
from tests.powerbi_check.pictures.reading import Visual

DEFAULTS: dict[str, dict[str, Any]] = {
    "title": {"show": True, "fontSize": 12, "titleWrap": True, "alignment": "left"},
    "subTitle": {"show": False, "fontSize": 10, "titleWrap": True, "alignment": "left"},
    "background": {"show": True, "color": "#FFFFFF", "transparency": 0},
    "border": {"show": False, "color": "#C8C8C8", "radius": 0},
    "categoryAxis": {"show": True, "fontSize": 9},
    "valueAxis": {"show": True, "fontSize": 9},
    "legend": {"show": True, "fontSize": 9, "position": "Top"},
    "labels": {"show": False, "fontSize": 9},
    "columnHeaders": {"fontSize": 9},
    "rowHeaders": {"fontSize": 9},
    "values": {"fontSize": 9},
    "grid": {"rowPadding": 3},
    "total": {"totals": True, "fontSize": 9},
    "subTotals": {"rowSubtotals": True, "columnSubtotals": True},
    "value": {"fontSize": 20, "horizontalAlignment": "left"},
    "label": {"show": True, "fontSize": 10, "position": "belowValue"},
    "text": {"fontSize": 11},
}
WORDS: dict[str, Callable[[str, str], bool]] = {"Contains": str.__contains__, "StartsWith": str.startswith}
Row = Mapping[Field, Any]


@dataclass(frozen=True)
class Look:
    """A theme."""

    theme: Mapping[str, Any]

    @property
    def ink(self) -> str:
        """The colour of text that has no other."""
        return str(self.theme.get("foreground", "#252423"))

    @property
    def paper(self) -> str:
        """What pages lie on."""
        styles = self.theme.get("visualStyles", {}).get("page", {}).get("*", {})
        said = styles.get("background", [{}])[0].get("color", "#FFFFFF")
        return str(expressions.value(said))

    def data(self, at: int) -> str:
        """The colour of a series that has none of its own."""
        colours = self.theme["dataColors"]
        return str(colours[at % len(colours)])

    def of(self, visual: Visual, name: str, of: str | None = None) -> dict[str, Any]:
        """All properties of a formatting object of a visual or of its container, for one field if it is named."""
        styles = self.theme.get("visualStyles", {})
        found = dict(DEFAULTS.get(name, {}))
        for kind in ("*", visual.kind):
            for entry in styles.get(kind, {}).get("*", {}).get(name, []):
                found |= {key: expressions.value(value) for key, value in entry.items()}
        return found | visual.frame(name) | visual.setting(name, of)

    def style(self, properties: Mapping[str, Any], colour: str = "fontColor", bold: bool = False) -> Style:
        """The style that these properties describe."""
        size = float(properties.get("fontSize", 9)) * POINT
        heavy = properties.get("bold", bold)
        said = properties.get(colour) or self.ink
        return Style(size, 700 if heavy else 400, said if isinstance(said, str) else self.ink)

    def colour(self, said: Any, row: Row, rows: Sequence[Row] = ()) -> str | None:
        """A colour: a text, a theme's colour, one that a measure gives, or one by a rule over the rows."""
        if said is None or isinstance(said, str):
            return said
        if isinstance(said, Field):
            found = row.get(said)
            return str(found) if found else None
        if "ThemeDataColor" in said:
            at = said["ThemeDataColor"]["ColorId"]
            return ("#FFFFFF", self.ink)[at] if at < 2 else self.data(at - 2)
        if "Conditional" in said:
            return self._by_cases(said["Conditional"], row)
        if "FillRule" in said:
            return _gradient(said["FillRule"], row, rows)
        raise Unread(f"colour {next(iter(said))}")

    def _by_cases(self, rule: dict[str, Any], row: Row) -> str | None:
        for case in rule["Cases"]:
            if holds(case["Condition"], row):
                return str(expressions.value(case["Value"]))
        default = rule.get("DefaultValue")
        return str(expressions.value(default)) if default else None


def holds(condition: dict[str, Any], row: Row) -> bool:
    """Is a condition about measures true in this row?"""
    ((kind, body),) = condition.items()
    if kind in ("And", "Or"):
        both = holds(body["Left"], row), holds(body["Right"], row)
        return all(both) if kind == "And" else any(both)
    if kind == "Not":
        return not holds(body["Expression"], row)
    if kind == "Comparison":
        left = row.get(expressions.field(body["Left"]))
        right = expressions.value(body["Right"])
        return left is not None and bool(COMPARISONS[body["ComparisonKind"]](left, right))
    if kind in WORDS:
        left = row.get(expressions.field(body["Left"]))
        return left is not None and WORDS[kind](str(left).lower(), str(expressions.value(body["Right"])).lower())
    raise Unread(f"condition {kind} of a colour")


def _gradient(rule: dict[str, Any], row: Row, rows: Sequence[Row]) -> str | None:
    item = expressions.field(rule["Input"])
    value = row.get(item)
    if value is None:
        return None
    ((kind, stops),) = rule["FillRule"].items()
    if kind not in ("linearGradient2", "linearGradient3"):
        raise Unread(f"gradient {kind}")
    known = sorted(float(other[item]) for other in rows if other.get(item) is not None)
    low, high = _stop(stops["min"], known[0]), _stop(stops["max"], known[-1])
    if "mid" in stops:
        middle = _stop(stops["mid"], (low[0] + high[0]) / 2)
        low, high = (low, middle) if value <= middle[0] else (middle, high)
    span = high[0] - low[0]
    return mixed(low[1], high[1], min(1.0, max(0.0, (float(value) - low[0]) / span)) if span else 0.0)


def _stop(said: dict[str, Any], natural: float) -> tuple[float, str]:
    at = expressions.value(said["value"]) if "value" in said else natural
    return float(at), str(expressions.value(said["color"]))


def mixed(low: str, high: str, share: float) -> str:
    """A colour between two."""
    ends = [[int(colour[at : at + 2], 16) for at in (1, 3, 5)] for colour in (low, high)]
    return "#" + "".join(f"{round(a + (b - a) * share):02X}" for a, b in zip(*ends, strict=True))
