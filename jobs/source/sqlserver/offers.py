"""What SQL Server offers for each contract table: a table, a view or a SELECT file of ours, with its column types.

Asks for names and types only, before a row is read; names everything wrong at once. A SELECT file maps a city's own
tables to one contract table (docs/sqlserver.md). Called by source.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from jobs.source.contract import TABLES, ContractColumn, ContractTable, Kind
from jobs.source.sqlserver import statements
from jobs.source.sqlserver.session import Session
from models.errors import ConfigurationError, ContractBroken

FLAGS = "clock_flags"
ZONE_LINE = re.compile(r"^--\s*zone:\s*(\S+)\s*$", re.MULTILINE)
WHOLE = ("tinyint", "smallint", "int", "bigint")
TEXTS = ("nvarchar", "varchar", "nchar", "char", "uniqueidentifier")
CLOCKS = ("datetime2", "datetime", "smalldatetime", "datetimeoffset")
FITTING: Mapping[Kind, tuple[str, ...]] = {
    Kind.NUMBER: WHOLE,
    Kind.TEXT: TEXTS,
    Kind.INSTANT: CLOCKS,
    Kind.FLAG: ("bit", *WHOLE),
    Kind.DECIMAL: ("decimal", "numeric", "float", "real", "money", "smallmoney", *WHOLE),
}
"""SQL Server's types from which each kind of the contract is read without losing anything."""


@dataclass(frozen=True)
class Offer:
    """Where one contract table is read, and the type of each of its columns; `zone` is that of naive clocks."""

    table: ContractTable
    source: str
    types: Mapping[str, str]
    zone: str


@dataclass(frozen=True)
class Select:
    """One SELECT file: its text, and the zone that it declares, if any."""

    text: str
    zone: str | None


def selects(folder: Path | None) -> dict[str, Select]:
    """The SELECT files of a folder by contract table. Raises ConfigurationError for what can be none."""
    if folder is None:
        return {}
    if not folder.is_dir():
        raise ConfigurationError(f"there is no folder {folder}", hint="Set CRISIS_SOURCE_SELECTS to one, or unset it.")
    found = {}
    for path in sorted(folder.glob("*.sql")):
        if path.stem not in {table.name for table in TABLES}:
            raise ConfigurationError(
                f"{path.name} is named after no contract table", hint="docs/source-contract.md has their names."
            )
        text = path.read_text("utf-8")
        declared = ZONE_LINE.search(text)
        found[path.stem] = Select(_query(path, text), _zone(path, declared[1]) if declared else None)
    return found


def _query(path: Path, text: str) -> str:
    """The query without comments. It is read as a derived table, so it can be nothing but one SELECT."""
    query = re.sub(r"/\*.*?\*/", " ", re.sub(r"--[^\n]*", "", text), flags=re.DOTALL).strip().removesuffix(";").strip()
    if not re.match(r"SELECT\b", query, re.IGNORECASE) or ";" in query:
        raise ConfigurationError(
            f"{path.name} is not one SELECT",
            hint="Begin with SELECT; write a WITH clause as a derived table, and leave ORDER BY away.",
        )
    return query


def _zone(path: Path, name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ConfigurationError(
            f"{path.name} names no time zone", hint="Write it as -- zone: America/Toronto."
        ) from error
    return name


def offers(session: Session, mapped: Mapping[str, Select], zone: str) -> tuple[Offer, ...]:
    """What is offered for every contract table, in its order. Raises ContractBroken naming all that is wrong."""
    known = tables(session)
    made: list[Offer] = []
    faults: list[str] = []
    for table in TABLES:
        select = mapped.get(table.name)
        types = _described(session, select.text) if select else known.get(table.name, {})
        faults += _faults(table, types)
        source = statements.derived(select.text, table.name) if select else statements.bracketed(table.name)
        made.append(Offer(table, source, types, select.zone or zone if select else zone))
    if faults:
        raise ContractBroken(f"the source differs from the contract in {len(faults)} places: " + "; ".join(faults))
    return tuple(made)


def has_marker(session: Session) -> bool:
    """Whether the source says who it is (a reference database does, a city's own does not)."""
    return "crisis_marker" in tables(session)


def tables(session: Session) -> dict[str, dict[str, str]]:
    """Table -> column -> type, names in small letters, of the login's default schema."""
    found: dict[str, dict[str, str]] = {}
    for table, column, kind, length, scale in session.rows(statements.COLUMNS):
        found.setdefault(table.lower(), {})[column.lower()] = _type(kind.lower(), length, scale)
    return found


def _type(kind: str, length: int | None, scale: int | None) -> str:
    if kind in ("decimal", "numeric"):
        return f"{kind}(38,{scale or 0})"
    if kind in ("varchar", "char"):
        return f"{kind}({'max' if length in (None, -1) else length})"
    return kind


def _described(session: Session, select: str) -> dict[str, str]:
    """Column -> type of a SELECT file; empty where the server cannot make sense of it."""
    rows = session.rows(statements.DESCRIBE, [select])
    return {name.lower(): kind.lower() for name, kind, fault in rows if name and kind and not fault}


def _faults(table: ContractTable, types: Mapping[str, str]) -> Iterator[str]:
    if not types:
        yield f"table {table.name} is missing"
        return
    flagged = any(column.name == FLAGS for column in table.columns)
    for column in table.columns:
        found = types.get(column.name)
        if found is None:
            yield f"{table.name}.{column.name} is missing"
        elif not _fits(column, found, flagged):
            yield f"{table.name}.{column.name} is {found.upper()}, not {column.kind.words}"


def _fits(column: ContractColumn, found: str, flagged: bool) -> bool:
    base = found.partition("(")[0]
    if column.kind is Kind.NUMBER and base in ("decimal", "numeric"):
        return found.endswith((",0)", "(18)"))
    if column.kind is Kind.INSTANT and base == "date":
        return flagged  # a day without a time is kept only where a row can say that it is one
    return base in FITTING[column.kind]
