"""What a drawer is given: one visual with its figures, the room for it and the ink to draw it with.

Called by the sheet, which draws the frame and the title first. Formats of values come from the model.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from powerbi.model.words import Column, DataType, Measure
from tests.powerbi_check.pictures import formats
from tests.powerbi_check.pictures.expressions import Field, Unread
from tests.powerbi_check.pictures.grids import City, Grid
from tests.powerbi_check.pictures.ink import Ink
from tests.powerbi_check.pictures.look import Look
from tests.powerbi_check.pictures.reading import Box, Page, Projection, Visual

NUMBERS = (DataType.WHOLE, DataType.DECIMAL)


@dataclass(frozen=True)
class Scene:
    """One visual about to be drawn into `body`. `pages` are those of the report, for navigators."""

    visual: Visual
    grid: Grid
    look: Look
    ink: Ink
    body: Box
    city: City
    page: Page
    pages: tuple[Page, ...]

    def within(self, body: Box) -> Scene:
        """The same with other room."""
        return replace(self, body=body)

    def of(self, name: str, projection: Projection | None = None) -> dict[str, Any]:
        """All properties of a formatting object."""
        return self.look.of(self.visual, name, projection.reference if projection else None)

    def declared(self, item: Field) -> Column | Measure:
        """The column or measure in the model. Raises Unread for what is not there."""
        table = next((table for table in self.city.model.tables if table.name == item.table), None)
        known: tuple[Column | Measure, ...] = ()
        if table is not None:
            known = table.measures if item.kind == "measure" else table.columns
        for each in known:
            if each.name == item.name:
                return each
        raise Unread(f"{item.table}[{item.name}] is not in the model")

    def shown(self, item: Field, value: Any, blank: str = "") -> str:
        """A value as this field shows it."""
        return formats.shown(value, self.declared(item).format, blank)

    def numeric(self, item: Field) -> bool:
        """Is it set to the right: numbers and moments?"""
        said = self.declared(item)
        return bool(said.format) if isinstance(said, Measure) else said.data_type in NUMBERS

    def dated(self, item: Field) -> bool:
        """Is it a moment, so that an axis runs through it?"""
        said = self.declared(item)
        return isinstance(said, Column) and said.data_type is DataType.DATE_TIME

    def ordered(self, item: Field, values: list[Any]) -> list[Any]:
        """Values of a column in the model's order."""
        return sorted(values, key=self.city.sort_key(item))

    def total(self, item: Field) -> Any:
        """A measure over all that the visual shows."""
        return self.grid.total.get(item)
