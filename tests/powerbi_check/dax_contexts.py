"""Filter contexts in which measures are asked: what a reader may choose, as the model's fields and values.

Each view has its own: days of every kind (one, none, a week, a weekday, the first days, days on which clocks change),
every dimension that the view is cut by (its commonest value, another one in a month, one that no row has), two at once,
and every dimension that it is not cut by. Values come from the snapshot. Called by dax.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import Any

from tests.conformance.bench import Truth

Values = tuple[Any, ...]


@dataclass(frozen=True)
class Choice:
    """Some values of one field."""

    table: str
    column: str
    values: Values


@dataclass(frozen=True)
class Context:
    """Choices, all of them at once."""

    choices: tuple[Choice, ...] = ()

    def filters(self) -> dict[str, list[Any]]:
        """As the judge takes them."""
        return {
            f"{each.table}.{each.column}": [
                value.isoformat() if isinstance(value, date) else value for value in each.values
            ]
            for each in self.choices
        }

    def of(self, table: str) -> tuple[Choice, ...]:
        """The choices in one table."""
        return tuple(each for each in self.choices if each.table == table)

    def tables(self) -> frozenset[str]:
        """Where something is chosen."""
        return frozenset(each.table for each in self.choices)

    def without(self, table: str) -> tuple[Choice, ...]:
        """The choices in the other tables."""
        return tuple(each for each in self.choices if each.table != table)

    def __str__(self) -> str:
        shown = (f"{each.table}[{each.column}] = {_short(each.values)}" for each in self.choices)
        return ", ".join(shown) or "nothing chosen"


def _short(values: Values) -> str:
    words = [str(value) for value in values]
    return " or ".join(words) if len(words) <= 3 else f"{words[0]} or {len(words) - 1} more"


LABELS = {"Areas": "AreaName", "Teams": "TeamName", "IncidentTypes": "IncidentTypeName"}
KEYS = {"Areas": "AreaId", "Teams": "TeamCode", "IncidentTypes": "IncidentTypeCode"}
CUT_BY: dict[str, dict[str, str]] = {
    "DailyIncidents": {"Areas": "AreaId", "IncidentTypes": "IncidentTypeCode", "Harm": "HarmCode"},
    "DailyCalls": {"Areas": "AreaId", "Source": "CallSourceCode", "Priority": "PriorityCode"},
    "DailyFunnel": {
        "Areas": "AreaId", "Priority": "PriorityCode", "Stage": "StageCode", "StopReason": "StopReasonCode",
    },
    "DailyResponses": {"Areas": "AreaId", "Priority": "PriorityCode", "Teams": "TeamCode"},
    "DailyOutcomes": {
        "Areas": "AreaId", "Teams": "TeamCode", "ContactOutcome": "ContactOutcomeCode", "Disposition": "DispositionCode",
    },
    "DailyReferrals": {"Areas": "AreaId", "Service": "ServiceCode"},
    "DailyFollowUps": {"Areas": "AreaId", "Teams": "TeamCode"},
    "DailyRequests": {"RequestKind": "RequestKindCode", "Teams": "TeamCode"},
    "DataQuality": {"ContractTable": "ContractTable", "Finding": "FindingCode"},
    "Revisions": {"ContractTable": "ContractTable"},
    "Completeness": {"ContractTable": "ContractTable"},
    "OpenItems": {
        "Areas": "AreaId", "Teams": "TeamCode", "ItemKind": "ItemKindCode", "Severity": "SeverityCode",
        "DueState": "DueStateCode",
    },
    "HourlyActivity": {"Activity": "ActivityCode", "Period": "PeriodCode"},
    "ResponsePercentiles": {"Interval": "IntervalCode", "Period": "PeriodCode", "Cut": "CutCode"},
    "Incidents": {
        "Areas": "AreaId", "IncidentTypes": "IncidentTypeCode", "Harm": "HarmCode", "Severity": "SeverityCode",
        "IncidentStatus": "StatusCode", "Source": "SourceCode", "GeocodeMethod": "GeocodeMethodCode",
        "AssessmentState": "AssessmentStateCode",
    },
    "Calls": {
        "Areas": "AreaId", "Teams": "TeamCode", "Source": "CallSourceCode", "Priority": "PriorityCode",
        "Stage": "StageCode", "StopReason": "StopReasonCode", "ContactOutcome": "ContactOutcomeCode",
        "Disposition": "DispositionCode", "PoliceOnScene": "PoliceOnSceneCode",
    },
}  # fmt: skip
"""View -> the dimensions that it is cut by, and its own column for each; days apart. By the definitions of the views."""
UNDATED = frozenset({"OpenItems", "HourlyActivity", "Completeness"})
MAIN = {view: next(iter(dims)) for view, dims in CUT_BY.items()}


def code_list(table: str) -> str:
    """`StopReason` -> `stop_reason`."""
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in table).lstrip("_")


@dataclass
class Offer:
    """The values of a snapshot from which contexts are made."""

    truth: Truth

    @cached_property
    def days(self) -> list[Context]:
        """Choices of days."""
        last: date = self.truth.one('SELECT max("OperationalDate") FROM "Dates"')
        first: date = self.truth.one('SELECT min("OperationalDate") FROM "Dates"')
        clocks = [row[0] for row in self.truth.tuples('SELECT "OperationalDate" FROM "Dates" WHERE "HoursInDay" <> 24')]
        month = (last.replace(day=1) - timedelta(days=1)).replace(day=1)
        week = last - timedelta(days=21)
        day = "OperationalDate"
        return [
            Context(),
            _days("MonthStart", month),
            _days(day, *(last - timedelta(days=back) for back in range(30))),
            _days(day, last - timedelta(days=1)),
            _days(day, last - timedelta(days=9)),
            _days("DaysBeforeAsOf", *range(1, 29)),
            _days(day, last),
            _days(day, last + timedelta(days=2000)),
            _days("Year", last.year),
            _days(day, *(first + timedelta(days=on) for on in range(8))),
            Context(
                (*_days("IsoWeek", week.isocalendar()[1]).choices, *_days("IsoYear", week.isocalendar()[0]).choices)
            ),
            _days("WeekdayName", "Monday"),
            Context((*_days("Year", month.year).choices, *_days("WeekdayName", "Saturday", "Sunday").choices)),
            _days(day, *clocks),
            _days("IsProvisional", True),
            _days(day, last - timedelta(days=365)),
        ]

    @property
    def month(self) -> tuple[Choice, ...]:
        """The last whole month."""
        return self.days[1].choices

    def values(self, view: str, table: str) -> list[str]:
        """Labels of a dimension, the commonest in the view first, the ones without rows last."""
        own = CUT_BY[view][table]
        rows = f'SELECT "{own}" AS key, count(*) AS n FROM "{view}" GROUP BY ALL'
        if table in LABELS:
            named = f'SELECT "{KEYS[table]}" AS key, "{LABELS[table]}" AS label FROM "{table}"'
        else:
            named = f"""SELECT "Code" AS key, "Label" AS label FROM "Codes" WHERE "CodeList" = '{code_list(table)}'"""
        sql = f"SELECT label FROM ({named}) LEFT JOIN ({rows}) USING (key) ORDER BY COALESCE(n, 0) DESC, key"
        return [label for (label,) in self.truth.tuples(sql)]

    def any_label(self, table: str) -> str:
        """The first label of a dimension."""
        if table in LABELS:
            return str(self.truth.one(f'SELECT min("{LABELS[table]}") FROM "{table}"'))
        return str(self.truth.one(f"""SELECT min("Label") FROM "Codes" WHERE "CodeList" = '{code_list(table)}'"""))


def _days(column: str, *values: Any) -> Context:
    return Context((Choice("Dates", column, values),))


def label(table: str, *values: str) -> Choice:
    """Values of a dimension by what people read."""
    return Choice(table, LABELS.get(table, table), values)


def contexts(offer: Offer, view: str, dimensions: frozenset[str]) -> list[Context]:
    """Every context in which the measures of a view are asked; the first ones say most.

    `dimensions` are those of the model: each that the view is not cut by is chosen once, the first of them early.
    """
    special = {
        "HourlyActivity": _hourly,
        "ResponsePercentiles": _percentiles,
        "Snapshots": _anything,
        "Completeness": _ages,
    }
    made = special[view](offer) if view in special else list(_cuts(offer, view))
    known = {"Dates", *CUT_BY.get(view, ())}
    foreign = [Context((label(table, offer.any_label(table)),)) for table in sorted(dimensions - known)]
    if view in special:
        return list(dict.fromkeys((*made, *foreign)))
    return list(dict.fromkeys((*made[:6], *foreign[:1], *made[6:], *foreign)))


def _cuts(offer: Offer, view: str) -> Iterator[Context]:
    dims = {table: offer.values(view, table) for table in CUT_BY[view]}
    days = [Context()] if view in UNDATED else offer.days
    month = () if view in UNDATED else offer.month
    tables = list(dims)
    yield days[0]
    for table, values in dims.items():
        yield Context((label(table, values[0]),))
    yield from days[1:5]
    for table, values in dims.items():
        yield Context((*month, label(table, *values[1:4])))
    yield Context((*month, *(label(table, dims[table][0]) for table in tables[-2:])))
    yield from days[5:]
    for table, values in dims.items():
        yield Context((label(table, values[-1]),))
        yield Context((label(table, *values[:2]), *month))
    if view in ("DailyIncidents", "Incidents"):
        yield from (Context((Choice("IncidentTypes", "FamilyCode", (family,)),)) for family in FAMILIES)
    if view in UNDATED:
        yield offer.days[1]
    if view == "DataQuality":
        (field,) = offer.truth.tuples(
            'SELECT "FieldName" FROM "DataQuality" GROUP BY 1 ORDER BY count(*) DESC LIMIT 1'
        )[0]
        yield Context((Choice("DataQuality", "FieldName", (field,)),))
    if view == "Revisions":
        (night,) = offer.truth.tuples('SELECT "RevisedOn" FROM "Revisions" GROUP BY 1 ORDER BY count(*) DESC LIMIT 1')[
            0
        ]
        yield Context((Choice("Revisions", "RevisedOn", (night,)),))


def _ages(offer: Offer) -> list[Context]:
    calls, requests = (label("ContractTable", name) for name in ("call", "request"))
    none = label("ContractTable", offer.values("Completeness", "ContractTable")[-1])
    at = [Choice("Completeness", "AgeDays", ages) for ages in ((1,), (0,), (3,), (28,), (41,), (60,), (0, 1), (999,))]
    both = label("ContractTable", "call", "incident")
    choices: list[tuple[Choice, ...]] = [
        (at[0],), (at[0], calls), (at[1], both), (at[2], calls), (calls,), (), (at[3], requests), (at[6], calls),
        *((age,) for age in at[1:]), *((age, both) for age in at[2:]), (at[0], none), (at[0], *offer.month),
    ]  # fmt: skip
    return [Context(each) for each in choices]


FAMILIES = ("violent_critical", "person_in_crisis")


def _hourly(offer: Offer) -> list[Context]:
    activities = offer.values("HourlyActivity", "Activity")
    one, other = (label("Activity", activity) for activity in activities)
    cell = (Choice("HourlyActivity", "Weekday", (1,)), Choice("HourlyActivity", "Hour", (14,)))
    night = Choice("HourlyActivity", "Hour", (0, 1, 2, 3))
    periods = [Choice("Period", "Code", (code,)) for code in ("52w", "all", "28d", "12w")]
    month = offer.month
    choices: list[tuple[Choice, ...]] = [
        (one,), (one, *cell), (other,), (other, *cell), (one, night), (one, cell[0]), (one, cell[1]), (),
        *((activity, period) for activity in (one, other) for period in periods),
        *((activity, period, *cell) for activity in (one, other) for period in periods[:3]),
        (one, *month), cell, (one, label("Teams", "Mobile team North East")), (other, night),
    ]  # fmt: skip
    return [Context(each) for each in choices]


def _percentiles(offer: Offer) -> list[Context]:
    days = [each.choices for each in offer.days]
    teams = [label("Teams", name) for name in offer.values("DailyResponses", "Teams")]
    priorities = [label("Priority", name) for name in offer.values("DailyResponses", "Priority")]
    both = label("Priority", *priorities[0].values, *priorities[1].values)
    intervals = {
        code: Choice("Interval", "Code", (code,))
        for (code,) in offer.truth.tuples('SELECT DISTINCT "IntervalCode" FROM "ResponsePercentiles" ORDER BY 1')
    }
    first = intervals["first_arrival"]
    periods = {code: Choice("Period", "Code", (code,)) for code in ("day", "7d", "28d", "month", "year", "all", "12w")}
    choices: list[tuple[Choice, ...]] = [
        (), *((each,) for each in intervals.values()),
        (first, teams[0]), (first, priorities[0]), (first, *days[1]), (first, periods["month"], *days[1]),
        (teams[0],), (priorities[1],), (first, teams[0], priorities[0]), (first, both),
        *((first, period) for period in periods.values()), *(days[at] for at in (1, 3, 4, 6, 7, 9)),
        (first, periods["7d"], teams[1], *days[4]), (first, periods["day"], priorities[0], *days[3]),
        (first, label("Areas", offer.values("DailyCalls", "Areas")[0])), (first, Choice("Cut", "Code", ("team",))),
        (first, Choice("Cut", "Code", ("team",)), teams[0]), *((period, *days[4]) for period in periods.values()),
        (label("Harm", "Fatal"),), (first, intervals["queue"]), (periods["year"],), (periods["all"],), (periods["month"],),
    ]  # fmt: skip
    return [Context(_merged(each)) for each in choices]


def _merged(choices: tuple[Choice, ...]) -> tuple[Choice, ...]:
    """Two choices of one field are one choice of both."""
    fields: dict[tuple[str, str], Values] = {}
    for each in choices:
        fields[each.table, each.column] = (*fields.get((each.table, each.column), ()), *each.values)
    return tuple(Choice(*field, values) for field, values in fields.items())


def _anything(offer: Offer) -> list[Context]:
    return [*offer.days[:12], *_percentiles(offer)[1:12]]
