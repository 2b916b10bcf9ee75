"""A second, slow evaluator of OData expressions in plain Python, written from the text of the standard.

It shares nothing with the engine: its own expression trees (with their OData text), its own null rules, promotion and
functions. Sources: OData URL Conventions 4.01, 5.1.1. Used by the generative tests, which make trees and rows at
random and compare which rows are kept.

Values: int, Decimal (exact), float, str, bool, date, datetime (naive UTC), time, timedelta, None.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal, localcontext
from typing import Any

Row = dict[str, Any]
WHITE = "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"
EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 stored instants are naive UTC
WHOLE = 2**63


class MayFail(Exception):
    """The row divides by zero or leaves a type's range: the engine may refuse the whole request."""


@dataclass(frozen=True)
class Expr:
    """`name` is an operator, a function, `column` or `literal`; `kind` one of i (Int32, Int64), d (Decimal), f (Double),
    s, b, day, at, time, span."""

    name: str
    kind: str
    arguments: tuple[Expr, ...] = ()
    text: str = ""
    value: Any = field(default=None, compare=False)

    @property
    def is_fixed(self) -> bool:
        """Whether it is the same for every row."""
        return self.name != "column" and all(argument.is_fixed for argument in self.arguments)

    def names(self) -> Iterator[str]:
        """Every operator and function in the tree."""
        if self.name not in ("column", "literal"):
            yield self.name
        for argument in self.arguments:
            yield from argument.names()


def column(name: str, kind: str) -> Expr:
    """A property."""
    return Expr("column", kind, text=name)


def literal(text: str, kind: str, value: Any) -> Expr:
    """A literal, as it is written."""
    return Expr("literal", kind, text=text, value=value)


OPERATORS = ("or", "and", "eq", "ne", "gt", "ge", "lt", "le", "add", "sub", "mul", "div", "divby", "mod")


def write(expr: Expr) -> str:
    """The tree as OData text, every operation in brackets."""
    if expr.name in ("column", "literal"):
        return expr.text
    inner = [write(argument) for argument in expr.arguments]
    if expr.name in OPERATORS:
        return f"({inner[0]} {expr.name} {inner[1]})"
    if expr.name == "not":
        return f"not ({inner[0]})"
    if expr.name == "-":
        return f"(- {inner[0]})"
    if expr.name == "in":
        return f"({inner[0]} in ({','.join(inner[1:])}))"
    return f"{expr.name}({','.join(inner)})"


def evaluate(expr: Expr, row: Row, now: datetime) -> Any:
    """The value in one row. Raises MayFail."""
    if expr.name in ("column", "literal", "now"):
        return {"column": row.get(expr.text), "literal": expr.value, "now": now}[expr.name]
    return _operated(expr, [evaluate(argument, row, now) for argument in expr.arguments])


def _operated(expr: Expr, values: list[Any]) -> Any:
    if expr.name in ("and", "or"):
        return _joined(expr.name, values)
    if expr.name in _COMPARISONS:
        return _compared(expr.name, *values)
    if expr.name == "in":
        return any(_equal(values[0], item) for item in values[1:])
    if expr.name == "substring" and len(values) == 3 and (values[2] or 0) < 0:
        raise MayFail  # a bad request, whatever the text is
    if any(value is None for value in values):
        return None
    return _within({**_FUNCTIONS, **_ARITHMETIC}[expr.name](*values))


def _joined(name: str, values: list[Any]) -> bool | None:
    settles = name == "or"
    if any(value is settles for value in values):
        return settles
    return None if any(value is None for value in values) else not settles


def _numbers(one: Any, two: Any) -> tuple[Any, Any]:
    """Both of one type: a double when either is one, else exact."""
    if isinstance(one, float) or isinstance(two, float):
        return float(one), float(two)
    if isinstance(one, Decimal) or isinstance(two, Decimal):
        return Decimal(one), Decimal(two)
    return one, two


def _is_number(value: Any) -> bool:
    return isinstance(value, int | Decimal | float) and not isinstance(value, bool)


def _equal(one: Any, two: Any) -> bool:
    if one is None or two is None:
        return one is two
    if _is_number(one) and _is_number(two):
        one, two = _numbers(one, two)
    return bool(one == two)


_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "gt": lambda one, two: one > two,
    "ge": lambda one, two: one >= two,
    "lt": lambda one, two: one < two,
    "le": lambda one, two: one <= two,
    "eq": _equal,
    "ne": lambda one, two: not _equal(one, two),
}


def _compared(name: str, one: Any, two: Any) -> bool:
    if name in ("eq", "ne"):
        return _COMPARISONS[name](one, two)
    if one is None or two is None:
        return False
    if _is_number(one):
        one, two = _numbers(one, two)
    return _COMPARISONS[name](one, two)


def _within(value: Any) -> Any:
    """Values near the end of a type's range may make the engine refuse."""
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int) and not -WHOLE <= value < WHOLE:
        raise MayFail
    if isinstance(value, Decimal) and abs(value) >= 10**12:
        raise MayFail
    if isinstance(value, timedelta) and abs(_micros(value)) >= WHOLE:  # a timedelta reaches further than 64 bits
        raise MayFail
    return value


def _exact(work: Callable[[Decimal, Decimal], Decimal], one: Any, two: Any) -> Decimal:
    with localcontext() as context:
        context.prec = 120
        return work(Decimal(one), Decimal(two))


