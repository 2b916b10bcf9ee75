"""What may go wrong with a template, one fault each: how it is made, which judge must find it, and what it must say.

`says` are texts that stand in one sentence of that judge: the table, measure, page or visual that would break. The first
seven kinds are named in the order of the catalogue's readers: metric, column, M, DAX, dates, visual, record. Called by
the mutation drill.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from powerbi.model import build
from powerbi.model.words import DataType, Measure, Model, Relationship
from powerbi.report import report
from powerbi.report.words import Field, Report, Well
from tests.powerbi_check.mutants import Files, column, document, measure, packed, said, table, text, visual, without
from tests.powerbi_check.rows import AUDIENCES

ModelChange = Callable[[Model], Model]
ReportChange = Callable[[Report], Report]


@dataclass(frozen=True)
class Mutation:
    """One fault. Exactly one of `model`, `report`, `files`, `catalogue` says how it is made; `judge` must find it."""

    kind: str
    what: str
    judge: str
    says: tuple[str, ...]
    model: ModelChange | None = None
    report: ReportChange | None = None
    files: Callable[[Files], None] | None = None
    catalogue: str | None = None
    audiences: tuple[str, ...] = AUDIENCES
    short: bool = True


def expression(old: str, new: str, home: str = "DailyCalls", name: str = "Calls for service") -> ModelChange:
    """A measure that says something else."""

    def changed(each: Measure) -> Measure:
        assert old in each.expression, f"{home}[{name}] does not say {old}"
        return replace(each, expression=each.expression.replace(old, new, 1))

    return measure(home, name, changed)


def _with_records(model: Model) -> Model:
    analyst = build.model("analyst")
    incidents = replace(analyst.table("Incidents"), refresh=None)
    cultures = tuple(
        replace(
            own,
            captions=(*own.captions, *(said for said in other.captions if said[0] == incidents.name)),
            folders=tuple(dict([*other.folders, *own.folders]).items()),
        )
        for own, other in zip(model.cultures, analyst.cultures, strict=True)
    )
    return replace(model, tables=(*model.tables, incidents), cultures=cultures)


def _with_records_page(pages: Report) -> Report:
    (records,) = (page for page in report("analyst").pages if page.key == "records")
    return replace(pages, pages=(*pages.pages, records))


def _wells(*fields: Field) -> ReportChange:
    return visual(
        "situation", "late and due list", lambda each: replace(each, wells=(Well("Values", fields),), sort=())
    )


def _everybody(model: Model) -> Model:
    (role,) = model.roles
    kept = tuple(each for each in role.filters if each[0] != "DailyCalls")
    return replace(model, roles=(replace(role, filters=kept),))


def _related_to_nothing(model: Model) -> Model:
    return replace(
        model, relationships=(*model.relationships, Relationship("DailyCalls", "AreaId", "Areas", "AreaNumber"))
    )


def _no_alt(content: dict) -> None:  # type: ignore[type-arg]
    del content["visual"]["visualContainerObjects"]["general"]


def _last(content: dict) -> None:  # type: ignore[type-arg]
    content["position"]["tabOrder"] = 999_000


def _unknown_type(content: dict) -> None:  # type: ignore[type-arg]
    content["visual"]["visualType"] = "lineChard"


def _misspelt(content: dict) -> None:  # type: ignore[type-arg]
    content["drillFilterOtherVisual"] = True


def _sealed(files: Files) -> None:
    (path,) = (path for path in files if path.endswith("DailyCalls.tmdl"))
    files[path] = b"\xef\xbb\xbf" + files[path]


TILE = "Calls for service"
LIST = "Late, or due"
DAILY_CALLS = "/tables/DailyCalls.tmdl"
CLOSED = ("[OperationalDate] < DateTime.Date(RangeEnd)", "[OperationalDate] <= DateTime.Date(RangeEnd)")

MUTATIONS: tuple[Mutation, ...] = (
    # a metric goes by another name
    Mutation(
        "metric", "renamed, without a French name", "generator", ("Calls taken", "DailyCalls"), catalogue="rename"
    ),
    Mutation(
        "metric",
        "renamed, the report of yesterday in place",
        "check",
        ("page Situation", TILE, "DailyCalls[Calls for service, yesterday]"),
        catalogue="rename and translate",
    ),
    Mutation(
        "metric",
        "renamed, the templates not made anew",
        "stale",
        ("DailyCalls.tmdl",),
        catalogue="rename and translate",
    ),
    # a column is gone
    Mutation("column", "gone from the view", "generator", ("calls_for_service", "DailyCalls"), catalogue="drop"),
    Mutation(
        "column",
        "gone from the model, a measure adds it up",
        "check",
        ("DailyCalls[Calls for service]", "DailyCalls[CallCount]"),
        model=without("DailyCalls", "CallCount"),
    ),
    Mutation(
        "column",
        "gone from the model, the M still gives it",
        "m run",
        ("DailyCalls", "CallCount"),
        model=without("DailyCalls", "CallCount"),
    ),
    Mutation(
        "column",
        "gone from the model, a relationship starts from it",
        "tom",
        ("DailyCalls", "AreaId"),
        model=without("DailyCalls", "AreaId"),
    ),
    Mutation(
        "column",
        "gone from the model, a visual shows it",
        "check",
        ("page Where and when", "Areas[AreaName]"),
        model=without("Areas", "AreaName"),
    ),
    Mutation(
        "column",
        "of another type than the view's",
        "m run",
        ("DailyCalls[CallCount]",),
        model=column("DailyCalls", "CallCount", lambda each: replace(each, data_type=DataType.DECIMAL)),
    ),
    # an M step is broken
    Mutation(
        "M", "a bracket is not closed", "m run", ("DailyCalls",), model=said("DailyCalls", '"table"]}', '"table"]')
    ),
    Mutation(
        "M",
        "a step asks for a step that is not there",
        "m run",
        ("DailyCalls",),
        model=said("DailyCalls", "in\n    Rows", "in\n    Filtered"),
    ),
    Mutation(
        "M",
        "an entity set that the service has not",
        "m run",
        ("DailyCalls",),
        model=said("DailyCalls", '"DailyCalls"', '"DailyCall"'),
    ),
    Mutation(
        "M",
        "the same, found without a service",
        "check",
        ("DailyCalls", "DailyCall:"),
        model=said("DailyCalls", '"DailyCalls"', '"DailyCall"'),
    ),
    Mutation(
        "M",
        "the path of the service is wrong",
        "m run",
        ("DailyCalls",),
        model=said("DailyCalls", "/odata/v1", "/odata/v4"),
    ),
    Mutation(
        "M",
        "a step that gives wrong values",
        "m run",
        ("HourlyActivity",),
        model=said("HourlyActivity", "[Weekday] - 1", "7 - [Weekday]"),
    ),
    Mutation(
        "M",
        "both ends of a window closed",
        "m run",
        ("Calls, in parts", "rows too many"),
        model=said("Calls", *CLOSED),
        audiences=("analyst",),
    ),
    Mutation(
        "M",
        "an instant keeps its zone",
        "m run",
        ("Calls",),
        model=said(
            "Calls",
            '        {"CallArrival", each DateTimeZone.RemoveZone(DateTimeZone.ToUtc(_)), type datetime},\n',
            "",
        ),
        audiences=("analyst",),
    ),
    # a DAX measure is broken
    Mutation(
        "DAX",
        "a column that is not there",
        "check",
        ("DailyCalls[Calls for service]", "DailyCalls[CallCounts]"),
        model=expression("[CallCount]", "[CallCounts]"),
    ),
    Mutation(
        "DAX",
        "a measure that is not there",
        "check",
        ("DailyCalls[Calls for service]", "Answers"),
        model=expression("[Answerable (DailyCalls)]", "[Answers]"),
    ),
    Mutation(
        "DAX",
        "the same name twice",
        "tom",
        ("Dispatch rate",),
        files=text("/tables/DailyResponses.tmdl", "\tmeasure ", "\tmeasure 'Dispatch rate' = 1\n\n\tmeasure "),
    ),
    # the date table
    Mutation(
        "date table",
        "no longer marked",
        "check",
        ("table Dates",),
        model=table("Dates", lambda each: replace(each, time=False)),
    ),
    Mutation(
        "date table",
        "no longer marked",
        "model rules",
        ("date table", "Table Dates"),
        model=table("Dates", lambda each: replace(each, time=False)),
        short=False,
    ),
    Mutation(
        "date table",
        "its key is no key",
        "check",
        ("table Dates",),
        model=column("Dates", "OperationalDate", lambda each: replace(each, key=False)),
    ),
    # a visual points at nothing
    Mutation(
        "visual",
        "at a measure that is not there",
        "check",
        ("page Situation", LIST, "OpenItems[Hours late]"),
        report=_wells(Field("OpenItems", "Hours late", measure=True)),
    ),
    Mutation(
        "visual",
        "at a table that is not there",
        "check",
        ("page Situation", LIST, "Backlog"),
        report=_wells(Field("Backlog", "ItemNumber")),
    ),
    Mutation(
        "visual",
        "at a column as if it were a measure",
        "check",
        ("page Situation", LIST, "Areas[AreaName]"),
        report=_wells(Field("Areas", "AreaName", measure=True)),
    ),
    Mutation(
        "visual",
        "at a measure that is not there, read by another reader",
        "report fields",
        ("page Situation", LIST, "OpenItems[Hours late]"),
        report=_wells(Field("OpenItems", "Hours late", measure=True)),
    ),
    Mutation(
        "visual",
        "of a type that Power BI has not",
        "report validator",
        ("lineChard",),
        files=document("/visual.json", _unknown_type),
        short=False,
    ),
    # record-level fields in the viewer's project
    Mutation(
        "record level",
        "a visual reads an incident",
        "check",
        ("page Situation", LIST, "Incidents[IncidentNumber]"),
        report=_wells(Field("Incidents", "IncidentNumber")),
        audiences=("viewer",),
    ),
    Mutation(
        "record level",
        "the analysts' page of records",
        "check",
        ("page Records", "Calls[CallId]"),
        report=_with_records_page,
        audiences=("viewer",),
    ),
    Mutation(
        "record level",
        "a table in the model",
        "check",
        ("Incidents", "viewer"),
        model=_with_records,
        audiences=("viewer",),
    ),
    Mutation(
        "record level",
        "a table in the model, asked for with the viewer's key",
        "m run",
        ("Incidents",),
        model=_with_records,
        audiences=("viewer",),
    ),
    # and more
    Mutation(
        "relationship", "to a column that is not there", "tom", ("Areas", "AreaNumber"), model=_related_to_nothing
    ),
    Mutation(
        "sorting",
        "by a column that is not there",
        "tom",
        ("HourlyActivity",),
        model=column("HourlyActivity", "WeekdayName", lambda each: replace(each, sort_by="Weekdays")),
    ),
    Mutation(
        "spelling",
        "a property that TMDL has not",
        "tom",
        ("DailyCalls",),
        files=text(DAILY_CALLS, "\t\tisHidden\n", "\t\tisHiden\n"),
    ),
    Mutation("spelling", "a file begins with a byte order mark", "check", ("DailyCalls.tmdl",), files=_sealed),
    Mutation(
        "spelling",
        "a property that the schema has not",
        "report schemas",
        ("visual.json", "drillFilterOtherVisual"),
        files=document("/visual.json", _misspelt),
    ),
    Mutation(
        "format",
        "a measure without one",
        "model rules",
        ("DailyCalls[Calls for service]",),
        model=measure("DailyCalls", "Calls for service", lambda each: replace(each, format=None)),
        short=False,
    ),
    Mutation(
        "accessibility",
        "a visual without alternative text",
        "report accessibility",
        ("page Start", "alt text"),
        files=document("/visual.json", _no_alt),
    ),
    Mutation(
        "accessibility",
        "a visual out of the order of the tab key",
        "report accessibility",
        ("page ",),
        files=document("/visual.json", _last),
    ),
    Mutation(
        "template",
        "a seal of somebody's machine in it",
        "template",
        ("SecurityBindings",),
        files=packed(lambda parts: parts.update({"SecurityBindings": b"x"})),
    ),
    Mutation(
        "template",
        "the model in it in another encoding",
        "template",
        ("DataModelSchema",),
        files=packed(lambda parts: parts.update(DataModelSchema=parts["DataModelSchema"].decode("utf-16-le").encode())),
    ),
)
