"""What may go wrong in a report, in the files of a project and in the template, one fault each.

How it is made, which judge must find it, and what it must say. Called by the mutation drill.
"""

from __future__ import annotations

from dataclasses import replace

from powerbi.model import build
from powerbi.model.words import Model
from powerbi.report import report
from powerbi.report.words import Field, Report, Well
from tests.powerbi_check.mutants import Files, Mutation, ReportChange, document, packed, text, visual


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


LIST = "Late, or due"
DAILY_CALLS = "/tables/DailyCalls.tmdl"

MUTATIONS: tuple[Mutation, ...] = (
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
