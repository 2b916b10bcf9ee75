"""Each known way to lose Power Query, Excel or OpenUI5, by name; with the verbatim headers of Power Query.

Sources of the reports: reference facts on the OData side (go-odata 874, lodata 441, odata.net 2137, central-backend 607,
WebApi 2088, odata-v4-server 215, DataConnectors 360, vscode-powerquery-sdk 281, data-warehouse-cloud-connectors 10).
"""

from __future__ import annotations

import re
from decimal import Decimal

import msgspec
import pytest
from lxml import etree

from models.catalogue import CATALOGUE
from models.catalogue.types import Edm
from tests.helpers.asking import POWER_QUERY, ROOT, Answered, Desk

EDM = "{http://docs.oasis-open.org/odata/ns/edm}"
VIEWS = [view.name for view in CATALOGUE.views.values()]
ACCEPTED = re.compile(
    r"application/json;odata\.metadata=(minimal|full)(;odata\.streaming=(true|false))?(;IEEE754Compatible=(true|false))?"
)
"""The types that the connector's own error text lists."""


def pq(ask: Desk, address: str, **more: str) -> Answered:
    return ask.get(address, "analyst", POWER_QUERY | {name.replace("_", "-"): value for name, value in more.items()})


@pytest.mark.parametrize(
    "address", ["", "$metadata", "Areas", "Areas('001')", "Areas/$count", "Nothing", "Areas?$top=x"]
)
def test_exactly_one_version_header_and_it_says_4_0(ask: Desk, address: str) -> None:
    for headers in (POWER_QUERY, {}, {"Accept": "*/*"}):
        found = ask.get(address, headers=headers)
        assert [value for name, value in found.headers if name.lower() == "odata-version"] == ["4.0"]


@pytest.mark.parametrize("accept", ["*/*", "application/json"])
def test_a_client_that_says_nothing_gets_4_0_not_4_01(ask: Desk, accept: str) -> None:
    assert ask.get("Areas", headers={"Accept": accept}).header("OData-Version") == "4.0"
    asked = ask.get("Areas", headers={"Accept": accept, "OData-MaxVersion": "4.01"})
    assert asked.header("OData-Version") == "4.01"


def test_metadata_is_xml_for_the_connectors_accept_list(ask: Desk) -> None:
    found = pq(ask, "$metadata")
    assert found.header("Content-Type") == "application/xml"
    assert etree.fromstring(found.body).tag == "{http://docs.oasis-open.org/odata/ns/edmx}Edmx"


def test_metadata_is_json_only_when_it_is_asked_for(ask: Desk) -> None:
    for address, headers in (("$metadata?$format=json", POWER_QUERY), ("$metadata", {"Accept": "application/json"})):
        found = ask.get(address, headers=headers)
        assert found.header("Content-Type") == "application/json"
        assert found.json["$Version"] == "4.0"


@pytest.mark.parametrize(
    "address", ["", "Areas", "Areas('001')", "Areas?$select=AreaName&$top=1", "Calls?$orderby=AreaId"]
)
def test_data_comes_in_a_type_that_the_connector_lists(ask: Desk, address: str) -> None:
    assert ACCEPTED.fullmatch(str(pq(ask, address).header("Content-Type")))


@pytest.mark.parametrize("address", ["", "Areas", "Areas('001')", "Areas('001')/AreaName", "Calls"])
def test_links_are_absolute_and_below_the_public_root(ask: Desk, address: str) -> None:
    found = pq(ask, address, Prefer="odata.maxpagesize=2")
    links = [value for name, value in found.json.items() if name in ("@odata.context", "@odata.nextLink")]
    assert links
    assert all(link.startswith(ROOT) for link in links)


def test_the_host_that_the_client_names_is_not_believed(ask: Desk) -> None:
    found = pq(ask, "Calls", Host="evil.example", Prefer="maxpagesize=1")
    assert b"evil.example" not in found.body


@pytest.mark.parametrize("address", ["Calls?$select=Day,AreaId", "Calls?$select=AreaId", "Calls(1)?$select=Incident"])
@pytest.mark.parametrize("version", ["4.0", "4.01"])
def test_no_brackets_behind_a_name_in_a_context_url(ask: Desk, address: str, version: str) -> None:
    found = ask.get(address, headers=POWER_QUERY | {"OData-MaxVersion": version}).json
    context = found["@odata.context" if version == "4.0" else "@context"]
    assert "()" not in context
    assert re.fullmatch(r".*\$metadata#Calls\([A-Za-z,]+\)(/\$entity)?", context)


