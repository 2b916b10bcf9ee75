"""Demo cities in files, for tests: one of thirteen months that is built once, and small ones by the dozen."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select, text

from jobs import migrate
from jobs.source.demo import city
from jobs.source.demo.options import Options, Report
from models.crisis import METADATA
from models.database import engine
from models.settings import JobSettings

END = datetime(2026, 11, 20, 19, 30, tzinfo=UTC)
SETTINGS = JobSettings(source_url=None)
SMALL = Options(end=END, calls=150, years=0.06)
THIRTEEN_MONTHS = Options(end=END, calls=9_000, years=1.1)
"""Both days on which clocks change are in it."""


@dataclass(frozen=True)
class Built:
    """A city in a file."""

    engine: Engine
    options: Options
    report: Report

    def ask(self, statement: str, **values: Any) -> list[Any]:
        with self.engine.connect() as connection:
            found = list(connection.execute(text(statement), values))
        self.engine.dispose()
        return found

    def one(self, statement: str, **values: Any) -> Any:
        return self.ask(statement, **values)[0][0]


def build(folder: Path, options: Options, progress: city.Progress | None = None) -> Built:
    folder.mkdir(exist_ok=True)
    address = f"sqlite:///{folder / 'crisis.db'}"
    migrate.upgrade_crisis(address, settings=SETTINGS)
    opened = engine(address)
    try:
        return Built(opened, options, city.fill(opened, options, progress))
    finally:
        opened.dispose()


_held: list[Built] = []


def thirteen_months(factory: pytest.TempPathFactory) -> Built:
    """The large city, built by the first test of a session that asks; nobody writes to it."""
    if not _held:
        _held.append(build(factory.mktemp("city"), THIRTEEN_MONTHS))
    return _held[0]


def contents(made: Built) -> str:
    """One hash over every row of every table."""
    digest = hashlib.sha256()
    for table in METADATA.sorted_tables:
        key = next(iter(table.primary_key.columns))
        with made.engine.connect() as connection:
            for row in connection.execute(select(table).order_by(key)):
                digest.update(repr(tuple(row)).encode())
    made.engine.dispose()
    return digest.hexdigest()


def empty(folder: Path) -> Engine:
    """The tables without rows."""
    address = f"sqlite:///{folder / 'empty.db'}"
    migrate.upgrade_crisis(address, settings=SETTINGS)
    return engine(address)
