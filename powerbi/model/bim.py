"""Model -> one JSON document (TMSL), as Microsoft's serializer says it: the `DataModelSchema` of a template.

Expressions of one line are text, longer ones lists of lines; what has its default value is left out.
Pure; called by `powerbi.package` and by the checks that compare it with the TMDL spelling.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from powerbi.identity import lineage
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

COMPATIBILITY = 1601
"""The level of Power BI's models since 2023: every Desktop that opens a report of our format reads it."""

Json = dict[str, Any]


def text(model: Model) -> str:
    """The document as it goes into a template."""
    return json.dumps(document(model), ensure_ascii=False, indent=2)


def document(model: Model) -> Json:
    """The whole database. A name is a must: Desktop refuses a template without one."""
    return {"name": model.name, "compatibilityLevel": COMPATIBILITY, "model": _model(model)}


def _model(model: Model) -> Json:
    at = model.audience
    return {
        **described(model.description),
        "culture": model.culture,
        "dataAccessOptions": {"legacyRedirects": True, "returnErrorValuesAsNull": True},
        "defaultPowerBIDataSourceVersion": "powerBI_V3",
        "discourageImplicitMeasures": True,
        "sourceQueryCulture": model.culture,
        "tables": [_table(at, table) for table in model.tables],
        "relationships": [_relationship(at, each) for each in model.relationships],
        "roles": [_role(role) for role in model.roles],
        "perspectives": [_perspective(model, each) for each in model.perspectives],
        "cultures": [_culture(model, each) for each in model.cultures],
        "expressions": [_parameter(at, each) for each in model.parameters],
        "annotations": [annotation(name, value) for name, value in model_annotations(model)],
    }


def model_annotations(model: Model) -> tuple[tuple[str, str], ...]:
    """No hidden date tables beside ours; the order of queries as the editor shows them."""
    queries = [parameter.name for parameter in model.parameters] + [table.name for table in model.tables]
    return (
        ("__PBI_TimeIntelligenceEnabled", "0"),
        ("PBI_QueryOrder", json.dumps(queries, separators=(",", ":"))),
    )


def annotation(name: str, value: str) -> Json:
    return {"name": name, "value": value}


def described(description: str) -> Json:
    return {"description": lines(description)} if description else {}


def lines(expression: str) -> str | list[str]:
    """One line is text, more are a list."""
    parts = expression.split("\n")
    return parts if len(parts) > 1 else expression


def _table(at: str, table: Table) -> Json:
    return {
        "name": table.name,
        **({"dataCategory": "Time"} if table.time else {}),
        **described(table.description),
        **({"isHidden": True} if table.hidden else {}),
        "lineageTag": lineage(at, "table", table.name),
        **({"refreshPolicy": _policy(table.refresh, table.source)} if table.refresh else {}),
        "columns": [_column(at, table, column) for column in table.columns],
        "partitions": [
            {"name": table.name, "mode": "import", "source": {"type": "m", "expression": lines(table.source)}}
        ],
        **_some("measures", [_measure(at, measure) for measure in table.measures]),
        **_some("hierarchies", [_hierarchy(at, table, each) for each in table.hierarchies]),
        "annotations": [annotation("PBI_ResultType", "Table")],
    }


def _some(name: str, items: list[Json]) -> Json:
    return {name: items} if items else {}


def _policy(refresh: RefreshPolicy, source: str) -> Json:
    return {
        "policyType": "basic",
        "rollingWindowGranularity": "year",
        "rollingWindowPeriods": refresh.rolling_years,
        "incrementalGranularity": "year",
        "incrementalPeriods": refresh.incremental_years,
        "sourceExpression": lines(source),
    }


def unattributed(table: Table, column: Column) -> bool:
    """Hidden, and neither a level nor what another column is sorted by: Excel needs no list of its values."""
    used = {each.sort_by for each in table.columns} | {level for each in table.hierarchies for level in each.levels}
    return column.hidden and column.name not in used


def _column(at: str, table: Table, column: Column) -> Json:
    return {
        "name": column.name,
        "dataType": column.data_type.value,
        **described(column.description),
        **({"isHidden": True} if column.hidden else {}),
        **({"isKey": True} if column.key else {}),
        **({"isAvailableInMdx": False} if unattributed(table, column) else {}),
        "sourceColumn": column.source,
        **({"sortByColumn": column.sort_by} if column.sort_by else {}),
        **({"formatString": column.format} if column.format else {}),
        **({"displayFolder": column.folder} if column.folder else {}),
        "lineageTag": lineage(at, "column", table.name, column.name),
        "summarizeBy": "none",
        "annotations": [annotation("SummarizationSetBy", "User")],
    }


