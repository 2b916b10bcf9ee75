"""Refreshes in tests: a home with a tiny source, stand-in numbers that are quick, and a clock that the test sets."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import duckdb
import pytest

from jobs.migrate import upgrade_service
from jobs.refresh.history import History
from jobs.refresh.parameters import Parameters
from jobs.refresh.run import Outcome, refresh
from jobs.refresh.steps import Numbers
from models.catalogue import CATALOGUE
from models.catalogue.types import View
from models.settings import JobSettings
from models.snapshot import layout, manifest
from models.snapshot.manifest import CheckResult, Manifest
from models.snapshot.rowtext import quoted
from tests.helpers.published import publish_rows
from tests.helpers.tiny import tiny_source


def no_facts(_con: duckdb.DuckDBPyConnection, _parameters: Parameters) -> None:
    """Stand-in for clean."""


FORMULA = ("Calls", "DailyCalls")


def quick_views(con: duckdb.DuckDBPyConnection, view: View) -> int:
    """Stand-in for compute: Teams and Snapshots from the rows in force, two views by formula, the others empty."""
    publish_rows(con, view, 7 if view.name in FORMULA else 0)
    if view.name == "Teams":
        con.execute(
            'INSERT INTO pub."Teams" BY NAME SELECT team_code AS "TeamCode", name AS "TeamName", kind AS "TeamKindCode" '
            "FROM src.team"
        )
    if view.name == "Snapshots":
        con.execute(f"""
            INSERT INTO pub.{quoted(view.name)} BY NAME
            SELECT recorded_at AS "RecordedAt", n.as_of AS "AsOf", local_text(n.as_of) AS "AsOfLocal", source_watermark AS "SourceWatermark",
                added AS "AddedCount", changed AS "ChangedCount", deleted AS "DeletedCount",
                recorded_at = max(recorded_at) OVER () AS "IsCurrent", p.synthetic AS "IsSynthetic",
                cleaning_profile AS "CleaningProfile", catalogue_version AS "CatalogueVersion",
                engine_version AS "EngineVersion", zone AS "CityZone", attribution AS "Attribution"
            FROM src._nights n, param p
        """)
    row = con.execute(f"SELECT count(*) FROM pub.{quoted(view.name)}").fetchone()
    return row[0] if row else 0


def all_well(_con: duckdb.DuckDBPyConnection, _parameters: Parameters) -> tuple[CheckResult, ...]:
    """Stand-in for check."""
    return (CheckResult("stand_in", True, "passed", "nothing looked at"),)


QUICK = Numbers(no_facts, quick_views, all_well)


class Town:
    """A home folder with its own source, and nights that the test runs one by one."""

    def __init__(self, home: Path, monkeypatch: pytest.MonkeyPatch, calls: int = 60) -> None:
        self.monkeypatch = monkeypatch
        self.settings = JobSettings(home=home)
        self.source = self.settings.source_database
        tiny_source(self.source, calls)
        upgrade_service(self.settings.service_database)

    @property
    def snapshots(self) -> Path:
        """Folder of the snapshots."""
        return self.settings.snapshots

    @property
    def history(self) -> History:
        """The history, read afresh."""
        return History(self.settings.history)

    def at(self, now: str) -> Town:
        """Set the clock: `2026-02-01T09:00:00Z`."""
        self.monkeypatch.setenv("CRISIS_NOW", now)
        return self

    def refresh(self, now: str | None = None, **options: object) -> Outcome:
        """One refresh at `now`, with the quick numbers unless others are given."""
        if now is not None:
            self.at(now)
        return refresh(self.settings, **({"numbers": QUICK} | options))  # type: ignore[arg-type]

    def manifest(self, version: str) -> Manifest:
        """A snapshot's manifest."""
        return manifest.read(self.snapshots / version)

    def identities(self, version: str) -> dict[str, str]:
        """A snapshot's view identities."""
        return {name: facts.identity for name, facts in self.manifest(version).views.items()}

    def rows(self, view: str, *columns: str) -> list[tuple[object, ...]]:
        """Rows of a view of the published snapshot, in its order."""
        folder = self.snapshots / str(layout.current_version(self.snapshots))
        with duckdb.connect(str(next(folder.glob("*.duckdb"))), read_only=True) as con:
            wanted = ", ".join(map(quoted, columns))
            order = ", ".join(map(quoted, CATALOGUE.views[view].order))
            return con.execute(f"SELECT {wanted} FROM {quoted(view)} ORDER BY {order}").fetchall()

    def leftovers(self) -> list[str]:
        """Temporary names anywhere in the home folder."""
        return sorted(str(path) for path in self.settings.home.rglob(".*") if not path.name.endswith(".lock"))


def naive(text: str) -> datetime:
    """`2026-01-31 09:00` as the source writes it, naive UTC."""
    return datetime.fromisoformat(text)
