"""Paths inside the snapshots folder, and the one atomic pointer. Used by publish (writes) and pinning (reads).

snapshots/
  current                     the version being served, one line; replaced in one rename
  <version>/manifest.json     what it is (models.snapshot.manifest)
  <version>/views.duckdb      one table a view, `_row` first, sorted by `_row`
  <version>/rows/<View>.json  row text: each row's JSON object, then `,\\n`, in `_row` order
  <version>/rows/<View>.idx   int64 little endian: n + 1 byte offsets into the row text
  .building-*/                being built; swept by the next run
"""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path

CURRENT = "current"
MANIFEST = "manifest.json"
DATABASE = "views.duckdb"
ROWS = "rows"
BUILDING = ".building-"
ROW_END = b",\n"
VERSION = re.compile(r"[0-9]{8}T[0-9]{6}Z-[0-9a-f]{12}\Z")
"""As-of to the second, then 12 hex digits over everything that the snapshot is a function of."""


def manifest_path(folder: Path) -> Path:
    """Manifest of the snapshot in `folder`."""
    return folder / MANIFEST


def database_path(folder: Path) -> Path:
    """DuckDB file of the snapshot in `folder`."""
    return folder / DATABASE


def text_path(folder: Path, view: str) -> Path:
    """Row text of a view."""
    return folder / ROWS / f"{view}.json"


def index_path(folder: Path, view: str) -> Path:
    """Offsets of a view's row text."""
    return folder / ROWS / f"{view}.idx"


def current_version(snapshots: Path) -> str | None:
    """The version that the pointer names; None before the first publish."""
    try:
        version = (snapshots / CURRENT).read_text("ascii").strip()
    except FileNotFoundError:
        return None
    return version if VERSION.match(version) else None


def point_to(snapshots: Path, version: str) -> None:
    """Make `version` the one being served: written aside, fsynced, renamed, folder fsynced."""
    beside = snapshots / f".{CURRENT}-{os.getpid()}"
    with beside.open("w", encoding="ascii") as file:
        file.write(version + "\n")
        file.flush()
        os.fsync(file.fileno())
    beside.replace(snapshots / CURRENT)
    sync_folder(snapshots)


def file_hash(path: Path) -> str:
    """SHA-256 of a file's bytes, in hex, read in parts."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sync_folder(folder: Path) -> None:
    """Make renames in `folder` durable, where the platform can."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
