"""$batch over HTTP: each request in it is answered, guarded, counted and audited as if it had come alone.

Over 400 lines in one file: the question is the same for every rule of the service, and all ask it through `send` and `asked`.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.edge.audit import AuditTrail
from api.edge.limits import RequestRate
from api.observe import RequestDone, StreamAborted, UnexpectedFailure
from api.odata.exchange import Request, Response
from models.catalogue import CATALOGUE
from models.errors import AuditUnavailable
from models.snapshot import layout
from tests.helpers.batches import BOUNDARY, Answered, Ask, as_json, multipart, parts_of
from tests.helpers.golden import agrees
from tests.helpers.service import ROOT, SCOPED, Service, running
from tests.helpers.tiny_snapshot import tiny_snapshot

BATCH = "/odata/v1/$batch"
WRITING = os.environ.get("CRISIS_GOLDEN", "")
GOLDEN = Path(__file__).resolve().parents[1] / "golden"
Make = Callable[..., tuple[bytes, dict[str, str]]]
both = pytest.mark.parametrize("make", [multipart, as_json])


def send(
    service: Service, made: tuple[bytes, dict[str, str]], who: str | None = "viewer", **headers: str
) -> httpx.Response:
    body, own = made
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return service.get(BATCH, who, "POST", content=body, headers={**own, **named})


def asked(service: Service, made: tuple[bytes, dict[str, str]], who: str = "viewer", **headers: str) -> list[Answered]:
    return parts_of(send(service, made, who, **headers))


# --- as if it had come alone ------------------------------------------------------------------------------------------

ALONE = (
    "",
    "$metadata",
    "Areas",
    "Areas?$top=2&$count=true",
    "Areas/$count",
    "Areas('001')",
    "Areas('001')/AreaName",
    "Areas('001')/AreaName/$value",
    "DailyCalls?$filter=AreaId eq '001'&$select=CallCount",
    "DailyCalls?$apply=groupby((AreaId),aggregate(CallCount with sum as Total))",
    "Codes?$filter=Label eq '50%25 off_'",
    "Nothing",
    "Areas('none')",
    "Areas?$filter=Nothing eq 1",
    "Areas?$format=xml",
    "Incidents",
    "Areas?api_key=x",
)
STEADY = (
    "content-type",
    "etag",
    "odata-version",
    "cache-control",
    "preference-applied",
    "vary",
    "www-authenticate",
    "allow",
)


@both
@pytest.mark.parametrize("headers", [{}, {"Accept": "application/json;odata.metadata=full", "Prefer": "maxpagesize=3"}])
def test_each_answer_is_that_of_the_request_alone(service: Service, make: Make, headers: dict[str, str]) -> None:
    raw = [httpx.URL(f"{ROOT}/odata/v1/{url}").raw_path.decode() for url in ALONE]  # as the client encodes it
    together = asked(service, make(*[Ask(url, headers=headers) for url in raw]), Prefer="continue-on-error")
    assert len(together) == len(ALONE)
    for url, part in zip(ALONE, together, strict=True):
        alone = service.get(f"/odata/v1/{url}", "viewer", headers={**headers, "Accept-Encoding": "identity"})
        assert part.status == alone.status_code, url
        bare = alone.headers["content-type"].startswith("text/plain")  # OpenUI5 stumbles over the tag of a bare value
        for name in STEADY:
            expected = None if bare and name == "etag" else alone.headers.get(name)
            assert part.headers.get(name) == expected, (url, name)
        if alone.headers["content-type"].startswith("application/json"):
            assert _nameless(part.json) == _nameless(alone.json()), url
        else:
            assert part.body == alone.content, url


def _nameless(answer: Any) -> Any:
    """Without the request id, which is each request's own."""
    return json.loads(re.sub(r"[0-9a-f]{24}(-\d+)?", "ID", json.dumps(answer)))


URLS = (
    "Areas?$top=1",
    "./Areas?$top=1",
    "/odata/v1/Areas?$top=1",
    f"{ROOT}/odata/v1/Areas?$top=1",
    f"{ROOT.upper()}/odata/v1/Areas?$top=1",
    "Areas?%24top=1",
    "Areas?top=1",
)


@both
def test_every_way_to_write_a_url_leads_to_the_same_bytes(service: Service, make: Make) -> None:
    found = asked(service, make(*[Ask(url, headers={"Host": "evil.example"}) for url in URLS]))
    assert {(part.status, len(part.json["value"])) for part in found} == {(200, 1)}
    assert all(part.json["@odata.context"].startswith(f"{ROOT}/odata/v1/") for part in found)


def test_behind_a_public_root_both_roots_are_ours_and_links_are_the_public_ones(ready_home: Path) -> None:
    with running(ready_home, public_url="https://metrics.example/crisis/") as behind:
        urls = [
            "https://metrics.example/crisis/odata/v1/Areas",
            f"{ROOT}/odata/v1/Areas",
            "/crisis/odata/v1/Areas",
            "/odata/v1/Areas",
            "Areas",
        ]
        for part in asked(behind, multipart(*urls)):
            assert part.json["@odata.context"] == "https://metrics.example/crisis/odata/v1/$metadata#Areas"


