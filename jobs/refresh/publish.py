"""Moves the one pointer to a finished snapshot, and only while the lease is proved.

Writes `snapshots/current` only. Called by jobs.refresh.run after build.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from jobs.refresh import crash
from jobs.refresh.lease import Hold
from models.clock import parse_instant
from models.snapshot import layout, manifest


def publish(snapshots: Path, version: str, hold: Hold) -> None:
    """Make `version` the one being served. Raises LeaseLost when another run has taken over: nothing moves then."""
    crash.point("publish.before_pointer")
    with hold.critical():
        layout.point_to(snapshots, version)
    crash.point("publish.after_pointer")


def is_newest(snapshots: Path, as_of: datetime) -> bool:
    """Whether a replayed `as_of` (aware) is later than the served snapshot's, or, where that is gone, than all kept."""
    current = layout.current_version(snapshots)
    if current is not None and layout.manifest_path(snapshots / current).is_file():
        return as_of > parse_instant(manifest.read(snapshots / current).as_of)
    return all(as_of >= moment for moment in kept(snapshots).values())


def kept(snapshots: Path) -> dict[str, datetime]:
    """The finished versions and their as-of (aware), by folder."""
    folders = snapshots.iterdir() if snapshots.is_dir() else ()
    return {
        folder.name: parse_instant(manifest.read(folder).as_of)
        for folder in folders
        if layout.VERSION.match(folder.name) and layout.manifest_path(folder).is_file()
    }
