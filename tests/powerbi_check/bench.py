"""What the rows share: the committed templates of each audience, the demo city, served, and the rows that the M reads.

`project` is what a user downloads. `service`, the truth beside it and the rows are made when a row first asks.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from tests.conformance import bench
from tests.conformance.bench import Service
from tests.conftest import ROOT
from tests.powerbi_check import m_reading
from tests.powerbi_check.city import City
from tests.powerbi_check.m_reading import Read

TEMPLATES = ROOT / "powerbi" / "templates"
CALLS = 3_000
YEARS = 1.3
"""More than 400 days, so that a year before is there, and all days on which clocks change."""


@dataclass(eq=False)
class Bench(bench.Bench):
    """Made once for a run of the table. `short`: nothing but the Python package index is asked for."""

    short: bool = False
    _read: dict[str, Read] = field(default_factory=dict, repr=False)

    def project(self, audience: str) -> Path:
        """The folder of the audience's project as committed."""
        return TEMPLATES / audience

    @cached_property
    def city(self) -> City:
        """The demo city. Nobody changes it: a row that publishes makes one of its own."""
        self.say(f"making a demo city of {CALLS:,} calls")
        return City(self.folder / "home").make(CALLS, YEARS)

    @cached_property
    def service(self) -> Service:
        """The demo city, served."""
        return self._ends.enter_context(self.city.served())

    def read(self, audience: str) -> Read:
        """What the model's M reads from the service with that role's key, filters folded, once for the bench."""
        if audience not in self._read:
            self._read[audience] = m_reading.whole(self.service, audience)
        return self._read[audience]

    def rows(self, audience: str) -> dict[str, list[dict[str, Any]]]:
        """Table -> rows, moments and days as ISO text."""
        return self.read(audience).rows

    def rows_file(self, audience: str) -> Path:
        """The same as a JSON file, for judges."""
        file = self.folder / f"rows-{audience}.json"
        if not file.exists():
            file.write_text(json.dumps(self.rows(audience)), "utf-8")
        return file
