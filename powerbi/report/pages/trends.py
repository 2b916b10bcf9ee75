"""Trends: the last 90 days of each figure against its baseline and band, and month by month against the year before."""

from __future__ import annotations

from powerbi.report import theme
from powerbi.report.pages import frame
from powerbi.report.pages.frame import cards, chart, figure, metric_name, values
from powerbi.report.words import Between, Box, Kind, Page, Series, Sort, Stroke, Visual

SHOWN = ("incidents_reported", "calls_for_service", "first_arrival", "dispatch_rate")
UNITS = {"first_arrival": ", mean minutes"}
YEAR = Between(frame.column("Dates", "DaysBeforeAsOf"), 0, 400)


def _line(metric_id: str, place: int) -> Visual:
    row, position = divmod(place, 2)
    value = figure(metric_id, caption="each day")
    baseline = figure(metric_id, "28-day baseline", "28-day baseline")
    low, high = figure(metric_id, "usual low", "usual, low"), figure(metric_id, "usual high", "usual, high")
    return Visual(
        f"trend {metric_id}",
        Kind.LINE,
        Box(16 + 628 * position, 164 + 180 * row, 620, 172),
        figure(metric_id, "yesterday summary"),
        metric_name(metric_id) + UNITS.get(metric_id, "") + ": each day against its usual range",
        wells=chart(frame.DAY, value, baseline, low, high),
        filters=(frame.last_days(90),),
        sort=(Sort(frame.DAY),),
        series=(
            Series(value, theme.BLUE),
            Series(baseline, theme.BLACK, Stroke.DASHED),
            Series(low, theme.RULE, Stroke.DOTTED),
            Series(high, theme.RULE, Stroke.DOTTED),
        ),
    )


def _month(metric_id: str, left: int) -> Visual:
    return Visual(
        f"month {metric_id}",
        Kind.CARD,
        Box(left, 64, 506, 92),
        figure(metric_id, "yesterday summary"),
        f"{metric_name(metric_id)} this month",
        wells=cards(
            figure(metric_id, "month to date", "month to date"),
            figure(metric_id, "yesterday", "yesterday"),
            figure(metric_id, "yesterday status", "status"),
        ),
        blank="none",
        bold=True,
    )


PAGE = Page(
    "trends",
    "Trends",
    (
        *frame.head("Trends: what is unusual, and since when"),
        Visual(
            "areas",
            Kind.SLICER,
            Box(16, 64, 220, 92),
            "Choice of areas: all figures of this page follow it.",
            "Area",
            wells=values(frame.AREA),
        ),
        _month("incidents_reported", 244),
        _month("calls_for_service", 758),
        *(_line(metric_id, place) for place, metric_id in enumerate(SHOWN)),
        Visual(
            "months",
            Kind.TABLE,
            Box(16, 524, 1248, 152),
            "Month by month, newest first: incidents, calls, mean response time, rates, and how incidents and calls "
            "changed on the year before.",
            "Month by month",
            wells=values(
                frame.MONTH,
                figure("incidents_reported", caption="critical incidents"),
                figure("incidents_reported", "change on year", "on year (incidents)"),
                figure("calls_for_service", caption="calls"),
                figure("calls_for_service", "change on year", "on year (calls)"),
                figure("first_arrival", caption="first arrival, mean minutes"),
                figure("dispatch_rate", caption="dispatch rate"),
                figure("police_requested", caption="police asked for"),
                figure("assessment_within_window", caption="assessed in window"),
            ),
            filters=(YEAR,),
            sort=(Sort(frame.MONTH, descending=True),),
        ),
        frame.note(
            "foot",
            Box(16, 682, 860, 34),
            "Solid: the day. Dashed: mean of the 28 days before. Dotted: usual range; a day outside it is not usual.",
        ),
        frame.provisional(Box(884, 682, 380, 34)),
    ),
)
