"""View -> the M that reads it: one feed, then only the steps that the view needs.

Facts load whole (no filter, no choice of columns), so that the service answers with stored bytes. Row filters come at
once behind the view, where they become part of the address; instants are made UTC without a zone as the last step.
Pure; called by tables, code_tables and build.
"""

from __future__ import annotations

from models.catalogue.types import Column, Edm, View
from powerbi.model.words import Parameter

API_BASE_URL = Parameter(
    "ApiBaseUrl",
    '"http://127.0.0.1:8000"',
    "Text",
    "Root address of the Crisis Metrics service, without a slash at its end.",
)
RANGE = (
    Parameter(
        "RangeStart",
        "#datetime(2000, 1, 1, 0, 0, 0)",
        "DateTime",
        "First day of the records to load; set by incremental refresh.",
    ),
    Parameter(
        "RangeEnd",
        "#datetime(2100, 1, 1, 0, 0, 0)",
        "DateTime",
        "Day after the last of the records to load; set by incremental refresh.",
    ),
)

FEED = 'OData.Feed(ApiBaseUrl & "/odata/v1", null, [Implementation = "2.0", ODataVersion = 4])'
IN_RANGE = "[OperationalDate] >= DateTime.Date(RangeStart) and [OperationalDate] < DateTime.Date(RangeEnd)"
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
CODE_COLUMNS = ("Code", "Label", "Description", "SortOrder", "SnapshotId")

Step = tuple[str, str]
"""A name and an M expression; `{0}` in it is the step before."""


def view(source: View, *, window: bool) -> str:
    """The M of a view's table. `window`: only the days between the parameters RangeStart and RangeEnd."""
    steps: list[Step] = []
    if window:
        steps.append(("InRange", f"Table.SelectRows({{0}}, each {IN_RANGE})"))
    if floats := [column.name for column in source.columns if column.edm is Edm.DOUBLE]:
        steps.append(("WithoutPoints", f"Table.RemoveColumns({{0}}, {_list(floats)})"))
    if source.name == "HourlyActivity":
        names = _list(WEEKDAYS)
        steps.append(("Named", f'Table.AddColumn({{0}}, "WeekdayName", each {names}{{[Weekday] - 1}}, type text)'))
    if instants := [column for column in source.columns if column.edm is Edm.INSTANT]:
        steps.append(("InUtc", _utc(instants)))
    return _query(source.name, steps)


def code_list(name: str, label: str) -> str:
    """The M of a code list's table: its rows of `Codes`, the label under the table's own name."""
    steps = [
        ("Listed", f'Table.SelectRows({{0}}, each [CodeList] = "{name}")'),
        ("Kept", f"Table.SelectColumns({{0}}, {_list(CODE_COLUMNS)})"),
        ("Renamed", f'Table.RenameColumns({{0}}, {{{{"Label", "{label}"}}}})'),
    ]
    return _query("Codes", steps)


def _query(name: str, steps: list[Step]) -> str:
    lines = [("Source", FEED), ("Rows", f'Source{{[Name = "{name}", Signature = "table"]}}[Data]')]
    for step, expression in steps:
        lines.append((step, expression.replace("{0}", lines[-1][0])))
    body = ",\n".join(f"    {step} = {expression}" for step, expression in lines)
    return f"let\n{body}\nin\n    {lines[-1][0]}"


def _utc(instants: list[Column]) -> str:
    """A zone would be lost on loading, and with it the meaning of the value: so it is taken off here, in UTC."""
    made = ",\n".join(
        f'        {{"{column.name}", each DateTimeZone.RemoveZone(DateTimeZone.ToUtc(_)), type '
        + ("nullable datetime}" if column.nullable else "datetime}")
        for column in instants
    )
    return f"Table.TransformColumns({{0}}, {{\n{made}\n    }})"


def _list(names: tuple[str, ...] | list[str]) -> str:
    return "{" + ", ".join(f'"{name}"' for name in names) + "}"
