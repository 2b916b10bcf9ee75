"""What is open now, and when it is busy."""

from __future__ import annotations

from models.catalogue.columns import RECORD, code, count, decimal, instant, millis, number, text
from models.catalogue.roles import STAFF
from models.catalogue.types import Additivity, Scope, View
from models.catalogue.views.shared import LOCAL_TEXT, TO_AREA, TO_TEAM, table

VIEWS = (
    View(
        name="OpenItems",
        entity="OpenItem",
        title="Open, late and due items",
        grain="One row for each item that is open at as-of; no person fields.",
        key=("ItemKindCode", "ItemNumber"),
        area="AreaId",
        team="TeamCode",
        roles=STAFF,
        group="items",
        navigations=(TO_AREA, TO_TEAM),
        columns=table(
            code(
                "ItemKindCode",
                "item_kind",
                "What is open: assessment, incident, call, follow-up or request.",
                sensitivity=RECORD,
            ),
            text("ItemNumber", "Number by which staff find the item in the crisis database.", sensitivity=RECORD),
            code("SeverityCode", "severity", "Severity of the incident behind it.", sensitivity=RECORD),
            text("AreaId", "Area; see Areas.", sensitivity=RECORD),
            text("TeamCode", "Team that has it; `none` where no team does.", sensitivity=RECORD),
            instant("OpenedAt", "When it became open.", nullable=False),
            instant("DueAt", "When it is due; null where nothing is promised."),
            text("DueLocal", LOCAL_TEXT.format("DueAt"), nullable=True, sensitivity=RECORD),
            code(
                "DueStateCode",
                "due_state",
                "Late, due in the next 24 hours, later, or no due time.",
                sensitivity=RECORD,
            ),
            # not a valid interval by definition: the one duration that no rule keeps from being negative
            millis("AgeMs", "As-of minus OpenedAt.", nullable=False, sensitivity=RECORD, minimum=None),
        ),
    ),
    View(
        name="HourlyActivity",
        entity="HourlyActivityCell",
        title="When it is busy",
        grain="One row for each period, activity, weekday and local hour: all 168 cells, empty ones too.",
        key=("PeriodCode", "ActivityCode", "Weekday", "Hour"),
        scope=Scope.OPEN,
        roles=STAFF,
        columns=table(
            code(
                "PeriodCode",
                "period",
                "Whole weeks that end before as-of, none before the first event: 12w, 52w or all.",
            ),
            code("ActivityCode", "activity", "Calls for service by call_arrival, or violent incidents by reported_at."),
            number("Weekday", None, "ISO weekday, 1 = Monday to 7 = Sunday."),
            number("Hour", None, "Local hour of the day, 0 to 23."),
            count("EventCount", "events", "Events in the cell over the period.", Additivity.NONE),
            count(
                "HoursObserved",
                "hours",
                "How often this hour of the week happened in the period: weeks observed, one less or more where clocks changed.",
                Additivity.NONE,
            ),
            decimal("MeanPerHour", "events per hour", "EventCount / HoursObserved.", scale=4),
            decimal("LowPerHour", "events per hour", "Lower end of the 95 % Poisson interval (Byar).", scale=4),
            decimal("HighPerHour", "events per hour", "Upper end of the 95 % Poisson interval (Byar).", scale=4),
        ),
    ),
)
