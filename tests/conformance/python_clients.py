"""Clients from PyPI read the running service: sqlalchemy-odata, python-odata, pandas. Each value is compared with SQL.

sqlalchemy-odata runs the very statement that is run on the snapshot; the other two read what their scripts in clients/
say, and the tables here hold the SQL that gives the same.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC
from typing import Any

from models.catalogue import CATALOGUE
from tests.conformance.bench import Bench, Truth
from tests.conformance.installing import run_client
from tests.conformance.rows import Judge, Outcome, Row

STATEMENTS = (
    "SELECT COUNT(*) FROM Calls",
    "SELECT AreaId, AreaName, AreaKindCode, EquityClass, LabelLatitude, LabelLongitude FROM Areas ORDER BY AreaId",
    "SELECT PriorityCode, COUNT(*) FROM Calls GROUP BY PriorityCode ORDER BY PriorityCode",
    "SELECT TeamCode, SUM(UnitCount), MIN(CAST(QueueMs AS BIGINT)), MAX(CAST(QueueMs AS BIGINT)) FROM Calls WHERE PriorityCode IN ('1', '2') "
    "GROUP BY TeamCode ORDER BY TeamCode",
    "SELECT CallId, AreaId, CallArrival FROM Calls WHERE UnitCount > 1 ORDER BY CallId LIMIT 25",
    "SELECT StageCode, AVG(OnSceneMs) FROM Calls WHERE OnSceneMs IS NOT NULL GROUP BY StageCode "
    "HAVING COUNT(*) > 10 ORDER BY StageCode",
    "WITH d AS MATERIALIZED (SELECT AreaId, CallCount FROM DailyCalls), "
    "a AS MATERIALIZED (SELECT AreaId, EquityClass FROM Areas) "
    "SELECT a.EquityClass, SUM(d.CallCount) FROM d JOIN a ON a.AreaId = d.AreaId "
    "GROUP BY a.EquityClass ORDER BY a.EquityClass",
    "SELECT COUNT(DISTINCT AreaId), COUNT(DISTINCT IncidentTypeCode) FROM Incidents",
    "SELECT substr(CAST(OperationalDate AS VARCHAR), 1, 7) AS Month, SUM(CallCount), SUM(AnswerMsSum) FROM DailyCalls "
    "GROUP BY 1 ORDER BY 1",
    "WITH c AS MATERIALIZED (SELECT CAST(IncidentId AS BIGINT) AS Id FROM Calls), i AS MATERIALIZED (SELECT CAST(IncidentId AS BIGINT) AS Id FROM Incidents) "
    "SELECT COUNT(*) FROM c LEFT JOIN i ON i.Id = c.Id WHERE i.Id IS NULL",
    "SELECT PeriodCode, ActivityCode, SUM(EventCount), MAX(MeanPerHour), MIN(LowPerHour) FROM HourlyActivity "
    "GROUP BY PeriodCode, ActivityCode ORDER BY PeriodCode, ActivityCode",
    "SELECT IsWithinTarget, COUNT(*) FROM Calls WHERE IsWithinTarget IS NOT NULL GROUP BY IsWithinTarget "
    "ORDER BY IsWithinTarget",
    "SELECT AreaName FROM Areas WHERE AreaId IN (SELECT AreaId FROM Incidents WHERE HarmCode = 'fatal') "
    "ORDER BY AreaName",
    "SELECT OperationalDate, SUM(n) OVER (ORDER BY OperationalDate) FROM "
    "(SELECT OperationalDate, COUNT(*) AS n FROM Calls GROUP BY OperationalDate) ORDER BY OperationalDate LIMIT 60",
    "SELECT IncidentTypeCode, HarmCode, COUNT(*) FROM Incidents WHERE OperationalDate >= '2026-01-01' "
    "GROUP BY IncidentTypeCode, HarmCode ORDER BY 3 DESC, 1, 2 LIMIT 20 OFFSET 3",
    "WITH r AS MATERIALIZED (SELECT CAST(CallId AS BIGINT) AS Id FROM Responses), c AS MATERIALIZED (SELECT CAST(CallId AS BIGINT) AS Id, TeamCode FROM Calls), "
    "t AS MATERIALIZED (SELECT TeamCode, TeamName FROM Teams) "
    "SELECT t.TeamName, COUNT(*) FROM r JOIN c ON c.Id = r.Id JOIN t ON t.TeamCode = c.TeamCode "
    "GROUP BY t.TeamName ORDER BY t.TeamName",
    "SELECT Label FROM Codes WHERE CodeList = 'priority' UNION ALL SELECT TeamName FROM Teams ORDER BY 1",
    "SELECT TargetCode, COUNT(*) FROM (SELECT IsWithinTarget AS TargetCode FROM Calls WHERE ReadyAt IS NULL) "
    "WHERE TargetCode IS NULL GROUP BY TargetCode",
)
"""Run as they stand on the snapshot (DuckDB) and over the service (SQLite over sqlalchemy-odata).

