"""Primitive literals: the text in a URL -> a kind and a Python value. Pure; used by parser and binder.

What is written is checked against the OASIS grammar (section 7); whether the value exists and fits (30 February,
the year 0, a number of 400 digits) is said by `value_of`. Durations and times of day are whole microseconds, as
they are in the SQL.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from models.errors import ValueProblem

DAY_US = 86_400_000_000
MINUTE_US = 60_000_000
MAX_DURATION_US = 2**62


class Kind(StrEnum):
    """The types of an expression: those of columns, and three that only expressions have."""

    NULL = "null"
    BOOLEAN = "Edm.Boolean"
    INT32 = "Edm.Int32"
    INT64 = "Edm.Int64"
    DECIMAL = "Edm.Decimal"
    DOUBLE = "Edm.Double"
    STRING = "Edm.String"
    DATE = "Edm.Date"
    INSTANT = "Edm.DateTimeOffset"
    TIME = "Edm.TimeOfDay"
    DURATION = "Edm.Duration"
    GUID = "Edm.Guid"


NUMERIC = (Kind.INT32, Kind.INT64, Kind.DECIMAL, Kind.DOUBLE)
"""In the order of promotion (OData URL Conventions 5.1.1.18)."""


@dataclass(frozen=True)
class Value:
    """A literal's value. `finer`: it lies less than a microsecond above `value`. `shifted`: not written in UTC."""

    kind: Kind
    value: bool | int | float | Decimal | str | date | datetime | None
    finer: bool = False
    shifted: bool = False


_CLOCK = r"(?P<hour>[01]\d|2[0-3]):(?P<minute>[0-5]\d)(?::(?P<second>[0-5]\d|60)(?:\.(?P<fraction>\d{1,12}))?)?"
_DAY = r"(?P<year>-?(?:0\d{3}|[1-9]\d{3,}))-(?P<month>0[1-9]|1[0-2])-(?P<day>0[1-9]|[12]\d|3[01])"
_NUMBER = re.compile(r"[+-]?\d+(?P<point>\.\d+)?(?P<exponent>[eE][+-]?\d+)?", re.ASCII)
_INFINITE = {"INF": "inf", "-INF": "-inf", "NaN": "nan"}
_PATTERNS = {
    Kind.NULL: re.compile(r"null"),
    Kind.BOOLEAN: re.compile(r"true|false", re.IGNORECASE),
    Kind.DATE: re.compile(_DAY, re.ASCII),
    Kind.TIME: re.compile(_CLOCK, re.ASCII),
    Kind.INSTANT: re.compile(
        rf"{_DAY}[Tt]{_CLOCK}(?P<zone>[Zz]|(?P<sign>[+-])(?P<zh>[01]\d|2[0-3]):(?P<zm>[0-5]\d))", re.ASCII
    ),
    Kind.DURATION: re.compile(
        r"(?P<minus>-)?P(?:(?P<days>\d+)D)?"
        r"(?:T(?:(?P<hours>\d+)H)?(?:(?P<minutes>\d+)M)?(?:(?P<seconds>\d+)(?:\.(?P<fraction>\d+))?S)?)?",
        re.ASCII | re.IGNORECASE,
    ),
    Kind.GUID: re.compile(r"[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}"),
}
EXAMPLES = {
    Kind.BOOLEAN: "true",
    Kind.INT32: "42",
    Kind.INT64: "42",
    Kind.DECIMAL: "4.2",
    Kind.DOUBLE: "4.2e0",
    Kind.STRING: "'text'",
    Kind.DATE: "2026-01-31",
    Kind.INSTANT: "2026-01-31T05:00:00Z",
    Kind.TIME: "05:00:00",
    Kind.DURATION: "duration'PT24H'",
    Kind.GUID: "01234567-89ab-cdef-0123-456789abcdef",
}
"""How a value of each kind is written; hints quote it."""


def number_kind(text: str) -> Kind:
    """The narrowest kind of a number as it is written: `4` Int32, `4.2` Decimal, `4e2` and INF Double."""
    found = _NUMBER.fullmatch(text)
    if found is None or found["exponent"]:
        return Kind.DOUBLE
    digits = text.lstrip("+-").replace(".", "")
    if len(digits) > 38:  # more than an exact decimal holds
        return Kind.DOUBLE
    if found["point"]:
        return Kind.DECIMAL
    whole = int(text)
    if -(2**31) <= whole < 2**31:
        return Kind.INT32
    return Kind.INT64 if -(2**63) <= whole < 2**63 else Kind.DECIMAL


