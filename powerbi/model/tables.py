"""View -> table: every column under its own name, with type, format and what is shown to people. Pure; called by build.

Facts show no column (measures speak for them), dimensions show names, records show what they hold.
"""

from __future__ import annotations

from models.catalogue.types import Column, Edm, View
from powerbi.model import sources, words
from powerbi.model.words import DataType

TYPES = {
    Edm.STRING: DataType.STRING,
    Edm.BOOLEAN: DataType.BOOLEAN,
    Edm.INT32: DataType.WHOLE,
    Edm.INT64: DataType.WHOLE,
    Edm.DECIMAL: DataType.DECIMAL,
    Edm.DATE: DataType.DATE_TIME,
    Edm.INSTANT: DataType.DATE_TIME,
}
"""Edm.Double is missing on purpose: sums of floats differ from run to run, and only labels of maps have them."""

FORMATS = {Edm.DATE: "yyyy-mm-dd", Edm.INSTANT: "yyyy-mm-dd hh:nn:ss", Edm.DECIMAL: "#,0.00"}
SORTED = {
    ("Dates", "MonthName"): "Month",
    ("Dates", "WeekdayName"): "Weekday",
    ("IncidentTypes", "IncidentTypeName"): "SortOrder",
    ("HourlyActivity", "WeekdayName"): "Weekday",
}
HIERARCHIES = {
    "Dates": (
        words.Hierarchy(
            "Calendar", ("Year", "Quarter", "MonthName", "OperationalDate"), "Calendar year, quarter, month and day."
        ),
        words.Hierarchy("Weeks", ("IsoYear", "IsoWeek", "OperationalDate"), "ISO 8601 year, week and day."),
    ),
    "IncidentTypes": (
        words.Hierarchy("Kinds by family", ("FamilyName", "IncidentTypeName"), "Family of events, then kind."),
    ),
}
SHOWN = {
    "HourlyActivity": frozenset({"Weekday", "WeekdayName", "Hour"}),
    "DataQuality": frozenset({"FieldName"}),
    "Revisions": frozenset({"RevisedOn"}),
    "Completeness": frozenset({"AgeDays"}),
}
"""Facts whose few columns are dimensions of their own."""
HIDDEN = frozenset(
    {
        ("Dates", "Month"),
        ("Dates", "Weekday"),
        ("Dates", "ProvisionalDays"),
        ("Dates", "IsProvisionalLearned"),
        ("IncidentTypes", "SortOrder"),
        ("RefreshStatus", "StatusId"),
    }
)
KEYS = frozenset({"OperationalDate", "AreaId", "TeamCode", "IncidentTypeCode"})
"""What leads to a dimension, which shows the name instead."""
REFRESH = words.RefreshPolicy(rolling_years=31, incremental_years=30)
"""Every part that can hold a record is read anew: docs/adr/0014-records-are-read-whole-in-yearly-parts.md says why."""


def table(view: View, measures: tuple[words.Measure, ...]) -> words.Table:
    """The table of a view, with the measures that live in it."""
    columns = [_column(view, column) for column in view.columns if column.edm in TYPES]
    if view.name == "HourlyActivity":
        at = 1 + next(at for at, column in enumerate(columns) if column.name == "Weekday")
        columns.insert(at, _weekday_name())
    records = view.group == "records"
    return words.Table(
        name=view.name,
        description=f"{view.title}. {view.grain}",
        columns=tuple(columns),
        source=sources.view(view, window=records),
        measures=measures,
        hierarchies=HIERARCHIES.get(view.name, ()),
        time=view.name == "Dates",
        hidden=view.name == "ScopeMembers",
        refresh=REFRESH if records else None,
    )


def _column(view: View, column: Column) -> words.Column:
    return words.Column(
        name=column.name,
        data_type=TYPES[column.edm],
        source=column.name,
        description=column.description,
        hidden=_hidden(view, column),
        key=view.group == "dimensions" and view.key == (column.name,),
        format=_format(column),
        sort_by=SORTED.get((view.name, column.name)),
        folder=_folder(view, column),
    )


def _weekday_name() -> words.Column:
    return words.Column(
        "WeekdayName", DataType.STRING, "WeekdayName", "English name of the weekday.", sort_by="Weekday"
    )


def _hidden(view: View, column: Column) -> bool:
    if view.name in SHOWN or view.group == "facts":
        return column.name not in SHOWN.get(view.name, ())
    dimension_keys = {name for navigation in view.navigations for name in navigation.columns} & KEYS
    own_key = view.group == "dimensions" and column.name in view.key and column.edm is not Edm.DATE
    return (
        column.hidden
        or own_key
        or column.name in dimension_keys
        or column.codes is not None
        or view.name == "ScopeMembers"
        or (view.name, column.name) in HIDDEN
    )


def _format(column: Column) -> str | None:
    if column.edm in (Edm.INT32, Edm.INT64):
        return "#,0" if column.unit else "0"
    return "MMMM yyyy" if column.name == "MonthStart" else FORMATS.get(column.edm)


def _folder(view: View, column: Column) -> str | None:
    """Records have many clocks and durations: each kind in a folder of its own."""
    if view.group != "records" or column.hidden:
        return None
    if column.edm is Edm.INSTANT:
        return "Clocks"
    return "Durations" if column.unit == "ms" else None
