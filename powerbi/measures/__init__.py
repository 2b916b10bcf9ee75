"""Metrics of the catalogue -> DAX measures of one audience. Pure; called by `powerbi.model.build`."""

from __future__ import annotations

from powerbi.model.words import Measure


def measures(audience: str) -> tuple[Measure, ...]:
    """The measures of an audience, in the order in which tables show them."""
    del audience
    return ()
