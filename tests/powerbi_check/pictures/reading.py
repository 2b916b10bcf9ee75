"""PBIR parts (path to bytes) -> pages of visuals as they stand on desk and phone.

Called by the sheet and by the check that pictures are current. Names no visual type: that is the drawers' business.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.powerbi_check.pictures import expressions
from tests.powerbi_check.pictures.expressions import Field


@dataclass(frozen=True)
class Box:
    """Where something stands, in pixels of the page."""

    x: float
    y: float
    width: float
    height: float

    @property
    def right(self) -> float:
        """The right edge."""
        return self.x + self.width

    @property
    def bottom(self) -> float:
        """The lower edge."""
        return self.y + self.height

    def inset(
        self, left: float, top: float | None = None, right: float | None = None, bottom: float | None = None
    ) -> Box:
        """What is left within: one number for all sides, or each its own."""
        top, right, bottom = (left if side is None else side for side in (top, right, bottom))
        return Box(
            self.x + left, self.y + top, max(0.0, self.width - left - right), max(0.0, self.height - top - bottom)
        )

    def meets(self, other: Box) -> bool:
        """Do the two share more than an edge?"""
        aside = self.right <= other.x or other.right <= self.x
        return not aside and not (self.bottom <= other.y or other.bottom <= self.y)


@dataclass(frozen=True)
class Projection:
    """One field in a well."""

    role: str
    field: Field
    caption: str
    reference: str


@dataclass(frozen=True)
class Visual:
    """One visual. `filters`, `objects` and `container` are as PBIR has them; `phone` is its place on a phone."""

    name: str
    kind: str
    box: Box
    z: float
    tab: float
    projections: tuple[Projection, ...]
    sort: tuple[tuple[Field, bool], ...]
    filters: tuple[dict[str, Any], ...]
    objects: dict[str, Any] = field(hash=False)
    container: dict[str, Any] = field(hash=False)
    phone: Box | None = None
    phone_objects: dict[str, Any] = field(default_factory=dict, hash=False)

    def of(self, *roles: str) -> tuple[Projection, ...]:
        """The fields of these wells, in order."""
        return tuple(item for item in self.projections if item.role in roles)

    def setting(self, name: str, of: str | None = None) -> dict[str, Any]:
        """A formatting object of the visual itself."""
        return expressions.settings(self.objects, name, of=of)

    def frame(self, name: str) -> dict[str, Any]:
        """A formatting object of the container: title, background, border and so on."""
        return expressions.settings(self.container, name)


@dataclass(frozen=True)
class Page:
    """One page; `parts` are all its files by path, which the recorded hash is over.

    `drills` are the fields by which one drills through to it; `silent` pairs of a visual and one that it does not filter.
    """

    name: str
    title: str
    width: float
    height: float
    hidden: bool
    visuals: tuple[Visual, ...]
    filters: tuple[dict[str, Any], ...]
    drills: tuple[Field, ...]
    silent: frozenset[tuple[str, str]]
    parts: Mapping[str, bytes] = field(hash=False)

    @property
    def slug(self) -> str:
        """The page's name as part of a file's name: the first words before a colon or dash, in small letters."""
        return re.sub(r"[^a-z0-9]+", "-", self.title.lower()).strip("-")

    def digest(self, *more: bytes) -> str:
        """The hash of everything that the page consists of, paths included."""
        total = hashlib.sha256(b"".join(more))
        for path, content in sorted(self.parts.items()):
            total.update(path.encode() + b"\0" + content + b"\0")
        return total.hexdigest()[:16]


def pages(parts: Mapping[str, bytes]) -> tuple[Page, ...]:
    """All pages in the order of pages.json. `parts` are paths below the report's folder."""
    order = json.loads(parts["definition/pages/pages.json"])["pageOrder"]
    return tuple(_page(parts, name) for name in order)


def theme(parts: Mapping[str, bytes]) -> dict[str, Any]:
    """The report's own theme."""
    named = json.loads(parts["definition/report.json"])["themeCollection"]["customTheme"]["name"]
    return dict(json.loads(parts[f"StaticResources/RegisteredResources/{named}"]))


def filters(holder: dict[str, Any]) -> tuple[dict[str, Any], ...]:
    """Those of a filterConfig that restrict something."""
    return tuple(item for item in _all_filters(holder) if "filter" in item)


def _all_filters(holder: dict[str, Any]) -> list[dict[str, Any]]:
    return list(holder.get("filterConfig", {}).get("filters", []))


def _page(parts: Mapping[str, bytes], name: str) -> Page:
    root = f"definition/pages/{name}/"
    own = {path: content for path, content in parts.items() if path.startswith(root)}
    said = json.loads(own[root + "page.json"])
    return Page(
        name,
        said["displayName"],
        said["width"],
        said["height"],
        said.get("visibility") == "HiddenInViewMode",
        tuple(sorted(_visuals(own), key=lambda visual: visual.z)),
        filters(said),
        tuple(
            expressions.field(item["field"]) for item in _all_filters(said) if item.get("howCreated") == "Drillthrough"
        ),
        frozenset(
            (pair["source"], pair["target"])
            for pair in said.get("visualInteractions", [])
            if pair["type"] == "NoFilter"
        ),
        own,
    )


def _visuals(own: Mapping[str, bytes]) -> Iterator[Visual]:
    said = {path: json.loads(content) for path, content in own.items() if path.endswith("/visual.json")}
    at = {visual["name"]: visual for visual in said.values()}
    for path, visual in said.items():
        if "visual" in visual and not visual.get("isHidden"):
            phone = json.loads(own.get(path.replace("visual.json", "mobile.json"), b"{}"))
            yield _visual(visual, at, phone)


def _visual(said: dict[str, Any], at: dict[str, dict[str, Any]], phone: dict[str, Any]) -> Visual:
    body = said["visual"]
    query = body.get("query", {})
    sort = query.get("sortDefinition", {}).get("sort", [])
    return Visual(
        said["name"],
        body["visualType"],
        _box(said["position"], _origin(said, at)),
        said["position"].get("z", 0),
        said["position"].get("tabOrder", 0),
        tuple(
            Projection(
                role,
                expressions.field(item["field"]),
                item.get("displayName") or item.get("nativeQueryRef") or item["queryRef"],
                item["queryRef"],
            )
            for role, well in query.get("queryState", {}).items()
            for item in well.get("projections", [])
        ),
        tuple((expressions.field(item["field"]), item["direction"] == "Descending") for item in sort),
        filters(said),
        body.get("objects", {}),
        body.get("visualContainerObjects", {}),
        _box(phone["position"], (0, 0)) if "position" in phone else None,
        phone.get("objects", {}),
    )


def _origin(said: dict[str, Any], at: dict[str, dict[str, Any]]) -> tuple[float, float]:
    """Where the visual's group begins: positions within a group count from there."""
    x = y = 0.0
    while said.get("parentGroupName"):
        said = at[said["parentGroupName"]]
        x, y = x + said["position"]["x"], y + said["position"]["y"]
    return x, y


def _box(position: dict[str, Any], origin: tuple[float, float]) -> Box:
    return Box(position["x"] + origin[0], position["y"] + origin[1], position["width"], position["height"])
