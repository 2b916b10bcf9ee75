"""A report -> the parts of its folder: PBIR JSON and the registered theme, byte for byte the same from build to build.

Pure; called by `powerbi.package`, by the tests and by `make powerbi-check`. The schema versions are old on purpose:
a reader refuses what is newer than itself and upgrades what is older.
"""

from __future__ import annotations

import json
from typing import Any

from powerbi.identity import short_name
from powerbi.report import expressions, formats, phone
from powerbi.report.theme import theme
from powerbi.report.words import Box, Kind, Page, Report, Visual

SCHEMAS = "https://developer.microsoft.com/json-schemas/fabric/item/report/definition"
VERSIONS = {
    "versionMetadata": "1.0.0",
    "report": "3.0.0",
    "pagesMetadata": "1.0.0",
    "page": "2.0.0",
    "visualContainer": "2.4.0",
    "visualContainerMobileState": "2.2.0",
}
WIDTH, HEIGHT = 1280, 720
BASE_THEME = "CY24SU10"
"""A theme that Power BI brings; what ours does not say comes from it."""

Json = dict[str, Any]
FIRST_ACTIVE = {Kind.LINE, Kind.BAR, Kind.SLICER, Kind.MATRIX}


def parts(report: Report) -> dict[str, bytes]:
    """Path inside the `.Report` folder -> bytes."""
    theme_name, theme_content = theme()
    found: dict[str, Json] = {
        "definition/version.json": {**_schema("versionMetadata"), "version": "2.0.0"},
        "definition/report.json": _report(theme_name),
        "definition/pages/pages.json": _pages(report),
        f"StaticResources/RegisteredResources/{theme_name}": theme_content,
    }
    for page in report.pages:
        folder = f"definition/pages/{page_name(report, page)}"
        found[f"{folder}/page.json"] = _page(report, page)
        on_phone = phone.places(page)
        for order, visual in enumerate(page.visuals):
            place = f"{folder}/visuals/{visual_name(report, page, visual)}"
            found[f"{place}/visual.json"] = _visual(report, page, visual, order)
            if visual.key in on_phone:
                found[f"{place}/mobile.json"] = _mobile(on_phone[visual.key], list(on_phone).index(visual.key))
    return {path: _bytes(content) for path, content in sorted(found.items())}


def page_name(report: Report, page: Page) -> str:
    """The name and folder of a page."""
    return short_name(report.audience, "page", page.key)


def visual_name(report: Report, page: Page, visual: Visual) -> str:
    """The name and folder of a visual."""
    return short_name(report.audience, "page", page.key, "visual", visual.key)


def _bytes(content: Json) -> bytes:
    return (json.dumps(content, indent=2, ensure_ascii=False) + "\n").encode()


def _schema(kind: str) -> Json:
    return {"$schema": f"{SCHEMAS}/{kind}/{VERSIONS[kind]}/schema.json"}


def _report(theme_name: str) -> Json:
    at_import = {kind: VERSIONS[schema] for kind, schema in _AT_IMPORT}
    return {
        **_schema("report"),
        "themeCollection": {
            "baseTheme": {"name": BASE_THEME, "reportVersionAtImport": at_import, "type": "SharedResources"},
            "customTheme": {"name": theme_name, "reportVersionAtImport": at_import, "type": "RegisteredResources"},
        },
        "resourcePackages": [
            {
                "name": "SharedResources",
                "type": "SharedResources",
                "items": [{"name": BASE_THEME, "path": f"BaseThemes/{BASE_THEME}.json", "type": "BaseTheme"}],
            },
            {
                "name": "RegisteredResources",
                "type": "RegisteredResources",
                "items": [{"name": theme_name, "path": theme_name, "type": "CustomTheme"}],
            },
        ],
        "settings": {
            "useStylableVisualContainerHeader": True,
            "defaultDrillFilterOtherVisuals": True,
            "allowChangeFilterTypes": True,
            "useEnhancedTooltips": True,
        },
    }