EXPANDED = """
address                             | fragment
Calls?$expand=Area                  | Calls
Calls?$select=AreaId&$expand=Area   | Calls(CallId,AreaId)
Calls?$select=AreaId,Area&$expand=Area | Calls(CallId,AreaId,Area)
Calls?$expand=Area($select=AreaName)   | Calls(Area(AreaName))
Responses?$expand=Call($expand=Area)   | Responses
Calls(1)?$expand=Area,Day           | Calls/$entity
"""


@pytest.mark.parametrize("line", EXPANDED.strip().splitlines()[1:])
def test_an_expansion_leaves_no_brackets_for_a_client_of_4_0(ask: Desk, line: str) -> None:
    """The standard wants `Area()` in 4.01 answers; Excel and Power BI call that invalid, and get 4.0 without it."""
    address, fragment = (cell.strip() for cell in line.split("|"))
    assert pq(ask, address).json["@odata.context"] == f"{ROOT}$metadata#{fragment}"


def test_no_name_has_a_hyphen(ask: Desk) -> None:
    document = etree.fromstring(pq(ask, "$metadata").body)
    names = [str(item.get("Name")) for item in document.iter() if item.get("Name")]
    assert len(names) > 300
    assert all(re.fullmatch(r"[A-Za-z][A-Za-z0-9]*", name) for name in names)


def test_annotations_put_no_enumeration_member_where_a_text_belongs(ask: Desk) -> None:
    """Only terms whose type is an enumeration carry a member; test_metadata judges all by the vocabularies."""
    document = etree.fromstring(pq(ask, "$metadata").body)
    carriers = {
        (item.get("Term") or item.get("Property")) for item in document.iter() if item.get("EnumMember") is not None
    }
    assert carriers <= {
        "Org.OData.Capabilities.V1.ConformanceLevel",
        "Org.OData.Capabilities.V1.IsolationSupported",
        "Org.OData.Core.V1.Permissions",
        "Navigability",
        "Rollup",
        "UnsupportedExpressions",
    }
    for item in document.iter(f"{EDM}Collection"):
        (kind,) = {child.tag for child in item}
        assert kind in (f"{EDM}String", f"{EDM}Record", f"{EDM}PropertyPath")


@pytest.mark.parametrize("view", VIEWS)
def test_instants_always_have_an_offset(ask: Desk, view: str) -> None:
    columns = [column.name for column in CATALOGUE.views[view].columns if column.edm is Edm.INSTANT]
    for row in pq(ask, view).rows:
        for name in columns:
            assert row[name] is None or re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", row[name])


def test_decimals_never_have_an_exponent_and_their_scale_is_declared(ask: Desk) -> None:
    view = CATALOGUE.views["HourlyActivity"]
    columns = [column for column in view.columns if column.edm is Edm.DECIMAL]
    assert columns
    for accept in ("application/json", "application/json;IEEE754Compatible=true"):
        body = ask.get("HourlyActivity", headers={"Accept": accept}).body
        for raw in (msgspec.json.decode(body, type=dict[str, msgspec.Raw])["value"],):
            for row in msgspec.json.decode(raw, type=list[dict[str, msgspec.Raw]]):
                for column in columns:
                    text = bytes(row[column.name]).decode().strip('"')
                    assert re.fullmatch(rf"-?\d+\.\d{{{column.scale}}}", text), text
                    assert Decimal(text).as_tuple().exponent == -(column.scale or 0)
    document = etree.fromstring(pq(ask, "$metadata").body)
    for item in document.iter(f"{EDM}Property"):
        assert (item.get("Type") == "Edm.Decimal") == (item.get("Scale") is not None)


def test_codes_are_texts_and_no_type_is_unusual(ask: Desk) -> None:
    document = etree.fromstring(pq(ask, "$metadata").body)
    assert {item.get("Type") for item in document.iter(f"{EDM}Property")} <= {kind.value for kind in Edm}
    assert not list(document.iter(f"{EDM}EnumType"))
    assert not list(document.iter(f"{EDM}ComplexType"))


def test_no_collection_valued_navigation_is_published(ask: Desk) -> None:
    """It would become one request for each row."""
    assert b'Type="Collection(' not in pq(ask, "$metadata").body


