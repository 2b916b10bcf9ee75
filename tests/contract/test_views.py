"""Every view x role x format: service document, `$metadata` and feed agree with the catalogue and with each other.

A forbidden view answers like one that does not exist, byte for byte apart from the name.
"""

from __future__ import annotations

from typing import Any

import pytest
from lxml import etree

from models.catalogue import CATALOGUE
from models.catalogue.types import Edm, View
from tests.helpers.asking import ROOT, Desk, caller

EDM = "{http://docs.oasis-open.org/odata/ns/edm}"
VIEWS = list(CATALOGUE.views.values())
ROLES = sorted(CATALOGUE.roles)
FORMATS = {
    "minimal": {},
    "full": {"Accept": "application/json;odata.metadata=full"},
    "none": {"Accept": "application/json;odata.metadata=none"},
    "ieee": {"Accept": "application/json;IEEE754Compatible=true"},
    "omit nulls": {"Prefer": "omit-values=nulls"},
    "4.01": {"OData-MaxVersion": "4.01"},
}
views = pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)
roles = pytest.mark.parametrize("role", ROLES)


@roles
def test_the_service_document_and_metadata_list_the_same_sets(ask: Desk, role: str) -> None:
    listed = [item["name"] for item in ask.get("", role).rows]
    document = etree.fromstring(ask.get("$metadata", role).body)
    assert listed == [item.get("Name") for item in document.iter(f"{EDM}EntitySet")]
    assert listed == [view.name for view in CATALOGUE.readable(role)]


@roles
def test_every_listed_set_is_answered_where_the_document_says(ask: Desk, role: str) -> None:
    for item in ask.get("", role).rows:
        assert item["kind"] == "EntitySet"
        assert ask.get(item["url"], role).status == 200


@views
@pytest.mark.parametrize("form", FORMATS)
def test_a_feed_has_the_declared_columns_with_the_declared_types(ask: Desk, view: View, form: str) -> None:
    headers = FORMATS[form]
    page = ask.get(view.name, "analyst", headers)
    assert page.status == 200
    assert page.rows or view.live
    for row in page.rows:
        names = [name for name in row if "@" not in name]
        expected = [column.name for column in view.columns]
        if form == "omit nulls":
            expected = [name for name in expected if name in row]
            assert None not in row.values()
        assert names == expected
        for column in view.columns:
            if column.name in row and row[column.name] is not None:
                assert isinstance(row[column.name], JSON_TYPES[column.edm] if form != "ieee" else IEEE[column.edm])
            elif form != "omit nulls":
                assert column.nullable or view.live


@views
@roles
def test_a_view_is_answered_to_the_roles_that_the_catalogue_names(ask: Desk, view: View, role: str) -> None:
    expected = 200 if role in view.roles else 404
    address = f"{view.name}{_some_key(ask, view)}"
    for suffix in ("", "/$count", f"?$filter={view.key[0]} ne null", "?$select=SnapshotId", "?$top=0"):
        assert ask.get(f"{view.name}{suffix}", role).status == expected, suffix
    assert ask.get(address, role).status == expected
    assert ask.get(f"{address}/{view.key[0]}", role).status == expected
    assert ask.get(f"{address}/{view.key[0]}/$value", role).status == expected


@views
@roles
def test_a_forbidden_view_answers_as_if_it_were_not_there(
    ask: Desk, view: View, role: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Byte for byte the answer of a service whose catalogue lacks the view, the suggested name included."""
    key = _some_key(ask, view)
    suffixes = ("", "/$count", key, f"{key}/{view.key[0]}", f"{key}/Nothing", "?$filter=Nothing eq 1", "?$top=x")
    there = [ask.get(f"{view.name}{suffix}", role) for suffix in suffixes]
    monkeypatch.delitem(CATALOGUE.views, view.name)
    absent = [ask.get(f"{view.name}{suffix}", role) for suffix in suffixes]
    same = [
        (one.status, one.body, _steady(one.headers)) == (two.status, two.body, _steady(two.headers))
        for one, two in zip(there, absent, strict=True)
    ]
    assert same == [role not in view.roles] * len(suffixes)


@views
def test_every_row_is_found_by_its_key_and_says_the_same_there(ask: Desk, view: View) -> None:
    full = ask.get(f"{view.name}?$top=8", "analyst", FORMATS["full"])
    plain = ask.get(f"{view.name}?$top=8").rows
    for row, wanted in zip(full.rows, plain, strict=True):
        one = ask.get(row["@odata.id"])
        assert one.status == 200, row["@odata.id"]
        assert one.json == {"@odata.context": f"{ROOT}$metadata#{view.name}/$entity", **wanted}


@views
def test_count_is_the_number_of_rows(ask: Desk, view: View) -> None:
    rows = len(ask.all_rows(view.name))
    assert ask.get(f"{view.name}/$count").body == str(rows).encode()
    assert ask.get(f"{view.name}?$count=true&$top=1").json["@odata.count"] == rows


@views
def test_no_column_that_is_not_declared_can_be_named(ask: Desk, view: View) -> None:
    """`_row` above all: it would tell how many rows are hidden."""
    for query in ("$select=_row", "$orderby=_row", "$filter=_row eq 1", "$filter=_row gt 1"):
        assert ask.get(f"{view.name}?{query}").status == 400
    assert ask.get(f"{view.name}{_some_key(ask, view)}/_row").status == 404


@pytest.mark.parametrize("role", ["viewer", "lead", "analyst"])
@pytest.mark.parametrize("restriction", ["areas", "teams", "both", "nothing"])
def test_a_restricted_caller_sees_in_every_document_what_it_may_read(ask: Desk, role: str, restriction: str) -> None:
    who = caller(
        role,
        areas={"001"} if restriction in ("areas", "both") else set() if restriction == "nothing" else None,
        teams={"east"} if restriction in ("teams", "both") else None,
    )
    listed = {item["name"] for item in ask.get("", who).rows}
    for view in VIEWS:
        assert ask.get(view.name, who).status == (200 if view.name in listed else 404), view.name
    document = ask.get("$metadata", who).body.decode()
    for view in VIEWS:
        assert (f'EntitySet Name="{view.name}"' in document) == (view.name in listed)


JSON_TYPES: dict[Edm, Any] = {
    Edm.STRING: str,
    Edm.BOOLEAN: bool,
    Edm.INT32: int,
    Edm.INT64: int,
    Edm.DECIMAL: (int, float),
    Edm.DOUBLE: (int, float),
    Edm.DATE: str,
    Edm.INSTANT: str,
}
IEEE = JSON_TYPES | {Edm.INT64: str, Edm.DECIMAL: str}


def _some_key(ask: Desk, view: View) -> str:
    """The key segment of the first row."""
    rows = ask.get(f"{view.name}?$top=1", "analyst", FORMATS["full"]).rows
    return str(rows[0]["@odata.id"]).removeprefix(f"{ROOT}{view.name}")


def _steady(headers: tuple[tuple[str, str], ...]) -> dict[str, str]:
    return {name: value for name, value in headers if name != "Server-Timing"}
