"""The declared checks of the views as SQL: each counts what is wrong.

Reads schemas `pub`, `fact`, `src`, `catalogue` and table `param`. Run by jobs.refresh.check, which adds the checks
that follow from the catalogue's views.
"""

from __future__ import annotations

from itertools import pairwise

from models.snapshot.rowtext import quoted


def _differ(first: str, second: str, keys: str) -> str:
    """Groups in which two sums differ or one is missing; both yield `keys` and `n`."""
    return (
        f"SELECT count(*) FROM (SELECT {keys}, sum(n) AS n FROM ({first}) GROUP BY {keys}) a "
        f"FULL JOIN (SELECT {keys}, sum(n) AS n FROM ({second}) GROUP BY {keys}) b USING ({keys}) "
        "WHERE COALESCE(a.n, 0) <> COALESCE(b.n, 0)"
    )


def wrong_rows(view: str, condition: str) -> str:
    """SQL that counts the rows of a view that meet a condition which none should meet."""
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
    return wrong_rows(view, f'"{whole}" <> {" + ".join(quoted(part) for part in parts)}')


def _interval(view: str, whole: str, prefix: str) -> str:
    return _parts(view, whole, f"{prefix}Count", f"{prefix}MissingCount", f"{prefix}InvalidCount")


SQL: dict[str, str] = {
    "funnel_adds_up": "SELECT " + " + ".join(f"({_stage(order, column)})" for order, column in STAGES),
    "stages_descend": wrong_rows(
        "DailyCalls",
        " OR ".join(f'"{later}" > "{earlier}"' for (_, earlier), (_, later) in pairwise(STAGES)),
    ),
    "assessments_agree": _parts(
        "DailyIncidents",
        "AssessmentDueCount",
        "AssessmentOnTimeCount",
        "AssessmentLateCount",
        "AssessmentMissingCount",
        "AssessmentInvalidCount",
    ),
    "intervals_complete": "SELECT "
    + " + ".join(
        f"({sql})"
        for sql in (
            _interval("DailyCalls", "CallCount", "Answer"),
            _interval("DailyResponses", "DispatchedCallCount", "FirstArrival"),
            _interval("DailyResponses", "DispatchedCallCount", "Processing"),
            _interval("DailyResponses", "DispatchedCallCount", "Queue"),
            wrong_rows("DailyResponses", '"WaitingCount" + "CancelledCount" > "FirstArrivalMissingCount"'),
            wrong_rows(
                "DailyResponses", '"WithinTargetCount" > "TargetDueCount" OR "FirstArrivalCount" > "TargetDueCount"'
            ),
        )
    ),
    "outcomes_agree": wrong_rows(
        "DailyOutcomes",
        '"ArrivedCount" > "DispatchedCallCount" OR GREATEST("EngagedCount", "PoliceRequestedCount", '
        '"EmsRequestedCount", "PoliceOnSceneCount") > "ArrivedCount"',
    ),
    "cohorts_complete": "SELECT "
    + " + ".join(
        f"({sql})"
        for sql in (
            _parts(
                "DailyFollowUps", "EngagedCount", "ConsentGivenCount", "ConsentRefusedCount", "ConsentNotAskedCount"
            ),
            _parts("DailyFollowUps", "ConsentGivenCount", "DueCount", "NotDueCount"),
            wrong_rows("DailyFollowUps", '"AttemptedOnTimeCount" + "MissingCount" + "InvalidCount" > "DueCount"'),
            wrong_rows(
                "DailyReferrals",
                '"MatureReferralCount" > "ReferralCount" OR "MatureConnectedCount" > "MatureReferralCount" '
                'OR "ConnectedCount" + "ConnectionInvalidCount" > "ReferralCount"',
            ),
            wrong_rows(
                "DailyRequests",
                '"AnsweredOnTimeCount" + "UnansweredCount" + "InvalidCount" > "DueCount" '
                'OR "BacklogLateCount" > "BacklogCount"',
            ),
        )
    ),
    "percentiles_ordered": wrong_rows(
        "ResponsePercentiles",
        '"P50Ms" > "P90Ms" OR "P90Ms" > "MaxMs" OR "P50Ms" NOT BETWEEN "P50LowMs" AND "P50HighMs" '
        'OR "P90Ms" NOT BETWEEN "P90LowMs" AND "P90HighMs" OR ("P50Ms" IS NULL) <> ("ValueCount" = 0)',
    ),
    "hours_complete": 'SELECT abs(count(*) - 6 * 168) FROM pub."HourlyActivity"',
    "dates_complete": 'SELECT abs(count(*) - (max(as_of_day) - min("OperationalDate") + 1)) FROM pub."Dates", param',
    "findings_within_records": wrong_rows(
        "DataQuality", '"AffectedCount" > "CheckedCount" OR "ExcludedCount" > "AffectedCount"'
    ),
    "unknown_areas": """SELECT CASE WHEN count(*) FILTER (WHERE area_id = 'unknown') * 5 >= count(*)
            THEN count(*) FILTER (WHERE area_id = 'unknown') ELSE 0 END
        FROM (SELECT area_id FROM fact.call UNION ALL SELECT area_id FROM fact.incident)""",
    "days_without_calls": """
        SELECT CASE WHEN COALESCE(sum(calls), 0) >= 140 THEN count(*) FILTER (WHERE calls = 0) ELSE 0 END
        FROM (
            SELECT d.day, count(c.call_id) AS calls
            FROM fact.calendar d LEFT JOIN fact.call c ON c.call_day = d.day, param
            WHERE d.day BETWEEN param.as_of_day - 28 AND param.as_of_day - 1
            GROUP BY d.day
        )""",
    "fewer_new_rows": """SELECT count(*) FROM (
            SELECT added, median(added) OVER (ORDER BY recorded_at ROWS BETWEEN 28 PRECEDING AND 1 PRECEDING) AS usual,
                row_number() OVER (ORDER BY recorded_at) AS night, recorded_at = max(recorded_at) OVER () AS is_last
            FROM src._nights
        ) WHERE is_last AND night > 8 AND added * 4 < usual""",
}
"""Check -> SQL that yields one number, how much is wrong; 0 passes. Agreements stand in jobs.refresh.reconciled."""
