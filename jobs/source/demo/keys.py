"""Throw-away keys of a demonstration: made once, written to `demo-keys.json`, revoked before real data is published.

The rule that keeps them out of real service: they belong to one client name, they end after 90 days, only
`crisis demo` makes them, and a refresh of a source that is not synthetic revokes them first. Called by
`crisis demo` and jobs.refresh.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path

from sqlalchemy import Engine

from models.clock import now
from models.errors import FolderNotWritable
from models.secret_files import PEPPER, secret
from models.service import keys
from models.settings import JobSettings

CLIENT = "demonstration"
PURPOSE = "demonstration"
LIFETIME = timedelta(days=90)
FILE = "demo-keys.json"
LEAD_AREAS = ("001", "002")
ROLES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("viewer", ()),
    ("analyst", ()),
    ("lead", LEAD_AREAS),
    ("refresh", ()),
    ("admin", ()),
)
"""(role, areas): one key each."""


@dataclass(frozen=True)
class DemoKey:
    """One entry of the file."""

    role: str
    id: str
    secret: str


def ensure(settings: JobSettings, database: Engine) -> tuple[tuple[DemoKey, ...], bool]:
    """The keys of this home, and whether they were made now. Keys in the file that still open doors are kept."""
    path = settings.home / FILE
    kept = _read(path)
    moment = now()
    valid = {key.key_id for key, _ in keys.listed(database) if keys.is_valid(key, moment)}
    if [key.role for key in kept] == [role for role, _ in ROLES] and all(key.id in valid for key in kept):
        return kept, False
    revoke(settings, database)
    pepper = secret(settings.home, PEPPER, settings.pepper)
    made = []
    for role, areas in ROLES:
        new = keys.new_key(CLIENT, role, pepper=pepper, areas=areas, expires=moment + LIFETIME, purpose=PURPOSE)
        keys.store(database, new)
        made.append(DemoKey(role, new.key.key_id, new.secret))
    _write(path, made)
    return tuple(made), True


def revoke(settings: JobSettings, database: Engine) -> int:
    """End every demonstration key and remove the file; the number of keys that were valid until now."""
    moment = now()
    ended = 0
    for key, _ in keys.listed(database):
        if key.client == CLIENT and keys.is_valid(key, moment):
            keys.revoke(database, key.key_id)
            ended += 1
    (settings.home / FILE).unlink(missing_ok=True)
    return ended


def _read(path: Path) -> tuple[DemoKey, ...]:
    """What the file holds; nothing when it is absent or not ours."""
    try:
        return tuple(DemoKey(**entry) for entry in json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return ()


def _write(path: Path, made: list[DemoKey]) -> None:
    """Mode 0600 from the first byte, whole or not at all."""
    part = path.with_suffix(".part")
    try:
        part.unlink(missing_ok=True)
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump([asdict(key) for key in made], file, indent=2)
            file.write("\n")
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        raise FolderNotWritable(f"cannot write {path}") from error
