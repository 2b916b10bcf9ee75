"""What OpenUI5 is asked to do, and the SQL on the snapshot that gives the same: a table, read by openui5.py.

`does` is carried out by clients/openui5.mjs: one of list, object, value, metadata, together, with its details; the URLs
are the client's own doing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from models.catalogue import CATALOGUE
from tests.conformance.bench import Truth

Json = dict[str, Any]


@dataclass(frozen=True)
class Case:
    """What the client does, and what it must have read; `requests` also says with which requests.

    Names in braces in a path are filled in from the one row of the statement `from`.
    """

    name: str
    does: Json
    truth: Callable[[Truth], Any]
    requests: list[str] | None = None


def rows(sql: str) -> Callable[[Truth], Any]:
    """All rows of a statement."""
    return lambda truth: truth.rows(sql)


def filtered(name: str, given: Any, where: str) -> Case:
    """A filter of the client against a WHERE of ours: how many rows, and the first seven of them."""
    does = {
        "list": "/Calls",
        "filter": given,
        "sort": [["CallArrival", True]],
        "pages": [[0, 7]],
        "parameters": {"$count": True, "$select": "CallId,AreaId,CallArrival"},
    }
    found = f"SELECT CallId, AreaId, CallArrival FROM Calls WHERE {where} ORDER BY CallArrival DESC, _row LIMIT 7"
    total = f"SELECT count(*) FROM Calls WHERE {where}"
    return Case(f"filter {name}", does, lambda truth: {"count": truth.one(total), "rows": truth.rows(found)})


METADATA = (
    Case(
        "metadata: type of a property",
        {"metadata": "/Calls/CallId"},
        lambda _: {"$kind": "Property", "$Type": "Edm.Int64", "$Nullable": False},
    ),
    Case(
        "metadata: target of a navigation",
        {"metadata": "/Calls/Incident/$Type"},
        lambda _: "CrisisMetrics.Incident",
    ),
    Case(
        "metadata: a property through two navigations",
        {"metadata": "/Responses/Call/Incident/HarmCode/$Type"},
        lambda _: "Edm.String",
    ),
    Case(
        "metadata: description of a column",
        {"metadata": "/Calls/QueueMs@Org.OData.Core.V1.Description"},
        lambda _: CATALOGUE.views["Calls"].column("QueueMs").description,
    ),
)

READS = (
    Case(
        "list: all rows of a view by its own paging",
        {"list": "/Calls", "parameters": {"$select": "CallId,CallArrival"}, "pages": [[0, 2000], [2000, 10_000]]},
        rows("SELECT CallId, CallArrival FROM Calls ORDER BY _row"),
    ),
    Case(
        "list: sorted by two columns",
        {
            "list": "/Areas",
            "sort": [["AreaKindCode", True], ["AreaName"]],
            "parameters": {"$select": "AreaId,AreaName"},
        },
        rows("SELECT AreaId, AreaName FROM Areas ORDER BY AreaKindCode DESC, AreaName, _row"),
    ),
    Case(
        "list: a page in the middle, with a count",
        {"list": "/Calls", "pages": [[100, 20]], "parameters": {"$count": True, "$select": "CallId"}},
        lambda truth: {
            "count": truth.one("SELECT count(*) FROM Calls"),
            "rows": truth.rows("SELECT CallId FROM Calls ORDER BY _row LIMIT 20 OFFSET 100"),
        },
    ),
    Case(
        "list: every type of value, whole rows",
        {"list": "/HourlyActivity", "pages": [[0, 50]]},
        rows("SELECT * EXCLUDE (_row) FROM HourlyActivity ORDER BY _row LIMIT 50"),
    ),
    Case(
        "list: rows with nulls, booleans and instants, whole",
        {"list": "/Calls", "pages": [[0, 200]]},
        rows("SELECT * EXCLUDE (_row) FROM Calls ORDER BY _row LIMIT 200"),
    ),
    Case(
        "key: an entity by its key",
        {"object": "/Areas('001')"},
        lambda truth: truth.rows("SELECT * EXCLUDE (_row) FROM Areas WHERE AreaId = '001'")[0],
    ),
    Case(
        "key: an entity by a key of two columns, selected",
        {"object": "/Codes(CodeList='priority',Code='1')", "parameters": {"$select": "CodeList,Code,Label"}},
        lambda truth: truth.rows("SELECT CodeList, Code, Label FROM Codes WHERE CodeList = 'priority' AND Code = '1'")[
            0
        ],
    ),
    Case(
        "value: one property",
        {"value": "/Areas('001')/AreaName"},
        lambda truth: truth.one("SELECT AreaName FROM Areas WHERE AreaId = '001'"),
    ),
    Case("value: $count", {"value": "/Calls/$count"}, lambda truth: truth.one("SELECT count(*) FROM Calls")),
)

FILTERS = (
    filtered("EQ", ["PriorityCode", "EQ", "1"], "PriorityCode = '1'"),
    filtered("NE", ["PriorityCode", "NE", "3"], "PriorityCode <> '3'"),
    filtered("GT on a number", ["UnitCount", "GT", 1], "UnitCount > 1"),
    filtered("LE on a 64-bit number", ["QueueMs", "LE", "600000"], "QueueMs <= 600000"),
    filtered("BT on a day", ["OperationalDate", "BT", "2026-02-01", "2026-02-28"],
             "OperationalDate BETWEEN DATE '2026-02-01' AND DATE '2026-02-28'"),
    filtered("NB on a day", ["OperationalDate", "NB", "2025-11-01", "2026-10-31"],
             "OperationalDate NOT BETWEEN DATE '2025-11-01' AND DATE '2026-10-31'"),
    filtered("GE on an instant", ["CallArrival", "GE", "2026-03-08T12:00:00Z"],
             "CallArrival >= TIMESTAMP '2026-03-08 12:00:00'"),
    filtered("EQ null", ["IncidentId", "EQ", None], "IncidentId IS NULL"),
    filtered("NE null", ["ReadyAt", "NE", None], "ReadyAt IS NOT NULL"),
    filtered("EQ on a boolean", ["PoliceRequested", "EQ", True], "PoliceRequested"),
    filtered("Contains", ["TeamCode", "Contains", "_n"], r"contains(TeamCode, '_n')"),
    filtered("NotContains", ["TeamCode", "NotContains", "mobile"], "NOT contains(TeamCode, 'mobile')"),
    filtered("StartsWith", ["DispositionCode", "StartsWith", "rem"], "starts_with(DispositionCode, 'rem')"),
    filtered("EndsWith", ["StageCode", "EndsWith", "ed"], "ends_with(StageCode, 'ed')"),
    filtered("without regard to case", {"path": "TeamCode", "operator": "Contains", "value1": "MOBILE",
                                        "caseSensitive": False}, "contains(lower(TeamCode), 'mobile')"),
    filtered("and, or, nested", ["and", ["or", ["PriorityCode", "EQ", "1"], ["PriorityCode", "EQ", "2"]],
                                 ["or", ["AreaId", "LT", "020"], ["UnitCount", "GE", 2]]],
             "PriorityCode IN ('1', '2') AND (AreaId < '020' OR UnitCount >= 2)"),
    filtered("through a navigation", ["Area/EquityClass", "EQ", "NIA"],
             "AreaId IN (SELECT AreaId FROM Areas WHERE EquityClass = 'NIA')"),
)  # fmt: skip
