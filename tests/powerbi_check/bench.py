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

TEMPLATES = ROOT / "powerbi" / "templates"
CALLS = 3_000
YEARS = 1.3
"""More than 400 days, so that a year before is there, and all days on which clocks change."""


@dataclass
class Bench(bench.Bench):
    """Made once for a run of the table. `short`: nothing but the Python package index is asked for."""

    short: bool = False
    _rows: dict[str, Path] = field(default_factory=dict, repr=False)

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

    def rows_file(self, audience: str) -> Path:
        """JSON of what the model's M reads from the service with that role's key: table -> rows, moments as ISO text."""
        if audience not in self._rows:
            self._rows[audience] = self.folder / f"rows-{audience}.json"
            read = m_reading.whole(self.service, audience)
            self._rows[audience].write_text(json.dumps(read.rows), "utf-8")
        return self._rows[audience]

    def rows(self, audience: str) -> dict[str, list[dict[str, Any]]]:
        """The same, read."""
        rows: dict[str, list[dict[str, Any]]] = json.loads(self.rows_file(audience).read_text("utf-8"))
        return rows
