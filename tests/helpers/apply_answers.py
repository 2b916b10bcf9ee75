"""A query and the rows -> the answer that OData JSON 4.01 wants: names, values, types, count, select list.

The options come in the order of the protocol (11.2.1): $apply, $compute, $search, $filter, $count, $orderby, $skip,
$top, then $expand and $select. Choices of the service: `$select` brings the key along on an entity set, not in $expand
and not after $apply; a computed property is in the answer unless `$select` leaves it out; a property is annotated with its type when it is dynamic, not null, and
the JSON does not tell the type (4.6.3).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from models.catalogue.types import View
from tests.helpers.apply_instances import Instance, Paths, World
from tests.helpers.apply_oracle import Evaluator, Instances
from tests.helpers.apply_shapes import (
    Shape,
    Shapes,
    entity_shape,
    shapes_after,
    type_at,
    with_computed,
)
from tests.helpers.apply_syntax import Expand, Query


@dataclass(frozen=True)
class Leaf:
    """A primitive value and its type. `declared`: the reader knows the type from the model; None: an aggregate took the
    name of a declared property, whose type it happens to have."""

    type: str
    value: Any
    declared: bool | None


Members = dict[str, "Leaf | Members | None"]


@dataclass(frozen=True)
class Names:
    """What instances have: structural properties, all `declared` ones among them or none named, and navigation."""

    own: frozenset[str]
    declared: frozenset[str]
    related: dict[str, Names]


@dataclass(frozen=True)
class Expected:
    """`names` are what all rows have."""

    rows: list[Members]
    names: Names
    count: int | None


def answer(query: Query, world: World, now: datetime) -> Expected:
    """What the service has to answer. Raises MayFail."""
    view = world.catalogue.views[query.view]
    evaluator = Evaluator(view, now)
    shapes: Shapes = (entity_shape(world, view),)
    found = world.entities(view.name)
    if query.apply is not None:
        found = evaluator.sequence(query.apply, found, shapes)
        shapes = shapes_after(query.apply, shapes)
    if query.compute:
        found = evaluator.computed(query.compute, found)
        shapes = with_computed(query.compute, shapes)
    found, count = _page(query, evaluator, found)
    names = _common([_written(shape, query) for shape in shapes])
    rows = [_members(instance, shapes, query, evaluator) for instance in found]
    return Expected(rows, names, count)


def _page(query: Query, evaluator: Evaluator, found: Instances) -> tuple[Instances, int | None]:
    """The rows that the options let through, and how many there were before $skip and $top."""
    if query.search is not None:
        found = evaluator.found(query.search, found)
    if query.filter is not None:
        found = evaluator.kept(query.filter, found)
    count = len(found) if query.count else None
    found = evaluator.ordered(query.orderby, found)[query.skip or 0 :]
    return (found if query.top is None else found[: query.top]), count


def _chosen(options: Query | Expand, view: View) -> set[str] | None:
    """Names that $select lets through; None is all. The key comes along where the rows are the entity set's own."""
    if options.select is None or "*" in options.select:
        return None
    return {*options.select, *(view.key if isinstance(options, Query) and options.apply is None else ())}


def _written(shape: Shape, options: Query | Expand) -> Names:
    """What a row of this shape has in the answer."""
    chosen = _chosen(options, shape.view)
    own = frozenset(name for name in shape.types if chosen is None or name in chosen)
    declared = (
        frozenset(column.name for column in shape.view.columns) if shape.whole and chosen is None else frozenset()
    )
    shown = {name: _part_names(below) for name, below in shape.shown.items() if chosen is None or name in chosen}
    return Names(own, declared, shown | {item.name: _below(shape, item) for item in _items(shape, options.expand)})


def _part_names(tree: Paths) -> Names:
    """Of a related instance the part that a grouping names."""
    own = frozenset(name for name, below in tree.items() if not below)
    return Names(own, frozenset(), {name: _part_names(below) for name, below in tree.items() if below})


def _below(shape: Shape, item: Expand) -> Names:
    target = shape.link(item.name)
    assert target is not None
    return _written(with_computed(item.compute, (target,))[0], item)


def _common(names: Sequence[Names]) -> Names:
    """What all have."""
    related = {
        name: _common([one.related[name] for one in names])
        for name in names[0].related
        if all(name in one.related for one in names)
    }
    declared = names[0].declared if all(one.declared for one in names) else frozenset[str]()
    return Names(frozenset.intersection(*(one.own for one in names)), declared, related)


def _items(shape: Shape, expand: Iterable[Expand]) -> list[Expand]:
    """The items of $expand, the star as one item for each navigation property that is not named."""
    named = [item for item in expand if item.name != "*"]
    if all(item.name != "*" for item in expand):
        return named
    star = next(item for item in expand if item.name == "*")
    others = sorted(set(shape.world.navigations(shape.view)) - {item.name for item in named})
    return [*named, *(Expand(name, star.select, star.expand, star.compute) for name in others)]


def _members(instance: Instance, shapes: Shapes, options: Query | Expand, evaluator: Evaluator) -> Members:
    """One row."""
    chosen = _chosen(options, shapes[0].view)
    row = _leaves(instance, shapes, [name for name in instance.values if chosen is None or name in chosen])
    for name, below in instance.shown.items():
        if chosen is None or name in chosen:
            row[name] = _part(instance.links.get(name), _links(shapes, name), below)
    for item in _items(shapes[0], options.expand):
        related, targets = instance.links.get(item.name), _links(shapes, item.name)
        if related is None:
            row[item.name] = None
            continue
        (related,) = evaluator.computed(item.compute, [related])
        row[item.name] = _members(related, with_computed(item.compute, targets), item, evaluator)
    return row


def _links(shapes: Shapes, name: str) -> Shapes:
    return tuple(link for shape in shapes if (link := shape.link(name)))


def _part(instance: Instance | None, shapes: Shapes, tree: Paths) -> Members | None:
    """The part of a related instance that a grouping expands."""
    if instance is None:
        return None
    row = _leaves(instance, shapes, [name for name, below in tree.items() if not below and name in instance.values])
    for name, below in tree.items():
        if below:
            row[name] = _part(instance.links.get(name), _links(shapes, name), below)
    return row


def _leaves(instance: Instance, shapes: Shapes, names: Iterable[str]) -> Members:
    view = shapes[0].view
    declared = entity_shape(shapes[0].world, view).types
    found: Members = {}
    for name in names:
        kind = type_at(name, shapes)
        is_made = any(name in shape.made for shape in shapes)
        found[name] = Leaf(kind, instance.values[name], declared.get(name) == kind and (None if is_made else True))
    return found
