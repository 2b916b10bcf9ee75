"""What all contract tables share: one metadata apart from the service database, and short column spellings."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, DateTime, MetaData, String
from sqlmodel import Field, SQLModel

METADATA = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class CrisisTable(SQLModel):
    """Base of the contract tables."""

    metadata = METADATA


def number(description: str) -> Any:
    """The primary key: a number given by the source, never by us."""
    return Field(
        primary_key=True, description=description, sa_type=BigInteger, sa_column_kwargs={"autoincrement": False}
    )


def link(description: str, *, index: bool = False) -> Any:
    """A number of a record in another table, or null."""
    return Field(default=None, description=description, sa_type=BigInteger, index=index)


def clock(description: str) -> Any:
    """A naive UTC instant, or null."""
    return Field(default=None, description=description, sa_type=DateTime)


def updated() -> Any:
    """When the row last changed at the source, naive UTC: the watermark."""
    return Field(description="When the row last changed at the source, UTC.", sa_type=DateTime, index=True)


def word(description: str, length: int = 64, *, default: str | None = None) -> Any:
    """A code or short text."""
    return Field(default=default, description=description, sa_type=String(length))


def required(description: str, length: int = 64) -> Any:
    """A text that is never null."""
    return Field(description=description, sa_type=String(length))


Clock = datetime | None
FLAGS = (
    "Doubts about clocks, `column:doubt` joined by `;`. Doubts: date_only (typed without a time), "
    "ambiguous (doubled hour), missing (hour that does not exist), day_unknown (the day is not recorded: this one stands in)."
)
