"""Random transformation sequences on the star, valid by construction: names, types and aliases are followed.

Not drawn, because the service takes another way than the letter of the standard (3.2.3.1): grouping by a path behind
navigation that some instances have without the rest of the path (after `concat` or `rollup`: the service takes it as
absent, s_G keeps an empty related instance); and, inside a group, the property that the group is made by where some
instances have lost it (the service still knows it or refuses the name, Pi_G puts it back only at the end).

The expressions are those of `odata_generator`, over what the rows have at that point (`Scope`). Used by
`query_generator`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from decimal import Decimal
from itertools import count
from typing import Any

from tests.helpers import apply_syntax as syntax
from tests.helpers.apply_shapes import (
    METHODS,
    NUMBERS,
    Shape,
    Shapes,
    method_type,
    shapes_after,
    type_at,
    typed,
)
from tests.helpers.apply_syntax import Computed, Item, Joined, Rollup, Term, Without, Words
from tests.helpers.odata_generator import Columns, grown
from tests.helpers.odata_literals import Dice
from tests.helpers.odata_oracle import Expr, column, literal

KIND_OF = {"Int32": "i", "Int64": "i", "Decimal": "d", "Double": "f", "String": "s", "Boolean": "b"} | {
    "Date": "day",
    "DateTimeOffset": "at",
    "TimeOfDay": "time",
    "Duration": "span",
}
NAVIGATED = ("Place", "Place/Region", "Parent", "Parent/Place", "Region")
WORDS = ("a", "A", "ab", "b", "b", "B", "é", "n 1", "%", "O'B", "q")
STRICT = ("or", "and", "eq", "ne", "gt", "ge", "lt", "le", "in")
"""Operators that have a value whatever null stands in them."""


@dataclass
class Scope:
    """What rows have at one point of a query. `taken` are the names that an alias may not have."""

    shapes: Shapes
    depth: int = 2
    taken: frozenset[str] = frozenset()
    numbers: Any = field(default_factory=count)

    @property
    def view(self) -> Any:
        return self.shapes[0].view

    def paths(self) -> list[str]:
        """Every structural property that an expression may name."""
        own = dict.fromkeys(name for shape in self.shapes for name in shape.types)
        found = list(own)
        for way in NAVIGATED:
            for target in targets(self.shapes, way):
                found.extend(f"{way}/{name}" for name in target.types)
        return [path for path in dict.fromkeys(found) if not path.endswith("SnapshotId") and not self._is_lost(path)]

    def _is_lost(self, path: str) -> bool:
        """Whether it is, or lies behind the navigation of, a property that a group outside is made by, and some
        instances have lost that."""
        first = path.partition("/")[0]
        outside = [grouping for grouping in self.taken if grouping.partition("/")[0] == first]
        return any(shape.type_at(grouping) is None for shape in self.shapes for grouping in outside)

    def groupable(self) -> list[str]:
        """Paths that a grouping may name: as far as a shape has the navigation, it has the whole path."""
        return [path for path in self.paths() if not any(_is_partial(shape, path) for shape in self.shapes)]

    def ways(self) -> list[str]:
        """Navigation paths."""
        return [way for way in NAVIGATED if targets(self.shapes, way) and not self._is_lost(way)]

    @property
    def searchable(self) -> bool:
        """Whether some row has a text that is searched."""
        names = {column.name for column in self.view.columns if column.searchable}
        return any(names & set(shape.types) for shape in self.shapes)

    def columns(self) -> Columns:
        """The paths by kind."""
        found: dict[str, list[str]] = {}
        for path in self.paths():
            found.setdefault(KIND_OF[type_at(path, self.shapes)], []).append(path)
        return tuple((kind, tuple(paths)) for kind, paths in found.items())

    def after(self, *steps: syntax.Step) -> Scope:
        """What the steps leave."""
        return Scope(shapes_after(steps, self.shapes), self.depth, self.taken, self.numbers)

    def alias(self) -> str:
        """A new name."""
        return f"X{next(self.numbers)}"


def _is_partial(shape: Shape, path: str) -> bool:
    first, _, rest = path.partition("/")
    link = shape.link(first) if rest else None
    return link is not None and link.type_at(rest) is None


def targets(shapes: Shapes, way: str) -> list[Shape]:
    found = list(shapes)
    for name in way.split("/"):
        found = [link for shape in found if (link := shape.link(name))]
    return found


def _expr(dice: Dice, kind: str, scope: Scope, depth: int | None = None) -> Expr:
    return grown(dice, kind, scope.depth if depth is None else depth, scope.columns())


def _typed_expr(dice: Dice, kinds: tuple[str, ...], scope: Scope) -> Expr:
    """An expression whose type shows: not one that is nothing but null. Often just a path."""
    path = _path(dice, scope, kinds)
    if path is not None and dice.upto(2):
        return path
    for _ in range(3):
        found = _expr(dice, dice.pick(*kinds), scope)
        if not _is_null(found):
            return found
    return literal("1", "i", 1)


def _is_null(expr: Expr) -> bool:
    """Whether it is null by itself, so that it has no type."""
    if expr.name == "literal":
        return expr.value is None
    return expr.name not in STRICT and any(map(_is_null, expr.arguments))


def _path(dice: Dice, scope: Scope, kinds: tuple[str, ...]) -> Expr | None:
    """A property of one of these kinds, rather an own one than one behind navigation."""
    columns = {kind: paths for kind, paths in scope.columns() if kind in kinds}
    if not columns:
        return None
    kind = dice.pick(*columns)
    own = [path for path in columns[kind] if "/" not in path]
    return column(dice.pick(*(own if own and dice.upto(2) else columns[kind])), kind)


def condition(dice: Dice, scope: Scope) -> Expr:
    """A condition, mostly one that some rows meet."""
    path = _path(dice, scope, tuple(KIND_OF.values()))
    pick = dice.upto(7)
    if path is not None and pick > 5:
        other = Expr(dice.pick("eq", "ne", "gt", "lt"), "b", (path, _expr(dice, path.kind, scope, 0)))
        return Expr(dice.pick("or", "or", "and"), "b", (other, condition(dice, scope)))
    if path is None or pick == 0:
        return _expr(dice, "b", scope)
    if pick == 1:
        return Expr("ne", "b", (path, literal("null", path.kind, None)))
    if pick == 2 and path.kind == "s":
        word = dice.pick("a", "b", "é", "")
        return Expr(dice.pick("contains", "startswith", "endswith"), "b", (path, literal(f"'{word}'", "s", word)))
    return Expr(dice.pick("eq", "ne", "ge", "le", "ge", "le"), "b", (path, _expr(dice, path.kind, scope, dice.upto(1))))


def term(dice: Dice, depth: int = 2) -> Term:
    pick = dice.upto(5)
    if pick < 2 or not depth:
        return Words(dice.pick(*WORDS))
    if pick == 2:
        return Without(term(dice, depth - 1))
    return Joined(dice.pick("AND", "OR", "OR", ""), tuple(term(dice, depth - 1) for _ in range(2 + dice.upto(1))))


def computed(dice: Dice, scope: Scope) -> tuple[Computed, ...]:
    found: list[Computed] = []
    for _ in range(1 + dice.upto(1)):
        found.append(Computed(_typed_expr(dice, tuple(KIND_OF.values()), scope), scope.alias()))
        scope = scope.after(syntax.Compute((found[-1],)))
    return tuple(found)


def ordering(dice: Dice, scope: Scope) -> tuple[tuple[Expr, bool], ...]:
    kinds = tuple(kind for kind, _ in scope.columns()) or ("i",)
    return tuple((_typed_expr(dice, (dice.pick(*kinds),), scope), bool(dice.upto(1))) for _ in range(1 + dice.upto(1)))


def _item(dice: Dice, scope: Scope) -> Item:
    pick = dice.upto(7)
    ways = scope.ways()
    if pick == 0 or not scope.paths():
        return Item(None, None, scope.alias())
    if pick == 1 and ways:
        return Item(None, None, scope.alias(), dice.pick(*ways))
    method = dice.pick(*METHODS)
    numeric = method not in ("min", "max", "countdistinct")
    expr = _typed_expr(dice, ("i", "i", "d", "f") if numeric else tuple(KIND_OF.values()), scope)
    if numeric and typed(expr, scope.shapes) not in NUMBERS:
        return Item(None, None, scope.alias())
    return _renamed(dice, Item(expr, method, scope.alias()), scope)


def _renamed(dice: Dice, item: Item, scope: Scope) -> Item:
    """Now and then with the name of the property itself: `Score with sum as Score` (OpenUI5)."""
    if dice.upto(3) or item.expr is None or item.expr.name != "column" or item.expr.text in scope.taken:
        return item
    types = {typed(item.expr, scope.shapes), method_type(item, scope.shapes)}
    fits = scope.view.has(item.expr.text) and (len(types) == 1 or types <= set(NUMBERS))
    return replace(item, alias=item.expr.text) if fits else item


def _aggregate(dice: Dice, scope: Scope) -> syntax.Step:
    items: dict[str, Item] = {}
    for _ in range(1 + dice.upto(2)):
        item = _item(dice, scope)
        items.setdefault(item.alias, item)
    return syntax.Aggregate(tuple(items.values()))


def _groupby(dice: Dice, scope: Scope, depth: int) -> syntax.Step:
    paths = scope.groupable()
    if not paths:
        return _aggregate(dice, scope)
    chosen = [dice.pick(*paths) for _ in range(1 + dice.upto(2))]
    chosen = list(dict.fromkeys(chosen))
    elements: tuple[str | Rollup, ...] = tuple(chosen)
    if len(chosen) > 1 and dice.upto(2) == 0:
        elements = (Rollup(tuple(chosen)),) if dice.upto(1) else (chosen[0], *_rolled(chosen[1:]))
    pick = dice.upto(5)
    if pick == 0:
        return syntax.GroupBy(elements)
    inner = Scope(scope.shapes, scope.depth, scope.taken | {*chosen}, scope.numbers)
    if pick < 4 or depth <= 1:
        return syntax.GroupBy(elements, (_aggregate(dice, inner),))
    return syntax.GroupBy(elements, sequence(dice, inner, 1 + dice.upto(1), depth - 1)[0])


def _rolled(paths: list[str]) -> tuple[str | Rollup, ...]:
    return (Rollup(tuple(paths)),) if len(paths) > 1 else tuple(paths)


def _concat(dice: Dice, scope: Scope, depth: int) -> syntax.Step:
    """Two or three branches; now and then the second repeats the first, so that names meet."""
    branches = [sequence(dice, scope, 1 + dice.upto(1), depth - 1)[0] for _ in range(2 + (dice.upto(4) == 0))]
    if dice.upto(3) == 0:
        branches[1] = (*branches[0], syntax.Cut("top", 1 + dice.upto(2)))
    return syntax.Concat(tuple(branches))


def _extremes(dice: Dice, scope: Scope) -> syntax.Step:
    what = dice.pick("count", "sum", "percent")
    name = dice.pick("top", "bottom") + what
    if what == "count":
        kinds = tuple(kind for kind, _ in scope.columns()) or ("i",)
        return syntax.Extremes(name, _whole(1 + dice.upto(3)), _typed_expr(dice, kinds, scope))
    value = _typed_expr(dice, ("i", "i", "d", "f"), scope)
    if typed(value, scope.shapes) not in NUMBERS:
        value = literal("1", "i", 1)
    if what == "sum":
        amount = _whole(dice.upto(13) - 4) if dice.upto(1) else _decimal(dice.pick("-2.5", "0.5", "3.1416", "10.5"))
    else:
        amount = _whole(1 + dice.upto(99)) if dice.upto(1) else _decimal(dice.pick("0.5", "12.5", "33.3", "99.9"))
    return syntax.Extremes(name, amount, value)


def _cut(dice: Dice) -> syntax.Step:
    return syntax.Cut("skip", dice.upto(2)) if dice.upto(1) else syntax.Cut("top", dice.pick(0, 1, 2, 3, 4, 5, 6))


def _whole(value: int) -> Expr:
    return literal(str(value), "i", value)


def _decimal(text: str) -> Expr:
    return literal(text, "d", Decimal(text))


def sequence(dice: Dice, scope: Scope, steps: int, depth: int) -> tuple[syntax.Sequence, Scope]:
    found: list[syntax.Step] = []
    for _ in range(steps):
        step = _STEPS[dice.pick(*_STEPS)](dice, scope, depth)
        found.append(step)
        scope = scope.after(step)
    return tuple(found), scope


_STEPS: dict[str, Callable[[Dice, Scope, int], syntax.Step]] = {
    "aggregate": lambda dice, scope, _: _aggregate(dice, scope),
    "groupby": _groupby,
    "groupby again": _groupby,  # the heart of it: as often as two others
    "filter": lambda dice, scope, _: syntax.Filter(condition(dice, scope)),
    "compute": lambda dice, scope, _: syntax.Compute(computed(dice, scope)),
    "concat": lambda dice, scope, depth: _concat(dice, scope, depth) if depth > 1 else syntax.Identity(),
    "extremes": lambda dice, scope, _: _extremes(dice, scope),
    "extremes again": lambda dice, scope, _: _extremes(dice, scope),
    "orderby": lambda dice, scope, _: syntax.OrderBy(ordering(dice, scope)),
    "cut": lambda dice, _scope, _depth: _cut(dice),
    "search": lambda dice, scope, _: syntax.Search(term(dice)) if scope.searchable else syntax.Identity(),
    "identity": lambda _dice, _scope, _depth: syntax.Identity(),
}
