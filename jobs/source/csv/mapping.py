"""What a mapping file says, as frozen values. Pure declarations; the format is explained in docs/import.md.

Made by `library.load`, which also checks them; read by everything in this package.
"""

from __future__ import annotations

import datetime as dt
from typing import ClassVar, Literal

import msgspec

Scalar = str | int | float | bool
Grain = Literal["event", "victim", "call", "dispatch", "unit_response", "disposition", "record"]
Style = Literal["slug", "upper", "lower", "three_digits"]


class Clock(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One moment of a row: a column, or parts (date and hour; year, month, weekday and hour), or the first
    of other clocks that is known (`first_of`), else local midnight of the day `otherwise`."""

    column: str | None = None
    date: str | None = None
    time: str | None = None
    hour: str | None = None
    year: str | None = None
    month: str | None = None
    weekday: str | None = None
    formats: tuple[str, ...] = ("iso",)
    zone: str | None = None
    first_of: tuple[str, ...] = ()
    otherwise: dt.date | None = None

    def columns(self) -> tuple[str, ...]:
        """The columns of the file that it reads."""
        parts = (self.column, self.date, self.time, self.hour, self.year, self.month, self.weekday)
        return tuple(part for part in parts if part is not None)


class Words(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A code map. Words are compared without case and with single spaces. A word that is not listed is
    kept as it is, or rejected (`closed`), or becomes `otherwise`."""

    words: dict[str, Scalar]
    closed: bool = False
    otherwise: Scalar | None = None


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where the value of one contract column comes from: exactly one of SOURCES."""

    value: Scalar | None = None
    column: str | tuple[str, ...] | None = None
    clock: str | None = None
    link: str | None = None
    text: str | None = None
    present: tuple[tuple[str, Scalar], ...] | None = None
    content_except: tuple[str, ...] | None = None
    own_number: Literal[True] | None = None
    codes: str | None = None
    style: Style | None = None
    default: Scalar | None = None
    otherwise: Scalar | None = None

    SOURCES: ClassVar[tuple[str, ...]] = (
        "value",
        "column",
        "clock",
        "link",
        "text",
        "present",
        "content_except",
        "own_number",
    )

    def source(self) -> str | None:
        """Name of the one field that gives the value; None where there is none or more than one."""
        given = [name for name in self.SOURCES if getattr(self, name) is not None]
        return given[0] if len(given) == 1 else None


class Target(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One contract table: its column rules, and the columns of the file that tell its records apart.

    Where several rows make one record, the first row decides, but for the clocks in `latest`.
    """

    columns: dict[str, str | Rule]
    key: tuple[str, ...] | None = None
    latest: tuple[str, ...] = ()


class Mapping(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A whole mapping file. `natural_key` empty: rows are told apart by their content, repeats by number."""

    title: str
    publisher: str
    licence: str
    attribution: str
    city: str
    zone: str
    grain: Grain
    grain_note: str
    tables: dict[str, Target]
    natural_key: tuple[str, ...] = ()
    encoding: str = "utf-8"
    delimiter: str = ","
    null_words: tuple[str, ...] = ()
    midnight: Literal["time", "no_time"] = "time"
    doubled_hour: Literal["first", "second"] = "first"
    boundaries: Literal["toronto-158"] | None = None
    redistribution: bool = True
    notes: tuple[str, ...] = ()
    clocks: dict[str, Clock] = {}
    codes: dict[str, Words] = {}
    rows: dict[str, list[dict[str, Scalar]]] = {}
    name: str = ""
