"""Random typed OData expressions (oracle trees) over given properties, and Hypothesis strategies for the test view.

`_PRODUCTIONS` lists what can make a value of each kind; the generative tests check that all of it is really drawn.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from hypothesis import strategies as st

from tests.helpers.odata_literals import DAYS, DECIMALS, DOUBLES, MOMENTS, TEXTS, WHOLE, Dice, Drawn
from tests.helpers.odata_oracle import Expr, column, literal

NUMBERS = ("i", "d", "f")


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

Columns = tuple[tuple[str, tuple[str, ...]], ...]
"""Properties by kind, hashable."""
COLUMNS: Columns = (
    ("i", ("Small", "Count", "Id")),
    ("d", ("Amount",)),
    ("f", ("Ratio",)),
    ("s", ("Name",)),
    ("b", ("Flag",)),
    ("day", ("Day",)),
    ("at", ("At",)),
)


_ARITHMETIC = ("add", "sub", "mul", "div", "divby", "mod")


def _wider(dice: Dice, kind: str) -> tuple[str, str]:
    """Kinds of two operands whose promotion is `kind`."""
    below = {"i": ("i",), "d": ("i", "d"), "f": ("i", "d", "f")}[kind]
    other = dice.pick(*below)
    return (kind, other) if dice.upto(1) else (other, kind)


@dataclass(frozen=True)
class Grow:
    """Grows the arguments of an operation: trees of the kind asked for, less deep than the operation."""

    dice: Dice
    depth: int
    columns: Columns

    def __call__(self, kind: str) -> Expr:
        return grown(self.dice, kind, self.depth, self.columns)


def grown(dice: Dice, kind: str, depth: int, columns: Columns) -> Expr:
    """A random tree of that kind over these properties, at most `depth` operations deep."""
    choice = dice.upto(9)
    if depth <= 0 or choice == 0:
        return _leaf(dice, kind, dict(columns).get(kind, ()))
    return _PRODUCTIONS[kind](dice, Grow(dice, depth - 1, columns))


@cache
def trees(kind: str, depth: int) -> st.SearchStrategy[Expr]:
    """Random trees over the columns of the test view, made once."""
    return st.composite(lambda draw: grown(Drawn(draw), kind, depth, COLUMNS))()


def _leaf(dice: Dice, kind: str, names: tuple[str, ...]) -> Expr:
    pick = dice.upto(9)
    if pick == 0:
        return literal("null", kind, None)
    if names and pick > 3:
        return column(dice.pick(*names), kind)
    if kind == "at" and pick < 4:
        return Expr(dice.pick("now", "mindatetime", "maxdatetime"), kind)
    text, value = dice.literal(kind)
    return literal(text, kind, value)


def _plain(expr: Expr) -> bool:
    """Whether it may be an argument of a function of the time zone: no literal with an offset."""
    return not (expr.name == "literal" and expr.kind == "at" and not expr.text.endswith("Z") and expr.value is not None)


def _moment(dice: Dice, grow: Grow) -> Expr:
    found = grow("at")
    if _plain(found):
        return found
    names = dict(grow.columns).get("at")
    return column(names[0], "at") if names else Expr("now", "at")


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


def _called(dice: Dice, grow: Grow) -> Expr:
    name = dice.pick(*CALLS)
    kind, wanted = CALLS[name]
    call = Expr(name, kind, tuple(_moment(dice, grow) if one == "moment" else grow(one) for one in wanted))
    return Expr(dice.pick("eq", "ne", "gt", "le"), "b", (call, grow(kind)))


def _boolean(dice: Dice, grow: Grow) -> Expr:
    pick = dice.upto(13)
    if pick > 11:
        return _called(dice, grow)
    if pick < 3:
        return Expr(dice.pick("and", "or"), "b", (grow("b"), grow("b")))
    if pick == 3:
        return Expr("not", "b", (grow("b"),))
    if pick == 4:
        name = dice.pick("contains", "startswith", "endswith")
        return Expr(name, "b", (grow("s"), grow("s")))
    if pick == 5:
        kind = dice.pick("i", "d", "f", "s", "day", "at", "span")
        items = [literal(*_item(dice, kind)) for _ in range(1 + dice.upto(2))]
        return Expr("in", "b", (grow(kind), *items))
    name = dice.pick("eq", "ne", "gt", "ge", "lt", "le")
    one = dice.pick("i", "d", "f", "s", "b", "day", "at", "time", "span")
    two = dice.pick(*NUMBERS) if one in NUMBERS else one
    return Expr(name, "b", (grow(one), grow(two)))


def _item(dice: Dice, kind: str) -> tuple[str, str, Any]:
    if dice.upto(4) == 0:
        return ("null", kind, None)
    text, value = dice.literal(kind)
    return (text, kind, value)


def _integer(dice: Dice, grow: Grow) -> Expr:
    pick = dice.upto(8)
    if pick < 3:
        return Expr(dice.pick("add", "sub", "mul", "div", "mod"), "i", (grow("i"), grow("i")))
    others: dict[int, Callable[[], tuple[str, tuple[Expr, ...]]]] = {
        3: lambda: ("-", (grow("i"),)),
        4: lambda: ("length", (grow("s"),)),
        5: lambda: ("indexof", (grow("s"), grow("s"))),
        6: lambda: (dice.pick("year", "month", "day"), (grow("day") if dice.upto(1) else _moment(dice, grow),)),
        7: lambda: (
            dice.pick("hour", "minute", "second"),
            (grow("time") if dice.upto(1) else _moment(dice, grow),),
        ),
        8: lambda: ("totaloffsetminutes", (_moment(dice, grow),)),
    }
    name, arguments = others[pick]()
    return Expr(name, "i", arguments)


def _decimal(dice: Dice, grow: Grow) -> Expr:
    pick = dice.upto(6)
    if pick < 3:
        name = dice.pick(*_ARITHMETIC)
        one, two = ("i", "i") if name == "divby" and dice.upto(1) else _wider(dice, "d")
        return Expr(name, "d", (grow(one), grow(two)))
    if pick == 3:
        return Expr("-", "d", (grow("d"),))
    if pick == 4:
        return Expr("totalseconds", "d", (grow("span"),))
    if pick == 5:
        argument = grow("time") if dice.upto(1) else _moment(dice, grow)
        return Expr("fractionalseconds", "d", (argument,))
    return Expr(dice.pick("round", "floor", "ceiling"), "d", (grow(dice.pick("d", "i")),))


def _float(dice: Dice, grow: Grow) -> Expr:
    pick = dice.upto(4)
    if pick < 3:
        one, two = _wider(dice, "f")
        return Expr(dice.pick(*_ARITHMETIC), "f", (grow(one), grow(two)))
    if pick == 3:
        return Expr("-", "f", (grow("f"),))
    return Expr(dice.pick("round", "floor", "ceiling"), "f", (grow("f"),))


def _string(dice: Dice, grow: Grow) -> Expr:
    name = dice.pick("tolower", "toupper", "trim", "concat", "substring", "substring")
    if name == "concat":
        return Expr(name, "s", (grow("s"), grow("s")))
    if name == "substring":
        numbers = tuple(grow("i") for _ in range(1 + dice.upto(1)))
        return Expr(name, "s", (grow("s"), *numbers))
    return Expr(name, "s", (grow("s"),))


def _day(dice: Dice, grow: Grow) -> Expr:
    if dice.upto(1):
        return Expr("date", "day", (_moment(dice, grow),))
    return Expr(dice.pick("add", "sub"), "day", (grow("day"), grow("span")))


def _at(dice: Dice, grow: Grow) -> Expr:
    return Expr(dice.pick("add", "sub"), "at", (grow("at"), grow("span")))


def _time(dice: Dice, grow: Grow) -> Expr:
    return Expr("time", "time", (_moment(dice, grow),))


def _span(dice: Dice, grow: Grow) -> Expr:
    pick = dice.upto(5)
    if pick == 0:
        return Expr("sub", "span", (grow("at"), grow("at")))
    if pick == 1:
        return Expr("sub", "span", (grow("day"), grow("day")))
    if pick == 2:
        return Expr(dice.pick("add", "sub"), "span", (grow("span"), grow("span")))
    if pick == 3:
        return Expr("-", "span", (grow("span"),))
    number = grow(dice.pick(*NUMBERS))
    if pick == 4:
        return Expr(dice.pick("div", "divby"), "span", (grow("span"), number))
    pair = (grow("span"), number) if dice.upto(1) else (number, grow("span"))
    return Expr("mul", "span", pair)


_PRODUCTIONS: dict[str, Callable[[Dice, Grow], Expr]] = {
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
