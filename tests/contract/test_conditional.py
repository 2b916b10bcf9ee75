"""If-Match and If-None-Match on every kind of address, as RFC 9110 section 13 has them; tables of header and status."""

from __future__ import annotations

import pytest

from api.odata import fetch
from api.odata.exchange import Response
from api.odata.protocol import conditional
from models.errors import PreconditionFailed
from tests.helpers.asking import Desk

ADDRESSES = (
    "",
    "$metadata",
    "$metadata?$format=json",
    "Areas",
    "Areas?$filter=AreaName ne null&$top=2",
    "Areas('001')",
    "Areas('001')/AreaName",
    "Areas('001')/AreaName/$value",
    "Areas/$count",
)

CONDITIONS = """
If-Match          | If-None-Match      | status
-                 | TAG                | 304
-                 | W/TAG              | 304
-                 | "a", TAG           | 304
-                 | "a,b" ,W/TAG,"c"   | 304
-                 | *                  | 304
-                 | "a"                | 200
-                 | W/"a", "b"         | 200
-                 | nonsense           | 200
TAG               | -                  | 200
"a", TAG          | -                  | 200
*                 | -                  | 200
W/TAG             | -                  | 412
"a"               | -                  | 412
nonsense          | -                  | 412
"a"               | TAG                | 412
TAG               | TAG                | 304
*                 | *                  | 304
TAG               | "a"                | 200
"""


def rows(table: str) -> list[list[str]]:
    """The cells of an ASCII table without its head."""
    return [[cell.strip() for cell in line.split("|")] for line in table.strip().splitlines()[1:]]


def sent(match: str, none_match: str, tag: str) -> dict[str, str]:
    pairs = (("If-Match", match), ("If-None-Match", none_match))
    return {name: value.replace("TAG", tag) for name, value in pairs if value != "-"}


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_conditions_on_every_kind_of_address(ask: Desk, address: str, method: str) -> None:
    whole = ask.get(address, method=method)
    tag = str(whole.header("ETag"))
    for match, none_match, status in rows(CONDITIONS):
        found = ask.get(address, headers=sent(match, none_match, tag), method=method)
        assert found.status == int(status), (match, none_match)
        if found.status == 200:
            assert (found.body, found.header("ETag")) == (whole.body, tag)
        elif found.status == 412:
            assert found.code == "PreconditionFailed"
            assert found.json["error"]["target"] == "If-Match"


@pytest.mark.parametrize("address", ADDRESSES)
def test_304_has_no_body_and_the_fields_that_the_client_needs_alone(ask: Desk, address: str) -> None:
    whole = ask.get(address, headers={"Prefer": "omit-values=nulls, maxpagesize=5"})
    headers = {"If-None-Match": str(whole.header("ETag")), "Prefer": "omit-values=nulls, maxpagesize=5"}
    for found in (ask.get(address, headers=headers), ask.get(address, headers={**headers, "If-None-Match": "*"})):
        assert (found.status, found.body) == (304, b"")
        assert {name for name, _ in found.headers} == {"ETag", "Cache-Control", "OData-Version"}
        for name, value in found.headers:
            assert value == whole.header(name)


LIVE = """
If-Match  | If-None-Match | status
-         | "a"           | 200
-         | *             | 304
*         | -             | 200
"a"       | -             | 412
"""


@pytest.mark.parametrize(("match", "none_match", "status"), rows(LIVE))
def test_live_rows_have_no_tag_but_they_exist(ask: Desk, match: str, none_match: str, status: str) -> None:
    found = ask.get("RefreshStatus", headers=sent(match, none_match, ""))
    assert (found.status, found.header("ETag")) == (int(status), None)


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("Areas('none')", 404),
        ("Areas('none')/AreaName/$value", 404),
        ("Nothing", 404),
        ("Calls?$filter=CallId div 0 eq 1", 400),
        ("Calls?$top=x", 400),
        ("Areas?$format=xml", 406),
    ],
)
def test_a_condition_makes_no_other_answer_of_an_error(ask: Desk, address: str, status: int) -> None:
    for name in ("If-Match", "If-None-Match"):
        for value in ("*", '"a"'):
            assert ask.get(address, headers={name: value}).status == status


def test_a_value_that_is_null_is_a_value(ask: Desk) -> None:
    row = next(row for row in ask.get("Calls").rows if row["ReadyAt"] is None)
    for address in (f"Calls({row['CallId']})/ReadyAt", f"Calls({row['CallId']})/ReadyAt/$value"):
        assert ask.get(address).status == 204
        assert ask.get(address, headers={"If-None-Match": "*"}).status == 304
        assert ask.get(address, headers={"If-Match": '"a"'}).status == 412


def test_what_the_client_has_is_not_read_again(ask: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    tags = {address: ask.get(address).header("ETag") for address in ("Calls", "Calls/$count", "Calls(1)")}
    read: list[str] = []
    for name in ("page", "count", "one"):
        monkeypatch.setattr(fetch, name, lambda *_, name=name: read.append(name))
    for address, tag in tags.items():
        assert ask.get(address, headers={"If-None-Match": str(tag)}).status == 304
    assert read == []


def test_a_body_that_is_not_sent_is_closed() -> None:
    class Body(list[bytes]):
        closed = 0

        def close(self) -> None:
            Body.closed += 1

    response = Response(200, (("ETag", '"a"'),), Body())
    assert conditional.settled({}, response) is response
    assert conditional.settled({"if-none-match": '"a"'}, response).status == 304
    with pytest.raises(PreconditionFailed):
        conditional.settled({"if-match": '"b"'}, response)
    assert Body.closed == 2