Joins stand on MATERIALIZED parts: SQLite would ask the service for the whole inner table again for every outer row. Whole
numbers are CAST where they are compared: the adapter hands them to SQLite as texts.
"""

URGENT = "SELECT CallId FROM Calls WHERE PriorityCode = '1'"


def column(sql: str) -> Callable[[Truth], Any]:
    """The values of a statement's only column."""
    return lambda truth: [row[0] for row in truth.tuples(sql)]


def first_call(truth: Truth) -> list[Any]:
    """Values of four types."""
    return list(
        truth.tuples("SELECT CallId, CallArrival, PoliceRequested, AreaId FROM Calls ORDER BY CallId LIMIT 1")[0]
    )


PYTHON_ODATA: dict[str, Callable[[Truth], Any]] = {
    "entity sets": lambda _: sorted(CATALOGUE.views),
    "properties of Calls": lambda _: sorted(column.name for column in CATALOGUE.views["Calls"].columns),
    "filter on a text": column(f"{URGENT} ORDER BY _row"),
    "order, descending": column(f"{URGENT} ORDER BY CallArrival DESC, _row"),
    "limit and offset": column("SELECT AreaName FROM Areas ORDER BY AreaName, _row LIMIT 7 OFFSET 3"),
    "or, on a number": column("SELECT CallId FROM Calls WHERE UnitCount >= 2 OR PriorityCode = '2' ORDER BY CallId"),
    "contains": column("SELECT AreaId FROM Areas WHERE contains(AreaName, 'Park') ORDER BY _row"),
    "apostrophe": column("SELECT Code FROM Codes WHERE Label = 'O''Brien'"),
    "null": column("SELECT CallId FROM Calls WHERE IncidentId IS NULL ORDER BY _row"),
    "moment with offset": column("SELECT CallId FROM Calls WHERE CallArrival >= '2026-03-01 12:00:00' ORDER BY _row"),
    "select": lambda truth: truth.rows("SELECT AreaId, EquityClass FROM Areas ORDER BY _row"),
    "count": lambda truth: truth.one(f"SELECT count(*) FROM ({URGENT})"),
    "all pages of a view": lambda truth: truth.one("SELECT count(*) FROM ResponsePercentiles"),
    "typed values of a row": first_call,
    "navigation": column("SELECT AreaName FROM Calls c JOIN Areas a USING (AreaId) WHERE PriorityCode = '1' ORDER BY c._row LIMIT 3"),
    "expand": column("SELECT AreaName FROM Calls c JOIN Areas a USING (AreaId) WHERE PriorityCode = '1' ORDER BY c._row LIMIT 5"),
    "filter through a navigation": column(
        "SELECT CallId FROM Calls c JOIN Areas a USING (AreaId) WHERE EquityClass = 'NIA' AND UnitCount > 1 ORDER BY c._row"
    ),
    "apply": lambda truth: truth.rows('SELECT PriorityCode, count(*) AS "Calls" FROM Calls GROUP BY 1 ORDER BY 1'),
}  # fmt: skip
NAIVE = "moment without offset"


def calls_by_priority(truth: Truth) -> dict[str, Any]:
    """What every way of reading must add up to."""
    return dict(truth.tuples("SELECT PriorityCode, sum(CallCount) FROM DailyCalls GROUP BY 1 ORDER BY 1"))


