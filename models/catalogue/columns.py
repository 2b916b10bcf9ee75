"""Short spellings for the columns that views declare again and again. Pure; used by `views/` only."""

from __future__ import annotations

from models.catalogue.types import Additivity, Column, Edm, Sensitivity

RECORD = Sensitivity.RECORD
RESTRICTED = Sensitivity.RESTRICTED
OPEN = Sensitivity.OPEN

SNAPSHOT_ID = Column(
    "SnapshotId",
    Edm.STRING,
    "Version of the snapshot that this row was read from; equal in all rows of one answer.",
    sensitivity=OPEN,
    max_length=64,
    hidden=True,
)


def text(
    name: str,
    description: str,
    *,
    length: int = 64,
    nullable: bool = False,
    codes: str | None = None,
    sensitivity: Sensitivity = Sensitivity.AGGREGATE,
    searchable: bool = False,
) -> Column:
    """A text column of at most `length` characters."""
    return Column(
        name,
        Edm.STRING,
        description,
        nullable,
        None,
        codes,
        sensitivity,
        max_length=length,
        searchable=searchable,
    )


def code(
    name: str,
    codes: str,
    description: str,
    *,
    nullable: bool = False,
    sensitivity: Sensitivity = Sensitivity.AGGREGATE,
) -> Column:
    """A word of the code list `codes`."""
    return text(name, description, nullable=nullable, codes=codes, sensitivity=sensitivity)


def count(name: str, unit: str, description: str, additivity: Additivity = Additivity.ADDITIVE) -> Column:
    """A whole number of `unit` (calls, incidents); never null: nothing counted is 0."""
    return Column(name, Edm.INT64, description, False, unit, minimum=0, additivity=additivity)


def stock(name: str, unit: str, description: str) -> Column:
    """A count at the end of the day: sums over cuts of one day, over days the closing value counts."""
    return count(name, unit, description, Additivity.LAST_VALUE)


def total_millis(name: str, description: str) -> Column:
    """A sum of durations in whole milliseconds, for means; never null."""
    return Column(name, Edm.INT64, description, False, "ms", minimum=0, additivity=Additivity.ADDITIVE)


def millis(
    name: str,
    description: str,
    *,
    nullable: bool = True,
    sensitivity: Sensitivity = Sensitivity.AGGREGATE,
    minimum: int | None = 0,
) -> Column:
    """A duration in whole milliseconds; null where it is not known or negative."""
    return Column(name, Edm.INT64, description, nullable, "ms", sensitivity=sensitivity, minimum=minimum)


def number(
    name: str, unit: str | None, description: str, *, nullable: bool = False, sensitivity: Sensitivity = OPEN
) -> Column:
    """A small whole number (year, hour, order)."""
    return Column(name, Edm.INT32, description, nullable, unit, sensitivity=sensitivity)


def identifier(name: str, description: str, *, nullable: bool = False) -> Column:
    """A record's number in the crisis database."""
    return Column(name, Edm.INT64, description, nullable, sensitivity=RECORD)


def decimal(name: str, unit: str, description: str, *, scale: int, nullable: bool = False) -> Column:
    """An exact decimal of 18 digits, `scale` of them after the point."""
    return Column(name, Edm.DECIMAL, description, nullable, unit, precision=18, scale=scale)


def coordinate(name: str, description: str) -> Column:
    """Degrees WGS 84 of an area's label point; never of an incident."""
    return Column(name, Edm.DOUBLE, description, True, "degrees", sensitivity=OPEN)


def flag(name: str, description: str, *, nullable: bool = False, sensitivity: Sensitivity = OPEN) -> Column:
    """True or false; null where it is not known."""
    return Column(name, Edm.BOOLEAN, description, nullable, sensitivity=sensitivity)


def day(name: str, description: str, *, nullable: bool = False, sensitivity: Sensitivity = OPEN) -> Column:
    """A local operational day in the city's zone."""
    return Column(name, Edm.DATE, description, nullable, "day", sensitivity=sensitivity)


def instant(name: str, description: str, *, nullable: bool = True, sensitivity: Sensitivity = RECORD) -> Column:
    """An instant in UTC, whole milliseconds."""
    return Column(name, Edm.INSTANT, description, nullable, "UTC", sensitivity=sensitivity, precision=3)


def interval(prefix: str, unit: str, what: str) -> tuple[Column, ...]:
    """The four columns of an interval metric: n, n missing, n invalid and the sum in ms.

    n + n missing + n invalid is the number of records that the interval is asked of.
    """
    return (
        count(f"{prefix}Count", unit, f"n: {unit} with a valid {what} (not negative, both clocks known)."),
        count(f"{prefix}MissingCount", unit, f"n missing: {unit} whose {what} lacks a clock."),
        count(f"{prefix}InvalidCount", unit, f"n invalid: {unit} whose {what} is negative or quarantined."),
        total_millis(f"{prefix}MsSum", f"Sum of {what} over the n {unit}, for means."),
    )
