"""Cells -> values, by the evaluator of DAX among the judges, over the rows that the live service gave.

One question for all cells, so that the evaluator is started once and keeps what it knows. Called by the writer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from powerbi.model.words import Model
from tests.powerbi_check.installing import ask
from tests.powerbi_check.pictures.expressions import Field
from tests.powerbi_check.pictures.grids import Cell, City

FUNCTIONS = {
    "sum": "SUM",
    "average": "AVERAGE",
    "distinct count": "DISTINCTCOUNT",
    "minimum": "MIN",
    "maximum": "MAX",
    "count": "COUNT",
    "median": "MEDIAN",
}


@dataclass
class Evaluator:
    """Answers cells; `errors` collects what the evaluator could not work out, by measure: blank would hide it."""

    city: City
    errors: dict[str, str] = field(default_factory=dict)

    def __call__(self, cells: Sequence[Cell]) -> list[Mapping[Field, Any]]:
        """The measures of every cell. Raises Missing when the evaluator cannot be called."""
        question = _model(self.city.model, self.city) | {"cells": [_cell(cell) for cell in cells]}
        said = ask("measure_values.py", question)
        self.errors |= said["errors"]
        answers = said["answers"]
        return [dict(zip(measures, found, strict=True)) for (measures, _), found in zip(cells, answers, strict=True)]


def called(item: Field) -> str:
    """A measure's name; an aggregate gets one of its own."""
    return item.name if item.kind == "measure" else f"{item.kind} of {item.table}.{item.name}"


def _cell(cell: Cell) -> dict[str, Any]:
    measures, context = cell
    filters = [[table, column, values] for (table, column), values in context.items()]
    return {"measures": [called(item) for item in measures], "filters": filters}


def _model(model: Model, city: City) -> dict[str, Any]:
    measures = {each.name: {"table": each.table, "expression": each.expression} for each in model.measures()}
    for table in model.tables:
        for column in table.columns:
            for kind, function in FUNCTIONS.items():
                spelled = f"{function}('{table.name}'[{column.name}])"
                name = called(Field(kind, table.name, column.name))
                measures[name] = {"table": table.name, "expression": spelled}
    (time,) = (table for table in model.tables if table.time)
    return {
        "tables": {
            table.name: {
                "columns": {column.name: column.data_type.value for column in table.columns},
                "rows": [
                    {column.name: row.get(column.name) for column in table.columns}
                    for row in city.rows.get(table.name, ())
                ],
            }
            for table in model.tables
        },
        "relationships": [
            {
                "FromTable": link.from_table,
                "FromColumn": link.from_column,
                "ToTable": link.to_table,
                "ToColumn": link.to_column,
                "IsActive": 1,
            }
            for link in model.relationships
        ],
        "measures": measures,
        "date": [time.name, next(column.name for column in time.columns if column.key)],
        "now": city.now.isoformat(timespec="seconds").removesuffix("+00:00"),
    }
