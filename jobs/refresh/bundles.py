"""Consecutive nights of the history once more, in one file a table, so that a late night opens few files.

A bundle repeats the stored rows of NIGHTS nights; the nights' own files stay, are what a backup takes, and make it
again where it is missing, damaged or of other nights. Writes below `history/bundles` only. Called by
jobs.refresh.history.
"""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import msgspec

from jobs.refresh.night import BUILDING, Night
from models.snapshot.layout import file_hash, sync_folder
from models.snapshot.rowtext import literal, quoted

NIGHTS = 32
"""A year of 20 tables then is about 30 files a table at the most, not 365."""
LIMIT = 128 << 20
"""Bytes of a table's files beyond which they are not repeated: few files, and worth opening."""
FOLDER = "bundles"
FILE = "bundle.json"


@dataclass(frozen=True)
class Bundle:
    """What `bundle.json` says. `chain` is the hash of the last night's file, which stands for all nights before it."""

    chain: str
    tables: dict[str, str]


def blocks(kept: Sequence[Night]) -> Iterator[tuple[Night, ...]]:
    """The nights, NIGHTS at a time from the first on; the last block may be shorter and has no bundle then."""
    for start in range(0, len(kept), NIGHTS):
        yield tuple(kept[start : start + NIGHTS])


def place(history: Path, block: Sequence[Night]) -> Path:
    """Where the bundle of a block stands."""
    return history / FOLDER / block[-1].name


def read(folder: Path, chain: str) -> Bundle | None:
    """The bundle in `folder`; None where it is missing, damaged, or made from other nights than `chain` ends."""
    try:
        found = msgspec.json.decode((folder / FILE).read_bytes(), type=Bundle)
        whole = found.chain == chain and all(
            file_hash(folder / file(table)) == sha for table, sha in found.tables.items()
        )
    except (OSError, msgspec.DecodeError):
        return None
    return found if whole else None


def file(table: str) -> str:
    """Name of a table's file."""
    return f"{table}.parquet"


def make(con: duckdb.DuckDBPyConnection, folder: Path, chain: str, tables: Mapping[str, Sequence[Path]]) -> None:
    """Write the bundle `folder` from each table's files, by one rename."""
    building = folder.parents[1] / f"{BUILDING}{secrets.token_hex(8)}"
    building.mkdir()
    try:
        made = {}
        for table, files in tables.items():
            if len(files) > 1 and sum(path.stat().st_size for path in files) <= LIMIT:
                made[table] = _join(con, files, building / file(table))
        (building / FILE).write_bytes(msgspec.json.encode(Bundle(chain, made)))
        sync_folder(building)
        folder.parent.mkdir(exist_ok=True)
        shutil.rmtree(folder, ignore_errors=True)
        building.rename(folder)
    finally:
        shutil.rmtree(building, ignore_errors=True)


def _join(con: duckdb.DuckDBPyConnection, files: Sequence[Path], target: Path) -> str:
    """All rows of the files in one; returns its hash. Columns are matched by name: contracts grow."""
    listed = ", ".join(literal(str(path)) for path in files)
    con.execute(
        f"COPY (SELECT * FROM read_parquet([{listed}], union_by_name = true) ORDER BY {quoted('_recorded_at')}) "
        f"TO {literal(str(target))} (FORMAT parquet, COMPRESSION zstd)"
    )
    return file_hash(target)
