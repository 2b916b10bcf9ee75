"""Microsoft's Tabular Object Model as judge of a folder of TMDL and of the template's JSON document beside it.

JSON in: `definition`, the folder; `document`, the text of the JSON document or null. JSON out: `refused`, why the object
model does not load it; or `facts`, what it holds; `faults`, what a server would refuse; `files` and `lines`, how many were
compared with what Microsoft's serializer writes; `differing`, the lines that are not the same; `unlike`, where the
document differs from Microsoft's own of the same model, whatever the order.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterator
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

import tabular

MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")


def main() -> None:
    """Load, check, write back, compare."""
    question = json.load(sys.stdin)
    tabular.start()
    from Microsoft.AnalysisServices import Tabular

    folder = Path(question["definition"])
    try:
        database = Tabular.TmdlSerializer.DeserializeDatabaseFromFolder(str(folder))
    except Exception as error:  # noqa: BLE001 exceptions of .NET share no narrower class
        tabular.finish({"refused": tabular.explained(error)})
    answer = {
        "facts": facts(database),
        "faults": [*faults(database), *marked(folder)],
        **rewritten(Tabular, database, folder),
    }
    answer["unlike"] = [] if question["document"] is None else compared(Tabular, database, question["document"])
    tabular.finish(answer)


def facts(database: Any) -> dict[str, int]:
    """How much there is of what."""
    model = database.Model
    tables = list(model.Tables)
    return {
        "compatibilityLevel": database.CompatibilityLevel,
        "tables": len(tables),
        "columns": sum(table.Columns.Count for table in tables),
        "measures": sum(table.Measures.Count for table in tables),
        "relationships": model.Relationships.Count,
        "roles": model.Roles.Count,
        "perspectives": model.Perspectives.Count,
        "cultures": model.Cultures.Count,
    }


def faults(database: Any) -> Iterator[str]:
    """What the object model lets pass and a server or Desktop does not."""
    model = database.Model
    outcome = model.Validate()
    yield from (f"{error.Message}" for error in outcome.Errors)
    if not database.Name:
        yield "the database has no name"
    if str(model.DefaultPowerBIDataSourceVersion) != "PowerBI_V3":
        yield "the model does not say defaultPowerBIDataSourceVersion: powerBI_V3"
    calendars = [table.Name for table in model.Tables if is_calendar(table)]
    if len(calendars) != 1:
        related = sorted(
            {each.ToTable.Name for each in model.Relationships if str(each.ToColumn.DataType) == "DateTime"}
        )
        yield f"marked as date table (dataCategory Time, isKey on its day): {calendars or 'none'}, not one; days: {related}"
    expressions = {each.Name for each in model.Expressions}
    measures: dict[str, str] = {}
    for table in model.Tables:
        columns = {column.Name.lower() for column in table.Columns}
        if table.Partitions.Count == 0:
            yield f"table {table.Name} has no partition"
        if table.RefreshPolicy is not None and not {"RangeStart", "RangeEnd"} <= expressions:
            yield f"table {table.Name} has a refresh policy, and the model no RangeStart and RangeEnd"
        for measure in table.Measures:
            name = measure.Name.lower()
            if name in measures:
                yield f"measure [{measure.Name}] stands in {table.Name} and in {measures[name]}"
            if name in columns:
                yield f"measure [{measure.Name}] has the name of a column of {table.Name}"
            measures[name] = table.Name


def is_calendar(table: Any) -> bool:
    """Marked as the date table, with a day as its key."""
    keys = [column for column in table.Columns if column.IsKey]
    return str(table.DataCategory) == "Time" and [str(key.DataType) for key in keys] == ["DateTime"]


def marked(folder: Path) -> Iterator[str]:
    """Desktop reads UTF-8 without a mark only; the object model reads all."""
    for file in sorted(folder.rglob("*.tmdl")):
        if file.read_bytes().startswith(MARKS):
            yield f"{file.relative_to(folder)} begins with a byte-order mark"


def rewritten(tabular_model: Any, database: Any, folder: Path) -> dict[str, Any]:
    """Our files against what Microsoft's serializer writes of the same model, byte for byte."""
    again = Path(tempfile.mkdtemp())
    tabular_model.TmdlSerializer.SerializeDatabaseToFolder(database, str(again))
    ours, theirs = contents(folder), contents(again)
    differing = []
    for name in sorted(ours.keys() | theirs.keys()):
        differing.extend(f"{name}{line}" for line in unequal(ours.get(name), theirs.get(name)))
    lines = sum(text.count(b"\n") for text in ours.values())
    return {"files": len(ours), "lines": lines, "differing": differing}


def contents(folder: Path) -> dict[str, bytes]:
    """Path -> bytes of every file below a folder."""
    return {file.relative_to(folder).as_posix(): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def unequal(ours: bytes | None, theirs: bytes | None) -> Iterator[str]:
    """Each line that is not the same, with its number."""
    if ours is None or theirs is None:
        yield (
            ": only Microsoft's serializer writes it" if ours is None else ": Microsoft's serializer does not write it"
        )
        return
    if ours == theirs:
        return
    one, other = (text.decode("utf-8", "replace").split("\n") for text in (ours, theirs))
    for kind, start, end, there, stop in SequenceMatcher(None, one, other, autojunk=False).get_opcodes():
        if kind != "equal":
            pairs = max(end - start, stop - there)
            for at in range(pairs):
                mine = repr(one[start + at]) if start + at < end else "nothing"
                wanted = repr(other[there + at]) if there + at < stop else "nothing"
                yield f":{start + at + 1}: {mine}, Microsoft's serializer: {wanted}"


def compared(tabular_model: Any, database: Any, text: str) -> list[str]:
    """Where the document and Microsoft's own of the same model differ; lists of named things in any order."""
    options = tabular_model.SerializeOptions()
    options.SplitMultilineStrings = True
    theirs = json.loads(tabular_model.JsonSerializer.SerializeDatabase(database, options))
    return list(unlike(by_name(json.loads(text)), by_name(theirs), ""))


def by_name(value: Any) -> Any:
    """Lists of named things as objects by name, so that order does not count."""
    if isinstance(value, dict):
        return {key: by_name(item) for key, item in value.items()}
    if isinstance(value, list) and value and all(isinstance(item, dict) and "name" in item for item in value):
        return {item["name"]: by_name(item) for item in value}
    return value


def unlike(ours: Any, theirs: Any, path: str) -> Iterator[str]:
    """The places that differ."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for key in sorted(ours.keys() | theirs.keys()):
            yield from unlike(ours.get(key), theirs.get(key), f"{path}/{key}")
    elif ours != theirs:
        yield f"{path}: {str(ours)[:120]}, Microsoft's serializer: {str(theirs)[:120]}"


if __name__ == "__main__":
    main()
