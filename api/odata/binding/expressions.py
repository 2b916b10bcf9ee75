"""Syntax tree -> typed tree: names become columns, operators and functions find their signature, literals values.

A name that the caller may not see is unknown; the hint offers the nearest one that may be seen. Nodes and depth are
counted again here, because a parameter alias can stand in many places. Called by binder.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, NoReturn

from api.odata.binding.bound import Applied, Compared, Constant, Joined, Member, Negated, Node, Stored, Widened
from api.odata.binding.properties import Properties
from api.odata.language.functions import FUNCTIONS, NOT_OFFERED, OPERATORS, Function, Scale, Signature
from api.odata.language.literals import EXAMPLES, NUMERIC, Kind, Value, fits, value_of
from api.odata.language.parser import Budget
from api.odata.language.query_syntax import Steps
from api.odata.language.suggestions import did_you_mean
from api.odata.language.syntax import (
    Alias,
    Call,
    Expression,
    Foreign,
    Infix,
    Items,
    Junction,
    Literal,
    Membership,
    Name,
    Path,
    Prefix,
)
from models.errors import LimitProblem, NameProblem, RequestError, TypeProblem, Unsupported, ValueProblem

LARGEST_SCALE = 38
_MOMENTS = {"mindatetime": datetime(1, 1, 1), "maxdatetime": datetime(9999, 12, 31, 23, 59, 59, 999999)}  # noqa: DTZ001
"""The ends of what a published instant can be: naive UTC, as instants are stored."""
_MIRRORED = {"gt": "lt", "ge": "le", "lt": "gt", "le": "ge", "eq": "eq", "ne": "ne"}
_MISMATCHES = {
    frozenset(
        {Kind.DATE, Kind.INSTANT}
    ): "A day and an instant cannot be compared: write date(...) around the instant.",
    frozenset({Kind.STRING, Kind.GUID}): "The column is text: put the value in single quotes.",
}


class Binding:
    """Binds the expressions of one query. `target` is the option that is being read."""

    def __init__(
        self, properties: Properties, aliases: Mapping[str, Expression], as_of: datetime, budget: Budget
    ) -> None:
        """`properties`: what names mean here; `as_of`: aware, what now() is."""
        self.properties, self.aliases = properties, aliases
        self.as_of = as_of.astimezone(UTC).replace(tzinfo=None)
        self.budget = budget
        self.target: str | None = None
        self._level = 0

    def at(self, properties: Properties) -> Binding:
        """The same surroundings, with other names."""
        return Binding(properties, self.aliases, self.as_of.replace(tzinfo=UTC), self.budget)

    def condition(self, expression: Expression, target: str) -> Node:
        """A boolean expression. Raises TypeProblem for any other."""
        self.target = target
        return self._boolean(expression)

    def value(self, expression: Expression, target: str) -> Node:
        """Any expression."""
        self.target = target
        return self._bind(expression)

    def _bind(self, node: Expression) -> Node:
        self.budget.nodes -= 1
        self._level += 1
        if self.budget.nodes < 0 or self._level > self.budget.depth:
            message = "The expression is too large or too deep once its parameter aliases are put in."
            raise self._error(LimitProblem, message, node.position)
        found: Node = _BINDERS[type(node)](self, node)
        self._level -= 1
        return found

    def _error(self, kind: type[RequestError], message: str, position: int, hint: str | None = None) -> RequestError:
        return kind(message, hint=hint, target=self.target, position=position)

    def _literal(self, node: Literal) -> Node:
        return self._constant(value_of(node.kind, node.text, position=node.position, target=self.target), node.position)

    def _constant(self, value: Value, position: int) -> Constant:
        scale = 0
        if isinstance(value.value, Decimal):
            exponent = value.value.as_tuple().exponent
            scale = max(0, -exponent) if isinstance(exponent, int) else 0
        return Constant(value.kind, value.value, position, value.finer, value.shifted, scale)

    def _name(self, node: Name) -> Node:
        return self._member((node.name,), node.position)

    def _path(self, node: Path) -> Node:
        return self._member(node.segments, node.position)

    def _member(self, path: Steps, position: int) -> Node:
        found = self.properties.value(path)
        if found is None:
            if self.properties.target(path) is not None:
                self._not_offered(f"the navigation property {'/'.join(path)} as a value", position)
            self.unknown_property(path, position)
        self.budget.nodes -= self.properties.weights.get(path[0], 0)  # its text comes in again
        return replace(found, position=position) if isinstance(found, Stored) else found

    def unknown_property(self, path: Steps, position: int) -> NoReturn:
        """Raise NameProblem for a path that leads to no property, or to none for this caller."""
        known = self.properties
        for depth in range(1, len(path)):
            target = known.target(path[:depth])
            if target is None:
                if known.value(path[:depth]) is None:
                    break
                message = f"{path[depth - 1]} is a plain value, nothing lies below it."
                raise self._error(NameProblem, message, position + len("/".join(path[:depth])))
            if depth == len(path) - 1:
                names = tuple(column.name for column in target.columns)
                message = f"{target.name} has no property {path[-1]!r}."
                raise self._error(NameProblem, message, position, did_you_mean(path[-1], names))
        names = known.names()
        where = known.view.name if known.joins is not None else "The result of the transformations before it"
        raise self._error(NameProblem, f"{where} has no property {path[0]!r}.", position, did_you_mean(path[0], names))

    def _not_offered(self, feature: str, position: int) -> NoReturn:
        raise self._error(Unsupported, f"This service does not offer {feature}.", position)

    def _foreign(self, node: Foreign) -> Node:
        self._not_offered(node.feature, node.position)

    def _items(self, node: Items) -> Node:
        self._not_offered("collections outside of 'in'", node.position)

    def _alias(self, node: Alias) -> Node:
        return self._bind(self._resolved(node))

    def _resolved(self, node: Alias) -> Expression:
        """What an alias stands for: null where it has no value (OData protocol 11.2.6.1.3). Aliases may use others, but
        not themselves."""
        nothing = Literal(Kind.NULL, "null", node.position)
        target = self.aliases.get(node.name, nothing)
        seen = {node.name}
        while isinstance(target, Alias) and target.name not in seen:
            seen.add(target.name)
            target = self.aliases.get(target.name, nothing)
        return target  # one that contains itself deeper down ends at the depth limit

    def _call(self, node: Call) -> Node:
        function = FUNCTIONS.get(node.function)
        if function is None:
            if node.function in NOT_OFFERED:
                self._not_offered(f"the function {node.function}", node.position)
            message = f"There is no function {node.function[:64]!r}."
            raise self._error(NameProblem, message, node.position, did_you_mean(node.function, FUNCTIONS))
        arguments = tuple(self._bind(argument) for argument in node.arguments)
        counts = sorted({len(signature.parameters) for signature in function.signatures})
        if len(arguments) not in counts:
            wanted = " or ".join(map(str, counts))
            message = f"{function.name} takes {wanted} arguments, not {len(arguments)}."
            raise self._error(TypeProblem, message, node.position)
        if not arguments:
            return Constant(Kind.INSTANT, self._moment(function.name), node.position)
        self._check_arguments(function, arguments)
        return self._applied(function.name, function.signatures, arguments, node.position)

    def _moment(self, name: str) -> datetime:
        return _MOMENTS.get(name, self.as_of)

    def _check_arguments(self, function: Function, arguments: tuple[Node, ...]) -> None:
        first = arguments[0]
        if function.zoned and isinstance(first, Constant) and first.shifted:
            message = f"{function.name} of a literal with an offset: this service keeps instants in UTC."
            raise self._error(ValueProblem, message, first.position, "Write the instant in UTC, with Z at the end.")
        last = arguments[-1]
        negative = isinstance(last, Constant) and isinstance(last.value, int) and last.value < 0
        if function.name == "substring" and len(arguments) == 3 and negative:
            raise self._error(ValueProblem, "substring: the length is negative.", last.position)

    def _applied(
        self, name: str, signatures: tuple[Signature, ...], arguments: tuple[Node, ...], position: int
    ) -> Node:
        """The first signature that takes the arguments; null in, null out."""
        for fit in (_widens, self._reads):
            for signature in signatures:
                taken = self._taken(signature, arguments, fit)
                if taken is not None:
                    if any(argument.kind is Kind.NULL for argument in taken):
                        return Constant(Kind.NULL, None, position)
                    return self._made(signature, taken, position)
        wanted = " or ".join(dict.fromkeys(f"({', '.join(s.parameters)})" for s in signatures))
        given = ", ".join(argument.kind for argument in arguments)
        raise self._error(TypeProblem, f"{name} takes {wanted}, not ({given}).", arguments[0].position)

    def _taken(
        self, signature: Signature, arguments: tuple[Node, ...], fit: Callable[[Node, Kind], Node | None]
    ) -> tuple[Node, ...] | None:
        if len(signature.parameters) != len(arguments):
            return None
        taken = [fit(argument, kind) for argument, kind in zip(arguments, signature.parameters, strict=True)]
        return tuple(node for node in taken if node is not None) if None not in taken else None

    def _reads(self, node: Node, kind: Kind) -> Node | None:
        """As `_widens`, but a text literal may also be read as the kind wanted (OData 4.01, URL literals)."""
        if isinstance(node, Constant) and node.kind is Kind.STRING and kind is not Kind.STRING:
            read = self._read(node, kind)
            return None if read is None else _widens(read, kind)
        return _widens(node, kind)

    def _read(self, node: Constant, kind: Kind) -> Constant | None:
        text = str(node.value)
        if kind is Kind.NULL or not fits(kind, text):
            return None
        return self._constant(value_of(kind, text, position=node.position, target=self.target), node.position)

    def _made(self, signature: Signature, arguments: tuple[Node, ...], position: int) -> Node:
        scale = 0
        if signature.result is Kind.DECIMAL:
            if isinstance(signature.scale, int):
                scale = signature.scale
            elif signature.scale is Scale.SUM:
                scale = sum(argument.scale for argument in arguments)
                arguments = tuple(_scaled(argument, argument.scale) for argument in arguments)
            else:
                scale = max(argument.scale for argument in arguments)
                arguments = tuple(_scaled(argument, scale) for argument in arguments)
            if scale > LARGEST_SCALE:
                message = "The product has more than 38 digits after the point."
                raise self._error(ValueProblem, message, position, "Write one factor as a double: 0.5e0.")
        return Applied(signature, arguments, signature.result, scale, position)

    def _prefix(self, node: Prefix) -> Node:
        if node.operator == "not":
            operand = self._boolean(node.operand)
            if operand.kind is Kind.NULL:
                return operand
            return Negated(operand, node.position)
        return self._applied("-", OPERATORS["-"].signatures, (self._bind(node.operand),), node.position)

    def _infix(self, node: Infix) -> Node:
        related = self._related(node) if node.operator in ("eq", "ne") else None
        if related is not None:
            return related
        left, right = self._bind(node.left), self._bind(node.right)
        signatures = OPERATORS[node.operator].signatures
        if signatures:
            return self._applied(node.operator, signatures, (left, right), node.position)
        return self._compared(node.operator, left, right, node.position)

    def _related(self, node: Infix) -> Node | None:
        """`Area eq null`: whether navigation leads to a row (OData 4.01); None for any other comparison."""
        for side, other in ((node.left, node.right), (node.right, node.left)):
            if isinstance(side, Name | Path) and isinstance(other, Literal) and other.kind is Kind.NULL:
                path = (side.name,) if isinstance(side, Name) else side.segments
                if self.properties.value(path) is None and self.properties.target(path) is not None:
                    null = Constant(Kind.NULL, None, other.position)
                    return Compared(node.operator, self.properties.presence(path), null, node.position)
        return None

    def _compared(self, operator: str, left: Node, right: Node, position: int) -> Node:
        left, right = self._comparable(left, right), self._comparable(right, left)
        if _is_nan(left) or _is_nan(right):  # NaN equals nothing, not even itself
            return Constant(Kind.BOOLEAN, operator == "ne", position)
        if isinstance(left, Constant) and not isinstance(right, Constant):
            operator, left, right = _MIRRORED[operator], right, left
        if isinstance(right, Constant) and right.finer and not isinstance(left, Constant):
            return _beside_finer(operator, left, right, position)
        return Compared(operator, left, right, position)

    def _comparable(self, node: Node, other: Node) -> Node:
        """`node`, read as the other side's kind where it is a text literal. Raises TypeProblem."""
        one, two = node.kind, other.kind
        if one is two or Kind.NULL in (one, two) or (one in NUMERIC and two in NUMERIC):
            return node
        if isinstance(other, Constant) and two is Kind.STRING:
            return node  # the other side adapts
        if isinstance(node, Constant) and one is Kind.STRING:
            read = self._read(node, two)
            if read is not None:
                return read
        blamed, model = (node, other) if isinstance(node, Constant) else (other, node)
        message = f"{model.kind.value} and {blamed.kind.value} cannot be compared."
        hint = _MISMATCHES.get(frozenset({one, two})) or f"Write the value as {EXAMPLES[model.kind]}."
        raise self._error(TypeProblem, message, blamed.position, hint)

    def _boolean(self, expression: Expression) -> Node:
        node = self._bind(expression)
        if node.kind not in (Kind.BOOLEAN, Kind.NULL):
            hint = "Compare it with something, as in `Count gt 0`; `not` needs brackets: not (A eq 1)."
            raise self._error(TypeProblem, f"Expected a condition, found {node.kind.value}.", node.position, hint)
        return node

    def _junction(self, node: Junction) -> Node:
        return Joined(node.operator, tuple(self._boolean(operand) for operand in node.operands), node.position)

    def _membership(self, node: Membership) -> Node:
        operand = self._bind(node.operand)
        choices = self._resolved(node.choices) if isinstance(node.choices, Alias) else node.choices
        if isinstance(choices, Foreign):
            self._foreign(choices)
        if not isinstance(choices, Items):
            message = "'in' needs a list of values."
            raise self._error(TypeProblem, message, node.choices.position, "Write it as Name in ('a','b').")
        values = []
        for item in choices.items:
            value = self._bind(item)
            if not isinstance(value, Constant):
                self._not_offered("lists of anything but literals", value.position)
            read = self._comparable(value, operand)
            if isinstance(read, Constant) and not _is_nan(read) and not read.finer:
                values.append(read)
        return Member(operand, tuple(values), node.position)


