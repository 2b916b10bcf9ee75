"""Two homes of one small city: nights go wrong in the first, the second is left alone and says what has to come out.

Night by night both sources get the same news: calls of the day, corrected rows, a deleted one. What the twin published
stays in memory, because the snapshots themselves are pruned. Called by the rows that kill.
"""

from __future__ import annotations

import shutil
import time
from collections import deque
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any

from jobs.migrate import upgrade_service
from jobs.refresh.publish import kept
from models.clock import iso
from models.crisis.events import Call, Incident, StatusEvent
from models.snapshot import layout, manifest
from models.snapshot.manifest import Manifest
from tests.helpers.drill import PATIENCE, process, settings_of
from tests.helpers.tiny import add_calls, change, remove, tiny_source

FIRST = datetime(2026, 2, 1, 9, tzinfo=UTC)
CALLS = 372
"""Up to the morning of FIRST, one call every two hours."""
A_DAY = 12
QUIET = 2
WALKED = ("Calls", "DailyIncidents", "Codes")
"""Views of which the twin keeps the rows, so that lost and doubled ones can be counted."""
HEALTHY = (0, "published")


def moment_of(night: int) -> str:
    """The moment at which a night runs."""
    return iso(FIRST + timedelta(days=night))


def news(source: str, night: int) -> None:
    """What is new in a source before a night: calls of the day, two corrected rows, a deleted one."""
    have = CALLS + A_DAY * (night - 1)
    add_calls(source, have, A_DAY)
    change(source, Incident, have - 30, severity="fatal")
    change(source, Call, have - 20, priority="2")
    remove(source, StatusEvent, have - 100)


def quiet(home: Path) -> None:
    """A city after QUIET nights in which nothing went wrong, and beside it how long the last of them took."""
    source = settings_of(home).source_database
    tiny_source(source, CALLS)
    upgrade_service(settings_of(home).service_database)
    for night in range(1, QUIET + 1):
        news(source, night)
        begun = time.monotonic()
        must_publish(process(home, moment_of(night), None))
    home.with_suffix(".seconds").write_text(str(time.monotonic() - begun))


def must_publish(found: tuple[int, str]) -> None:
    """Raises RuntimeError where an undisturbed night did not publish: then nothing can be learned from the others."""
    if found != HEALTHY:
        raise RuntimeError(f"an undisturbed night did not publish: exit code {found[0]}, {found[1]}")


class Twins:
    """Both homes below `folder`, after the same quiet nights, and everything that was ever published in them."""

    def __init__(self, folder: Path, name: str, **settings: Any) -> None:
        """`settings` are those of the job beyond the drill's own, which keep no snapshot longer than they must."""
        self.home, self.twin = folder / f"{name}-killed", folder / f"{name}-undisturbed"
        self.settings = settings
        self.nights = QUIET
        self.published: dict[str, Manifest] = {}
        self.rows: dict[tuple[str, str], tuple[bytes, ...]] = {}
        ready = folder / "quiet"
        if not ready.exists():
            quiet(ready)
        self.lengths = deque([float(ready.with_suffix(".seconds").read_text())], maxlen=5)
        for home in (self.home, self.twin):
            shutil.copytree(ready, home)
        for version in kept(self.twin / "snapshots"):
            self.remember(version)

    @property
    def seconds(self) -> float:
        """How long an undisturbed night takes by now, clients and all."""
        return median(self.lengths)

    def dawn(self) -> str:
        """Another day: its news in both sources, and the moment of its night."""
        self.nights += 1
        for home in (self.home, self.twin):
            news(settings_of(home).source_database, self.nights)
        return moment_of(self.nights)

    def run(self, home: Path, moment: str, point: str = "", *, after: float = PATIENCE) -> tuple[int, str]:
        """The night of a moment in one of the homes, killed where and when it is said: exit code and state."""
        return process(home, moment, None, point, after=after, **self.settings)

    def undisturbed(self, moment: str) -> Manifest:
        """The night as it should be, in the twin."""
        begun = time.monotonic()
        must_publish(self.run(self.twin, moment))
        self.lengths.append(time.monotonic() - begun)
        return self.remember(current(self.twin).version)

    def remember(self, version: str) -> Manifest:
        """What the twin has published under this name."""
        folder = self.twin / "snapshots" / version
        for view in WALKED:
            text = layout.text_path(folder, view).read_bytes()
            self.rows[version, view] = tuple(text.removesuffix(layout.ROW_END).split(layout.ROW_END))
        self.published[version] = made = manifest.read(folder)
        return made


def current(home: Path) -> Manifest:
    """The manifest of what is published."""
    snapshots = home / "snapshots"
    return manifest.read(snapshots / (layout.current_version(snapshots) or "nothing"))


def differing(made: Manifest, wanted: Manifest) -> list[str]:
    """In what a published night is not the one that the twin published."""
    faults = [] if made.version == wanted.version else [f"published {made.version}, the twin {wanted.version}"]
    views = [view for view, facts in wanted.views.items() if made.views.get(view) != facts]
    return [*faults, f"identities differ: {', '.join(views)}"] if views else faults
