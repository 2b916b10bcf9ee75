"""What Desktop's own templates hold: parts, order, encodings, content types; and a .pbit compared with that, fact by fact.

Written from files that Power BI Desktop 2.157 made, not from our writer. Left out of the table is what Desktop makes anew
for itself or writes for sensitivity labels alone. Used by a test and by a row of `make powerbi-check`.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from lxml import etree

PARTS = """
part                | encoding  | content type     | begins with
Version             | utf-16-le | (empty)          | 1.32
[Content_Types].xml | utf-8     | -                | <?xml version="1.0" encoding="utf-8"?>
DataModelSchema     | utf-16-le | (empty)          | {
DiagramLayout       | utf-16-le | (empty)          | {
Settings            | utf-16-le | application/json | {"Version":4,"ReportSettings":{},"QueriesSettings":{
Metadata            | utf-16-le | application/json | {"Version":5,"AutoCreatedRelationships":[],
"""
"""In the order of the file; the report's parts come behind them."""
REPORT = ("Report/StaticResources/", "Report/definition/")
"""Folders of the report's parts, in their order."""
BY_EXTENSION = {"json": ""}
SETTINGS = {"TypeDetectionEnabled", "RelationshipImportEnabled", "Version"}
METADATA = {"Version", "AutoCreatedRelationships", "CreatedFrom", "CreatedFromRelease"}
LAYOUT = {"version", "diagrams", "selectedDiagram", "defaultDiagram"}
TYPES = "{http://schemas.openxmlformats.org/package/2006/content-types}"
MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")

Fact = tuple[str, Any, Any]
"""What is compared, as found, as Desktop has it."""


@dataclass(frozen=True)
class Part:
    """A line of the table."""

    name: str
    encoding: str
    kind: str
    beginning: str


def parts() -> list[Part]:
    """The table."""
    lines = [[cell.strip() for cell in line.split("|")] for line in PARTS.strip().splitlines()[1:]]
    return [Part(name, encoding, kind.replace("(empty)", ""), start) for name, encoding, kind, start in lines]


def declared(template: zipfile.ZipFile) -> tuple[dict[str, str], dict[str, str]]:
    """Content types by extension and by part."""
    types = etree.fromstring(template.read("[Content_Types].xml"))
    return (
        {each.attrib["Extension"]: each.attrib["ContentType"] for each in types.iter(f"{TYPES}Default")},
        {each.attrib["PartName"]: each.attrib["ContentType"] for each in types.iter(f"{TYPES}Override")},
    )


def facts(packed: bytes) -> Iterator[Fact]:
    """Everything about a template that Desktop's own have in common; behind one that fails, others may not be readable."""
    template = zipfile.ZipFile(io.BytesIO(packed))
    names, table = template.namelist(), parts()
    yield "parts before the report, in order", names[: len(table)], [part.name for part in table]
    folders = [next((folder for folder in REPORT if name.startswith(folder)), name) for name in names[len(table) :]]
    yield "folders behind them, in order", sorted(folders, key=folders.index), folders
    yield "which folders these are", list(dict.fromkeys(folders)), list(REPORT)
    yield "each part once", len(set(names)), len(names)
    yield "packed by deflate, as by DOS", {(each.compress_type, each.create_system) for each in template.infolist()}, {(8, 0)}  # fmt: skip
    by_extension, by_name = declared(template)
    yield "content types by extension", by_extension, BY_EXTENSION
    yield "content types by part", by_name, {f"/{part.name}": part.kind for part in table if part.kind != "-"}
    for part in table:
        content = template.read(part.name)
        text = content.decode(part.encoding, errors="replace")
        yield f"{part.name}: begins as text in {part.encoding}", text[: len(part.beginning)], part.beginning
        yield f"{part.name}: has no byte order mark", content.startswith(MARKS), False
    for name in names[len(table) :]:
        content = template.read(name)
        yield f"{name}: has no byte order mark", content.startswith(MARKS), False
        if name.startswith("Report/definition/"):
            compact = json.dumps(json.loads(content), separators=(",", ":"), ensure_ascii=False).encode()
            yield f"{name}: compact JSON in UTF-8", content == compact, True
    yield from _members(template)


def _members(template: zipfile.ZipFile) -> Iterator[Fact]:
    """Keys that every one of Desktop's has."""
    said = {
        name: json.loads(template.read(name).decode("utf-16-le")) for name in ("Settings", "Metadata", "DiagramLayout")
    }
    yield "Settings: members of QueriesSettings", SETTINGS - set(said["Settings"]["QueriesSettings"]), set()
    yield "Metadata: members", METADATA - set(said["Metadata"]), set()
    yield "DiagramLayout: members", LAYOUT - set(said["DiagramLayout"]), set()
    schema = json.loads(template.read("DataModelSchema").decode("utf-16-le"))
    yield "DataModelSchema: members", list(schema), ["name", "compatibilityLevel", "model"]
    yield "DataModelSchema: has a name", bool(schema["name"]), True
    yield "DataModelSchema: data source version", schema["model"]["defaultPowerBIDataSourceVersion"], "powerBI_V3"
    for each in schema["model"]["expressions"]:
        value = each["expression"].partition(" meta ")
        yield f"parameter {each['name']}: has a value", value[0] not in ("", "null"), True
        yield f"parameter {each['name']}: is asked for", "IsParameterQuery=true" in value[2], True
