"""A metric -> the measures that say whether a day was usual: baseline, band, status, same weekday, month, year before.

All of them look at the last complete day of the context; `yesterday` ones at the last complete day there is.
The band is about one day: for counts the square root that levels variance (right for low counts too), for shares the
normal interval of the day's records, for means the spread between the days of the baseline. Pure; called by __init__.
"""

from __future__ import annotations

from collections.abc import Iterator

from models.catalogue.types import Metric
from powerbi.measures.cuts import answerable, first_day
from powerbi.measures.dax import (
    BEFORE_AS_OF,
    DAY,
    LAST_DAY,
    OTHER_DAYS,
    call,
    dax_text,
    measure,
    on_day,
    when,
    with_variables,
)
from powerbi.measures.values import COUNT, MEAN_COUNT, folder, format_of, is_count, is_stock, summed
from powerbi.model.words import Measure

BASELINE_DAYS = 28
WEEKS = (7, 14, 21, 28)
Z = "1.96"
STATUSES = ("as usual", "above usual", "below usual", "no baseline", "no figure")
AS_USUAL, ABOVE, BELOW, NONE, NO_FIGURE = (dax_text(status) for status in STATUSES)
BASELINE_RANGE = f"{DAY} >= OnDay - {BASELINE_DAYS} && {DAY} < OnDay"
YESTERDAY = f"{OTHER_DAYS}, {BEFORE_AS_OF} = 1"
CHANGE = "+0.0 %;-0.0 %;0.0 %"
REPEATED = ("status", "28-day baseline", "usual low", "usual high", "same weekday")
"""What is also asked of yesterday, where the metric has matured by then: else it would never have a value."""


def measures(metric: Metric) -> Iterator[Measure]:
    """All day-based measures of a metric, in reading order."""
    own = format_of(metric)
    mean = MEAN_COUNT if is_count(metric) else own
    yesterday = metric.maturity_days < BASELINE_DAYS
    rows: list[tuple[str, str, str | None, str]] = [
        *((("yesterday", _on_yesterday(metric.name), own, "On the last complete day."),) * yesterday),
        ("same weekday", _same_weekday(metric), mean, "Mean of the same weekday of the four weeks before."),
        ("28-day baseline", _baseline(metric), mean, "Mean of the 28 days before, or their pooled ratio."),
        *_band(metric, mean),
        (
            "status",
            _status(metric),
            None,
            "The day against its usual band: as usual, above, below; no baseline, no figure.",
        ),
        *((("month to date", _month_to_date(metric), own, "From the first of the month."),) * (not is_stock(metric))),
        ("year before", _year_before(metric), own, "The complete days of the context, one year before."),
        ("change on year", _change(metric), CHANGE, _change_said(metric)),
    ]
    if yesterday:
        rows += [_repeated(metric, suffix, mean) for suffix in REPEATED]
        rows.append(("yesterday summary", _summary(metric), None, "One sentence about yesterday, for tiles."))
    for suffix, expression, format_, said in rows:
        hidden = suffix == "spread"
        about = (
            "" if suffix.startswith("yesterday") or "year" in suffix else " For the last complete day of the context."
        )
        yield Measure(
            f"{metric.name}, {suffix}",
            metric.view,
            expression,
            f"{metric.number} {metric.name}: {said[:1].lower()}{said[1:]}{about}",
            folder(metric),
            format_,
            hidden=hidden,
            metric=metric.id,
        )


def _history(metric: Metric, result: str) -> str:
    """A value that needs the whole baseline before the day."""
    enough = f"OnDay - {BASELINE_DAYS} >= {first_day(metric.view)}"
    return with_variables({"OnDay": LAST_DAY}, when(f"{enough} && {answerable(metric.view)}", result))


def _mean(metric: Metric, days: str, number: int) -> str:
    """Mean per day of counts; shares and means are pooled by the metric itself."""
    if not is_count(metric):
        return f"CALCULATE({measure(metric.name)}, {OTHER_DAYS}, {days})"
    return f"({summed(metric.view, metric.numerator, OTHER_DAYS, days)} + 0) / {number}"


def _same_weekday(metric: Metric) -> str:
    days = f"{DAY} IN {{ {', '.join(f'OnDay - {back}' for back in WEEKS)} }}"
    return _history(metric, _mean(metric, days, len(WEEKS)))


def _baseline(metric: Metric) -> str:
    return _history(metric, _mean(metric, BASELINE_RANGE, BASELINE_DAYS))


def _band(metric: Metric, mean: str) -> Iterator[tuple[str, str, str | None, str]]:
    baseline = measure(f"{metric.name}, 28-day baseline")
    if is_count(metric):
        low, high = (
            with_variables({"UsualMean": baseline}, when("NOT ISBLANK(UsualMean)", f"POWER({root}, 2)"))
            for root in ("MAX(0, SQRT(UsualMean) - 1)", "SQRT(UsualMean) + 1")
        )
    else:
        variables = {
            "OnDay": LAST_DAY,
            "UsualMean": baseline,
            "RecordCount": on_day(measure(f"{metric.name}, n"), "OnDay"),
            "OneVaries": "UsualMean * (1 - UsualMean)" if metric.unit == "share" else measure(f"{metric.name}, spread"),
        }
        known = "NOT ISBLANK(UsualMean) && NOT ISBLANK(OneVaries) && RecordCount > 0"
        half = f"{Z} * SQRT(OneVaries / RecordCount)"
        upper = f"MIN(1, UsualMean + {half})" if metric.unit == "share" else f"UsualMean + {half}"
        low, high = (with_variables(variables, when(known, text)) for text in (f"MAX(0, UsualMean - {half})", upper))
        if metric.unit != "share":
            yield "spread", _spread(metric, baseline), "0.0", "Variance of one record, from the days of the baseline."
    yield "usual low", low, mean, "Lower end of what is usual for one day."
    yield "usual high", high, mean, "Upper end of what is usual for one day."


