"""The home folder of a demonstration: which folders may become one, what the city in it was made from.

A folder is a demo home when it bears `demo.json`. Only `crisis demo` writes that file, and only where nothing
real is: no key, no history, no imported record. Called by `crisis demo`.
"""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path

from sqlalchemy import select

from jobs import migrate
from jobs.source.demo.options import CITY, UNFINISHED
from models.crisis import METADATA
from models.database import engine
from models.errors import ConfigurationError, FolderNotWritable
from models.service import keys
from models.settings import JobSettings

FILE = "demo.json"
OTHER_HOME = "Choose an empty folder for the demonstration: CRISIS_HOME=demo-home crisis demo"


@dataclass(frozen=True)
class Made:
    """What a city was made from. `end` is an ISO instant, `rows` counts all tables."""

    seed: int
    calls: int
    years: float
    end: str
    rows: int


def claim(settings: JobSettings) -> None:
    """Make the home a demo home, and bring its two databases to their newest form.

    Raises ConfigurationError where something real is, MigrationRefused for a database that is not ours.
    """
    if not settings.demo and (settings.source_url or settings.service_url):
        raise ConfigurationError(
            "CRISIS_SOURCE_URL or CRISIS_SERVICE_URL is set, and a demonstration must not touch real databases",
            hint="Unset them; or set CRISIS_DEMO=1 if those databases are for the demonstration.",
        )
    _writable(settings.home)
    new = not (settings.home / FILE).exists()
    if new and settings.history.exists():
        raise ConfigurationError(f"{settings.home} holds the history of a real source", hint=OTHER_HOME)
    migrate.upgrade_service(settings.service_database)
    migrate.upgrade_crisis(settings.source_database, settings=settings)
    if new and _has_keys(settings):
        raise ConfigurationError(
            f"the service database of {settings.home} holds keys of a real service", hint=OTHER_HOME
        )
    if city(settings) is None and _has_incidents(settings):
        raise ConfigurationError(f"the crisis database of {settings.home} holds imported records", hint=OTHER_HOME)
    if new:
        _write(settings.home / FILE, "{}")


def city(settings: JobSettings) -> str | None:
    """The demo city in the crisis database: its name, `UNFINISHED` when a run was killed, None when there is none."""
    marker = METADATA.tables["crisis_marker"]
    opened = engine(settings.source_database)
    try:
        with opened.connect() as connection:
            found = connection.execute(select(marker.c.city, marker.c.synthetic)).first()
    finally:
        opened.dispose()
    return found.city if found is not None and found.synthetic and found.city in {CITY, UNFINISHED} else None


def empty(settings: JobSettings, *, forget: bool) -> None:
    """Remove the city: its rows, and with `forget` the history, which tells of rows that are gone."""
    migrate.downgrade_crisis(settings.source_database, settings=settings)
    migrate.upgrade_crisis(settings.source_database, settings=settings)
    if forget:
        shutil.rmtree(settings.history, ignore_errors=True)


def note(settings: JobSettings, made: Made) -> None:
    """Remember what the city was made from."""
    _write(settings.home / FILE, json.dumps(asdict(made), indent=2) + "\n")


def noted(settings: JobSettings) -> Made | None:
    """What the city was made from; None where that is not known."""
    try:
        return Made(**json.loads((settings.home / FILE).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def _has_keys(settings: JobSettings) -> bool:
    opened = engine(settings.service_database)
    try:
        return bool(keys.listed(opened))
    finally:
        opened.dispose()


def _has_incidents(settings: JobSettings) -> bool:
    opened = engine(settings.source_database)
    try:
        with opened.connect() as connection:
            tables = [METADATA.tables[name] for name in ("incident", "call", "area")]
            return any(connection.execute(select(table).limit(1)).first() is not None for table in tables)
    finally:
        opened.dispose()


def _writable(home: Path) -> None:
    try:
        home.mkdir(parents=True, exist_ok=True)
        probe = home / f".writable-{os.getpid()}"
        probe.write_bytes(b"")
        probe.unlink()
    except OSError as error:
        raise FolderNotWritable(f"cannot write in {home}") from error


def _write(path: Path, text: str) -> None:
    part = path.with_suffix(".part")
    part.write_text(text, encoding="utf-8")
    part.replace(path)
