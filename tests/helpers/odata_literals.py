"""Literals for random expressions: values of each kind, as Hypothesis draws them or as dice roll them, and their text.

`Dice` are the choices of a generator. `Drawn` asks Hypothesis, which can shrink what it drew; `Rolled` asks a seeded
random number, which is faster and spreads evenly: Hypothesis loves to repeat the simplest choice.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import cache
from random import Random
from typing import Any, Protocol

from hypothesis import strategies as st

LETTERS = "aAbBzéÉñ_%'\\ 0.👍\t"
MIDNIGHT = datetime(2000, 1, 1)  # noqa: DTZ001 only its clock is used

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


def _double(value: float) -> str:
    return f"{value!r}e0" if "e" not in repr(value) else repr(value)


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


_SPELLED: dict[str, Callable[[Any], str]] = {
    "i": str,
    "d": lambda value: f"{value:f}",
    "f": _double,
    "s": lambda value: "'" + value.replace("'", "''") + "'",
    "b": lambda value: str(value).lower(),
    "day": date.isoformat,
    "time": lambda value: value.isoformat(timespec="microseconds"),
    "span": _span_text,
}
OFFSETS = (0, 0, 60, -300, 345)
"""Minutes from UTC."""


def spelled(kind: str, value: Any, minutes: int = 0) -> str:
    """A value as OData text; an instant is written with an offset of so many minutes."""
    return _moment_text(value, minutes) if kind == "at" else _SPELLED[kind](value)


def _clock(micros: int) -> time:
    return (MIDNIGHT + timedelta(microseconds=micros)).time()


_DRAWN: dict[str, st.SearchStrategy[Any]] = {
    "i": WHOLE,
    "d": FOUR_PLACES,
    "f": DOUBLES,
    "s": TEXTS,
    "b": st.booleans(),
    "day": DAYS,
    "at": MOMENTS,
    "time": CLOCKS.map(_clock),
    "span": SPANS,
}
_EDGES = (0, 1, 500_000, 999_999, 43_200_000_000, 86_399_999_999)
"""Microseconds of a day."""


def _rolled_day(random: Random) -> date:
    if random.randrange(3):
        return date(2024, 2, 27) + timedelta(days=random.randrange(5))
    return date(1900, 1, 1) + timedelta(days=random.randrange(73_000))


_ROLLED: dict[str, Callable[[Random], Any]] = {
    "i": lambda random: random.randint(-9, 9) if random.randrange(5) else random.randint(-(2**31), 2**31 - 1),
    "d": lambda random: Decimal(random.randint(-100_000, 100_000) if random.randrange(2) else 25_000).scaleb(-4),
    "f": lambda random: random.choice((0.0, 0.25, -0.5, 2.5, -7.25, 64.0)),
    "s": lambda random: "".join(random.choices(LETTERS, k=random.randrange(5))),
    "b": lambda random: random.random() < 0.5,
    "day": _rolled_day,
    "at": lambda random: (
        datetime.combine(_rolled_day(random), time.min) + timedelta(microseconds=random.choice(_EDGES))
    ),
    "time": lambda random: _clock(random.choice(_EDGES)),
    "span": lambda random: timedelta(days=random.randint(-3, 3), microseconds=random.choice(_EDGES)),
}


class Dice(Protocol):
    """The choices of a generator."""

    def upto(self, last: int) -> int:
        """0 to `last`."""

    def pick(self, *options: Any) -> Any:
        """One of the options."""

    def literal(self, kind: str) -> tuple[str, Any]:
        """A literal: as written, and its value."""


@cache
def _numbers_upto(last: int) -> st.SearchStrategy[int]:
    return st.integers(0, last)


@cache
def _choices(*options: Any) -> st.SearchStrategy[Any]:
    return st.sampled_from(options)


class Drawn:
    """Choices by Hypothesis."""

    def __init__(self, draw: st.DrawFn) -> None:
        self._draw = draw

    def upto(self, last: int) -> int:
        return self._draw(_numbers_upto(last))

    def pick(self, *options: Any) -> Any:
        return self._draw(_choices(*options))

    def literal(self, kind: str) -> tuple[str, Any]:
        value = self._draw(_DRAWN[kind])
        return spelled(kind, value, self.pick(*OFFSETS) if kind == "at" else 0), value


class Rolled:
    """Choices by a seeded random number."""

    def __init__(self, seed: str) -> None:
        self.random = Random(seed)

    def upto(self, last: int) -> int:
        return self.random.randint(0, last)

    def pick(self, *options: Any) -> Any:
        return self.random.choice(options)

    def literal(self, kind: str) -> tuple[str, Any]:
        value = _ROLLED[kind](self.random)
        return spelled(kind, value, self.pick(*OFFSETS) if kind == "at" else 0), value
