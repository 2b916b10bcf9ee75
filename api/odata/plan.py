"""A bound query and a representation -> how to get its bytes. Pure; called by `service`, carried out by `fetch`.

Three ways through the rows:
    RUN      neighbours in key order: the whole view, or a range of its leading column
    WINDOWS  key order with a filter: looked at in stretches of `_row`, until the page is full
    SORTED   another order: DuckDB sorts, and goes on after the last order values
Two sources of bytes: slices of the row text, where they are the bytes wanted; else JSON made by DuckDB.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto

from api.odata.binding import objects, shapes
from api.odata.binding.bound_query import BoundQuery, OrderTerm
from api.odata.exchange import Limits
from api.odata.protocol.negotiation import Level, Representation
from models.catalogue.types import Edm
from models.snapshot.rowtext import ROW, quoted


class Walk(Enum):
    """How the rows of a page are found."""

    RUN = auto()
    WINDOWS = auto()
    SORTED = auto()


@dataclass(frozen=True)
class Plan:
    """`row_sql` is the SQL of a row's JSON, None where the row text has it. `order` is without what `_row` implies."""

    bound: BoundQuery
    walk: Walk
    order: tuple[OrderTerm, ...]
    row_sql: str | None
    page_size: int

    @property
    def table(self) -> str:
        """What the rows are read from, as FROM text."""
        return self.bound.table


def plan(bound: BoundQuery, form: Representation, limits: Limits, root: str) -> Plan:
    """Choose walk and source. `root` is the absolute public root."""
    order = bound.order if not _is_key_order(bound) else ()
    size = min(form.preferences.page_size or limits.page_size, limits.max_page_size)
    has_text = not bound.view.live and _is_row_text(bound, form)
    return Plan(bound, _walk(bound, order), order, None if has_text else _row_sql(bound, form, root), size)


def _row_sql(bound: BoundQuery, form: Representation, root: str) -> str:
    """SQL of a row's JSON."""
    if bound.shapes:
        return shapes.row(bound.shapes, bound.view, form, root)
    return objects.row(bound.view, bound.columns, form, root)


def _walk(bound: BoundQuery, order: tuple[OrderTerm, ...]) -> Walk:
    if order or bound.derived:
        return Walk.SORTED
    if bound.where is None:
        return Walk.RUN
    if bound.range is not None and not bound.view.live:
        return Walk.RUN
    # the caller's own $skip through a filter is a matter for DuckDB, and of the first page only
    return Walk.SORTED if bound.skip else Walk.WINDOWS


def _is_key_order(bound: BoundQuery) -> bool:
    """Whether the order asked for is the one in which rows are stored: ascending, along the leading columns."""
    if bound.derived:
        return not bound.order
    stored = [quoted(name) for name in bound.view.order[: len(bound.order)]]
    return [term.sql for term in bound.order] == stored and not any(term.descending for term in bound.order)


_CHANGES: tuple[tuple[Callable[[Representation], bool], Callable[[BoundQuery], bool]], ...] = (
    (lambda form: form.level is Level.FULL, lambda bound: bool(bound.columns)),
    (
        lambda form: form.numbers_as_text,
        lambda bound: any(column.edm in (Edm.INT64, Edm.DECIMAL) for column in bound.columns),
    ),
    (lambda form: form.preferences.omit_nulls, lambda bound: any(column.nullable for column in bound.columns)),
)
"""What a representation changes in a row's bytes, and for which columns it does."""


def _is_row_text(bound: BoundQuery, form: Representation) -> bool:
    if bound.shapes or not bound.all_columns:
        return False
    return not any(asked(form) and affects(bound) for asked, affects in _CHANGES)


def ordered(terms: tuple[OrderTerm, ...]) -> str:
    """ORDER BY text: nulls lowest, as OData has them, and `_row` last, so that the order is total."""
    return ", ".join((*(term.clause for term in terms), ROW))
