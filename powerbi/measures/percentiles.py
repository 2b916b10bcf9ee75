"""Published percentiles -> measures in minutes that are BLANK at every cut at which nothing was published.

A percentile is looked up, never summed or averaged: one interval, one period, one day, and the whole city, one team or
one priority. The period is the reader's one choice or 28 days; the day is the last one of the context for which it was
published. The measures of a metric ask the general ones for the metric's own interval. Pure; called by __init__.
"""

from __future__ import annotations

from collections.abc import Iterator

from models.catalogue import CATALOGUE
from models.catalogue.types import Metric
from powerbi.measures.cuts import answerable
from powerbi.measures.dax import call, dax_column, dax_table, dax_text, measure, total, when, with_variables
from powerbi.measures.values import COUNT, MINUTES, MS_A_MINUTE, folder
from powerbi.model.words import Measure

VIEW = "ResponsePercentiles"
FOLDER = "Percentiles"
BLOCKS = "Building blocks"
INTERVALS = {
    "open_incidents": "open_incident_age",
    "assessment_within_window": "assessment",
    "first_arrival": "first_arrival",
    "referrals_connected": "referral_connection",
    "follow_up_48h": "follow_up",
    "requests_on_time": "request_answer",
}
"""Metric -> its interval in ResponsePercentiles."""
COLUMNS = {
    "p50": ("P50Ms", "Median"),
    "p50 low": ("P50LowMs", "Lower end of the median's 95 % interval"),
    "p50 high": ("P50HighMs", "Upper end of the median's 95 % interval"),
    "p90": ("P90Ms", "90th percentile"),
    "p90 low": ("P90LowMs", "Lower end of the 90th percentile's 95 % interval"),
    "p90 high": ("P90HighMs", "Upper end of the 90th percentile's 95 % interval"),
    "n": ("ValueCount", "Records with a valid interval"),
    "n missing": ("MissingCount", "Records with a clock missing"),
    "n invalid": ("InvalidCount", "Records with a negative or quarantined interval"),
}
STOCK = "open_incident_age"
"""The one interval that is published for single days only."""
NOT_AVAILABLE = "not available at this cut"
INTERVAL = dax_column("Interval", "Code")
PERIOD = dax_column("Period", "Code")
TEAM = dax_column("Teams", "TeamCode")
PRIORITY = dax_column("Priority", "Code")
CUT = measure("Percentile cut")
ROW = {
    "OperationalDate": ("ChosenDay", measure("Percentile day")),
    "PeriodCode": ("ChosenPeriod", measure("Percentile period")),
    "CutCode": ("ChosenCut", CUT),
    "CutValue": ("ChosenValue", measure("Percentile cut value")),
}
"""Column of the key -> the variable that holds the one wanted, and what it is set to."""


def building_blocks() -> Iterator[Measure]:
    """The hidden measures that find the one row."""
    rows = (
        ("Percentile period", _period(), "Code of the period: the one chosen, or 28 days.", None),
        ("Percentile cut", _cut(), "Code of the cut: city, team, priority; BLANK at any other.", None),
        ("Percentile cut value", _cut_value(), "Value of the cut: the word city, the team or the priority.", None),
        ("Percentile day", _day(), "The last day of the context for which the period was published.", "yyyy-mm-dd"),
    )
    for name, expression, said, format_ in rows:
        yield Measure(name, VIEW, expression, said, BLOCKS, format_, hidden=True)


def general() -> Iterator[Measure]:
    """One interval in the context: its percentiles and counts."""
    for suffix, (column, said) in COLUMNS.items():
        minutes = column.endswith("Ms")
        yield Measure(
            f"Interval {suffix}",
            VIEW,
            _looked_up(f"{total(VIEW, column)} / {MS_A_MINUTE}" if minutes else total(VIEW, column)),
            f"{said}{', in minutes' if minutes else ''}, of the one interval chosen, as published; "
            "BLANK where nothing is published.",
            FOLDER,
            MINUTES if minutes else COUNT,
        )
    yield Measure("Interval note", VIEW, _note(), "Which period and cut the percentiles are of.", FOLDER)


