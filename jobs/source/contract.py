"""The source contract as values, and the check of a source against it before a row is read.

Derived from the SQLModel tables of models.crisis, never written twice. Reads the source's catalogue tables
only. Called by jobs.refresh.steps, jobs.source.extract and jobs.source.dictionary.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from sqlalchemy import Connection, Inspector, Table, inspect, select, types
from sqlalchemy.exc import NoSuchTableError
from sqlmodel import AutoString, SQLModel

from models.crisis import CONTRACT, CrisisMarker
from models.errors import ContractBroken

CODE_LIST = re.compile(r"[Cc]ode list (?!of )([a-z_]+)")
"""How a description in models.crisis names the code list of its column."""


class Kind(Enum):
    """The types that contract columns have: how they are named, stored in history, and what a source may use."""

    NUMBER = ("whole number", "BIGINT", (types.Integer,))
    TEXT = ("text", "VARCHAR", (types.String, types.Uuid))
    INSTANT = ("date and time", "TIMESTAMP", (types.DateTime,))
    FLAG = ("true or false", "BOOLEAN", (types.Boolean, types.Integer))
    DECIMAL = ("number", "DOUBLE", (types.Numeric, types.Float, types.Integer))

    def __init__(self, words: str, storage: str, accepted: tuple[type[types.TypeEngine[Any]], ...]) -> None:
        self.words = words
        self.storage = storage
        self.accepted = accepted

    def fits(self, found: types.TypeEngine[Any]) -> bool:
        """Whether a source column of type `found` can be read as this kind without losing anything."""
        if self is Kind.NUMBER and isinstance(found, types.Numeric) and not isinstance(found, types.Float):
            return found.scale in (None, 0)
        if self is Kind.INSTANT and getattr(found, "timezone", False):
            return False
        dialect_bit = type(found).__name__ == "BIT"  # SQL Server's flag is no types.Boolean
        return isinstance(found, self.accepted) or (self is Kind.FLAG and dialect_bit)


DECLARED: tuple[tuple[type[types.TypeEngine[Any]], Kind], ...] = (
    (types.Boolean, Kind.FLAG),
    (types.Integer, Kind.NUMBER),
    (types.DateTime, Kind.INSTANT),
    (types.Float, Kind.DECIMAL),
    (AutoString, Kind.TEXT),
    (types.String, Kind.TEXT),
)
"""How the SQLModel tables declare each kind."""


@dataclass(frozen=True)
class ContractColumn:
    """One column that the source must offer. `codes` names its code list; `clock_names` allows names of clocks too."""

    name: str
    kind: Kind
    nullable: bool
    description: str
    codes: str | None
    clock_names: bool


@dataclass(frozen=True)
class ContractTable:
    """One table or view that the source must offer; `key` is its only key column."""

    name: str
    key: str
    columns: tuple[ContractColumn, ...]
    note: str
    source: Table

    def column(self, name: str) -> ContractColumn:
        """The column of that name. Raises KeyError."""
        return {column.name: column for column in self.columns}[name]

    def instants(self) -> tuple[str, ...]:
        """Names of the clock columns."""
        return tuple(column.name for column in self.columns if column.kind is Kind.INSTANT)


@dataclass(frozen=True)
class SourceFacts:
    """What the source says about itself. `zone` and `attribution` are empty where it says nothing."""

    synthetic: bool = False
    city: str = ""
    zone: str = ""
    attribution: str = ""


def _contract_table(model: type[SQLModel]) -> ContractTable:
    table: Table = model.__table__  # type: ignore[attr-defined]
    columns = []
    for column in table.columns:
        description = model.model_fields[column.name].description or ""
        codes = CODE_LIST.search(description)
        columns.append(
            ContractColumn(
                column.name,
                next(kind for declared, kind in DECLARED if isinstance(column.type, declared)),
                bool(column.nullable),
                description,
                codes.group(1) if codes else None,
                description.startswith("Clock name"),
            )
        )
    (key,) = (column.name for column in table.primary_key.columns)
    own_note = model.__dict__.get("__doc__") or ""
    return ContractTable(table.name, key, tuple(columns), own_note.strip(), table)


TABLES: tuple[ContractTable, ...] = tuple(_contract_table(model) for model in CONTRACT)
"""Every contract table, in the order in which they are read."""


def check(connection: Connection) -> None:
    """Raises ContractBroken naming every missing table, missing column and wrong type of the source at once."""
    faults = list(_faults(inspect(connection)))
    if faults:
        raise ContractBroken(f"the source differs from the contract in {len(faults)} places: " + "; ".join(faults))


def _faults(inspector: Inspector) -> Iterator[str]:
    for table in TABLES:
        try:
            found = {column["name"].lower(): column["type"] for column in inspector.get_columns(table.name)}
        except NoSuchTableError:
            yield f"table {table.name} is missing"
            continue
        yield from _column_faults(table, found)


def _column_faults(table: ContractTable, found: Mapping[str, types.TypeEngine[Any]]) -> Iterator[str]:
    for column in table.columns:
        place = f"{table.name}.{column.name}"
        offered = found.get(column.name)
        if offered is None:
            yield f"{place} is missing"
        elif not column.kind.fits(offered):
            yield f"{place} is {type(offered).__name__}, not {column.kind.words}"


def facts(connection: Connection) -> SourceFacts:
    """What the marker table says; defaults for a source that has none (a city's own database)."""
    marker: Table = CrisisMarker.__table__  # type: ignore[attr-defined]
    if not inspect(connection).has_table(marker.name):
        return SourceFacts()
    row = connection.execute(
        select(marker.c.synthetic, marker.c.city, marker.c.zone, marker.c.attribution).order_by(marker.c.marker)
    ).first()
    return SourceFacts(*row) if row is not None else SourceFacts()
