"""Cells -> values, by the evaluator of DAX among the judges, over the rows that the live service gave.

One question for all cells, so that the evaluator is started once. Called by the writer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from powerbi.model import bim
from powerbi.model.words import Model
from tests.powerbi_check.installing import ask
from tests.powerbi_check.pictures.expressions import Field
from tests.powerbi_check.pictures.grids import Cell

READER = "reader"
"""A person whom no role restricts."""


@dataclass
class Evaluator:
    """Answers cells; `errors` collects what the evaluator could not work out, by measure: blank would hide it."""

    model: Model
    rows: Path
    now: datetime
    errors: dict[str, str] = field(default_factory=dict)

    def __call__(self, cells: Sequence[Cell]) -> list[Mapping[Field, Any]]:
        """The measures of every cell. Raises Missing when the evaluator cannot be called."""
        moment = self.now.isoformat(timespec="seconds")
        question = {
            "document": bim.document(self.model),
            "rows": str(self.rows),
            "now": moment,
            "people": {READER: (None, 0)},
            "members": [],
            "cases": [_case(cell, moment) for cell in cells],
        }
        values = ask("dax_run.py", question)["values"]
        return [
            {item: self._said(item, value) for item, value in zip(measures, found, strict=True)}
            for (measures, _), found in zip(cells, values, strict=True)
        ]

    def _said(self, item: Field, value: Any) -> Any:
        if isinstance(value, dict):
            self.errors[item.name] = str(value["error"])
            return None
        return value


def _case(cell: Cell, moment: str) -> dict[str, Any]:
    measures, context = cell
    filters = {f"{table}.{column}": values for (table, column), values in context.items()}
    return {"person": READER, "now": moment, "measures": [item.name for item in measures], "filters": filters}
