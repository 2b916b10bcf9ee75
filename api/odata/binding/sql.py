"""Typed tree -> DuckDB SQL with $1..$n: no value of a caller ever stands in the text.

Two ways to write a condition. Exact: true, false or null as OData 5.1.1.1 says, for use inside another expression.
As a filter: null may stand for false, so comparisons stay plain (`a >= $1`) and DuckDB can skip row groups by them.
Comparisons are never null in OData: `null eq null` is true, `null gt 1` false. Called by binder.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from api.odata.binding.bound import Applied, Compared, Constant, Joined, Member, Negated, Node, Stored, Widened
from api.odata.language.functions import DECIMALS
from api.odata.language.literals import Kind
from models.errors import LimitProblem
from models.snapshot.rowtext import quoted

LONGEST = 200_000
"""Characters of SQL for one expression; only templates that repeat an argument come near it."""

HOLD = "random() >= 0"
"""Always true, which DuckDB cannot know: it moves no condition that has something random in it."""
_SIGNS = {"eq": "=", "ne": "<>", "gt": ">", "ge": ">=", "lt": "<", "le": "<="}
_WIDE = {Kind.INT64: "BIGINT", Kind.DOUBLE: "DOUBLE"}


class Parameters:
    """The one parameter list of a query; equal values of one kind share a place.

    Every place is used in the text: DuckDB refuses values that nothing asks for.
    """

    def __init__(self) -> None:
        self._places: dict[tuple[Kind, str], int] = {}
        self.values: list[object] = []

    def place(self, kind: Kind, value: object) -> str:
        """`$n` for a value. Doubles count as equal when they are written alike: -0.0 is not 0.0."""
        key = (kind, repr(value))
        if key not in self._places:
            self.values.append(value)
            self._places[key] = len(self.values)
        return f"${self._places[key]}"


class Emitter:
    """Writes nodes against one parameter list."""

    def __init__(self, parameters: Parameters) -> None:
        self.parameters = parameters

    def exact(self, node: Node) -> str:
        """SQL with the node's value, null where OData says null."""
        return _short(_WRITERS[type(node)](self, node), node)

    def filter(self, node: Node) -> str:
        """SQL that is true exactly where the node is true; elsewhere false or null."""
        if isinstance(node, Compared):
            return _short(self._compared(node, exact=False), node)
        if isinstance(node, Member):
            return _short(self._member(node, exact=False), node)
        if isinstance(node, Joined):
            return _short(self._joined(node, self.filter), node)
        return self.exact(node)

    def conjunction(self, conditions: list[Node]) -> str:
        """A whole WHERE from conditions that must all hold; the first ones guard the rest (see `_joined`).

        Conditions that cannot fail stand on their own too, so that DuckDB can skip row groups by them. Those that may
        fail are held in their place: moved below a join or beside the conditions of a step before, a division by zero
        would fail for rows that are not in the answer, or tell of rows that the caller may not see.
        """
        safe = [self.filter(node) for node in conditions if not node.fails]
        risky = [self.filter(node) for node in conditions if node.fails]
        if not risky:
            return " AND ".join(safe)
        guard = " AND ".join(safe)
        held = f"CASE WHEN {' AND '.join([*safe, HOLD])} THEN {' AND '.join(risky)} ELSE FALSE END"
        return f"{guard} AND {held}" if guard else held

    def guarded(self, node: Node, where: str | None) -> str:
        """An order value that is computed only in rows that `where` keeps, when computing it may fail."""
        text = self.exact(node)
        return f"CASE WHEN {where} THEN {text} END" if node.fails and where else text

    def _constant(self, node: Constant) -> str:
        if node.kind is Kind.NULL:
            return "NULL"
        if node.kind is Kind.BOOLEAN:
            return "TRUE" if node.value else "FALSE"
        place = self.parameters.place(node.kind, node.value)
        return f"CAST({place} AS BIGINT)" if node.kind in (Kind.TIME, Kind.DURATION) else place

    def _stored(self, node: Stored) -> str:
        return quoted(node.name)

    def _widened(self, node: Widened) -> str:
        inner = self.exact(node.operand)
        return f"CAST({inner} AS {_WIDE.get(node.kind) or f'DECIMAL(38,{node.scale})'})"

    def _applied(self, node: Applied) -> str:
        texts = [self.exact(operand) for operand in node.operands]
        return _quotient(node, texts) if node.signature.scale == DECIMALS else node.signature.sql.format(*texts)

    def _negated(self, node: Negated) -> str:
        return f"(NOT {self.exact(node.operand)})"

    def _member(self, node: Member, *, exact: bool = True) -> str:
        has_null = any(choice.kind is Kind.NULL for choice in node.choices)
        if node.operand.kind is Kind.NULL:
            return "TRUE" if has_null else "FALSE"
        places = [self.exact(choice) for choice in node.choices if choice.kind is not Kind.NULL]
        if not places and not has_null:
            return "FALSE"
        operand = self.exact(node.operand)
        if not places:
            return f"({operand} IS NULL)"
        listed = f"{operand} IN ({', '.join(places)})"
        if not node.operand.nullable:
            return f"({listed})"
        if has_null:
            return f"(coalesce({listed}, FALSE) OR {operand} IS NULL)"
        return f"coalesce({listed}, FALSE)" if exact else f"({listed})"

    def _compared(self, node: Compared, *, exact: bool = True) -> str:
        left, right = node.left, node.right
        if Kind.NULL in (left.kind, right.kind):
            return self._with_null(node)
        first, second = self.exact(left), self.exact(right)
        text = self._plain(node, first, second, exact=exact)
        odd = [part for part, side in ((first, left), (second, right)) if may_be_nan(side)]
        if not odd:
            return text
        numbers = " AND ".join(f"coalesce(NOT isnan({part}), TRUE)" for part in odd)
        return f"(NOT ({numbers}) OR {text})" if node.operator == "ne" else f"({numbers} AND {text})"

    def _plain(self, node: Compared, first: str, second: str, *, exact: bool) -> str:
        sign, nulls = _SIGNS[node.operator], (node.left.nullable, node.right.nullable)
        if not any(nulls):
            return f"({first} {sign} {second})"
        if node.operator == "ne":
            return f"({first} IS DISTINCT FROM {second})"
        if node.operator == "eq":
            plain = not exact and not all(nulls)
            return f"({first} = {second})" if plain else f"({first} IS NOT DISTINCT FROM {second})"
        return f"coalesce({first} {sign} {second}, FALSE)" if exact else f"({first} {sign} {second})"

    def _with_null(self, node: Compared) -> str:
        other = node.right if node.left.kind is Kind.NULL else node.left
        if node.operator not in ("eq", "ne"):
            return "FALSE"
        if not other.nullable:
            return "FALSE" if node.operator == "eq" else "TRUE"
        return f"({self.exact(other)} IS {'NOT ' if node.operator == 'ne' else ''}NULL)"

    def _joined(self, node: Joined, write: Callable[[Node], str] | None = None) -> str:
        """`and` and `or`. An operand that may fail (a division) is computed only where the others leave it open:
        `n ne 0 and 10 div n gt 1` never divides by zero, in whatever order DuckDB takes the conditions."""
        write = write or self.exact
        sign = f" {node.operator.upper()} "
        safe = sign.join(write(operand) for operand in node.operands if not operand.fails)
        risky = sign.join(write(operand) for operand in node.operands if operand.fails)
        if not safe or not risky:
            return f"({_typed(safe or risky)})"
        settled, value = (f"NOT ({safe})", "FALSE") if node.operator == "and" else (safe, "TRUE")
        return f"CASE WHEN {settled} THEN {value} ELSE ({safe}{sign}{risky}) END"


