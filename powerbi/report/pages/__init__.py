"""The pages, one module each, declarations only. `pages` is the order of the tabs; the first one opens."""

from __future__ import annotations

from powerbi.report.pages import care, drill, places, quality, records, response, situation, start, trends
from powerbi.report.words import Page

EVERYONE = (
    situation.PAGE,
    start.PAGE,
    trends.PAGE,
    response.PAGE,
    places.PAGE,
    care.PAGE,
    drill.PAGE,
    quality.PAGE,
)
EXTRA = {"viewer": (), "analyst": (records.PAGE,)}


def pages(audience: str) -> tuple[Page, ...]:
    """The pages for `viewer` or `analyst`."""
    return EVERYONE + EXTRA[audience]
