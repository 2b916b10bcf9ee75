"""What one night of the history says about itself: the value in `history/<night>/night.json`.

Pure values and their files; no rows. Written by jobs.refresh.history, read by it and by replays.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import msgspec

from models.clock import iso, parse_instant
from models.snapshot.manifest import CheckResult

NIGHT_FILE = "night.json"
BUILDING = ".night-"


@dataclass(frozen=True)
class TableFacts:
    """One table that night: its file's hash and rows (None and 0 where nothing changed), and what the rows mean."""

    sha256: str | None
    rows: int
    added: int
    changed: int
    deleted: int


@dataclass(frozen=True)
class Night:
    """One committed extract. Instants are ISO text in UTC; `previous` is the hash of the night before's file.

    `recorded_at` grows from night to night, whatever the clock does; `as_of` is the clock.
    """

    name: str
    recorded_at: str
    as_of: str
    source_watermark: str | None
    synthetic: bool
    city: str
    zone: str
    attribution: str
    tables: dict[str, TableFacts]
    checks: tuple[CheckResult, ...]
    previous: str

    @property
    def recorded(self) -> datetime:
        """`recorded_at` as an aware instant."""
        return parse_instant(self.recorded_at)

    @property
    def moment(self) -> datetime:
        """`as_of` as an aware instant."""
        return parse_instant(self.as_of)

    @property
    def watermark(self) -> datetime | None:
        """`source_watermark` as an aware instant."""
        return parse_instant(self.source_watermark) if self.source_watermark else None

    @property
    def added(self) -> int:
        """Rows new that night."""
        return sum(table.added for table in self.tables.values())

    @property
    def changed(self) -> int:
        """Rows that differ from the night before."""
        return sum(table.changed for table in self.tables.values())

    @property
    def deleted(self) -> int:
        """Rows gone that night."""
        return sum(table.deleted for table in self.tables.values())


def night_name(recorded: datetime) -> str:
    """Folder of a night: `20260131T090000.000Z`; names sort as the instants do."""
    return iso(recorded).replace("-", "").replace(":", "")


def night_bytes(night: Night) -> bytes:
    """The text of night.json."""
    return msgspec.json.format(msgspec.json.encode(night), indent=2) + b"\n"


def night_hash(path: Path) -> str:
    """SHA-256 of a night.json: the link of the chain from one night to the next."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
