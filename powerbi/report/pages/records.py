"""Records, for analysts alone: exact percentiles at any cut, and the pseudonymous records behind them."""

from __future__ import annotations

from powerbi.report import theme
from powerbi.report.pages import frame
from powerbi.report.pages.frame import cards, chart, column, label, measure, values
from powerbi.report.words import Box, Field, Kind, Page, Series, Sort, Visual

MONTH = frame.last_days(28)


def _call(name: str, caption: str | None = None) -> Field:
    return measure("Calls", name, caption)


CALLS, INCIDENTS = _call("Call records", "calls"), measure("Incidents", "Incident records", "incidents")
P50, P90 = _call("First arrival p50 (records)", "median (p50)"), _call("First arrival p90 (records)", "p90")


PAGE = Page(
    "records",
    "Records",
    (
        *frame.head("Records: exact figures at any cut"),
        Visual(
            "areas",
            Kind.SLICER,
            Box(16, 64, 300, 92),
            "Choice of areas: everything on this page follows it.",
            "Area",
            wells=values(frame.AREA),
        ),
        Visual(
            "totals",
            Kind.CARD,
            Box(324, 64, 940, 92),
            "Calls of the last 28 days, exact median and 90th percentile of the time to first arrival in minutes.",
            "Calls of 28 days, time to first arrival in minutes",
            wells=cards(CALLS, P50, P90),
            filters=(MONTH,),
            blank="none",
            bold=True,
        ),
        Visual(
            "by priority",
            Kind.BAR,
            Box(16, 164, 620, 180),
            "Time to first arrival by priority: exact median and 90th percentile in minutes over the last 28 days.",
            "Time to first arrival by priority, minutes, 28 days",
            wells=chart(label("priority"), P50, P90),
            filters=(MONTH,),
            sort=(Sort(label("priority")),),
            reaches=("totals", "by area", "calls"),
            series=(Series(P50, theme.BLUE), Series(P90, theme.VERMILION)),
        ),
        Visual(
            "by area",
            Kind.TABLE,
            Box(644, 164, 620, 180),
            "Calls, median and 90th percentile of the time to first arrival by area, 28 days, most calls first.",
            "By area, 28 days",
            wells=values(frame.AREA, CALLS, P50, P90),
            filters=(MONTH, frame.some(CALLS)),
            sort=(Sort(CALLS, descending=True),),
        ),
        Visual(
            "calls",
            Kind.TABLE,
            Box(16, 352, 1248, 158),
            "Calls of the last 28 days, newest first: number, day, area, priority, stage reached, reason and minutes.",
            "Calls of 28 days, newest first",
            wells=values(
                column("Calls", "CallId", "Call"),
                frame.DAY,
                frame.AREA,
                label("priority"),
                label("stage"),
                label("stop_reason", "Reason"),
                P50.called("minutes to arrival"),
            ),
            filters=(MONTH, frame.some(CALLS)),
            sort=(Sort(frame.DAY, descending=True),),
            reaches=(),
        ),
        Visual(
            "incidents",
            Kind.TABLE,
            Box(16, 518, 1248, 158),
            "Incidents of the last 28 days, newest first: number, day, area, kind, severity and worst harm.",
            "Incidents of 28 days, newest first",
            wells=values(
                column("Incidents", "IncidentNumber", "Incident"),
                frame.DAY,
                frame.AREA,
                frame.INCIDENT_TYPE,
                label("severity"),
                label("harm"),
            ),
            filters=(MONTH, frame.some(INCIDENTS)),
            sort=(Sort(frame.DAY, descending=True),),
            reaches=(),
        ),
        frame.note(
            "foot",
            frame.FOOT,
            "Pseudonymous records: no person, no address, no coordinates. Keep extracts inside the team; "
            "no cut by persons under 5.",
        ),
    ),
)
