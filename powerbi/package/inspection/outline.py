"""The TMDL files of a model -> its outline: tables with their members, relationships, roles, parameters. Pure.

Called by `examine`; the rules read nothing but this.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from powerbi.package.inspection.tmdl_reader import read, two_part
from powerbi.package.inspection.words import Node


@dataclass
class TableOutline:
    """One table. `columns` have their properties, `hierarchies` their levels as (name, column), `sources` are M."""

    file: str
    columns: dict[str, Mapping[str, str]] = field(default_factory=dict)
    measures: dict[str, str] = field(default_factory=dict)
    hierarchies: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    sources: list[str] = field(default_factory=list)
    time: bool = False

    def has(self, name: str) -> bool:
        """Whether a column or a measure is called so; DAX tells no case apart."""
        return name.lower() in {known.lower() for known in (*self.columns, *self.measures)}


@dataclass
class Outline:
    """One model."""

    tables: dict[str, TableOutline] = field(default_factory=dict)
    relationships: list[tuple[str, str, str, str]] = field(default_factory=list)
    """(file, identity, from, to); both ends as `Table.Column`."""
    filters: list[tuple[str, str, str, str]] = field(default_factory=list)
    """(file, role, table, DAX)."""
    members: list[tuple[str, str, str, str]] = field(default_factory=list)
    """(file, perspective, table, member); the member is empty for the table itself."""
    parameters: dict[str, str] = field(default_factory=dict)

    def table(self, name: str) -> TableOutline | None:
        """The table called so; DAX tells no case apart."""
        return self.tables.get(name) or next(
            (table for known, table in self.tables.items() if known.lower() == name.lower()), None
        )

    def has_measure(self, name: str) -> bool:
        """Whether any table has a measure called so."""
        wanted = name.lower()
        return any(wanted == measure.lower() for table in self.tables.values() for measure in table.measures)

    @property
    def counts(self) -> dict[str, int]:
        """How much there is."""
        tables = self.tables.values()
        return {
            "tables": len(self.tables),
            "columns": sum(len(table.columns) for table in tables),
            "measures": sum(len(table.measures) for table in tables),
            "relationships": len(self.relationships),
        }


def outline(files: Mapping[str, str]) -> Outline:
    """The outline of the TMDL files, by path."""
    made = Outline()
    for file, text in sorted(files.items()):
        for node in read(text):
            _add(made, file, node)
    return made


def _add(made: Outline, file: str, node: Node) -> None:
    if node.kind == "table":
        made.tables[node.name] = _table(file, node)
    elif node.kind == "relationship":
        ends = node.properties
        made.relationships.append((file, node.name, ends.get("fromColumn", ""), ends.get("toColumn", "")))
    elif node.kind == "role":
        made.filters += [(file, node.name, each.name, each.expression) for each in node.of("tablePermission")]
    elif node.kind == "expression":
        made.parameters[node.name] = node.expression
    elif node.kind == "perspective":
        for table in node.of("perspectiveTable"):
            made.members.append((file, node.name, table.name, ""))
            made.members += [(file, node.name, table.name, each.name) for each in table.children]


def _table(file: str, node: Node) -> TableOutline:
    policies = [policy.properties.get("sourceExpression", "") for policy in node.of("refreshPolicy")]
    return TableOutline(
        file=file,
        columns={column.name: column.properties for column in node.of("column")},
        measures={measure.name: measure.expression for measure in node.of("measure")},
        hierarchies={
            each.name: [(level.name, two_part(level.properties.get("column", ""))[1]) for level in each.of("level")]
            for each in node.of("hierarchy")
        },
        sources=[*(part.properties.get("source", "") for part in node.of("partition")), *filter(None, policies)],
        time=node.properties.get("dataCategory") == "Time",
    )
