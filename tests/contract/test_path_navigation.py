"""To-one navigation in paths: `Calls(14)/Incident/Area/AreaName`, read under role and row scope at every hop.

Rows of the tiny snapshot: an incident number of a call is null, that of a published incident, or of none (dangling).
"""

from __future__ import annotations

from typing import Any

import pytest

from models.snapshot.reader import Cursor
from tests.helpers.asking import ROOT, Answered, Desk, caller

Row = dict[str, Any]


def rows(ask: Desk, view: str, key: str) -> dict[Any, Row]:
    return {row[key]: row for row in ask.get(view).rows}


@pytest.fixture(scope="module")
def calls(ask: Desk) -> dict[str, Row]:
    """A call for each way in which its incident is there or not."""
    incidents = rows(ask, "Incidents", "IncidentId")
    found: dict[str, Row] = {}
    for row in ask.get("Calls").rows:
        incident = incidents.get(row["IncidentId"])
        kind = "none" if row["IncidentId"] is None else "dangling" if incident is None else "there"
        if incident is not None and incident["AreaId"] != row["AreaId"]:
            kind = "elsewhere"
        found.setdefault(kind, row)
    assert set(found) == {"none", "dangling", "there", "elsewhere"}
    return found


def test_the_entity_at_the_end_is_answered_as_at_its_own_address(ask: Desk, calls: dict[str, Row]) -> None:
    call = calls["there"]
    days = {row["OperationalDate"] for row in ask.get("Dates").rows}
    dated = next(row for row in ask.get("Calls").rows if row["OperationalDate"] in days)
    pairs = {
        f"Calls({call['CallId']})/Area": f"Areas('{call['AreaId']}')",
        f"Calls(CallId={dated['CallId']})/Day": f"Dates({dated['OperationalDate']})",
        f"Calls({call['CallId']})/Incident": f"Incidents({call['IncidentId']})",
        f"Calls(@k)/Incident/?@k={call['CallId']}": f"Incidents({call['IncidentId']})",
    }
    for address, own in pairs.items():
        for headers in ({}, {"Accept": "application/json;odata.metadata=full"}, {"Prefer": "omit-values=nulls"}):
            found, expected = ask.get(address, headers=headers), ask.get(own, headers=headers)
            assert (found.status, found.body) == (200, expected.body), address
            assert found.header("Preference-Applied") == expected.header("Preference-Applied")


def test_chains_properties_and_values(ask: Desk, calls: dict[str, Row]) -> None:
    incident = rows(ask, "Incidents", "IncidentId")[calls["elsewhere"]["IncidentId"]]
    area = rows(ask, "Areas", "AreaId")[incident["AreaId"]]
    start = f"Calls({calls['elsewhere']['CallId']})/Incident/Area"
    assert ask.get(start).json == {"@odata.context": f"{ROOT}$metadata#Areas/$entity", **area}
    assert ask.get(f"{start}/AreaName").json == {
        "@odata.context": f"{ROOT}$metadata#Areas('{area['AreaId']}')/AreaName",
        "value": area["AreaName"],
    }
    value = ask.get(f"{start}/AreaName/$value")
    assert (value.body.decode(), value.header("Content-Type")) == (area["AreaName"], "text/plain")
    chosen = ask.get(f"{start}?$select=AreaName")
    assert chosen.json == {
        "@odata.context": f"{ROOT}$metadata#Areas(AreaId,AreaName)/$entity",
        "AreaId": area["AreaId"],
        "AreaName": area["AreaName"],
    }
    response = next(row for row in ask.get("Responses").rows if row["CallId"] in (0, 1))
    longest = ask.get(f"Responses({response['ResponseId']})/Call/Area/AreaKindCode")
    call = rows(ask, "Calls", "CallId")[response["CallId"]]
    assert longest.json["value"] == rows(ask, "Areas", "AreaId")[call["AreaId"]]["AreaKindCode"]


NOWHERE = """
path               | status
/Incident          | 204
/Incident/FamilyCode | 404
/Incident/FamilyCode/$value | 404
/Incident/Area     | 204
/Incident/Area/AreaName | 404
"""


