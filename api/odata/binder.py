"""QueryOptions x View x Caller -> BoundQuery: names, types, roles, row scope and limits, all settled here.

The row scope is the first condition of `where`, and guards the rest: nothing that may fail is computed in a row
that the caller may not see, so that no error tells what is in it. Pure; called by service and the exports.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from api.odata.bound import (
    Applied,
    Bound,
    BoundQuery,
    Compared,
    Constant,
    Joined,
    Member,
    Node,
    OrderTerm,
    Range,
    Stored,
    is_fixed,
)
from api.odata.exchange import Caller, Limits
from api.odata.expressions import Binding
from api.odata.literals import Kind
from api.odata.options import DEEPEST, QueryOptions
from api.odata.parser import Budget
from api.odata.rowscope import find_view, may_read, restrictions
from api.odata.sql import Emitter, Parameters
from api.odata.syntax import Expression, Infix, Name
from models.catalogue import CATALOGUE
from models.catalogue.types import Catalogue, Column, Edm, View
from models.errors import SyntaxProblem, Unsupported
from models.snapshot.rowtext import quoted

__all__ = ["BoundQuery", "Key", "OrderTerm", "Range", "bind", "bind_key"]

Key = tuple[tuple[str, Expression], ...]
"""Key column and the literal or alias written for it."""


def bind(
    view: View,
    options: QueryOptions,
    caller: Caller,
    limits: Limits,
    as_of: datetime,
    *,
    catalogue: Catalogue = CATALOGUE,
) -> BoundQuery:
    """The query on the whole entity set. `as_of` is the snapshot's, aware; it is what now() means.

    Raises NotFound for a view that the caller may not read, and NameProblem, TypeProblem, ValueProblem, LimitProblem
    or Unsupported with the place and a hint.
    """
    reader = _Reader(caller, catalogue)
    return _bound(view, (), options, reader, _binding(view, options, reader, limits, as_of))


def bind_key(
    view: View,
    key: Key,
    options: QueryOptions,
    caller: Caller,
    limits: Limits,
    *,
    as_of: datetime,
    catalogue: Catalogue = CATALOGUE,
) -> BoundQuery:
    """The query for one entity. Options for collections (`$filter`, `$top`, ...) are refused with SyntaxProblem."""
    given = {
        "$filter": options.filter is not None,
        "$orderby": bool(options.orderby),
        "$top": options.top is not None,
        "$skip": options.skip is not None,
        "$count": options.count is not None,
    }
    for name, is_given in given.items():
        if is_given:
            raise SyntaxProblem(f"{name} is for collections; this address is one entity.", target=name)
    reader = _Reader(caller, catalogue)
    return _bound(view, key, options, reader, _binding(view, options, reader, limits, as_of))


@dataclass(frozen=True)
class _Reader:
    """Who reads what."""

    caller: Caller
    catalogue: Catalogue


def _binding(view: View, options: QueryOptions, reader: _Reader, limits: Limits, as_of: datetime) -> Binding:
    """The expressions' surroundings. Raises NotFound where the caller may not read the view."""
    for name in ("apply", "compute", "expand", "search"):
        if getattr(options, name):
            raise Unsupported(f"This service does not offer the query option ${name}.", target=f"${name}")
    find_view(view.name, reader.catalogue, reader.caller)
    targets = reader.catalogue.views
    # a navigation property whose target the caller may not read does not exist for them
    visible = frozenset(nav.name for nav in view.navigations if may_read(targets[nav.target], reader.caller))
    budget = Budget(limits.max_nodes, min(limits.max_depth, DEEPEST))
    return Binding(view, visible, options.aliases, as_of, budget)


def _bound(view: View, key: Key, options: QueryOptions, reader: _Reader, binding: Binding) -> BoundQuery:
    columns = _columns(view, options, binding)
    scope = _scope(view, reader.caller)
    conditions = [*scope, *(binding.condition(Infix("eq", Name(name), value), name) for name, value in key)]
    wanted = None
    if options.filter is not None:
        wanted = binding.condition(options.filter, "$filter")
        conditions.extend(_conjuncts(wanted))
    terms = [(binding.value(item.expression, "$orderby"), item.descending) for item in options.orderby]
    parameters = Parameters()
    emitter = Emitter(parameters)
    where = emitter.conjunction([_settled(node) for node in conditions]) if conditions else None
    where_parameters = tuple(parameters.values)
    order = tuple(_term(view, node, descending, emitter, where) for node, descending in terms if not is_fixed(node))
    hint = _range(view, wanted) if wanted is not None and not (scope or key or order) else None
    return BoundQuery(
        view=view,
        columns=columns,
        all_columns=columns == view.columns,
        where=where,
        order=order,
        parameters=tuple(parameters.values),
        top=options.top,
        skip=options.skip or 0,
        count=bool(options.count),
        shape=_shape(view, columns, where, order, options),
        scoped=bool(scope),
        where_parameters=where_parameters,
        range=hint,
    )


