"""Model -> the folder of TMDL files, byte for byte as Microsoft's TmdlSerializer writes the same model.

A file is blocks with an empty line behind each. A block is a head, maybe below its description, and properties one
level deeper; a long expression stands deeper still. Pure; called by `powerbi.package` and the checks.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from powerbi.identity import lineage
from powerbi.model.bim import (
    COMPATIBILITY,
    kinds,
    model_annotations,
    parameter_m,
    relationship_name,
    unattributed,
)
from powerbi.model.words import (
    Column,
    Culture,
    Hierarchy,
    Measure,
    Model,
    Parameter,
    Perspective,
    RefreshPolicy,
    Relationship,
    Role,
    Table,
)

QUOTED = re.compile(r"[\s.=']")


def files(model: Model) -> dict[str, bytes]:
    """Path below `definition/` -> content: UTF-8 without byte-order mark, a newline behind each line."""
    at = model.audience
    written = {
        "database.tmdl": [f"database {name(model.name)}\n\tcompatibilityLevel: {COMPATIBILITY}"],
        "model.tmdl": _model(model),
        "expressions.tmdl": [block for each in model.parameters for block in _parameter(at, each)],
        "relationships.tmdl": [_relationship(at, each) for each in model.relationships],
    }
    written |= {f"tables/{table.name}.tmdl": list(_table(at, table)) for table in model.tables}
    written |= {f"roles/{role.name}.tmdl": list(_role(role)) for role in model.roles}
    written |= {f"perspectives/{each.name}.tmdl": list(_perspective(model, each)) for each in model.perspectives}
    written |= {f"cultures/{each.name}.tmdl": [_culture(model, each)] for each in model.cultures}
    return {path: "".join(f"{block}\n\n" for block in blocks).encode() for path, blocks in written.items()}


def name(plain: str) -> str:
    """A name as TMDL writes it: quoted where it would end too early."""
    return "'" + plain.replace("'", "''") + "'" if QUOTED.search(plain) else plain


def value(plain: str) -> str:
    """The text of a property: quoted where its edges would be lost."""
    bare = plain.strip() == plain and not (plain.startswith('"') and plain.endswith('"'))
    return plain if bare and plain else '"' + plain.replace('"', '""') + '"'


def block(depth: int, head: str, properties: Iterable[str], description: str = "") -> str:
    """One object without its children."""
    above = [f"/// {line}" for line in description.split("\n")] if description else []
    tabs = "\t" * depth
    return "\n".join([*(tabs + line for line in (*above, head)), *(f"{tabs}\t{each}" for each in properties)])


def expression(head: str, text: str, depth: int) -> str:
    """`head = text` on one line, or the lines of the text below, at `depth`."""
    parts = text.split("\n")
    if any(part != part.rstrip() for part in parts) or parts[0] != parts[0].lstrip() or not parts[-1]:
        raise ValueError(f"{head}: the expression has blanks at the end of a line or at its edges:\n{text}")
    if len(parts) == 1:
        return f"{head} = {text}"
    return "\n".join((f"{head} =", *("\t" * depth + part for part in parts)))


def _annotation(depth: int, key: str, text: str) -> str:
    return "\t" * depth + f"annotation {key} = {text}"


def _model(model: Model) -> Iterator[str]:
    properties = (
        f"culture: {model.culture}",
        "defaultPowerBIDataSourceVersion: powerBI_V3",
        "discourageImplicitMeasures",
        f"sourceQueryCulture: {model.culture}",
        "dataAccessOptions",
        "\tlegacyRedirects",
        "\treturnErrorValuesAsNull",
    )
    yield block(0, "model Model", properties, model.description)
    for key, text in model_annotations(model):
        yield _annotation(0, key, text)
    referenced = (
        ("table", [each.name for each in model.tables]),
        ("role", [each.name for each in model.roles]),
        ("perspective", [each.name for each in model.perspectives]),
        ("cultureInfo", [each.name for each in model.cultures]),
    )
    for kind, names in referenced:
        if names:
            yield "\n".join(f"ref {kind} {name(each)}" for each in names)


def _parameter(at: str, each: Parameter) -> Iterator[str]:
    head = f"expression {name(each.name)} = {parameter_m(each)}"
    yield block(0, head, [f"lineageTag: {lineage(at, 'expression', each.name)}"], each.description)
    yield _annotation(1, "PBI_ResultType", each.kind)


def _relationship(at: str, each: Relationship) -> str:
    ends = (
        f"fromColumn: {name(each.from_table)}.{name(each.from_column)}",
        f"toColumn: {name(each.to_table)}.{name(each.to_column)}",
    )
    return block(0, f"relationship {relationship_name(at, each)}", ends)


def _table(at: str, table: Table) -> Iterator[str]:
    properties = [f"lineageTag: {lineage(at, 'table', table.name)}"]
    if table.hidden:
        properties.insert(0, "isHidden")
    if table.time:
        properties.append("dataCategory: Time")
    yield block(0, f"table {name(table.name)}", properties, table.description)
    if table.refresh:
        yield _policy(table.refresh, table.source)
    for measure in table.measures:
        yield _measure(at, measure)
    for column in table.columns:
        yield _column(at, table, column)
        yield _annotation(2, "SummarizationSetBy", "User")
    for hierarchy in table.hierarchies:
        yield from _hierarchy(at, table, hierarchy)
    source = ("mode: import", expression("source", table.source, 4))
    yield block(1, f"partition {name(table.name)} = m", source)
    yield _annotation(1, "PBI_ResultType", "Table")


def _policy(refresh: RefreshPolicy, source: str) -> str:
    properties = (
        "policyType: basic",
        "rollingWindowGranularity: year",
        f"rollingWindowPeriods: {refresh.rolling_years}",
        "incrementalGranularity: year",
        f"incrementalPeriods: {refresh.incremental_years}",
        expression("sourceExpression", source, 3),
    )
    return block(1, "refreshPolicy", properties)


def _measure(at: str, measure: Measure) -> str:
    properties = []
    if measure.format:
        properties.append(f"formatString: {value(measure.format)}")
    if measure.hidden:
        properties.append("isHidden")
    if measure.folder:
        properties.append(f"displayFolder: {value(measure.folder)}")
    properties.append(f"lineageTag: {lineage(at, 'measure', measure.table, measure.name)}")
    head = expression(f"measure {name(measure.name)}", measure.expression, 3)
    return block(1, head, properties, measure.description)


def _column(at: str, table: Table, column: Column) -> str:
    properties = [f"dataType: {column.data_type.value}"]
    if column.hidden:
        properties.append("isHidden")
    if column.key:
        properties.append("isKey")
    if column.format:
        properties.append(f"formatString: {value(column.format)}")
    if unattributed(table, column):
        properties.append("isAvailableInMdx: false")
    if column.folder:
        properties.append(f"displayFolder: {value(column.folder)}")
    properties.append(f"lineageTag: {lineage(at, 'column', table.name, column.name)}")
    properties.append("summarizeBy: none")
    properties.append(f"sourceColumn: {value(column.source)}")
    if column.sort_by:
        properties.append(f"sortByColumn: {name(column.sort_by)}")
    return block(1, f"column {name(column.name)}", properties, column.description)


def _hierarchy(at: str, table: Table, hierarchy: Hierarchy) -> Iterator[str]:
    tag = lineage(at, "hierarchy", table.name, hierarchy.name)
    yield block(1, f"hierarchy {name(hierarchy.name)}", [f"lineageTag: {tag}"], hierarchy.description)
    for level in hierarchy.levels:
        tag = lineage(at, "level", table.name, hierarchy.name, level)
        yield block(2, f"level {name(level)}", [f"lineageTag: {tag}", f"column: {name(level)}"])


def _role(role: Role) -> Iterator[str]:
    yield block(0, f"role {name(role.name)}", ["modelPermission: read"], role.description)
    for table, dax in role.filters:
        yield "\t" + expression(f"tablePermission {name(table)}", dax, 3)


def _perspective(model: Model, perspective: Perspective) -> Iterator[str]:
    yield f"perspective {name(perspective.name)}"
    for table, members in perspective.members:
        yield f"\tperspectiveTable {name(table)}"
        kind = kinds(model.table(table))
        for member in members:
            yield f"\t\tperspective{kind[member].capitalize()} {name(member)}"


def _culture(model: Model, culture: Culture) -> str:
    """Translations have no empty lines between them."""
    lines = [f"cultureInfo {name(culture.name)}", "\ttranslations", "\t\tmodel Model"]
    captions = {(table, member): caption for table, member, caption in culture.captions}
    folders = dict(culture.folders)
    for table in model.tables:
        if not table.hidden:
            lines.extend("\t\t\t" + line for line in _translated(table, captions, folders))
    return "\n".join(lines)


def _translated(table: Table, captions: dict[tuple[str, str | None], str], folders: dict[str, str]) -> Iterator[str]:
    yield f"table {name(table.name)}"
    yield f"\tcaption: {value(captions[table.name, None])}"
    for column in table.columns:
        yield from _member("column", table.name, column.name, captions, folders.get(column.folder or ""))
    for measure in table.measures:
        yield from _member("measure", table.name, measure.name, captions, folders.get(measure.folder))
    for hierarchy in table.hierarchies:
        yield from _member("hierarchy", table.name, hierarchy.name, captions, None)
        for level in hierarchy.levels:
            yield from ("\t" + line for line in _member("level", table.name, level, captions, None))


def _member(
    kind: str, table: str, member: str, captions: dict[tuple[str, str | None], str], folder: str | None
) -> Iterator[str]:
    if caption := captions.get((table, member)):
        yield f"\t{kind} {name(member)}"
        yield f"\t\tcaption: {value(caption)}"
        if folder:
            yield f"\t\tdisplayFolder: {value(folder)}"
