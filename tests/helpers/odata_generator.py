"""Hypothesis strategies: random typed OData expressions (oracle trees) and random rows of the test view.

`production` lists what can make a value of each kind; the generative test checks that all of it is really drawn.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import cache
from typing import Any

from hypothesis import strategies as st

from tests.helpers.odata_oracle import Expr, column, literal

Draw = Callable[[st.SearchStrategy[Any]], Any]
LETTERS = "aAbBzéÉñ_%'\\ 0.👍\t"
NUMBERS = ("i", "d", "f")

TEXTS = st.text(LETTERS, max_size=6)
WHOLE = st.one_of(st.integers(-9, 9), st.integers(-9, 9), st.integers(-(2**31), 2**31 - 1))
DECIMALS = st.decimals(-1000, 1000, places=4) | st.sampled_from([Decimal("0.5"), Decimal("-2.5"), Decimal("0")])
FOUR_PLACES = DECIMALS.map(lambda value: value.quantize(Decimal("0.0001")))
DOUBLES = st.sampled_from([0.0, 0.5, -0.5, 2.5, -7.25, 1e10, 0.1]) | st.floats(-1e6, 1e6).map(lambda x: x + 0.0)
DAYS = st.dates(date(2024, 2, 27), date(2024, 3, 2)) | st.dates(date(1900, 1, 1), date(2100, 1, 1))
MOMENTS = st.builds(
    lambda day, micros: datetime.combine(day, time.min) + timedelta(microseconds=micros),
    DAYS,
    st.sampled_from([0, 1, 999_999, 43_200_000_000, 86_399_999_999]) | st.integers(0, 86_399_999_999),
)
CLOCKS = st.sampled_from([0, 43_200_000_000]) | st.integers(0, 86_399_999_999)
SPANS = st.builds(
    lambda days, micros: timedelta(days=days, microseconds=micros),
    st.integers(-3, 3),
    st.sampled_from([0, 1, 500_000, 3_600_000_000]),
)


def _often(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Mostly a value, sometimes null."""
    return st.one_of(values, values, values, st.none())


ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "Name": _often(TEXTS),
            "Small": _often(WHOLE),
            "Count": _often(WHOLE | st.sampled_from([2**62, -(2**62)])),
            "Amount": _often(DECIMALS),
            "Ratio": _often(DOUBLES),
            "Day": _often(DAYS),
            "At": _often(MOMENTS),
            "Flag": _often(st.booleans()),
        }
    ),
    min_size=1,
    max_size=6,
).map(lambda rows: [{"Id": number, "Area": "001", **row} for number, row in enumerate(rows, 1)])

MIDNIGHT = datetime(2000, 1, 1)  # noqa: DTZ001 only its clock is used

COLUMNS = {
    "i": ("Small", "Count", "Id"),
    "d": ("Amount",),
    "f": ("Ratio",),
    "s": ("Name",),
    "b": ("Flag",),
    "day": ("Day",),
    "at": ("At",),
    "time": (),
    "span": (),
}


def _double(value: float) -> str:
    return f"{value!r}e0" if "e" not in repr(value) else repr(value)


def _clock(micros: int) -> str:
    seconds, fraction = divmod(micros, 1_000_000)
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}.{fraction:06}"


def _span_text(span: timedelta) -> str:
    micros = span // timedelta(microseconds=1)
    sign, micros = ("-" if micros < 0 else ""), abs(micros)
    return (
        f"duration'{sign}P{micros // 86_400_000_000}DT{micros % 86_400_000_000 // 1_000_000}.{micros % 1_000_000:06}S'"
    )


def _moment_text(moment: datetime, minutes: int) -> str:
    """The instant written with an offset."""
    local = moment + timedelta(minutes=minutes)
    sign = "-" if minutes < 0 else "+"
    return (
        f"{local.isoformat()}{sign}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"
        if minutes
        else f"{local.isoformat()}Z"
    )


WRITTEN: dict[str, st.SearchStrategy[tuple[str, Any]]] = {
    "i": WHOLE.map(lambda value: (str(value), value)),
    "d": FOUR_PLACES.map(lambda value: (f"{value:f}", value)),
    "f": DOUBLES.map(lambda value: (_double(value), value)),
    "s": TEXTS.map(lambda value: ("'" + value.replace("'", "''") + "'", value)),
    "b": st.booleans().map(lambda value: (str(value).lower(), value)),
    "day": DAYS.map(lambda value: (value.isoformat(), value)),
    "at": st.builds(
        lambda value, minutes: (_moment_text(value, minutes), value), MOMENTS, st.sampled_from([0, 0, 60, -300, 345])
    ),
    "time": CLOCKS.map(lambda micros: (_clock(micros), (MIDNIGHT + timedelta(microseconds=micros)).time())),
    "span": SPANS.map(lambda value: (_span_text(value), value)),
}
"""Literals of each kind: (as written, value)."""


