"""Code lists: every closed vocabulary that views and the source contract use.

Names follow NERIS, APCO 2.103.1 and the Toronto services where they have a word (`standard_code`).
Foreign words are mapped by mapping files and counted as `unknown` where no map exists.
"""

from __future__ import annotations

from models.catalogue.codes import care, events, figures
from models.catalogue.codes.events import INCIDENT_TYPES, UNKNOWN_TYPES

CODE_LISTS = events.CODE_LISTS + care.CODE_LISTS + figures.CODE_LISTS

SPECIAL_AREAS: tuple[tuple[str, str], ...] = (
    ("nsa", "Not specified area"),
    ("outside", "Outside the city"),
    ("unknown", "Unknown area"),
)
"""Members of `Areas` that are no place: published as NSA, outside, and nothing recorded. They differ."""

NO_TEAM = "none"
EXCLUDED_STATUSES = ("merged", "duplicate", "void", "test")
STAGES = ("received", "triaged", "eligible", "offered", "dispatched", "arrived", "engaged", "supported")

__all__ = ["CODE_LISTS", "EXCLUDED_STATUSES", "INCIDENT_TYPES", "NO_TEAM", "SPECIAL_AREAS", "STAGES", "UNKNOWN_TYPES"]
