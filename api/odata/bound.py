"""What the binder hands on: a query whose names, types and rights are settled, and the typed tree behind its SQL.

Frozen values. BoundQuery is read by plan, fetch and service; the nodes are made by typing and read by sql.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from api.odata.functions import Signature
from api.odata.literals import Kind
from models.catalogue.types import Column, Edm, View

SAFE_SCALE = 18
"""Places after the point up to which a decimal can be compared with any whole number (38 digits in all)."""


@dataclass(frozen=True)
class OrderTerm:
    """One term of the order. `sql` yields values of `edm` (times of day and durations as Int64 microseconds)."""

    sql: str
    edm: Edm
    descending: bool = False
    nullable: bool = True

    @property
    def clause(self) -> str:
        """For ORDER BY: null is the lowest value, in both directions."""
        return f"({self.sql}) DESC NULLS LAST" if self.descending else f"({self.sql}) ASC NULLS FIRST"


Bound = str | int | date | datetime | Decimal | float | bool


@dataclass(frozen=True)
class Range:
    """A filter that is only an interval of the leading order column; None is open. Values as Python has them."""

    column: str
    low: Bound | None = None
    high: Bound | None = None
    low_inclusive: bool = True
    high_inclusive: bool = True


@dataclass(frozen=True)
class BoundQuery:
    """`columns` are returned, in view order, key columns always among them. `where` and the order's SQL take
    `parameters` as $1..$n; `where` alone takes `where_parameters`, their beginning (DuckDB refuses values that the
    text does not use). `shape` is the query without any value: equal shapes have equal SQL."""

    view: View
    columns: tuple[Column, ...]
    all_columns: bool
    where: str | None
    order: tuple[OrderTerm, ...]
    parameters: tuple[object, ...]
    top: int | None
    skip: int
    count: bool
    shape: str
    scoped: bool
    where_parameters: tuple[object, ...] = ()
    range: Range | None = None


@dataclass(frozen=True, slots=True)
class Constant:
    """A literal. `finer`: the true value lies less than a microsecond above; `shifted`: not written in UTC."""

    kind: Kind
    value: object
    position: int = 0
    finer: bool = False
    shifted: bool = False
    scale: int = 0
    fails: bool = False

    @property
    def nullable(self) -> bool:
        """Whether it is the null literal."""
        return self.kind is Kind.NULL


@dataclass(frozen=True, slots=True)
class Stored:
    """A column of the row."""

    name: str
    kind: Kind
    nullable: bool
    scale: int = 0
    position: int = 0
    fails: bool = False


@dataclass(frozen=True, slots=True)
class Widened:
    """A number as a wider kind."""

    operand: Node
    kind: Kind
    scale: int = 0

    @property
    def position(self) -> int:
        """Where it stands."""
        return self.operand.position

    @property
    def nullable(self) -> bool:
        """As its operand."""
        return self.operand.nullable

    @property
    def fails(self) -> bool:
        """As its operand; where digits may not fit, the operation that needs them says that it fails."""
        return self.operand.fails


@dataclass(frozen=True, slots=True)
class Applied:
    """A function or arithmetic operator on arguments of its signature's kinds."""

    signature: Signature
    operands: tuple[Node, ...]
    kind: Kind
    scale: int
    position: int = 0

    @property
    def nullable(self) -> bool:
        """Null in, null out."""
        return any(operand.nullable for operand in self.operands)

    @property
    def fails(self) -> bool:
        """Whether some value of the row makes it raise."""
        own = self.signature.fails and not is_fixed(self)
        return own or any(operand.fails for operand in self.operands)


@dataclass(frozen=True, slots=True)
class Compared:
    """eq, ne, gt, ge, lt, le: never null."""

    operator: str
    left: Node
    right: Node
    position: int = 0
    kind: Kind = Kind.BOOLEAN
    nullable: bool = False
    scale: int = 0

    @property
    def fails(self) -> bool:
        """As its sides; a decimal of many places may leave no room for the other side's whole digits."""
        tight = any(side.kind is Kind.DECIMAL and side.scale > SAFE_SCALE for side in (self.left, self.right))
        return self.left.fails or self.right.fails or tight


@dataclass(frozen=True, slots=True)
class Member:
    """`operand in (choices)`: never null."""

    operand: Node
    choices: tuple[Constant, ...]
    position: int = 0
    kind: Kind = Kind.BOOLEAN
    nullable: bool = False
    scale: int = 0

    @property
    def fails(self) -> bool:
        """As a comparison with each of them."""
        tight = any(choice.kind is Kind.DECIMAL and choice.scale > SAFE_SCALE for choice in self.choices)
        return self.operand.fails or tight


@dataclass(frozen=True, slots=True)
class Joined:
    """A chain of `and` or `or`, three-valued."""

    operator: str
    operands: tuple[Node, ...]
    position: int = 0
    kind: Kind = Kind.BOOLEAN
    scale: int = 0

    @property
    def nullable(self) -> bool:
        """Whether an operand may be null."""
        return any(operand.nullable for operand in self.operands)

    @property
    def fails(self) -> bool:
        """Whether an operand may raise."""
        return any(operand.fails for operand in self.operands)


@dataclass(frozen=True, slots=True)
class Negated:
    """`not operand`."""

    operand: Node
    position: int = 0
    kind: Kind = Kind.BOOLEAN
    scale: int = 0

    @property
    def nullable(self) -> bool:
        """`not null` is null."""
        return self.operand.nullable

    @property
    def fails(self) -> bool:
        """As its operand."""
        return self.operand.fails


Node = Constant | Stored | Widened | Applied | Compared | Member | Joined | Negated


def is_fixed(node: Node) -> bool:
    """Whether the value is the same in every row; when it cannot be computed, no row is to blame."""
    if isinstance(node, Applied):
        return all(is_fixed(operand) for operand in node.operands)
    return is_fixed(node.operand) if isinstance(node, Widened) else isinstance(node, Constant)
