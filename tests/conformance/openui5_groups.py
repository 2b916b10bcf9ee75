"""What OpenUI5 is asked beyond plain reads: totals and group levels, expansion, search, $batch; and the same in SQL.

All cases, those of openui5_cases included, are in `CASES`, in the order in which openui5.py runs them.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Any

from tests.conformance.bench import Truth
from tests.conformance.openui5_cases import FILTERS, METADATA, READS, Case, Json, rows

SUMS = {"CallCount": {"with": "sum", "grandTotal": True, "subtotals": True}}
BY_PRIORITY = "SELECT PriorityCode, sum(CallCount) AS CallCount FROM DailyCalls GROUP BY 1 ORDER BY 1"


def with_total(truth: Truth) -> Any:
    """The grand total, then the priorities."""
    return [*truth.rows("SELECT sum(CallCount) AS CallCount FROM DailyCalls"), *truth.rows(BY_PRIORITY)]


def levels(truth: Truth, *, expanded: int | None = None, at_bottom: bool = False) -> Any:
    """Nodes of a tree: grand total on level 0, priorities on level 1, sources of one priority below it on level 2."""
    nodes = []
    for number, row in enumerate(truth.rows(BY_PRIORITY)):
        nodes.append({**row, "level": 1, "total": True})
        if number == expanded:
            below = "SELECT PriorityCode, CallSourceCode, sum(CallCount) AS CallCount FROM DailyCalls WHERE PriorityCode = ?"
            leaves = truth.rows(f"{below} GROUP BY 1, 2 ORDER BY 2", row["PriorityCode"])
            nodes += [{**leaf, "level": 2, "total": False} for leaf in leaves]
    total = {**truth.rows("SELECT sum(CallCount) AS CallCount FROM DailyCalls")[0], "level": 0, "total": True}
    return [*nodes, total] if at_bottom else [total, *nodes]


def aggregated(name: str, does: Json, sql: str) -> Case:
    """An aggregation of the client against GROUP BY."""
    return Case(f"aggregation: {name}", does, rows(sql))


def means(truth: Truth) -> Any:
    """Exact means of waits, rounded once, half away from zero."""
    found = truth.tuples("SELECT TeamCode, sum(QueueMs), count(QueueMs) FROM Calls GROUP BY 1 ORDER BY 1")
    exact = Context(prec=60, rounding=ROUND_HALF_UP)
    digits = Decimal(10) ** -12
    return [
        {
            "TeamCode": team,
            "Mean": exact.quantize(exact.divide(Decimal(total), Decimal(rows)), digits) if rows else None,
        }
        for team, total, rows in found
    ]


AGGREGATIONS = (
    Case(
        "aggregation: grand total",
        {"list": "/DailyCalls", "sort": [["PriorityCode"]],
         "aggregation": {"aggregate": {"CallCount": {"with": "sum", "grandTotal": True}}, "group": {"PriorityCode": {}}}},
        with_total,
    ),
    Case(
        "aggregation: group levels",
        {"list": "/DailyCalls", "aggregation": {"aggregate": SUMS, "group": {"CallSourceCode": {}}, "groupLevels": ["PriorityCode"]}},
        levels,
    ),
    Case(
        "aggregation: a group level, opened",
        {"list": "/DailyCalls", "expandAt": 2,
         "aggregation": {"aggregate": SUMS, "group": {"CallSourceCode": {}}, "groupLevels": ["PriorityCode"]}},
        lambda truth: levels(truth, expanded=1),
    ),
    Case(
        "aggregation: totals at the bottom",
        {"list": "/DailyCalls",
         "aggregation": {"aggregate": SUMS, "group": {"CallSourceCode": {}}, "groupLevels": ["PriorityCode"],
                         "grandTotalAtBottomOnly": True, "subtotalsAtBottomOnly": True}},
        lambda truth: levels(truth, at_bottom=True),
    ),
    Case(
        "aggregation: number of leaves",
        {"list": "/DailyCalls", "parameters": {"$count": True},
         "aggregation": {"aggregate": SUMS, "group": {"CallSourceCode": {}}, "groupLevels": ["PriorityCode"]}},
        lambda truth: {
            "count": truth.one("SELECT count(*) FROM (SELECT DISTINCT PriorityCode, CallSourceCode FROM DailyCalls)"),
            "rows": levels(truth),
        },
    ),
    aggregated(
        "min, max, countdistinct under other names",
        {"list": "/Calls", "sort": [["TeamCode"]],
         "aggregation": {"aggregate": {"Lo": {"name": "QueueMs", "with": "min"}, "Hi": {"name": "QueueMs", "with": "max"},
                                       "Places": {"name": "AreaId", "with": "countdistinct"}}, "group": {"TeamCode": {}}}},
        "SELECT TeamCode, min(QueueMs) AS Lo, max(QueueMs) AS Hi, count(DISTINCT AreaId) AS Places FROM Calls "
        "GROUP BY 1 ORDER BY 1",
    ),
    Case(
        "aggregation: average, twelve digits behind the point",
        {"list": "/Calls", "sort": [["TeamCode"]],
         "aggregation": {"aggregate": {"Mean": {"name": "QueueMs", "with": "average"}}, "group": {"TeamCode": {}}}},
        means,
    ),
    aggregated(
        "filter before grouping",
        {"list": "/DailyCalls", "filter": ["PriorityCode", "EQ", "1"], "sort": [["CallCount", True], ["AreaId"]],
         "aggregation": {"aggregate": {"CallCount": {"with": "sum"}}, "group": {"AreaId": {}}}},
        "SELECT AreaId, sum(CallCount) AS CallCount FROM DailyCalls WHERE PriorityCode = '1' GROUP BY 1 ORDER BY 2 DESC, 1",
    ),
    aggregated(
        "filter on the sums",
        {"list": "/DailyCalls", "filter": ["CallCount", "GT", 30], "sort": [["AreaId"]],
         "aggregation": {"aggregate": {"CallCount": {"with": "sum"}}, "group": {"AreaId": {}}}},
        "SELECT AreaId, sum(CallCount) AS CallCount FROM DailyCalls GROUP BY 1 HAVING sum(CallCount) > 30 ORDER BY 1",
    ),
    aggregated(
        "filter on days, paged",
        {"list": "/DailyCalls", "filter": ["OperationalDate", "GE", "2026-06-01"], "pages": [[0, 40], [40, 40]],
         "aggregation": {"aggregate": {"CallCount": {"with": "sum"}}, "group": {"OperationalDate": {}}}},
        "SELECT OperationalDate, sum(CallCount) AS CallCount FROM DailyCalls WHERE OperationalDate >= '2026-06-01' "
        "GROUP BY 1 ORDER BY 1 LIMIT 80",
    ),
    aggregated(
        "search before grouping",
        {"list": "/Areas", "sort": [["EquityClass"]],
         "aggregation": {"search": "Park", "aggregate": {"North": {"name": "LabelLatitude", "with": "max"}},
                         "group": {"EquityClass": {}}}},
        "SELECT EquityClass, max(LabelLatitude) AS North FROM Areas WHERE contains(lower(AreaName), 'park') "
        "GROUP BY 1 ORDER BY 1",
    ),
    Case(
        "aggregation: grouped through a navigation",
        {"list": "/DailyCalls", "aggregation": {"aggregate": {"CallCount": {"with": "sum"}}, "group": {"Area/EquityClass": {}}}},
        lambda truth: [
            {"Area": {"EquityClass": name}, "CallCount": calls}
            for name, calls in truth.tuples(
                "SELECT EquityClass, sum(CallCount) FROM DailyCalls JOIN Areas USING (AreaId) GROUP BY 1 ORDER BY 1"
            )
        ],
    ),
)  # fmt: skip


def nested(rows: list[Json]) -> list[Json]:
    """Columns called `Call/Area/AreaName` put into the objects that they name."""
    made = []
    for row in rows:
        whole: Json = {}
        for path, value in row.items():
            *steps, last = path.split("/")
            here = whole
            for step in steps:
                here = here.setdefault(step, {})
            here[last] = value
        made.append(whole)
    return made


def related(sql: str) -> Callable[[Truth], Any]:
    """Rows whose columns are paths."""
    return lambda truth: nested(truth.rows(sql))


EXPANDED = (
    Case(
        "expand: two steps, each with its own selection",
        {"list": "/Responses", "pages": [[0, 40]],
         "parameters": {"$select": "ResponseId", "$expand": {"Call": {
             "$select": "CallId", "$expand": {"Area": {"$select": "AreaName"}, "Team": {"$select": "TeamName"}}}}}},
        related(
            'SELECT ResponseId, c.CallId AS "Call/CallId", AreaName AS "Call/Area/AreaName", TeamName AS "Call/Team/TeamName" '
            "FROM Responses r JOIN Calls c USING (CallId) JOIN Areas a ON a.AreaId = c.AreaId "
            "JOIN Teams t ON t.TeamCode = c.TeamCode ORDER BY r._row LIMIT 40"
        ),
    ),
    Case(
        "expand: made by the client from paths",
        {"list": "/Calls", "autoExpandSelect": True, "pages": [[0, 60]],
         "parameters": {"$select": "CallId,Area/AreaName,Day/WeekdayName"}},
        related(
            'SELECT CallId, a.AreaId AS "Area/AreaId", AreaName AS "Area/AreaName", '
            'd.OperationalDate AS "Day/OperationalDate", WeekdayName AS "Day/WeekdayName" '
            "FROM Calls c JOIN Areas a USING (AreaId) JOIN Dates d ON d.OperationalDate = c.OperationalDate "
            "ORDER BY c._row LIMIT 60"
        ),
    ),
    Case(
        "expand: related rows that are not there are null",
        {"list": "/Calls", "filter": ["IncidentId", "EQ", None], "pages": [[0, 5]],
         "parameters": {"$select": "CallId", "$expand": {"Incident": {"$select": "HarmCode"}}}},
        lambda truth: [
            {**row, "Incident": None}
            for row in truth.rows("SELECT CallId FROM Calls WHERE IncidentId IS NULL ORDER BY _row LIMIT 5")
        ],
    ),
    Case(
        "expand: whole related entity of one key",
        {"object": "/DailyCalls(OperationalDate={day},AreaId='{area}',CallSourceCode='{source}',PriorityCode='{priority}')",
         "parameters": {"$select": "CallCount", "$expand": {"Area": True}},
         "from": "SELECT OperationalDate AS day, AreaId AS area, CallSourceCode AS source, PriorityCode AS priority "
                 "FROM DailyCalls ORDER BY CallCount DESC, _row LIMIT 1"},
        lambda truth: {
            **truth.rows(
                "SELECT OperationalDate, AreaId, CallSourceCode, PriorityCode, CallCount FROM DailyCalls "
                "ORDER BY CallCount DESC, _row LIMIT 1"
            )[0],
            "Area": truth.rows(
                "SELECT * EXCLUDE (_row) FROM Areas WHERE AreaId = "
                "(SELECT AreaId FROM DailyCalls ORDER BY CallCount DESC, _row LIMIT 1)"
            )[0],
        },
    ),
    Case(
        "navigation: a related entity by its path",
        {"object": "/Calls({call})/Area", "parameters": {"$select": "AreaName"},
         "from": "SELECT min(CallId) AS call FROM Calls"},
        lambda truth: truth.rows(
            "SELECT AreaId, AreaName FROM Areas WHERE AreaId = (SELECT AreaId FROM Calls ORDER BY CallId LIMIT 1)"
        )[0],
    ),
    Case(
        "navigation: a late property with an empty $select, which the grammar forbids",
        {"list": "/Calls", "autoExpandSelect": True, "late": "Area/AreaName", "parameters": {"$select": "CallId"}},
        lambda _: {"error": "Expected a property name or '*'; found the end.", "status": 400},
    ),
    Case(
        "search: words, not, quotes",
        {"list": "/Areas", "parameters": {"$search": "Park NOT \"High Park\"", "$select": "AreaId"}},
        rows("SELECT AreaId FROM Areas WHERE contains(lower(AreaName), 'park') "
             "AND NOT contains(lower(AreaName), 'high park') ORDER BY _row"),
    ),
)  # fmt: skip

TOGETHER = (
    {"list": "/Areas", "pages": [[0, 2]], "parameters": {"$select": "AreaId"}},
    {"value": "/Calls/$count"},
    {"object": "/Areas('001')", "parameters": {"$select": "AreaId,AreaName"}},
    AGGREGATIONS[0].does,
)


def together(truth: Truth) -> Any:
    """What the requests of one batch read."""
    return [
        truth.rows("SELECT AreaId FROM Areas ORDER BY _row LIMIT 2"),
        truth.one("SELECT count(*) FROM Calls"),
        truth.rows("SELECT AreaId, AreaName FROM Areas WHERE AreaId = '001'")[0],
        with_total(truth),
    ]


BATCHES = (
    Case(
        "$batch: four requests in one",
        {"together": list(TOGETHER), "batch": True},
        together,
        ["GET $metadata", "POST $batch"],
    ),
    Case(
        "$batch: a wrong request fails alone, those before it are answered",
        {"together": [{"value": "/Calls/$count"}, {"list": "/Areas", "parameters": {"$filter": "Nope eq 1"}}], "batch": True},
        lambda truth: [truth.one("SELECT count(*) FROM Calls"), {"error": "Areas has no property 'Nope'.", "status": 400}],
        ["GET $metadata", "POST $batch"],
    ),
    *(
        Case(f"$batch: {case.name}", {**case.does, "batch": True}, case.truth)
        for case in (READS[0], FILTERS[-1], AGGREGATIONS[0], AGGREGATIONS[2], EXPANDED[0])
    ),
)  # fmt: skip

CASES = (*METADATA, *READS, *FILTERS, *AGGREGATIONS, *EXPANDED, *BATCHES)
