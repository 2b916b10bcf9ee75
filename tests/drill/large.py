"""Row `night-1m-calls`: a whole night over a million calls with two million unit responses, from the source to publish.

The source is the demo city many times over, in SQLite; the night is `crisis refresh` as a process of its own, whose
peak memory the kernel tells. The short form is the same with some thousand calls.
"""

from __future__ import annotations

import json
import os
import sqlite3
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from models.clock import iso
from models.snapshot import layout, manifest
from models.snapshot.manifest import Manifest
from tests.drill.bench import Bench
from tests.drill.rows import Outcome, Row
from tests.helpers.demo_city import END, Options
from tests.helpers.large_source import large_city
from tests.helpers.live import crisis

MOST_MEMORY = 2048
CITY = Options(end=END, calls=10_000, years=2.0)
SHORT = Options(end=END, calls=2_000, years=2.0)
COPIES = 97
"""Of some more than 10,000 calls each."""
RESPONSES = 2
"""Further responses of each."""


@dataclass(frozen=True)
class Night:
    """One `crisis refresh` as a process: how it ended, minutes, peak memory in MB."""

    code: int
    said: dict[str, Any]
    minutes: float
    memory: float

    @property
    def published(self) -> bool:
        """Did it end as a night should?"""
        return self.code == 0 and self.said.get("state") == "published"

    @property
    def words(self) -> str:
        """For the table."""
        return f"{self.minutes:.1f} min, peak memory {self.memory:,.0f} MB"


def night(home: Path, source: str, moment: str, *words: str, **environment: str) -> Night:
    """Run one, with the kernel's account of it."""
    home.mkdir(exist_ok=True)
    log = home / "refresh.log"
    log.unlink(missing_ok=True)
    begun = time.monotonic()
    process = crisis(
        "refresh", "--json", *words, home=home, log=log, CRISIS_SOURCE_URL=source, CRISIS_NOW=moment, **environment
    )
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    said = [json.loads(line) for line in log.read_text("utf-8").splitlines() if line.startswith("{")]
    minutes = (time.monotonic() - begun) / 60
    return Night(process.returncode, said[-1] if said else {}, minutes, used.ru_maxrss / 1024)


def published(home: Path) -> Manifest:
    """The manifest of what is published."""
    snapshots = home / "snapshots"
    return manifest.read(snapshots / (layout.current_version(snapshots) or ""))


def counted(file: Path, table: str, condition: str = "true", *values: object) -> int:
    """Rows of the source."""
    with closing(sqlite3.connect(file)) as connection:
        (found,) = connection.execute(f"SELECT count(*) FROM {table} WHERE {condition}", values).fetchone()
    return int(found)


def run(bench: Bench) -> Outcome:
    """One night, one snapshot."""
    file = large_city(bench.folder / "large", SHORT if bench.short else CITY, 1 if bench.short else COPIES, FURTHER)
    calls, responses = counted(file, "call"), counted(file, "unit_response")
    bench.say(f"  a source of {calls:,} calls and {responses:,} unit responses, {file.stat().st_size >> 20:,} MB")
    home = bench.folder / "large-home"
    found = night(home, f"sqlite:///{file}", iso(END))
    remarks = [] if found.published else [f"exit code {found.code}: {found.said.get('message', 'nothing said')}"]
    rows = 0
    if found.published:
        views = published(home).views
        rows = sum(facts.rows for facts in views.values())
        for view, table in (("Calls", "call"), ("Responses", "unit_response")):
            least = counted(file, table) * LEAST
            if views[view].rows < least:
                remarks.append(f"{view} has {views[view].rows:,} rows, fewer than {least:,.0f}")
    if found.memory > MOST_MEMORY:
        remarks.append(f"more than {MOST_MEMORY:,} MB")
    size = f"{calls:,} calls, {responses:,} responses"
    figures = (
        ("large night: calls and unit responses at the source", f"{calls:,} and {responses:,}"),
        ("large night: rows published", f"{rows:,}"),
        ("large night: minutes from source to publish", f"{found.minutes:.1f}"),
        ("large night: peak memory, MB (limit 2,048)", f"{found.memory:,.0f}"),
    )
    return Outcome(f"{size}: {rows:,} rows published, {found.words}", not remarks, tuple(remarks), figures)


FURTHER = {"unit_response": RESPONSES}
LEAST = 0.9
"""Of the source's records are published at least: what cleaning leaves out is a few in a hundred."""
ROWS = (Row("night-1m-calls", "a million calls are read, computed and published within 2 GB", run),)