def fits(kind: Kind, text: str) -> bool:
    """Whether `text` is a literal of that kind by the grammar; for numbers, one of any numeric kind."""
    if kind is Kind.STRING:
        return True
    if kind in NUMERIC:
        return text in _INFINITE or _NUMBER.fullmatch(text) is not None
    return _PATTERNS[kind].fullmatch(text) is not None


def value_of(kind: Kind, text: str, *, position: int | None = None, target: str | None = None) -> Value:
    """The value of a literal that fits its kind; numbers come back in their narrowest kind.

    Raises ValueProblem when no such value exists or it does not fit; messages never repeat the text.
    """
    try:
        if kind in NUMERIC:
            return _number(text)
        if kind in _READERS:
            return _READERS[kind](text)
        return Value(kind, text.lower() == "true" if kind is Kind.BOOLEAN else text)
    except (ValueError, OverflowError):
        raise ValueProblem(
            f"There is no such {kind.value} value, or it is out of range.",
            hint=f"Write it as {EXAMPLES[kind]}; years go from 0001 to 9999.",
            position=position,
            target=target,
        ) from None


def _number(text: str) -> Value:
    kind = number_kind(text)
    if kind is Kind.DOUBLE:
        return Value(kind, float(_INFINITE.get(text, text)))
    return Value(kind, Decimal(text) if kind is Kind.DECIMAL else int(text))


def _micros(fraction: str | None) -> tuple[int, bool]:
    """Digits after the second's point as whole microseconds, and whether anything finer was cut off."""
    digits = (fraction or "").ljust(6, "0")
    return int(digits[:6]), bool(digits[6:].strip("0"))


def _clock(found: re.Match[str]) -> tuple[int, bool]:
    """Microseconds since midnight; second 60 is the first of the next minute."""
    micros, finer = _micros(found["fraction"])
    seconds = int(found["hour"]) * 3600 + int(found["minute"]) * 60 + int(found["second"] or 0)
    return seconds * 1_000_000 + micros, finer


def _match(kind: Kind, text: str) -> re.Match[str]:
    found = _PATTERNS[kind].fullmatch(text)
    if found is None:
        raise ValueError(kind)
    return found


def _date(text: str) -> Value:
    found = _match(Kind.DATE, text)
    return Value(Kind.DATE, date(int(found["year"]), int(found["month"]), int(found["day"])))


def _time(text: str) -> Value:
    micros, finer = _clock(_match(Kind.TIME, text))
    if micros >= DAY_US:
        raise ValueError(text)
    return Value(Kind.TIME, micros, finer)


def _instant(text: str) -> Value:
    found = _match(Kind.INSTANT, text)
    micros, finer = _clock(found)
    offset = 0
    if found["sign"]:
        offset = (int(found["zh"]) * 60 + int(found["zm"])) * (-1 if found["sign"] == "-" else 1)
    midnight = datetime(int(found["year"]), int(found["month"]), int(found["day"]), tzinfo=UTC)
    moment = midnight + timedelta(microseconds=micros - offset * MINUTE_US)
    return Value(Kind.INSTANT, moment.replace(tzinfo=None), finer, offset != 0)


def _duration(text: str) -> Value:
    found = _match(Kind.DURATION, text)
    if text.upper() in ("P", "-P") or text[-1] in "tT":
        raise ValueError(text)
    micros, finer = _micros(found["fraction"])
    seconds = (int(found["days"] or 0) * 24 + int(found["hours"] or 0)) * 3600
    seconds += int(found["minutes"] or 0) * 60 + int(found["seconds"] or 0)
    total = seconds * 1_000_000 + micros
    if total > MAX_DURATION_US:
        raise ValueError(text)
    if not found["minus"]:
        return Value(Kind.DURATION, total, finer)
    return Value(Kind.DURATION, -total - finer, finer)  # cut downwards, as `finer` promises


_READERS = {Kind.DATE: _date, Kind.TIME: _time, Kind.INSTANT: _instant, Kind.DURATION: _duration}