@pytest.mark.parametrize("line", NOWHERE.strip().splitlines()[1:])
def test_what_leads_nowhere_looks_the_same_for_every_reason(ask: Desk, calls: dict[str, Row], line: str) -> None:
    """No relation, a relation to a row that is not there, and one to a row that this caller may not see."""
    path, status = (cell.strip() for cell in line.split("|"))
    found = {}
    for kind in ("none", "dangling", "elsewhere"):
        call = calls[kind]
        who = caller(areas={call["AreaId"]})
        address = f"Calls({call['CallId']}){path}"
        found[kind] = answer = ask.get(address, who)
        assert answer.status == int(status)
        assert answer.body.replace(str(call["CallId"]).encode(), b"?") == (
            b"" if status == "204" else found["none"].body.replace(str(calls["none"]["CallId"]).encode(), b"?")
        )
    assert ask.get(f"Calls({calls['elsewhere']['CallId']}){path}").status == 200


def test_204_has_a_tag_and_no_type(ask: Desk, calls: dict[str, Row]) -> None:
    address = f"Calls({calls['none']['CallId']})/Incident"
    found = ask.get(address)
    tag = str(found.header("ETag"))
    assert (found.status, found.header("Content-Type"), found.header("OData-Version")) == (204, None, "4.0")
    assert ask.get(address, headers={"If-None-Match": tag}).status == 304
    there = f"Calls({calls['there']['CallId']})/Incident"
    tag = str(ask.get(there).header("ETag"))
    assert ask.get(there, headers={"If-None-Match": tag}).status == 304
    assert ask.get(there, headers={"If-None-Match": '"other"'}).status == 200


def test_a_beginning_that_is_hidden_is_not_found(ask: Desk, calls: dict[str, Row]) -> None:
    call = calls["there"]
    hidden = caller(areas={"no such area"})
    for path in ("/Incident", "/Area", "/Area/AreaName", "/Incident/Area"):
        seen = ask.get(f"Calls({call['CallId']}){path}", hidden)
        missing = ask.get(f"Calls(999999){path}", hidden)
        assert seen.status == missing.status == 404
        assert seen.body.replace(str(call["CallId"]).encode(), b"?") == missing.body.replace(b"999999", b"?")


REFUSED = """
path                        | who     | status | code
/Incident                   | viewer  | 404    | NotFound
/Incidents                  | analyst | 404    | NotFound
/Incident/Nothing           | analyst | 404    | NotFound
/Area?$filter=true          | analyst | 400    | SyntaxError
/Area?$select=Nothing       | analyst | 400    | UnknownName
/Incident?$select=Nothing   | analyst | 400    | UnknownName
/Area?$top=1                | analyst | 400    | SyntaxError
/Area('001')                | analyst | 400    | SyntaxError
/Area/$count                | analyst | 400    | SyntaxError
/Area/$ref                  | analyst | 501    | NotImplemented
/Area/$value                | analyst | 501    | NotImplemented
/Area/CrisisMetrics.Area    | analyst | 501    | NotImplemented
/Area?$skiptoken=x          | analyst | 400    | InvalidPageToken
"""


@pytest.mark.parametrize("line", REFUSED.strip().splitlines()[1:])
def test_what_is_refused(ask: Desk, calls: dict[str, Row], line: str) -> None:
    path, who, status, code = (cell.strip() for cell in line.split("|"))
    for kind in ("none", "there"):
        found = ask.get(f"Calls({calls[kind]['CallId']}){path}", who)
        assert (found.status, found.code) == (int(status), code)


def test_a_navigation_to_a_view_of_other_roles_looks_unknown(ask: Desk) -> None:
    """Viewers read no records: the call itself is hidden from them, as is any property of it."""
    for name in ("Incident", "Nothing"):
        found: Answered = ask.get(f"Calls(1)/{name}", "viewer")
        assert (found.status, found.json["error"]["target"]) == (404, "Calls")


def test_every_hop_is_one_look_at_one_row(ask: Desk, calls: dict[str, Row], monkeypatch: pytest.MonkeyPatch) -> None:
    looked = []
    really = Cursor.rows
    monkeypatch.setattr(Cursor, "rows", lambda self, *parts: looked.append(parts[0]) or really(self, *parts))
    assert ask.get(f"Calls({calls['there']['CallId']})/Incident/Area/AreaName").status == 200
    assert len(looked) == 4
    assert all(sql.endswith("LIMIT 1") for sql in looked)
