"""The shipped outlines: 158 valid neighbourhoods with the city's codes, names and classes, and points found in them."""

from __future__ import annotations

import json
from collections import Counter
from datetime import datetime
from pathlib import Path

import pytest
import shapely
from shapely.geometry import shape

from jobs.source import geography

OUTLINES = {place.area_id: shape(place.outline) for place in geography.neighbourhoods()}


def test_there_are_158_in_the_order_of_their_three_digit_codes() -> None:
    ids = [place.area_id for place in geography.neighbourhoods()]
    assert len(ids) == 158
    assert ids == sorted(set(ids))
    assert all(len(area_id) == 3 and area_id.isdigit() for area_id in ids)


def test_the_classes_of_the_city_are_kept() -> None:
    assert Counter(place.equity_class for place in geography.neighbourhoods()) == {"none": 115, "NIA": 33, "EN": 10}


def test_every_outline_is_a_valid_polygon_at_five_decimals() -> None:
    for area_id, outline in OUTLINES.items():
        assert shapely.is_valid(outline), area_id
        assert outline.area > 0
        corners = shapely.get_coordinates(outline)
        assert (abs(corners * 1e5 - (corners * 1e5).round()) < 1e-6).all(), area_id


def test_every_label_lies_inside_its_outline() -> None:
    for place in geography.neighbourhoods():
        assert OUTLINES[place.area_id].contains(shapely.Point(place.label_longitude, place.label_latitude)), place.name


def test_neighbours_overlap_and_part_by_next_to_nothing() -> None:
    whole = shapely.union_all(list(OUTLINES.values()))
    parts = sum(outline.area for outline in OUTLINES.values())
    assert abs(parts - whole.area) / whole.area < 1e-4
    holes = sum(shapely.Polygon(ring).area for part in shapely.get_parts(whole) for ring in part.interiors)
    assert holes / whole.area < 1e-4


def test_the_file_is_small_and_names_its_licence() -> None:
    assert 100_000 < geography.FILE.stat().st_size < 250_000
    assert "Open Government Licence - Toronto" in json.loads(geography.FILE.read_text())["attribution"]
    assert geography.ATTRIBUTION in (geography.FILE.parent / "README.md").read_text()


def test_area_rows_carry_the_contract() -> None:
    moment = datetime(2026, 1, 1)  # noqa: DTZ001  (naive UTC)
    rows = geography.area_rows(moment)
    first = next(row for row in rows if row.area_id == "001")
    assert (first.name, first.kind, first.version) == ("West Humber-Clairville", "neighbourhood", "toronto-158")
    assert {row.updated_at for row in rows} == {moment}


@pytest.mark.parametrize(
    ("latitude", "longitude", "name"),
    [
        (43.6426, -79.3871, "Harbourfront-CityPlace"),  # CN Tower
        (43.6205, -79.3786, "St Lawrence-East Bayfront-The Islands"),  # Centre Island
        (43.5890, -79.6441, None),  # Mississauga city centre
        (0.0, 0.0, None),
    ],
)
def test_points_are_found(latitude: float, longitude: float, name: str | None) -> None:
    (area_id,) = geography.Locator().locate([(latitude, longitude)])
    names = {place.area_id: place.name for place in geography.neighbourhoods()}
    assert names.get(area_id) == name
    assert (area_id == "outside") is (name is None)


def test_labels_are_found_in_their_own_area_and_borders_in_the_lowest_code() -> None:
    places = geography.neighbourhoods()
    locator = geography.Locator()
    labels = [(place.label_latitude, place.label_longitude) for place in places]
    assert locator.locate(labels) == [place.area_id for place in places]
    corners = [(float(y), float(x)) for x, y in shapely.get_coordinates(OUTLINES["001"])]
    touching = [
        min(area_id for area_id, outline in OUTLINES.items() if outline.intersects(shapely.Point(x, y)))
        for y, x in corners
    ]
    assert locator.locate(corners) == touching


@pytest.mark.shared
def test_the_shipped_file_is_the_city_file_simplified(shared: Path, tmp_path: Path) -> None:
    source = shared / "data" / "toronto_neighbourhoods_158.geojson"
    made = tmp_path / "made.geojson"
    geography.simplify(source, made)
    assert made.read_bytes() == geography.FILE.read_bytes()
    for feature in json.loads(source.read_text())["features"]:
        exact, plain = shape(feature["geometry"]), OUTLINES[feature["properties"]["AREA_SHORT_CODE"]]
        assert exact.symmetric_difference(plain).area / exact.area < 0.02