def size(view: str) -> Callable[[Truth], Any]:
    """Rows, and the declared columns."""
    columns = [column.name for column in CATALOGUE.views[view].columns]
    return lambda truth: [truth.one(f"SELECT count(*) FROM {view}"), columns]


def ends(truth: Truth) -> list[str]:
    """First and last arrival in nanoseconds."""
    (found,) = truth.tuples("SELECT min(CallArrival), max(CallArrival) FROM Calls")
    return [f"{int(moment.replace(tzinfo=UTC).timestamp() * 1000 + 0.5)}000000" for moment in found]


PANDAS: dict[str, Callable[[Truth], Any]] = {
    "read_csv: calls by priority": calls_by_priority,
    "read_json: calls by priority": calls_by_priority,
    "read_parquet: calls by priority": calls_by_priority,
    "pages: calls by priority": calls_by_priority,
    "read_csv: rows and columns": size("DailyCalls"),
    "read_parquet: rows and columns": size("DailyCalls"),
    "pages: rows, more than one page": lambda truth: [truth.one("SELECT count(*) FROM ResponsePercentiles"), True],
    "read_csv: filtered and selected": lambda truth: [
        truth.one("SELECT sum(CallCount) FROM DailyCalls WHERE PriorityCode = '1'"),
        ["OperationalDate", "AreaId", "CallSourceCode", "PriorityCode", "CallCount"],
    ],
    "read_csv: decimals": lambda truth: list(
        truth.tuples("SELECT sum(MeanPerHour), sum(EventCount) FROM HourlyActivity")[0]
    ),
    "read_parquet: moments are moments": ends,
    "read_parquet: nulls": lambda truth: truth.one("SELECT count(*) FROM Calls WHERE QueueMs IS NULL"),
    "read_parquet: sum of waits": lambda truth: truth.one("SELECT sum(QueueMs) FROM Calls"),
    "pages: empty texts and nulls": lambda truth: truth.one("SELECT count(*) FROM Calls WHERE IncidentId IS NULL"),
    "pages: the newest hundred": column("SELECT CallId FROM Calls ORDER BY CallArrival DESC, _row LIMIT 100"),
}


def sqlalchemy_odata(bench: Bench) -> Outcome:
    """Each statement twice."""
    service = bench.service
    said = json.loads(run_client("with_sqlalchemy.py", stdin=json.dumps(STATEMENTS), env=service.environment()))
    judge = Judge()
    judge.check("names of the tables", found=said["tables"], expected=sorted(CATALOGUE.views))
    for statement, answer in zip(STATEMENTS, said["answers"], strict=True):
        judge.check(statement, found=answer, expected=service.truth.tuples(statement))
    return judge.outcome(len(STATEMENTS) + 1)


def python_odata(bench: Bench) -> Outcome:
    """Reads by reflected classes; a moment without offset is refused with a hint."""
    service = bench.service
    found = json.loads(run_client("with_python_odata.py", env=service.environment()))
    judge = Judge()
    for name, truth in PYTHON_ODATA.items():
        judge.check(name, found=found.get(name), expected=truth(service.truth))
    said = str(found.get(NAIVE))
    judge.check(NAIVE, found="400" in said and "has no offset" in said, expected=True)
    hint = service.get("/odata/v1/Calls?$filter=CallArrival%20ge%202026-03-01T12:00:00").text
    judge.check(
        f"{NAIVE}: the hint, which this client does not show", found="+01:00 (as %2B01:00)" in hint, expected=True
    )
    return judge.outcome(len(PYTHON_ODATA) + 2)


def pandas(bench: Bench) -> Outcome:
    """Downloads and pages, summed."""
    service = bench.service
    found = json.loads(run_client("with_pandas.py", env=service.environment()))
    judge = Judge()
    for name, truth in PANDAS.items():
        judge.check(name, found=found.get(name), expected=truth(service.truth))
    return judge.outcome(len(PANDAS))


ROWS = (
    Row("sqlalchemy-odata", "the same SQL on the snapshot and through the service gives equal rows", sqlalchemy_odata),
    Row("python-odata", "classes reflected from $metadata read, filter, order, navigate as SQL does", python_odata),
    Row("pandas", "CSV, JSON, Parquet and OData pages add up to what SQL says", pandas),
)
