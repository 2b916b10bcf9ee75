"""The recorded requests of Power Query, Power BI and Excel, replayed on our views with their own headers.

Each entry of the reference file stands here once: replayed (their path, columns and values put into our words, the
encoding left as it was), answered by the edge, or out of scope with the reason. Without the reference file the same
addresses are asked for with Power Query's header set.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.asking import POWER_QUERY, ROOT, Answered, Desk

Row = dict[str, Any]
Keeps = Callable[[Row], bool]


@dataclass(frozen=True)
class Replay:
    """`words` put their address into ours, in this order; `keeps` says which rows of `view` come, `columns` of them.

    `top` cuts the answer; `single`: it is one entity; `status` and `says` are for what is refused.
    """

    id: str
    words: tuple[tuple[str, str], ...]
    ours: str
    view: str
    keeps: Keeps = lambda _row: True
    columns: tuple[str, ...] = ()
    top: int | None = None
    status: int = 200
    says: str = ""
    single: bool = False


def later(moment: str) -> Keeps:
    """Calls after an instant, compared as instants."""
    return lambda row: bool(row["CallArrival"] > moment)


NORTHWIND = ("https://services.odata.org/V4/Northwind/Northwind.svc/Customers", "Codes")
LABELS = (("ContactTitle", "Label"), ("CustomerID", "CodeList"), ("Country", "StandardName"))
TICKETS = ("https://bridge-online.cloud/invantive-autotask/odata4/Autotask.Tickets.Tickets@at", "Calls")
AUDIT = ("http://xts/odata/AuditAggregationOdata/", "Calls/")
FIRST_READ = (("FirstRead", "CallArrival"),)

REPLAYS = (
    Replay("pq-headers-full", (("/Uplinks", "Areas"),), "Areas", "Areas"),
    Replay("pq-accepted-content-types", (("/Uplinks", "Areas"),), "Areas", "Areas"),
    Replay(
        "pq-filter-select-encoded",
        (NORTHWIND, *LABELS, ("Sales%20Representative", "said%20%22no%22")),
        "Codes?$filter=Label%20eq%20%27said%20%22no%22%27&$select=CodeList%2CStandardName",
        "Codes",
        keeps=lambda row: row["Label"] == 'said "no"',
        columns=("CodeList", "Code", "StandardName"),
    ),
    Replay(
        "pq-filter-select-rendered",
        (NORTHWIND, *LABELS, ("Sales Representative", 'said "no"')),
        "Codes?$filter=Label eq 'said \"no\"'&$select=CodeList%2CStandardName",
        "Codes",
        keeps=lambda row: row["Label"] == 'said "no"',
        columns=("CodeList", "Code", "StandardName"),
    ),
    Replay(
        "pq-select-columns",
        (
            ("https://services.odata.org/v4/TripPinService/People", "Areas"),
            ("UserName", "AreaId"),
            ("FirstName", "AreaName"),
            ("LastName", "AreaKindCode"),
        ),
        "Areas?$select=AreaId%2CAreaName%2CAreaKindCode",
        "Areas",
        columns=("AreaId", "AreaName", "AreaKindCode"),
    ),
    Replay(
        "pq-top",
        (("http://localhost:8070/odataweb/DataService.svc/Product", "Calls"),),
        "Calls?$top=10",
        "Calls",
        top=10,
    ),
    Replay(
        "pq-contains-not-folded-2018",
        (("http://localhost:8070/odataweb/DataService.svc/Product", "Calls"),),
        "Calls",
        "Calls",
    ),
    Replay(
        "pq-datetimeoffset-gt-utc",
        (TICKETS, ("lastActivityDate", "CallArrival"), ("2021-02-03", "2026-01-03")),
        "Calls?$filter=CallArrival%20gt%202026-01-03T04%3A05%3A06Z",
        "Calls",
        keeps=later("2026-01-03T04:05:06.000Z"),
    ),
    Replay(
        "pq-datetimeoffset-gt-local-offset",
        (TICKETS, ("lastActivityDate", "CallArrival"), ("2021-02-03", "2026-01-03")),
        "Calls?$filter=CallArrival%20gt%202026-01-03T00%3A00%3A00%2B01%3A00&$top=1000",
        "Calls",
        keeps=later("2026-01-02T23:00:00.000Z"),
    ),
    Replay(
        "hand-datetimeoffset-raw-colons",
        (TICKETS, ("lastActivityDate", "CallArrival"), ("2021-02-03", "2026-01-03")),
        "Calls?$filter=CallArrival%20gt%202026-01-03T04:05:06Z",
        "Calls",
        keeps=later("2026-01-03T04:05:06.000Z"),
    ),
    Replay(
        "cds-filter-select-top",
        (
            ("/api/data/v8.2/territories", "Calls"),
            ("territoryid", "CallId"),
            ("createdon", "CallArrival"),
            (",name", ",AreaId"),
            ("2019-10-01", "2026-01-01"),
        ),
        "Calls?$filter=CallArrival gt 2026-01-01T00:00:00-06:00&$select=CallId,CallArrival,AreaId&$top=1000",
        "Calls",
        keeps=later("2026-01-01T06:00:00.000Z"),
        columns=("CallId", "AreaId", "CallArrival"),
    ),
    Replay(
        "excel-typed-url-filter",
        (AUDIT, ("ObjectId", "CallId"), ("41143", "17")),
        "Calls/?$filter=(CallId%20eq%2017%20)",
        "Calls",
        keeps=lambda row: row["CallId"] == 17,
    ),
    Replay(
        "excel-typed-url-year",
        (AUDIT, *FIRST_READ, ("2016", "2026")),
        "Calls/?$filter=year(CallArrival)%20eq%202026",
        "Calls",
        keeps=lambda row: row["CallArrival"].startswith("2026"),
    ),
    Replay(
        "excel-typed-url-v3-literal",
        (AUDIT, *FIRST_READ),
        "Calls/?$filter=(CallArrival%20gt%20datetime%272019-01-01T00:00:00Z%27%20and%20CallArrival%20lt%20"
        "datetime%272019-01-03T00:00:00Z%27)",
        "Calls",
        status=400,
        says="write 2026-01-31T05:00:00Z without quotes",
    ),
    Replay(
        "pq-typed-filter-select-kept",
        (
            ("https://graph.microsoft.com/beta/devices", "Incidents"),
            ("accountEnabled", "IsOpen"),
            ("deviceId", "IncidentId"),
            ("approximateLastSignInDateTime", "ReportedAt"),
            ("displayName", "IncidentNumber"),
            ("isCompliant", "HarmCode"),
            ("isManaged", "StatusCode"),
            ("operatingSystemVersion", "UpdatedAt"),
            ("operatingSystem", "CallCount"),
        ),
        "Incidents?$filter=IsOpen eq true&$select=IncidentId,ReportedAt,IncidentNumber,HarmCode,StatusCode,CallCount,"
        "UpdatedAt",
        "Incidents",
        keeps=lambda row: bool(row["IsOpen"]),
        columns=("IncidentId", "IncidentNumber", "HarmCode", "StatusCode", "ReportedAt", "CallCount", "UpdatedAt"),
    ),
    Replay(
        "pq-apikey-in-url",
        (("https://kkapi.azure-api.net/api/Data/v1/eb68775b-c38a-490d-8866-ac1d0dc415e7/Employees", "Areas"),),
        "Areas?subscription-key=REDACTED",
        "Areas",
    ),
    Replay("pq-prefer-maxpagesize", (("url", "Calls"),), "Calls", "Calls"),
    Replay(
        "pq-prefer-custom",
        (("https://{account}.analytics.visualstudio.com/_odata/v1.0/WorkItems", "Calls"),),
        "Calls",
        "Calls",
    ),
    Replay(
        "pbi-audit-log-query",
        (
            ("/api/v2/odata/{EntitySet}", "Requests"),
            ("id,", "RequestId,"),
            ("title", "RequestKindCode"),
            ("status", "TeamCode"),
        ),
        "Requests?$top=1000&$select=RequestId,RequestKindCode,TeamCode",
        "Requests",
        columns=("RequestId", "RequestKindCode", "TeamCode"),
    ),
    Replay(
        "pq-expand-to-many-n-plus-1",  # one request for each row: the excerpt ends behind the key
        (("<root_of_service>/BaseContract", "Incidents"), ("<id>", "1")),
        "Incidents(1)",
        "Incidents",
        keeps=lambda row: row["IncidentId"] == 1,
        single=True,
    ),
    Replay(
        "pq-navigation-n-plus-1-ado",
        (
            ("https://analytics.dev.azure.com/{organizationName}/{Project Name}/_odata/v3.0-preview/", ""),
            ("PipelineRuns", "Calls"),
            ("334448", "9"),
            ("Pipeline", "Incident"),
        ),
        "Calls(9)/Incident",
        "Incidents",
        keeps=lambda row: row["IncidentId"] == 1,
        single=True,
    ),
)

OUT_OF_SCOPE = {
    "pq-expand-to-one": (
        "needs $expand",
        "Calls?$select=CallId%2CIncidentId%2CIncident&$expand=Incident%28%24select%3DIncidentId%2CAreaId%29",
    ),
    "pbi-service-apply-skip": (
        "needs $apply",
        "Calls?$apply=filter(PriorityCode eq '1' and OperationalDate ge 2025-01-01) %2Fgroupby((AreaId%2CTeamCode)%2C "
        "aggregate(%24count as Count))&$skip=140000",
    ),
    "excel-expand-context-url": ("needs $expand", "Calls?$select=AreaId&$expand=Incident"),
    "excel-expand-entity-context-url": ("needs $expand", "Calls(1)?$expand=Incident"),
    "excel-expand-lost-columns": ("needs $expand", "Calls?$expand=Incident"),
    "excel-select-star-expand": ("needs $expand", "Calls?$select=*,Incident,Area&$expand=Incident,Area"),
}
"""Entry -> (reason, the same request in our words): valid OData that answers 501 for now."""

AT_THE_EDGE = {"pq-orgaccount-challenge": "an empty Bearer token is answered with the sign-in challenge before OData"}
"""Entry -> why the engine never sees it."""


def entries(shared: Path) -> dict[str, dict[str, Any]]:
    """The reference file by entry."""
    loaded = json.loads((shared / "odata" / "powerquery-requests.json").read_text())
    return {entry["id"]: entry for entry in loaded}


def judge(replay: Replay, found: Answered, ask: Desk) -> None:
    """The answer is what the entry expects: status, one version header, JSON, and exactly the right rows."""
    assert found.status == replay.status, found.body
    assert [value for name, value in found.headers if name == "OData-Version"] == ["4.0"]
    if replay.status != 200:
        assert replay.says in found.body.decode()
        return
    assert found.header("Content-Type") == "application/json;odata.metadata=minimal"
    assert found.json["@odata.context"].startswith(f"{ROOT}$metadata#{replay.view}")
    expected = [row for row in ask.get(replay.view).rows if replay.keeps(row)][: replay.top]
    if replay.columns:
        expected = [{name: row[name] for name in replay.columns} for row in expected]
    assert expected
    if replay.single:
        (row,) = expected
        assert found.json == {"@odata.context": f"{ROOT}$metadata#{replay.view}/$entity", **row}
        return
    assert found.rows == expected
    assert "@odata.nextLink" not in found.json


@pytest.mark.parametrize("replay", REPLAYS, ids=lambda replay: replay.id)
def test_our_address_with_power_querys_headers(ask: Desk, replay: Replay) -> None:
    judge(replay, ask.get(replay.ours, headers=POWER_QUERY), ask)


@pytest.mark.shared
@pytest.mark.parametrize("replay", REPLAYS, ids=lambda replay: replay.id)
def test_the_recorded_request_with_its_own_headers(ask: Desk, shared: Path, replay: Replay) -> None:
    entry = entries(shared)[replay.id]
    address = entry["url"]
    for theirs, ours in replay.words:
        assert theirs in address, f"{theirs} is not in {address}"
        address = address.replace(theirs, ours)
    assert address == replay.ours
    judge(replay, ask.get(address, headers=entry["headers"]), ask)


@pytest.mark.parametrize("entry", OUT_OF_SCOPE)
def test_what_is_out_of_scope_says_so(ask: Desk, entry: str) -> None:
    found = ask.get(OUT_OF_SCOPE[entry][1], headers=POWER_QUERY)
    assert (found.status, found.code) == (501, "NotImplemented")


@pytest.mark.shared
def test_every_recorded_request_is_accounted_for(shared: Path, capsys: pytest.CaptureFixture[str]) -> None:
    recorded = entries(shared)
    replayed = [replay.id for replay in REPLAYS]
    assert sorted([*replayed, *OUT_OF_SCOPE, *AT_THE_EDGE]) == sorted(recorded)
    replayable = {name for name, entry in recorded.items() if entry["replayable"]}
    with capsys.disabled():
        lines = [f"Power Query requests: {len(recorded)} recorded, {len(replayable)} replayable as they stand"]
        lines.append(f"  replayed: {len(replayed)}, {len(replayable & set(replayed))} of them replayable as they stand")
        lines += [f"  501 for now: {name}: {reason}" for name, (reason, _) in OUT_OF_SCOPE.items()]
        lines += [f"  at the edge: {name}: {reason}" for name, reason in AT_THE_EDGE.items()]
        print("\n" + "\n".join(lines))