@cache
def _numbers_upto(last: int) -> st.SearchStrategy[int]:
    return st.integers(0, last)


@cache
def _choices(*options: Any) -> st.SearchStrategy[Any]:
    return st.sampled_from(options)


def _upto(draw: Draw, last: int) -> int:
    """0 to `last`."""
    return int(draw(_numbers_upto(last)))


def _pick(draw: Draw, *options: Any) -> Any:
    """One of the options."""
    return draw(_choices(*options))


_ARITHMETIC = ("add", "sub", "mul", "div", "divby", "mod")


def _wider(draw: Draw, kind: str) -> tuple[str, str]:
    """Kinds of two operands whose promotion is `kind`."""
    below = {"i": ("i",), "d": ("i", "d"), "f": ("i", "d", "f")}[kind]
    other = _pick(draw, *below)
    return (kind, other) if _upto(draw, 1) else (other, kind)


@st.composite
def expressions(draw: Draw, kind: str, depth: int) -> Expr:
    """A random tree of that kind, at most `depth` operations deep."""
    choice = _upto(draw, 9)
    if depth <= 0 or choice == 0:
        return _leaf(draw, kind)
    return _PRODUCTIONS[kind](draw, lambda wanted: draw(trees(wanted, depth - 1)))


@cache
def trees(kind: str, depth: int) -> st.SearchStrategy[Expr]:
    """`expressions`, made once."""
    return expressions(kind, depth)


def _leaf(draw: Draw, kind: str) -> Expr:
    names = COLUMNS[kind]
    pick = _upto(draw, 9)
    if pick == 0:
        return literal("null", kind, None)
    if names and pick > 3:
        return column(_pick(draw, *names), kind)
    if kind == "at" and pick < 4:
        return Expr(_pick(draw, "now", "mindatetime", "maxdatetime"), kind)
    text, value = draw(WRITTEN[kind])
    return literal(text, kind, value)


Grow = Callable[[str], Expr]


def _plain(expr: Expr) -> bool:
    """Whether it may be an argument of a function of the time zone: no literal with an offset."""
    return not (expr.name == "literal" and expr.kind == "at" and not expr.text.endswith("Z") and expr.value is not None)


def _moment(draw: Draw, grow: Grow) -> Expr:
    found = grow("at")
    return found if _plain(found) else column("At", "at")


CALLS: dict[str, tuple[str, tuple[str, ...]]] = {
    "length": ("i", ("s",)),
    "indexof": ("i", ("s", "s")),
    "substring": ("s", ("s", "i")),
    "tolower": ("s", ("s",)),
    "toupper": ("s", ("s",)),
    "trim": ("s", ("s",)),
    "concat": ("s", ("s", "s")),
    **dict.fromkeys(("year", "month", "day"), ("i", ("day",))),
    **dict.fromkeys(("hour", "minute", "second", "totaloffsetminutes"), ("i", ("moment",))),
    "fractionalseconds": ("d", ("time",)),
    "date": ("day", ("moment",)),
    "time": ("time", ("moment",)),
    "totalseconds": ("d", ("span",)),
    **dict.fromkeys(("round", "floor", "ceiling"), ("d", ("d",))),
}
"""One way to call each function: result and arguments; so that each is drawn as often as any other."""


def _called(draw: Draw, grow: Grow) -> Expr:
    name = _pick(draw, *CALLS)
    kind, wanted = CALLS[name]
    call = Expr(name, kind, tuple(_moment(draw, grow) if one == "moment" else grow(one) for one in wanted))
    return Expr(_pick(draw, "eq", "ne", "gt", "le"), "b", (call, grow(kind)))


def _boolean(draw: Draw, grow: Grow) -> Expr:
    pick = _upto(draw, 13)
    if pick > 11:
        return _called(draw, grow)
    if pick < 3:
        return Expr(_pick(draw, "and", "or"), "b", (grow("b"), grow("b")))
    if pick == 3:
        return Expr("not", "b", (grow("b"),))
    if pick == 4:
        name = _pick(draw, "contains", "startswith", "endswith")
        return Expr(name, "b", (grow("s"), grow("s")))
    if pick == 5:
        kind = _pick(draw, "i", "d", "f", "s", "day", "at", "span")
        items = [literal(*_item(draw, kind)) for _ in range(1 + _upto(draw, 2))]
        return Expr("in", "b", (grow(kind), *items))
    name = _pick(draw, "eq", "ne", "gt", "ge", "lt", "le")
    one = _pick(draw, "i", "d", "f", "s", "b", "day", "at", "time", "span")
    two = _pick(draw, *NUMBERS) if one in NUMBERS else one
    return Expr(name, "b", (grow(one), grow(two)))


