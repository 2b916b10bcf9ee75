"""Random requests on the star: `apply_query` is a transformation sequence with options behind it, `plain_query` an
entity set with $expand, $compute, $search and all other options.

`used` names everything that a query is made of, so that a test can tell what was never drawn.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass
from typing import Any

from tests.helpers import apply_syntax as syntax
from tests.helpers.apply_generator import Scope, computed, condition, ordering, sequence, targets, term
from tests.helpers.apply_instances import World
from tests.helpers.apply_shapes import entity_shape
from tests.helpers.apply_syntax import Computed, Expand, Item, Joined, Query
from tests.helpers.odata_literals import Dice
from tests.helpers.odata_oracle import Expr
from tests.helpers.star import CATALOGUE

VIEWS = (*["Events"] * 8, "Places", "Regions")


def _start(view: str) -> Scope:
    return Scope((entity_shape(World(CATALOGUE, {}), CATALOGUE.views[view]),))


def _sometimes(dice: Dice, of_ten: int) -> bool:
    return dice.upto(9) < of_ten


def _names(scope: Scope) -> list[str]:
    """What $select may name: properties, and navigation that a grouping shows."""
    return list(dict.fromkeys(name for shape in scope.shapes for name in (*shape.types, *shape.shown)))


def _selected(dice: Dice, names: list[str]) -> tuple[str, ...] | None:
    if not names or not _sometimes(dice, 3):
        return None
    return ("*",) if dice.upto(5) == 0 else tuple(dict.fromkeys(dice.pick(*names) for _ in range(1 + dice.upto(2))))


def _options(dice: Dice, scope: Scope, of_ten: int) -> dict[str, Any]:
    """$search to $top, each so many times in ten, over what `scope` has."""
    found: dict[str, Any] = {}
    if _sometimes(dice, of_ten):
        found["filter"] = condition(dice, scope)
    if _sometimes(dice, of_ten + 1):
        found["orderby"] = ordering(dice, scope)
    if _sometimes(dice, 2):
        found["skip"] = dice.upto(2)
    if _sometimes(dice, 3):
        found["top"] = dice.pick(0, 1, 2, 3, 4, 5, 6)
    return found | {"count": _sometimes(dice, 3)}


def apply_query(dice: Dice) -> Query:
    """A transformation sequence with options behind it."""
    view = dice.pick(*VIEWS)
    steps, scope = sequence(dice, _start(view), 1 + dice.upto(3), 3)
    options: dict[str, Any] = {}
    if _sometimes(dice, 1):
        options["compute"] = computed(dice, scope)
        scope = scope.after(syntax.Compute(options["compute"]))
    if _sometimes(dice, 1) and scope.searchable:
        options["search"] = term(dice)
    options |= _options(dice, scope, 2)
    return Query(view, steps, select=_selected(dice, _names(scope)), **options)


def _expand(dice: Dice, scope: Scope, depth: int) -> tuple[Expand, ...]:
    names = list(scope.shapes[0].world.navigations(scope.view))
    if not names:
        return ()
    if dice.upto(7) == 0:
        return (Expand("*"),)
    chosen = dict.fromkeys(dice.pick(*names) for _ in range(1 + dice.upto(1)))
    return tuple(_expanded(dice, name, scope, depth) for name in chosen)


def _expanded(dice: Dice, name: str, scope: Scope, depth: int) -> Expand:
    target = Scope(tuple(targets(scope.shapes, name)), 1, numbers=scope.numbers)
    compute: tuple[Computed, ...] = ()
    if _sometimes(dice, 2):
        compute = computed(dice, target)
        target = target.after(syntax.Compute(compute))
    expand = _expand(dice, target, depth - 1) if depth > 1 and _sometimes(dice, 4) else ()
    return Expand(name, _selected(dice, _names(target)), expand, compute)


def plain_query(dice: Dice) -> Query:
    """An entity set with $expand, $compute, $search and all other options."""
    view = dice.pick(*VIEWS)
    scope, options = _shaped(dice, _start(view))
    if _sometimes(dice, 3):
        options["search"] = term(dice)
    options |= _options(dice, scope, 4)
    return Query(view, select=_selected(dice, _names(scope)), **options)


def entity_query(dice: Dice) -> Query:
    """What one event may be asked for: $expand, $compute and $select."""
    scope, options = _shaped(dice, _start("Events"))
    return Query("Events", select=_selected(dice, _names(scope)), **options)


def count_query(dice: Dice) -> Query:
    """What `/$count` may be asked for: $apply, $search and $filter."""
    view, steps = dice.pick(*VIEWS), None
    scope = _start(view)
    if dice.upto(1):
        steps, scope = sequence(dice, scope, 1 + dice.upto(1), 2)
    search = term(dice) if scope.searchable and _sometimes(dice, 3) else None
    return Query(view, steps, search=search, filter=condition(dice, scope) if _sometimes(dice, 5) else None)


def _shaped(dice: Dice, scope: Scope) -> tuple[Scope, dict[str, Any]]:
    """$expand and $compute, and what rows have then."""
    options: dict[str, Any] = {}
    if _sometimes(dice, 5):
        options["expand"] = _expand(dice, scope, 3)
    if _sometimes(dice, 3):
        options["compute"] = computed(dice, scope)
        scope = scope.after(syntax.Compute(options["compute"]))
    return scope, options


def used(query: Query) -> list[str]:
    """Every transformation (`/filter`), method, option, operator and function of a query, to count what was drawn."""
    found = [name for name, _ in query.options()]
    _collect(query, found)
    return found


def expressions(node: Any) -> Iterator[Expr]:
    """Every expression in a query."""
    if isinstance(node, Expr):
        yield node
    elif isinstance(node, tuple):
        for part in node:
            yield from expressions(part)
    elif is_dataclass(node):
        for one in fields(node):
            yield from expressions(getattr(node, one.name))


def _collect(node: Any, found: list[str]) -> None:
    if isinstance(node, Expr):
        found.extend(node.names())
        found.extend(["path"] * ("/" in node.text and node.name == "column"))
        return
    if isinstance(node, tuple):
        for part in node:
            _collect(part, found)
    if not is_dataclass(node):
        return
    name = _NAMES.get(type(node), lambda one: type(one).__name__.lower())(node)
    found.append(f"/{name}" if isinstance(node, syntax.Step) else name)
    for name in (one.name for one in fields(node)):
        _collect(getattr(node, name), found)


_NAMES: dict[type, Callable[[Any], str]] = {
    syntax.Extremes: lambda step: step.name,
    syntax.Cut: lambda step: step.name,
    Item: lambda item: item.method or ("path/$count" if item.path else "rows/$count"),
    Joined: lambda node: node.word or "blank",
    Expand: lambda node: "expand *" if node.name == "*" else "expand",
    Query: lambda query: query.view,
}


def depth_of(query: Query) -> int:
    """Transformations one after the other, with the longest way through branches and groups."""
    return _depth(query.apply or ())


def _depth(steps: syntax.Sequence) -> int:
    return sum(1 + max(map(_depth, _inner(step)), default=0) for step in steps)


def _inner(step: syntax.Step) -> tuple[syntax.Sequence, ...]:
    if isinstance(step, syntax.Concat):
        return step.branches
    return (step.then or (),) if isinstance(step, syntax.GroupBy) else ()
