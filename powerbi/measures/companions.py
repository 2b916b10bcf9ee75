"""Every other column of counts of a daily fact -> a measure of its own, so that no published figure is out of reach.

Sums of milliseconds become means in minutes over the records with a valid interval. Pure; called by __init__.
"""

from __future__ import annotations

from collections.abc import Iterator

from models.catalogue import CATALOGUE
from models.catalogue.types import Additivity, Column, Edm, View
from powerbi.measures.values import COUNT, MINUTES, MS_A_MINUTE, closing_value, count_value, ratio_value
from powerbi.model.words import Measure
from powerbi.naming import words

FOLDER = "Counts beside the metrics"
MEAN_OVER = {("DailyReferrals", "ConnectionMsSum"): "ConnectedCount"}
"""Where the records of a sum are not counted in the column of the same prefix."""


def measures(view: View) -> Iterator[Measure]:
    """The measures of one view, in the order of its columns."""
    taken = {
        column
        for metric in CATALOGUE.metrics.values()
        if metric.view == view.name
        for column in (metric.numerator, metric.denominator, metric.missing, metric.invalid)
    }
    for column in view.columns:
        if column.edm is Edm.INT64 and column.name not in taken:
            yield _mean(view, column) if column.unit == "ms" else _count(view, column)


def title(view: View, column: Column) -> str:
    """`WaitingCount` of DailyResponses -> `Waiting count (DailyResponses)`."""
    if column.unit == "ms":
        return f"{words(column.name.removesuffix('MsSum'))}, mean minutes ({view.name})"
    return f"{words(column.name)} ({view.name})"


def _count(view: View, column: Column) -> Measure:
    stock = column.additivity is Additivity.LAST_VALUE
    closing = " Over several days: the closing value of the last one." if stock else ""
    expression = (closing_value if stock else count_value)(view.name, column.name)
    return Measure(title(view, column), view.name, expression, f"{column.description}{closing}", FOLDER, COUNT)


def _mean(view: View, column: Column) -> Measure:
    over = MEAN_OVER.get((view.name, column.name), column.name.removesuffix("MsSum") + "Count")
    expression = ratio_value(view.name, column.name, over, per=MS_A_MINUTE)
    said = f"Mean, in minutes, over the records with a valid interval. {column.description}"
    return Measure(title(view, column), view.name, expression, said, FOLDER, MINUTES)
