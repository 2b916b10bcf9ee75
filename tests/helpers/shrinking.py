"""A query or rows that show a difference -> smaller ones that still show it, part by part, until nothing can go.

Works on any tree of frozen dataclasses and tuples: parts of tuples go, optional fields become None, an expression gives
way to one of its arguments. What makes no sense any more does not show the difference and is not taken.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar

from tests.helpers.apply_syntax import Concat, GroupBy, Query, Step
from tests.helpers.odata_oracle import Expr

Tree = TypeVar("Tree")
MOST_TRIES = 2_000


def smaller(tree: Any) -> Iterator[Any]:
    """Trees with one thing less, the larger cuts first."""
    if isinstance(tree, tuple):
        yield from _shorter(tree)
        return
    if isinstance(tree, Expr):
        yield from tree.arguments
        for argument in smaller(tree.arguments) if tree.name != "literal" else ():
            if len(argument) == len(tree.arguments):
                yield replace(tree, arguments=argument)
        return
    if not is_dataclass(tree) or isinstance(tree, type):
        return
    for one in fields(tree):
        value = getattr(tree, one.name)
        if isinstance(tree, Query) and value and one.name not in ("view", "apply"):
            yield replace(tree, **{one.name: () if isinstance(value, tuple) and one.name != "select" else None})
        for less in smaller(value):
            if less != () or one.name in ("compute", "expand", "orderby"):
                yield replace(tree, **{one.name: less})


def _shorter(tree: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
    for place, part in enumerate(tree):
        yield (*tree[:place], *tree[place + 1 :])
        if isinstance(part, Concat | GroupBy):
            inner: tuple[tuple[Step, ...], ...] = part.branches if isinstance(part, Concat) else (part.then or (),)
            for branch in inner:
                yield (*tree[:place], *branch, *tree[place + 1 :])
        for less in smaller(part):
            yield (*tree[:place], less, *tree[place + 1 :])


def shrunk(tree: Tree, shows: Callable[[Tree], bool]) -> Tree:
    """The smallest tree found that still shows it."""
    tries = 0
    found = True
    while found and tries < MOST_TRIES:
        found = False
        for candidate in smaller(tree):
            tries += 1
            if shows(candidate):
                tree, found = candidate, True
                break
            if tries >= MOST_TRIES:
                break
    return tree


def fewer_rows(rows: dict[str, list[Any]], shows: Callable[[dict[str, list[Any]]], bool]) -> dict[str, list[Any]]:
    """Rows without those that do not matter, one at a time."""
    for view, found in rows.items():
        for row in found:
            candidate = {**rows, view: [other for other in rows[view] if other is not row]}
            if shows(candidate):
                rows = candidate
    return rows