def test_the_request_that_openui5_was_seen_to_send(service: Service) -> None:
    """Its headers word for word (observed), the bodies in its way: no blank after the colon, a type on a GET."""
    inner = {
        "Accept": "application/json;odata.metadata=minimal;IEEE754Compatible=true",
        "Accept-Language": "en-US",
        "X-CSRF-Token": "Fetch",
        "Content-Type": "application/json;charset=UTF-8;IEEE754Compatible=true",
    }
    answer = send(
        service,
        multipart(Ask("DailyCalls?$count=true&$select=CallCount&$skip=0&$top=2", headers=inner)),
        Accept="multipart/mixed",
        OData_MaxVersion="4.0",
        OData_Version="4.0",
        X_CSRF_Token="Fetch",
        X_Requested_With="XMLHttpRequest",
    )
    assert answer.headers.get_list("odata-version") == ["4.0"]
    (part,) = parts_of(answer)
    assert (part.status, part.headers["odata-version"]) == (200, "4.0")
    assert part.headers["content-type"] == "application/json;odata.metadata=minimal;IEEE754Compatible=true"
    assert isinstance(part.json["@odata.count"], str)


def test_versions_are_the_batchs_where_a_request_has_none(service: Service) -> None:
    requests = [
        "Areas",
        Ask("Areas", headers={"OData-MaxVersion": "4.0"}),
        Ask("Areas", headers={"OData-MaxVersion": "4.01"}),
    ]
    assert [part.headers["odata-version"] for part in asked(service, multipart(*requests))] == ["4.0", "4.0", "4.01"]
    answer = send(service, multipart(*requests), OData_MaxVersion="4.01")
    assert answer.headers["odata-version"] == "4.01"
    assert [part.headers["odata-version"] for part in parts_of(answer)] == ["4.01", "4.0", "4.01"]
    assert "@context" in parts_of(answer)[0].json


def test_the_version_of_the_schema_is_the_batchs_where_a_request_has_none(service: Service) -> None:
    body, headers = as_json("Areas", "Areas?$schemaversion=*", "$metadata")
    answer = service.get(f"{BATCH}?$schemaversion=0.1", "viewer", "POST", content=body, headers=headers)
    assert [part.status for part in parts_of(answer)] == [404, 200, 404]
    answer = service.get(f"{BATCH}?$schemaversion={CATALOGUE.version}", "viewer", "POST", content=body, headers=headers)
    assert [part.status for part in parts_of(answer)] == [200, 200, 200]


@both
def test_conditions_hold_for_the_request_that_has_them(service: Service, make: Make) -> None:
    (first,) = asked(service, make("Areas"))
    tag = first.headers["etag"]
    requests = [
        Ask("Areas", headers={"If-None-Match": tag}),
        Ask("Areas", headers={"If-None-Match": '"x"'}),
        Ask("Areas", headers={"If-Match": '"x"'}),
        Ask("Areas", headers={"If-None-Match": "$1"}),
        Ask("Teams", headers={"If-None-Match": "*"}),
    ]
    found = asked(service, make(*requests), Prefer="continue-on-error")
    assert [part.status for part in found] == [304, 200, 412, 501, 304]
    assert (found[0].body, found[0].headers["etag"]) == (b"", tag)


@both
def test_head_has_the_headers_and_no_body(service: Service, make: Make) -> None:
    head, get = asked(service, make(Ask("Areas", "HEAD"), "Areas"))
    assert (head.status, head.body, head.headers["etag"]) == (200, b"", get.headers["etag"])
    assert "content-length" not in head.headers  # a reader would take as many bytes of what follows


@both
@pytest.mark.parametrize("form", ["multipart/mixed", "application/json"])
def test_either_format_is_answered_in_either(service: Service, make: Make, form: str) -> None:
    answer = send(service, make(Ask("Areas/$count", id="a"), Ask("Areas('001')", id="b")), Accept=form)
    assert answer.headers["content-type"].partition(";")[0] == form
    found = parts_of(answer)
    assert [(part.id, part.status) for part in found] == [("a", 200), ("b", 200)]
    assert found[0].body == b"4"


def test_the_format_option_of_the_batch(service: Service) -> None:
    body, headers = multipart("Areas")
    for option, media in (("json", "application/json"), ("multipart/mixed", "multipart/mixed")):
        answer = service.get(f"{BATCH}?$format={option}", "viewer", "POST", content=body, headers=headers)
        assert answer.headers["content-type"].partition(";")[0] == media


def test_an_answer_is_packed_as_a_whole(service: Service) -> None:
    body, headers = multipart("DailyCalls", "$metadata")
    for accept in ("multipart/mixed", "application/json"):
        answer = service.get(
            BATCH, "viewer", "POST", content=body, headers={**headers, "Accept": accept, "Accept-Encoding": "gzip"}
        )
        assert answer.headers["content-encoding"] == "gzip"
        assert "content-encoding" not in answer.text
        assert [part.status for part in parts_of(answer)] == [200, 200]
        plain = service.get(
            BATCH, "viewer", "POST", content=body, headers={**headers, "Accept": accept, "Accept-Encoding": "identity"}
        )
        assert "content-encoding" not in plain.headers
        assert parts_of(plain)[0].body == parts_of(answer)[0].body


