"""The files of one audience's project -> an Examination: every finding, and how much was looked at.

Pure: a mapping from path to bytes in, values out. Called by `crisis powerbi check` and by the tests.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from powerbi.audience import AUDIENCES
from powerbi.package.inspection import fields, origins, references
from powerbi.package.inspection.outline import Outline, outline
from powerbi.package.inspection.words import Examination, Field, Finding, Kind
from powerbi.report import accessibility

JSON_FILES = (".json", ".pbip", ".pbir", ".pbism", ".platform", ".pbids")
MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True)
class Project:
    """What the files of an audience say, as far as they can be read."""

    audience: str
    name: str
    files: Mapping[str, bytes]
    documents: Mapping[str, Any]
    """Every JSON file, by path."""
    model: Outline
    unreadable: tuple[Finding, ...]

    @property
    def report(self) -> dict[str, Any]:
        """JSON of the report, by path below its folder."""
        return _inside(self.documents, f"{self.name}.Report/")


def examine(files: Mapping[str, bytes], audience: str) -> Examination:
    """Look at the files of one audience, by path below its folder."""
    project = _read(files, audience)
    if not project.model.tables:
        missing = Finding(Kind.MISSING, project.name, project.name, "there is no semantic model here")
        return Examination((*project.unreadable, missing), {"files": len(files)})
    used = fields.fields(project.report)
    legible = accessibility.measure({} if project.unreadable else _inside(files, f"{project.name}.Report/"))
    found = dict.fromkeys(
        (
            *project.unreadable,
            *_below(f"{project.name}.SemanticModel/", _in_model(project)),
            *_below(f"{project.name}.Report/", _in_report(project, used, legible)),
            *_template(project),
        )
    )
    figures = {
        "files": len(files),
        "json files": len(project.documents),
        **project.model.counts,
        "visuals": sum(path.endswith("/visual.json") and "visual" in each for path, each in project.report.items()),
        "fields in visuals": len(used),
        "visuals with alt text": legible.alternative_texts,
    }
    misdirected = any(each.kind is Kind.ADDRESS for each in found)
    return Examination(tuple(found), figures, None if misdirected else origins.address(project.model))


def _read(files: Mapping[str, bytes], audience: str) -> Project:
    name = AUDIENCES[audience].model
    texts, unreadable = _texts(files)
    documents, faults = _documents(texts)
    tmdl = {path: text for path, text in _inside(texts, f"{name}.SemanticModel/").items() if path.endswith(".tmdl")}
    return Project(audience, name, files, documents, outline(tmdl), (*unreadable, *faults))


def _in_model(project: Project) -> Iterator[Finding]:
    yield from references.broken(project.model)
    yield from origins.misread(project.model, project.audience)
    yield from origins.lost_steps(project.model)
    yield from origins.misdirected(project.model)
    yield from origins.unmarked_dates(project.model)


def _in_report(project: Project, used: list[Field], legible: accessibility.Figures) -> Iterator[Finding]:
    yield from references.unknown_fields(project.model, used)
    for each in legible.faults:
        yield Finding(Kind.ACCESSIBILITY, each.path, each.place, each.said)


def _below(folder: str, found: Iterable[Finding]) -> Iterator[Finding]:
    """Findings of an item, with their files named from the audience's folder."""
    for each in found:
        yield replace(each, file=f"{folder}{each.file}")


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


def _inside(files: Mapping[str, Any], folder: str) -> dict[str, Any]:
    """What lies in one folder, by path below it."""
    return {path.removeprefix(folder): content for path, content in files.items() if path.startswith(folder)}


def _template(project: Project) -> Iterator[Finding]:
    """The .pbit beside the project has to hold the same model."""
    path = f"{project.name}.pbit"
    if path not in project.files:
        return
    try:
        with zipfile.ZipFile(io.BytesIO(project.files[path])) as template:
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
