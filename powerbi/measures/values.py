"""A metric's columns -> the DAX of its value: count, share, mean or closing value, and the counts beside it.

The family of the metric is a filter wherever both families stand in one view. Pure; called by the modules beside it.
"""

from __future__ import annotations

from collections.abc import Iterator

from models.catalogue import CATALOGUE
from models.catalogue.types import Additivity, Family, Metric
from powerbi.measures.cuts import answerable, has_family
from powerbi.measures.dax import DAY, call, dax_column, dax_text, total, when, with_variables
from powerbi.model.words import Measure

COUNT, MEAN_COUNT, SHARE, MINUTES, HOURS = "#,0", "#,0.0", "0.0 %", "#,0.0", "#,0.0"
MS_A_MINUTE = 60_000
UNITS = {"share": SHARE, "ms": MINUTES}
"""Unit of a metric -> format of its value; every other unit is a count."""


def folder(metric: Metric) -> str:
    """Display folder of a metric's measures."""
    return f"{metric.number} {metric.name}"


def is_stock(metric: Metric) -> bool:
    """Over days the closing value counts."""
    return metric.additivity is Additivity.LAST_VALUE


def is_count(metric: Metric) -> bool:
    """Neither a share nor a mean."""
    return metric.denominator is None


def format_of(metric: Metric) -> str:
    """How a value of the metric is written."""
    return UNITS.get(metric.unit, COUNT)


def family_filter(view: str, family: Family) -> tuple[str, ...]:
    """The filter that keeps families apart, where a view holds more than one."""
    if not has_family(view):
        return ()
    return (f"KEEPFILTERS({dax_column(view, 'FamilyCode')} = {dax_text(family.value)})",)


def family_of(view: str) -> Family:
    """The one family that the metrics of a view are about."""
    (family,) = {metric.family for metric in CATALOGUE.metrics.values() if metric.view == view}
    return family


def summed(view: str, column: str, *filters: str) -> str:
    """The sum of a column over the family's rows and further filters."""
    wanted = (*family_filter(view, family_of(view)), *filters)
    return f"CALCULATE({', '.join((total(view, column), *wanted))})" if wanted else total(view, column)


def count_value(view: str, column: str) -> str:
    """A count: zero, not BLANK, on days without rows."""
    return when(answerable(view), f"{summed(view, column)} + 0")


def closing_value(view: str, column: str) -> str:
    """The value at the end of the last day of the context."""
    on_last_day = f"{summed(view, column, f'{DAY} = LastDay')} + 0"
    return with_variables({"LastDay": f"MAX({DAY})"}, when(answerable(view), on_last_day))


def ratio_value(view: str, numerator: str, denominator: str, *, per: int = 1) -> str:
    """Sum over sum; BLANK without a record in the denominator."""
    below = summed(view, denominator)
    return when(answerable(view), call("DIVIDE", summed(view, numerator), below if per == 1 else f"{below} * {per}"))


def value(metric: Metric) -> str:
    """The DAX of the metric itself."""
    if metric.denominator is not None:
        per = MS_A_MINUTE if metric.unit == "ms" else 1
        return ratio_value(metric.view, metric.numerator, metric.denominator, per=per)
    return (closing_value if is_stock(metric) else count_value)(metric.view, metric.numerator)


def measures(metric: Metric) -> Iterator[Measure]:
    """The metric, and n, n missing, n invalid beside it."""
    unit = {"share": "", "ms": " Mean, in minutes."}.get(metric.unit, f" In {metric.unit}.")
    stock = " Over several days: the closing value of the last one." if is_stock(metric) else ""
    yield Measure(
        metric.name,
        metric.view,
        value(metric),
        f"{metric.number}. {metric.definition}{unit}{stock}",
        folder(metric),
        format_of(metric),
        metric=metric.id,
    )
    beside = (
        ("n", metric.denominator, "records that the figure is over"),
        ("n missing", metric.missing, "records with a clock missing"),
        ("n invalid", metric.invalid, "records with a negative or quarantined interval"),
    )
    for suffix, column, what in beside:
        if column is not None:
            described = CATALOGUE.views[metric.view].column(column).description
            yield Measure(
                f"{metric.name}, {suffix}",
                metric.view,
                count_value(metric.view, column),
                f"{metric.number}, {what}: {described}",
                folder(metric),
                COUNT,
                metric=metric.id,
            )
