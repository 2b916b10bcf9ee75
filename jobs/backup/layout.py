"""What a backup says about itself: the value in `backup.json`, proved when it is read. No other file is touched.

<target>/<moment>/
  backup.json                  this value; written last
  service.db                   the service database, where it is SQLite
  pepper, token-key            the home folder's own secrets, where they are not settings
  audit/<day>-<process>.jsonl  whole lines only
  snapshots/current            the pointer
  snapshots/<version>/...      the snapshot that it names
  history/<night>/...          every night
Used by jobs.backup.take (writes), jobs.backup.restore (reads) and `crisis doctor`.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

import msgspec

from jobs.refresh.history import NIGHT
from models.keeping_errors import BackupDamaged

MANIFEST = "backup.json"
SERVICE = "service.db"
AUDIT = "audit"
SNAPSHOTS = "snapshots"
HISTORY = "history"
BUILDING = ".backup-"
FORMAT = 1


@dataclass(frozen=True)
class FileFacts:
    """One file of the backup."""

    bytes: int
    sha256: str


@dataclass(frozen=True)
class Backup:
    """One backup. Instants are ISO text in UTC; `notes` say what is not in it, one line each.

    `revision` is the service database's, None where that is kept elsewhere; `version` is the published snapshot.
    `proof` is SHA-256 over everything else here.
    """

    format: int
    made_at: str
    revision: str | None
    version: str | None
    as_of: str | None
    nights: int
    notes: tuple[str, ...]
    files: dict[str, FileFacts]
    proof: str = ""

    @property
    def bytes(self) -> int:
        """Size of all files."""
        return sum(facts.bytes for facts in self.files.values())


def write(folder: Path, made: Backup) -> Backup:
    """Write backup.json, with its proof."""
    proved = replace(made, proof=_proof(made))
    (folder / MANIFEST).write_bytes(_text(proved))
    return proved


def read(folder: Path) -> Backup:
    """The backup in `folder`. Raises BackupDamaged, naming the file, where it is absent or not what was written."""
    path = folder / MANIFEST
    try:
        text = path.read_bytes()
        made = msgspec.json.decode(text, type=Backup)
    except OSError as error:
        hint = "Name the folder of one backup: the one that holds backup.json."
        raise BackupDamaged(f"{path} cannot be read", hint=hint) from error
    except msgspec.MsgspecError as error:
        raise BackupDamaged(f"{path} is not the list of a backup") from error
    if made.proof != _proof(made) or text != _text(made):
        raise BackupDamaged(f"{path} does not match its own hash")
    if made.format != FORMAT:
        raise BackupDamaged(f"{path} has form {made.format}", hint="Restore it with the version that made it.")
    strange = next((name for name in made.files if not _inside(name)), None)
    if strange is not None:
        raise BackupDamaged(f"{path} names a file outside the backup")
    return made


def newest(target: Path) -> str | None:
    """When the youngest finished backup below `target` was made, by its folder's name as an ISO instant; or None."""
    folders = target.iterdir() if target.is_dir() else ()
    names = [each.name for each in folders if NIGHT.match(each.name) and (each / MANIFEST).is_file()]
    if not names:
        return None
    day, clock = max(names).split("T")
    return f"{day[:4]}-{day[4:6]}-{day[6:]}T{clock[:2]}:{clock[2:4]}:{clock[4:]}"


def _text(made: Backup) -> bytes:
    return msgspec.json.format(msgspec.json.encode(made), indent=2) + b"\n"


def _proof(made: Backup) -> str:
    return hashlib.sha256(msgspec.json.encode(replace(made, proof=""))).hexdigest()


def _inside(name: str) -> bool:
    path = PurePosixPath(name)
    return bool(path.parts) and not path.is_absolute() and ".." not in path.parts and "\\" not in name