def _moved(one: Any, two: Any, sign: int) -> Any:
    try:
        if isinstance(one, datetime):
            return one + sign * two
        moved = datetime.combine(one, time.min) + sign * two
    except OverflowError:
        raise MayFail from None
    return moved.date()


def _add(one: Any, two: Any, sign: int = 1) -> Any:
    if isinstance(one, date):
        if isinstance(two, date):
            return one - two
        return _moved(one, two, sign)
    if isinstance(one, timedelta):
        return one + sign * two
    one, two = _numbers(one, two)
    return _exact(lambda a, b: a + sign * b, one, two) if isinstance(one, Decimal) else one + sign * two


def _micros(span: timedelta) -> int:
    return span // timedelta(microseconds=1)


def _span(micros: float) -> timedelta:
    try:
        return timedelta(microseconds=round(micros))
    except (OverflowError, ValueError):
        raise MayFail from None


def _mul(one: Any, two: Any) -> Any:
    if isinstance(two, timedelta):
        one, two = two, one
    if isinstance(one, timedelta):
        return _span(_micros(one) * (float(two) if isinstance(two, Decimal) else two))
    one, two = _numbers(one, two)
    return _exact(lambda a, b: a * b, one, two) if isinstance(one, Decimal) else one * two


def _whole(one: int, two: int) -> int:
    """Towards zero."""
    quotient = abs(one) // abs(two)
    return quotient if (one < 0) == (two < 0) else -quotient


def _float_div(one: float, two: float) -> float:
    if two != 0:
        return one / two
    if one == 0 or math.isnan(one):
        return math.nan
    return math.copysign(math.inf, one) * math.copysign(1.0, two)


def _div(one: Any, two: Any, *, whole: bool = True) -> Any:
    if isinstance(one, timedelta):
        if two == 0:
            raise MayFail
        if isinstance(two, int):
            return timedelta(microseconds=_whole(_micros(one), two))
        return _span(_micros(one) / float(two))
    one, two = _numbers(one, two)
    if isinstance(one, float):
        return _float_div(one, two)
    if two == 0:
        raise MayFail
    if isinstance(one, int) and whole:
        return _whole(one, two)
    if abs(Decimal(one)) * 10 ** (13 + max(0, -int(Decimal(two).normalize().as_tuple().exponent))) >= 2**126:
        raise MayFail  # 38 digits hold the dividend with as many zeros as the divisor has digits after its point
    return _exact(lambda a, b: (a / b).quantize(Decimal(10) ** -12, ROUND_HALF_UP), one, two)


def _mod(one: Any, two: Any) -> Any:
    one, two = _numbers(one, two)
    if two == 0:
        raise MayFail
    if isinstance(one, float):
        return math.nan if math.isinf(one) else math.fmod(one, two)
    if isinstance(one, int):
        return one - two * _whole(one, two)
    return _exact(lambda a, b: a % b, one, two)  # a Decimal's remainder has the sign of the left side


_ARITHMETIC: dict[str, Callable[..., Any]] = {
    "add": _add,
    "sub": lambda one, two: _add(one, two, -1),
    "mul": _mul,
    "div": _div,
    "divby": lambda one, two: _div(one, two, whole=False),
    "mod": _mod,
    "-": lambda one: -one,
    "not": lambda one: not one,
}


def _rounded(how: str) -> Callable[[Any], Any]:
    def work(value: Any) -> Any:
        if isinstance(value, float):
            if not math.isfinite(value):
                return value
            return float(Decimal(value).quantize(Decimal(1), how)) if abs(value) < 2**60 else value
        with localcontext() as context:
            context.prec = 120
            return Decimal(value).quantize(Decimal(1), how)

    return work


def _substring(text: str, start: int, length: int | None = None) -> str:
    if abs(start) > 2**31 or (length or 0) > 2**31:
        raise MayFail
    rest = text[max(len(text) + start, 0) if start < 0 else start :]
    return rest if length is None else rest[:length]


def _fraction(value: datetime | time) -> Decimal:
    return Decimal(value.microsecond) / 1_000_000


_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "contains": lambda one, two: two in one,
    "startswith": lambda one, two: one.startswith(two),
    "endswith": lambda one, two: one.endswith(two),
    "length": len,
    "indexof": lambda one, two: one.find(two),
    "substring": _substring,
    "tolower": lambda one: one.lower(),
    "toupper": lambda one: one.upper(),
    "trim": lambda one: one.strip(WHITE),
    "concat": lambda one, two: one + two,
    "year": lambda one: one.year,
    "month": lambda one: one.month,
    "day": lambda one: one.day,
    "hour": lambda one: one.hour,
    "minute": lambda one: one.minute,
    "second": lambda one: one.second,
    "fractionalseconds": _fraction,
    "date": lambda one: one.date(),
    "time": lambda one: one.time(),
    "mindatetime": lambda: datetime.min,  # noqa: DTZ901
    "maxdatetime": lambda: datetime.max,  # noqa: DTZ901
    "totaloffsetminutes": lambda _: 0,
    "totalseconds": lambda one: Decimal(_micros(one)) / 1_000_000,
    "round": _rounded(ROUND_HALF_UP),
    "floor": _rounded(ROUND_FLOOR),
    "ceiling": _rounded(ROUND_CEILING),
}


def utc(moment: datetime) -> datetime:
    """An aware instant as it is stored."""
    return moment.astimezone(UTC).replace(tzinfo=None)
