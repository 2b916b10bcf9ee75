"""`crisis backup`: what cannot be made again, as of now -> a folder that holds together, while others go on.

No lease is needed, for each store is read in an order in which what comes later knows at least as much: the service
database (one moment, by SQLite's online backup), the pointer and the snapshot that it names (never changed once
named; pruned meanwhile: the new pointer is followed), then the history (nights appear whole and are never changed),
which thus holds every night that the snapshot came from. The list is written last and the folder gets its name by one
rename. Reads the home folder, writes below the target only. Called by jobs.commands.backup.
"""

from __future__ import annotations

import secrets
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from sqlalchemy.engine import make_url

from jobs import migrate
from jobs.backup import layout
from jobs.backup.copying import SECRET_MODE, copied, facts, whole_lines
from jobs.backup.layout import Backup, FileFacts
from jobs.refresh.history import History
from jobs.refresh.night import NIGHT_FILE, Night, night_name
from jobs.refresh.progress import Begun, Done, Moved, Progress, quiet
from models.clock import iso, now, parse_instant
from models.errors import ConfigurationError, HistoryDamaged
from models.keeping_errors import BackupFailed
from models.secret_files import PEPPER, TOKEN_KEY
from models.settings import JobSettings
from models.snapshot import layout as snapshot_layout
from models.snapshot import manifest

TRIES = 3
"""How often a pointer that moves on, with its snapshot pruned, is followed."""


@dataclass
class Taking:
    """A backup while it is being made."""

    settings: JobSettings
    place: Path
    tell: Progress
    files: dict[str, FileFacts] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def add(self, source: Path, name: str, *, upto: int | None = None, mode: int = 0o640) -> FileFacts:
        """Copy one file in."""
        self.files[name] = copied(source, self.place / name, upto=upto, mode=mode)
        self.tell(Moved(Path(name).name))
        return self.files[name]

    @contextmanager
    def part(self, name: str, total: int | None = None) -> Iterator[None]:
        """Show one part."""
        self.tell(Begun(name, total))
        yield
        self.tell(Done(name))


def back_up(settings: JobSettings, target: Path, progress: Progress = quiet) -> tuple[Path, Backup]:
    """Make a backup below `target`; its folder and what it says.

    Raises ConfigurationError for a target inside the home folder, HistoryDamaged naming a file of the history,
    BackupFailed for anything that cannot be read or written. What was not finished is removed.
    """
    if target.resolve().is_relative_to(settings.home.resolve()):
        hint = "Name a folder on another disk or machine: crisis backup /path, or CRISIS_BACKUP_FOLDER."
        raise ConfigurationError(f"{target} lies inside CRISIS_HOME and would be lost with it", hint=hint)
    moment = now()
    final = target / night_name(moment)
    place = target / f"{layout.BUILDING}{secrets.token_hex(8)}"
    try:
        target.mkdir(parents=True, exist_ok=True)
        place.mkdir(mode=0o700)
        if final.exists():
            raise BackupFailed(f"{final} is there already")
        made = layout.write(place, _taken(Taking(settings, place, progress), iso(moment)))
        _sync_folders(place)
        place.rename(final)
        snapshot_layout.sync_folder(target)
    except OSError as error:
        raise BackupFailed(f"{error.filename or place}: {error.strerror or type(error).__name__}") from error
    finally:
        shutil.rmtree(place, ignore_errors=True)
    return final, made


def _taken(taking: Taking, made_at: str) -> Backup:
    with taking.part("service"):
        revision = _service(taking)
        _secrets(taking)
    with taking.part("snapshot"):
        version, as_of, until = _snapshot(taking)
    nights = _history(taking)
    if until is not None and (not nights or nights[-1].recorded < parse_instant(until)):
        raise BackupFailed(
            "the published snapshot knows of a night that the history does not hold",
            hint="Bring back the history from an earlier backup; do not overwrite that one.",
        )
    with taking.part("audit"):
        _audit(taking)
    return Backup(
        format=layout.FORMAT,
        made_at=made_at,
        revision=revision,
        version=version,
        as_of=as_of,
        nights=len(nights),
        notes=tuple(taking.notes),
        files=taking.files,
    )


