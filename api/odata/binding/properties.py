"""What names mean at one point of a query: columns, computed values, and what to-one navigation reaches.

Joins are asked for by path while expressions are bound, and written as one FROM item when all are known. The columns
of a joined view are called by their path (`Area/AreaName`), so a path is a column like any other; `Area/` is true
where there is such a row. Rows that the caller may not see are not joined: the path leads to nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from api.odata.binding.bound import Constant, Member, Node, Stored
from api.odata.binding.rowscope import may_read, restrictions
from api.odata.binding.sql import Emitter
from api.odata.exchange import Caller
from api.odata.language.literals import Kind
from api.odata.language.query_syntax import Steps
from models.catalogue.types import Catalogue, Column, View
from models.snapshot.rowtext import quoted

MOST_JOINS = 16


@dataclass(frozen=True)
class Reader:
    """Who reads, and what is declared."""

    caller: Caller
    catalogue: Catalogue

    def navigations(self, view: View) -> dict[str, View]:
        """Target view by name of those navigation properties that exist for this caller."""
        views = self.catalogue.views
        found = {navigation.name: views[navigation.target] for navigation in view.navigations}
        return {name: target for name, target in found.items() if may_read(target, self.caller)}

    def scope(self, view: View) -> list[Node]:
        """The caller's row scope on a view, as conditions."""
        found: list[Node] = []
        for name, allowed in restrictions(view, self.caller):
            stored = stored_column(view.column(name))
            found.append(Member(stored, tuple(Constant(stored.kind, value) for value in allowed)))
        return found


def stored_column(column: Column, path: Steps = ()) -> Stored:
    """A column as a node; behind a path it may be null, because the path may lead to nothing."""
    name = "/".join((*path, column.name))
    return Stored(name, Kind(column.edm.value), column.nullable or bool(path), column.scale or 0)


class Joins:
    """The to-one joins of one query, in the order in which they were asked for."""

    def __init__(self, view: View, reader: Reader) -> None:
        self.view, self.reader = view, reader
        self._targets: dict[Steps, View] = {}

    def target(self, path: Steps) -> View | None:
        """The view that navigation properties lead to, joined from now on; None where there is no such path."""
        view = self.view
        for depth in range(1, len(path) + 1):
            found = self.reader.navigations(view).get(path[depth - 1])
            if found is None:
                return None
            view = self._targets.setdefault(path[:depth], found)
        return view

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self._targets)

    def source(self, emitter: Emitter) -> str:
        """The view's table with everything that is joined to it, as FROM text."""
        parts = [quoted(self.view.name)]
        for path, target in self._targets.items():
            before = self.view if len(path) == 1 else self._targets[path[:-1]]
            navigation = next(item for item in before.navigations if item.name == path[-1])
            columns = [f"TRUE AS {_name(path, '')}"]
            columns += [f"{quoted(column.name)} AS {_name(path, column.name)}" for column in target.columns]
            scope = self.reader.scope(target)
            where = f" WHERE {emitter.conjunction(scope)}" if scope else ""
            pairs = zip(navigation.columns, target.key, strict=True)
            on = " AND ".join(f"{_name(path, there)} = {_name(path[:-1], here)}" for here, there in pairs)
            parts.append(f"LEFT JOIN (SELECT {', '.join(columns)} FROM {quoted(target.name)}{where}) ON {on}")
        return " ".join(parts)


def _name(path: Steps, name: str) -> str:
    return quoted("/".join((*path, name)))


class Properties:
    """The names of one point of a query. `weights` say how many nodes a computed value stands for; `path` leads to the
    related row whose names they are."""

    def __init__(
        self,
        view: View,
        values: Mapping[str, Node],
        joins: Joins | None = None,
        weights: Mapping[str, int] | None = None,
        path: Steps = (),
    ) -> None:
        """`values` by path text; `joins` None where the rows are no entities any more."""
        self.view, self.values, self.joins = view, values, joins
        self.weights, self.path = weights or {}, path

    @classmethod
    def below(cls, joins: Joins, path: Steps, target: View) -> Properties:
        """The names of a related row."""
        values: dict[str, Node] = {column.name: stored_column(column, path) for column in target.columns}
        return cls(target, values, joins, path=path)

    def with_values(self, values: Mapping[str, Node], weights: Mapping[str, int]) -> Properties:
        """With computed values beside what is known."""
        return Properties(self.view, {**self.values, **values}, self.joins, {**self.weights, **weights}, self.path)

    def value(self, path: Steps) -> Node | None:
        """What a path stands for; None where there is no such property, or not for this caller."""
        text = "/".join(path)
        if text in self.values:
            return self.values[text]
        target = self.target(path[:-1]) if len(path) > 1 else None
        if target is None or not target.has(path[-1]):
            return None
        return stored_column(target.column(path[-1]), (*self.path, *path[:-1]))

    def target(self, path: Steps) -> View | None:
        """The view that a path of navigation properties leads to."""
        return self.joins.target((*self.path, *path)) if self.joins is not None and path else None

    def presence(self, path: Steps) -> Stored:
        """True where the path leads to a row, else null."""
        return Stored("/".join((*self.path, *path, "")), Kind.BOOLEAN, True)

    def names(self) -> tuple[str, ...]:
        """Every name that may be written first, for hints."""
        navigations = self.joins.reader.navigations(self.view) if self.joins is not None else {}
        return (*self.values, *navigations)


def of_view(view: View, joins: Joins) -> Properties:
    """The names of a view's rows."""
    values: dict[str, Node] = {column.name: stored_column(column) for column in view.columns}
    return Properties(view, values, joins)