INTENT = {
    "multipart": "Told to go on, a multipart batch answers an error in its place and a write with 405, in the order asked.",
    "json": "A JSON batch names each answer after its request; JSON stands there as JSON, a count as text.",
}


@pytest.mark.parametrize("name", INTENT)
def test_the_exchange_is_the_committed_one(service: Service, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The whole exchange with its sentence of intent; what differs from run to run is masked."""
    make = multipart if name == "multipart" else as_json
    body, headers = make(
        Ask("DailyCalls?$filter=AreaId%20eq%20'001'&$select=CallCount&$top=1", id="page"),
        Ask("Areas/$count", id="count"),
        Ask("Areas?$filter=AreaNam%20eq%20''", id="error"),
        Ask("Areas", "DELETE", id="write"),
    )
    headers |= {"Prefer": "continue-on-error"}
    answer = service.get(BATCH, "viewer", "POST", content=body, headers={**headers, "Accept-Encoding": "identity"})
    shown = [
        f"{header}: {answer.headers[header]}" for header in ("content-type", "odata-version", "preference-applied")
    ]
    head = [f"# {INTENT[name]}", f"POST {BATCH}", *(f"{header}: {value}" for header, value in headers.items())]
    whole = "\n".join([*head, "", body.decode(), str(answer.status_code), *shown, "", answer.text]).replace(
        "\r\n", "\n"
    )
    for pattern, mask in MASKS:
        whole = re.sub(pattern, mask, whole)
    if WRITING:
        monkeypatch.setenv("CRISIS_GOLDEN", WRITING)  # the service has taken all such settings away
    assert agrees(GOLDEN / f"batch_{name}.http", whole.encode())


MASKS = (
    ('parse;dur[^"\n]*', "TIMES"),
    ("batch_[0-9a-f]{32}", "BOUNDARY"),
    ("[0-9a-f]{32}", "TAG"),
    ("[0-9a-f]{24}", "ID"),
)


# --- stop or go on ----------------------------------------------------------------------------------------------------

GOES_ON = """
sent      | Prefer                           | answered        | applied
multipart | -                                | 200 404         | -
multipart | continue-on-error                | 200 404 200 400 | continue-on-error
multipart | odata.continue-on-error          | 200 404 200 400 | odata.continue-on-error
multipart | continue-on-error=true           | 200 404 200 400 | continue-on-error=true
multipart | continue-on-error=false          | 200 404         | continue-on-error=false
multipart | respond-async, maxpagesize=1, return=minimal, wait=1 | 200 404 | -
json      | -                                | 200 404 200 400 | -
json      | continue-on-error                | 200 404 200 400 | continue-on-error
json      | odata.continue-on-error=false    | 200 404         | odata.continue-on-error=false
"""


@pytest.mark.parametrize("line", GOES_ON.strip().splitlines()[1:])
def test_an_error_ends_a_multipart_batch_and_no_json_batch_unless_told_otherwise(service: Service, line: str) -> None:
    sent, prefer, answered, applied = (cell.strip() for cell in line.split("|"))
    make = multipart if sent == "multipart" else as_json
    answer = send(service, make("Areas", "Nothing", "Teams", "Areas?$top=x"), Prefer="" if prefer == "-" else prefer)
    assert [part.status for part in parts_of(answer)] == [int(status) for status in answered.split()]
    assert answer.headers.get("preference-applied", "-") == applied
    assert len(parts_of(answer)[0].json["value"]) == 4  # maxpagesize is no preference of a batch


def test_preferences_are_each_requests_own(service: Service) -> None:
    requests = [Ask("DailyCalls", headers={"Prefer": "maxpagesize=2"}), "DailyCalls?$top=9"]
    first, second = asked(service, multipart(*requests))
    assert (len(first.json["value"]), first.headers["preference-applied"]) == (2, "maxpagesize=2")
    assert (len(second.json["value"]), second.headers.get("preference-applied")) == (9, None)


def test_a_request_waits_for_those_it_depends_on(service: Service) -> None:
    requests = [
        Ask("Areas", id="good"),
        Ask("Nothing", id="bad"),
        Ask("Teams", id="after-good", depends_on=["good"]),
        Ask("Teams", id="after-bad", depends_on=["good", "bad"]),
        Ask("Teams", id="after-after-bad", depends_on=["after-bad"]),
        Ask("Teams", id="free"),
    ]
    found = asked(service, as_json(*requests))
    assert [(part.id, part.status) for part in found] == [
        ("good", 200),
        ("bad", 404),
        ("after-good", 200),
        ("after-bad", 424),
        ("after-after-bad", 424),
        ("free", 200),
    ]
    assert (found[3].code, found[3].json["error"]["target"]) == ("FailedDependency", "bad")


@both
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "BREW"])
def test_only_get_and_head_are_answered_inside(service: Service, make: Make, method: str) -> None:
    refused, answered = asked(service, make(Ask("Areas", method), "Areas"), Prefer="continue-on-error")
    assert (refused.status, refused.code, refused.headers["allow"]) == (405, "MethodNotAllowed", "GET, HEAD")
    assert answered.status == 200


def test_change_sets_and_groups_are_refused_by_name(service: Service) -> None:
    operation = "--c\r\nContent-Type: application/http\r\nContent-ID: {}\r\n\r\nPOST Areas HTTP/1.1\r\n\r\n{{}}\r\n"
    change_set = f"Content-Type: multipart/mixed; boundary=c\r\n\r\n{operation.format(1)}{operation.format(2)}--c--"
    plain, headers = multipart(Ask("Areas", id="3"))
    body = f"--{BOUNDARY}\r\n{change_set}\r\n".encode() + plain
    found = asked(service, (body, headers), Prefer="continue-on-error")
    assert [(part.id, part.status) for part in found] == [(None, 405), ("3", 200)]
    assert "change sets" in found[0].json["error"]["message"]
    answer = send(service, (body, headers), Prefer="continue-on-error", Accept="application/json")
    assert [(one["id"], one.get("atomicityGroup"), one["status"]) for one in answer.json()["responses"]] == [
        ("1", "changeset-1", 405),
        ("2", "changeset-1", 405),
        ("3", None, 200),
    ]
    requests = [{"id": str(number), "method": "get", "url": "Areas", "atomicityGroup": "g"} for number in (1, 2)]
    grouped = json.dumps({"requests": requests}).encode(), {"Content-Type": "application/json"}
    for part in asked(service, grouped):
        assert (part.status, part.json["error"]["target"]) == (501, "atomicityGroup")
    assert [part.id for part in asked(service, grouped, Accept="multipart/mixed")] == ["1", "2"]


# --- the batch itself -------------------------------------------------------------------------------------------------

REFUSED = """
what                          | header                                        | status | code
no type                       | Content-Type:                                 | 415    | UnsupportedMediaType
another type                  | Content-Type: text/plain                      | 415    | UnsupportedMediaType
no boundary                   | Content-Type: multipart/mixed                 | 400    | InvalidBatch
another character set         | Content-Type: application/json;charset=ebcdic | 415    | UnsupportedMediaType
a packed body                 | Content-Encoding: gzip                        | 415    | UnsupportedMediaType
nothing of ours accepted      | Accept: text/html                             | 406    | NotAcceptable
a condition on the whole      | If-None-Match: *                              | 400    | InvalidBatch
a condition on the whole      | If-Match: "a"                                 | 400    | InvalidBatch
a version of the past         | OData-MaxVersion: 3.0                         | 400    | SyntaxError
a version of the future       | OData-Version: 5.0                            | 400    | SyntaxError
"""


@pytest.mark.parametrize("line", REFUSED.strip().splitlines()[1:])
def test_a_batch_with_headers_that_cannot_be_is_refused_whole(service: Service, line: str) -> None:
    _, header, status, code = (cell.strip() for cell in line.split(" | "))
    name, _, value = header.partition(":")
    before = len(service.audit())
    answer = send(service, multipart("Areas"), **{name.replace("-", "_"): value.strip()})
    assert (answer.status_code, answer.json()["error"]["code"]) == (int(status), code)
    (event,) = service.audit()[before:]
    assert (event["route"], event["outcome"], event["target"]) == ("batch", code, BATCH)


@pytest.mark.parametrize("query", ["$filter=true", "$top=1", "$select=AreaId", "@p=1&$orderby=@p", "$skiptoken=x"])
def test_a_batch_takes_no_options_of_a_request(service: Service, query: str) -> None:
    body, headers = multipart("Areas")
    answer = service.get(f"{BATCH}?{query}", "viewer", "POST", content=body, headers=headers)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "InvalidBatch")
    assert service.get(f"{BATCH}?custom=1", "viewer", "POST", content=body, headers=headers).status_code == 200


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "OPTIONS"])
@pytest.mark.parametrize("path", [BATCH, "/odata/v1/%24batch", f"{BATCH}/x"])
def test_a_batch_is_sent_with_post(service: Service, path: str, method: str) -> None:
    answer = service.get(path, "viewer", method)
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
    if method != "HEAD":
        assert answer.json()["error"]["code"] == "BatchMethodNotAllowed"


def test_the_address_may_be_encoded(service: Service) -> None:
    body, headers = multipart("Areas")
    answer = service.get("/odata/v1/%24batch", "viewer", "POST", content=body, headers=headers)
    assert [part.status for part in parts_of(answer)] == [200]


@both
def test_an_empty_batch_has_an_empty_answer(service: Service, make: Make) -> None:
    assert asked(service, make()) == []


@both
def test_what_leads_elsewhere_or_back_is_not_asked(service: Service, make: Make) -> None:
    urls = ["https://evil.example/odata/v1/Areas", "/v1/views/Areas.csv", "$batch", "$1/AreaName", "Areas#x", "Areas"]
    found = asked(service, make(*urls), Prefer="continue-on-error")
    assert [part.status for part in found] == [404, 404, 400, 501, 400, 200]
    assert all(part.json["error"]["details"][0]["code"] == "Hint" for part in found[:-1])


# --- who asks ---------------------------------------------------------------------------------------------------------


def test_without_a_key_a_batch_answers_the_challenge_and_asks_nothing(service: Service) -> None:
    before = len(service.audit())
    for who in (None, "revoked", "expired"):
        for made in (multipart("Areas"), as_json("Areas"), (b"nonsense", {"Content-Type": "text/plain"})):
            answer = send(service, made, who)
            assert answer.status_code == 401
            assert len(answer.headers.get_list("www-authenticate")) == 2
    assert len(service.audit()) == before


@both
@pytest.mark.parametrize("who", [*CATALOGUE.roles, SCOPED])
def test_a_batch_opens_nothing_that_its_key_does_not(service: Service, make: Make, who: str) -> None:
    """Each view is in a batch what it is alone: there or not, and with the same rows."""
    names = list(CATALOGUE.views)
    found = asked(service, make(*names), who, Prefer="continue-on-error")
    alone = service.get_all([(f"/odata/v1/{name}", who) for name in names])
    assert [part.status for part in found] == [answer.status_code for answer in alone]
    for part, answer in zip(found, alone, strict=True):
        if answer.status_code == 200 and "AsOf" not in answer.text:
            assert part.json == answer.json()


@both
@pytest.mark.parametrize("name", ["Authorization", "X-API-Key", "Cookie", "Proxy-Authorization"])
def test_a_request_cannot_bring_another_key(service: Service, make: Make, name: str) -> None:
    other = service.logins["analyst"].token
    refused, answered = asked(
        service, make(Ask("Incidents", headers={name: f"Bearer {other}"}), "Areas"), Prefer="continue-on-error"
    )
    assert (refused.status, refused.code) == (400, "InvalidBatch")
    assert answered.status == 200
    assert other not in str(service.seen) + refused.body.decode()


@both
def test_the_key_of_the_batch_may_be_repeated(service: Service, make: Make) -> None:
    """OpenUI5 writes it into every request; the same key says nothing new."""
    own, headers = make(Ask("Areas", headers={"X-API-Key": service.logins["viewer"].token}))
    answer = service.get(
        BATCH, None, "POST", content=own, headers={**headers, "X-API-Key": service.logins["viewer"].token}
    )
    assert [part.status for part in parts_of(answer)] == [200]


@both
def test_a_key_in_a_url_is_refused_inside_as_outside_and_never_shown(service: Service, make: Make) -> None:
    secret = service.logins["viewer"].secret
    service.seen.clear()
    before = len(service.audit())
    for query in (f"api_key={secret}", f"$filter=AreaId eq '{secret}'", "access_token=swordfish"):
        answer = send(service, make(f"Areas?{query}", "Areas"))
        found = parts_of(answer)
        assert (found[0].status, found[0].code) == (401, "Unauthenticated")
        assert "Basic" in found[0].headers["www-authenticate"]
        assert secret not in answer.text
    assert secret not in str(service.seen) + str(service.audit()[before:])
    assert "swordfish" not in str(service.seen)
    answer = service.get(f"{BATCH}?api_key={secret}", "viewer", "POST", content=b"", headers={})
    assert answer.status_code == 401


def test_a_key_over_plain_http_is_refused_inside_as_outside(service: Service) -> None:
    body, headers = multipart(Ask("Areas", headers={"X-Forwarded-Proto": "https", "Forwarded": "proto=https"}))
    answer = service.get(f"http://192.0.2.1{BATCH}", "viewer", "POST", content=body, headers=headers)
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "InsecureTransport")
    answer = service.get(f"https://192.0.2.1{BATCH}", "viewer", "POST", content=body, headers=headers)
    assert [part.status for part in parts_of(answer)] == [200]


# --- the trail --------------------------------------------------------------------------------------------------------


@both
def test_each_request_leaves_one_event_and_the_batch_another(service: Service, make: Make) -> None:
    before = len(service.audit())
    urls = ["DailyCalls?$filter=AreaId eq '001'", "Incidents(4711)", "$1/Jane", "Areas?$filter=Jane eq 1", "$metadata"]
    answer = send(service, make(*urls), Prefer="continue-on-error")
    whole, *events = service.audit()[before:]
    request_id = answer.headers["x-request-id"]
    assert (whole["route"], whole["target"], whole["shape"], whole["outcome"]) == (
        "batch",
        BATCH,
        "5 requests",
        "answered",
    )
    assert [event["request_id"] for event in events] == [f"{request_id}-{number}" for number in range(1, 6)]
    assert [
        (event["route"], event["target"], event["view"], event["outcome"], event["status"]) for event in events
    ] == [
        ("odata", "/odata/v1/DailyCalls?$filter", "DailyCalls", "answered", 200),
        ("odata", "/odata/v1/Incidents", None, "NotFound", 404),
        ("batch", BATCH, None, "NotImplemented", 501),
        ("odata", "/odata/v1/Areas?$filter", None, "UnknownName", 400),
        ("odata", "/odata/v1/$metadata", None, "answered", 200),
    ]
    assert {event["key_id"] for event in (whole, *events)} == {service.logins["viewer"].key_id}
    assert [part.headers["x-request-id"] for part in parts_of(answer)] == [event["request_id"] for event in events]
    told = str([event[name] for event in events for name in ("target", "view", "shape", "outcome")])
    assert not [text for text in ("Jane", "4711", "'001") if text in told]


@both
def test_each_event_is_on_the_disk_before_the_first_byte_of_its_answer(
    service: Service, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And the bytes of one request leave before the next is asked: nothing is collected."""
    order: list[str] = []
    real = AuditTrail.write

    async def write(self: AuditTrail, event: Any) -> None:
        await real(self, event)
        order.append(f"audit {event.view}")

    monkeypatch.setattr(AuditTrail, "write", write)
    body, headers = make("Areas", "Teams")
    chunks = _chunks(service, body, headers, lambda chunk: order.append(f"bytes {chunk}"))
    assert chunks
    kept = [
        entry.split()[0] + " " + name for entry in order for name in ("None", "Areas", "Teams") if f"{name}" in entry
    ]
    firsts = list(dict.fromkeys(kept))
    assert firsts == ["audit None", "audit Areas", "bytes Areas", "audit Teams", "bytes Teams"]


def _chunks(service: Service, body: bytes, headers: dict[str, str], on: Callable[[bytes], None]) -> list[bytes]:
    """The pieces in which an answer leaves, each shown to `on` as it does."""
    sent: list[bytes] = []
    inbox = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Any:
        return inbox.pop() if inbox else await asyncio.Event().wait()

    async def send(message: Any) -> None:
        if message["type"] == "http.response.body":
            sent.append(bytes(message["body"]))
            on(sent[-1])

    service.runner.run(service.app(_scope(service, headers), receive, send))
    return sent


def _scope(service: Service, headers: dict[str, str]) -> dict[str, Any]:
    fields = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    return {
        "type": "http",
        "method": "POST",
        "path": BATCH,
        "raw_path": BATCH.encode(),
        "query_string": b"",
        "headers": [*fields, (b"x-api-key", service.logins["viewer"].token.encode())],
        "scheme": "http",
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 1),
    }