def _spread(metric: Metric, baseline: str) -> str:
    """Between days, each weighted with its records: what one record varies by."""
    days = call(
        "CALCULATETABLE",
        f'ADDCOLUMNS(VALUES({DAY}), "@Records", {measure(f"{metric.name}, n")}, "@Mean", {measure(metric.name)})',
        OTHER_DAYS,
        BASELINE_RANGE,
    )
    variables = {
        "OnDay": LAST_DAY,
        "UsualMean": baseline,
        "WholeDays": days,
        "DaysUsed": "FILTER(WholeDays, [@Records] > 0)",
    }
    squares = "SUMX(DaysUsed, [@Records] * POWER([@Mean] - UsualMean, 2))"
    return with_variables(
        variables,
        when("NOT ISBLANK(UsualMean) && COUNTROWS(DaysUsed) > 1", f"DIVIDE({squares}, COUNTROWS(DaysUsed) - 1)"),
    )


def _status(metric: Metric) -> str:
    variables = {
        "OnDay": LAST_DAY,
        "Found": on_day(measure(metric.name), "OnDay"),
        "LowEnd": measure(f"{metric.name}, usual low"),
        "HighEnd": measure(f"{metric.name}, usual high"),
    }
    unknown = "ISBLANK(LowEnd) || ISBLANK(HighEnd)"
    found = ("ISBLANK(Found)", NO_FIGURE, unknown, NONE, "Found > HighEnd", ABOVE, "Found < LowEnd", BELOW)
    word = call("SWITCH", "TRUE()", *found, AS_USUAL)
    return with_variables(variables, when(f"NOT ISBLANK(OnDay) && {answerable(metric.view)}", word))


def _month_to_date(metric: Metric) -> str:
    days = f"{DAY} >= DATE(YEAR(OnDay), MONTH(OnDay), 1) && {DAY} <= OnDay"
    month = f"CALCULATE({measure(metric.name)}, {OTHER_DAYS}, {days})"
    return with_variables({"OnDay": LAST_DAY}, when("NOT ISBLANK(OnDay)", month))


COMPLETE_DAYS = f"CALCULATETABLE(VALUES({DAY}), KEEPFILTERS({BEFORE_AS_OF} >= 1))"


def _year_before(metric: Metric) -> str:
    """A day stands for the day a year later, so that a whole February is compared with a whole one."""
    moved = f"FILTER(ALL({DAY}), EDATE({DAY}, 12) IN WholeDays)"
    held = f"NOT ISEMPTY(WholeDays) && EDATE(MINX(WholeDays, {DAY}), -12) >= {first_day(metric.view)}"
    value = f"CALCULATE({measure(metric.name)}, {OTHER_DAYS}, {moved})"
    return with_variables({"WholeDays": COMPLETE_DAYS}, when(held, value))


def _change(metric: Metric) -> str:
    variables = {
        "WholeDays": COMPLETE_DAYS,
        "Found": f"CALCULATE({measure(metric.name)}, WholeDays)",
        "YearBefore": measure(f"{metric.name}, year before"),
    }
    change = "Found - YearBefore" if metric.unit == "share" else "DIVIDE(Found - YearBefore, YearBefore)"
    return with_variables(variables, when("NOT ISBLANK(Found) && NOT ISBLANK(YearBefore)", change))


def _change_said(metric: Metric) -> str:
    what = "Difference of the shares (points)" if metric.unit == "share" else "Relative change"
    return f"{what} of the complete days of the context against one year before."


def _on_yesterday(name: str) -> str:
    return f"CALCULATE({measure(name)}, {YESTERDAY})"


def _repeated(metric: Metric, suffix: str, mean: str) -> tuple[str, str, str | None, str]:
    asked = _on_yesterday(f"{metric.name}, {suffix}")
    return f"yesterday {suffix}", asked, None if suffix == "status" else mean, f"{suffix} of the last complete day."


def _summary(metric: Metric) -> str:
    named = f"{metric.name}, yesterday"
    unit = ' & " min"' if metric.unit == "ms" else ""
    own = dax_text(COUNT if is_count(metric) else format_of(metric))
    mean = dax_text(MEAN_COUNT if is_count(metric) else format_of(metric))
    low, high = ("ROUNDUP(LowEnd, 0)", "ROUNDDOWN(HighEnd, 0)") if is_count(metric) else ("LowEnd", "HighEnd")
    variables = {
        "Found": measure(named),
        "StatusText": measure(f"{named} status"),
        "BaselineMean": measure(f"{named} 28-day baseline"),
        "LowEnd": measure(f"{named} usual low"),
        "HighEnd": measure(f"{named} usual high"),
        "UsualText": (
            f'" (28-day baseline " & FORMAT(BaselineMean, {mean}){unit} & ", usual " & FORMAT({low}, {own})'
            f' & " to " & FORMAT({high}, {own}){unit} & ")"'
        ),
        "Sentence": f'FORMAT(Found, {own}){unit} & ", " & StatusText & IF(StatusText <> {NONE}, UsualText)',
    }
    start = dax_text(f"{metric.name} yesterday: ")
    sentence = f"{start} & IF(ISBLANK(Found), {NO_FIGURE}, Sentence)"
    return with_variables(variables, when("NOT ISBLANK(StatusText)", sentence))