def _widens(node: Node, kind: Kind) -> Node | None:
    """`node` as `kind`: itself, widened along the order of promotion, or None; null is of every kind."""
    if node.kind is kind or node.kind is Kind.NULL:
        return node
    if kind in NUMERIC and node.kind in NUMERIC and NUMERIC.index(node.kind) < NUMERIC.index(kind):
        return Widened(node, kind, node.scale if kind is Kind.DECIMAL else 0)
    return None


def _scaled(node: Node, scale: int) -> Node:
    """A decimal with `scale` places after the point; other kinds as they are."""
    if node.kind is not Kind.DECIMAL:
        return node
    return Widened(node.operand if isinstance(node, Widened) else node, Kind.DECIMAL, scale)


def _is_nan(node: Node) -> bool:
    return isinstance(node, Constant) and isinstance(node.value, float) and math.isnan(node.value)


def _beside_finer(operator: str, left: Node, right: Constant, position: int) -> Node:
    """A comparison with a literal that lies between two microseconds: stored values never equal it."""
    if operator in ("eq", "ne"):
        return Constant(Kind.BOOLEAN, operator == "ne", position)
    # x < 0.1234567 and x <= 0.123456 keep the same rows, and so do the other three
    return Compared({"lt": "le", "ge": "gt"}.get(operator, operator), left, right, position)


_BINDERS: dict[type, Callable[[Binding, Any], Node]] = {
    Literal: Binding._literal,
    Name: Binding._name,
    Path: Binding._path,
    Alias: Binding._alias,
    Call: Binding._call,
    Prefix: Binding._prefix,
    Infix: Binding._infix,
    Junction: Binding._junction,
    Membership: Binding._membership,
    Items: Binding._items,
    Foreign: Binding._foreign,
}