_AT_IMPORT = (("visual", "visualContainer"), ("report", "report"), ("page", "page"))


def _pages(report: Report) -> Json:
    order = [page_name(report, page) for page in report.pages]
    return {**_schema("pagesMetadata"), "pageOrder": order, "activePageName": order[0]}


def _page(report: Report, page: Page) -> Json:
    made: Json = {
        **_schema("page"),
        "name": page_name(report, page),
        "displayName": page.title,
        "displayOption": "FitToPage",
        "height": HEIGHT,
        "width": WIDTH,
    }
    if page.drill:
        made |= _drill_through(report, page)
    quiet = _unreached(report, page)
    return made | ({"visualInteractions": quiet} if quiet else {})


def _drill_through(report: Report, page: Page) -> Json:
    """The fields by which other pages lead here: a filter and a parameter each, and nothing else comes along.

    The days of the visual that led here would cut this page short and blank what knows no days.
    """
    names = [short_name(report.audience, "page", page.key, "drill", field.reference) for field in page.drill]
    pairs = list(zip(names, page.drill, strict=True))
    return {
        "filterConfig": {
            "filters": [
                {
                    "name": name,
                    "field": expressions.field(field),
                    "type": "Categorical",
                    "howCreated": "Drillthrough",
                }
                for name, field in pairs
            ]
        },
        "pageBinding": {
            "name": short_name(report.audience, "page", page.key, "binding"),
            "type": "Drillthrough",
            "referenceScope": "Default",
            "acceptsFilterContext": "None",
            "parameters": [
                {"name": f"Parameter_{name}", "boundFilter": name, "fieldExpr": expressions.field(field)}
                for name, field in pairs
            ],
        },
        "type": "Drillthrough",
        "visibility": "HiddenInViewMode",
    }


def _unreached(report: Report, page: Page) -> list[Json]:
    """A selection that reaches some visuals leaves the others alone: a filter foreign to them would blank them."""
    names = {visual.key: visual_name(report, page, visual) for visual in page.visuals}
    return [
        {"source": names[chosen.key], "target": names[other.key], "type": "NoFilter"}
        for chosen in page.visuals
        if chosen.reaches is not None
        for other in page.visuals
        if other.wells and other.key != chosen.key and other.key not in chosen.reaches
    ]


def _position(box: Box, order: int) -> Json:
    place = {"x": box.x, "y": box.y, "z": order * 1000, "height": box.height, "width": box.width}
    return place | {"tabOrder": order * 1000}


def _visual(report: Report, page: Page, visual: Visual, order: int) -> Json:
    inner: Json = {"visualType": visual.kind.value}
    if visual.wells:
        inner["query"] = _query(visual)
    inner["objects"] = formats.objects(visual)
    inner["visualContainerObjects"] = formats.container_objects(visual)
    inner["drillFilterOtherVisuals"] = True
    made: Json = {
        **_schema("visualContainer"),
        "name": visual_name(report, page, visual),
        "position": _position(visual.box, order),
        "visual": inner,
    }
    if visual.filters:
        names = [
            short_name(report.audience, "page", page.key, "visual", visual.key, "filter", str(number))
            for number in range(len(visual.filters))
        ]
        filters = [expressions.filtering(name, item) for name, item in zip(names, visual.filters, strict=True)]
        made["filterConfig"] = {"filters": filters}
    return made


def _query(visual: Visual) -> Json:
    state: Json = {
        well.role: {
            "projections": [
                expressions.projection(field, active=not field.measure and visual.kind in FIRST_ACTIVE)
                for field in well.fields
            ]
        }
        for well in visual.wells
    }
    made: Json = {"queryState": state}
    if visual.sort:
        sorts = [
            {
                "field": expressions.field(item.field),
                "direction": "Descending" if item.descending else "Ascending",
            }
            for item in visual.sort
        ]
        made["sortDefinition"] = {"sort": sorts, "isDefaultSort": False}
    return made


def _mobile(box: Box, order: int) -> Json:
    return {**_schema("visualContainerMobileState"), "position": _position(box, order)}
