"""Published views -> what holds and what does not: a table of checks, each one SQL that counts what is wrong.

Reads schemas `pub`, `fact`, `src` of the connection that it is given and changes nothing. A failed blocking check keeps
yesterday's snapshot published; the others warn. Called by the refresh after compute. Details are counts, never values.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import duckdb

from jobs.refresh.parameters import Parameters
from models.catalogue import CATALOGUE
from models.catalogue.types import Edm, View
from models.snapshot.manifest import CheckResult
from models.snapshot.rowtext import literal, quoted

PASSED, WARNED, FAILED = "passed", "warned", "failed"


@dataclass(frozen=True)
class Check:
    """`sql` yields one number, how much is wrong; 0 passes. `sentence` says what must hold."""

    id: str
    blocking: bool
    sentence: str
    sql: str


def _differ(first: str, second: str, keys: str) -> str:
    """Groups in which two sums differ or one is missing; both yield `keys` and `n`."""
    return (
        f"SELECT count(*) FROM (SELECT {keys}, sum(n) AS n FROM ({first}) GROUP BY {keys}) a "
        f"FULL JOIN (SELECT {keys}, sum(n) AS n FROM ({second}) GROUP BY {keys}) b USING ({keys}) "
        "WHERE COALESCE(a.n, 0) <> COALESCE(b.n, 0)"
    )


def _rows(view: str, condition: str) -> str:
    return f'SELECT count(*) FROM pub."{view}" WHERE {condition}'


STAGES = (
    (1, "CallCount"),
    (2, "TriagedCount"),
    (3, "EligibleCount"),
    (4, "OfferedCount"),
    (5, "DispatchedCount"),
    (6, "ArrivedCount"),
    (7, "EngagedCount"),
    (8, "SupportedCount"),
)
KEYS_OF_CALLS = '"OperationalDate", "AreaId", "PriorityCode"'


def _stage(order: int, column: str) -> str:
    return _differ(
        f'SELECT {KEYS_OF_CALLS}, "{column}" AS n FROM pub."DailyCalls"',
        f'SELECT {KEYS_OF_CALLS}, "StoppedCount" AS n FROM pub."DailyFunnel" WHERE "StageOrder" >= {order}',
        KEYS_OF_CALLS,
    )


def _parts(view: str, whole: str, *parts: str) -> str:
    return _rows(view, f'"{whole}" <> {" + ".join(quoted(part) for part in parts)}')


def _interval(view: str, whole: str, prefix: str) -> str:
    return _parts(view, whole, f"{prefix}Count", f"{prefix}MissingCount", f"{prefix}InvalidCount")


DECLARED = (
    Check(
        "funnel_adds_up",
        True,
        "DailyFunnel adds up to DailyCalls.CallCount for each day, area and priority, and so does each stage",
        "SELECT " + " + ".join(f"({_stage(order, column)})" for order, column in STAGES),
    ),
    Check(
        "stages_descend",
        True,
        "no stage of DailyCalls counts more calls than the stage before it",
        _rows(
            "DailyCalls",
            " OR ".join(
                f'"{later}" > "{earlier}"' for (_, earlier), (_, later) in zip(STAGES, STAGES[1:], strict=False)
            ),
        ),
    ),
    Check(
        "incidents_agree",
        True,
        "Incidents, counted, are DailyIncidents.IncidentCount for each day, area, kind and harm",
        _differ(
            'SELECT "OperationalDate", "AreaId", "IncidentTypeCode", "HarmCode", 1 AS n FROM pub."Incidents"',
            'SELECT "OperationalDate", "AreaId", "IncidentTypeCode", "HarmCode", "IncidentCount" AS n '
            'FROM pub."DailyIncidents"',
            '"OperationalDate", "AreaId", "IncidentTypeCode", "HarmCode"',
        ),
    ),
    Check(
        "open_incidents_agree",
        True,
        "open Incidents are the closing stock of DailyIncidents on the as-of day",
        _differ(
            'SELECT "AreaId", "IncidentTypeCode", "HarmCode", 1 AS n FROM pub."Incidents" WHERE "IsOpen"',
            'SELECT "AreaId", "IncidentTypeCode", "HarmCode", "OpenIncidentCount" AS n FROM pub."DailyIncidents", param '
            'WHERE "OperationalDate" = as_of_day',
            '"AreaId", "IncidentTypeCode", "HarmCode"',
        ),
    ),
    Check(
        "assessments_agree",
        True,
        "assessments due are on time, late, missing or invalid, and agree with the states of Incidents",
        "SELECT ("
        + _parts(
            "DailyIncidents",
            "AssessmentDueCount",
            "AssessmentOnTimeCount",
            "AssessmentLateCount",
            "AssessmentMissingCount",
            "AssessmentInvalidCount",
        )
        + ") + ("
        + _differ(
            """SELECT "AreaId", 1 AS n FROM pub."Incidents" WHERE "AssessmentStateCode" = 'on_time'""",
            'SELECT "AreaId", "AssessmentOnTimeCount" AS n FROM pub."DailyIncidents"',
            '"AreaId"',
        )
        + ")",
    ),
    Check(
        "calls_agree",
        True,
        "Calls, counted, are DailyCalls.CallCount for each day, area, source and priority",
        _differ(
            'SELECT "OperationalDate", "AreaId", "CallSourceCode", "PriorityCode", 1 AS n FROM pub."Calls"',
            'SELECT "OperationalDate", "AreaId", "CallSourceCode", "PriorityCode", "CallCount" AS n FROM pub."DailyCalls"',
            '"OperationalDate", "AreaId", "CallSourceCode", "PriorityCode"',
        ),
    ),
    Check(
        "responses_agree",
        True,
        "dispatched calls, units and first arrivals of Calls and Responses are those of DailyResponses",
        "SELECT "
        + " + ".join(
            f"({_differ(first, second, keys)})"
            for first, second, keys in (
                (
                    'SELECT "AreaId", "PriorityCode", "TeamCode", 1 AS n FROM pub."Calls" WHERE "UnitCount" > 0',
                    'SELECT "AreaId", "PriorityCode", "TeamCode", "DispatchedCallCount" AS n FROM pub."DailyResponses"',
                    '"AreaId", "PriorityCode", "TeamCode"',
                ),
                (
                    'SELECT "AreaId", "PriorityCode", "TeamCode", "FirstArrivalMs" AS n FROM pub."Calls"',
                    'SELECT "AreaId", "PriorityCode", "TeamCode", "FirstArrivalMsSum" AS n FROM pub."DailyResponses"',
                    '"AreaId", "PriorityCode", "TeamCode"',
                ),
                (
                    """SELECT "AreaId", 1 AS n FROM pub."Responses" WHERE "ResponseModeCode" <> 'phone'""",
                    'SELECT "AreaId", "UnitResponseCount" AS n FROM pub."DailyResponses"',
                    '"AreaId"',
                ),
            )
        ),
    ),
    Check(
        "intervals_complete",
        True,
        "n, n missing and n invalid of every interval add up to the records that it is asked of",
        "SELECT "
        + " + ".join(
            f"({sql})"
            for sql in (
                _interval("DailyCalls", "CallCount", "Answer"),
                _interval("DailyResponses", "DispatchedCallCount", "FirstArrival"),
                _interval("DailyResponses", "DispatchedCallCount", "Processing"),
                _interval("DailyResponses", "DispatchedCallCount", "Queue"),
                _rows("DailyResponses", '"WaitingCount" + "CancelledCount" > "FirstArrivalMissingCount"'),
                _rows("DailyResponses", '"WithinTargetCount" > "TargetDueCount" OR "FirstArrivalCount" > "TargetDueCount"'),
            )
        ),
    ),
    Check(
        "outcomes_agree",
        True,
        "DailyOutcomes and DailyResponses count the same dispatched calls, and no outcome more than arrived",
        "SELECT ("
        + _differ(
            'SELECT "OperationalDate", "AreaId", "TeamCode", "DispatchedCallCount" AS n FROM pub."DailyOutcomes"',
            'SELECT "OperationalDate", "AreaId", "TeamCode", "DispatchedCallCount" AS n FROM pub."DailyResponses"',
            '"OperationalDate", "AreaId", "TeamCode"',
        )
        + ") + ("
        + _rows(
            "DailyOutcomes",
            '"ArrivedCount" > "DispatchedCallCount" OR GREATEST("EngagedCount", "PoliceRequestedCount", '
            '"EmsRequestedCount", "PoliceOnSceneCount") > "ArrivedCount"',
        )
        + ")",
    ),
    Check(
        "cohorts_complete",
        True,
        "consent classes, due and not due follow-ups, referrals and requests add up",
        "SELECT "
        + " + ".join(
            f"({sql})"
            for sql in (
                _parts(
                    "DailyFollowUps", "EngagedCount", "ConsentGivenCount", "ConsentRefusedCount", "ConsentNotAskedCount"
                ),
                _parts("DailyFollowUps", "ConsentGivenCount", "DueCount", "NotDueCount"),
                _rows("DailyFollowUps", '"AttemptedOnTimeCount" + "MissingCount" + "InvalidCount" > "DueCount"'),
                _rows(
                    "DailyReferrals",
                    '"MatureReferralCount" > "ReferralCount" OR "MatureConnectedCount" > "MatureReferralCount" '
                    'OR "ConnectedCount" + "ConnectionInvalidCount" > "ReferralCount"',
                ),
                _rows(
                    "DailyRequests",
                    '"AnsweredOnTimeCount" + "UnansweredCount" + "InvalidCount" > "DueCount" '
                    'OR "BacklogLateCount" > "BacklogCount"',
                ),
            )
        ),
    ),
    Check(
        "percentiles_ordered",
        True,
        "percentiles lie in order, inside their intervals, and exist exactly where there are values",
        _rows(
            "ResponsePercentiles",
            '"P50Ms" > "P90Ms" OR "P90Ms" > "MaxMs" OR "P50Ms" NOT BETWEEN "P50LowMs" AND "P50HighMs" '
            'OR "P90Ms" NOT BETWEEN "P90LowMs" AND "P90HighMs" OR ("P50Ms" IS NULL) <> ("ValueCount" = 0)',
        ),
    ),
    Check(
        "percentiles_agree",
        True,
        "daily percentiles of the first arrival rest on the calls of DailyResponses",
        _differ(
            'SELECT "OperationalDate", "ValueCount" + 1000000 * "MissingCount" AS n FROM pub."ResponsePercentiles" '
            """WHERE "PeriodCode" = 'day' AND "CutCode" = 'city' AND "IntervalCode" = 'first_arrival'""",
            'SELECT "OperationalDate", "FirstArrivalCount" + 1000000 * "FirstArrivalMissingCount" AS n '
            'FROM pub."DailyResponses"',
            '"OperationalDate"',
        ),
    ),
    Check(
        "hours_complete",
        True,
        "HourlyActivity has all 168 cells of each period and activity",
        'SELECT abs(count(*) - 6 * 168) FROM pub."HourlyActivity"',
    ),
    Check(
        "dates_complete",
        True,
        "Dates has no gap and ends with the as-of day",
        'SELECT abs(count(*) - (max(as_of_day) - min("OperationalDate") + 1)) FROM pub."Dates", param',
    ),
    Check(
        "findings_within_records",
        True,
        "no finding affects more records than were looked at, nor excludes more than it affects",
        _rows("DataQuality", '"AffectedCount" > "CheckedCount" OR "ExcludedCount" > "AffectedCount"'),
    ),
    Check(
        "unknown_areas",
        False,
        "less than a fifth of the calls and incidents have an unknown area",
        """SELECT CASE WHEN count(*) FILTER (WHERE area_id = 'unknown') * 5 >= count(*)
            THEN count(*) FILTER (WHERE area_id = 'unknown') ELSE 0 END
        FROM (SELECT area_id FROM fact.call UNION ALL SELECT area_id FROM fact.incident)""",
    ),
    Check(
        "unmapped_codes",
        False,
        "every word of the source is in a code list or mapped to one",
        "SELECT count(*) FROM catalogue.word WHERE is_foreign",
    ),
    Check(
        "days_without_calls",
        False,
        "no day of the last 28 whole days is without a call, where there were 5 a day on average",
        """SELECT CASE WHEN COALESCE(sum(calls), 0) >= 140 THEN count(*) FILTER (WHERE calls = 0) ELSE 0 END
        FROM (
            SELECT d.day, count(c.call_id) AS calls
            FROM fact.calendar d LEFT JOIN fact.call c ON c.call_day = d.day, param
            WHERE d.day BETWEEN param.as_of_day - 28 AND param.as_of_day - 1
            GROUP BY d.day
        )""",
    ),
    Check(
        "fewer_new_rows",
        False,
        "the night brought at least a quarter of the new rows of the nights before it",
        """SELECT count(*) FROM (
            SELECT added, avg(added) OVER (ORDER BY recorded_at ROWS BETWEEN 28 PRECEDING AND 1 PRECEDING) AS usual,
                row_number() OVER (ORDER BY recorded_at) AS night, recorded_at = max(recorded_at) OVER () AS is_last
            FROM src._nights
        ) WHERE is_last AND night > 8 AND added * 4 < usual""",
    ),
)

AHEAD = ("Supports",)
"""Views whose day may lie ahead of as-of: plans."""
DIMENSIONS = ("Areas", "Dates", "IncidentTypes", "Teams")


def check(con: duckdb.DuckDBPyConnection, parameters: Parameters) -> tuple[CheckResult, ...]:
    """Every check, declared order, then those generated from the catalogue. Raises nothing for a failed check."""
    views = [view for view in CATALOGUE.views.values() if not view.live]
    return tuple(_judge(con, each, parameters) for each in (*DECLARED, *_generated(views)))


def _judge(con: duckdb.DuckDBPyConnection, each: Check, parameters: Parameters) -> CheckResult:
    (wrong,) = con.execute(each.sql).fetchone() or (0,)
    if not wrong:
        return CheckResult(each.id, each.blocking, PASSED, each.sentence)
    detail = f"{int(wrong)} times not so ({parameters.profile.name}): {each.sentence}"
    return CheckResult(each.id, each.blocking, FAILED if each.blocking else WARNED, detail)


def _generated(views: list[View]) -> Iterator[Check]:
    yield Check("keys_unique", True, "every key and every place in the order stands once", _sum(map(_repeated, views)))
    yield Check("no_future_days", True, "no day lies after the as-of day", _sum(_future(view) for view in views))
    yield Check(
        "references_known",
        True,
        "every area, team, kind and day is a member of its dimension",
        _sum(sql for view in views for sql in _dangling(view, dimensions=True)),
    )
    yield Check(
        "records_linked",
        False,
        "every record that a record points to is published",
        _sum(sql for view in views for sql in _dangling(view, dimensions=False)),
    )
    yield Check(
        "codes_known",
        True,
        "every code is a word of its code list",
        _sum(sql for view in views for sql in _foreign(view)),
    )
    yield Check(
        "texts_fit",
        False,
        "no text is longer than declared",
        _sum(sql for view in views for sql in _long(view)),
    )


def _sum(queries: Iterator[str] | map[str]) -> str:
    return "SELECT " + " + ".join(f"({query})" for query in queries)


def _repeated(view: View) -> str:
    key = ", ".join(quoted(name) for name in view.key)
    return f'SELECT count(*) FROM (SELECT 1 FROM pub."{view.name}" GROUP BY {key} HAVING count(*) > 1)'


def _future(view: View) -> str:
    if not view.has("OperationalDate") or view.name in AHEAD:
        return "SELECT 0"
    return f'SELECT count(*) FROM pub."{view.name}", param WHERE "OperationalDate" > as_of_day'


def _dangling(view: View, *, dimensions: bool) -> Iterator[str]:
    for nav in view.navigations:
        target = CATALOGUE.views[nav.target]
        if (nav.target in DIMENSIONS) is not dimensions or (nav.target == "Dates" and view.name in AHEAD):
            continue
        pairs = list(zip(nav.columns, target.key, strict=True))
        joined = " AND ".join(f"t.{quoted(key)} = v.{quoted(column)}" for column, key in pairs)
        known = " AND ".join(f"v.{quoted(column)} IS NOT NULL" for column, _ in pairs)
        yield (
            f'SELECT count(*) FROM pub."{view.name}" v WHERE {known} '
            f'AND NOT EXISTS (SELECT 1 FROM pub."{nav.target}" t WHERE {joined})'
        )


def _foreign(view: View) -> Iterator[str]:
    conditions = [
        f"{quoted(column.name)} NOT IN ({', '.join(literal(word) for word in CATALOGUE.codes[column.codes].labels())})"
        for column in view.columns
        if column.codes is not None
    ]
    if conditions:
        yield _rows(view.name, " OR ".join(conditions))


def _long(view: View) -> Iterator[str]:
    conditions = [
        f"length({quoted(column.name)}) > {column.max_length}"
        for column in view.columns
        if column.edm is Edm.STRING and column.max_length is not None and column.name != "SnapshotId"
    ]
    if conditions:
        yield _rows(view.name, " OR ".join(conditions))
