"""The operators and functions that the service offers: one table each, from which parser errors, the binder, the
SQL, Capabilities in `$metadata` and the documentation all read. A name that is not here answers 501 or 400.

In `sql`, `{0}` is the first argument, already of the parameter's kind; `{digits0}` are a decimal's digits as a
whole number, `{up}` and `{down}` the powers of ten that put the point of a quotient where DECIMALS wants it. Times
of day and durations are BIGINT microseconds, instants TIMESTAMP in UTC. DuckDB itself raises on division by zero,
overflow and casts that do not fit (it is left at error_on_division_by_zero=true); doubles follow IEEE 754.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

from api.odata.language.literals import Kind
from models.snapshot.rowtext import literal

BOOLEAN, INT32, INT64, DECIMAL, DOUBLE = Kind.BOOLEAN, Kind.INT32, Kind.INT64, Kind.DECIMAL, Kind.DOUBLE
STRING, DATE, INSTANT, TIME, DURATION = Kind.STRING, Kind.DATE, Kind.INSTANT, Kind.TIME, Kind.DURATION


class Scale(Enum):
    """Digits after the point of a decimal result: as many as the operands have (all get the most), or their sum."""

    SAME = auto()
    SUM = auto()


@dataclass(frozen=True)
class Signature:
    """`fails`: some values make DuckDB raise. `scale` counts for decimals only."""

    parameters: tuple[Kind, ...]
    result: Kind
    sql: str
    scale: Scale | int = Scale.SAME
    fails: bool = False


@dataclass(frozen=True)
class Function:
    """`zoned`: evaluated in the time zone of its argument, so only UTC literals are taken (5.1.1.8)."""

    name: str
    doc: str
    signatures: tuple[Signature, ...]
    zoned: bool = False


@dataclass(frozen=True)
class Operator:
    """`group` is logical, comparison or arithmetic; only arithmetic ones have signatures: the others take any kind."""

    name: str
    doc: str
    group: str
    signatures: tuple[Signature, ...] = ()


DECIMALS = 12
"""Digits after the point of a decimal quotient; the last one is rounded."""
WHITE_SPACE = "".join(map(chr, (*range(9, 14), 32, 0x85, 0xA0, 0x1680, *range(0x2000, 0x200B), 0x2028, 0x2029))) + (
    "\u202f\u205f\u3000"
)
"""Unicode White_Space, what `trim` takes away."""

_QUOTIENT = (
    f"CAST(CAST({{digits0}} * {{up}} // ({{digits1}} * {{down}}) AS DECIMAL(38,0))"
    f" * CAST('1e-{DECIMALS + 1}' AS DECIMAL(38,{DECIMALS + 1})) AS DECIMAL(38,{DECIMALS}))"
)
"""Decimal division on whole numbers, without a detour over doubles: one digit more than wanted, then rounded."""
_MICROS = "(CAST({0} AS DECIMAL(38,0)) * CAST('1e-6' AS DECIMAL(38,6)))"
_START = "CASE WHEN {1} < 0 THEN greatest({1}, -length({0})) ELSE {1} + 1 END"
_LENGTH = "CASE WHEN {2} < 0 THEN error('substring: the length is negative') ELSE {2} END"


def _numbers(sql: str, *, scale: Scale | int = Scale.SAME, decimal: str | None = None) -> tuple[Signature, ...]:
    return (
        Signature((INT64, INT64), INT64, sql, fails=True),
        Signature((DECIMAL, DECIMAL), DECIMAL, decimal or sql, scale, fails=True),
        Signature((DOUBLE, DOUBLE), DOUBLE, sql),
    )


def _quotients(*, whole: bool) -> tuple[Signature, ...]:
    """`div` and `divby` differ in whole numbers only: `div` stays whole, `divby` makes decimals of them."""
    integers = (Signature((INT64, INT64), INT64, "({0} // {1})", fails=True),) if whole else ()
    return (
        *integers,
        Signature((DECIMAL, DECIMAL), DECIMAL, _QUOTIENT, DECIMALS, fails=True),
        Signature((DOUBLE, DOUBLE), DOUBLE, "({0} / {1})"),
        Signature((DURATION, INT64), DURATION, "({0} // {1})", fails=True),
        Signature((DURATION, DOUBLE), DURATION, "CAST({0} / {1} AS BIGINT)", fails=True),
    )


_MOVED = "make_timestamp(epoch_us({0}) %s {1})"
_MOVED_DAY = f"CAST({_MOVED} AS DATE)"

_OPERATORS = (
    Operator("or", "True when either side is true; null is unknown.", "logical"),
    Operator("and", "True when both sides are true; null is unknown.", "logical"),
    Operator("not", "True when the operand is false; `not null` is null.", "logical"),
    Operator("eq", "Equal; null equals null and nothing else.", "comparison"),
    Operator("ne", "Not equal; `null ne 1` is true.", "comparison"),
    Operator("gt", "Greater than; false when a side is null.", "comparison"),
    Operator("ge", "Greater than or equal; false when a side is null.", "comparison"),
    Operator("lt", "Less than; false when a side is null.", "comparison"),
    Operator("le", "Less than or equal; false when a side is null.", "comparison"),
    Operator("in", "Equal to one of a list.", "comparison"),
    Operator(
        "add",
        "Sum; moves a day or an instant by a duration.",
        "arithmetic",
        (
            *_numbers("({0} + {1})"),
            Signature((INSTANT, DURATION), INSTANT, _MOVED % "+", fails=True),
            Signature((DURATION, DURATION), DURATION, "({0} + {1})", fails=True),
            Signature((DATE, DURATION), DATE, _MOVED_DAY % "+", fails=True),
        ),
    ),
    Operator(
        "sub",
        "Difference; of two days or instants a duration.",
        "arithmetic",
        (
            *_numbers("({0} - {1})"),
            Signature((INSTANT, INSTANT), DURATION, "(epoch_us({0}) - epoch_us({1}))"),
            Signature((INSTANT, DURATION), INSTANT, _MOVED % "-", fails=True),
            Signature((DURATION, DURATION), DURATION, "({0} - {1})", fails=True),
            Signature((DATE, DATE), DURATION, "(epoch_us({0}) - epoch_us({1}))"),
            Signature((DATE, DURATION), DATE, _MOVED_DAY % "-", fails=True),
        ),
    ),
    Operator(
        "mul",
        "Product; of a duration and a number a duration.",
        "arithmetic",
        (
            *_numbers("({0} * {1})", scale=Scale.SUM),
            Signature((DURATION, INT64), DURATION, "({0} * {1})", fails=True),
            Signature((DURATION, DOUBLE), DURATION, "CAST({0} * {1} AS BIGINT)", fails=True),
            Signature((INT64, DURATION), DURATION, "({0} * {1})", fails=True),
            Signature((DOUBLE, DURATION), DURATION, "CAST({0} * {1} AS BIGINT)", fails=True),
        ),
    ),
    Operator("div", "Quotient; of whole numbers the whole part, towards zero.", "arithmetic", _quotients(whole=True)),
    Operator("divby", "Quotient; of whole numbers a decimal.", "arithmetic", _quotients(whole=False)),
    Operator(
        "mod",
        "Remainder, with the sign of the left side.",
        "arithmetic",
        (
            *_numbers("({0} % {1})")[:2],
            Signature(
                (DOUBLE, DOUBLE),
                DOUBLE,
                "CASE WHEN {1} = 0 AND {0} IS NOT NULL THEN error('mod: division by zero') ELSE {0} % {1} END",
                fails=True,
            ),
        ),
    ),
    Operator(
        "-",
        "The other sign.",
        "arithmetic",
        (
            Signature((INT64,), INT64, "(0 - {0})", fails=True),
            Signature((DECIMAL,), DECIMAL, "(- {0})"),
            Signature((DOUBLE,), DOUBLE, "(- {0})"),
            Signature((DURATION,), DURATION, "(0 - {0})", fails=True),
        ),
    ),
)


def _texts(name: str, doc: str, count: int, result: Kind, sql: str) -> Function:
    return Function(name, doc, (Signature((STRING,) * count, result, sql),))


def _part(name: str, doc: str, *kinds: Kind) -> Function:
    """A calendar or clock part; of a time of day by arithmetic on its microseconds."""
    of_time = {"hour": "({0} // 3600000000)", "minute": "({0} // 60000000 % 60)", "second": "({0} // 1000000 % 60)"}
    signatures = (Signature((kind,), INT32, of_time[name] if kind is TIME else f"{name}({{0}})") for kind in kinds)
    return Function(name, doc, tuple(signatures), zoned=True)


def _rounded(name: str, doc: str, sql: str) -> Function:
    return Function(name, doc, (Signature((DECIMAL,), DECIMAL, sql, 0), Signature((DOUBLE,), DOUBLE, sql)))


_FUNCTIONS = (
    _texts("contains", "Whether the first text contains the second.", 2, BOOLEAN, "contains({0}, {1})"),
    _texts("startswith", "Whether the first text begins with the second.", 2, BOOLEAN, "starts_with({0}, {1})"),
    _texts("endswith", "Whether the first text ends with the second.", 2, BOOLEAN, "ends_with({0}, {1})"),
    _texts("length", "Number of characters.", 1, INT32, "length({0})"),
    _texts(
        "indexof",
        "Place of the second text in the first, from 0; -1 where it is not.",
        2,
        INT32,
        # without the cast DuckDB 2.0 rewrites `strpos(...) = 1` behind an outer join and fails on its own text
        "(CAST(strpos({0}, {1}) AS INTEGER) - 1)",
    ),
    Function(
        "substring",
        "Text from a place (from 0; negative: from the end), of at most so many characters.",
        (
            Signature((STRING, INT64), STRING, f"substring({{0}}, {_START})", fails=True),
            Signature((STRING, INT64, INT64), STRING, f"substring({{0}}, {_START}, {_LENGTH})", fails=True),
        ),
    ),
    _texts("tolower", "In lower case.", 1, STRING, "lower({0})"),
    _texts("toupper", "In upper case.", 1, STRING, "upper({0})"),
    _texts("trim", "Without white space at both ends.", 1, STRING, f"trim({{0}}, {literal(WHITE_SPACE)})"),
    _texts("concat", "The first text, then the second.", 2, STRING, "({0} || {1})"),
    _part("year", "Year.", DATE, INSTANT),
    _part("month", "Month, 1 to 12.", DATE, INSTANT),
    _part("day", "Day of the month.", DATE, INSTANT),
    _part("hour", "Hour in UTC, 0 to 23.", INSTANT, TIME),
    _part("minute", "Minute, 0 to 59.", INSTANT, TIME),
    _part("second", "Whole second, 0 to 59.", INSTANT, TIME),
    Function(
        "fractionalseconds",
        "What the clock shows after the whole second, less than 1.",
        (
            Signature((INSTANT,), DECIMAL, _MICROS.replace("{0}", "microsecond({0}) % 1000000"), 6),
            Signature((TIME,), DECIMAL, _MICROS.replace("{0}", "{0} % 1000000"), 6),
        ),
    ),
    Function("date", "The day in UTC of an instant.", (Signature((INSTANT,), DATE, "CAST({0} AS DATE)"),), True),
    Function(
        "time",
        "The time of day in UTC of an instant.",
        (Signature((INSTANT,), TIME, "epoch_us(CAST({0} AS TIME))"),),
        True,
    ),
    Function("now", "The moment that the figures describe (as-of).", (Signature((), INSTANT, ""),)),
    Function("mindatetime", "The earliest instant.", (Signature((), INSTANT, ""),)),
    Function("maxdatetime", "The latest instant.", (Signature((), INSTANT, ""),)),
    Function(
        "totaloffsetminutes",
        "Offset from UTC in minutes: always 0, instants are published in UTC.",
        (Signature((INSTANT,), INT32, "(epoch_us({0}) * 0)"),),
        zoned=True,
    ),
    Function("totalseconds", "A duration in seconds.", (Signature((DURATION,), DECIMAL, _MICROS, 6),)),
    _rounded("round", "Nearest whole number; halves away from zero.", "round({0})"),
    _rounded("floor", "Next lower whole number.", "floor({0})"),
    _rounded("ceiling", "Next higher whole number.", "ceil({0})"),
)

OPERATORS: dict[str, Operator] = {operator.name: operator for operator in _OPERATORS}
"""By name in lower case; the minus sign is `-`."""
FUNCTIONS: dict[str, Function] = {function.name: function for function in _FUNCTIONS}
"""By name in lower case."""
NOT_OFFERED = frozenset(
    {"matchespattern", "hassubset", "hassubsequence", "geo.distance", "geo.intersects", "geo.length"}
)
"""Canonical functions of OData 4.01 that answer 501."""
