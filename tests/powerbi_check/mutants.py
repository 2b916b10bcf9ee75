"""Model and report of an audience, changed in one place -> the files of its project, as a careless change would leave them.

Values are changed where the generator would spell the fault (a measure, a column, a visual), files where only a file can
be wrong. Nothing is judged here. Called by the mutation drill.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from powerbi.model import build
from powerbi.model.words import Column, Measure, Model, Table
from powerbi.package.assembly import assembled, default_address
from powerbi.package.folders import write
from powerbi.package.pbit import zipped
from powerbi.report import report
from powerbi.report.words import Report, Visual
from tests.powerbi_check.rows import AUDIENCES

Files = dict[str, bytes]
ModelChange = Callable[[Model], Model]
ReportChange = Callable[[Report], Report]
FilesChange = Callable[[Files], None]


@dataclass(frozen=True)
class Mutation:
    """One fault. `model`, `report`, `files` or `catalogue` says how it is made; `judge` must find it.

    `says` are texts that stand in one sentence of that judge: the table, measure, page or visual that would break.
    """

    kind: str
    what: str
    judge: str
    says: tuple[str, ...]
    model: ModelChange | None = None
    report: ReportChange | None = None
    files: FilesChange | None = None
    catalogue: str | None = None
    audiences: tuple[str, ...] = AUDIENCES
    short: bool = True


@dataclass
class Mutant:
    """One project to be judged. `files` may be changed; `model` and `report` are what they were made of."""

    audience: str
    model: Model
    report: Report
    files: Files = field(repr=False)
    _folder: Path | None = None

    def folder(self, below: Path) -> Path:
        """The project on the disk, written when a judge first asks."""
        if self._folder is None:
            self._folder = below / f"mutant-{id(self)}"
            write(self._folder, self.files)
        return self._folder


def made(audience: str, model: Model, pages: Report) -> Mutant:
    """The project of a model and a report."""
    return Mutant(audience, model, pages, assembled(model, pages, default_address()))


def unchanged(audience: str) -> Mutant:
    """The project as it is."""
    return made(audience, build.model(audience), report(audience))


def table(name: str, change: Callable[[Table], Table]) -> Callable[[Model], Model]:
    """A model with one table changed."""

    def changed(model: Model) -> Model:
        model.table(name)
        return replace(model, tables=tuple(change(each) if each.name == name else each for each in model.tables))

    return changed


def measure(home: str, name: str, change: Callable[[Measure], Measure]) -> Callable[[Model], Model]:
    """A model with one measure changed."""

    def changed(each: Table) -> Table:
        assert any(own.name == name for own in each.measures), f"no measure {home}[{name}]"
        return replace(each, measures=tuple(change(own) if own.name == name else own for own in each.measures))

    return table(home, changed)


def column(home: str, name: str, change: Callable[[Column], Column]) -> Callable[[Model], Model]:
    """A model with one column changed."""

    def changed(each: Table) -> Table:
        assert any(own.name == name for own in each.columns), f"no column {home}[{name}]"
        return replace(each, columns=tuple(change(own) if own.name == name else own for own in each.columns))

    return table(home, changed)


def without(home: str, name: str) -> Callable[[Model], Model]:
    """A model without a column and what names it inside the model's lists; measures, relationships and pages still do."""

    def changed(model: Model) -> Model:
        assert any(own.name == name for own in model.table(home).columns), f"no column {home}[{name}]"
        kept = table(home, lambda each: replace(each, columns=tuple(own for own in each.columns if own.name != name)))
        return replace(
            kept(model),
            perspectives=tuple(
                replace(
                    each,
                    members=tuple(
                        (of, tuple(member for member in members if (of, member) != (home, name)))
                        for of, members in each.members
                    ),
                )
                for each in model.perspectives
            ),
            cultures=tuple(
                replace(each, captions=tuple(said for said in each.captions if said[:2] != (home, name)))
                for each in model.cultures
            ),
        )

    return changed


def said(home: str, old: str, new: str) -> Callable[[Model], Model]:
    """A model in which one table's M says something else."""

    def changed(each: Table) -> Table:
        assert old in each.source, f"the M of {home} does not say {old}"
        return replace(each, source=each.source.replace(old, new, 1))

    return table(home, changed)


def visual(page: str, key: str, change: Callable[[Visual], Visual]) -> Callable[[Report], Report]:
    """A report with one visual changed."""

    def changed(pages: Report) -> Report:
        (at,) = (each for each in pages.pages if each.key == page)
        assert any(own.key == key for own in at.visuals), f"no visual {key} on {page}"
        new = replace(at, visuals=tuple(change(own) if own.key == key else own for own in at.visuals))
        return replace(pages, pages=tuple(new if each is at else each for each in pages.pages))

    return changed


def document(ending: str, change: Callable[[dict[str, object]], None]) -> Callable[[Files], None]:
    """Files in which the first JSON part (in the order of paths) with that ending is changed."""

    def changed(files: Files) -> None:
        path = next(path for path in sorted(files) if path.endswith(ending))
        content = json.loads(files[path])
        change(content)
        files[path] = json.dumps(content, indent=2, ensure_ascii=False).encode() + b"\n"

    return changed


def text(ending: str, old: str, new: str) -> Callable[[Files], None]:
    """Files in which the one file with that ending says something else."""

    def changed(files: Files) -> None:
        (path,) = (path for path in files if path.endswith(ending))
        assert old.encode() in files[path], f"{path} does not say {old!r}"
        files[path] = files[path].replace(old.encode(), new.encode(), 1)

    return changed


def packed(change: Callable[[Files], object]) -> Callable[[Files], None]:
    """Files in which the parts of the template are others."""

    def changed(files: Files) -> None:
        (path,) = (path for path in files if path.endswith(".pbit"))
        with zipfile.ZipFile(io.BytesIO(files[path])) as unpacked:
            parts = {name: unpacked.read(name) for name in unpacked.namelist()}
        change(parts)
        files[path] = zipped(parts.items())

    return changed