def _service(taking: Taking) -> str | None:
    """SQLite's online backup: one moment of the database, whoever writes meanwhile. The revision that is in it."""
    url = make_url(taking.settings.service_database)
    if url.get_backend_name() != "sqlite":
        taking.notes.append(f"The service database is kept by {url.get_backend_name()}: back it up by its own tools.")
        return None
    source, target = Path(url.database or ""), taking.place / layout.SERVICE
    if not source.is_file():
        taking.notes.append("There is no service database yet.")
        return None
    try:
        with (
            closing(sqlite3.connect(f"file:{quote(str(source))}?mode=ro", uri=True, timeout=30)) as read,
            closing(sqlite3.connect(target)) as written,
        ):
            read.backup(written)
            written.execute("PRAGMA journal_mode=DELETE")  # one file, without a log beside it
            (state,) = written.execute("PRAGMA integrity_check").fetchone()
    except sqlite3.Error as error:
        raise BackupFailed(f"the service database cannot be copied ({type(error).__name__})") from error
    if state != "ok":
        raise BackupFailed("the service database is damaged", hint="Restore it from an earlier backup.")
    target.chmod(0o640)
    taking.files[layout.SERVICE] = facts(target)
    return migrate.revision(f"sqlite:///{target}")


def _secrets(taking: Taking) -> None:
    settings = taking.settings
    for name in (PEPPER, TOKEN_KEY):
        if (settings.home / name).is_file():
            taking.add(settings.home / name, name, mode=SECRET_MODE)
    if settings.pepper is not None:
        taking.notes.append("The pepper is a setting: keep CRISIS_PEPPER too, or every key has to be given out again.")


def _snapshot(taking: Taking) -> tuple[str | None, str | None, str | None]:
    """Version, as-of and the last night of what is published; nothing of it where it is missing or damaged."""
    snapshots = taking.settings.snapshots
    for _ in range(TRIES):
        version = snapshot_layout.current_version(snapshots)
        if version is None:
            taking.notes.append("Nothing is published yet.")
            return None, None, None
        try:
            said = _copy_snapshot(taking, version)
        except FileNotFoundError:
            _forget_snapshot(taking)
            continue  # pruned under our hands, because the pointer moved on; or missing
        if taking.files[_database(version)].sha256 != said.database_hash:
            _forget_snapshot(taking)
            break
        snapshot_layout.point_to(taking.place / layout.SNAPSHOTS, version)
        pointer = f"{layout.SNAPSHOTS}/{snapshot_layout.CURRENT}"
        taking.files[pointer] = facts(taking.place / pointer)
        return version, said.as_of, said.history_until
    taking.notes.append("The published snapshot is missing or damaged and not in here: `crisis refresh` makes it anew.")
    return None, None, None


def _copy_snapshot(taking: Taking, version: str) -> manifest.Manifest:
    folder = taking.settings.snapshots / version
    said = manifest.read(folder)
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        taking.add(path, f"{layout.SNAPSHOTS}/{version}/{path.relative_to(folder).as_posix()}")
    if _database(version) not in taking.files:
        raise FileNotFoundError(version)
    return said


def _forget_snapshot(taking: Taking) -> None:
    shutil.rmtree(taking.place / layout.SNAPSHOTS, ignore_errors=True)
    taking.files = {name: each for name, each in taking.files.items() if not name.startswith(f"{layout.SNAPSHOTS}/")}


def _database(version: str) -> str:
    return f"{layout.SNAPSHOTS}/{version}/{snapshot_layout.DATABASE}"


def _history(taking: Taking) -> tuple[Night, ...]:
    """Every night committed by now; each file is held against the hash of the night in which it was written."""
    folder = taking.settings.history
    nights = History(folder).nights()
    with taking.part("history", len(nights)):
        for night in nights:
            place = f"{layout.HISTORY}/{night.name}"
            copied_facts = {NIGHT_FILE: copied(folder / night.name / NIGHT_FILE, taking.place / place / NIGHT_FILE)}
            for table, said in night.tables.items():
                if said.sha256 is not None:
                    name = f"{table}.parquet"
                    copied_facts[name] = _night_file(folder / night.name / name, taking.place / place, said.sha256)
            taking.files.update({f"{place}/{name}": each for name, each in copied_facts.items()})
            taking.tell(Moved(night.name))
    return nights


def _night_file(source: Path, place: Path, expected: str) -> FileFacts:
    if not source.is_file():
        raise HistoryDamaged(f"{source} is missing")
    made = copied(source, place / source.name)
    if made.sha256 != expected:
        raise HistoryDamaged(f"{source} does not match the hash recorded when it was written")
    return made


def _audit(taking: Taking) -> None:
    """The trail as far as whole lines go: it is being appended to."""
    folder = taking.settings.home / layout.AUDIT
    for path in sorted(folder.glob("*.jsonl")):
        taking.add(path, f"{layout.AUDIT}/{path.name}", upto=whole_lines(path))


def _sync_folders(place: Path) -> None:
    for folder in (*(path for path in place.rglob("*") if path.is_dir()), place):
        snapshot_layout.sync_folder(folder)