@pytest.mark.parametrize("address", ["", "$metadata", "Areas", "Areas('001')", "Areas/$count", "Areas('001')/AreaName"])
@pytest.mark.parametrize(
    "option", ["x=1", "subscription-key=REDACTED", "x", "=", "a=b=c", "x=%27", "top", "odata-debug=json"]
)
def test_unknown_options_are_tolerated_everywhere(ask: Desk, address: str, option: str) -> None:
    if option == "top":
        option = "topmost=3"
    assert pq(ask, f"{address}?{option}").status == 200
    assert pq(ask, f"{address}?{option}").body == pq(ask, address).body


def test_omit_values_is_answered_with_the_preference_that_was_applied(ask: Desk) -> None:
    found = pq(ask, "Calls", Prefer="omit-values=nulls")
    assert found.header("Preference-Applied") == "omit-values=nulls"
    whole = pq(ask, "Calls")
    assert whole.header("Preference-Applied") is None
    assert found.rows == [{name: value for name, value in row.items() if value is not None} for row in whole.rows]
    assert found.rows != whole.rows


def test_omit_values_is_said_also_where_there_is_nothing_to_omit(ask: Desk) -> None:
    found = pq(ask, "DailyCalls", Prefer="omit-values=nulls")
    assert found.header("Preference-Applied") == "omit-values=nulls"
    assert found.rows == pq(ask, "DailyCalls").rows


def test_unknown_preferences_are_not_echoed(ask: Desk) -> None:
    found = pq(ask, "Areas", Prefer="VSTS.Analytics.MaxSize=1000")
    assert (found.status, found.header("Preference-Applied")) == (200, None)


def test_big_numbers_come_as_text_when_asked(ask: Desk) -> None:
    """2^53 + 1 does not survive a reader that makes doubles of numbers."""
    found = ask.get("DailyCalls", headers={"Accept": "application/json;IEEE754Compatible=true"})
    assert found.header("Content-Type") == "application/json;odata.metadata=minimal;IEEE754Compatible=true"
    texts = [row["CallCount"] for row in found.rows]
    assert "9007199254740993" in texts
    assert [int(text) for text in texts] == [row["CallCount"] for row in ask.get("DailyCalls").rows]


DECODED_ONCE = """
written                                                  | the same as
Codes?$filter=Label%20eq%20%2750%25%20off_%27            | Codes?$filter=Label eq '50%25 off_'
Codes?$filter=Label eq 'a%26b%3Dc%23d%3Fe%2Ff%2Bg'       | Codes?$filter=contains(Label,'%26b%3Dc%23d')
Codes?%24filter=Label%20eq%20%27O%27%27Brien%27          | Codes?$filter=Label eq 'O''Brien'
"""


@pytest.mark.parametrize("line", DECODED_ONCE.strip().splitlines()[1:])
def test_percent_signs_are_decoded_exactly_once(ask: Desk, line: str) -> None:
    written, same = (cell.strip() for cell in line.split("| "))
    assert pq(ask, written).rows == pq(ask, same).rows
    assert pq(ask, written).rows


def test_a_plus_in_an_offset_is_a_plus(ask: Desk) -> None:
    """The editor's filters carry the local offset: `%2B01:00`, decoded once, is an hour before."""
    instants = sorted(row["CallArrival"] for row in pq(ask, "Calls").rows)
    cut = instants[20]
    hour = int(cut[11:13])
    if hour == 23:
        cut = f"{cut[:11]}22{cut[13:]}"
        hour = 22
    local = f"{cut[:11]}{hour + 1:02d}{cut[13:-1]}%2B01%3A00"
    found = pq(ask, f"Calls?$filter=CallArrival%20gt%20{local.replace(':', '%3A')}&$top=1000").rows
    assert sorted(row["CallArrival"] for row in found) == [moment for moment in instants if moment > cut]


def test_the_key_column_comes_with_every_selection(ask: Desk) -> None:
    rows = pq(ask, "Areas?$select=AreaName").rows
    assert {tuple(row) for row in rows} == {("AreaId", "AreaName")}


def test_a_full_page_that_is_the_last_has_no_link(ask: Desk) -> None:
    found = pq(ask, "Calls?$top=10")
    assert len(found.rows) == 10
    assert "@odata.nextLink" not in found.json