def test_nothing_leaves_while_the_trail_cannot_be_written(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    async def write(self: AuditTrail, event: Any) -> None:
        if event.route == closed:
            raise AuditUnavailable("the audit trail cannot be written")

    monkeypatch.setattr(AuditTrail, "write", write)
    closed = "batch"
    answer = send(service, multipart("Areas"))
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "AuditUnavailable")
    closed = "odata"
    for part in asked(service, as_json("Areas", "$metadata", "Nothing")):
        assert (part.status, part.code) == (503, "AuditUnavailable")


def test_a_client_that_leaves_is_in_the_trail_and_nothing_more_is_asked(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.edge.sending.INLINE", -1)  # so that even a tiny answer is a stream
    body, headers = multipart(*["Areas"] * 5)
    left = asyncio.Event()
    inbox = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Any:
        if inbox:
            return inbox.pop()
        await left.wait()
        return {"type": "http.disconnect"}

    async def send_on(message: Any) -> None:
        if b"AreaName" in message.get("body", b""):
            left.set()
        await asyncio.sleep(0.001)

    before = len(service.audit())
    service.seen.clear()
    service.runner.run(service.app(_scope(service, headers), receive, send_on))
    events = [(event["route"], event["outcome"]) for event in service.audit()[before:]]
    assert events == [("batch", "answered"), ("odata", "answered"), ("odata", "aborted"), ("batch", "aborted")]
    assert sum(isinstance(seen, StreamAborted) for seen in service.seen) == 2


def test_the_log_has_a_line_for_each_request_and_one_for_the_batch(service: Service) -> None:
    service.seen.clear()
    send(service, multipart("DailyCalls?$filter=AreaId eq '001'", "Areas/$count"), Accept_Encoding="identity")
    done = [seen for seen in service.seen if isinstance(seen, RequestDone)]
    assert [(seen.route, seen.method, seen.target, seen.status) for seen in done] == [
        ("odata", "GET", "/odata/v1/DailyCalls?$filter", 200),
        ("odata", "GET", "/odata/v1/Areas/$count", 200),
        ("batch", "POST", BATCH, 200),
    ]
    assert done[2].bytes_sent > done[0].bytes_sent + done[1].bytes_sent
    assert "'001" not in str(service.seen)


@both
def test_the_unforeseen_is_one_part_and_the_others_are_answered(
    service: Service, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    from api.odata.service import read_options  # noqa: PLC0415 - the real one

    def broken(query: str, *rest: Any) -> Any:
        if "top" in query:
            raise KeyError("Jane Doe, 1 Main Street")
        return read_options(query, *rest)

    monkeypatch.setattr("api.odata.service.read_options", broken)
    service.seen.clear()
    answer = send(service, make("Areas?$top=1", "Areas"), Prefer="continue-on-error")
    first, second = parts_of(answer)
    assert (first.status, first.code, second.status) == (500, "InternalError", 200)
    assert "Jane" not in answer.text + str(service.seen)
    (failure,) = [seen for seen in service.seen if isinstance(seen, UnexpectedFailure)]
    assert failure.request_id == first.headers["x-request-id"]


# --- one snapshot -----------------------------------------------------------------------------------------------------


@both
def test_all_requests_of_a_batch_read_one_snapshot_although_another_is_published_meanwhile(
    ready_home: Path, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    with running(ready_home) as own:
        old = layout.current_version(ready_home / "snapshots")
        new = tiny_snapshot(ready_home / "snapshots", seed=2, publish=False).version
        route = own.app._app.mounts["/odata/v1"]  # type: ignore[attr-defined]
        real = route._produce

        def publishing(request: Request) -> Response:
            response: Response = real(request)
            layout.point_to(ready_home / "snapshots", new)
            return response

        monkeypatch.setattr(route, "_produce", publishing)
        found = asked(own, make("Areas?$top=1", "Teams?$top=1", Ask("DailyCalls", headers={"Isolation": "snapshot"})))
        assert {row["SnapshotId"] for part in found for row in part.json["value"]} == {old}
        assert {row["SnapshotId"] for row in own.get("/odata/v1/Areas", "viewer").json()["value"]} == {new}
        assert own.audit()[0]["version"] == old


def test_before_the_first_publish_each_request_says_so(home: Path) -> None:
    with running(home) as empty:
        found = asked(empty, as_json("Areas", "$metadata", ""))
        assert [part.status for part in found] == [503, 200, 200]
        assert (found[0].code, "retry-after" in found[0].headers) == ("NoSnapshot", True)


# --- limits -----------------------------------------------------------------------------------------------------------


@both
def test_each_request_counts_and_the_batch_too(service: Service, make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three in a minute, in which time stands still: the batch itself, and two of the five in it."""
    rate = RequestRate(3, clock=lambda: 600.0)
    for path in (BATCH, "/odata/v1"):
        route = service.app._app.mounts[path]  # type: ignore[attr-defined]
        monkeypatch.setattr(route, "_parts", replace(route._parts, rate=rate))
    found = asked(service, make(*["Areas"] * 5), Prefer="continue-on-error")
    assert [part.status for part in found] == [200, 200, 429, 429, 429]
    assert (found[2].code, found[2].headers["retry-after"]) == ("RateLimited", "60")
    answer = send(service, make("Areas"))
    assert (answer.status_code, answer.json()["error"]["code"]) == (429, "RateLimited")


def test_a_trusted_proxy_vouches_for_each_request_in_the_batch(ready_home: Path) -> None:
    with running(ready_home, trusted_proxies="127.0.0.1", public_url="https://metrics.example") as behind:
        assert send(behind, multipart("Areas")).status_code == 403
        found = asked(behind, multipart("Areas", "$metadata"), X_Forwarded_Proto="https")
        assert [part.status for part in found] == [200, 200]


@both
def test_so_many_requests_and_no_more(ready_home: Path, make: Make) -> None:
    with running(ready_home, batch_requests=3) as small:
        assert len(asked(small, make(*["Areas"] * 3))) == 3
        answer = send(small, make(*["Areas"] * 4))
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "LimitExceeded")
        assert "CRISIS_BATCH_REQUESTS" in answer.text
        assert [event["outcome"] for event in small.audit()][-1] == "LimitExceeded"


def test_so_many_bytes_and_no_more_and_the_rest_is_not_waited_for(ready_home: Path) -> None:
    with running(ready_home, batch_bytes=1_024) as small:
        body, headers = multipart("Areas")
        fits = body + b"x" * (1_024 - len(body))
        assert len(asked(small, (fits, headers))) == 1
        answer = send(small, (fits + b"x", headers))
        assert (answer.status_code, answer.json()["error"]["code"]) == (413, "PayloadTooLarge")
        assert "CRISIS_BATCH_BYTES" in answer.text
        taken = 0

        async def endless() -> Any:
            nonlocal taken
            while True:
                taken += 1
                yield b"x" * 256

        answer = small.get(BATCH, "viewer", "POST", content=endless(), headers=headers)
        assert answer.status_code == 413
        assert 4 <= taken <= 6
        taken, headers = 0, {**headers, "Content-Length": "1025"}
        answer = small.get(BATCH, "viewer", "POST", content=endless(), headers=headers)
        assert (answer.status_code, taken) == (413, 0)  # what is announced is not even begun


def test_a_body_that_does_not_come_is_not_waited_for(ready_home: Path) -> None:
    with running(ready_home, batch_seconds=0.05) as small:

        async def never() -> Any:
            yield b"--b"
            await asyncio.Event().wait()

        headers = {"Content-Type": "multipart/mixed; boundary=b"}
        answer = small.get(BATCH, "viewer", "POST", content=never(), headers=headers)
        assert (answer.status_code, answer.json()["error"]["code"]) == (408, "RequestTimeout")
        assert [event["outcome"] for event in small.audit()] == ["RequestTimeout"]


@both
def test_when_its_time_is_over_the_remaining_requests_are_not_asked(
    ready_home: Path, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The clock is the test's: each request takes 25 of 60 seconds."""
    moment = [0.0]
    with running(ready_home) as own:
        monkeypatch.setattr(own.app._app.mounts[BATCH], "_clock", lambda: moment[0])  # type: ignore[attr-defined]
        route = own.app._app.mounts["/odata/v1"]  # type: ignore[attr-defined]
        real = route._produce

        def slow(request: Request) -> Response:
            moment[0] += 25
            response: Response = real(request)
            return response

        monkeypatch.setattr(route, "_produce", slow)
        found = asked(own, make(*["Areas"] * 5), Prefer="continue-on-error")
        assert [part.status for part in found] == [200, 200, 200, 503, 503]
        assert found[3].code == "Busy"
        assert "60 seconds" in found[3].json["error"]["message"]
        assert int(found[3].headers["retry-after"]) >= 1


def test_a_request_in_a_batch_has_the_limits_of_any_other(service: Service) -> None:
    long, deep = "Areas?$filter=" + "a" * 9_000, "Areas?$filter=" + "(" * 200 + "true" + ")" * 200
    found = asked(service, as_json(long, deep))
    assert [(part.status, part.code) for part in found] == [(414, "UrlTooLong"), (400, "LimitExceeded")]


# --- any bytes --------------------------------------------------------------------------------------------------------

WORDS = st.sampled_from(
    [
        f"--{BOUNDARY}\r\n".encode(),
        f"--{BOUNDARY}--\r\n".encode(),
        b"Content-Type: application/http\r\n\r\n",
        b"Content-Type: multipart/mixed; boundary=c\r\n\r\n",
        b"--c\r\n",
        b"--c--\r\n",
        b"GET Areas HTTP/1.1\r\n",
        b"GET Areas?$filter=",
        b"HEAD /odata/v1/$metadata HTTP/1.1\r\n",
        b"POST $batch HTTP/1.1\r\n",
        b"Accept: ",
        b"Prefer: maxpagesize=1\r\n",
        b"Content-ID: 1\r\n",
        b"If-None-Match: *\r\n",
        b"\r\n",
        b"\n\n",
        b'{"requests":[',
        b'{"id":"1","method":"get","url":"Areas"}',
        b'{"id":"2","method":"get","url":"',
        b'","headers":{"accept":"',
        b'"}',
        b"]}",
        b",",
        b"%00",
        b"\xff",
        b"\x00",
        "é🚑".encode(),
    ]
)


BODIES = st.lists(WORDS | st.binary(max_size=6), max_size=25).map(b"".join)
WHOLE = st.lists(
    st.sampled_from([b"GET Areas", b"HEAD Teams", b"PUT x", b"GET $1/a", b"GET \xff", b"x"]), max_size=5
).map(
    lambda lines: (
        b"".join(
            b"--%b\r\nContent-Type: application/http\r\n\r\n%b\r\n\r\n" % (BOUNDARY.encode(), line) for line in lines
        )
        + b"--%b--" % BOUNDARY.encode()
    )
)


def test_any_bytes_are_answered_and_no_more_is_asked_than_was_sent(
    service: Service, figure: Callable[[str], None]
) -> None:
    seen: Counter[str] = Counter()

    @settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
    @given(
        body=BODIES | WHOLE,
        kind=st.sampled_from([f"multipart/mixed; boundary={BOUNDARY}", "application/json"]),
        prefer=st.sampled_from(["", "continue-on-error"]),
    )
    def fuzz(body: bytes, kind: str, prefer: str) -> None:
        service.seen.clear()
        before = len(service.audit())
        answer = service.get(BATCH, "viewer", "POST", content=body, headers={"Content-Type": kind, "Prefer": prefer})
        assert not [one for one in service.seen if isinstance(one, UnexpectedFailure)]
        events = service.audit()[before:]
        seen[f"batch {answer.status_code}"] += 1
        if answer.status_code != 200:
            assert (answer.status_code, len(events)) == (400, 1)
            assert answer.json()["error"]["details"]
            return
        found = parts_of(answer)
        unread = [
            part for part in found if b"holds bytes that are not UTF-8" in part.body
        ]  # as alone: nobody's request
        assert len(events) == len(found) - len(unread) + 1
        assert len(found) <= body.count(b"--" + BOUNDARY.encode()) + body.count(b'"id"')
        for part in found:
            seen[f"part {part.status}"] += 1
            assert part.status < 500 or part.status == 501
            if part.status >= 400 and part.body:
                assert part.json["error"]["code"]

    fuzz()
    figure(f"$batch fuzz: {', '.join(f'{name}: {count}' for name, count in sorted(seen.items()))}")
    blind = {"batch 200", "batch 400", "part 200", "part 400", "part 405", "part 501"} - set(seen)
    assert not blind, "the bodies no longer reach these answers"


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    url=st.text(st.characters(min_codepoint=0x20, max_codepoint=0x2FFF), max_size=30),
    name=st.sampled_from(["Accept", "Prefer", "If-Match", "OData-MaxVersion", "Isolation", "Accept-Charset"]),
    value=st.text(st.characters(min_codepoint=0x20, max_codepoint=0xFF), max_size=20),
)
def test_any_url_and_header_inside_is_answered_like_outside(service: Service, url: str, name: str, value: str) -> None:
    service.seen.clear()
    (part,) = asked(service, as_json(Ask(url, headers={name: value})))
    assert part.status < 500 or part.status == 501
    assert not [seen for seen in service.seen if isinstance(seen, UnexpectedFailure)]
