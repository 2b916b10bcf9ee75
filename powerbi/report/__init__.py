"""Declared pages -> a Power BI report (PBIR) for one audience.

`report` is what others ask for; `pbir.parts` spells it. Reads the catalogue for names, nothing else.
"""

from __future__ import annotations

from powerbi.audience import AUDIENCES
from powerbi.report.pages import pages
from powerbi.report.words import Report


def report(audience: str) -> Report:
    """The report for `viewer` or `analyst`, named as its model."""
    return Report(AUDIENCES[audience].model, audience, pages(audience))
