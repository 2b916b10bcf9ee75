"""The files of one audience's project -> an Examination: every finding, and how much was looked at.

Pure: a mapping from path to bytes in, values out. Called by `crisis powerbi check` and by the tests.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from powerbi.audience import AUDIENCES
from powerbi.package.inspection import fields, origins, references
from powerbi.package.inspection.outline import Outline, outline
from powerbi.package.inspection.words import Examination, Finding, Kind
from powerbi.report import accessibility

JSON_FILES = (".json", ".pbip", ".pbir", ".pbism", ".platform", ".pbids")
MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")


@dataclass
class Project:
    """What the files say, as far as they can be read."""

    name: str
    model: Outline
    documents: dict[str, Any] = field(default_factory=dict)
    """JSON of the report, by path below its folder."""


def examine(files: Mapping[str, bytes], audience: str) -> Examination:
    """Look at the files of one audience, by path below its folder."""
    name = AUDIENCES[audience].model
    texts, unreadable = _texts(files)
    model_folder, report_folder = f"{name}.SemanticModel/", f"{name}.Report/"
    tmdl = {
        path.removeprefix(model_folder): text
        for path, text in texts.items()
        if path.startswith(model_folder) and path.endswith(".tmdl")
    }
    found = list(unreadable)
    documents, faults = _documents(texts)
    found += faults
    project = Project(name, outline(tmdl), {})
    project.documents = {
        path.removeprefix(report_folder): value for path, value in documents.items() if path.startswith(report_folder)
    }
    if not project.model.tables:
        found.append(Finding(Kind.MISSING, model_folder, name, "there is no semantic model here"))
        return Examination(tuple(found), {"files": len(files)})
    used = fields.fields(project.documents)
    in_model = [
        *references.broken(project.model),
        *origins.misread(project.model, audience),
        *origins.misdirected(project.model),
        *origins.unmarked_dates(project.model),
    ]
    found += _below(model_folder, in_model)
    found += _below(report_folder, [*references.unknown_fields(project.model, used)])
    legible = accessibility.measure({} if faults else _inside(files, report_folder))
    hard = [Finding(Kind.ACCESSIBILITY, each.path, each.place, each.said) for each in legible.faults]
    found += _below(report_folder, hard)
    found += _template(files, project)
    visuals = _visuals(project)
    figures = {
        "files": len(files),
        "json files": len(documents),
        **project.model.counts,
        "visuals": len(visuals),
        "fields in visuals": len(used),
        "visuals with alt text": legible.alternative_texts,
    }
    misdirected = any(each.kind is Kind.ADDRESS for each in found)
    address = None if misdirected else origins.address(project.model)
    return Examination(tuple(dict.fromkeys(found)), figures, address)


def _below(folder: str, found: list[Finding]) -> list[Finding]:
    return [Finding(each.kind, f"{folder}{each.file}", each.place, each.message) for each in found]


def _texts(files: Mapping[str, bytes]) -> tuple[dict[str, str], list[Finding]]:
    """Every text file as text: UTF-8 without a mark, or Power BI Desktop refuses the whole project."""
    texts, found = {}, []
    for path, content in files.items():
        if path.endswith((".pbit", ".png", ".svg", ".jpg")):
            continue
        if content.startswith(MARKS):
            found.append(Finding(Kind.UNREADABLE, path, path, "begins with a byte order mark"))
        try:
            texts[path] = content.decode("utf-8-sig")
        except UnicodeDecodeError:
            found.append(Finding(Kind.UNREADABLE, path, path, "is not UTF-8"))
    return texts, found


def _documents(texts: Mapping[str, str]) -> tuple[dict[str, Any], list[Finding]]:
    """Every JSON file as what it says."""
    documents, found = {}, []
    for path, text in texts.items():
        if not path.endswith(JSON_FILES):
            continue
        try:
            documents[path] = json.loads(text)
        except json.JSONDecodeError as error:
            found.append(Finding(Kind.UNREADABLE, path, f"line {error.lineno}", f"is no JSON: {error.msg}"))
    return documents, found


def _visuals(project: Project) -> dict[str, Any]:
    """The visuals of the report that show something; a group only holds others."""
    return {
        path: document
        for path, document in project.documents.items()
        if path.endswith("/visual.json") and "visual" in document
    }


def _inside(files: Mapping[str, bytes], folder: str) -> dict[str, bytes]:
    """The files of one folder, by path below it."""
    return {path.removeprefix(folder): content for path, content in files.items() if path.startswith(folder)}


def _template(files: Mapping[str, bytes], project: Project) -> Iterator[Finding]:
    """The .pbit beside the project has to hold the same model."""
    path = f"{project.name}.pbit"
    if path not in files:
        return
    try:
        with zipfile.ZipFile(io.BytesIO(files[path])) as template:
            schema = json.loads(template.read("DataModelSchema").decode("utf-16-le"))
    except (zipfile.BadZipFile, KeyError, ValueError) as error:
        yield Finding(Kind.UNREADABLE, path, "DataModelSchema", f"cannot be read ({type(error).__name__})")
        return
    packed = {table["name"]: table for table in schema.get("model", {}).get("tables", [])}
    for name in sorted(set(packed) ^ set(project.model.tables)):
        where = "the project" if name in packed else "the template"
        yield Finding(Kind.TEMPLATE, path, f"table {name}", f"is not in {where}")
    for name, table in project.model.tables.items():
        for kind, own in (("columns", table.columns), ("measures", table.measures)):
            other = {each["name"] for each in packed.get(name, {}).get(kind, [])}
            for member in sorted(other ^ set(own)) if name in packed else ():
                where = "the project" if member in other else "the template"
                yield Finding(Kind.TEMPLATE, path, f"{kind[:-1]} {name}[{member}]", f"is not in {where}")
