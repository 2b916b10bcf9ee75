"""The two audiences for whom a semantic model is made, and what each reads. Pure; the catalogue's roles decide.

One model an audience, because an imported model shows its readers all that the refreshing key may read.
"""

from __future__ import annotations

from dataclasses import dataclass

from models.catalogue import CATALOGUE
from models.catalogue.types import View


@dataclass(frozen=True)
class Audience:
    """`name` is the catalogue's role whose key refreshes the model."""

    name: str
    model: str
    description: str

    def views(self) -> tuple[View, ...]:
        """The views that become tables, in declared order. `Codes` becomes one table a list instead."""
        return tuple(view for view in CATALOGUE.readable(self.name) if view.name != "Codes")


VIEWER = Audience(
    "viewer",
    "CrisisMetricsViewer",
    "Daily critical-incident metrics for crisis team staff: daily figures, percentiles, open items and trust; "
    "no record of an incident, call or person.",
)
ANALYST = Audience(
    "analyst",
    "CrisisMetricsAnalyst",
    "Daily critical-incident metrics and the pseudonymous records behind them, for analysts.",
)

AUDIENCES = {audience.name: audience for audience in (VIEWER, ANALYST)}
