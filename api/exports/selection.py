"""A bound query -> the SQL of all its rows at once, and what a file needs to know about them. Pure text.

No paging: an export is one answer from one snapshot. Used by the writers; `answer` puts it together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from api.exports.leaves import PLAIN, leaves
from api.odata.binding import shapes
from api.odata.binding.binder import BoundQuery
from api.odata.plan import ordered
from models.catalogue.types import Column, View
from models.snapshot.reader import Cursor
from models.snapshot.rowtext import ROW, quoted, row_object


@dataclass(frozen=True)
class About:
    """What a file says of itself; instants as ISO text in UTC."""

    version: str
    as_of: str
    synthetic: bool
    attribution: str


@dataclass(frozen=True)
class Selection:
    """The rows to write: call `sql` with what is wanted of each, run it on `cursor` with `parameters`.

    `rows` is how many they are, counted before."""

    bound: BoundQuery
    cursor: Cursor
    rows: int
    about: About

    @property
    def view(self) -> View:
        """The view that is exported."""
        return self.bound.view

    @cached_property
    def columns(self) -> tuple[Column, ...]:
        """The columns wanted, in order; those of computed and related values are called by their path."""
        if not self.bound.shapes:
            return self.bound.columns
        return tuple(column for column, _ in leaves(self.bound.shapes).values())

    @property
    def object_sql(self) -> str:
        """SQL of a row as the JSON object that OData answers with; goes to `sql` with `flat` false."""
        if not self.bound.shapes:
            return row_object(self.columns)
        return shapes.row(self.bound.shapes, self.view, PLAIN, "")

    @property
    def parameters(self) -> tuple[object, ...]:
        """What `sql` refers to by number."""
        return self.bound.parameters

    def sql(self, wanted: Sequence[str], *, flat: bool = True) -> str:
        """SELECT of the expressions `wanted`, over `columns` where `flat`, in the order of the query."""
        bound = self.bound
        where = f" WHERE {bound.where}" if bound.where is not None else ""
        rows = f"{bound.table}{where}"
        order = f"ORDER BY {ordered(bound.order)} {self._stretch()}"
        if not flat or not bound.shapes:
            return f"SELECT {', '.join(wanted)} FROM {rows} {order}"
        values = [f"{sql} AS {quoted(path)}" for path, (_, sql) in leaves(bound.shapes).items()]
        places = [replace(term, sql=quoted(f"/place/{number}")) for number, term in enumerate(bound.order)]
        values += [f"{term.sql} AS {place.sql}" for term, place in zip(bound.order, places, strict=True)]
        inner = f"SELECT {', '.join((*values, ROW))} FROM (SELECT * FROM {rows} {order})"
        return f"SELECT {', '.join(wanted)} FROM ({inner}) ORDER BY {ordered(tuple(places))}"

    def _stretch(self) -> str:
        limit = "" if self.bound.top is None else f"LIMIT {self.bound.top} "
        return f"{limit}OFFSET {self.bound.skip}" if self.bound.skip else limit
