"""A bound condition -> the interval of the leading order column that it is, where it is nothing else. Pure.

Such a filter needs no SQL: the rows are neighbours in the row text (`ranges`). Called by binder.
"""

from __future__ import annotations

from collections.abc import Iterable

from api.odata.binding.bound import Compared, Constant, Joined, Node, Stored
from api.odata.binding.bound_query import Bound, Range
from api.odata.language.literals import Kind
from models.catalogue.types import View


def leading_interval(view: View, node: Node) -> Range | None:
    """The filter as one interval of the leading order column, where it is nothing else."""
    leading = view.order[0]
    interval = Range(leading)
    for part in conjuncts(node):
        limits = _interval(part, leading)
        if limits is None:
            return None
        interval = _narrowed(interval, limits)
    return interval


def conjuncts(node: Node) -> Iterable[Node]:
    if isinstance(node, Joined) and node.operator == "and":
        for operand in node.operands:
            yield from conjuncts(operand)
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
