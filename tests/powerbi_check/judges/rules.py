"""The model rules of semantic-link-labs (Best Practice Analyzer) over Microsoft's object model, without the Service.

JSON in: `definition`, a folder of TMDL. JSON out: `rules`, how many there are; `broken`, which could not run and why;
`findings`, each with `severity`, `rule`, `object` and `format`. Rules about sizes or a live server find nothing here: a folder has none.
The rules are functions over the objects and a wrapper, of which `Offline` gives the part that they call.
"""

from __future__ import annotations

import importlib.util
import json
import re
import sys
import types
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import tabular


def main() -> None:
    """Load the model, run every rule on every object of its scope."""
    question = json.load(sys.stdin)
    tabular.start()
    from Microsoft.AnalysisServices import Tabular

    model = Tabular.TmdlSerializer.DeserializeDatabaseFromFolder(question["definition"]).Model
    offline = Offline(Tabular, model)
    rules = published_rules()
    broken: list[str] = []
    findings: list[dict[str, str]] = []
    for rule in rules:
        for scope in [rule["Scope"]] if isinstance(rule["Scope"], str) else rule["Scope"]:
            try:
                objects = offline.scopes()[scope]()
                hits = [described(each) for each in objects if rule["Expression"](each, offline)]
            except Exception as error:  # noqa: BLE001 a rule that cannot run is reported by name
                broken.append(f"{rule['Rule Name']} on {scope}: {type(error).__name__}: {error}")
                continue
            findings += [{"severity": rule["Severity"], "rule": rule["Rule Name"], **hit} for hit in hits]
    tabular.finish({"rules": len(rules), "broken": broken, "findings": findings})


def described(thing: Any) -> dict[str, str]:
    """An object by its place, and its format string where it has one."""
    return {"object": called(thing), "format": getattr(thing, "FormatString", None) or ""}


def called(thing: Any) -> str:
    """An object by its place: `Dates[Year]`, a relationship by its ends."""
    kind = str(thing.ObjectType)
    if kind == "Relationship":
        return f"{thing.FromTable.Name}[{thing.FromColumn.Name}] -> {thing.ToTable.Name}[{thing.ToColumn.Name}]"
    parent = getattr(getattr(thing, "Parent", None), "Name", "")
    return f"{parent}[{thing.Name}]" if kind in ("Column", "Measure", "Hierarchy") else f"{kind} {thing.Name}"


