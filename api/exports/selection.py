"""A bound query -> the SQL of all its rows at once, and what a file needs to know about them. Pure text.

No paging: an export is one answer from one snapshot. Used by the writers; `answer` puts it together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from api.odata.binder import BoundQuery
from api.odata.plan import ordered
from models.catalogue.types import Column, View
from models.snapshot.reader import Cursor
from models.snapshot.rowtext import quoted


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

    @property
    def columns(self) -> tuple[Column, ...]:
        """The columns wanted, in order."""
        return self.bound.columns

    @property
    def parameters(self) -> tuple[object, ...]:
        """What `sql` refers to by number."""
        return self.bound.parameters

    def sql(self, wanted: Sequence[str]) -> str:
        """SELECT of the expressions `wanted`, in the order of the query."""
        bound = self.bound
        where = f" WHERE {bound.where}" if bound.where is not None else ""
        order = ordered(bound.order)
        return f"SELECT {', '.join(wanted)} FROM {quoted(bound.view.name)}{where} ORDER BY {order} {self._stretch()}"

    def _stretch(self) -> str:
        limit = "" if self.bound.top is None else f"LIMIT {self.bound.top} "
        return f"{limit}OFFSET {self.bound.skip}" if self.bound.skip else limit
