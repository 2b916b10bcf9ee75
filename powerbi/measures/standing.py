"""What is open, where calls stop and when it is busy -> measures of their own kind.

Open items are as they stood at as-of, so a choice of days does not reach them. Pure; called by __init__.
"""

from __future__ import annotations

from collections.abc import Iterator

from powerbi.measures.cuts import answerable
from powerbi.measures.dax import dax_column, dax_table, dax_text, measure, total, when, with_variables
from powerbi.measures.values import COUNT, HOURS, SHARE
from powerbi.model.words import Measure

OPEN, FUNNEL, BUSY = "OpenItems", "DailyFunnel", "HourlyActivity"
FOLDERS = {OPEN: "Open items", FUNNEL: "Funnel", BUSY: "When it is busy"}
MS_AN_HOUR = 3_600_000
RATE = "#,0.00"
STAGE_ORDER = dax_column("Stage", "SortOrder")
NOT_LOST = ("none", "in_progress")
"""Reasons of the funnel that are no loss: went all the way, still under way."""
USUAL_PERIOD = "12w"


def measures() -> Iterator[Measure]:
    """All of them."""
    rows = (*_open_items(), *_funnel(), *_busy())
    for view, name, expression, format_, said in rows:
        yield Measure(name, view, expression, said, FOLDERS[view], format_)


Lines = Iterator[tuple[str, str, str, str | None, str]]


def _open_items() -> Lines:
    state = dax_column(OPEN, "DueStateCode")
    rows = f"COUNTROWS({dax_table(OPEN)})"
    counted = {
        "Open items": (rows, "Items open at as-of."),
        "Late items": (
            f'CALCULATE({rows}, KEEPFILTERS({state} = "late"))',
            "Open items whose due time had passed at as-of.",
        ),
        "Due in 24 h": (
            f'CALCULATE({rows}, KEEPFILTERS({state} = "due_24h"))',
            "Open items due in the 24 hours after as-of.",
        ),
    }
    for name, (expression, said) in counted.items():
        yield OPEN, name, when(answerable(OPEN), f"{expression} + 0"), COUNT, said
    age = when(answerable(OPEN), f"MAX({dax_column(OPEN, 'AgeMs')}) / {MS_AN_HOUR}")
    yield OPEN, "Oldest open item (hours)", age, HOURS, "Age at as-of of the item that has been open longest."
    due = f"MIN({dax_column(OPEN, 'DueAt')})"
    left = with_variables(
        {"FirstDue": due},
        when(f"{answerable(OPEN)} && NOT ISBLANK(FirstDue)", f"DATEDIFF({measure('As of')}, FirstDue, SECOND) / 3600"),
    )
    yield OPEN, "Hours to due", left, HOURS, "From as-of to the earliest due time; negative where it has passed."
    summary = when(
        f"NOT ISBLANK({measure('Open items')})",
        f'{measure("Late items")} & " late, " & {measure("Due in 24 h")} & " due in the next 24 hours, " '
        f'& {measure("Open items")} & " open in all"',
    )
    yield OPEN, "Open items summary", summary, None, "One sentence about open items, for tiles and alternative text."


def _funnel() -> Lines:
    stopped = total(FUNNEL, "StoppedCount")
    reached = f"CALCULATE({stopped}, REMOVEFILTERS('Stage'), {dax_column(FUNNEL, 'StageOrder')} >= FirstStage)"
    yield (
        FUNNEL,
        "Calls reaching stage",
        with_variables(
            {"FirstStage": f"MIN({STAGE_ORDER})"},
            when(f"{answerable(FUNNEL)} && NOT ISBLANK(FirstStage)", f"{reached} + 0"),
        ),
        COUNT,
        "Calls that reached the stage or went further; of several stages the first.",
    )
    reason = dax_column(FUNNEL, "StopReasonCode")
    kept = ", ".join(dax_text(word) for word in NOT_LOST)
    lost = f"CALCULATE({stopped}, KEEPFILTERS(NOT {reason} IN {{ {kept} }}))"
    yield (
        FUNNEL,
        "Calls lost at stage",
        when(answerable(FUNNEL), f"{lost} + 0"),
        COUNT,
        "Calls that stopped at the stage for a reason; calls still in progress are not lost.",
    )
    every = f"CALCULATE({stopped}, REMOVEFILTERS('Stage'))"
    yield (
        FUNNEL,
        "Share of calls reaching stage",
        f"DIVIDE({measure('Calls reaching stage')}, {every})",
        SHARE,
        "Calls that reached the stage over all calls for service.",
    )


def _busy() -> Lines:
    events, hours = total(BUSY, "EventCount"), total(BUSY, "HoursObserved")
    cells = f"COUNTROWS({dax_table(BUSY)})"
    one = f"{cells} = 1"
    low, high = (total(BUSY, column) for column in ("LowPerHour", "HighPerHour"))
    rows = (
        (
            "Events per hour",
            f"DIVIDE({events}, {hours})",
            RATE,
            "Mean number of events in an hour of the cells chosen.",
        ),
        ("Events per hour low", when(one, low), RATE, "Lower end of its 95 % interval, for one weekday and hour."),
        ("Events per hour high", when(one, high), RATE, "Upper end of its 95 % interval, for one weekday and hour."),
        (
            "Weeks observed",
            f"DIVIDE({hours}, {cells})",
            "#,0.0",
            "How often an hour of the cells chosen happened, mean.",
        ),
    )
    for name, expression, format_, said in rows:
        period = f"{dax_column(BUSY, 'PeriodCode')} = ChosenPeriod"
        yield (
            BUSY,
            name,
            with_variables(
                {"ChosenPeriod": f"SELECTEDVALUE({dax_column('Period', 'Code')}, {dax_text(USUAL_PERIOD)})"},
                when(
                    f"{answerable(BUSY)} && HASONEVALUE({dax_column('Activity', 'Code')})",
                    f"CALCULATE({expression}, {period})",
                ),
            ),
            format_,
            f"{said} One activity has to be chosen; the period is the one chosen, or 12 weeks.",
        )
