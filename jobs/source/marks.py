"""How far the source was read: a mark for each table, kept beside the history, valid for its latest night alone.

A small JSON file, replaced by one rename after the night is committed. Marks that do not belong to the latest night, or
to what is offered now, count for nothing: then everything is read. Called by jobs.source.delivery and jobs.refresh.
"""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from pathlib import Path

import msgspec

from models.clock import iso, parse_instant

FILE = "source-marks.json"


class Mark(msgspec.Struct, frozen=True):
    """How far one table was read. `signature` is of what was offered; `version` is a rowversion in hex."""

    signature: str
    updated_at: str | None = None
    version: str | None = None


class Marks(msgspec.Struct, frozen=True):
    """The marks of one reading; `full_at` is when everything was read last."""

    full_at: str
    tables: dict[str, Mark]
    night: str = ""


def valid(home: Path, night: str, now: datetime, days: int) -> Marks | None:
    """The marks from which this night may go on; None when everything has to be read."""
    try:
        found = msgspec.json.decode((home / FILE).read_bytes(), type=Marks)
        full = parse_instant(found.full_at)
    except (OSError, msgspec.MsgspecError, ValueError):
        return None
    in_time = full <= now < full + timedelta(days=days)  # nothing was read in the future: that clock was wrong
    return found if found.night == night and in_time else None


def keep(home: Path, marks: Marks, night: str) -> None:
    """Keep the marks of a night that has been committed."""
    whole = home / f".{FILE}"
    with whole.open("wb") as file:
        file.write(msgspec.json.encode(msgspec.structs.replace(marks, night=night)))
        file.flush()
        os.fsync(file.fileno())
    whole.replace(home / FILE)


def fresh(now: datetime, tables: dict[str, Mark], before: Marks | None) -> Marks:
    """The marks of this reading; everything was read where there were none before."""
    return Marks(before.full_at if before else iso(now), tables)
