"""Every ratio, mean and percentile of the catalogue -> the column that says on how many records it rests, and a check.

A figure without its n cannot be judged. Pure; run by jobs.refresh.check as `metrics_have_n`, held complete by a test.
"""

from __future__ import annotations

from collections.abc import Iterator

from models.catalogue import CATALOGUE
from models.catalogue.types import View
from models.snapshot.rowtext import quoted

HOURLY = dict.fromkeys(("MeanPerHour", "LowPerHour", "HighPerHour"), "HoursObserved")
PERCENTILES = dict.fromkeys(("P50Ms", "P50LowMs", "P50HighMs", "P90Ms", "P90LowMs", "P90HighMs", "MaxMs"), "ValueCount")
NAMED = {
    "HourlyActivity": HOURLY,
    "ResponsePercentiles": PERCENTILES,
    "DailyReferrals": {"ConnectionMsSum": "ConnectedCount"},
}
SUM = "MsSum"
"""Sums of durations: a mean is one of them over its n."""


def companions(view: View) -> dict[str, str]:
    """Column that needs an n -> the column that is it."""
    found = dict(NAMED.get(view.name, {}))
    for column in view.columns:
        if column.name.endswith(SUM) and column.name not in found:
            found[column.name] = column.name.removesuffix(SUM) + "Count"
    ratios = (metric for metric in CATALOGUE.metrics.values() if metric.view == view.name and metric.denominator)
    return found | {metric.numerator: str(metric.denominator) for metric in ratios if metric.numerator not in found}


def conditions(view: View) -> Iterator[str]:
    """What no row may be: a figure where its n is 0 or unknown."""
    for column, n in companions(view).items():
        yield f"COALESCE({quoted(n)}, 0) = 0 AND COALESCE({quoted(column)}, 0) <> 0"
