"""Every Capabilities term that `$metadata` carries is tried: a promise answers 200, a denial does not.

Each term has one function here that gets its value as served and asks the service; a term without a function fails.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
from lxml import etree

from models.catalogue import CATALOGUE
from models.catalogue.types import View
from tests.helpers import csdl_reading
from tests.helpers.asking import Desk

NS = {"e": "http://docs.oasis-open.org/odata/ns/edm"}
VIEWS = [view.name for view in CATALOGUE.views.values()]
CONTAINER = "Container"


def role_of(view: View) -> str:
    """Who reads a view and as much else as may be."""
    return "analyst" if "analyst" in view.roles else next(iter(view.roles))


def by_key(ask: Desk, view: View) -> str:
    """Address of the first row."""
    full = ask.get(f"{view.name}?$top=1", role_of(view), {"Accept": "application/json;odata.metadata=full"})
    return str(full.rows[0]["@odata.id"])


class Set:
    """One entity set, its view, and what it is asked."""

    def __init__(self, ask: Desk, name: str) -> None:
        self.ask, self.view = ask, CATALOGUE.views[name]
        self.who = role_of(self.view)
        document = etree.fromstring(ask.get("$metadata", self.who).body)
        self.links = document.xpath(
            "//e:EntityType[@Name=$entity]/e:NavigationProperty/@Name", entity=self.view.entity, namespaces=NS
        )
        self.terms = {
            place[-1]: value
            for place, value in csdl_reading.of_xml(ask.get("$metadata", self.who).body).items()
            if place[:-1] == (CONTAINER, name) and place[-1].startswith("@")
        }

    def status(self, options: str = "", *, below: str = "", method: str = "GET") -> int:
        """How a request on the set ends."""
        query = "?" + quote(options, safe="$&=(),':;") if options else ""
        return self.ask.get(f"{self.view.name}{below}{query}", self.who, method=method).status


def countable(each: Set, value: dict[str, Any]) -> None:
    assert value == {"Countable": True}
    rows = len(each.ask.all_rows(each.view.name, each.who))
    assert each.ask.get(f"{each.view.name}/$count", each.who).body == str(rows).encode()
    assert each.ask.get(f"{each.view.name}?$count=true&$top=0", each.who).json["@odata.count"] == rows


def expandable(each: Set, value: dict[str, Any]) -> None:
    assert value == {"Expandable": bool(each.links)}
    assert [each.status(f"$expand={name}&$top=1") for name in each.links] == [200] * len(each.links)


def searchable(each: Set, value: dict[str, Any]) -> None:
    assert value in ({"Searchable": False}, {"Searchable": True, "UnsupportedExpressions": "none"})
    for term in ("plain", "plain AND x", "plain x", "plain OR x", "NOT plain", '"plain x"', "(plain OR x) AND NOT y"):
        assert each.status(f"$search={term}") == (200 if value["Searchable"] else 501)


def navigable(each: Set, value: dict[str, Any]) -> None:
    """One step to every neighbour, and from each to its neighbours."""
    assert value == {"Navigability": "Recursive" if each.links else "None"}
    address = by_key(each.ask, each.view)
    for navigation in [nav for nav in each.view.navigations if nav.name in each.links]:
        assert each.ask.get(f"{address}/{navigation.name}", each.who).status in (200, 204)
        for further in CATALOGUE.views[navigation.target].navigations:
            assert each.ask.get(f"{address}/{navigation.name}/{further.name}", each.who).status in (200, 204)


def readable(each: Set, value: dict[str, Any]) -> None:
    wanted = {"Readable": True, "TypecastSegmentSupported": False, "ReadByKeyRestrictions": {"Readable": True}}
    assert value == wanted
    assert each.status() == each.ask.get(by_key(each.ask, each.view), each.who).status == 200
    assert each.status(below=f"/CrisisMetrics.{each.view.entity}") in (404, 501)


def applicable(each: Set, _: dict[str, Any]) -> None:
    """What is in it is tried in test_capabilities_honesty; here: on every set."""
    rows = len(each.ask.all_rows(each.view.name, each.who))
    assert each.ask.get(f"{each.view.name}?$apply=aggregate($count as N)".replace(" ", "%20"), each.who).rows == [
        {"N@odata.type": "#Decimal", "N": rows}
    ]


def summed(each: Set, qualifier: str, value: str) -> None:
    """A custom aggregate is named after its column and answers with its sum."""
    assert value == "Edm.Decimal"
    query = f"{each.view.name}?$apply=aggregate({qualifier},{qualifier} with sum as Again)".replace(" ", "%20")
    (row,) = each.ask.get(query, each.who).rows
    assert row[qualifier] == row["Again"]


def tracked(each: Set, value: dict[str, Any]) -> None:
    assert value == {"Supported": False}
    found = each.ask.get(each.view.name, each.who, {"Prefer": "track-changes"})
    assert found.header("Preference-Applied") is None
    assert "@odata.deltaLink" not in found.json


def changed(name: str, *methods: str) -> Callable[[Set, dict[str, Any]], None]:
    def tried(each: Set, value: dict[str, Any]) -> None:
        assert value == {name: False}
        assert {each.status(method=method) for method in methods} == {405}

    return tried


def answered(options: str, wanted: object) -> Callable[[Set, Any], None]:
    def tried(each: Set, value: Any) -> None:
        assert value == wanted
        assert each.status(options.format(key=each.view.key[0])) == 200

    return tried


OF_SET: dict[str, Callable[[Set, Any], None]] = {
    "Core.V1.Description": lambda each, value: print(each.view.name, value),
    "Core.V1.Permissions": lambda each, value: changed("", "POST", "PUT", "PATCH", "DELETE")(
        each, {"": value != "Read"}
    ),
    "Capabilities.V1.ReadRestrictions": readable,
    "Capabilities.V1.IndexableByKey": lambda each, _: readable(
        each, each.terms["@Org.OData.Capabilities.V1.ReadRestrictions"]
    ),
    "Capabilities.V1.CountRestrictions": countable,
    "Capabilities.V1.TopSupported": answered("$top=1", True),
    "Capabilities.V1.SkipSupported": answered("$skip=1", True),
    "Capabilities.V1.SelectSupport": answered("$select={key}", {"Supported": True}),
    "Capabilities.V1.ComputeSupported": answered("$compute={key} as Same&$select=Same", True),
    "Capabilities.V1.FilterRestrictions": answered("$filter={key} ne null", {"Filterable": True}),
    "Capabilities.V1.SortRestrictions": answered("$orderby={key} desc", {"Sortable": True}),
    "Capabilities.V1.ExpandRestrictions": expandable,
    "Capabilities.V1.SearchRestrictions": searchable,
    "Capabilities.V1.NavigationRestrictions": navigable,
    "Capabilities.V1.ChangeTracking": tracked,
    "Capabilities.V1.InsertRestrictions": changed("Insertable", "POST"),
    "Capabilities.V1.UpdateRestrictions": changed("Updatable", "PUT", "PATCH"),
    "Capabilities.V1.DeleteRestrictions": changed("Deletable", "DELETE"),
    "Aggregation.V1.ApplySupported": applicable,
}
"""Term of an entity set -> how it is tried."""


@pytest.mark.parametrize("name", VIEWS)
def test_every_term_of_an_entity_set_is_true(ask: Desk, name: str) -> None:
    each = Set(ask, name)
    said = {term.removeprefix("@Org.OData."): value for term, value in each.terms.items()}
    sums = {term.partition("#")[2]: said.pop(term) for term in [*said] if term.startswith("Aggregation.V1.CustomAggr")}
    assert sums.keys() == {column.name for column in each.view.columns if column.additivity == "additive"}
    assert said.keys() == OF_SET.keys()
    for qualifier, value in sums.items():
        summed(each, qualifier, value)
    for term, value in said.items():
        OF_SET[term](each, value)


def versions(ask: Desk, value: str) -> None:
    for version in value.split():
        assert ask.get("Areas", headers={"OData-MaxVersion": version}).header("OData-Version") == version


def formats(ask: Desk, value: list[str]) -> None:
    for media in value:
        for found in (ask.get("Areas", headers={"Accept": media}), ask.get(f"Areas?$format={quote(media)}")):
            wanted = set(media.split(";")) - {"IEEE754Compatible=false"}
            assert (found.status, set(str(found.header("Content-Type")).split(";"))) == (200, wanted)


def metadata_formats(ask: Desk, value: list[str]) -> None:
    for media in value:
        assert ask.get("$metadata", headers={"Accept": media}).header("Content-Type") == media


def identified(ask: Desk, value: object) -> None:
    assert value is True
    for view in CATALOGUE.readable("analyst"):
        address = by_key(ask, view)
        assert address.startswith(f"https://metrics.example/odata/v1/{view.name}(")
        assert ask.get(address).status == 200


def refused(address: str, *statuses: int, method: str = "GET", **headers: str) -> Callable[[Desk, Any], None]:
    def tried(ask: Desk, value: Any) -> None:
        assert value is False
        assert ask.get(address, headers=headers, method=method).status in statuses

    return tried


def asynchronous(ask: Desk, value: object) -> None:
    assert value is False
    found = ask.get("Areas", headers={"Prefer": "respond-async"})
    assert (found.status, found.header("Preference-Applied")) == (200, None)


def isolated(ask: Desk, value: object) -> None:
    assert value == "Snapshot"
    for name in ("Isolation", "OData-Isolation"):
        assert ask.get("Areas", headers={name: "snapshot"}).status == 200
        assert ask.get("Areas", headers={name: "serializable"}).status == 412


def over_http(_: Desk, value: object) -> None:
    """Tried by tests/http/test_capabilities: a batch goes over HTTP."""
    assert value in (True, ["identity"]) or isinstance(value, dict)


def level(ask: Desk, value: str) -> None:
    """What OData 4.0 asks of the Intermediate level beyond the Minimal one; `any` keeps it from being Advanced."""
    assert value == "Intermediate"
    for address in (
        "Areas?$select=AreaName",
        "Areas?$top=1",
        "Areas('001')/AreaName/$value",
        "Areas?$filter=AreaId%20eq%20'001'",
        "Areas?$filter=AreaId%20ne%20'001'",
        "Areas?$filter=AreaId%20eq%20@a&@a='001'",
    ):
        assert ask.get(address).status == 200
    assert ask.get("Calls?$filter=Things/any(x:x%20eq%201)").status == 501


OF_CONTAINER: dict[str, Callable[[Desk, Any], None]] = {
    "Core.V1.ODataVersions": versions,
    "Core.V1.ConventionalIDs": identified,
    "Core.V1.DereferenceableIDs": identified,
    "Capabilities.V1.ConformanceLevel": level,
    "Capabilities.V1.SupportedFormats": formats,
    "Capabilities.V1.SupportedMetadataFormats": metadata_formats,
    "Capabilities.V1.FilterFunctions": lambda _, value: print(f"{len(value)} names, see test_capabilities_honesty"),
    "Capabilities.V1.AsynchronousRequestsSupported": asynchronous,
    "Capabilities.V1.IsolationSupported": isolated,
    "Capabilities.V1.BatchSupported": over_http,
    "Capabilities.V1.BatchSupport": over_http,
    "Capabilities.V1.AcceptableEncodings": over_http,
    "Capabilities.V1.CrossJoinSupported": refused("$crossjoin(Areas,Teams)", 501),
    "Capabilities.V1.KeyAsSegmentSupported": refused("Areas/001", 404, 501),
    "Capabilities.V1.QuerySegmentSupported": refused("Areas/$query", 405, 501, method="POST"),
    "Capabilities.V1.AnnotationValuesInQuerySupported": refused("Areas?$filter=@Core.Description%20eq%20'x'", 501),
}
"""Term of the container -> how it is tried."""


def test_every_term_of_the_container_is_true(ask: Desk) -> None:
    found = csdl_reading.of_xml(ask.get("$metadata").body)
    terms = {
        place[-1].removeprefix("@Org.OData."): value for place, value in found.items() if place[:-1] == (CONTAINER,)
    }
    del terms["Kind"]
    assert set(terms) == set(OF_CONTAINER)
    for term, value in terms.items():
        OF_CONTAINER[term](ask, value)


def test_the_version_of_the_schema_is_the_one_that_requests_may_name(ask: Desk) -> None:
    version = csdl_reading.of_xml(ask.get("$metadata").body)[("@Org.OData.Core.V1.SchemaVersion",)]
    for address in ("", "$metadata", "Areas", "Areas/$count", "Areas('001')", "Areas('001')/AreaName"):
        assert ask.get(f"{address}?$schemaversion={version}").status == 200
        assert ask.get(f"{address}?$schemaversion=*").status == 200
        assert ask.get(f"{address}?$schemaversion=0.0.0").status == 404
