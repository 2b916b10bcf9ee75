"""The parts of the reports: valid by the schemas that they name, named and ordered as Power BI wants them, always the same."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from powerbi.audience import AUDIENCES
from powerbi.report import pbir, report, theme
from powerbi.report.phone import WIDTH
from powerbi.report.reading import documents, drawn
from tests.powerbi import schemas

audiences = pytest.mark.parametrize("audience", AUDIENCES)


def parts(audience: str) -> dict[str, bytes]:
    return pbir.parts(report(audience))


@audiences
def test_every_part_is_valid_by_the_schema_that_it_names(audience: str, figure: Callable[[str], None]) -> None:
    made = parts(audience)
    assert [fault for path, content in made.items() for fault in schemas.faults(path, content)] == []
    figure(f"{audience} report: {len(made)} JSON parts valid by their schemas")


# Opened by every Desktop since November 2025: a reader refuses what is newer than itself.
OLDEST = """
versionMetadata            1.0.0
report                     3.0.0
pagesMetadata              1.0.0
page                       2.0.0
visualContainer            2.4.0
visualContainerMobileState 2.2.0
"""


@audiences
def test_parts_name_the_versions_that_every_desktop_of_a_year_opens(audience: str) -> None:
    wanted = {tuple(line.split()) for line in OLDEST.strip().splitlines()}
    named = {
        re.fullmatch(r".*/definition/(\w+)/([\d.]+)/schema\.json", document["$schema"]).groups()  # type: ignore[union-attr]
        for document in documents(parts(audience)).values()
    }
    assert named == wanted


@audiences
def test_two_builds_are_byte_equal(audience: str) -> None:
    assert parts(audience) == parts(audience)


@audiences
def test_names_are_twenty_hex_digits_unique_and_equal_to_their_folders(audience: str) -> None:
    names = []
    for path, document in documents(parts(audience)).items():
        if path.endswith(("/page.json", "/visual.json")):
            assert path.split("/")[-2] == document["name"], path
            names.append(document["name"])
    assert all(re.fullmatch(r"[0-9a-f]{20}", name) for name in names)
    assert len(names) == len(set(names))


def filters(document: dict[str, Any]) -> list[dict[str, Any]]:
    return list(document.get("filterConfig", {}).get("filters", []))


@audiences
def test_filter_names_are_unique_in_the_whole_report(audience: str) -> None:
    names = [each["name"] for document in documents(parts(audience)).values() for each in filters(document)]
    assert len(names) > 20
    assert len(names) == len(set(names))


@audiences
def test_the_page_list_is_the_page_folders_and_situation_opens(audience: str) -> None:
    read = documents(parts(audience))
    listed = read["definition/pages/pages.json"]
    folders = [path.split("/")[2] for path in read if path.endswith("/page.json")]
    assert sorted(listed["pageOrder"]) == sorted(folders)
    assert read[f"definition/pages/{listed['activePageName']}/page.json"]["displayName"] == "Situation"


@audiences
def test_visuals_lie_on_their_page_and_none_on_another(audience: str) -> None:
    for page in report(audience).pages:
        boxes = [visual.box for visual in page.visuals]
        assert all(box.x >= 0 and box.y >= 0 for box in boxes)
        assert all(box.x + box.width <= pbir.WIDTH and box.y + box.height <= pbir.HEIGHT for box in boxes)
        for number, one in enumerate(boxes):
            for other in boxes[number + 1 :]:
                beside = one.x + one.width <= other.x or other.x + other.width <= one.x
                below = one.y + one.height <= other.y or other.y + other.height <= one.y
                assert beside or below, (page.key, one, other)


@audiences
def test_situation_has_a_phone_page_in_one_column_without_gaps_in_its_order(audience: str) -> None:
    on_phone = [each for each in drawn(parts(audience)) if each.mobile]
    assert {each.page for each in on_phone} == {"Situation"}
    places = sorted((each.mobile or {})["position"]["tabOrder"] for each in on_phone)
    assert places == [order * 1000 for order in range(len(on_phone))]
    for each in on_phone:
        position = (each.mobile or {})["position"]
        assert position["x"] + position["width"] <= WIDTH


def test_the_theme_is_registered_under_a_name_with_the_hash_of_its_content(monkeypatch: pytest.MonkeyPatch) -> None:
    made = parts("viewer")
    read = json.loads(made["definition/report.json"])
    custom = read["themeCollection"]["customTheme"]["name"]
    assert json.loads(made[f"StaticResources/RegisteredResources/{custom}"])["name"] == custom
    assert [item["path"] for item in read["resourcePackages"][1]["items"]] == [custom]
    monkeypatch.setattr(theme, "INK", "#000000")
    assert theme.theme()[0] != custom, "Power BI keeps themes by name: other content needs another name"


def test_the_area_and_kind_page_is_a_drill_through_with_a_filter_for_each_parameter() -> None:
    read = documents(parts("viewer"))
    (page,) = (each for each in read.values() if each.get("type") == "Drillthrough")
    bound = [parameter["boundFilter"] for parameter in page["pageBinding"]["parameters"]]
    assert bound == [each["name"] for each in page["filterConfig"]["filters"]]
    assert [p["fieldExpr"]["Column"]["Property"] for p in page["pageBinding"]["parameters"]] == [
        "AreaName",
        "IncidentTypeName",
    ]
    assert {each["howCreated"] for each in page["filterConfig"]["filters"]} == {"Drillthrough"}
    assert page["pageBinding"]["acceptsFilterContext"] == "None", "days of the page before would blank this one"


def test_an_unknown_property_and_an_unknown_version_are_found() -> None:
    path, content = next((p, c) for p, c in parts("viewer").items() if p.endswith("/visual.json"))
    document = json.loads(content)
    more = json.dumps(document | {"colour": 1}).encode()
    newer = content.replace(b"visualContainer/2.4.0", b"visualContainer/9.0.0")
    assert "colour" in schemas.faults(path, more)[0]
    assert "9.0.0" in schemas.faults(path, newer)[0]
    assert "byte order mark" in schemas.faults(path, b"\xef\xbb\xbf" + content)[0]
