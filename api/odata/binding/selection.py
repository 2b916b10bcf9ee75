"""$compute, $select and $expand -> what rows consist of: the columns wanted, or the shapes that write them.

A view's plain columns stay columns, because their bytes lie ready in the row text; computed values and related rows
make a shape. Called by binder.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from api.odata.binding import relations
from api.odata.binding.bound import Node
from api.odata.binding.expressions import Binding
from api.odata.binding.properties import MOST_JOINS, Joins, Properties, stored_column
from api.odata.binding.relations import Part, Relation
from api.odata.binding.shapes import Listed, Members, Related, Shape, Value
from api.odata.binding.sql import Emitter
from api.odata.language.literals import Kind
from api.odata.language.options import QueryOptions
from api.odata.language.query_syntax import ComputeItem, ExpandItem, NestedOptions, Steps
from api.odata.language.syntax import SelectItem
from models.catalogue.types import Column, View
from models.errors import LimitProblem, NameProblem, SyntaxProblem, Unsupported
from models.snapshot.rowtext import quoted

Computed = Mapping[str, Node]
"""Alias -> value of `$compute`, in order."""


@dataclass(frozen=True)
class Chosen:
    """`columns` as far as they are the view's own; `shapes` where rows need more than these."""

    columns: tuple[Column, ...]
    shapes: tuple[Shape, ...] = ()
    listed: tuple[Listed, ...] = ()


@dataclass
class _Wanted:
    """What a $select asks for. `everything`: it is absent or has a star."""

    everything: bool
    names: set[str] = field(default_factory=set)
    navigations: list[str] = field(default_factory=list)


def computed(items: Sequence[ComputeItem], binding: Binding, view: View) -> Computed:
    """Bind the items in order and make their aliases known to `binding`: later ones may use them."""
    found: dict[str, Node] = {}
    weights: dict[str, int] = {}
    for item in items:
        before = binding.budget.nodes
        node = binding.value(item.expression, "$compute")
        known = binding.properties
        if item.alias in known.names() or view.has(item.alias):
            hint = "Choose another name after 'as'."
            message = f"The name {item.alias!r} is taken."
            raise NameProblem(message, hint=hint, target="$compute", position=item.position)
        found[item.alias], weights[item.alias] = node, before - binding.budget.nodes
        binding.properties = known.with_values(found, weights)
    return found


def of_view(options: QueryOptions, binding: Binding, values: Computed, emitter: Emitter) -> Chosen:
    """The members of a view's rows."""
    view = binding.properties.view
    wanted = _wanted(options.select, binding, "$select")
    columns = _columns(view, wanted)
    kept = {name: node for name, node in values.items() if wanted.everything or name in wanted.names}
    related = expanded(options.expand, binding, (), emitter)
    items = () if wanted.everything else tuple(Listed(column.name) for column in columns)
    if wanted.everything and (kept or wanted.navigations):
        items = (Listed("*"),)
    items += (*map(Listed, kept), *map(Listed, wanted.navigations), *related.listed)
    if not kept and not related.members:
        return Chosen(columns, listed=items)
    members = (*_declared(columns, ()), *_dynamic(kept, emitter), *related.members)
    return Chosen(columns, (Shape(members, view),), items)


def of_relation(
    select: tuple[SelectItem, ...] | None, relation: Relation, binding: Binding, values: Computed, emitter: Emitter
) -> Chosen:
    """The members of the rows that `$apply` made: of every structure what was selected, without keys by default."""
    view = binding.properties.view
    wanted = _wanted(select, binding, "$select")
    parts = tuple(_narrowed(part, wanted) for part in relation.parts)
    kept = {name: node for name, node in values.items() if wanted.everything or name in wanted.names}
    more = _dynamic(kept, emitter)
    shapes = tuple(relations.shape(part, relation.fields, view) for part in parts)
    items = relations.listed(parts, view, selected=not wanted.everything)
    if kept:
        items = (*(items or (Listed("*"),)), *map(Listed, kept))
        items = tuple(item for item in items if item.name != "@Core.AnyStructure")
    return Chosen((), tuple(Shape((*shape.members, *more), shape.entity) for shape in shapes), items)


def _narrowed(part: Part, wanted: _Wanted) -> Part:
    if wanted.everything:
        return part
    return Part(tuple(path for path in part.paths if path.partition("/")[0] in wanted.names), part.whole)


