"""View by view, which sums must agree: what a daily view counts and what its records, counted, say. One table.

Each line becomes one SQL that counts the groups in which any of its columns differs. Both sides are published, so that
a reader can repeat every one. Run by jobs.refresh.check under the id of the declared check.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from models.catalogue.codes import STAGES
from models.snapshot.rowtext import literal, quoted

ONE = "1"


@dataclass(frozen=True)
class Agreement:
    """`columns` of the view `daily` are sums over the rows of `records`, by `keys` that both have (none: all together).

    `where` and `of` choose rows of the records and of the daily view; `param` is at hand.
    """

    check: str
    daily: str
    records: str
    keys: tuple[str, ...]
    columns: Mapping[str, str]
    where: str = "true"
    of: str = "true"


def _has(column: str) -> str:
    return f"CAST({quoted(column)} IS NOT NULL AS INT)"


def _is(condition: str) -> str:
    return f"CAST(COALESCE({condition}, false) AS INT)"


def _reached(stage: str) -> str:
    """Calls that came at least so far."""
    later = ", ".join(literal(code) for code in STAGES[STAGES.index(stage) :])
    return _is(f'"StageCode" IN ({later})')


def _state(code: str) -> str:
    return _is(f'"AssessmentStateCode" = {literal(code)}')


def _interval(name: str, column: str) -> dict[str, str]:
    """n and sum of an interval."""
    return {f"{name}Count": _has(column), f"{name}MsSum": quoted(column)}


DAY, AREA, TEAM, PRIORITY = "OperationalDate", "AreaId", "TeamCode", "PriorityCode"
DISPATCHED = '"UnitCount" > 0'
CITY_DAY = """"PeriodCode" = 'day' AND "CutCode" = 'city' AND "IntervalCode" = """

AGREEMENTS = (
    Agreement(
        "calls_agree",
        "DailyCalls",
        "Calls",
        (DAY, AREA, "CallSourceCode", PRIORITY),
        {
            "CallCount": ONE,
            "TriagedCount": _reached("triaged"),
            "EligibleCount": _reached("eligible"),
            "OfferedCount": _reached("offered"),
            "DispatchedCount": _reached("dispatched"),
            "ArrivedCount": _reached("arrived"),
            "EngagedCount": _reached("engaged"),
            "SupportedCount": _reached("supported"),
            "Diverted911Count": _is('"IsDiverted911"'),
            "From911Count": _is(""""CallSourceCode" = '911'"""),
            **_interval("Answer", "AnswerMs"),
        },
    ),
    Agreement(
        "funnel_adds_up",
        "DailyFunnel",
        "Calls",
        (DAY, AREA, PRIORITY, "StageCode", "StopReasonCode"),
        {"StoppedCount": ONE},
    ),
    Agreement(
        "responses_agree",
        "DailyResponses",
        "Calls",
        (AREA, PRIORITY, TEAM),
        {
            "DispatchedCallCount": ONE,
            "UnitResponseCount": '"UnitCount"',
            "TargetDueCount": _has("IsWithinTarget"),
            "WithinTargetCount": _is('"IsWithinTarget"'),
            **_interval("FirstArrival", "FirstArrivalMs"),
            **_interval("Processing", "ProcessingMs"),
            **_interval("Queue", "QueueMs"),
            **_interval("OnScene", "OnSceneMs"),
        },
        where=DISPATCHED,
    ),
    Agreement(
        "responses_agree",
        "DailyResponses",
        "Responses",
        (AREA,),
        {"UnitResponseCount": _is(""""ResponseModeCode" <> 'phone'""")},
    ),
    Agreement(
        "outcomes_agree",
        "DailyOutcomes",
        "Calls",
        (AREA, TEAM, "ContactOutcomeCode", "DispositionCode"),
        {
            "DispatchedCallCount": ONE,
            "ArrivedCount": _reached("arrived"),
            "EngagedCount": _reached("engaged"),
            "PoliceRequestedCount": f"{_reached('arrived')} * {_is(quoted('PoliceRequested'))}",
            "EmsRequestedCount": f"{_reached('arrived')} * {_is(quoted('EmsRequested'))}",
        },
        where=DISPATCHED,
    ),
    Agreement(
        "outcomes_agree",
        "DailyOutcomes",
        "DailyResponses",
        (DAY, AREA, TEAM),
        {"DispatchedCallCount": '"DispatchedCallCount"'},
    ),
    Agreement(
        "incidents_agree",
        "DailyIncidents",
        "Incidents",
        (DAY, AREA, "IncidentTypeCode", "HarmCode", "FamilyCode"),
        {
            "IncidentCount": ONE,
            "FatalPersonCount": '"FatalPersonCount"',
            "InjuredPersonCount": '"InjuredPersonCount"',
        },
    ),
    Agreement(
        "open_incidents_agree",
        "DailyIncidents",
        "Incidents",
        (AREA, "IncidentTypeCode", "HarmCode"),
        {"OpenIncidentCount": ONE},
        where='"IsOpen"',
        of='"OperationalDate" = as_of_day',
    ),
    Agreement(
        "assessments_agree",
        "DailyIncidents",
        "Incidents",
        (AREA, "IncidentTypeCode", "HarmCode"),
        {
            "AssessmentOnTimeCount": _state("on_time"),
            "AssessmentLateCount": _state("late"),
            "AssessmentMissingCount": _state("missing"),
            "AssessmentInvalidCount": _state("invalid"),
            "AssessmentNotDueCount": _state("not_due"),
        },
    ),
    Agreement(
        "referrals_agree",
        "DailyReferrals",
        "Referrals",
        (DAY, AREA, "ServiceCode"),
        {
            "ReferralCount": ONE,
            "AcceptedCount": _has("AcceptedAt"),
            "DeclinedCount": _has("DeclinedAt"),
            "ConnectedCount": _has("ConnectionMs"),
            "ConnectionMsSum": '"ConnectionMs"',
        },
    ),
    Agreement(
        "requests_agree",
        "DailyRequests",
        "Requests",
        (DAY, "RequestKindCode", TEAM),
        {"ReceivedCount": ONE},
    ),
    Agreement(
        "requests_agree",
        "DailyRequests",
        "Requests",
        ("RequestKindCode", TEAM),
        {"AnsweredOnTimeCount": _is('"IsOnTime"')},
    ),
    Agreement(
        "requests_agree",
        "DailyRequests",
        "Requests",
        ("RequestKindCode", TEAM),
        {"BacklogCount": ONE},
        where='"FirstAnswerAt" IS NULL AND "ClosedAt" IS NULL',
        of='"OperationalDate" = as_of_day',
    ),
    *(
        Agreement(
            "percentiles_agree",
            "ResponsePercentiles",
            daily,
            (DAY,),
            {part: quoted(column) for part, column in columns.items()},
            of=CITY_DAY + literal(interval),
        )
        for interval, daily, columns in (
            *(
                (
                    interval,
                    "DailyResponses",
                    {
                        f"{part}Count": f"{name}{part.removeprefix('Value')}Count"
                        for part in ("Value", "Missing", "Invalid")
                    },
                )
                for interval, name in (
                    ("first_arrival", "FirstArrival"),
                    ("processing", "Processing"),
                    ("queue", "Queue"),
                    ("on_scene", "OnScene"),
                )
            ),
            ("assessment", "DailyIncidents", {p: f"Assessment{p}" for p in ("MissingCount", "InvalidCount")}),
            ("follow_up", "DailyFollowUps", {p: p for p in ("MissingCount", "InvalidCount")}),
            (
                "referral_connection",
                "DailyReferrals",
                {"ValueCount": "ConnectedCount", "InvalidCount": "ConnectionInvalidCount"},
            ),
        )
    ),
)


@dataclass(frozen=True)
class Bound:
    """`column` of the view `part`, summed by `keys`, is at most the number of rows of `whole`."""

    check: str
    part: str
    column: str
    whole: str
    keys: tuple[str, ...] = ()
    where: str = "true"
    of: str = "true"


BOUNDS = (
    Bound(
        "follow_ups_within",
        "DailyFollowUps",
        "EngagedCount",
        "Contacts",
        (AREA, TEAM),
        where=""""IsEngaged" AND "ContactRoleCode" = 'service_user'""",
    ),
    Bound(
        "hours_within",
        "HourlyActivity",
        "EventCount",
        "Calls",
        of=""""PeriodCode" = 'all' AND "ActivityCode" = 'calls'""",
    ),
    Bound(
        "hours_within",
        "HourlyActivity",
        "EventCount",
        "Incidents",
        where=""""FamilyCode" = 'violent_critical'""",
        of=""""PeriodCode" = 'all' AND "ActivityCode" = 'violent_incidents'""",
    ),
    Bound("open_items_within", "OpenItems", ONE, "Incidents", (AREA,), '"IsOpen"', """"ItemKindCode" = 'incident'"""),
    Bound(
        "open_items_within",
        "OpenItems",
        ONE,
        "Requests",
        (TEAM,),
        '"FirstAnswerAt" IS NULL AND "ClosedAt" IS NULL',
        """"ItemKindCode" = 'request'""",
    ),
)


def _grouped(view: str, keys: tuple[str, ...], sums: Mapping[str, str], where: str) -> str:
    names = ", ".join(quoted(key) for key in keys) or "1 AS every"
    values = ", ".join(f"sum({value}) AS {quoted(name)}" for name, value in sums.items())
    return f"SELECT {names}, {values} FROM pub.{quoted(view)}, param WHERE {where} GROUP BY ALL"


def _using(keys: tuple[str, ...]) -> str:
    return ", ".join(quoted(key) for key in keys) or "every"


def _differing(each: Agreement) -> str:
    """SQL that counts the groups in which a column differs, or that stand on one side alone with more than 0."""
    daily = _grouped(each.daily, each.keys, {name: quoted(name) for name in each.columns}, each.of)
    records = _grouped(each.records, each.keys, each.columns, each.where)
    differs = " OR ".join(f"COALESCE(a.{quoted(name)}, 0) <> COALESCE(b.{quoted(name)}, 0)" for name in each.columns)
    return f"SELECT count(*) FROM ({daily}) a FULL JOIN ({records}) b USING ({_using(each.keys)}) WHERE {differs}"


def _exceeding(each: Bound) -> str:
    """SQL that counts the groups in which the part is more than the whole."""
    column = each.column if each.column == ONE else quoted(each.column)
    part = _grouped(each.part, each.keys, {"n": column}, each.of)
    whole = _grouped(each.whole, each.keys, {"n": ONE}, each.where)
    joined = f"({part}) a LEFT JOIN ({whole}) b USING ({_using(each.keys)})"
    return f"SELECT count(*) FROM {joined} WHERE a.n > COALESCE(b.n, 0)"


def queries(check: str) -> tuple[str, ...]:
    """The SQLs of a check, each one number."""
    return (
        *(_differing(each) for each in AGREEMENTS if each.check == check),
        *(_exceeding(each) for each in BOUNDS if each.check == check),
    )
