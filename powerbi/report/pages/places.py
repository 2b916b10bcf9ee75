"""Where and when: events per hour by weekday and hour as heat maps, and neighbourhoods by number of events."""

from __future__ import annotations

from powerbi.report.pages import frame
from powerbi.report.pages.frame import column, figure, label, measure, values
from powerbi.report.words import Among, Box, Kind, Page, Sort, Visual, Well

PER_HOUR = measure("HourlyActivity", "Events per hour")
WEEKDAY = column("HourlyActivity", "WeekdayName", "Weekday")
HOUR = column("HourlyActivity", "Hour")
CALLS_MADE = figure("calls_for_service", caption="calls")
INCIDENTS = figure("incidents_reported", caption="violent")
PROFILES = Among(frame.code("period"), ("12w", "52w", "all"))


CALLS = Among(frame.code("activity"), ("calls",))


def _heat_map(activity: str, title: str, top: int) -> Visual:
    return Visual(
        f"heat map {activity}",
        Kind.MATRIX,
        Box(16, top, 900, 263),
        f"{title}: mean number in each local hour of each weekday. The number stands in every cell; "
        "a darker cell is a busier hour.",
        f"{title}: mean per hour, by weekday and local hour",
        wells=(Well("Rows", (WEEKDAY,)), Well("Columns", (HOUR,)), Well("Values", (PER_HOUR,))),
        filters=(Among(frame.code("activity"), (activity,)),),
        heat=PER_HOUR,
    )


PAGE = Page(
    "places",
    "Where and when",
    (
        *frame.head("Where and when is it busy"),
        Visual(
            "period",
            Kind.SLICER,
            Box(16, 64, 220, 70),
            "Choice of the weeks behind the heat maps; without a choice they are the last 12 weeks.",
            "Weeks",
            wells=values(label("period")),
            filters=(PROFILES,),
            reaches=("heat map calls", "heat map violent_incidents", "busiest"),
        ),
        frame.note(
            "how",
            Box(244, 64, 672, 70),
            "Each cell is the mean number of events in that local hour, over the weeks observed. "
            "Heat maps are for the whole city. A row of the table leads to its area: right-click, Drill through.",
        ),
        Visual(
            "areas",
            Kind.TABLE,
            Box(924, 64, 340, 404),
            "Calls for service and violent critical incidents of 28 days by neighbourhood, most calls first.",
            "By area, 28 days",
            wells=values(frame.AREA, CALLS_MADE, INCIDENTS),
            filters=(frame.last_days(28),),
            sort=(Sort(CALLS_MADE, descending=True),),
            reaches=(),
        ),
        _heat_map("calls", "Calls for service", 142),
        _heat_map("violent_incidents", "Violent incidents", 413),
        Visual(
            "busiest",
            Kind.TABLE,
            Box(924, 476, 340, 200),
            "Hours of the week with most calls for service, busiest first, with the ends of their 95 % intervals.",
            "Busiest hours, calls an hour",
            wells=values(
                WEEKDAY,
                HOUR,
                PER_HOUR.called("mean"),
                measure("HourlyActivity", "Events per hour low", "from"),
                measure("HourlyActivity", "Events per hour high", "to"),
            ),
            filters=(CALLS,),
            sort=(Sort(PER_HOUR, descending=True),),
        ),
        frame.note(
            "foot",
            frame.FOOT,
            "No event is shown at its own place. Not specified, outside the city and unknown are areas of their own.",
        ),
    ),
)
