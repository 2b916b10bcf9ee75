"""The history: every version of every source row with the time it was recorded. Private to the job, append-only.

A staged extract -> one folder a night with one Parquet file a table that changed, committed by one rename and
never opened for writing again; and back: the rows in force at a moment, as tables in schema `src`. Writes only
below the history folder. Called by jobs.refresh.steps.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import msgspec

from jobs.refresh import bundles, crash
from jobs.refresh.bundles import Bundle
from jobs.refresh.night import BUILDING, NIGHT_FILE, Night, TableFacts, night_bytes, night_hash, night_name
from jobs.refresh.versions import (
    Difference,
    compare,
    first_calls,
    no_versions,
    restore,
    store,
    watermark,
    words_before,
    write_held,
)
from jobs.source.contract import TABLES, ContractTable, SourceFacts
from models.clock import iso
from models.errors import HistoryDamaged
from models.snapshot.layout import file_hash, sync_folder
from models.snapshot.manifest import CheckResult

NIGHT = re.compile(r"[0-9]{8}T[0-9]{6}\.[0-9]{3}Z\Z")
FIRST = "first night"
"""What the first night names as its predecessor."""


class History:
    """The history in one folder. Each file is proved by its hash the first time this object reads it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._known: list[tuple[Night, str]] = []
        self._bundles: dict[Path, Bundle | None] = {}
        self._proved: set[Path] = set()

    def nights(self, until: datetime | None = None) -> tuple[Night, ...]:
        """Committed nights, earliest first, up to the recorded time `until` (aware UTC).

        Raises HistoryDamaged where a night is missing, changed or cannot be read.
        """
        folders = self.folder.iterdir() if self.folder.is_dir() else ()
        names = sorted(entry.name for entry in folders if NIGHT.match(entry.name))
        if [night.name for night, _ in self._known] != names[: len(self._known)]:
            self._known.clear()
        for name in names[len(self._known) :]:
            self._known.append(self._read(name, self._known[-1][1] if self._known else FIRST))
        return tuple(night for night, _ in self._known if until is None or night.recorded <= until)

    def _read(self, name: str, previous: str) -> tuple[Night, str]:
        """A night and the hash of its file, which has to follow the one before."""
        path = self.folder / name / NIGHT_FILE
        try:
            night = msgspec.json.decode(path.read_bytes(), type=Night)
        except (OSError, msgspec.DecodeError) as error:
            raise HistoryDamaged(f"{path} is missing or cannot be read") from error
        if night.name != name or night.previous != previous:
            raise HistoryDamaged(f"{path} does not follow the night before it: one was removed or changed")
        return night, night_hash(path)

    def compare(self, con: duckdb.DuckDBPyConnection, staged: Path) -> dict[str, Difference]:
        """Compare `staged/<table>.parquet` with the state in force; leaves the difference in schema `diff`."""
        kept = self.nights()
        con.execute("CREATE SCHEMA IF NOT EXISTS diff")
        return {table.name: compare(con, table, staged, self._files(kept, table)) for table in TABLES}

    def commit(
        self,
        con: duckdb.DuckDBPyConnection,
        staged: Path,
        differences: Mapping[str, Difference],
        *,
        source: SourceFacts,
        checks: Sequence[CheckResult],
        as_of: datetime,
        guard: AbstractContextManager[None] | None = None,
    ) -> Night:
        """Store what `compare` found as a new night, inside `guard` for the moment in which it becomes real.

        `source.zone` must name the zone in force. Raises HistoryDamaged when the night before is damaged.
        """
        kept = self.nights()
        recorded = max(as_of, kept[-1].recorded + timedelta(milliseconds=1)) if kept else as_of
        name = night_name(recorded)
        self.folder.mkdir(parents=True, exist_ok=True)
        folder = self.folder / f"{BUILDING}{secrets.token_hex(8)}"
        folder.mkdir()
        try:
            tables = {}
            for table in TABLES:
                target = folder / f"{table.name}.parquet"
                if differences[table.name].stored:
                    store(con, table, staged, target, recorded)
                tables[table.name] = _table_facts(differences[table.name], target)
            night = Night(
                name=name,
                recorded_at=iso(recorded),
                as_of=iso(as_of),
                source_watermark=watermark(con, staged),
                synthetic=source.synthetic,
                city=source.city,
                zone=source.zone,
                attribution=source.attribution,
                tables=tables,
                checks=tuple(checks),
                previous=night_hash(self.folder / kept[-1].name / NIGHT_FILE) if kept else FIRST,
            )
            (folder / NIGHT_FILE).write_bytes(night_bytes(night))
            for path in folder.iterdir():
                _sync(path)
            sync_folder(folder)
            crash.point("history.before_rename")
            with guard or nullcontext():
                folder.rename(self.folder / name)
            sync_folder(self.folder)
            crash.point("history.after_rename")
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        return night

    def first_calls(self, con: duckdb.DuckDBPyConnection, since: datetime) -> str:
        """Calls that rang since (aware), as each was first recorded: the name of a table in schema `diff`."""
        table = next(table for table in TABLES if table.name == "call")
        return first_calls(con, self._files(self.nights(), table), since)

    def words_before(
        self, con: duckdb.DuckDBPyConnection, until: datetime, table: ContractTable, column: str, words: Sequence[str]
    ) -> frozenset[str]:
        """Which of these words a column had in any version recorded up to `until` (aware)."""
        files = self._files(self.nights(until), table)
        return words_before(con, table, files, column, words) if words and files else frozenset()

    def hold(self, con: duckdb.DuckDBPyConnection, table: ContractTable, target: Path) -> None:
        """Write a table's rows in force now to the Parquet file `target`."""
        kept = self.nights()
        write_held(con, table, self._files(kept, table), target)

    def in_force(self, con: duckdb.DuckDBPyConnection, until: datetime) -> tuple[Night, ...]:
        """Make schema `src`: the rows in force at the recorded time `until` (aware UTC); returns its nights.

        `src.<contract table>` has the contract's columns and `_recorded_at`, `_first_recorded_at`, `_revised`;
        `src._deleted` counts what went in the latest night, `src._nights` lists the nights, and `src._version` holds
        what became, night by night, of each record with a clock of its own that a night after the first has touched.
        """
        kept = self.nights(until)
        con.execute("CREATE SCHEMA IF NOT EXISTS src")
        no_versions(con)
        for table in TABLES:
            restore(con, table, self._files(kept, table), kept[0].recorded, kept[-1].recorded)
        _describe(con, kept)
        return kept

    def bundle(self, con: duckdb.DuckDBPyConnection) -> int:
        """Make the bundles that are missing; returns how many. Nothing depends on them but speed."""
        made = 0
        for block in bundles.blocks(self.nights()):
            if len(block) == bundles.NIGHTS and self._bundle(block) is None:
                files = {table.name: self._own_files(block, table) for table in TABLES}
                folder = bundles.place(self.folder, block)
                bundles.make(con, folder, self._chain(block), files)
                del self._bundles[folder]
                made += 1
        return made

    def _files(self, kept: Sequence[Night], table: ContractTable) -> tuple[Path, ...]:
        """The table's files of some nights from the first on. Raises HistoryDamaged naming a file that is not whole."""
        files: list[Path] = []
        for block in bundles.blocks(kept):
            bundle = self._bundle(block) if len(block) == bundles.NIGHTS else None
            if bundle is not None and table.name in bundle.tables:
                self._own_files(block, table, proved=False)
                files.append(bundles.place(self.folder, block) / bundles.file(table.name))
            else:
                files.extend(self._own_files(block, table))
        return tuple(files)

    def _own_files(self, kept: Sequence[Night], table: ContractTable, *, proved: bool = True) -> tuple[Path, ...]:
        """The files that the nights themselves wrote; not `proved`: they are there, and a backup reads them all."""
        files = []
        for night in kept:
            facts = night.tables.get(table.name)
            if facts is not None and facts.sha256 is not None:
                path = self.folder / night.name / f"{table.name}.parquet"
                if not path.is_file():
                    raise HistoryDamaged(f"{path} is missing")
                if proved:
                    self._prove(path, facts.sha256)
                files.append(path)
        return tuple(files)

    def _bundle(self, block: Sequence[Night]) -> Bundle | None:
        folder = bundles.place(self.folder, block)
        if folder not in self._bundles:
            self._bundles[folder] = bundles.read(folder, self._chain(block))
        return self._bundles[folder]

    def _chain(self, block: Sequence[Night]) -> str:
        """The hash of a block's last night."""
        return next(chain for night, chain in self._known if night.name == block[-1].name)

    def _prove(self, path: Path, expected: str) -> None:
        if path in self._proved:
            return
        if file_hash(path) != expected:
            raise HistoryDamaged(f"{path} does not match the hash recorded when it was written")
        self._proved.add(path)


def _table_facts(found: Difference, file: Path) -> TableFacts:
    sha256 = file_hash(file) if found.stored else None
    return TableFacts(sha256, found.stored, found.added, found.changed, found.deleted)


def _sync(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())


def _describe(con: duckdb.DuckDBPyConnection, kept: Sequence[Night]) -> None:
    con.execute("CREATE OR REPLACE TABLE src._deleted (contract_table VARCHAR, deleted_count BIGINT)")
    con.executemany(
        "INSERT INTO src._deleted VALUES (?, ?)", [[name, facts.deleted] for name, facts in kept[-1].tables.items()]
    )
    con.execute(
        "CREATE OR REPLACE TABLE src._nights (recorded_at TIMESTAMP, as_of TIMESTAMP, source_watermark TIMESTAMP, "
        "added BIGINT, changed BIGINT, deleted BIGINT)"
    )
    con.executemany("INSERT INTO src._nights VALUES (?, ?, ?, ?, ?, ?)", [_night_row(night) for night in kept])


def _night_row(night: Night) -> list[object]:
    clocks = (night.recorded, night.moment, night.watermark)
    return [
        *(clock.replace(tzinfo=None) if clock else None for clock in clocks),
        night.added,
        night.changed,
        night.deleted,
    ]
