"""Two homes of one small city: nights go wrong in the first, the second is left alone and says what has to come out.

Night by night both sources get the same news: calls of the day, corrected rows, a deleted one. What the twin published
stays in memory, because the snapshots themselves are pruned. Called by the rows that kill.
"""

from __future__ import annotations

import shutil
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from jobs.migrate import upgrade_service
from models.clock import iso
from models.crisis.events import Call, Incident, StatusEvent
from models.snapshot import layout, manifest
from models.snapshot.manifest import Manifest
from tests.helpers.drill import process, settings_of
from tests.helpers.tiny import add_calls, change, remove, tiny_source

FIRST = datetime(2026, 2, 1, 9, tzinfo=UTC)
CALLS = 372
"""Up to the morning of FIRST, one call every two hours."""
A_DAY = 12
WALKED = ("Calls", "DailyIncidents", "Codes")
"""Views of which the twin keeps the rows, so that lost and doubled ones can be counted."""
HEALTHY = (0, "published")


class Twins:
    """Both homes, after two quiet nights, and everything that was ever published in them."""

    def __init__(self, folder: Path) -> None:
        self.home, self.twin = folder / "killed", folder / "undisturbed"
        self.nights = self.removed = 0
        self.published: dict[str, Manifest] = {}
        self.rows: dict[tuple[str, str], tuple[bytes, ...]] = {}
        self.seconds = 0.0
        settings = settings_of(self.twin)
        tiny_source(settings.source_database, CALLS)
        upgrade_service(settings.service_database)
        for _ in range(2):
            self.undisturbed(self.dawn(both=False))
        shutil.copytree(self.twin, self.home)

    def dawn(self, *, both: bool = True) -> str:
        """Another day: its news in the sources, and the moment of its night."""
        have, self.nights = CALLS + A_DAY * self.nights, self.nights + 1
        for home in (self.twin, self.home)[: 1 + both]:
            source = settings_of(home).source_database
            add_calls(source, have, A_DAY)
            change(source, Incident, have - 30, severity="fatal")
            change(source, Call, have - 20, priority="2")
            remove(source, StatusEvent, have - 100)
        return iso(FIRST + timedelta(days=self.nights))

    def undisturbed(self, moment: str) -> Manifest:
        """The night as it should be, in the twin; its rows are kept."""
        begun = time.monotonic()
        if (found := process(self.twin, moment, None)) != HEALTHY:
            raise RuntimeError(f"the undisturbed night did not publish: exit code {found[0]}, {found[1]}")
        self.seconds = time.monotonic() - begun
        made = current(self.twin)
        folder = self.twin / "snapshots" / made.version
        for view in WALKED:
            text = layout.text_path(folder, view).read_bytes()
            self.rows[made.version, view] = tuple(text.removesuffix(layout.ROW_END).split(layout.ROW_END))
        self.published[made.version] = made
        return made


def current(home: Path) -> Manifest:
    """The manifest of what is published."""
    snapshots = home / "snapshots"
    return manifest.read(snapshots / (layout.current_version(snapshots) or "nothing"))
