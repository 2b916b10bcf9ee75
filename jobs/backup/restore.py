"""`crisis restore`: a backup -> an empty home folder. Every hash is proved before a name appears.

Files are copied into a scratch folder inside the home folder and proved on the way; then the parts get their names by
renames, the snapshots with their pointer last. Writes the home folder, and the service database where its address
names another SQLite file. Called by jobs.commands.restore.
"""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy.engine import make_url

from jobs import migrate
from jobs.backup import layout
from jobs.backup.copying import SECRET_MODE, copied, facts
from jobs.backup.layout import Backup, FileFacts
from jobs.refresh.history import History
from jobs.refresh.progress import Begun, Done, Moved, Progress, quiet
from models.errors import FolderNotWritable, HistoryDamaged
from models.keeping_errors import BackupDamaged, RestoreRefused
from models.secret_files import PEPPER, TOKEN_KEY
from models.settings import JobSettings
from models.snapshot import layout as snapshot_layout
from models.snapshot import manifest

STAGING = ".restore-"
ORDER = (PEPPER, TOKEN_KEY, layout.AUDIT, layout.HISTORY, layout.SERVICE, layout.SNAPSHOTS)
"""In this order the parts get their names: what is served comes last."""


def restore(folder: Path, settings: JobSettings, progress: Progress = quiet) -> Backup:
    """Bring the backup in `folder` back into CRISIS_HOME, which must be empty; what the backup says.

    Raises BackupDamaged naming the file that is missing, changed or not of the backup, RestoreRefused for a place that
    holds anything, FolderNotWritable. The service database is then at the newest revision.
    """
    made = layout.read(folder)
    service = _service_file(made, settings)
    _refuse(made, settings.home, service)
    try:
        with _staging(settings.home) as staged:
            _prove(made, folder, staged, progress)
            for name in ORDER:
                if (staged / name).exists():
                    target = service if name == layout.SERVICE and service else settings.home / name
                    target.parent.mkdir(parents=True, exist_ok=True)
                    shutil.move(staged / name, target)
            snapshot_layout.sync_folder(settings.home)
    except OSError as error:
        raise FolderNotWritable(f"{error.filename or settings.home}: {error.strerror}") from error
    if made.revision is not None:
        migrate.upgrade_service(settings.service_database)
    return made


def prove(folder: Path, progress: Progress = quiet) -> Backup:
    """Hold every file of the backup against its hash; nothing is written. Raises BackupDamaged naming the file."""
    made = layout.read(folder)
    _prove(made, folder, None, progress)
    return made


def _prove(made: Backup, folder: Path, staged: Path | None, tell: Progress) -> None:
    """Read every file once, into `staged` where given."""
    present = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    foreign = sorted(present - set(made.files) - {layout.MANIFEST})
    if foreign:
        raise BackupDamaged(f"{folder / foreign[0]} is not a file of this backup")
    tell(Begun("prove", len(made.files)))
    for name, said in made.files.items():
        if _read(folder / name, staged / name if staged else None) != said:
            raise BackupDamaged(f"{folder / name} does not match the hash recorded when it was written")
        tell(Moved(Path(name).name))
    tell(Done("prove"))
    _prove_parts(made, staged or folder)


def _read(source: Path, target: Path | None) -> FileFacts:
    if not source.is_file():
        raise BackupDamaged(f"{source} is missing")
    try:
        if target is None:
            return facts(source)
        secret = source.name in (PEPPER, TOKEN_KEY)
        return copied(source, target, mode=SECRET_MODE if secret else 0o640)
    except OSError as error:
        if error.filename != str(source):
            raise
        raise BackupDamaged(f"{source} cannot be read") from error


def _prove_parts(made: Backup, place: Path) -> None:
    """The chain of nights is whole, and the pointer names the snapshot that is there."""
    try:
        nights = History(place / layout.HISTORY).nights()
    except HistoryDamaged as error:
        raise BackupDamaged(error.message) from error
    snapshots = place / layout.SNAPSHOTS
    version = snapshot_layout.current_version(snapshots)
    whole = version is None or manifest.read(snapshots / version).version == version
    if len(nights) != made.nights or version != made.version or not whole:
        raise BackupDamaged(f"{place} does not hold the nights and the snapshot that its {layout.MANIFEST} counts")


def _refuse(made: Backup, home: Path, service: Path | None) -> None:
    """Raises RestoreRefused for a place that is not empty, and for a revision that this version does not know."""
    if home.exists() and not home.is_dir():
        raise RestoreRefused(f"{home} is not a folder")
    held = sorted(path.name for path in home.iterdir() if not path.name.startswith(STAGING)) if home.is_dir() else []
    if held:
        raise RestoreRefused(f"{home} is not empty: it holds {held[0]}")
    if service is not None and service.exists():
        raise RestoreRefused(
            f"{service} is there already", hint="Point CRISIS_SERVICE_URL at a file that is not there."
        )
    if made.revision is not None and not migrate.knows(made.revision):
        raise RestoreRefused(
            f"the service database in the backup is at {made.revision}, which this version does not know",
            hint="Restore it with the version that made it, or a newer one.",
        )


def _service_file(made: Backup, settings: JobSettings) -> Path | None:
    """Where the service database goes, None where the backup holds none. Raises RestoreRefused for a server."""
    if made.revision is None:
        return None
    url = make_url(settings.service_database)
    if url.get_backend_name() != "sqlite" or not url.database:
        raise RestoreRefused(
            "the backup holds a service database as a file, and CRISIS_SERVICE_URL names a server",
            hint="Unset CRISIS_SERVICE_URL to use the file, here and for `crisis serve`.",
        )
    return Path(url.database)


@contextmanager
def _staging(home: Path) -> Iterator[Path]:
    """A scratch folder inside the home folder; what a killed restore left there goes first."""
    home.mkdir(parents=True, exist_ok=True)
    for left in home.glob(f"{STAGING}*"):
        shutil.rmtree(left)
    place = home / f"{STAGING}{secrets.token_hex(8)}"
    place.mkdir()
    try:
        yield place
    finally:
        shutil.rmtree(place, ignore_errors=True)
