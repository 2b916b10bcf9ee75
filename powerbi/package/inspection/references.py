"""The outline of a model -> names that lead nowhere: in relationships, sorting, hierarchies, roles, measures. Pure.

Called by `examine`.
"""

from __future__ import annotations

from collections.abc import Iterator

from powerbi.package.inspection.dax_names import names
from powerbi.package.inspection.outline import Outline
from powerbi.package.inspection.tmdl_reader import two_part
from powerbi.package.inspection.words import Field, Finding, Kind


def broken(model: Outline) -> Iterator[Finding]:
    """Every reference inside the model that leads nowhere."""
    yield from _relationships(model)
    yield from _twice(model)
    for name, table in model.tables.items():
        for column, properties in table.columns.items():
            sorter = properties.get("sortByColumn")
            if sorter and not table.has(two_part(sorter)[1]):
                yield _lost(table.file, f"column {name}[{column}]", f"is sorted by {sorter}, which is not there")
        for hierarchy, levels in table.hierarchies.items():
            for level, column in levels:
                if not table.has(column):
                    place = f"hierarchy {name}[{hierarchy}]"
                    yield _lost(table.file, place, f"level {level} shows column {column}, which is not there")
        for measure, expression in table.measures.items():
            yield from _expression(model, table.file, f"measure {name}[{measure}]", expression, None)
    for file, role, table_name, expression in model.filters:
        place = f"role {role} on table {table_name}"
        if model.table(table_name) is None:
            yield _lost(file, place, "the table is not there")
        yield from _expression(model, file, place, expression, table_name)
    for file, perspective, table_name, member in model.members:
        if not _known(model, table_name, member):
            yield _lost(file, f"perspective {perspective}", f"shows {table_name}[{member}], which is not there")


def _twice(model: Outline) -> Iterator[Finding]:
    """Measures with one name in two places: the engine refuses them when the model is opened, and no reader before."""
    homes: dict[str, str] = {}
    for name, table in model.tables.items():
        for measure in table.measures:
            first = homes.setdefault(measure.lower(), name)
            if first != name:
                yield _lost(table.file, f"measure {name}[{measure}]", f"is in table {first} too")
            if measure.lower() in {column.lower() for column in table.columns}:
                yield _lost(table.file, f"measure {name}[{measure}]", "has the name of a column of its table")


def _relationships(model: Outline) -> Iterator[Finding]:
    for file, identity, *ends in model.relationships:
        for end in ends:
            table, column = two_part(end)
            if not _known(model, table, column):
                yield _lost(file, f"relationship {identity}", f"joins {table}[{column}], which is not there")


def _expression(model: Outline, file: str, place: str, expression: str, home: str | None) -> Iterator[Finding]:
    """Names of a DAX expression; `home` is the table whose columns may stand without it."""
    used = names(expression)
    own = model.table(home) if home else None
    for table, member in sorted(used.columns):
        if not _known(model, table, member):
            yield _lost(file, place, f"asks for {table}[{member}], which is not there")
    for table in sorted(used.tables):
        if model.table(table) is None:
            yield _lost(file, place, f"asks for table {table}, which is not there")
    for name in sorted(used.alone):
        if not (model.has_measure(name) or (own is not None and own.has(name))):
            yield _lost(file, place, f"asks for [{name}], which is no measure of the model")


def unknown_fields(model: Outline, used: list[Field]) -> Iterator[Finding]:
    """Fields of the report that the model does not have, as the kind that the report takes them for."""
    for each in used:
        table = model.tables.get(each.table)
        known = {
            "Column": table.columns if table else (),
            "Measure": table.measures if table else (),
            "Hierarchy": table.hierarchies if table else (),
        }[each.kind]
        levels = dict(table.hierarchies.get(each.name, [])) if table else {}
        if each.name not in known or (each.level and each.level not in levels):
            yield _lost(
                each.file, each.place, f"asks for {each.kind.lower()} {each.spelled}, which is not in the model"
            )


def _known(model: Outline, table: str, member: str) -> bool:
    found = model.table(table)
    return found is not None and (not member or found.has(member) or member in found.hierarchies)


def _lost(file: str, place: str, message: str) -> Finding:
    return Finding(Kind.REFERENCE, file, place, message)
