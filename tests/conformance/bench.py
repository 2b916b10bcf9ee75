"""What the rows of the table share: a demo city with its keys, the real server over it, and the truth beside it.

The truth is a copy of the snapshot's DuckDB file, asked in SQL that has nothing to do with the service, and the plain
downloads. Everything is made when a row first asks and ended with the bench. Called by the table.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import duckdb
import httpx

from models.snapshot import layout
from tests.conftest import SHARED
from tests.helpers.live import crisis, serving

CALLS = 4_000
YEARS = 1.1
"""Thirteen months, so that both days on which clocks change are in the city."""


@dataclass(frozen=True)
class Service:
    """The running service: `root` without closing slash, a key id and secret for each role, and the truth."""

    root: str
    keys: dict[str, tuple[str, str]] = field(repr=False)
    truth: Truth
    log: Path

    @property
    def odata(self) -> str:
        """The service root."""
        return f"{self.root}/odata/v1/"

    def environment(self, role: str = "analyst") -> dict[str, str]:
        """How a client script learns where to go and who it is."""
        user, secret = self.keys[role]
        return {"ODATA_ROOT": self.odata, "SERVICE_ROOT": self.root, "KEY_ID": user, "KEY_SECRET": secret}

    def get(self, path: str, role: str = "analyst", **headers: str) -> httpx.Response:
        """One request below the root, with Basic."""
        return httpx.get(f"{self.root}{path}", auth=self.keys[role], headers=headers, timeout=60)


@dataclass(frozen=True)
class Truth:
    """A copy of the snapshot's database, read with DuckDB alone."""

    database: Path

    def rows(self, sql: str, *values: object) -> list[dict[str, Any]]:
        """The rows of a statement, by column name."""
        with duckdb.connect(str(self.database), read_only=True) as con:
            found = con.execute(sql, list(values))
            names = [column[0] for column in found.description or ()]
            return [dict(zip(names, row, strict=True)) for row in found.fetchall()]

    def tuples(self, sql: str) -> list[tuple[Any, ...]]:
        """The rows of a statement as tuples."""
        return [tuple(row.values()) for row in self.rows(sql)]

    def one(self, sql: str) -> Any:
        """The only value of a statement."""
        ((value,),) = self.tuples(sql)
        return value


@dataclass(eq=False)
class Bench:
    """Made once for a run of the table. Use it in a `with` block."""

    say: Callable[[str], None]
    _ends: ExitStack = field(default_factory=ExitStack)

    def __enter__(self) -> Bench:
        return self

    def __exit__(self, *_: object) -> None:
        self._ends.close()

    @cached_property
    def folder(self) -> Path:
        """A folder of this run's own."""
        return Path(self._ends.enter_context(tempfile.TemporaryDirectory(prefix="conformance-")))

    @property
    def shared(self) -> Path | None:
        """The reference data folder, where it is."""
        return SHARED if SHARED.is_dir() else None

    @cached_property
    def service(self) -> Service:
        """The demo city, served."""
        home = self.folder / "home"
        self.say(f"making a demo city of {CALLS:,} calls and starting the server")
        made = crisis("demo", "--calls", str(CALLS), "--years", str(YEARS), "--json", home=home, CRISIS_DEMO="1")
        said = made.communicate()
        assert made.returncode == 0, said
        keys = json.loads((home / "demo-keys.json").read_text("utf-8"))
        snapshots = home / "snapshots"
        version = layout.current_version(snapshots)
        assert version is not None
        database = self.folder / "truth.duckdb"
        shutil.copy(layout.database_path(snapshots / version), database)
        log = self.folder / "server.log"
        root, _ = self._ends.enter_context(serving(home, log=log, CRISIS_DEMO="1"))
        return Service(root, {key["role"]: (key["id"], key["secret"]) for key in keys}, Truth(database), log)
