"""The syntax tree of expressions, and its text again. Frozen values, no names resolved, no types known.

Made by parser, read by binder. Places are characters in the decoded option; they do not count in comparisons, so
that text -> tree -> text -> tree comes back to the same tree.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from api.odata.language.literals import Kind


@dataclass(frozen=True, slots=True)
class Literal:
    """`text` as written, without quotes and prefix; quotes inside are single."""

    kind: Kind
    text: str
    position: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Name:
    """A property of the row, `Name` or `$it/Name`."""

    name: str
    position: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Path:
    """`A/B`: navigation."""

    segments: tuple[str, ...]
    position: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Alias:
    """`@p`, with the `@`."""

    name: str
    position: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Call:
    """`function(arguments)`; the name in lower case."""

    function: str
    arguments: tuple[Expression, ...]
    position: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Prefix:
    """`not x` or `-x`."""

    operator: str
    operand: Expression
    position: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Infix:
    """Arithmetic or comparison."""

    operator: str
    left: Expression
    right: Expression
    position: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Junction:
    """A chain of `and`, or of `or`: flat, so that thousands of terms are no nesting."""

    operator: str
    operands: tuple[Expression, ...]
    position: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Membership:
    """`operand in choices`."""

    operand: Expression
    choices: Expression
    position: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Items:
    """`(1,2)` after `in` (`listed`), or a JSON array `[1,2]`."""

    items: tuple[Expression, ...]
    listed: bool = False
    position: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Foreign:
    """Valid OData that the service does not offer: `feature` names it, `source` is its text."""

    feature: str
    source: str
    position: int = field(default=0, compare=False)


Expression = Literal | Name | Path | Alias | Call | Prefix | Infix | Junction | Membership | Items | Foreign


@dataclass(frozen=True, slots=True)
class OrderItem:
    """One term of `$orderby`."""

    expression: Expression
    descending: bool = False


@dataclass(frozen=True, slots=True)
class SelectItem:
    """One item of `$select`: a name, `*`, or something that is not offered."""

    name: str
    feature: str | None = None
    position: int = field(default=0, compare=False)


POWERS = {
    "or": 1,
    "and": 2,
    "eq": 3,
    "ne": 3,
    "gt": 4,
    "ge": 4,
    "lt": 4,
    "le": 4,
    "add": 5,
    "sub": 5,
    "mul": 6,
    "div": 6,
    "divby": 6,
    "mod": 6,
    "not": 7,
    "-": 7,
    "has": 8,
    "in": 8,
}
"""How tightly an operator binds (OData URL Conventions 5.1.1.17)."""
_ATOM = 9


def spell(node: Expression) -> str:
    """The expression as OData text; parsed again it gives an equal tree."""
    return _SPELLINGS[type(node)](node)


def _inside(node: Expression, power: int) -> str:
    """`node` as an operand of something that binds with `power`: in brackets where it binds less."""
    text = spell(node)
    return text if _power(node) >= power else f"({text})"


def _power(node: Expression) -> int:
    if isinstance(node, Infix | Junction | Prefix):
        return POWERS[node.operator]
    if isinstance(node, Membership):
        return POWERS["in"]
    return POWERS["has"] if isinstance(node, Foreign) and node.feature == "has" else _ATOM


def _literal(node: Literal) -> str:
    if node.kind in (Kind.STRING, Kind.DURATION):
        quoted = "'" + node.text.replace("'", "''") + "'"
        return quoted if node.kind is Kind.STRING else f"duration{quoted}"
    return node.text


def _prefix(node: Prefix) -> str:
    operand = _inside(node.operand, POWERS[node.operator])
    return f"not {operand}" if node.operator == "not" else f"- {operand}"


def _infix(node: Infix) -> str:
    power = POWERS[node.operator]
    return f"{_inside(node.left, power)} {node.operator} {_inside(node.right, power + 1)}"


def _junction(node: Junction) -> str:
    power = POWERS[node.operator]
    return f" {node.operator} ".join(_inside(operand, power + 1) for operand in node.operands)


def _membership(node: Membership) -> str:
    return f"{_inside(node.operand, POWERS['in'])} in {_inside(node.choices, _ATOM)}"


def _items(node: Items) -> str:
    inner = ",".join(map(spell, node.items))
    return f"({inner})" if node.listed else f"[{inner}]"


_SPELLINGS: dict[type, Callable[[Any], str]] = {
    Literal: _literal,
    Name: lambda node: node.name,
    Path: lambda node: "/".join(node.segments),
    Alias: lambda node: node.name,
    Call: lambda node: f"{node.function}({','.join(map(spell, node.arguments))})",
    Prefix: _prefix,
    Infix: _infix,
    Junction: _junction,
    Membership: _membership,
    Items: _items,
    Foreign: lambda node: node.source,
}
