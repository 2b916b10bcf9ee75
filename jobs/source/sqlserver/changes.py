"""Only what changed since the last night: which rows to ask for, and the rows held already with those laid over them.

By rowversion where the table has one: whatever is not older than the oldest transaction that was open then. Else by
`updated_at`, with an overlap for what was committed late. Neither tells of deletes: a full reading does. Called by
source and extract.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from jobs.source.contract import ContractTable
from jobs.source.marks import Mark
from jobs.source.sqlserver import statements
from jobs.source.sqlserver.convert import WATERMARK
from jobs.source.sqlserver.offers import Offer
from models.clock import iso, parse_instant
from models.snapshot import silent
from models.snapshot.rowtext import literal, quoted

VERSIONS = ("timestamp", "rowversion")
"""How SQL Server names the type of a rowversion column."""
Held = Callable[[ContractTable, Path], None]
"""Writes the rows in force of a table to a Parquet file."""


@dataclass(frozen=True)
class Since:
    """A condition on rows, and its value."""

    condition: str
    value: object


def signature(offer: Offer) -> str:
    """What a mark is good for: the same source, columns, types and zone."""
    columns = [column.name for column in offer.table.columns]
    text = repr((offer.source, offer.zone, columns, sorted(offer.types.items())))
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def since(offer: Offer, mark: Mark | None, overlap: timedelta) -> Since | None:
    """The rows to ask for; None for all of them."""
    if mark is None or mark.signature != signature(offer):
        return None
    version = version_column(offer)
    if version is not None and mark.version is not None:
        return Since(statements.since(version), bytes.fromhex(mark.version))
    if mark.updated_at is None:
        return None
    moment = parse_instant(mark.updated_at) - overlap
    if offer.types[WATERMARK].startswith("datetimeoffset"):
        return Since(statements.since_offset(WATERMARK), iso(moment))
    return Since(statements.since(WATERMARK), moment.astimezone(ZoneInfo(offer.zone)).replace(tzinfo=None))


def version_column(offer: Offer) -> str | None:
    """The table's rowversion column; SQL Server allows one."""
    return next((name for name, kind in offer.types.items() if kind.partition("(")[0] in VERSIONS), None)


def overlay(held: Held, table: ContractTable, changed: Path, target: Path) -> None:
    """Write to `target` the rows held, with those of `changed` in their place or added."""
    before = target.with_suffix(".held")
    held(table, before)
    key = quoted(table.key)
    files = [f"read_parquet({literal(str(file))})" for file in (before, changed)]
    with silent.connect() as con:
        con.execute(
            f"COPY (SELECT * FROM {files[0]} AS h ANTI JOIN {files[1]} AS c ON h.{key} = c.{key} "
            f"UNION ALL BY NAME SELECT * FROM {files[1]}) TO {literal(str(target))} (FORMAT parquet, COMPRESSION zstd)"
        )
    before.unlink()
    changed.unlink()


def mark(offer: Offer, file: Path, version: bytes | None, now: datetime) -> Mark:
    """How far a table has been read. A change dated in the future says nothing about the changes before it."""
    with silent.connect() as con:
        row = con.execute(
            f"SELECT strftime(max({WATERMARK}), '%Y-%m-%dT%H:%M:%S.%fZ') FROM read_parquet({literal(str(file))}) "
            f"WHERE {WATERMARK} <= {literal(iso(now)[:-1])}::TIMESTAMP"
        ).fetchone()
    has_version = version is not None and version_column(offer) is not None
    return Mark(signature(offer), row[0] if row else None, version.hex() if version and has_version else None)
