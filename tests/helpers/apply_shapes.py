"""What instances look like before any row is read: which properties are present, of which type, in which branch.

`shapes_after` follows a transformation sequence; a `concat`, a `rollup` and a grouping by what may be absent give
several shapes. From them come the type annotations and the select list of the context URL. Written from Aggregation
3.1.1 and URL Conventions 5.1.1; where these leave a choice, the choice of the service is taken: arithmetic on whole
numbers gives Int64, a quotient of whole numbers by `divby` Decimal, parts of dates and lengths Int32.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import product

from models.catalogue.types import View
from tests.helpers import apply_syntax as syntax
from tests.helpers.apply_instances import Paths, World, merged, tree_of
from tests.helpers.apply_syntax import Aggregate, Computed, Concat, GroupBy, Item, Rollup
from tests.helpers.odata_oracle import Expr

NUMBERS = ("Int32", "Int64", "Decimal", "Double")
"""In the order of promotion."""
KINDS = {"d": "Decimal", "f": "Double", "s": "String", "b": "Boolean", "day": "Date", "at": "DateTimeOffset"} | {
    "time": "TimeOfDay",
    "span": "Duration",
}
SUMS = {"Int32": "Int64", "Int64": "Decimal", "Decimal": "Decimal", "Double": "Double"}
AVERAGES = dict.fromkeys(("Int32", "Int64", "Decimal"), "Decimal") | {"Double": "Double"}
PERCENTILES = {"Int32": "Int64", "Int64": "Int64", "Decimal": "Decimal", "Double": "Double"}
METHODS: dict[str, Mapping[str, str] | str | None] = {
    "sum": SUMS,
    "average": AVERAGES,
    "CrisisMetrics.p50": PERCENTILES,
    "CrisisMetrics.p90": PERCENTILES,
    "countdistinct": "Decimal",
    "min": None,
    "max": None,
}
"""Type of the result: by the type of the values, always the same, or (None) theirs."""


@dataclass(frozen=True)
class Shape:
    """`whole`: an entity with all declared properties; `types` are the structural properties that are present, `made`
    those of them that an aggregate has given their name."""

    world: World = field(repr=False)
    view: View
    whole: bool
    types: Mapping[str, str]
    links: Mapping[str, Shape] = field(default_factory=dict)
    shown: Paths = field(default_factory=dict)
    made: frozenset[str] = frozenset()

    def link(self, name: str) -> Shape | None:
        """What a navigation property leads to, None where it is absent."""
        if not self.whole:
            return self.links.get(name)
        target = self.world.navigations(self.view).get(name)
        return None if target is None else entity_shape(self.world, target)

    def type_at(self, path: str) -> str | None:
        """Type of the property at a path, None where it is absent."""
        first, _, rest = path.partition("/")
        if not rest:
            return self.types.get(first)
        related = self.link(first)
        return None if related is None else related.type_at(rest)


def entity_shape(world: World, view: View) -> Shape:
    """An entity as it is stored."""
    return Shape(world, view, True, {column.name: column.edm.value.removeprefix("Edm.") for column in view.columns})


Shapes = tuple[Shape, ...]


def type_at(path: str, shapes: Shapes) -> str:
    """Type of a property that is present in at least one shape; of different numbers the widest. Raises KeyError."""
    found = {kind for shape in shapes if (kind := shape.type_at(path))}
    if not found:
        raise KeyError(path)
    return max(found, key=NUMBERS.index) if found <= set(NUMBERS) else found.pop()


def typed(expr: Expr, shapes: Shapes) -> str:
    """Type of an expression; the null literal has that of its kind."""
    if expr.name == "column":
        return type_at(expr.text, shapes)
    if expr.name == "literal":
        if expr.kind != "i":
            return KINDS[expr.kind]
        return "Int32" if expr.value is None or -(2**31) <= expr.value < 2**31 else "Int64"
    if expr.name in ("add", "sub", "mul", "div", "divby", "mod", "-"):
        return _arithmetic(expr.name, [typed(argument, shapes) for argument in expr.arguments])
    if expr.name in ("round", "floor", "ceiling"):
        return "Double" if typed(expr.arguments[0], shapes) == "Double" else "Decimal"
    return _RESULTS.get(expr.name, "Boolean")


_RESULTS = {
    **dict.fromkeys(("length", "indexof", "year", "month", "day", "hour", "minute", "second"), "Int32"),
    "totaloffsetminutes": "Int32",
    **dict.fromkeys(("fractionalseconds", "totalseconds"), "Decimal"),
    **dict.fromkeys(("substring", "tolower", "toupper", "trim", "concat"), "String"),
    **dict.fromkeys(("now", "mindatetime", "maxdatetime"), "DateTimeOffset"),
    "date": "Date",
    "time": "TimeOfDay",
}


def _arithmetic(name: str, types: list[str]) -> str:
    if "Duration" in types or (name == "sub" and types[0] == types[1] and types[0] in ("Date", "DateTimeOffset")):
        moved = [one for one in types if one in ("Date", "DateTimeOffset")]
        return moved[0] if len(moved) == 1 else "Duration"
    widest = max(types, key=NUMBERS.index)
    if widest in ("Int32", "Int64"):
        return "Decimal" if name == "divby" else "Int64"
    return widest


def method_type(item: Item, shapes: Shapes) -> str:
    """Type of an aggregated value."""
    if item.expr is None or item.method is None:
        return "Decimal"
    result, given = METHODS[item.method], typed(item.expr, shapes)
    if result is None:
        return given
    return result if isinstance(result, str) else result[given]


def shapes_after(sequence: syntax.Sequence, shapes: Shapes, scope: Shapes = ()) -> Shapes:
    """The shapes of what a sequence makes of instances of these shapes. `scope` are all shapes at that point, where
    these are only some of them: what is absent here has its type from there."""
    for step in sequence:
        shapes, scope = _after(step, shapes, scope or shapes), scope and _after(step, scope, scope)
    return shapes


def _after(step: syntax.Step, shapes: Shapes, scope: Shapes) -> Shapes:
    if isinstance(step, Aggregate):
        types = {item.alias: method_type(item, scope) for item in step.items}
        return (Shape(shapes[0].world, shapes[0].view, False, types, made=frozenset(types)),)
    if isinstance(step, Concat):
        return tuple(shape for branch in step.branches for shape in shapes_after(branch, shapes, scope))
    if isinstance(step, GroupBy):
        return _grouped(step, shapes, scope)
    if isinstance(step, syntax.Compute):
        return with_computed(step.items, shapes, scope)
    return shapes


def with_computed(items: tuple[Computed, ...], shapes: Shapes, scope: Shapes = ()) -> Shapes:
    """The shapes with the aliases of a compute."""
    for item in items:
        kind = typed(item.expr, scope or shapes)
        scope = scope and _with(item.alias, kind, scope)
        shapes = _with(item.alias, kind, shapes)
    return shapes


def _with(alias: str, kind: str, shapes: Shapes) -> Shapes:
    return tuple(replace(shape, types={**shape.types, alias: kind}) for shape in shapes)


def groupings(elements: tuple[str | Rollup, ...]) -> list[tuple[str, ...]]:
    """The lists of paths that a grouping stands for, rollups expanded from the left (Aggregation 3.2.3.2)."""
    levels = [
        [element.levels[:depth] for depth in range(len(element.levels), 0, -1)]
        if isinstance(element, Rollup)
        else [(element,)]
        for element in elements
    ]
    return [tuple(path for part in choice for path in part) for choice in product(*levels)]


def _grouped(step: GroupBy, shapes: Shapes, scope: Shapes) -> Shapes:
    found: list[Shape] = []
    for paths in groupings(step.elements):
        alike: dict[str, tuple[Shape, list[Shape]]] = {}
        for shape in shapes:
            kept = _projected(shape, tree_of(paths))
            alike.setdefault(repr(_structure(kept)), (kept, []))[1].append(shape)
        for first, members in alike.values():
            kept = _widest(replace(first, made=_made(first, members)), shapes)
            if step.then is None:
                found.append(kept)
            else:
                found.extend(map(partial(_injected, kept), shapes_after(step.then, tuple(members), scope)))
    return tuple(found)


def _widest(kept: Shape, shapes: Shapes, above: str = "") -> Shape:
    """The types that the properties have over all shapes: concat has made the numbers of a name alike."""
    types = {name: type_at(f"{above}{name}", shapes) for name in kept.types}
    links = {name: _widest(link, shapes, f"{above}{name}/") for name, link in kept.links.items()}
    return replace(kept, types=types, links=links)


def _made(kept: Shape, members: list[Shape]) -> frozenset[str]:
    return frozenset(name for member in members for name in member.made if name in kept.types)


def _projected(shape: Shape, tree: Paths) -> Shape:
    """Only the grouping properties, as far as they are present."""
    types = {name: shape.types[name] for name, below in tree.items() if not below and name in shape.types}
    links = {name: _projected(link, below) for name, below in tree.items() if below and (link := shape.link(name))}
    shown = {name: _structure(link) for name, link in links.items()}
    return Shape(shape.world, shape.view, False, types, links, shown, shape.made & {*types})


def _injected(kept: Shape, shape: Shape) -> Shape:
    """`shape` with the grouping properties put in; a whole entity has them already, and gets them expanded."""
    shown = merged(shape.shown, kept.shown)
    if shape.whole:
        return replace(shape, shown=shown)
    links = {**shape.links}
    for name, link in kept.links.items():
        links[name] = _injected(link, links[name]) if name in links else link
    return replace(shape, types={**kept.types, **shape.types}, links=links, shown=shown, made=kept.made | shape.made)


def _structure(shape: Shape) -> Paths:
    """The names that are present and written: structural properties and expanded navigation."""
    return {**{name: {} for name in shape.types}, **shape.shown}
