"""Toronto's 158 neighbourhoods: their codes, names, equity classes, label points and outlines.

Reads the simplified file that the project ships (jobs/source/data, see its README for source and
licence). Called by the demo city and by imports that know points but no area codes; import it lazily,
since shapely takes half a second to load.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import shapely
from shapely.geometry import mapping, shape
from shapely.ops import polylabel

from models.crisis.reference import Area

FILE = Path(__file__).parent / "data" / "toronto_neighbourhoods_158.geojson"
KIND = "neighbourhood"
VERSION = "toronto-158"
ATTRIBUTION = "Contains information licensed under the Open Government Licence - Toronto."
OUTSIDE = "outside"
"""The area id of a point in no neighbourhood: a member of SPECIAL_AREAS."""

EQUITY_CLASSES = {"NIA": "NIA", "EN": "EN", "NA": "none"}
"""Words of the city: neighbourhood improvement area, emerging neighbourhood, not applicable."""

DECIMALS = 5
"""About a metre: finer would be a precision that the outlines no longer have."""

TOLERANCE = 0.0002
"""Degrees, about 20 m: corners of triangles with sides below it go. 1.9 MB become 0.2 MB, areas change by < 0.2 %."""


@dataclass(frozen=True)
class Neighbourhood:
    """One area. `outline` is GeoJSON, WGS 84, longitude first; the label point lies inside it."""

    area_id: str
    name: str
    equity_class: str
    label_latitude: float
    label_longitude: float
    outline: dict[str, Any]


@cache
def neighbourhoods() -> tuple[Neighbourhood, ...]:
    """All 158, in the order of their codes."""
    features = json.loads(FILE.read_text(encoding="utf-8"))["features"]
    return tuple(
        Neighbourhood(
            area_id=feature["properties"]["area_id"],
            name=feature["properties"]["name"],
            equity_class=feature["properties"]["equity_class"],
            label_longitude=feature["properties"]["label"][0],
            label_latitude=feature["properties"]["label"][1],
            outline=feature["geometry"],
        )
        for feature in features
    )


def area_rows(updated_at: datetime) -> list[Area]:
    """The neighbourhoods as rows of the contract table `area`; `updated_at` is naive UTC."""
    return [
        Area(
            area_id=place.area_id,
            kind=KIND,
            version=VERSION,
            name=place.name,
            equity_class=place.equity_class,
            label_latitude=place.label_latitude,
            label_longitude=place.label_longitude,
            updated_at=updated_at,
        )
        for place in neighbourhoods()
    ]


class Locator:
    """Finds the neighbourhood of a point. Made once, asked often: an index over the outlines."""

    def __init__(self) -> None:
        self._ids = tuple(place.area_id for place in neighbourhoods())
        self._outlines = [shape(place.outline) for place in neighbourhoods()]
        self._tree = shapely.STRtree(self._outlines)

    def locate(self, points: Iterable[tuple[float, float]]) -> list[str]:
        """The area id of each (latitude, longitude), WGS 84; `outside` where there is none.

        On a common border, where outlines may overlap by a metre, the lowest code wins.
        """
        wanted = shapely.points([(longitude, latitude) for latitude, longitude in points])
        found = [OUTSIDE] * len(wanted)
        pairs = zip(*self._tree.query(wanted, predicate="intersects").tolist(), strict=True)
        for point, place in sorted(pairs, reverse=True):
            found[point] = self._ids[place]
        return found


def simplify(source: Path, target: Path = FILE) -> None:
    """Make the shipped file from the city's: fewer corners on common borders, 5 decimals, one feature a line.

    Neighbours are simplified together, so that no gap opens between them. Run once for each new edition
    of the boundaries; the README in the data folder has the command.
    """
    features = sorted(json.loads(source.read_text(encoding="utf-8"))["features"], key=_code)
    exact = shapely.set_precision([shape(feature["geometry"]) for feature in features], 10**-DECIMALS)
    plain = shapely.set_precision(shapely.coverage_simplify(exact, TOLERANCE), 10**-DECIMALS)
    lines = []
    for feature, outline in zip(features, plain, strict=True):
        largest = max(shapely.get_parts(outline), key=lambda part: float(part.area))
        label = polylabel(largest, tolerance=10**-DECIMALS)
        properties = {
            "area_id": _code(feature),
            "name": feature["properties"]["AREA_NAME"],
            "equity_class": EQUITY_CLASSES[feature["properties"]["CLASSIFICATION_CODE"]],
            "label": [round(label.x, DECIMALS), round(label.y, DECIMALS)],
        }
        lines.append(_line({"type": "Feature", "properties": properties, "geometry": _rounded(mapping(outline))}))
    head = f'{{"type":"FeatureCollection","attribution":{json.dumps(ATTRIBUTION)},"features":[\n'
    target.write_text(head + ",\n".join(lines) + "\n]}\n", encoding="utf-8")


def _code(feature: dict[str, Any]) -> str:
    return str(feature["properties"]["AREA_SHORT_CODE"])


def _line(value: object) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def _rounded(value: Any) -> Any:
    """Coordinates at 5 decimals, which binary fractions would spell longer."""
    if isinstance(value, float):
        return round(value, DECIMALS)
    if isinstance(value, list | tuple):
        return [_rounded(member) for member in value]
    if isinstance(value, dict):
        return {name: _rounded(member) for name, member in value.items()}
    return value
