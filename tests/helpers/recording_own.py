"""Our own requests, synthetic, in the forms of known clients: what the committed example of a recording was made of.

`record(home, file)` runs a service over `home`, asks them all and leaves the recording in `file`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.helpers.asking import POWER_QUERY
from tests.helpers.batches import Ask, as_json, multipart
from tests.helpers.capability_cases import ANSWERED, REFUSED, address, lines
from tests.helpers.observed_clients import OBSERVED
from tests.helpers.powerquery import REPLAYS
from tests.helpers.service import Service, running

Request = tuple[str | None, str, str, dict[str, Any]]
"""Who asks, method, address, and what httpx is told besides."""
REFRESH = ("/odata/v1/", "/odata/v1/$metadata", "/odata/v1/Dates", "/odata/v1/DailyCalls", "/odata/v1/RefreshStatus")
MISTAKES = """
/odata/v1/NoSuchView
/odata/v1/Areas('absent')
/odata/v1/Calls(987654321)
/odata/v1/Areas?$filter=NoSuchColumn eq 1
/odata/v1/Areas?$filter=AreaId eq 'open
/odata/v1/Dates?$filter=OperationalDate ge 2026-02-30
/odata/v1/Areas?api_key=somebody
/odata/v1/Areas?$skiptoken=forged
/odata/v1/Incidents
/v1/views/NoSuchView.csv
/no/such/page
"""


def requests(service: Service) -> Iterator[Request]:
    """All of them, in order."""
    power_query = {"headers": POWER_QUERY}
    yield None, "GET", "/odata/v1/", {"headers": {**POWER_QUERY, "Authorization": "Bearer"}}
    yield None, "GET", "/odata/v1/", power_query
    for url in REFRESH:
        yield "viewer", "GET", url, power_query
    yield from _pages(service)
    for replay in REPLAYS:
        yield "analyst", "GET", f"/odata/v1/{replay.ours}", power_query
    for seen in OBSERVED:
        if seen.answers != "batch":
            yield "analyst", "GET", f"/odata/v1{seen.ours}", {}
    for text in (*lines(ANSWERED).values(), *lines(REFUSED).values()):
        yield "analyst", "GET", f"/odata/v1/{address(text)}", {}
    for url in MISTAKES.strip().splitlines():
        yield "viewer", "GET", address(url), power_query
    yield "viewer", "POST", "/odata/v1/Areas", {"content": b"a body that nobody reads"}
    yield from _others(service)


def _pages(service: Service) -> Iterator[Request]:
    """A feed in pages, a conditional request and a file."""
    url: str | None = "/odata/v1/DailyCalls?$select=OperationalDate,AreaId"
    headers = {"Prefer": "odata.maxpagesize=20"}
    while url:
        yield "viewer", "GET", url, {"headers": headers}
        url = service.get(url, "viewer", headers=headers).json().get("@odata.nextLink")
    tag = service.get("/odata/v1/Areas", "viewer").headers["etag"]
    for known in (tag, '"another"'):
        yield "viewer", "GET", "/odata/v1/Areas", {"headers": {"If-None-Match": known}}
    yield "viewer", "HEAD", "/odata/v1/Areas", {}
    yield "viewer", "GET", "/v1/views/DailyCalls.csv?$top=3", {}
    for file in ("", "viewer/CrisisMetricsViewer.pbit", "viewer/CrisisMetricsViewer.pbids", "analyst/no.pbit"):
        yield "viewer", "GET", f"/v1/powerbi/{file}", {}


def _others(service: Service) -> Iterator[Request]:
    """Batches in both forms, other ways to sign in, other routes."""
    asked = (
        Ask("Areas('001')?$select=AreaName", id="1"),
        Ask("/odata/v1/Areas/$count", id="2", depends_on=("1",)),
        Ask("Areas('absent')", id="3"),
        Ask("Teams", id="4", depends_on=("3",)),
        Ask("DailyCalls?$filter=AreaId%20eq%20'001'", headers={"Prefer": "maxpagesize=5"}, id="5"),
    )
    for body, headers in (as_json(*asked), multipart(*asked)):
        yield "viewer", "POST", "/odata/v1/$batch", {"content": body, "headers": headers}
    yield "viewer", "POST", "/odata/v1/$batch", {"content": b"no batch", "headers": {"Content-Type": "text/plain"}}
    token = service.logins["viewer"].token
    yield None, "GET", "/odata/v1/Areas", {"headers": {"X-API-Key": token}}
    yield None, "GET", "/odata/v1/Areas", {"headers": {"Authorization": f"Bearer {token}"}}
    yield None, "GET", "/odata/v1/Areas", {"auth": ("cm_nobody", "wrong")}
    for url in ("/", "/healthz", "/docs"):
        yield None, "GET", url, {"headers": {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64) Somebody/7"}}


def record(home: Path, file: Path) -> None:
    """`home` has a snapshot; `file` is made anew. What is only looked up on the way is asked of a second service."""
    file.unlink(missing_ok=True)
    with running(home) as aside, running(home, record_requests=file) as service:
        for who, method, url, more in requests(aside):
            service.get(url, who, method, **more)
