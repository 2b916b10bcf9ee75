"""What a row of the table is: a name, what it proves, and a run that ends in a figure.

A run is given the bench and gives an Outcome; Judge counts checks one by one and keeps the first that failed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from tests.conformance.bench import Bench

SHOWN = 5
"""Failed checks that are printed below a row."""


@dataclass(frozen=True)
class Outcome:
    """The figure of a row, whether it is as it must be, and what to read when it is not."""

    figure: str
    good: bool
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Row:
    """One row. `wanted` is the figure as it must be, for the table; `run` may raise installing.Missing."""

    name: str
    proves: str
    run: Callable[[Bench], Outcome]


@dataclass
class Judge:
    """Counts the checks of one row."""

    passed: int = 0
    failed: list[str] = field(default_factory=list)

    def check(self, name: str, *, found: Any, expected: Any) -> None:
        """One check: the value that a client read is the value that we know another way."""
        if same(found, expected):
            self.passed += 1
        else:
            self.failed.append(f"{name}: found {short(found)}, expected {short(expected)}")

    def outcome(self, wanted: int) -> Outcome:
        """n of n; fewer checks than wanted are no success either: a client that stopped early has shown nothing."""
        ran = self.passed + len(self.failed)
        if ran < wanted:
            self.failed.append(f"{wanted - ran} checks were never reached")
        figure = f"{self.passed} of {max(wanted, ran)} checks"
        more = [f"and {len(self.failed) - SHOWN} more"] if len(self.failed) > SHOWN else []
        return Outcome(figure, not self.failed, (*self.failed[:SHOWN], *more))


def same(found: Any, expected: Any) -> bool:
    """Equal as values: containers item by item, numbers as numbers however they are written, moments by their text."""
    if isinstance(expected, dict):
        alike = isinstance(found, dict) and found.keys() == expected.keys()
        return alike and all(same(found[key], value) for key, value in expected.items())
    if isinstance(expected, (list, tuple)):
        alike = isinstance(found, (list, tuple)) and len(found) == len(expected)
        return alike and all(map(same, found, expected))
    if isinstance(expected, bool) or isinstance(found, bool) or expected is None or found is None:
        return found is expected
    if isinstance(expected, (int, Decimal, float)):
        return _same_number(found, expected)
    return bool(plain(found) == plain(expected))


def _same_number(found: Any, expected: int | Decimal | float) -> bool:
    try:
        number = Decimal(str(found))
    except InvalidOperation:
        return False
    return number == Decimal(str(expected)) or (isinstance(expected, float) and float(number) == expected)


def plain(value: Any) -> Any:
    """A moment or a day as JSON has it; everything else as it is."""
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%S.") + f"{value.microsecond // 1000:03d}Z"
    return value.isoformat() if isinstance(value, date) else value


def short(value: Any) -> str:
    """A value in one short line."""
    text = repr(value)
    return text if len(text) <= 200 else f"{text[:160]} ... ({len(text)} characters)"