def _quotient(node: Applied, texts: list[str]) -> str:
    """A decimal quotient: digits without their points divided as whole numbers of 38 digits.

    The dividend grows by the divisor's digits after the point. A product of two averages has 24 of them, mostly zeros,
    and 10 times 1e31 leaves the range: such a divisor is written without its last zeros first.
    """
    (dividend, above), (divisor, below) = zip(texts, (operand.scale for operand in node.operands), strict=True)
    places = DECIMALS + 1 + below - above
    up, down, whole = f"CAST('1e{max(places, 0)}' AS HUGEINT)", f"CAST('1e{max(-places, 0)}' AS HUGEINT)", divisor
    trims = below > DECIMALS and above <= DECIMALS
    if trims:
        after = "CASE WHEN contains(t, '.') THEN length(t) - strpos(t, '.') ELSE 0 END"
        up, down, whole = f"CAST('1e' || ({DECIMALS + 1 - above} + {after}) AS HUGEINT)", "1", "t"
    digits = {"digits0": _digits(dividend, above), "digits1": _digits(whole, below)}
    text = node.signature.sql.format(up=up, down=down, **digits)
    trimmed = f"rtrim(rtrim(CAST({divisor} AS VARCHAR), '0'), '.')"
    return f"list_transform([{trimmed}], lambda t: {text})[1]" if trims else text


def _digits(text: str, scale: int) -> str:
    return f"CAST(replace(CAST({text} AS VARCHAR), '.', '') AS HUGEINT)" if scale else f"CAST({text} AS HUGEINT)"


def may_be_nan(node: Node) -> bool:
    """Whether the value may be NaN, which equals nothing; published columns never hold it."""
    return node.kind is Kind.DOUBLE and isinstance(node, Applied)


def _typed(text: str) -> str:
    """A chain that is nothing but NULL needs a type."""
    return re.sub(r"\A(NULL(?: (?:AND|OR) NULL)*)\Z", r"CAST(NULL AS BOOLEAN)", text)


def _short(text: str, node: Node) -> str:
    if len(text) > LONGEST:
        raise LimitProblem("An expression is too large when it is written out.", position=node.position)
    return text


_WRITERS: dict[type, Callable[[Emitter, Any], str]] = {
    Constant: Emitter._constant,
    Stored: Emitter._stored,
    Widened: Emitter._widened,
    Applied: Emitter._applied,
    Compared: Emitter._compared,
    Member: Emitter._member,
    Joined: Emitter._joined,
    Negated: Emitter._negated,
}
