"""The syntax tree of $apply, $compute, $expand and $search: frozen values, no names resolved, no types known.

Made by the parsers of these options, read by the binder. What is valid OData and not offered keeps its place as a
`feature`, so that the answer is a 501 that names it. Places are characters in the decoded option.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from api.odata.language.syntax import Expression, OrderItem, SelectItem

Steps = tuple[str, ...]
"""The segments of a path: `Call/Incident/FamilyCode`."""


@dataclass(frozen=True, slots=True)
class ComputeItem:
    """`expression as Alias`."""

    expression: Expression
    alias: str
    position: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Words:
    """A search word or phrase, without its double quotes."""

    text: str
    position: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Without:
    """`NOT term`."""

    operand: SearchTerm
    position: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Together:
    """Terms joined by `AND` (or by white space) or by `OR`; `operator` is `and` or `or`."""

    operator: str
    operands: tuple[SearchTerm, ...]
    position: int = field(default=0, compare=False)


SearchTerm = Words | Without | Together


@dataclass(frozen=True, slots=True)
class NestedOptions:
    """Options in the brackets of an expand item. `features` are those that a to-one navigation has no use for or that
    the service does not offer there: (name such as `$filter`, position)."""

    select: tuple[SelectItem, ...] | None = None
    expand: tuple[ExpandItem, ...] = ()
    compute: tuple[ComputeItem, ...] = ()
    aliases: Mapping[str, Expression] = field(default_factory=dict)
    features: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class ExpandItem:
    """One item of $expand: `Area`, `*`, or with `feature` something valid that is not offered (`Area/$ref`)."""

    name: str
    options: NestedOptions = field(default_factory=NestedOptions)
    feature: str | None = None
    position: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class AggregateItem:
    """`expression with method as Alias`, or `path/$count as Alias` (`expression` None, `path` perhaps empty).

    `method` as written: `sum`, `countdistinct`, `CrisisMetrics.p90`. Without method and `as`, a custom aggregate.
    """

    expression: Expression | None
    method: str | None
    alias: str | None
    path: Steps = ()
    feature: str | None = None
    position: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Aggregate:
    """`aggregate(...)`: one instance."""

    items: tuple[AggregateItem, ...]
    position: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Grouping:
    """One element of a grouping: a path, or the levels of `rollup(...)`, coarsest first."""

    levels: tuple[Steps, ...]
    is_rollup: bool = False
    feature: str | None = None
    position: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class GroupBy:
    """`groupby((...),sequence)`; `then` is empty where no sequence was given."""

    groupings: tuple[Grouping, ...]
    then: Sequence = ()
    position: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Compute:
    """`compute(...)`."""

    items: tuple[ComputeItem, ...]
    position: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Concat:
    """`concat(sequence,sequence,...)`."""

    branches: tuple[Sequence, ...]
    position: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Filter:
    """`filter(condition)`."""

    condition: Expression
    position: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Search:
    """`search(term)`."""

    term: SearchTerm
    position: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class OrderBy:
    """`orderby(...)`: a stable sort."""

    items: tuple[OrderItem, ...]
    position: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Cut:
    """`top(count)` and `skip(count)`; `name` says which."""

    name: str
    count: int
    position: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Extremes:
    """`topcount`, `topsum`, `toppercent`, `bottomcount`, `bottomsum`, `bottompercent`: name(amount,value)."""

    name: str
    amount: Expression
    value: Expression
    position: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Identity:
    """`identity`."""

    position: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class ForeignStep:
    """A valid transformation that is not offered: `nest`, `join`, `ancestors`, a function of a model."""

    feature: str
    position: int = field(default=0, compare=False)


Transformation = (
    Aggregate | GroupBy | Compute | Concat | Filter | Search | OrderBy | Cut | Extremes | Identity | ForeignStep
)
Sequence = tuple[Transformation, ...]
