"""The contract tables as the import fills them: kinds, lengths, defaults and keys. Pure.

Built from jobs.source.contract and models.crisis, never written twice. Called by the mapping check, the rules
and the writer.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import Table
from sqlalchemy.types import TypeEngine

from jobs.source.contract import TABLES, Kind
from models.crisis import CONTRACT

FLAGS = "clock_flags"
UPDATED = "updated_at"
WRITTEN_HERE = (FLAGS, UPDATED)
"""Columns that no mapping may fill: the import writes them."""


@dataclass(frozen=True)
class Field:
    """One contract column. `length` is that of a text; `codes` names its code list."""

    name: str
    kind: Kind
    length: int | None
    required: bool
    default: object
    codes: str | None


@dataclass(frozen=True)
class TargetTable:
    """One contract table. `numbered`: its key is a number made from the natural key, else a text column."""

    name: str
    source: Table
    key: str
    numbered: bool
    fields: dict[str, Field]


def _length(kind: TypeEngine[Any]) -> int | None:
    """Most characters of a text column; SQLModel wraps the type of a text key."""
    inner = getattr(kind, "impl", kind)
    return getattr(inner, "length", None)


@cache
def targets() -> dict[str, TargetTable]:
    """The contract tables by name, in the order in which they are filled."""
    found: dict[str, TargetTable] = {}
    for table, model in zip(TABLES, CONTRACT, strict=True):
        fields: dict[str, Field] = {}
        for column in table.columns:
            declared = model.model_fields[column.name]
            name = str(column.name)  # SQLAlchemy's names are slow to compare and to bind
            fields[name] = Field(
                name=name,
                kind=column.kind,
                length=_length(table.source.columns[column.name].type),
                required=not column.nullable and declared.is_required(),
                default=None if declared.is_required() else declared.default,
                codes=column.codes,
            )
        numbered = fields[table.key].kind is Kind.NUMBER
        found[str(table.name)] = TargetTable(str(table.name), table.source, str(table.key), numbered, fields)
    return found
