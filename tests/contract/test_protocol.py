"""What the protocol promises beyond rows: methods, tags, counts, keys, values, errors; each as a small table."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from urllib.parse import quote

import pytest

from api.odata import answers, fetch
from api.odata.exchange import Limits
from models.catalogue import CATALOGUE
from tests.helpers.asking import POWER_QUERY, ROOT, Answered, Desk, caller

ADDRESSES = (
    "",
    "$metadata",
    "Areas",
    "Areas('001')",
    "Areas('001')/AreaName",
    "Areas('001')/AreaName/$value",
    "Areas/$count",
)
everywhere = pytest.mark.parametrize("address", ADDRESSES)


@everywhere
def test_head_answers_like_get(ask: Desk, address: str) -> None:
    """The edge takes the length of the body and sends none."""
    get, head = ask.get(address), ask.get(address, method="HEAD")
    assert (head.status, _steady(head)) == (get.status, _steady(get))
    assert head.body == get.body


@everywhere
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "get"])
def test_nothing_can_be_changed(ask: Desk, address: str, method: str) -> None:
    found = ask.get(address, method=method)
    assert (found.status, found.code) == (405, "MethodNotAllowed")


@everywhere
def test_an_unchanged_answer_is_not_sent_again(ask: Desk, address: str) -> None:
    first = ask.get(address)
    tag = first.header("ETag")
    assert tag is not None
    for sent in (tag, f"W/{tag}", f'"other", {tag}'):
        again = ask.get(address, headers={"If-None-Match": sent})
        assert (again.status, again.body, again.header("ETag")) == (304, b"", tag)
    assert ask.get(address, headers={"If-None-Match": '"other"'}).body == first.body


def test_what_decides_the_bytes_decides_the_tag(ask: Desk) -> None:
    variants: list[tuple[Any, ...]] = [
        ("Areas",),
        ("Areas?$top=1",),
        ("Areas?$top=2",),
        ("Areas?$select=AreaName",),
        ("Areas", "viewer"),
        ("Areas", caller(areas={"001"})),
        ("Areas", caller(areas={"002"})),
        ("Areas", caller(areas=set())),
        ("Areas", caller(teams={"001"})),
        ("Areas", "analyst", {"Accept": "application/json;odata.metadata=full"}),
        ("Areas", "analyst", {"Accept": "application/json;odata.metadata=none"}),
        ("Areas", "analyst", {"Accept": "application/json;IEEE754Compatible=true"}),
        ("Areas", "analyst", {"Prefer": "omit-values=nulls"}),
        ("Areas", "analyst", {"Prefer": "odata.maxpagesize=3"}),
        ("Areas", "analyst", {"OData-MaxVersion": "4.01"}),
        ("Teams",),
    ]
    tags = [ask.get(*variant).header("ETag") for variant in variants]
    assert len(set(tags)) == len(variants)
    assert tags == [ask.get(*variant).header("ETag") for variant in variants]


def test_live_rows_are_never_kept(ask: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    found = ask.get("RefreshStatus")
    assert found.header("ETag") is None
    assert found.header("Cache-Control") == "no-store"
    monkeypatch.setattr(answers, "etag", lambda *_: '"guessed"')
    assert ask.get("RefreshStatus", headers={"If-None-Match": '"guessed"'}).status == 200
    assert ask.get("Areas", headers={"If-None-Match": '"guessed"'}).status == 304


@pytest.mark.parametrize(
    ("query", "kept"),
    [
        ("$filter=LastRunOutcomeCode eq 'published'", True),
        ("$filter=LastRunEndedAt gt 2026-01-31T10:00:00Z", False),
        ("$filter=LastRunStartedAt eq null&$select=IsStale&$orderby=AsOf desc&$top=1&$count=true", True),
        ("$skip=1", False),
    ],
)
def test_live_rows_take_every_option(ask: Desk, query: str, kept: bool) -> None:
    found = ask.get(f"RefreshStatus?{query}")
    assert found.status == 200
    assert len(found.rows) == kept


COUNTS = """
query                                  | @odata.count | rows
$count=true                            | all          | all
$count=true&$top=0                     | all          | 0
$count=true&$top=5                     | all          | 5
$count=true&$skip=30                   | all          | 10
$count=true&$filter=AreaId eq '001'    | some         | some
$count=true&$filter=AreaId eq '001'&$top=1 | some     | 1
$count=true&$filter=false              | 0            | 0
$count=false                           | -            | all
"""


@pytest.mark.parametrize("line", COUNTS.strip().splitlines()[1:])
def test_the_count_is_of_the_whole_filtered_set(ask: Desk, line: str) -> None:
    query, count, rows = (cell.strip() for cell in line.split("|"))
    some = len([row for row in ask.get("Calls").rows if row["AreaId"] == "001"])
    assert 1 < some < 40
    numbers = {"all": 40, "some": some}
    found = ask.get(f"Calls?{query}")
    assert found.json.get("@odata.count", "-") == (count if count == "-" else int(numbers.get(count, count)))
    assert len(found.rows) == int(numbers.get(rows, rows))


def test_the_count_stands_on_every_page_and_is_counted_once(ask: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    counted = []
    really = fetch.count
    monkeypatch.setattr(fetch, "count", lambda *parts: counted.append(1) or really(*parts))  # type: ignore[func-returns-value]
    pages = list(ask.pages("Calls?$count=true&$filter=CallId ge 0", headers={"Prefer": "maxpagesize=15"}))
    assert [page.json["@odata.count"] for page in pages] == [40, 40, 40]
    assert [len(page.rows) for page in pages] == [15, 15, 10]
    assert counted == [1]


def test_the_count_of_a_restricted_caller_is_of_its_rows(ask: Desk) -> None:
    who = caller(areas={"002"})
    seen = len(ask.all_rows("Calls", who))
    assert 0 < seen < 40
    assert ask.get("Calls/$count", who).body == str(seen).encode()
    assert ask.get("Calls?$count=true&$top=1", who).json["@odata.count"] == seen


@pytest.mark.parametrize("accept", ["application/json", "text/plain", "*/*", POWER_QUERY["Accept"], "text/html"])
def test_a_bare_count_is_plain_text_for_everyone(ask: Desk, accept: str) -> None:
    found = ask.get("Calls/$count?$filter=CallId lt 10", headers={"Accept": accept})
    assert (found.status, found.body, found.header("Content-Type")) == (200, b"10", "text/plain")


def test_big_numbers_as_text_includes_the_count(ask: Desk) -> None:
    found = ask.get("Calls?$count=true&$top=1", headers={"Accept": "application/json;IEEE754Compatible=true"})
    assert found.json["@odata.count"] == "40"


def test_properties_and_their_values(ask: Desk) -> None:
    row = next(row for row in ask.get("Calls").rows if row["ReadyAt"] is None and row["IncidentId"] is not None)
    address = f"Calls({row['CallId']})"
    assert ask.get(f"{address}/AreaId").json == {
        "@odata.context": f"{ROOT}$metadata#Calls({row['CallId']})/AreaId",
        "value": row["AreaId"],
    }
    assert ask.get(f"{address}/IncidentId/$value").body == str(row["IncidentId"]).encode()
    assert ask.get(f"{address}/CallArrival/$value").body == row["CallArrival"].encode()
    for null in (f"{address}/ReadyAt", f"{address}/ReadyAt/$value"):
        assert (ask.get(null).status, ask.get(null).body) == (204, b"")


def test_a_property_says_its_type_in_full_metadata(ask: Desk) -> None:
    found = ask.get("Calls(1)/CallArrival", headers={"Accept": "application/json;odata.metadata=full"})
    assert found.json["@odata.type"] == "#DateTimeOffset"


def test_texts_come_out_of_value_as_they_are(ask: Desk) -> None:
    for row in ask.get("Codes?$top=30").rows:
        key = f"Codes(CodeList='{_quoted(row['CodeList'])}',Code='{_quoted(row['Code'])}')"
        assert ask.get(f"{key}/Label/$value").body.decode() == row["Label"]


def test_a_hidden_row_is_not_found(ask: Desk) -> None:
    row = next(row for row in ask.get("Calls").rows if row["AreaId"] == "001")
    for suffix in ("", "/AreaId", "/AreaId/$value"):
        address = f"Calls({row['CallId']}){suffix}"
        assert ask.get(address, caller(areas={"001"})).status == 200
        hidden = ask.get(address, caller(areas={"002"}))
        missing = ask.get(address.replace(f"({row['CallId']})", "(999999)"), caller(areas={"002"}))
        assert hidden.status == missing.status == 404
        assert hidden.body.replace(str(row["CallId"]).encode(), b"?") == missing.body.replace(b"999999", b"?")


CONTEXTS = """
address                                   | context
Areas                                     | $metadata#Areas
Areas?$select=AreaName                    | $metadata#Areas(AreaId,AreaName)
Areas?$select=*                           | $metadata#Areas
Areas('001')                              | $metadata#Areas/$entity
Areas('001')?$select=AreaName             | $metadata#Areas(AreaId,AreaName)/$entity
Areas('001')/AreaName                     | $metadata#Areas('001')/AreaName
DailyCalls?$select=CallCount,Day&$top=1   | $metadata#DailyCalls(OperationalDate,AreaId,CallSourceCode,PriorityCode,CallCount,Day)
"""


@pytest.mark.parametrize("line", CONTEXTS.strip().splitlines()[1:])
def test_context_urls(ask: Desk, line: str) -> None:
    address, context = (cell.strip() for cell in line.split("|"))
    assert ask.get(address).json["@odata.context"] == f"{ROOT}{context}"
    bare = ask.get(address, headers={"Accept": "application/json;odata.metadata=none"})
    assert "@odata.context" not in bare.json


def test_without_metadata_count_and_next_link_stay(ask: Desk) -> None:
    headers = {"Accept": "application/json;odata.metadata=none", "Prefer": "maxpagesize=3"}
    found = ask.get("Calls?$count=true", headers=headers)
    assert set(found.json) == {"@odata.count", "value", "@odata.nextLink"}


def test_page_sizes(ask: Desk) -> None:
    small = replace(ask, limits=Limits(page_size=10, max_page_size=15))
    assert [len(page.rows) for page in small.pages("Calls")] == [10, 10, 10, 10]
    wished = {"Prefer": "odata.maxpagesize=1000000"}
    pages = list(small.pages("Calls", headers=wished))
    assert [len(page.rows) for page in pages] == [15, 15, 10]
    assert {page.header("Preference-Applied") for page in pages} == {"odata.maxpagesize=15"}
    assert [len(page.rows) for page in small.pages("Calls?$top=12&$skip=3")] == [10, 2]
    assert [len(page.rows) for page in small.pages("Calls?$top=10")] == [10]


def test_pages_follow_the_order_asked_for(ask: Desk) -> None:
    wished = {"Prefer": "maxpagesize=7"}
    for order in ("ReadyAt desc,AreaId", "AreaId,ReadyAt", "CallArrival", "length(AreaId) desc,IncidentId desc"):
        pages = ask.all_rows(f"Calls?$orderby={order}", headers=wished)
        assert pages == ask.get(f"Calls?$orderby={order}").rows
        assert len(pages) == 40


ERRORS = """
address                                    | status | code             | target      | position
Nothing                                    | 404    | NotFound         | Nothing     | -
Areas/Nothing                              | 404    | NotFound         | any         | -
Areas('nope')                              | 404    | NotFound         | any         | -
Areas?$filter=Nothing eq 1                 | 400    | UnknownName      | $filter     | 0
Areas?$filter=AreaId eq                    | 400    | SyntaxError      | $filter     | any
Areas?$filter=AreaId eq 1                  | 400    | TypeMismatch     | $filter     | any
Areas?$filter=(((                          | 400    | SyntaxError      | $filter     | any
Areas?$select=AreaNam                      | 400    | UnknownName      | $select     | 0
Areas?$orderby=Nothing                     | 400    | UnknownName      | $orderby    | 0
Areas?$top=-1                              | 400    | SyntaxError      | $top        | 0
Areas?$top=many                            | 400    | SyntaxError      | $top        | 0
Areas?$filtr=AreaId eq '1'                 | 400    | UnknownName      | $filtr      | -
Areas?$skiptoken=x                         | 400    | InvalidPageToken | $skiptoken  | -
Areas?$filter=%zz                          | 400    | SyntaxError      | any         | any
Areas?$expand=Nothing                      | 400    | UnknownName      | $expand     | 0
Areas?$expand=AreaName                     | 400    | UnknownName      | $expand     | 0
DailyCalls?$expand=Area($filter=true)      | 501    | NotImplemented   | $expand     | any
Areas?$apply=aggregate(AreaIdd with max as N) | 400 | UnknownName      | $apply      | 10
Areas?$apply=nest(identity as All)         | 501    | NotImplemented   | $apply      | 0
DailyCalls?$search=x                       | 501    | NotImplemented   | $search     | -
$batch                                     | 501    | NotImplemented   | $batch      | -
Areas('001')?$filter=true                  | 400    | SyntaxError      | $filter     | -
Calls?$filter=CallId div 0 eq 1            | 400    | InvalidValue     | any         | any
Calls?$filter=CallId add 9223372036854775807 gt CallId sub 1 | 400 | InvalidValue | any  | any
Areas/$count?$skiptoken=x                  | 400    | InvalidPageToken | $skiptoken  | -
"""


@pytest.mark.parametrize("line", ERRORS.strip().splitlines()[1:])
def test_errors_say_what_where_and_what_next(ask: Desk, line: str) -> None:
    address, status, code, target, position = (cell.strip() for cell in line.split("|"))
    found = ask.get(address)
    assert (found.status, found.code) == (int(status), code)
    assert found.header("Content-Type") == "application/json"
    assert found.header("OData-Version") == "4.0"
    assert found.header("Cache-Control") == "no-store"
    error = found.json["error"]
    assert set(found.json) == {"error"}
    assert set(error) <= {"code", "message", "target", "details"}
    details = {detail["code"]: detail["message"] for detail in error["details"]}
    assert details["Hint"]
    assert details["RequestId"] == "r-1"
    assert target in ("any", error.get("target", "-"))
    assert position == "any" or details.get("Position", "-") == position


@pytest.mark.parametrize("accept", ["application/xml", "text/html", "application/atom+xml"])
def test_what_cannot_be_written_is_406_in_json(ask: Desk, accept: str) -> None:
    found = ask.get("Areas", headers={"Accept": accept})
    assert (found.status, found.code) == (406, "NotAcceptable")
    assert ask.get("Areas?$format=xml").status == 406
    assert ask.get("Areas?$format=json", headers={"Accept": accept}).status == 200


def test_a_client_of_the_past_is_told(ask: Desk) -> None:
    for address in ADDRESSES:
        assert ask.get(address, headers={"OData-MaxVersion": "3.0"}).status == 400


def test_the_stages_are_timed_and_the_trace_has_no_values(ask: Desk) -> None:
    found = ask.get("Calls?$filter=AreaId eq '001'&$top=1")
    stages = [part.partition(";dur=")[0] for part in str(found.header("Server-Timing")).split(", ")]
    assert stages == ["parse", "pin", "bind", "plan", "fetch", "serialize"]
    assert [stage for stage, _ in found.trace.timings] == stages
    assert (found.trace.view, found.trace.rows, found.trace.version) == ("Calls", 1, _version(ask))
    assert "001" not in str(found.trace.shape)


@pytest.mark.parametrize("role", sorted(CATALOGUE.roles))
def test_documents_differ_by_role_and_so_do_their_tags(ask: Desk, role: str) -> None:
    others = {ask.get("$metadata", other).header("ETag") for other in CATALOGUE.roles if other != role}
    assert ask.get("$metadata", role).header("ETag") not in others


def _version(ask: Desk) -> str:
    return str(ask.engine.shelf.current())


def _quoted(text: str) -> str:
    return quote(text.replace("'", "''"), safe="")


def _steady(found: Answered) -> dict[str, str]:
    return {name: value for name, value in found.headers if name != "Server-Timing"}
