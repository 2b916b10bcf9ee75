"""What the rows share: the committed templates of each audience, and the demo city, served, with the truth beside it.

`project` is what a user downloads; `service` (from `tests.conformance.bench`) is made when a row first asks.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tests.conformance import bench
from tests.conftest import ROOT

TEMPLATES = ROOT / "powerbi" / "templates"


@dataclass
class Bench(bench.Bench):
    """Made once for a run of the table. `short`: nothing but the Python package index is asked for."""

    short: bool = False

    def project(self, audience: str) -> Path:
        """The folder of the audience's project as committed."""
        return TEMPLATES / audience
