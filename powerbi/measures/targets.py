"""A metric's target -> its wording and the share of records that met it. Pure; called by __init__."""

from __future__ import annotations

from collections.abc import Iterator

from models.catalogue.types import Metric
from powerbi.measures.dax import dax_text
from powerbi.measures.values import SHARE, folder, ratio_value
from powerbi.model.words import Measure

COLUMNS = {"first_arrival": ("WithinTargetCount", "TargetDueCount")}
"""Metric -> records that met the target, and records that met or missed it."""


def measures(metric: Metric) -> Iterator[Measure]:
    """Nothing for a metric without a target."""
    if metric.target is None:
        return
    met, asked = COLUMNS[metric.id]
    yield Measure(
        f"{metric.name}, within target",
        metric.view,
        ratio_value(metric.view, met, asked),
        f"{metric.number}: share that met the target, {metric.target}; one still open past it has missed it.",
        folder(metric),
        SHARE,
        metric=metric.id,
    )
    yield Measure(
        f"{metric.name}, target",
        metric.view,
        dax_text(metric.target),
        f"{metric.number}: the target.",
        folder(metric),
        metric=metric.id,
    )
