"""The recorded requests of Power Query, Power BI and Excel in our words: a table, judged by test_powerquery_replay.

Each entry of the reference file stands here once: replayed, or answered by the edge. Path, columns and values are put
into our words, the encoding is left as it was.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

Row = dict[str, Any]
Keeps = Callable[[Row], bool]


@dataclass(frozen=True)
class Replay:
    """`words` put their address into ours, in this order; `keeps` says which rows of `view` come, `columns` of them.

    `skip` and `top` cut the answer; `single`: it is one entity; `related` navigations come with these columns, or with
    all; `grouped` by these with a Count; `context` is the exact fragment where it matters; `status` and `says` are for
    what is refused.
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
    skip: int = 0
    related: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    grouped: tuple[str, ...] = ()
    context: str | None = None


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
    Replay(
        "pq-expand-to-one",
        (
            ("http://<OData_service_root>/BaseAsset", "Calls"),
            ("PropertyRef_Property%28%24select%3DSyscode%2CName", "Area%28%24select%3DAreaId%2CAreaName"),
            ("Syscode", "CallId"),
            ("PropertyRef_Property", "Area"),
            ("PropertyRef", "AreaId"),
        ),
        "Calls?$select=CallId%2CAreaId%2CArea&$expand=Area%28%24select%3DAreaId%2CAreaName%29",
        "Calls",
        columns=("CallId", "AreaId"),
        related={"Area": ("AreaId", "AreaName")},
        context="Calls(CallId,AreaId,Area,Area(AreaId,AreaName))",
    ),
    Replay(
        "excel-expand-context-url",
        (("http://{host}/odata/Customers", "Calls"), ("Name", "AreaId"), ("Order", "Area")),
        "Calls?$select=AreaId&$expand=Area",
        "Calls",
        columns=("CallId", "AreaId"),
        related={"Area": ()},
        context="Calls(CallId,AreaId)",
    ),
    Replay(
        "excel-expand-entity-context-url",
        (
            ("https://services.odata.org/TripPinRESTierService/(S(t1tp121yd2pzirzee4pxkhbc))/People", "Calls"),
            ("'keithpinckney'", "17"),
            ("Trips", "Area"),
        ),
        "Calls(17)?$expand=Area",
        "Calls",
        keeps=lambda row: row["CallId"] == 17,
        single=True,
        related={"Area": ()},
    ),
    Replay(
        "excel-expand-lost-columns",
        (("https://localhost:7092/odata/books", "Calls"), ("authors", "Area")),
        "Calls?$expand=Area",
        "Calls",
        related={"Area": ()},
        context="Calls",
    ),
    Replay(
        "excel-select-star-expand",
        (("https://localhost:7092/odata/books", "Calls"), ("authors", "Area"), ("priceoffers", "Day")),
        "Calls?$select=*,Area,Day&$expand=Area,Day",
        "Calls",
        related={"Area": (), "Day": ()},
        context="Calls(*,Area,Day)",
    ),
    Replay(
        "pbi-service-apply-skip",
        (
            (".../_odata/v3.0-preview/WorkItemBoardSnapshot", "Calls"),
            ("BoardCategoryReferenceName eq 'Microsoft.RequirementCategory'", "PoliceOnSceneCode ne 'no'"),
            ("StateCategory eq 'InProgress'", "PriorityCode ne '1'"),
            ("2025-01-01Z", "2025-12-08"),  # a date has no Z: see the test below
            ("DateSK", "PriorityCode"),
            ("DateValue", "OperationalDate"),
            ("ColumnName", "StageCode"),
            ("ColumnItemLimit", "UnitCount"),
            ("TeamSK", "TeamCode"),
            ("AreaSK", "AreaId"),
            ("InProgressDate", "ReadyAt"),
            ("WorkItemId", "CallId"),
            ("WorkItemType", "CallSourceCode"),
            ("140000", "3"),
        ),
        "Calls?$apply=filter(PoliceOnSceneCode ne 'no' and PriorityCode ne '1' and OperationalDate ge 2025-12-08) "
        "%2Fgroupby((PriorityCode%2COperationalDate%2CStageCode%2CUnitCount%2CTeamCode%2CAreaId%2CReadyAt%2CCallId%2C"
        "CallSourceCode)%2C aggregate(%24count as Count))&$skip=3",
        "Calls",
        keeps=lambda row: (
            row["PoliceOnSceneCode"] != "no" and row["PriorityCode"] != "1" and row["OperationalDate"] >= "2025-12-08"
        ),
        grouped=(
            *("PriorityCode", "OperationalDate", "StageCode", "UnitCount", "TeamCode", "AreaId", "ReadyAt"),
            *("CallId", "CallSourceCode"),
        ),
        skip=3,
    ),
)

AT_THE_EDGE = {"pq-orgaccount-challenge": "an empty Bearer token is answered with the sign-in challenge before OData"}
"""Entry -> why the engine never sees it."""