def published_rules() -> list[dict[str, Any]]:
    """The rules' module alone: the package around it asks for the Service as it is imported."""
    file = Path(importlib.util.find_spec("sempy").origin).parents[1] / "sempy_labs" / "_model_bpa_rules.py"
    utils = empty("sempy.fabric._client._utils", _init_analysis_services=lambda: None)
    client = empty("sempy.fabric._client", _utils=utils)
    empty("sempy", fabric=empty("sempy.fabric", _client=client))
    empty("sempy._utils")
    empty("sempy._utils._log", log=lambda function: function)
    spec = importlib.util.spec_from_file_location("published_rules", file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.model_bpa_rules().to_dict("records")


def empty(name: str, **attributes: Any) -> types.ModuleType:
    """A module that holds nothing but what the rules' module takes from it."""
    module = types.ModuleType(name)
    module.__path__ = []
    module.__dict__.update(attributes)
    sys.modules[name] = module
    return module


class Offline:
    """What the rules ask of the package's wrapper, answered from the model alone."""

    def __init__(self, tabular_model: Any, model: Any) -> None:
        self.types, self.model = tabular_model, model

    def scopes(self) -> dict[str, Callable[[], Iterable[Any]]]:
        """Words of the rules -> objects."""
        tables = list(self.model.Tables)
        columns = list(self.all_columns())
        groups = [table for table in tables if table.CalculationGroup is not None]
        return {
            "Model": lambda: [self.model],
            "Table": lambda: tables,
            "Calculated Table": lambda: [table for table in tables if self.is_calculated_table(table.Name)],
            "Calculation Group": lambda: groups,
            "Calculation Item": lambda: [item for group in groups for item in group.CalculationGroup.CalculationItems],
            "Column": lambda: columns,
            "Calculated Column": lambda: [each for each in columns if str(each.Type) == "Calculated"],
            "Calculated Table Column": lambda: [each for each in columns if str(each.Type) == "CalculatedTableColumn"],
            "Measure": self.all_measures,
            "Hierarchy": lambda: [each for table in tables for each in table.Hierarchies],
            "Partition": self.all_partitions,
            "Relationship": lambda: self.model.Relationships,
            "Role": lambda: self.model.Roles,
            "Row Level Security": self.all_rls,
            "Table Permission": self.all_rls,
            "Perspective": lambda: self.model.Perspectives,
            "Translation": lambda: self.model.Cultures,
            "Expression": lambda: self.model.Expressions,
            "Named Expression": lambda: self.model.Expressions,
            "Function": lambda: self.model.Functions,
        }

    def all_columns(self) -> Iterator[Any]:
        for table in self.model.Tables:
            yield from (column for column in table.Columns if str(column.Type) != "RowNumber")

    def all_measures(self) -> Iterator[Any]:
        return (measure for table in self.model.Tables for measure in table.Measures)

    def all_partitions(self) -> Iterator[Any]:
        return (partition for table in self.model.Tables for partition in table.Partitions)

    def all_rls(self) -> Iterator[Any]:
        return (permission for role in self.model.Roles for permission in role.TablePermissions)

    def is_direct_lake(self) -> bool:
        return False

    is_direct_lake_using_view = has_hybrid_table = is_direct_lake

    def get_direct_lake_sources(self) -> list[Any]:
        return []

    def row_count(self, object: Any) -> int:  # noqa: ARG002 the rules name it
        return 0

    cardinality = row_count

    def is_hybrid_table(self, table_name: str) -> bool:
        return len({str(partition.Mode) for partition in self.model.Tables[table_name].Partitions}) > 1

    def is_calculated_table(self, table_name: str) -> bool:
        return any(str(each.SourceType) == "Calculated" for each in self.model.Tables[table_name].Partitions)

    def is_field_parameter(self, table_name: str) -> bool:
        sources = (getattr(each.Source, "Expression", None) or "" for each in self.model.Tables[table_name].Partitions)
        return any("NAMEOF(" in source.upper() for source in sources)

    def used_in_relationships(self, object: Any) -> Iterator[Any]:
        whole = object.ObjectType == self.types.ObjectType.Table
        for each in self.model.Relationships:
            ends = (each.FromTable, each.ToTable) if whole else (each.FromColumn, each.ToColumn)
            if any(end.Equals(object) for end in ends):
                yield each

    def used_in_hierarchies(self, column: Any) -> Iterator[Any]:
        hierarchies = (each for table in self.model.Tables for each in table.Hierarchies)
        return (level for each in hierarchies for level in each.Levels if level.Column.Equals(column))

    def used_in_sort_by(self, column: Any) -> Iterator[Any]:
        beside = column.Parent.Columns
        return (each for each in beside if each.SortByColumn is not None and each.SortByColumn.Equals(column))

    def referenced_by(self, object: Any, **_: Any) -> list[Any]:
        said = ((each, expression_of(each)) for each in (*self.all_measures(), *self.all_rls()))
        return [each for each, text in said if f"[{object.Name}]" in text and not each.Equals(object)]

    def depends_on(self, object: Any, **_: Any) -> list[Any]:
        text = expression_of(object)
        return [each for each in (*self.all_measures(), *self.all_columns()) if f"[{each.Name}]" in text]

    def fully_qualified_measures(self, object: Any, **_: Any) -> list[Any]:
        text = expression_of(object)
        ways = ("'{0}'[{1}]", "{0}[{1}]")
        return [
            each for each in self.all_measures() if any(way.format(each.Parent.Name, each.Name) in text for way in ways)
        ]

    def unqualified_columns(self, object: Any, **_: Any) -> list[Any]:
        text = expression_of(object)
        measures = {each.Name for each in self.all_measures()}
        alone = ((each, rf"(?<![\w'])\[{re.escape(each.Name)}\]") for each in self.all_columns())
        return [each for each, pattern in alone if each.Name not in measures and re.search(pattern, text)]


def expression_of(thing: Any) -> str:
    """The DAX of a measure, a calculated column or a permission; else nothing."""
    return getattr(thing, "Expression", None) or getattr(thing, "FilterExpression", None) or ""


if __name__ == "__main__":
    main()
