"""The JSON files of a report -> the columns, measures and levels that they ask for, each with the page and the visual.

Pure; called by `examine`. A filter names its tables in `From` and speaks of them by short names; both are followed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any

from powerbi.package.inspection.words import Field

Documents = Mapping[str, Any]
"""Path below the report's folder -> what the JSON says."""


def fields(documents: Documents) -> list[Field]:
    """Every use of a field, in the order of the files."""
    return [
        Field(file, place(documents, file), kind, table, name, level)
        for file, document in sorted(documents.items())
        if file.startswith("definition/")
        for kind, table, name, level in _asked(document, {})
    ]


def place(documents: Documents, file: str) -> str:
    """The page and the visual that a file belongs to, in words."""
    parts = PurePosixPath(file).parts
    if "pages" not in parts or len(parts) < 4:
        return "the report"
    page = documents.get("/".join((*parts[:3], "page.json")), {})
    words = f"page {page.get('displayName', parts[2])}"
    if len(parts) > 4 and parts[3] == "visuals":
        visual = documents.get("/".join((*parts[:5], "visual.json")), {})
        words += f", visual {described(visual, parts[4])}"
    return words


def described(visual: Mapping[str, Any], identity: str) -> str:
    """Type and title of a visual, and the name of its folder."""
    inner = visual.get("visual", {})
    title = literal(inner, "title", "text")
    return " ".join([inner.get("visualType", "group"), *([f'"{title}"'] if title else []), f"({identity})"])


def literal(visual: Mapping[str, Any], group: str, name: str) -> str | None:
    """A text property of the visual's frame; None where it is not set to plain text."""
    for item in visual.get("visualContainerObjects", {}).get(group, []):
        value = item.get("properties", {}).get(name, {}).get("expr", {}).get("Literal", {}).get("Value")
        if isinstance(value, str):
            return value.strip("'").replace("''", "'")
    return None


def _asked(value: Any, short: Mapping[str, str]) -> Iterator[tuple[str, str, str, str]]:
    """(kind, table, name, level) of every field below."""
    if isinstance(value, list):
        for item in value:
            yield from _asked(item, short)
    if not isinstance(value, dict):
        return
    if isinstance(value.get("From"), list):
        short = {**short, **{each["Name"]: each["Entity"] for each in value["From"] if "Entity" in each}}
    for kind in ("Column", "Measure"):
        inner = value.get(kind)
        if isinstance(inner, dict) and "Property" in inner and (table := _table(inner, short)):
            yield kind, table, inner["Property"], ""
    level = value.get("HierarchyLevel")
    if isinstance(level, dict):
        hierarchy = level.get("Expression", {}).get("Hierarchy", {})
        if table := _table(hierarchy, short):
            yield "Hierarchy", table, hierarchy.get("Hierarchy", ""), level.get("Level", "")
    for item in value.values():
        yield from _asked(item, short)


def _table(holder: Mapping[str, Any], short: Mapping[str, str]) -> str | None:
    source = holder.get("Expression", {}).get("SourceRef", {})
    return source.get("Entity") or short.get(source.get("Source", ""))