def _columns(view: View, options: QueryOptions, binding: Binding) -> tuple[Column, ...]:
    """The columns to return, in view order. Key columns always come: Power Query expects them.

    Names of navigation properties are accepted: Power Query repeats in `$select` what it expands.
    """
    if options.select is None:
        return view.columns
    binding.target = "$select"
    wanted = set(view.key)
    for item in options.select:
        if item.feature is not None:
            message = f"This service does not offer {item.feature}."
            raise Unsupported(message, target="$select", position=item.position)
        if item.name == "*":
            return view.columns
        if view.has(item.name):
            wanted.add(item.name)
        elif item.name not in binding.navigations:
            binding.unknown_property(item.name, item.position)
    return tuple(column for column in view.columns if column.name in wanted)


def _scope(view: View, caller: Caller) -> list[Node]:
    """The caller's row scope as conditions."""
    found: list[Node] = []
    for name, allowed in restrictions(view, caller):
        column = view.column(name)
        stored = Stored(name, Kind(column.edm.value), column.nullable)
        found.append(Member(stored, tuple(Constant(stored.kind, value) for value in allowed)))
    return found


def _settled(node: Node) -> Node:
    """A condition that is nothing but null keeps no row."""
    return Constant(Kind.BOOLEAN, False) if node.kind is Kind.NULL else node


def _term(view: View, node: Node, descending: bool, emitter: Emitter, where: str | None) -> OrderTerm:
    """A term of the order. Computed moments are ordered by their microseconds, which outlast the year 9999."""
    sql = emitter.guarded(node, where)
    if '"' not in sql:  # it names no column after all (`Id eq null`), and DuckDB orders by no constants
        sql = f"CASE WHEN {quoted(view.key[0])} IS NOT NULL THEN {sql} END"
    moving = isinstance(node, Applied) and node.kind in (Kind.INSTANT, Kind.DATE)
    if moving:
        sql = f"epoch_us({sql})"
    counted = moving or node.kind in (Kind.TIME, Kind.DURATION)
    return OrderTerm(sql, Edm.INT64 if counted else Edm(node.kind.value), descending, node.nullable)


def _shape(
    view: View, columns: tuple[Column, ...], where: str | None, order: tuple[OrderTerm, ...], options: QueryOptions
) -> str:
    """Everything that decides the SQL and nothing that a caller wrote as a value."""
    parts = [view.name, "*" if columns == view.columns else ",".join(column.name for column in columns)]
    parts.append(where or "")
    parts.append(",".join(term.clause for term in order))
    flags = (("top", options.top is not None), ("skip", bool(options.skip)), ("count", bool(options.count)))
    parts.append(",".join(name for name, given in flags if given))
    return "|".join(parts)


def _range(view: View, node: Node) -> Range | None:
    """The filter as one interval of the leading order column, where it is nothing else."""
    leading = view.order[0]
    interval = Range(leading)
    for part in _conjuncts(node):
        limits = _interval(part, leading)
        if limits is None:
            return None
        interval = _narrowed(interval, limits)
    return interval


def _conjuncts(node: Node) -> Iterable[Node]:
    if isinstance(node, Joined) and node.operator == "and":
        for operand in node.operands:
            yield from _conjuncts(operand)
    else:
        yield node


def _interval(node: Node, leading: str) -> Range | None:
    if not isinstance(node, Compared) or node.operator == "ne":
        return None
    left, right = node.left, node.right
    if not isinstance(left, Stored) or not isinstance(right, Constant):
        return None
    same = right.kind is left.kind or {left.kind, right.kind} == {Kind.INT32, Kind.INT64}
    if left.name != leading or left.nullable or not same:
        return None
    value: Bound = right.value  # type: ignore[assignment]  # a column's kind: never None
    closed = node.operator in ("eq", "ge", "le")
    low = value if node.operator in ("eq", "ge", "gt") else None
    high = value if node.operator in ("eq", "le", "lt") else None
    return Range(leading, low, high, closed or low is None, closed or high is None)


def _narrowed(one: Range, two: Range) -> Range:
    """The intersection of two intervals of one column."""
    low, low_inclusive = _tighter(one.low, one.low_inclusive, two.low, two.low_inclusive, 1)
    high, high_inclusive = _tighter(one.high, one.high_inclusive, two.high, two.high_inclusive, -1)
    return Range(one.column, low, high, low_inclusive, high_inclusive)


def _tighter(
    one: Bound | None, one_closed: bool, two: Bound | None, two_closed: bool, sign: int
) -> tuple[Bound | None, bool]:
    if one is None or two is None:
        return (two, two_closed) if one is None else (one, one_closed)
    if one == two:
        return one, one_closed and two_closed
    is_two = (two > one) is (sign > 0)  # type: ignore[operator]  # both of the column's kind
    return (two, two_closed) if is_two else (one, one_closed)