def _wanted(items: tuple[SelectItem, ...] | None, binding: Binding, target: str) -> _Wanted:
    """The names of a $select, each known. Names of navigation properties are accepted: Power Query repeats in
    `$select` what it expands."""
    wanted = _Wanted(everything=items is None)
    binding.target = target
    known = binding.properties
    first_segments = {path.partition("/")[0] for path in known.values}
    for item in items or ():
        if item.feature is not None:
            message = f"This service does not offer {item.feature}."
            raise Unsupported(message, target=target, position=item.position)
        if item.name == "*":
            wanted.everything = True
        elif item.name in first_segments:
            wanted.names.add(item.name)
        elif known.target((item.name,)) is not None:
            wanted.navigations.append(item.name)
        else:
            binding.unknown_property((item.name,), item.position)
    return wanted


def _columns(view: View, wanted: _Wanted) -> tuple[Column, ...]:
    """The columns to return, in view order. Key columns always come: Power Query expects them."""
    if wanted.everything:
        return view.columns
    return tuple(column for column in view.columns if column.name in wanted.names or column.name in view.key)


def _declared(columns: Sequence[Column], path: Steps) -> Members:
    found = []
    for column in columns:
        stored = stored_column(column, path)
        found.append(Value(column.name, quoted(stored.name), stored.kind, declared=True))
    return tuple(found)


def _dynamic(values: Computed, emitter: Emitter) -> Members:
    return tuple(Value(name, _value(node, emitter), node.kind) for name, node in values.items())


def _value(node: Node, emitter: Emitter) -> str:
    """SQL of a computed value with the type that its kind has: literals come as DuckDB sees them."""
    if node.kind is Kind.NULL:
        return "NULL"
    return f"CAST({emitter.exact(node)} AS {relations.storage(node.kind, node.scale)})"


@dataclass(frozen=True)
class _Expanded:
    members: tuple[Related, ...] = ()
    listed: tuple[Listed, ...] = ()


def expanded(items: Sequence[ExpandItem], binding: Binding, path: Steps, emitter: Emitter) -> _Expanded:
    """The related rows of $expand at a path, each joined once."""
    joins = binding.properties.joins
    if not items or joins is None:
        return _Expanded()
    named = [item.name for item in items if item.name != "*"]
    known = joins.reader.navigations(binding.properties.view)
    members, names = list[Related](), list[Listed]()
    for item in items:
        _check(item, named)
        for name in [name for name in known if name not in named] if item.name == "*" else [item.name]:
            member, inside = _related(item, (*path, name), binding, joins, emitter)
            members.append(member)
            names.append(Listed(name, inside))
    return _Expanded(tuple(members), tuple(names))


def _check(item: ExpandItem, named: Sequence[str]) -> None:
    if item.feature is not None:
        raise Unsupported(f"This service does not offer {item.feature}.", target="$expand", position=item.position)
    if named.count(item.name) > 1:
        raise SyntaxProblem(f"{item.name} is expanded twice.", target="$expand", position=item.position)
    for feature, position in item.options.features:
        message = f"This service does not offer {feature} inside $expand: every navigation leads to one row."
        raise Unsupported(message, target="$expand", position=position)


def _related(
    item: ExpandItem, path: Steps, binding: Binding, joins: Joins, emitter: Emitter
) -> tuple[Related, tuple[Listed, ...]]:
    target = joins.target(path)
    if target is None:
        binding.target = "$expand"
        if binding.properties.view.has(item.name):
            message = f"{item.name} is a plain value and needs no $expand."
            raise NameProblem(message, target="$expand", position=item.position)
        binding.unknown_property((path[-1],), item.position)
    if joins.count > MOST_JOINS:
        raise LimitProblem(f"More than {MOST_JOINS} related rows.", target="$expand", position=item.position)
    nested, options = binding.at(Properties.below(joins, path, target)), item.options
    nested.aliases = {**binding.aliases, **options.aliases}
    return _inside(options, nested, path, target, emitter)


def _inside(
    options: NestedOptions, binding: Binding, path: Steps, target: View, emitter: Emitter
) -> tuple[Related, tuple[Listed, ...]]:
    """A related row with its nested options; exactly what is selected, without keys by default."""
    values = computed(options.compute, binding, target)
    wanted = _wanted(options.select, binding, "$expand")
    columns = tuple(column for column in target.columns if wanted.everything or column.name in wanted.names)
    kept = {name: node for name, node in values.items() if wanted.everything or name in wanted.names}
    deeper = expanded(options.expand, binding, path, emitter)
    members = (*_declared(columns, path), *_dynamic(kept, emitter), *deeper.members)
    prefix = "/".join((*path, ""))
    items = () if wanted.everything else tuple(Listed(column.name) for column in columns)
    items += (*map(Listed, kept), *map(Listed, wanted.navigations), *deeper.listed)
    if wanted.everything and (kept or wanted.navigations):
        items = (Listed("*"), *items)
    return Related(path[-1], quoted(prefix), members, (target, prefix)), items
