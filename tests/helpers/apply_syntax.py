"""Trees of $apply, $search, $compute and $expand for the slow evaluator, and their OData text.

Own trees, not the engine's: the evaluator shares nothing with it. Expressions are those of `odata_oracle`; a property
or a path is a `column` whose text is the path (`Place/Region/Label`). Made by `apply_reader` from text and by
`apply_generator` at random.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.helpers.odata_oracle import Expr, write


@dataclass(frozen=True)
class Words:
    """A search word or phrase."""

    text: str


@dataclass(frozen=True)
class Without:
    """`NOT term`."""

    term: Term


@dataclass(frozen=True)
class Joined:
    """Terms joined by AND or OR; the blank between two terms is written as no word."""

    word: str
    terms: tuple[Term, ...]


Term = Words | Without | Joined


@dataclass(frozen=True)
class Computed:
    """`expression as Alias`."""

    expr: Expr
    alias: str


@dataclass(frozen=True)
class Item:
    """`expression with method as Alias`; without expression `path/$count as Alias`."""

    expr: Expr | None
    method: str | None
    alias: str
    path: str = ""


@dataclass(frozen=True)
class Aggregate:
    """`aggregate(...)`."""

    items: tuple[Item, ...]


@dataclass(frozen=True)
class Rollup:
    """`rollup(a,b)`, coarsest first."""

    levels: tuple[str, ...]


@dataclass(frozen=True)
class GroupBy:
    """`groupby((...),sequence)`; `then` None where none was given."""

    elements: tuple[str | Rollup, ...]
    then: Sequence | None = None


@dataclass(frozen=True)
class Concat:
    """`concat(sequence,sequence)`."""

    branches: tuple[Sequence, ...]


@dataclass(frozen=True)
class Filter:
    """`filter(condition)`."""

    condition: Expr


@dataclass(frozen=True)
class Search:
    """`search(term)`."""

    term: Term


@dataclass(frozen=True)
class Compute:
    """`compute(...)`."""

    items: tuple[Computed, ...]


@dataclass(frozen=True)
class OrderBy:
    """`orderby(...)`: (expression, descending) pairs."""

    items: tuple[tuple[Expr, bool], ...]


@dataclass(frozen=True)
class Cut:
    """`top(n)` or `skip(n)`."""

    name: str
    count: int


@dataclass(frozen=True)
class Extremes:
    """`topcount(amount,value)` and its five siblings."""

    name: str
    amount: Expr
    value: Expr


@dataclass(frozen=True)
class Identity:
    """`identity`."""


Step = Aggregate | GroupBy | Concat | Filter | Search | Compute | OrderBy | Cut | Extremes | Identity
Sequence = tuple[Step, ...]


@dataclass(frozen=True)
class Expand:
    """`Nav($compute=...;$select=...;$expand=...)`; the name `*` is every navigation property."""

    name: str
    select: tuple[str, ...] | None = None
    expand: tuple[Expand, ...] = ()
    compute: tuple[Computed, ...] = ()


@dataclass(frozen=True)
class Query:
    """A whole request on an entity set."""

    view: str
    apply: Sequence | None = None
    compute: tuple[Computed, ...] = ()
    search: Term | None = None
    filter: Expr | None = None
    count: bool = False
    orderby: tuple[tuple[Expr, bool], ...] = ()
    skip: int | None = None
    top: int | None = None
    select: tuple[str, ...] | None = None
    expand: tuple[Expand, ...] = ()
    preferences: dict[str, str] = field(default_factory=dict, compare=False)

    def options(self) -> list[tuple[str, str]]:
        """(name, decoded text) of every option that is given."""
        texts = {
            "apply": None if self.apply is None else sequence(self.apply),
            "compute": computed(self.compute) or None,
            "search": None if self.search is None else term(self.search),
            "filter": None if self.filter is None else bare(self.filter),
            "count": "true" if self.count else None,
            "orderby": ordering(self.orderby) or None,
            "skip": None if self.skip is None else str(self.skip),
            "top": None if self.top is None else str(self.top),
            "select": None if self.select is None else ",".join(self.select),
            "expand": ",".join(map(expanded, self.expand)) or None,
        }
        return [(f"${name}", text) for name, text in texts.items() if text is not None]


def bare(expr: Expr) -> str:
    """An expression without the brackets around the whole."""
    text = write(expr)
    return text[1:-1] if expr.name not in ("column", "literal", "not", "-") and text.startswith("(") else text


def term(node: Term, *, within: str | None = None) -> str:
    """A search expression. AND binds before OR, so it needs no brackets inside one."""
    if isinstance(node, Words):
        return node.text if node.text.isalnum() and node.text not in ("AND", "OR", "NOT") else f'"{node.text}"'
    if isinstance(node, Without):
        return f"NOT {term(node.term, within='NOT')}"
    word = f" {node.word} " if node.word else " "
    text = word.join(term(part, within=node.word) for part in node.terms)
    return text if within is None or (within == "OR" and node.word != "OR") else f"({text})"


def computed(items: tuple[Computed, ...]) -> str:
    """Items of compute."""
    return ",".join(f"{bare(item.expr)} as {item.alias}" for item in items)


def ordering(items: tuple[tuple[Expr, bool], ...]) -> str:
    """Items of orderby."""
    return ",".join(bare(expr) + (" desc" if descending else "") for expr, descending in items)


def expanded(node: Expand) -> str:
    """One item of $expand."""
    inner = []
    if node.compute:
        inner.append(f"$compute={computed(node.compute)}")
    if node.select is not None:
        inner.append(f"$select={','.join(node.select)}")
    if node.expand:
        inner.append(f"$expand={','.join(map(expanded, node.expand))}")
    return f"{node.name}({';'.join(inner)})" if inner else node.name


def sequence(steps: Sequence) -> str:
    """A transformation sequence."""
    return "/".join(_STEPS[type(step)](step) for step in steps)


def _item(item: Item) -> str:
    if item.expr is None:
        return f"{item.path}/$count as {item.alias}" if item.path else f"$count as {item.alias}"
    return f"{bare(item.expr)} with {item.method} as {item.alias}"


def _element(element: str | Rollup) -> str:
    return f"rollup({','.join(element.levels)})" if isinstance(element, Rollup) else element


def _groupby(step: GroupBy) -> str:
    then = "" if step.then is None else f",{sequence(step.then)}"
    return f"groupby(({','.join(map(_element, step.elements))}){then})"


_STEPS: dict[type, Callable[[Any], str]] = {
    Aggregate: lambda step: f"aggregate({','.join(map(_item, step.items))})",
    GroupBy: _groupby,
    Concat: lambda step: f"concat({','.join(map(sequence, step.branches))})",
    Filter: lambda step: f"filter({bare(step.condition)})",
    Search: lambda step: f"search({term(step.term)})",
    Compute: lambda step: f"compute({computed(step.items)})",
    OrderBy: lambda step: f"orderby({ordering(step.items)})",
    Cut: lambda step: f"{step.name}({step.count})",
    Extremes: lambda step: f"{step.name}({bare(step.amount)},{bare(step.value)})",
    Identity: lambda _: "identity",
}
