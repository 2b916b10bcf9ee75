"""Rows of a catalogue -> the instances that a caller may see, linked along to-one navigation; the oracle's data.

An instance holds what is present: a property that was aggregated away is absent, which is not null. `links` are the
navigation properties that can be followed; `shown` are those that a grouping expands by default, with the part of
the related instance that the grouping names.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from models.catalogue.types import Catalogue, Scope, View

Identity = tuple[str, tuple[Any, ...]]
Paths = dict[str, "Paths"]
"""Names below a navigation property, and what lies below those: `{"Label": {}, "Region": {"Name": {}}}`."""


@dataclass(frozen=True)
class Instance:
    """`identity` is the entity's view and key, None for one that an aggregation made."""

    values: Mapping[str, Any] = field(default_factory=dict)
    links: Mapping[str, Instance | None] = field(default_factory=dict)
    shown: Mapping[str, Paths] = field(default_factory=dict)
    identity: Identity | None = None

    def get(self, path: str) -> Any:
        """The value at a path, as an expression sees it: null where something on the way is null or absent."""
        first, _, rest = path.partition("/")
        if not rest:
            return self.values.get(first)
        related = self.links.get(first)
        return None if related is None else related.get(rest)

    def has(self, name: str) -> bool:
        """Whether the property, structural or navigation, is present."""
        return name in self.values or name in self.links

    def with_values(self, values: Mapping[str, Any]) -> Instance:
        """The same instance with further values."""
        return replace(self, values={**self.values, **values})

    @cached_property
    def sameness(self) -> Any:
        """Equal for instances that are the same (Aggregation 3.1.2): one entity, or equal structure and values."""
        if self.identity is not None:
            return self.identity
        links = ((name, related and related.sameness) for name, related in self.links.items())
        return (frozenset(self.values.items()), frozenset(links))


@dataclass(frozen=True)
class Links(Mapping[str, "Instance | None"]):
    """Navigation properties of an entity, followed when they are asked for: a model may lead in circles."""

    names: tuple[str, ...]
    follow: Callable[[str], Instance | None]

    def __getitem__(self, name: str) -> Instance | None:
        if name not in self.names:
            raise KeyError(name)
        return self.follow(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def __len__(self) -> int:
        return len(self.names)


@dataclass(frozen=True)
class World:
    """All rows of a catalogue's views (dicts by column name), and who looks at them."""

    catalogue: Catalogue
    rows: Mapping[str, list[dict[str, Any]]]
    role: str = "analyst"
    areas: frozenset[str] | None = None
    teams: frozenset[str] | None = None

    def may_read(self, view: View) -> bool:
        """Whether the view exists for the caller: by role, and a restriction that cannot be applied hides it."""
        closed = view.scope is Scope.CLOSED
        unscoped = closed and ((self.areas is not None and not view.area) or (self.teams is not None and not view.team))
        return self.role in view.roles and not unscoped

    def is_visible(self, view: View, row: Mapping[str, Any]) -> bool:
        """Whether the row lies in the caller's areas and teams."""
        pairs = ((view.area, self.areas), (view.team, self.teams))
        return all(row[column] in allowed for column, allowed in pairs if column and allowed is not None)

    def navigations(self, view: View) -> dict[str, View]:
        """Navigation properties that exist for the caller, with their targets."""
        targets = self.catalogue.views
        return {nav.name: targets[nav.target] for nav in view.navigations if self.may_read(targets[nav.target])}

    def entities(self, name: str) -> list[Instance]:
        """The entity set in the order in which it is stored."""
        view = self.catalogue.views[name]
        rows = [row for row in self.rows.get(name, ()) if self.is_visible(view, row)]
        rows.sort(key=lambda row: tuple(row[column] for column in view.order))
        return [self._entity(view, row) for row in rows]

    def _entity(self, view: View, row: Mapping[str, Any]) -> Instance:
        values = {column.name: row.get(column.name) for column in view.columns}
        key = tuple(row[name] for name in view.key)
        visible = self.navigations(view)
        columns = {nav.name: nav.columns for nav in view.navigations if nav.name in visible}

        def follow(name: str) -> Instance | None:
            return self._related(visible[name], tuple(row.get(column) for column in columns[name]))

        return Instance(values, Links(tuple(columns), follow), identity=(view.name, key))

    def _related(self, view: View, key: tuple[Any, ...]) -> Instance | None:
        """The row of that key, None where there is none or the caller may not see it."""
        row = self._by_key[view.name].get(key)
        return None if row is None or not self.is_visible(view, row) else self._entity(view, row)

    @cached_property
    def _by_key(self) -> dict[str, dict[tuple[Any, ...], dict[str, Any]]]:
        return {
            name: {tuple(row[column] for column in view.key): row for row in self.rows.get(name, ())}
            for name, view in self.catalogue.views.items()
        }


def merged(*trees: Paths) -> Paths:
    """The names of all trees in one."""
    found: Paths = {}
    for tree in trees:
        for name, below in tree.items():
            found[name] = merged(found.get(name, {}), below)
    return found


def tree_of(paths: Iterable[str]) -> Paths:
    """`A/B`, `A/C` -> `{"A": {"B": {}, "C": {}}}`."""
    found: Paths = {}
    for path in paths:
        here = found
        for name in path.split("/"):
            here = here.setdefault(name, {})
    return found