def measures(metric: Metric) -> Iterator[Measure]:
    """The percentiles of a metric's interval."""
    code = INTERVALS.get(metric.id)
    if code is None:
        return
    chosen = f"KEEPFILTERS({INTERVAL} = {dax_text(code)})"
    label = CATALOGUE.codes["interval"].labels()[code]
    for suffix, (column, said) in COLUMNS.items():
        if column.endswith("Ms"):
            yield Measure(
                f"{metric.name}, {suffix}",
                metric.view,
                f"CALCULATE({measure(f'Interval {suffix}')}, {chosen})",
                f"{metric.number}: {said[:1].lower()}{said[1:]}, in minutes, of the interval {label}, as published; "
                "BLANK where nothing is published.",
                folder(metric),
                MINUTES,
                metric=metric.id,
            )
    yield Measure(
        f"{metric.name}, percentile note",
        metric.view,
        f"CALCULATE({measure('Interval note')}, {chosen})",
        f"{metric.number}: which period and cut the percentiles are of.",
        folder(metric),
        metric=metric.id,
    )


def _period() -> str:
    usual = f'IF(SELECTEDVALUE({INTERVAL}) = {dax_text(STOCK)}, "day", "28d")'
    return f"SELECTEDVALUE({PERIOD}, {usual})"


def _cut() -> str:
    """Exactly one team or exactly one priority and nothing else, or nothing at all."""
    cases = (
        ("ISFILTERED('Teams') && ISFILTERED('Priority')", "BLANK()"),
        ("ISFILTERED('Teams')", f'IF(HASONEVALUE({TEAM}), "team")'),
        ("ISFILTERED('Priority')", f'IF(HASONEVALUE({PRIORITY}), "priority")'),
    )
    chosen = call("SWITCH", "TRUE()", *(part for case in cases for part in case), '"city"')
    return when(answerable(VIEW), chosen)


def _cut_value() -> str:
    cases = ('"city", "city"', f'"team", SELECTEDVALUE({TEAM})', f'"priority", SELECTEDVALUE({PRIORITY})')
    return call("SWITCH", CUT, *cases)


def _day() -> str:
    ends = f"{dax_column(VIEW, 'PeriodCode')} = ChosenPeriod"
    every = "REMOVEFILTERS('Interval'), REMOVEFILTERS('Cut')"
    day = f"CALCULATE(MAX({dax_column(VIEW, 'OperationalDate')}), {every}, {ends})"
    return with_variables({"ChosenPeriod": measure("Percentile period")}, day)


def _looked_up(value: str) -> str:
    """The value of the one row, or BLANK."""
    row = call("CALCULATE", value, *(f"{dax_column(VIEW, column)} = {name}" for column, (name, _) in ROW.items()))
    known = f"NOT ISBLANK(ChosenCut) && HASONEVALUE({INTERVAL})"
    return with_variables(dict(ROW.values()), when(known, row))


def _note() -> str:
    named = call(
        "SWITCH",
        "ChosenCut",
        '"city", "whole city"',
        f'"team", "team " & SELECTEDVALUE({dax_column("Teams", "TeamName")})',
        f'"priority", "priority " & SELECTEDVALUE({dax_column("Priority", "Priority")})',
    )
    period = f"LOOKUPVALUE({dax_column('Period', 'Period')}, {PERIOD}, ChosenPeriod)"
    row = call(
        "CALCULATE",
        f"COUNTROWS({dax_table(VIEW)})",
        *(f"{dax_column(VIEW, column)} = {name}" for column, (name, _) in ROW.items()),
    )
    cases = (
        ("ISBLANK(ChosenCut)", dax_text(NOT_AVAILABLE)),
        (f"NOT HASONEVALUE({INTERVAL})", dax_text("choose one interval")),
        (f"ISBLANK({row})", dax_text("nothing recorded in this period")),
    )
    told = f'{period} & " to " & FORMAT(ChosenDay, "yyyy-mm-dd") & ", " & {named}'
    return with_variables(
        dict(ROW.values()), call("SWITCH", "TRUE()", *(part for case in cases for part in case), told)
    )
