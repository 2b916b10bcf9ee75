"""What may go wrong in a semantic model, one fault each, in the order metric, column, M, DAX, dates, and more.

How it is made, which judge must find it, and what it must say. Called by the mutation drill.
"""

from __future__ import annotations

from dataclasses import replace

from powerbi.model.words import DataType, Measure, Model, Relationship
from tests.powerbi_check.mutants import ModelChange, Mutation, column, measure, said, table, text, without


def expression(old: str, new: str, home: str = "DailyCalls", name: str = "Calls for service") -> ModelChange:
    """A measure that says something else."""

    def changed(each: Measure) -> Measure:
        assert old in each.expression, f"{home}[{name}] does not say {old}"
        return replace(each, expression=each.expression.replace(old, new, 1))

    return measure(home, name, changed)


def _everybody(model: Model) -> Model:
    (role,) = model.roles
    kept = tuple(each for each in role.filters if each[0] != "DailyCalls")
    return replace(model, roles=(replace(role, filters=kept),))


def _exchanged(model: Model) -> Model:
    """Dispatched over eligible becomes eligible over dispatched."""
    over, under = "SUM('DailyCalls'[DispatchedCount])", "SUM('DailyCalls'[EligibleCount])"

    def changed(each: Measure) -> Measure:
        assert over in each.expression
        assert under in each.expression
        turned = each.expression.replace(over, "_").replace(under, over).replace("_", under)
        return replace(each, expression=turned)

    return measure("DailyCalls", "Dispatch rate", changed)(model)


def _related_to_nothing(model: Model) -> Model:
    return replace(
        model, relationships=(*model.relationships, Relationship("DailyCalls", "AreaId", "Areas", "AreaNumber"))
    )


TILE = "Calls for service"
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
        "a bracket is not closed",
        "dax",
        ("DailyCalls[Calls for service]",),
        model=expression("[CallCount])", "[CallCount]"),
    ),
    Mutation(
        "DAX",
        "a function that DAX has not",
        "dax",
        ("DailyCalls[Calls for service]", "TOTAL"),
        model=expression("SUM(", "TOTAL("),
    ),
    Mutation(
        "DAX",
        "numerator and denominator exchanged",
        "dax = sql",
        ("[Dispatch rate]", "SQL says"),
        model=_exchanged,
    ),
    Mutation(
        "DAX",
        "BLANK where the count is zero",
        "dax = sql",
        ("[Calls for service]", "SQL says 0"),
        model=expression(" + 0", ""),
    ),
    Mutation(
        "access",
        "no filter on a table that a person of one team may not see",
        "dax = sql",
        ("[Calls for service]", "team"),
        model=_everybody,
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
        "format",
        "a measure without one",
        "model rules",
        ("DailyCalls[Calls for service]",),
        model=measure("DailyCalls", "Calls for service", lambda each: replace(each, format=None)),
        short=False,
    ),
)
