"""The parts of a model and a report -> one template file (.pbit): a ZIP in the order and encodings of Desktop's own.

Pure, and the same bytes each time: fixed times, fixed order. Left out are what Desktop makes anew (SecurityBindings is
bound to its author's machine and makes a changed file look corrupted) and what only labels need. Called by `assembly`.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath
from typing import Any

from powerbi.package.spelling import compact

FORMAT_VERSION = "1.32"
DESKTOP_VERSION = "2.157.151.0"
DESKTOP_RELEASE = "2026.08"
CONTENT_TYPES = "[Content_Types].xml"
NAMED_TYPES = {
    "Version": "",
    "DataModelSchema": "",
    "DiagramLayout": "",
    "Settings": "application/json",
    "Metadata": "application/json",
}
"""Part without an extension -> its content type, in the order of the file."""
WRITTEN_AT = (2026, 1, 1, 0, 0, 0)
"""A ZIP gives each part a time; what differs from build to build would hide what has changed."""


def pbit(schema: Mapping[str, Any], report: Mapping[str, bytes], description: str) -> bytes:
    """The file. `schema` is the model as JSON, `report` its parts by path (`definition/...`, `StaticResources/...`)."""
    if not schema.get("name"):
        raise ValueError("a model without a name makes a template that Desktop refuses")
    parts = [(name, _wide(text)) for name, text in _head(schema, description).items()]
    parts += [(f"Report/{path}", _packed(path, content)) for path, content in sorted(report.items())]
    parts.insert(1, (CONTENT_TYPES, content_types(name for name, _ in parts).encode()))
    return zipped(parts)


def _head(schema: Mapping[str, Any], description: str) -> dict[str, str]:
    """The parts in UTF-16, by name."""
    queries = {"TypeDetectionEnabled": True, "RelationshipImportEnabled": True, "Version": DESKTOP_VERSION}
    settings = {"Version": 4, "ReportSettings": {}, "QueriesSettings": queries}
    metadata = {
        "Version": 5,
        "AutoCreatedRelationships": [],
        "FileDescription": description,
        "CreatedFrom": "Cloud",
        "CreatedFromRelease": DESKTOP_RELEASE,
    }
    texts = {
        "Version": FORMAT_VERSION,
        "DataModelSchema": json.dumps(schema, ensure_ascii=False, indent=2),
        "DiagramLayout": compact(_diagram()).decode(),
        "Settings": compact(settings).decode(),
        "Metadata": compact(metadata).decode(),
    }
    return {name: texts[name] for name in NAMED_TYPES}


def _diagram() -> dict[str, Any]:
    """One diagram without places: Desktop lays the tables out when it is opened."""
    title = "All tables"
    diagram = {
        "ordinal": 0,
        "scrollPosition": {"x": 0, "y": 0},
        "nodes": [],
        "name": title,
        "zoomValue": 100,
        "pinKeyFieldsToTop": False,
        "showExtraHeaderInfo": False,
        "hideKeyFieldsWhenCollapsed": False,
        "tablesLocked": False,
    }
    return {"version": "1.1.0", "diagrams": [diagram], "selectedDiagram": title, "defaultDiagram": title}


def content_types(names: Iterable[str]) -> str:
    """What each part is: by extension, and by name where there is none."""
    extensions = sorted({suffix for name in names if (suffix := PurePosixPath(name).suffix.removeprefix("."))})
    defaults = "".join(f'<Default Extension="{suffix}" ContentType=""/>' for suffix in extensions)
    named = "".join(f'<Override PartName="/{name}" ContentType="{kind}"/>' for name, kind in NAMED_TYPES.items())
    return (
        '<?xml version="1.0" encoding="utf-8"?>'
        f'<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">{defaults}{named}</Types>'
    )


def _wide(text: str) -> bytes:
    """UTF-16, little end first, without a mark."""
    return text.encode("utf-16-le")


def _packed(path: str, content: bytes) -> bytes:
    """A part of the report: JSON of the definition without blanks, resources as they are."""
    return compact(json.loads(content)) if path.startswith("definition/") else content


def zipped(parts: Iterable[tuple[str, bytes]]) -> bytes:
    """A ZIP of parts in the order given, its times and attributes fixed."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packing:
        for name, content in parts:
            info = zipfile.ZipInfo(name, WRITTEN_AT)
            info.compress_type, info.create_system = zipfile.ZIP_DEFLATED, 0
            packing.writestr(info, content)
    return out.getvalue()
