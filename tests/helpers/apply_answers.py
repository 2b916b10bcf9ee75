"""A query and the rows -> the answer that OData JSON 4.01 wants: names, values, types, count, select list.

The options come in the order of the protocol (11.2.1): $apply, $compute, $search, $filter, $count, $orderby, $skip,
$top, then $expand and $select. Choices of the service: `$select` on entities always brings the key; a computed property
is in the answer unless `$select` leaves it out; a property is annotated with its type when it is dynamic, not null, and
the JSON does not tell the type (4.6.3).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tests.helpers.apply_instances import Instance, Paths, World, merged
from tests.helpers.apply_oracle import Evaluator, Instances
from tests.helpers.apply_shapes import (
    Shape,
    Shapes,
    common,
    entity_shape,
    shapes_after,
    structures,
    type_at,
    with_computed,
)
from tests.helpers.apply_syntax import Expand, Query


@dataclass(frozen=True)
class Leaf:
    """A primitive value and its type; `declared` when the reader knows the type from the model."""

    type: str
    value: Any
    declared: bool


Members = dict[str, "Leaf | Members | None"]


@dataclass(frozen=True)
class Expected:
    """`names` are the properties that all rows have, with those of expanded navigation below its name."""

    rows: list[Members]
    names: Paths
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
    names = common(
        [_written(shape, structure, query) for shape, structure in zip(shapes, structures(shapes), strict=True)]
    )
    rows = [_members(instance, shapes, query.select, query.expand, evaluator) for instance in found]
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


def _chosen(shape: Shape, select: tuple[str, ...] | None) -> set[str] | None:
    """Names that $select lets through; None is all."""
    if select is None or "*" in select:
        return None
    return {*select, *(shape.view.key if shape.whole else ())}


def _written(shape: Shape, structure: Paths, options: Query | Expand) -> Paths:
    """The names that a row of this shape has in the answer."""
    chosen = _chosen(shape, options.select)
    names = {name: below for name, below in structure.items() if chosen is None or name in chosen}
    return merged(names, {item.name: _below(shape, item) for item in _items(shape, options.expand)})


def _below(shape: Shape, item: Expand) -> Paths:
    target = shape.link(item.name)
    assert target is not None
    (target,) = with_computed(item.compute, (target,))
    return _written(target, structures((target,))[0], item)


def _items(shape: Shape, expand: Iterable[Expand]) -> list[Expand]:
    """The items of $expand, the star as one item for each navigation property that is not named."""
    named = [item for item in expand if item.name != "*"]
    if all(item.name != "*" for item in expand):
        return named
    star = next(item for item in expand if item.name == "*")
    others = sorted(set(shape.world.navigations(shape.view)) - {item.name for item in named})
    return [*named, *(Expand(name, star.select, star.expand, star.compute) for name in others)]


def _members(
    instance: Instance, shapes: Shapes, select: tuple[str, ...] | None, expand: tuple[Expand, ...], evaluator: Evaluator
) -> Members:
    """One row."""
    whole = instance.identity is not None
    chosen = None if select is None or "*" in select else {*select, *(shapes[0].view.key if whole else ())}
    row = _leaves(instance, shapes, [name for name in instance.values if chosen is None or name in chosen])
    for name, below in instance.shown.items():
        if chosen is None or name in chosen:
            row[name] = _part(instance.links.get(name), _links(shapes, name), below)
    for item in _items(shapes[0], expand):
        related, targets = instance.links.get(item.name), _links(shapes, item.name)
        if related is None:
            row[item.name] = None
            continue
        (related,) = evaluator.computed(item.compute, [related])
        row[item.name] = _members(related, with_computed(item.compute, targets), item.select, item.expand, evaluator)
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
        found[name] = Leaf(kind, instance.values[name], declared.get(name) == kind)
    return found
