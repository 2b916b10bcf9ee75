"""Area and kind of incident: where a bar or row of another page leads to by drill-through."""

from __future__ import annotations

from powerbi.report import theme
from powerbi.report.pages import frame
from powerbi.report.pages.frame import cards, chart, column, figure, label, measure, metric_name, values
from powerbi.report.words import Box, Field, Kind, Page, Series, Sort, Visual, Well

WEEK = column("Dates", "WeekStart", "Week from")
HALF_YEAR = frame.last_days(182)
INCIDENTS = figure("incidents_by_harm")


def _weeks(metric_id: str, left: int, width: int) -> Visual:
    value = figure(metric_id)
    return Visual(
        f"weeks {metric_id}",
        Kind.LINE,
        Box(left, 164, width, 242),
        f"{metric_name(metric_id)} by week over the last half year in the area and kind chosen.",
        f"{metric_name(metric_id)} by week",
        wells=chart(WEEK, value),
        filters=(HALF_YEAR,),
        sort=(Sort(WEEK),),
        reaches=("kinds",),
        series=(Series(value, theme.BLUE),),
    )


def _tile(metric_id: str, left: int, width: int, alt: str | Field) -> Visual:
    return Visual(
        f"tile {metric_id}",
        Kind.CARD,
        Box(left, 64, width, 92),
        alt,
        f"{metric_name(metric_id)}",
        wells=cards(
            figure(metric_id, "yesterday", "yesterday"),
            figure(metric_id, "month to date", "month to date"),
            figure(metric_id, "yesterday status", "status"),
        ),
        size=14,
        bold=True,
        blank="none",
    )


PAGE = Page(
    "drill",
    "Area and kind",
    (
        Visual("back", Kind.BACK, Box(16, 8, 40, 40), "Back to the page that led here."),
        *frame.head("Area and kind of incident", left=64),
        Visual(
            "area",
            Kind.TABLE,
            Box(16, 64, 410, 92),
            "The area chosen, with the city's classification of it.",
            "Area chosen",
            wells=values(frame.AREA, column("Areas", "EquityClass", "Class")),
            sort=(Sort(frame.AREA),),
        ),
        _tile("incidents_reported", 434, 410, figure("incidents_reported", "yesterday summary")),
        _tile(
            "calls_for_service",
            852,
            412,
            "Calls for service in the area chosen: yesterday, this month, and whether that is usual; "
            "with a kind of incident chosen there is none.",
        ),
        _weeks("incidents_reported", 16, 620),
        _weeks("calls_for_service", 644, 620),
        Visual(
            "kinds",
            Kind.MATRIX,
            Box(16, 414, 620, 262),
            "Critical incidents of the last half year by kind and worst harm in the area chosen.",
            "Critical incidents by kind and worst harm, half a year",
            wells=(
                Well("Rows", (frame.INCIDENT_TYPE,)),
                Well("Columns", (label("harm"),)),
                Well("Values", (INCIDENTS,)),
            ),
            filters=(HALF_YEAR, frame.some(INCIDENTS)),
            reaches=("tile incidents_reported", "weeks incidents_reported"),
        ),
        Visual(
            "open here",
            Kind.TABLE,
            Box(644, 414, 620, 262),
            "Open items in the area chosen, gravest first, with when they are due.",
            "Open items here",
            wells=values(
                label("severity"),
                label("due_state", "Lateness"),
                label("item_kind", "What"),
                column("OpenItems", "ItemNumber", "Number"),
                column("OpenItems", "DueLocal", "Due"),
            ),
            filters=(frame.some(measure("OpenItems", "Open items")),),
            reaches=(),
            sort=(Sort(label("severity")), Sort(label("due_state"))),
        ),
        frame.note(
            "foot",
            frame.FOOT,
            "Calls have no kind of incident: with a kind chosen their figures are empty. Open items have none either.",
        ),
    ),
    drill=(frame.AREA, frame.INCIDENT_TYPE),
)
