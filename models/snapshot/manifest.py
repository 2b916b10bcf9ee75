"""What a snapshot says about itself: the value in manifest.json. Written by build, read by pinning."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import msgspec

from models.snapshot import layout


@dataclass(frozen=True)
class ViewFacts:
    """One view: `identity` is SHA-256 over its row text in key order, without the SnapshotId member."""

    rows: int
    identity: str
    definition: str  # SHA-256 of the view's SQL text and declared columns


@dataclass(frozen=True)
class CheckResult:
    """One check of data: `outcome` is passed, warned or failed; counts only, never values."""

    check: str
    blocking: bool
    outcome: str
    detail: str


@dataclass(frozen=True)
class Manifest:
    """Instants as ISO text in UTC (`2026-01-31T05:00:00.000Z`)."""

    version: str
    as_of: str
    history_until: str
    source_watermark: str | None
    synthetic: bool
    attribution: str
    city_zone: str
    cleaning_profile: str
    catalogue_version: str
    engine_version: str
    views: dict[str, ViewFacts]
    checks: tuple[CheckResult, ...]
    database_hash: str = ""


def write(folder: Path, manifest: Manifest) -> None:
    """Write manifest.json, indented, keys in declared order."""
    text = msgspec.json.format(msgspec.json.encode(manifest), indent=2)
    layout.manifest_path(folder).write_bytes(text + b"\n")


def read(folder: Path) -> Manifest:
    """The manifest of the snapshot in `folder`. Raises FileNotFoundError, msgspec.ValidationError."""
    return msgspec.json.decode(layout.manifest_path(folder).read_bytes(), type=Manifest)