def _item(draw: Draw, kind: str) -> tuple[str, str, Any]:
    if _upto(draw, 4) == 0:
        return ("null", kind, None)
    text, value = draw(WRITTEN[kind])
    return (text, kind, value)


def _integer(draw: Draw, grow: Grow) -> Expr:
    pick = _upto(draw, 8)
    if pick < 3:
        return Expr(_pick(draw, "add", "sub", "mul", "div", "mod"), "i", (grow("i"), grow("i")))
    others: dict[int, Callable[[], tuple[str, tuple[Expr, ...]]]] = {
        3: lambda: ("-", (grow("i"),)),
        4: lambda: ("length", (grow("s"),)),
        5: lambda: ("indexof", (grow("s"), grow("s"))),
        6: lambda: (_pick(draw, "year", "month", "day"), (grow("day") if _upto(draw, 1) else _moment(draw, grow),)),
        7: lambda: (
            _pick(draw, "hour", "minute", "second"),
            (grow("time") if _upto(draw, 1) else _moment(draw, grow),),
        ),
        8: lambda: ("totaloffsetminutes", (_moment(draw, grow),)),
    }
    name, arguments = others[pick]()
    return Expr(name, "i", arguments)


def _decimal(draw: Draw, grow: Grow) -> Expr:
    pick = _upto(draw, 6)
    if pick < 3:
        name = _pick(draw, *_ARITHMETIC)
        one, two = ("i", "i") if name == "divby" and _upto(draw, 1) else _wider(draw, "d")
        return Expr(name, "d", (grow(one), grow(two)))
    if pick == 3:
        return Expr("-", "d", (grow("d"),))
    if pick == 4:
        return Expr("totalseconds", "d", (grow("span"),))
    if pick == 5:
        argument = grow("time") if _upto(draw, 1) else _moment(draw, grow)
        return Expr("fractionalseconds", "d", (argument,))
    return Expr(_pick(draw, "round", "floor", "ceiling"), "d", (grow(_pick(draw, "d", "i")),))


def _float(draw: Draw, grow: Grow) -> Expr:
    pick = _upto(draw, 4)
    if pick < 3:
        one, two = _wider(draw, "f")
        return Expr(_pick(draw, *_ARITHMETIC), "f", (grow(one), grow(two)))
    if pick == 3:
        return Expr("-", "f", (grow("f"),))
    return Expr(_pick(draw, "round", "floor", "ceiling"), "f", (grow("f"),))


def _string(draw: Draw, grow: Grow) -> Expr:
    name = _pick(draw, "tolower", "toupper", "trim", "concat", "substring", "substring")
    if name == "concat":
        return Expr(name, "s", (grow("s"), grow("s")))
    if name == "substring":
        numbers = tuple(grow("i") for _ in range(1 + _upto(draw, 1)))
        return Expr(name, "s", (grow("s"), *numbers))
    return Expr(name, "s", (grow("s"),))


def _day(draw: Draw, grow: Grow) -> Expr:
    if _upto(draw, 1):
        return Expr("date", "day", (_moment(draw, grow),))
    return Expr(_pick(draw, "add", "sub"), "day", (grow("day"), grow("span")))


def _at(draw: Draw, grow: Grow) -> Expr:
    return Expr(_pick(draw, "add", "sub"), "at", (grow("at"), grow("span")))


def _time(draw: Draw, grow: Grow) -> Expr:
    return Expr("time", "time", (_moment(draw, grow),))


def _span(draw: Draw, grow: Grow) -> Expr:
    pick = _upto(draw, 5)
    if pick == 0:
        return Expr("sub", "span", (grow("at"), grow("at")))
    if pick == 1:
        return Expr("sub", "span", (grow("day"), grow("day")))
    if pick == 2:
        return Expr(_pick(draw, "add", "sub"), "span", (grow("span"), grow("span")))
    if pick == 3:
        return Expr("-", "span", (grow("span"),))
    number = grow(_pick(draw, *NUMBERS))
    if pick == 4:
        return Expr(_pick(draw, "div", "divby"), "span", (grow("span"), number))
    pair = (grow("span"), number) if _upto(draw, 1) else (number, grow("span"))
    return Expr("mul", "span", pair)


_PRODUCTIONS: dict[str, Callable[[Draw, Grow], Expr]] = {
    "b": _boolean,
    "i": _integer,
    "d": _decimal,
    "f": _float,
    "s": _string,
    "day": _day,
    "at": _at,
    "time": _time,
    "span": _span,
}
