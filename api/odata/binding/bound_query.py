"""What the binder hands on: a query whose names, types and rights are settled, with its SQL conditions.

Frozen values; read by plan, fetch, paging, service and the exports.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from api.odata.binding.shapes import Listed, Shape
from models.catalogue.types import Column, Edm, View
from models.snapshot.rowtext import quoted


@dataclass(frozen=True)
class OrderTerm:
    """One term of the order. `sql` yields values of `edm` (times of day and durations as Int64 microseconds)."""

    sql: str
    edm: Edm
    descending: bool = False
    nullable: bool = True

    @property
    def clause(self) -> str:
        """For ORDER BY: null is the lowest value, in both directions."""
        return f"({self.sql}) DESC NULLS LAST" if self.descending else f"({self.sql}) ASC NULLS FIRST"


Bound = str | int | date | datetime | Decimal | float | bool


@dataclass(frozen=True)
class Range:
    """A filter that is only an interval of the leading order column; None is open. Values as Python has them."""

    column: str
    low: Bound | None = None
    high: Bound | None = None
    low_inclusive: bool = True
    high_inclusive: bool = True


@dataclass(frozen=True)
class BoundQuery:
    """`source` is what the rows are read from, as FROM text: the view's table, with what is joined to it, or what
    `$apply` makes of it (`derived`). Where `shapes` has something, rows are written by it; else they are `columns`, in
    view order, key columns always among them. SQL takes `parameters` as $1..$n. `listed` is the select list of the
    context URL. `shape` is the query without any value: equal shapes have equal SQL."""

    view: View
    columns: tuple[Column, ...]
    all_columns: bool
    where: str | None
    order: tuple[OrderTerm, ...]
    parameters: tuple[object, ...]
    top: int | None
    skip: int
    count: bool
    shape: str
    scoped: bool
    range: Range | None = None
    source: str = ""
    derived: bool = False
    shapes: tuple[Shape, ...] = ()
    listed: tuple[Listed, ...] = ()

    @property
    def table(self) -> str:
        """FROM text."""
        return self.source or quoted(self.view.name)
