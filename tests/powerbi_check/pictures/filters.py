"""Filters of PBIR -> which values of a column are let through, or a test of a measure that is asked after evaluation.

Pure; `now` is the moment at which the page is looked at. Called by the grids. An unknown kind of condition raises Unread.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from tests.powerbi_check.pictures import expressions
from tests.powerbi_check.pictures.expressions import Field, Unread

COMPARISONS: dict[int, Callable[[Any, Any], bool]] = {
    0: operator.eq,
    1: operator.gt,
    2: operator.ge,
    3: operator.lt,
    4: operator.le,
}
DAYS = {0: 1, 1: 7}
"""Units of time that are so many days; 2 is months, 3 years."""

Test = Callable[[Any], bool]


@dataclass(frozen=True)
class Restriction:
    """One filter: the values (or rows) of `field` that pass `passes`; `top` keeps so many of the best by `by` instead."""

    field: Field
    passes: Test
    top: int | None = None
    by: Field | None = None
    last: bool = False


def restrictions(filters: Iterable[dict[str, Any]], now: datetime) -> Iterator[Restriction]:
    """Those of a visual, a page or a report."""
    for item in filters:
        definition = item["filter"]
        sources = {source["Name"]: source.get("Entity", "") for source in definition["From"]}
        if item.get("type") == "TopN":
            yield _top(definition, sources)
            continue
        for clause in definition["Where"]:
            condition = clause["Condition"]
            about = set(_fields(condition, sources))
            if len(about) != 1:
                raise Unread(f"a filter about {len(about)} fields")
            yield Restriction(about.pop(), _test(condition, now))


def _top(definition: dict[str, Any], sources: dict[str, str]) -> Restriction:
    """The first n by a measure: a subquery with Top and OrderBy, which the column must be in."""
    (source,) = (source for source in definition["From"] if "Expression" in source)
    query = source["Expression"]["Subquery"]["Query"]
    inner = {entry["Name"]: entry["Entity"] for entry in query["From"]}
    order = query["OrderBy"][0]
    column = expressions.field(definition["Where"][0]["Condition"]["In"]["Expressions"][0], sources)
    by = expressions.field(order["Expression"], inner)
    return Restriction(column, lambda _: True, query["Top"], by, last=order["Direction"] == 1)


def _fields(condition: dict[str, Any], sources: dict[str, str]) -> Iterator[Field]:
    for kind, body in condition.items():
        if kind in ("Column", "Measure", "HierarchyLevel"):
            yield expressions.field({kind: body}, sources)
        elif isinstance(body, dict):
            yield from _fields(body, sources)
        elif isinstance(body, list):
            for entry in body:
                if isinstance(entry, dict):
                    yield from _fields(entry, sources)


def _test(condition: dict[str, Any], now: datetime) -> Test:
    ((kind, body),) = condition.items()
    if kind not in _TESTS:
        raise Unread(f"condition {kind}")
    return _TESTS[kind](body, now)


def _not(body: dict[str, Any], now: datetime) -> Test:
    inner = _test(body["Expression"], now)
    return lambda value: not inner(value)


def _both(body: dict[str, Any], now: datetime) -> Test:
    left, right = _test(body["Left"], now), _test(body["Right"], now)
    return lambda value: left(value) and right(value)


def _either(body: dict[str, Any], now: datetime) -> Test:
    left, right = _test(body["Left"], now), _test(body["Right"], now)
    return lambda value: left(value) or right(value)


def _among(body: dict[str, Any], now: datetime) -> Test:
    among = [_value(entry[0], now) for entry in body["Values"]]
    return lambda value: any(_same(value, wanted) for wanted in among)


def _compared(body: dict[str, Any], now: datetime) -> Test:
    compare, bound = COMPARISONS[body["ComparisonKind"]], _value(body["Right"], now)
    if bound is None:
        return lambda value: (value is None) == (compare is operator.eq)
    return lambda value: value is not None and compare(*_alike(value, bound))


def _between(body: dict[str, Any], now: datetime) -> Test:
    low, high = _value(body["LowerBound"], now), _value(body["UpperBound"], now)
    return lambda value: value is not None and low <= _alike(value, low)[0] and _alike(value, high)[0] <= high


def _contains(body: dict[str, Any], now: datetime) -> Test:
    word = str(_value(body["Right"], now)).lower()
    return lambda value: word in str(value or "").lower()


_TESTS: dict[str, Callable[[dict[str, Any], datetime], Test]] = {
    "Not": _not,
    "And": _both,
    "Or": _either,
    "In": _among,
    "Comparison": _compared,
    "Between": _between,
    "Contains": _contains,
}


def _same(value: Any, wanted: Any) -> bool:
    if value is None or wanted is None:
        return value is wanted
    left, right = _alike(value, wanted)
    return bool(left == right)


def _alike(value: Any, bound: Any) -> tuple[Any, Any]:
    """Moments as moments, texts without regard to case, as DAX compares them."""
    if isinstance(bound, datetime):
        return datetime.fromisoformat(str(value)[:19]), bound
    if isinstance(bound, str) and isinstance(value, str):
        return value.lower(), bound.lower()
    return value, bound


def _value(expression: dict[str, Any], now: datetime) -> Any:
    ((kind, body),) = expression.items()
    if kind == "Literal":
        text = body["Value"]
        said = expressions.literal(text)
        return datetime.fromisoformat(said[:19]) if text.startswith("datetime'") else said
    if kind == "Now":
        return now
    if kind == "DateSpan":
        moment = _value(body["Expression"], now)
        return moment.replace(hour=0, minute=0, second=0, microsecond=0)
    if kind == "DateAdd":
        return _moved(_value(body["Expression"], now), body["Amount"], body["TimeUnit"])
    raise Unread(f"value {kind}")


def _moved(moment: datetime, amount: int, unit: int) -> datetime:
    if unit in DAYS:
        return moment + timedelta(days=amount * DAYS[unit])
    months = moment.year * 12 + moment.month - 1 + amount * (1 if unit == 2 else 12)
    return moment.replace(year=months // 12, month=months % 12 + 1)