def _measure(at: str, measure: Measure) -> Json:
    return {
        "name": measure.name,
        "expression": lines(measure.expression),
        **described(measure.description),
        **({"isHidden": True} if measure.hidden else {}),
        **({"formatString": measure.format} if measure.format else {}),
        **({"displayFolder": measure.folder} if measure.folder else {}),
        "lineageTag": lineage(at, "measure", measure.table, measure.name),
    }


def _hierarchy(at: str, table: Table, hierarchy: Hierarchy) -> Json:
    return {
        "name": hierarchy.name,
        **described(hierarchy.description),
        "lineageTag": lineage(at, "hierarchy", table.name, hierarchy.name),
        "levels": [
            {
                "name": level,
                "ordinal": ordinal,
                "column": level,
                "lineageTag": lineage(at, "level", table.name, hierarchy.name, level),
            }
            for ordinal, level in enumerate(hierarchy.levels)
        ],
    }


def relationship_name(at: str, each: Relationship) -> str:
    return lineage(at, "relationship", each.from_table, each.from_column, each.to_table, each.to_column)


def _relationship(at: str, each: Relationship) -> Json:
    return {
        "name": relationship_name(at, each),
        "fromTable": each.from_table,
        "fromColumn": each.from_column,
        "toTable": each.to_table,
        "toColumn": each.to_column,
    }


def _role(role: Role) -> Json:
    return {
        "name": role.name,
        **described(role.description),
        "modelPermission": "read",
        "tablePermissions": [{"name": table, "filterExpression": lines(dax)} for table, dax in role.filters],
    }


def kinds(table: Table) -> dict[str, str]:
    """Member of a table -> what it is."""
    return (
        {column.name: "column" for column in table.columns}
        | {hierarchy.name: "hierarchy" for hierarchy in table.hierarchies}
        | {measure.name: "measure" for measure in table.measures}
    )


def _perspective(model: Model, perspective: Perspective) -> Json:
    tables = []
    for name, members in perspective.members:
        kind = kinds(model.table(name))
        grouped: Json = {"name": name}
        for member in members:
            grouped.setdefault(PLURALS[kind[member]], []).append({"name": member})
        tables.append(grouped)
    return {"name": perspective.name, "tables": tables}


PLURALS = {"column": "columns", "hierarchy": "hierarchies", "measure": "measures"}


def _culture(model: Model, culture: Culture) -> Json:
    captions = {(table, member): caption for table, member, caption in culture.captions}
    folders = dict(culture.folders)
    tables = [_translated(table, captions, folders) for table in model.tables if not table.hidden]
    return {"name": culture.name, "translations": {"model": {"name": "Model", "tables": tables}}}


def _translated(table: Table, captions: dict[tuple[str, str | None], str], folders: dict[str, str]) -> Json:
    def said(members: Iterable[tuple[str, str | None]]) -> list[Json]:
        return [
            {
                "name": member,
                "translatedCaption": captions[table.name, member],
                **({"translatedDisplayFolder": folders[folder]} if folder in folders else {}),
            }
            for member, folder in members
            if (table.name, member) in captions
        ]

    hierarchies = [
        {**caption, "levels": said((level, None) for level in hierarchy.levels)}
        for hierarchy in table.hierarchies
        for caption in said([(hierarchy.name, None)])
    ]
    return {
        "name": table.name,
        "translatedCaption": captions[table.name, None],
        **_some("columns", said((column.name, column.folder) for column in table.columns)),
        **_some("measures", said((measure.name, measure.folder) for measure in table.measures)),
        **_some("hierarchies", hierarchies),
    }


def _parameter(at: str, parameter: Parameter) -> Json:
    return {
        "name": parameter.name,
        **described(parameter.description),
        "kind": "m",
        "expression": parameter_m(parameter),
        "lineageTag": lineage(at, "expression", parameter.name),
        "annotations": [annotation("PBI_ResultType", parameter.kind)],
    }


def parameter_m(parameter: Parameter) -> str:
    """The value with the mark that makes it a parameter which the template asks for."""
    mark = f'[IsParameterQuery=true, Type="{parameter.kind}", IsParameterQueryRequired=true]'
    return f"{parameter.value} meta {mark}"
