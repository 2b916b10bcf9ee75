"""The typed tree behind a query's SQL: frozen nodes whose names, types and rights are settled.

Made by expressions, read by sql and the binders.
"""

from __future__ import annotations

from dataclasses import dataclass

from api.odata.language.functions import Signature
from api.odata.language.literals import Kind

SAFE_SCALE = 18
"""Places after the point up to which a decimal can be compared with any whole number (38 digits in all)."""


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
