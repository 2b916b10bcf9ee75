"""Dimensions: days, areas, kinds of incident, teams, codes."""

from __future__ import annotations

from models.catalogue.columns import OPEN, code, coordinate, day, flag, number, text
from models.catalogue.roles import STAFF
from models.catalogue.types import Scope, View
from models.catalogue.views.shared import table

VIEWS = (
    View(
        name="Dates",
        entity="CalendarDay",
        title="Calendar",
        grain="One row for each local day from the first event to the as-of day, without gaps.",
        key=("OperationalDate",),
        group="dimensions",
        scope=Scope.OPEN,
        roles=STAFF,
        columns=table(
            day("OperationalDate", "The local day in the city's zone."),
            number("Year", None, "Calendar year."),
            number("Quarter", None, "Quarter of the year, 1 to 4."),
            number("Month", None, "Month of the year, 1 to 12."),
            text("MonthName", "English name of the month.", sensitivity=OPEN),
            day("MonthStart", "First day of the month."),
            number("IsoYear", None, "Year of the ISO 8601 week."),
            number("IsoWeek", None, "ISO 8601 week, 1 to 53."),
            day("WeekStart", "Monday of the week."),
            number("Weekday", None, "ISO weekday, 1 = Monday to 7 = Sunday."),
            text("WeekdayName", "English name of the weekday.", sensitivity=OPEN),
            flag("IsWeekend", "Saturday or Sunday."),
            number("HoursInDay", "hours", "23, 24 or 25: the days on which clocks change are not 24 hours long."),
            number("DaysBeforeAsOf", "days", "0 = the as-of day, 1 = the day before."),
            flag("IsProvisional", "Younger than ProvisionalDays at as-of: late records may still change the day."),
            number("ProvisionalDays", "days", "Age at which 99 of 100 calls and incidents are known and have settled."),
            flag(
                "IsProvisionalLearned", "ProvisionalDays is learned from past nights; false: declared with the figures."
            ),
        ),
    ),
    View(
        name="Areas",
        entity="Area",
        title="Areas",
        grain="One row for each neighbourhood and for each of the ways in which a place can be unknown.",
        key=("AreaId",),
        group="dimensions",
        area="AreaId",
        roles=STAFF,
        columns=table(
            text("AreaId", "Published code of the area, three digits; or nsa, outside, unknown.", sensitivity=OPEN),
            text("AreaName", "Name of the area.", length=128, sensitivity=OPEN, searchable=True),
            code("AreaKindCode", "area_kind", "Neighbourhood, or a way of being unknown.", sensitivity=OPEN),
            text("BoundaryVersion", "Set of boundaries that the code belongs to.", sensitivity=OPEN),
            text(
                "EquityClass",
                "City's classification: NIA = Neighbourhood Improvement Area, EN = emerging, none.",
                sensitivity=OPEN,
            ),
            coordinate("LabelLatitude", "Latitude of a point inside the area, for labels."),
            coordinate("LabelLongitude", "Longitude of a point inside the area, for labels."),
        ),
    ),
    View(
        name="IncidentTypes",
        entity="IncidentType",
        title="Kinds of incident",
        grain="One row for each kind of incident.",
        key=("IncidentTypeCode",),
        group="dimensions",
        scope=Scope.OPEN,
        roles=STAFF,
        columns=table(
            code("IncidentTypeCode", "incident_type", "Kind of incident.", sensitivity=OPEN),
            text("IncidentTypeName", "Name of the kind.", sensitivity=OPEN, searchable=True),
            code("FamilyCode", "family", "Family of events; families are never added up.", sensitivity=OPEN),
            text("FamilyName", "Name of the family.", sensitivity=OPEN),
            text("StandardCode", "Code in APCO 2.103.1, where there is one.", nullable=True, sensitivity=OPEN),
            number("SortOrder", None, "Order of display."),
        ),
    ),
    View(
        name="Teams",
        entity="Team",
        title="Teams",
        grain="One row for each team, and `none`.",
        key=("TeamCode",),
        group="dimensions",
        team="TeamCode",
        scope=Scope.OPEN,
        roles=STAFF,
        columns=table(
            text("TeamCode", "Code of the team.", sensitivity=OPEN),
            text("TeamName", "Name of the team.", length=128, sensitivity=OPEN, searchable=True),
            code("TeamKindCode", "team_kind", "Kind of team.", sensitivity=OPEN),
        ),
    ),
    View(
        name="Codes",
        entity="CodeEntry",
        title="Code lists",
        grain="One row for each word of each code list.",
        key=("CodeList", "Code"),
        group="dimensions",
        scope=Scope.OPEN,
        roles=STAFF,
        columns=table(
            text("CodeList", "Name of the list.", sensitivity=OPEN),
            text("Code", "The word as it stands in the views.", sensitivity=OPEN),
            text("Label", "What to show.", length=128, sensitivity=OPEN, searchable=True),
            text("Description", "What it means.", length=512, sensitivity=OPEN),
            text("StandardName", "Outside standard, where one has the word.", nullable=True, sensitivity=OPEN),
            text("StandardCode", "Its code there.", nullable=True, sensitivity=OPEN),
            number("SortOrder", None, "Order of display."),
        ),
    ),
)
