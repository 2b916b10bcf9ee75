"""A night in a process of its own that may be killed, and the quick kill drill: each named point while somebody reads.

tests/jobs/test_kill.py walks the points with stand-ins for the numbers, each in its own copy of a small city after two
nights; the rows of tests/drill use `process` with the product's own numbers, under a live service.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import shutil
import signal
import threading
import time
from array import array
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jobs.migrate import upgrade_service
from jobs.refresh.crash import POINTS
from jobs.refresh.run import refresh
from jobs.refresh.steps import Numbers
from models.settings import JobSettings
from models.snapshot import layout, manifest
from tests.helpers.tiny import add_calls, tiny_source

CALLS = 240
NIGHTS = ("2026-02-01T09:00:00Z", "2026-02-02T09:00:00Z")
KILLED = "2026-02-03T09:00:00Z"
PAUSE = 0.03
"""Seconds between two readings: often enough to meet every state, seldom enough to leave the job its turn."""
PATIENCE = 300
"""Seconds after which a run that neither ends nor dies is a failure."""


@dataclass(frozen=True)
class Result:
    """What the drill saw at one point."""

    point: str
    killed: bool
    reads: int
    torn: tuple[str, ...]
    rerun: str
    identities_equal: bool
    leftovers: tuple[str, ...]

    @property
    def good(self) -> bool:
        """Nobody was harmed."""
        ran = self.rerun in ("published", "unchanged")
        return self.killed and self.reads > 0 and not self.torn and ran and self.identities_equal and not self.leftovers


GLANCE = 0.01
"""Seconds between two looks at whether a run is over."""


def settings_of(home: Path, **others: Any) -> JobSettings:
    """The usual lease, so that a killed run must be followed without waiting for it; every run prunes."""
    return JobSettings(**({"home": home, "keep_snapshots_hours": 0, "keep_snapshots_days": 0} | others))


def night(settings: JobSettings, now: str, point: str, told: Path, numbers: Numbers | None) -> None:
    """One refresh in a process of its own; writes its state to `told` if it lives that long."""
    os.environ |= {"CRISIS_NOW": now, "CRISIS_DRILL": "1", "CRISIS_CRASH_AT": point}
    told.write_text(refresh(settings, numbers=numbers).state)


def process(
    home: Path,
    now: str,
    numbers: Numbers | None,
    point: str = "",
    *,
    after: float = PATIENCE,
    when: Callable[[], bool] = lambda: False,
    **others: Any,
) -> tuple[int, str]:
    """Run a night elsewhere; its exit code (negative: the signal) and the state that it told.

    It is killed at `point`, `after` so many seconds, or `when` this is true, if it lives so long. `others` are more
    settings.
    """
    told = home.parent / f"{home.name}.state"
    told.unlink(missing_ok=True)
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.helpers.drill"])
    child = context.Process(target=night, args=(settings_of(home, **others), now, point, told, numbers))
    child.start()
    end = time.monotonic() + after
    while child.exitcode is None and time.monotonic() < end and not when():
        child.join(GLANCE)
    if child.exitcode is None:
        child.kill()
        child.join()
    return child.exitcode or 0, told.read_text() if told.exists() else "nothing"


class Reader(threading.Thread):
    """Reads what is published, over and over, as a client would, and notes whatever is not whole."""

    def __init__(self, snapshots: Path) -> None:
        super().__init__(daemon=True)
        self.snapshots = snapshots
        self.stop = threading.Event()
        self.reads = 0
        self.torn: list[str] = []

    def run(self) -> None:
        """Until told to stop."""
        while not self.stop.wait(PAUSE):
            try:
                self.torn.extend(self.faults())
            except Exception as error:  # noqa: BLE001  whatever it is, a reader failed
                self.torn.append(f"{type(error).__name__}: {error}")
            self.reads += 1

    def faults(self) -> Iterator[str]:
        """What is wrong with the snapshot that the pointer names now."""
        version = layout.current_version(self.snapshots)
        if version is None:
            yield "no pointer"
            return
        folder = self.snapshots / version
        made = manifest.read(folder)
        if not layout.database_path(folder).is_file():
            yield "no database"
        for name, facts in made.views.items():
            text = layout.text_path(folder, name).read_bytes()
            offsets = array("q", layout.index_path(folder, name).read_bytes())
            if (len(offsets), offsets[-1]) != (facts.rows + 1, len(text)):
                yield f"{name}: offsets and text differ"
            if facts.rows and json.loads(text[offsets[-2] : -2])["SnapshotId"] != version:
                yield f"{name}: a row of another version"


@contextmanager
def reading(snapshots: Path) -> Iterator[Reader]:
    """A reader at work."""
    reader = Reader(snapshots)
    reader.start()
    try:
        yield reader
    finally:
        reader.stop.set()
        reader.join()


def city(home: Path, numbers: Numbers | None) -> Path:
    """A small city after two nights; the source has news for the third."""
    settings = settings_of(home)
    tiny_source(settings.source_database, CALLS)
    upgrade_service(settings.service_database)
    for now in NIGHTS:
        code, state = process(home, now, numbers)
        if (code, state) != (0, "published"):
            raise RuntimeError(f"the drill's own city could not be made: exit code {code}, {state}")
    add_calls(settings.source_database, CALLS, 30)
    return home


def identities(home: Path) -> dict[str, str]:
    """View identities of the published snapshot."""
    snapshots = home / "snapshots"
    found = manifest.read(snapshots / (layout.current_version(snapshots) or ""))
    return {name: facts.identity for name, facts in found.views.items()}


def kill_at(point: str, ready: Path, home: Path, wanted: dict[str, str], numbers: Numbers | None) -> Result:
    """Kill a run at `point` in a copy of the city `ready`, then run again."""
    shutil.copytree(ready, home)
    with reading(home / "snapshots") as reader:
        code, _state = process(home, KILLED, numbers, point)
        _code, rerun = process(home, KILLED, numbers)
    left = tuple(sorted(path.name for path in home.rglob(".*")))
    result = Result(
        point, code == -signal.SIGKILL, reader.reads, tuple(reader.torn), rerun, identities(home) == wanted, left
    )
    shutil.rmtree(home)
    return result


def drill(folder: Path, numbers: Numbers | None = None) -> Iterator[Result]:
    """Every point, two at a time; `numbers` None = the product's own."""
    ready = city(folder / "ready", numbers)
    undisturbed = folder / "undisturbed"
    shutil.copytree(ready, undisturbed)
    if process(undisturbed, KILLED, numbers) != (0, "published"):
        raise RuntimeError("the undisturbed run did not publish")
    wanted = identities(undisturbed)
    with ThreadPoolExecutor(2) as pool:
        yield from pool.map(lambda point: kill_at(point, ready, folder / point, wanted, numbers), POINTS)
