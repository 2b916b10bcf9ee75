"""Versions on the wire: OData 4.0 and 4.01 payloads, the version of the schema, one snapshot for one request."""

from __future__ import annotations

import pytest

from models.catalogue import CATALOGUE
from tests.helpers.asking import POWER_QUERY, ROOT, Desk

NEW = {"OData-MaxVersion": "4.01"}
FULL = {"Accept": "application/json;odata.metadata=full"}
ADDRESSES = (
    "",
    "Areas",
    "Areas?$count=true&$top=2",
    "Calls?$select=CallId,CallArrival",
    "Areas('001')",
    "Areas('001')/AreaName",
    "Calls(1)/CallArrival",
    "Calls(1)/Area",
    "Calls?$compute=length(AreaId) as L&$select=CallId,L",
    "Calls?$expand=Area($select=AreaId)&$select=CallId",
    "Calls?$apply=groupby((AreaId),aggregate($count as N))",
    "Calls?$apply=concat(aggregate($count as N),aggregate(CallArrival with max as Last))",
)


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize("level", ["none", "minimal", "full"])
def test_4_01_says_the_same_without_the_prefix(ask: Desk, address: str, level: str) -> None:
    """OData JSON 4.5 and 4.5.3: 4.0 must write `@odata.` and `#Date`, 4.01 should write `@` and `Date`."""
    headers = {"Accept": f"application/json;odata.metadata={level}", "Prefer": "maxpagesize=1"}
    old, new = ask.get(address, headers=headers), ask.get(address, headers={**headers, **NEW})
    text = old.body.decode()
    for name in ("#Date", "#DateTimeOffset", "#Int32", "#Int64", "#Decimal"):
        text = text.replace(f':"{name}"', f':"{name[1:]}"')
    assert new.body.decode() == text.replace("@odata.", "@")
    assert (old.header("OData-Version"), new.header("OData-Version")) == ("4.0", "4.01")
    assert new.header("Content-Type") == f"application/json;metadata={level}"
    assert old.header("Content-Type") == f"application/json;odata.metadata={level}"


def test_pages_of_4_01_are_followed_to_the_end(ask: Desk) -> None:
    link, rows = "Calls", []
    for _ in range(10):
        page = ask.get(link, headers={**NEW, "Prefer": "maxpagesize=15"}).json
        rows += page["value"]
        link = page.get("@nextLink", "")
        if not link:
            break
    assert rows == ask.get("Calls").rows


@pytest.mark.parametrize("address", ["Nothing", "Areas?$top=x", "Areas?$format=xml", "Areas('none')"])
def test_errors_say_their_language(ask: Desk, address: str) -> None:
    found = ask.get(address)
    assert found.header("Content-Language") == "en"
    assert set(found.json) == {"error"}


SCHEMAS = """
$schemaversion      | status
VERSION             | 200
*                   | 200
0.0.1               | 404
VERSION-next        | 404
9                   | 404
!                   | 400
"""


@pytest.mark.parametrize("line", SCHEMAS.strip().splitlines()[1:])
@pytest.mark.parametrize("address", [*ADDRESSES, "$metadata", "Areas/$count", "Areas('001')/AreaName/$value"])
def test_the_version_of_the_schema(ask: Desk, address: str, line: str) -> None:
    """OData protocol 11.2.12: a version that does not exist is 404, `*` is the current one, on any request."""
    written, status = (cell.strip().replace("VERSION", CATALOGUE.version) for cell in line.split("|"))
    for name in ("$schemaversion", "schemaversion", "$SchemaVersion", "%24schemaversion"):
        found = ask.get(f"{address}{'&' if '?' in address else '?'}{name}={written}", headers=POWER_QUERY)
        assert found.status == int(status), found.body
        if found.status == 404:
            assert found.json["error"]["target"] == "$schemaversion"
            assert CATALOGUE.version in found.json["error"]["details"][0]["message"]
        elif found.status == 200 and "value" not in address:
            assert found.body == ask.get(address, headers=POWER_QUERY).body


def test_the_version_that_is_accepted_is_the_one_published(ask: Desk) -> None:
    schema = ask.get("$metadata?$format=json&$schemaversion=*").json["CrisisMetrics"]
    (published,) = [value for name, value in schema.items() if name.endswith("SchemaVersion")]
    assert ask.get(f"Areas?$schemaversion={published}").status == 200


def test_the_version_of_the_schema_goes_along_to_the_next_page(ask: Desk) -> None:
    page = ask.get(f"Calls?$schemaversion={CATALOGUE.version}", headers={"Prefer": "maxpagesize=5"}).json
    assert f"$schemaversion={CATALOGUE.version}" in page["@odata.nextLink"]
    assert ask.get(page["@odata.nextLink"]).status == 200


ISOLATION = """
address              | header          | value     | status
Calls                | Isolation       | snapshot  | 200
Calls                | Isolation       | SnapShot  | 200
Calls                | OData-Isolation | snapshot  | 200
Calls(1)             | Isolation       | snapshot  | 200
Calls/$count         | Isolation       | snapshot  | 200
RefreshStatus        | -               | -         | 200
RefreshStatus        | Isolation       | snapshot  | 412
Calls                | Isolation       | serial    | 412
Calls                | OData-Isolation | serial    | 412
"""


@pytest.mark.parametrize("line", ISOLATION.strip().splitlines()[1:])
def test_isolation_is_what_every_answer_has_and_a_live_view_cannot_give(ask: Desk, line: str) -> None:
    """OData protocol 8.2.6: a service that cannot give it must not process the request and answers 412."""
    address, header, value, status = (cell.strip() for cell in line.split("|"))
    found = ask.get(address, headers={} if header == "-" else {header: value})
    assert found.status == int(status)
    if status == "412":
        assert (found.code, found.json["error"]["target"]) == ("PreconditionFailed", "Isolation")


def test_links_in_4_01_are_absolute_too(ask: Desk) -> None:
    page = ask.get("Calls", headers={**NEW, "Prefer": "maxpagesize=5"}).json
    assert page["@context"].startswith(ROOT)
    assert page["@nextLink"].startswith(ROOT)
