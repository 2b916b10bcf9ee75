"""A demo city in a home folder of its own: made, refreshed and served by the real commands, its source open to changes.

The clock stands still at NOW for every command, so that each run makes the same city, keys and figures. Called by the
bench and by the rows that publish while someone reads.
"""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from models.clock import iso
from models.settings import JobSettings
from models.snapshot import layout
from tests.conformance.bench import Service, Truth
from tests.helpers import past_nights
from tests.helpers.live import crisis, serving

NOW = datetime(2026, 11, 25, 10, tzinfo=UTC)
"""When the city was made and first published: five in the morning there."""

PAST = tuple(NOW - timedelta(days=days) for days in (45, 44, 43, 42, 41, 40, 39, 38, 36, 30, 21, 14, 9, 5, 3, 2, 1))
"""Nights before it, for what is said about past days: most days of a week are followed daily, later ones less often."""

PAGE = 1_000
"""Rows on a page: small, so that most views come in several."""

PATIENT = {"CRISIS_DEMO": "1", "CRISIS_PAGE_SIZE": str(PAGE), "CRISIS_REQUESTS_PER_MINUTE": "1000000"}


@dataclass
class City:
    """`home` holds source, history, snapshots and keys. `now` is the clock of the next command."""

    home: Path
    now: datetime = NOW
    keys: dict[str, tuple[str, str]] = field(default_factory=dict, repr=False)

    def make(self, calls: int, years: float) -> City:
        """Fill the source and publish it, after nights that have seen less of it."""
        self._run("demo", "--calls", str(calls), "--years", str(years), "--no-refresh", "--json")
        past_nights.record(JobSettings(home=self.home, source_url=None, service_url=None), PAST)
        self._run("refresh")
        given = json.loads((self.home / "demo-keys.json").read_text("utf-8"))
        self.keys = {key["role"]: (key["id"], key["secret"]) for key in given}
        return self

    def refresh(self, hours: float = 1) -> str:
        """Publish the source as it stands `hours` later; the new version."""
        before = self.version
        self.now += timedelta(hours=hours)
        self._run("refresh")
        assert self.version != before, "nothing new was published"
        return self.version

    def change(self, statement: str, *values: object) -> int:
        """Change the source, as its staff would; how many rows it touched."""
        with closing(sqlite3.connect(self.home / "crisis.db")) as source, source:
            return source.execute(statement, values).rowcount

    def ask(self, statement: str, *values: object) -> list[tuple[object, ...]]:
        """Rows of the source."""
        with closing(sqlite3.connect(self.home / "crisis.db")) as source:
            return source.execute(statement, values).fetchall()

    @property
    def version(self) -> str:
        """The published snapshot."""
        version = layout.current_version(self.home / "snapshots")
        assert version is not None
        return version

    def truth(self) -> Truth:
        """A copy of the published snapshot's database."""
        version = self.version
        copy = self.home / f"truth-{version}.duckdb"
        if not copy.exists():
            shutil.copy(layout.database_path(self.home / "snapshots" / version), copy)
        return Truth(copy)

    @contextmanager
    def served(self, *, hours: float = 0) -> Iterator[Service]:
        """The running service, its clock `hours` ahead of the city's: it may live through refreshes of that time."""
        log = self.home / "server.log"
        clock = iso(self.now + timedelta(hours=hours))
        with serving(self.home, log=log, CRISIS_NOW=clock, **PATIENT) as (root, _):
            yield Service(root, self.keys, self.truth(), log)

    def _run(self, *arguments: str) -> str:
        process = crisis(*arguments, home=self.home, CRISIS_DEMO="1", CRISIS_NOW=iso(self.now))
        said = process.communicate()
        assert process.returncode == 0, said
        return said[0]
