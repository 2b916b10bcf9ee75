"""Batches read and written without a server: tables of what is well formed and what is not, and every byte string.

Over 400 lines in one file: the two formats are held against each other case by case, and most of it is tables.
"""

from __future__ import annotations

import json
import re
from email.parser import BytesParser
from email.policy import HTTP
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.odata.protocol import batch, batch_json, batch_multipart
from api.odata.protocol.batch import Form, Part
from api.odata.protocol.header_fields import element
from models.errors import BatchProblem, CrisisError, LimitProblem, MediaTypeProblem, NotAcceptable

PUBLIC = "https://metrics.example/base/odata/v1/"
SPOKEN = "http://127.0.0.1:8000/odata/v1/"


def table(text: str) -> list[list[str]]:
    """The cells of an ASCII table without its head; `-` is nothing."""
    lines = text.strip().splitlines()[1:]
    return [["" if cell.strip() == "-" else cell.strip() for cell in line.split(" | ")] for line in lines]


# --- where a URL leads ------------------------------------------------------------------------------------------------

LOCATED = """
url                                                     | path              | query
Areas                                                   | Areas             | -
Areas?$top=1                                            | Areas             | $top=1
./Areas                                                 | Areas             | -
-                                                       | -                 | -
?$format=json                                           | -                 | $format=json
$metadata                                               | $metadata         | -
%24metadata                                             | %24metadata       | -
/base/odata/v1/Areas                                    | Areas             | -
/odata/v1/Areas('%2F')/AreaName                         | Areas('%2F')/AreaName | -
/odata/v1/                                              | -                 | -
/odata/v1                                               | -                 | -
/odata/v1?a=/b                                          | -                 | a=/b
https://metrics.example/base/odata/v1/Areas?x=https://a | Areas             | x=https://a
HTTPS://Metrics.Example:443/base/odata/v1/Areas         | Areas             | -
http://127.0.0.1:8000/odata/v1/Areas                    | Areas             | -
http://127.0.0.1:8000/odata/v1                          | -                 | -
Calls(CallArrival=2026-01-31T00:00:00Z)                 | Calls(CallArrival=2026-01-31T00:00:00Z) | -
Areas?$filter=AreaId eq 'a://b'                         | Areas             | $filter=AreaId eq 'a://b'
Areas?$filter=AreaId%20eq%20%27%2541%27                 | Areas             | $filter=AreaId%20eq%20%27%2541%27
$crossjoin(Areas,Teams)                                 | $crossjoin(Areas,Teams) | -
"""


@pytest.mark.parametrize(("url", "path", "query"), table(LOCATED))
def test_the_three_forms_of_a_url_lead_below_the_root(url: str, path: str, query: str) -> None:
    """Absolute, beginning with the path of the root, relative to the root (OData 11.7.7.1); nothing is decoded."""
    assert batch.located(url, (PUBLIC, SPOKEN)) == (path, query)


ELSEWHERE = """
url                                          | status
https://evil.example/base/odata/v1/Areas     | 404
https://metrics.example/odata/v1/Areas       | 404
http://metrics.example/base/odata/v1/Areas   | 404
https://metrics.example.evil/base/odata/v1/  | 404
https://metrics.example@evil/base/odata/v1/  | 404
ftp://metrics.example/base/odata/v1/Areas    | 404
//metrics.example/base/odata/v1/Areas        | 404
/v1/views/Areas.csv                          | 404
/odata/v1x/Areas                             | 404
/                                            | 404
/odata%2Fv1/Areas                            | 404
Areas#x                                      | 400
$batch                                       | 400
%24batch                                     | 400
/odata/v1/$batch                             | 400
$batch?x=1                                   | 400
$1                                           | 501
$1/AreaName                                  | 501
%241/AreaName                                | 501
$first-insert                                | 501
%zz                                          | 400
%ff/x                                        | 400
"""


@pytest.mark.parametrize(("url", "status"), table(ELSEWHERE))
def test_what_leads_elsewhere_is_not_asked(url: str, status: str) -> None:
    with pytest.raises(CrisisError) as caught:
        batch.located(url, (PUBLIC, SPOKEN))
    assert caught.value.status == int(status)
    assert caught.value.hint


# --- headers ----------------------------------------------------------------------------------------------------------

HEADERS = """
of the batch                                | of the request             | asked with
-                                           | -                          | -
accept: multipart/mixed                     | -                          | -
accept: multipart/mixed, application/json   | -                          | accept: application/json
accept: multipart/*;q=0.5, a/b;c="x,y"      | -                          | accept: a/b;c="x,y"
accept: application/json                    | accept: application/xml    | accept: application/xml
odata-maxversion: 4.01                      | -                          | odata-maxversion: 4.01
odata-maxversion: 4.01                      | odata-maxversion: 4.0      | odata-maxversion: 4.0
odata-version: 4.0                          | -                          | odata-version: 4.0
accept-charset: utf-8                       | -                          | accept-charset: utf-8
isolation: snapshot                         | -                          | isolation: snapshot
prefer: maxpagesize=5                       | -                          | -
-                                           | prefer: maxpagesize=5      | prefer: maxpagesize=5
-                                           | if-none-match: "a"         | if-none-match: "a"
authorization: Basic x                      | -                          | -
host: a                                     | host: b                    | -
accept-encoding: gzip                       | accept-encoding: gzip      | -
x-forwarded-proto: https                    | x-forwarded-proto: https   | -
content-type: multipart/mixed               | content-type: text/plain   | -
"""


@pytest.mark.parametrize(("outer", "own", "asked"), table(HEADERS))
def test_a_request_has_its_own_headers_and_some_of_its_batch(outer: str, own: str, asked: str) -> None:
    def fields(text: str) -> dict[str, str]:
        return dict([text.split(": ", 1)]) if text else {}

    assert batch.headers_for(Part(headers=fields(own)), fields(outer)) == fields(asked)


@pytest.mark.parametrize("name", sorted(batch.CREDENTIALS))
def test_a_request_brings_no_key_of_its_own(name: str) -> None:
    with pytest.raises(BatchProblem, match="no key of its own"):
        batch.headers_for(Part(headers={name: "x"}), {})
    with pytest.raises(BatchProblem, match="no key of its own"):
        batch.headers_for(Part(headers={name: "x"}), {name: "y"})


@pytest.mark.parametrize("name", sorted(batch.CREDENTIALS))
def test_the_key_of_the_batch_may_be_repeated(name: str) -> None:
    """OpenUI5 writes its headers on the batch and on every request in it."""
    assert batch.headers_for(Part(headers={name: "x"}), {name: "x"}) == {}


@pytest.mark.parametrize("name", ["if-match", "if-none-match"])
def test_the_tag_of_another_answer_is_not_offered(name: str) -> None:
    with pytest.raises(CrisisError) as caught:
        batch.headers_for(Part(headers={name: "$1"}), {})
    assert caught.value.status == 501


SCHEMAS = """
query                      | of the batch | asked with
-                          | -            | -
-                          | 1.0.0        | $schemaversion=1.0.0
$top=1                     | *            | $top=1&$schemaversion=*
$top=1&$schemaversion=2    | *            | $top=1&$schemaversion=2
SchemaVersion=2            | *            | SchemaVersion=2
%24schemaversion=2         | *            | %24schemaversion=2
"""


@pytest.mark.parametrize(("query", "outer", "asked"), table(SCHEMAS))
def test_the_version_of_the_schema_is_inherited(query: str, outer: str, asked: str) -> None:
    assert batch.with_schema(query, outer or None) == asked


FORMS = """
sent | Accept                                            | $format           | answered
M    | -                                                 | -                 | M
J    | -                                                 | -                 | J
M    | */*                                               | -                 | M
J    | */*                                               | -                 | J
M    | application/json                                  | -                 | J
J    | multipart/mixed                                   | -                 | M
M    | multipart/*;q=0.1, application/json               | -                 | J
M    | application/json;q=0.5, multipart/mixed           | -                 | M
M    | application/json, multipart/mixed                 | -                 | M
J    | application/json, multipart/mixed                 | -                 | J
M    | multipart/mixed;q=0, */*                          | -                 | J
M    | application/json;odata.metadata=minimal;q=1       | -                 | J
M    | text/html                                         | -                 | 406
M    | application/atom+xml, text/plain;q=0.5            | -                 | 406
M    | multipart/mixed;q=0                               | -                 | 406
M    | text/html                                         | json              | J
J    | text/html                                         | multipart/mixed   | M
M    | -                                                 | JSON              | J
M    | -                                                 | xml               | 406
"""


@pytest.mark.parametrize(("sent", "accept", "option", "answered"), table(FORMS))
def test_the_format_of_the_answer(sent: str, accept: str, option: str, answered: str) -> None:
    forms = {"M": Form.MULTIPART, "J": Form.JSON}
    headers = {"accept": accept} if accept else {}
    if answered == "406":
        with pytest.raises(NotAcceptable):
            batch.answer_form(headers, option or None, forms[sent])
    else:
        assert batch.answer_form(headers, option or None, forms[sent]) is forms[answered]


# --- multipart bodies -------------------------------------------------------------------------------------------------


def parts_of(body: str, most: int = 100) -> tuple[Part, ...]:
    return batch_multipart.read(body.encode(), "b", most)


def part(request: str, *fields: str) -> str:
    return "\n".join(("--b", "Content-Type: application/http", *fields, "", request, "", ""))


def body_of(*requests: str) -> str:
    return "".join(part(request) for request in requests) + "--b--\n"


REQUEST_LINES = """
request line                                  | method | url
GET Areas HTTP/1.1                            | GET    | Areas
GET Areas                                     | GET    | Areas
GET   Areas   HTTP/1.1                        | GET    | Areas
GET Areas?$filter=AreaId eq '1' HTTP/1.1      | GET    | Areas?$filter=AreaId eq '1'
GET Areas?$filter=AreaId eq '1'               | GET    | Areas?$filter=AreaId eq '1'
GET /odata/v1/Areas HTTP/2                    | GET    | /odata/v1/Areas
HEAD Areas HTTP/1.1                           | HEAD   | Areas
POST Areas HTTP/1.1                           | POST   | Areas
get Areas HTTP/1.1                            | get    | Areas
GET                                           | -      | 400
G@T Areas HTTP/1.1                            | -      | 400
Areas                                         | -      | 400
{"requests":[]}                               | -      | 400
"""


@pytest.mark.parametrize(("line", "method", "url"), table(REQUEST_LINES))
def test_request_lines(line: str, method: str, url: str) -> None:
    (found,) = parts_of(body_of(line))
    if url == "400":
        assert isinstance(found.problem, BatchProblem)
    else:
        assert (found.method, found.url, found.problem) == (method, url, None)


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
@pytest.mark.parametrize("preamble", ["", "hello --b\n", "--bb\n--b x\n x--b\n"])
@pytest.mark.parametrize("epilogue", ["", "bye\n--b\n--b--\n"])
def test_line_ends_preamble_and_epilogue(ending: str, preamble: str, epilogue: str) -> None:
    first = part("GET Areas HTTP/1.1\naccept: x", "Content-ID: one", "Content-Transfer-Encoding: binary")
    text = preamble + first + part("GET Teams HTTP/1.1").replace("--b\n", "--b \t\n") + "--b-- \n" + epilogue
    found = parts_of(text.replace("\n", ending))
    assert [(one.id, one.url, dict(one.headers)) for one in found] == [
        ("one", "Areas", {"accept": "x"}),
        (None, "Teams", {}),
    ]


def test_the_last_line_end_may_be_missing_and_the_first_delimiter_may_begin_the_body() -> None:
    assert [one.url for one in parts_of(body_of("GET Areas HTTP/1.1")[:-1])] == ["Areas"]
    assert parts_of("--b--") == ()


def test_a_boundary_that_begins_another_one_is_not_taken_for_it() -> None:
    text = "--b\nContent-Type: multipart/mixed; boundary=bc\n\n--bc\nContent-Type: application/http\nContent-ID: 7\n\nPOST Areas\n\n--bc--\n--b--\n"
    (found,) = parts_of(text)
    assert (found.id, found.operation) == ("7", 0)


def test_fields_are_read_as_they_are_meant() -> None:
    request = "GET Areas HTTP/1.1\nAccept:application/json\nPrefer: maxpagesize=1\nPREFER: omit-values=nulls\nX: a\n  b"
    (found,) = parts_of(body_of(request))
    assert found.headers == {
        "accept": "application/json",
        "prefer": "maxpagesize=1,omit-values=nulls",
        "x": "a b",
    }


BAD_PARTS = """
part                                                     | what
Content-Type: text/plain;;GET Areas                      | no HTTP request
;;GET Areas                                              | no HTTP request
Content-Type: application/http                           | request line
Content-Type application/http;;GET Areas                 | header field
Content-Type: application/http;;GET Areas;no field       | header field
Content-Type: application/http;;GET Areas;a: b\x00c      | control
Content-Type: application/http;Content-ID: a b;;GET Areas | Content-ID
Content-Type: application/http;;GET Areas;Content-ID: <a@b> | Content-ID
Content-Type: multipart/mixed;;--c                       | boundary
Content-Type: multipart/mixed, boundary=c;;--c           | no HTTP request
"""


@pytest.mark.parametrize(("text", "what"), table(BAD_PARTS))
def test_a_part_that_is_wrong_has_its_own_error_and_the_others_are_read(text: str, what: str) -> None:
    found = parts_of(f"--b\n{text.replace(';', chr(10))}\n\n{body_of('GET Teams')}")
    assert len(found) == 2
    assert found[1].url == "Teams"
    assert isinstance(found[0].problem, BatchProblem)
    assert what in found[0].problem.message
    assert found[0].id is None


def test_more_header_fields_than_anyone_needs_are_an_error_of_the_part() -> None:
    fields = "\n".join(f"x{number}: 1" for number in range(batch_multipart.MOST_FIELDS))
    assert parts_of(body_of(f"GET Areas\n{fields}"))[0].problem is None
    assert "more than 64" in str(parts_of(body_of(f"GET Areas\n{fields}\ny: 1"))[0].problem)


@pytest.mark.parametrize(
    "body", ["", "nothing", "--b", "--b\n", "--b\nContent-Type: application/http\n\nGET Areas\n", "-b--"]
)
def test_a_body_that_is_not_closed_is_no_batch(body: str) -> None:
    with pytest.raises(BatchProblem, match="not closed"):
        parts_of(body)


BOUNDARIES = """
content type                                       | boundary
multipart/mixed;boundary=batch_1                   | batch_1
multipart/mixed; boundary="a b,c:d"                | a b,c:d
Multipart/Mixed; charset=utf-8; Boundary=X         | X
multipart/mixed                                    | 400
multipart/mixed; boundary=                         | 400
multipart/mixed; boundary="ends with a blank "     | 400
multipart/mixed; boundary=LONG                     | 400
multipart/mixed; boundary=Zoë                      | 400
multipart/mixed; boundary="a\\"b"                  | 400
"""


@pytest.mark.parametrize(("content_type", "boundary"), table(BOUNDARIES))
def test_boundaries(content_type: str, boundary: str) -> None:
    parameters = dict(element(content_type.replace("LONG", "x" * 71)).parameters)
    if boundary == "400":
        with pytest.raises(BatchProblem):
            batch_multipart.boundary_of(parameters)
    else:
        assert batch_multipart.boundary_of(parameters) == boundary


def test_the_operations_of_a_change_set_are_refused_by_name() -> None:
    operations = "".join(
        f"--c\nContent-Type: application/http\nContent-ID: {number}\n\nPOST Areas HTTP/1.1\n\n{{}}\n"
        for number in (1, 2)
    )
    found = parts_of(f"--b\nContent-Type: multipart/mixed; boundary=c\n\n{operations}--c--\n{body_of('GET Areas')}")
    assert [(one.id, one.operation, one.group) for one in found] == [
        ("1", 0, "changeset-1"),
        ("2", 1, "changeset-1"),
        (None, None, None),
    ]
    for one in found[:2]:
        assert one.problem is not None
        assert (one.problem.status, "change sets" in one.problem.message) == (405, True)


def test_identifiers_are_told_apart() -> None:
    with pytest.raises(BatchProblem, match="same identifier"):
        parts_of(part("GET Areas", "Content-ID: 1") + part("GET Teams", "Content-ID: 1") + "--b--")


@pytest.mark.parametrize("kind", ["requests", "operations"])
def test_a_batch_has_so_many_requests_and_no_more(kind: str) -> None:
    def made(number: int) -> str:
        if kind == "requests":
            return body_of(*["GET Areas"] * number)
        operations = "--c\nContent-Type: application/http\n\nPOST Areas\n\n" * number
        return f"--b\nContent-Type: multipart/mixed; boundary=c\n\n{operations}--c--\n--b--\n"

    assert len(parts_of(made(5), most=5)) == 5
    with pytest.raises(LimitProblem, match="5 requests"):
        parts_of(made(6), most=5)


def test_the_operations_of_all_change_sets_count() -> None:
    operations = "--c\nContent-Type: application/http\n\nPOST Areas\n\n" * 3
    change_set = f"--b\nContent-Type: multipart/mixed; boundary=c\n\n{operations}--c--\n"
    assert len(parts_of(f"{change_set * 2}--b--", most=6)) == 6
    with pytest.raises(LimitProblem):
        parts_of(f"{change_set * 2}--b--", most=5)


TEXTS = st.text(alphabet="-b\r\n :;a=", max_size=30).map(str.encode) | st.binary(max_size=12)
FRAGMENTS = st.lists(
    TEXTS
    | st.sampled_from(
        [
            b"--b\n",
            b"--b\r\n",
            b"--b--",
            b"--b--\n",
            b"\n\n",
            b"Content-Type: application/http\n\n",
            b"Content-Type: multipart/mixed; boundary=b\n\n",
            b"Content-Type: multipart/mixed; boundary=c\n\n--c\n",
            b"GET Areas HTTP/1.1\n",
            b"Content-ID: 1\n",
        ]
    ),
    max_size=30,
).map(b"".join)


@given(body=FRAGMENTS)
def test_any_bytes_are_a_batch_or_an_error_of_the_client(body: bytes) -> None:
    try:
        found = batch_multipart.read(body, "b", 8)
    except CrisisError as error:
        assert error.status == 400
        return
    assert len(found) <= 8
    for one in found:
        assert one.problem is None or one.problem.status in (400, 405)
        assert one.id is None or batch.REQUEST_ID.fullmatch(one.id)
        assert all(batch.FIELD_NAME.fullmatch(name) for name in one.headers)
        assert not [value for value in one.headers.values() if re.search(r"[\x00\r\n]", value)]


NAMES = st.from_regex(batch.FIELD_NAME, fullmatch=True)
VALUES = st.text(alphabet=st.characters(min_codepoint=0x21, max_codepoint=0x7E), max_size=20)


@given(
    urls=st.lists(
        st.text(st.characters(min_codepoint=0x21, max_codepoint=0x2FFF), min_size=1, max_size=20), max_size=6
    ),
    fields=st.dictionaries(NAMES, VALUES, max_size=4),
    ending=st.sampled_from(["\n", "\r\n"]),
    boundary=st.from_regex(batch_multipart.BOUNDARY, fullmatch=True),
)
def test_what_is_written_is_read_again(urls: list[str], fields: dict[str, str], ending: str, boundary: str) -> None:
    kept = {name.lower(): value for name, value in fields.items() if name.lower() != "content-id"}
    urls = [url for url in urls if len(url.split()) == 1 and not url.startswith("HTTP/")]
    lines = []
    for url in urls:
        lines += [f"--{boundary}", "Content-Type: application/http", "", f"GET {url} HTTP/1.1"]
        lines += [f"{name}: {value}" for name, value in kept.items()] + ["", ""]
    text = ending.join([*lines, f"--{boundary}--", ""])
    found = batch_multipart.read(text.encode(), boundary, 10)
    assert [(one.method, one.url, one.headers, one.problem) for one in found] == [
        ("GET", url, kept, None) for url in urls
    ]


def test_the_work_grows_with_the_body_and_not_faster(monkeypatch: pytest.MonkeyPatch) -> None:
    """Counts how many delimiters are tried: no byte begins more than one, whatever the body repeats."""
    tried = 0
    real = batch_multipart._AFTER

    class Counting:
        def match(self, body: bytes, place: int) -> Any:
            nonlocal tried
            tried += 1
            return real.match(body, place)

    monkeypatch.setattr(batch_multipart, "_AFTER", Counting())
    for piece in (b"--b", b"\n--b", b"\n--b-", b"\n--b x", b"-", b"\n"):
        body, tried = piece * 30_000, 0
        with pytest.raises((BatchProblem, LimitProblem)):
            batch_multipart.read(body, "b", 100)
        assert tried <= body.count(b"--b")
    body, tried = b"--b\n\n" * 30_000, 0
    with pytest.raises(LimitProblem):
        batch_multipart.read(body, "b", 100)
    assert tried <= 103  # it stops at the limit, not at the end of the body


# --- JSON bodies ------------------------------------------------------------------------------------------------------


def requests_of(*requests: Any, most: int = 100) -> tuple[Part, ...]:
    return batch_json.read(json.dumps({"requests": requests}).encode(), "utf-8", most)


def request(**more: Any) -> dict[str, Any]:
    return {"id": "1", "method": "get", "url": "Areas", **more}


def test_a_request_in_json() -> None:
    found = requests_of(
        request(method="GeT", headers={"Accept": "a/b", "x": "é"}),
        request(id="2", dependsOn=["1"], body=None, unknown={"a": [1]}, **{"@a.b": 1}),
    )
    assert found == (
        Part("GET", "Areas", {"accept": "a/b", "x": "é"}, "1"),
        Part("GET", "Areas", {}, "2", ("1",)),
    )


BAD_REQUESTS: list[tuple[dict[str, Any], int, str]] = [
    ({"method": 1}, 400, "not well written"),
    ({"method": "g t"}, 400, "method and url"),
    ({"method": ""}, 400, "method and url"),
    ({"url": None}, 400, "not well written"),
    ({"url": "Areas\r\nX: 1"}, 400, "method and url"),
    ({"headers": []}, 400, "not well written"),
    ({"headers": {"accept": 1}}, 400, "not well written"),
    ({"headers": {"a b": "x"}}, 400, "header field"),
    ({"headers": {"a": "x\r\ny"}}, 400, "header field"),
    ({"headers": {"a": "日本"}}, 400, "header field"),
    ({"dependsOn": "0"}, 400, "not well written"),
    ({"dependsOn": ["1"]}, 400, "dependsOn"),
    ({"dependsOn": ["2"]}, 400, "dependsOn"),
    ({"body": {}}, 400, "no body"),
    ({"body": {}, "method": "HEAD"}, 400, "no body"),
    ({"atomicityGroup": "g"}, 501, "atomicity groups"),
    ({"if": "$0/$succeeded", "dependsOn": ["0"]}, 424, "conditions"),
    ({"if": None}, 424, "conditions"),
]


@pytest.mark.parametrize(("change", "status", "what"), BAD_REQUESTS, ids=lambda case: str(case)[:40])
def test_a_request_that_is_wrong_has_its_own_error(change: dict[str, Any], status: int, what: str) -> None:
    found = requests_of(request(id="0"), request(**change), request(id="2"))
    assert [one.problem is None for one in found] == [True, False, True]
    problem = found[1].problem
    assert problem is not None
    assert (problem.status, found[1].id) == (status, "1")
    assert what in problem.message


def test_a_body_is_the_affair_of_methods_that_are_refused_anyway() -> None:
    assert requests_of(request(method="post", body={"a": 1}))[0].problem is None


BAD_BODIES = [
    b"",
    b"[]",
    b"{}",
    b'{"requests":null}',
    b'{"requests":{}}',
    b'{"requests":[1]}',
    b'{"requests":[{}]}',
    b'{"requests":[{"id":1}]}',
    b'{"requests":[{"id":""}]}',
    b'{"requests":[{"id":"a b"}]}',
    b'{"requests":[{"id":"a","atomicityGroup":1}]}',
    b'{"requests":[{"id":"a","atomicityGroup":"a"}]}',
    b'{"requests":[{"id":"a"},{"id":"a"}]}',
    b'{"requests":[{"id":"a","atomicityGroup":"g"},{"id":"b"},{"id":"c","atomicityGroup":"g"}]}',
    b'{"requests":[{"id":"\\ud800"}]}',
    b"\xff\xfe",
    b"[" * 100_000,
    b'{"requests":' + b"[" * 100_000,
    b'{"requests":[{"id":"1","body":' + b"[" * 100_000,
    b'{"a":' * 100_000,
]


@pytest.mark.parametrize("body", BAD_BODIES, ids=lambda body: repr(body[:60]))
def test_a_body_that_is_no_batch_is_one_error(body: bytes) -> None:
    with pytest.raises(BatchProblem) as caught:
        batch_json.read(body, "utf-8", 100)
    assert caught.value.status == 400


def test_deep_nesting_in_a_request_is_its_error_or_harmless() -> None:
    deep = b"[" * 500 + b"]" * 500
    body = b'{"requests":[{"id":"1","method":"post","url":"Areas","body":%s}]}' % deep
    (found,) = batch_json.read(body, "utf-8", 100)
    assert found.method == "POST"


def test_a_json_batch_has_so_many_requests_and_no_more() -> None:
    assert len(requests_of(*[request(id=str(number)) for number in range(5)], most=5)) == 5
    with pytest.raises(LimitProblem):
        requests_of(*[request(id=str(number)) for number in range(6)], most=5)


@pytest.mark.parametrize("charset", ["utf-8", "UTF-8", "utf-16", "UTF-32"])
def test_character_sets_that_the_format_allows(charset: str) -> None:
    body = json.dumps({"requests": [request(url="Areas('Ü')")]}, ensure_ascii=False).encode(charset)
    assert batch_json.read(body, batch_json.charset_of({"charset": charset}), 5)[0].url == "Areas('Ü')"
    with pytest.raises(MediaTypeProblem):
        batch_json.charset_of({"charset": "iso-8859-1"})


JSONS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.sampled_from(["1", "get", "Areas", "g"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
MEMBERS = st.sampled_from(["id", "method", "url", "headers", "body", "dependsOn", "atomicityGroup", "if"])


@given(
    requests=st.lists(st.dictionaries(MEMBERS, JSONS, max_size=8) | JSONS, max_size=4),
    noise=st.binary(max_size=4),
    at=st.integers(0, 200),
    charset=st.sampled_from(batch_json.CHARSETS),
)
def test_any_json_is_a_batch_or_an_error_of_the_client(
    requests: list[Any], noise: bytes, at: int, charset: str
) -> None:
    whole = json.dumps({"requests": requests}).encode(charset)
    for body in (whole, whole[:at] + noise + whole[at:], noise):
        try:
            found = batch_json.read(body, charset, 3)
        except CrisisError as error:
            assert error.status == 400
            continue
        assert len(found) <= 3
        for one in found:
            assert one.id is not None
            assert one.problem is None or one.problem.status in (400, 424, 501)


# --- answers ----------------------------------------------------------------------------------------------------------


def written(writer: batch.Writer, answers: list[tuple[Part, int, list[tuple[str, str]], list[bytes]]]) -> bytes:
    out = [writer.opening()]
    for one, status, headers, pieces in answers:
        out.append(writer.head(one, status, headers))
        for piece in pieces:
            out.extend(bytes(chunk) for chunk in writer.piece(piece))
        out.append(writer.tail())
    return b"".join([*out, writer.closing()])


JSON_TYPE = [("Content-Type", "application/json;odata.metadata=minimal")]
ANSWERS = [
    (Part(id="a"), 200, [*JSON_TYPE, ("ETag", '"1"')], [b'{"value":', b"", b"[1]}\n"]),
    (Part(), 200, [("Content-Type", "text/plain;charset=utf-8")], ["Zoë\n--x--\n".encode()]),
    (Part(id="c"), 200, [("Content-Type", "application/xml")], [b"<a>", b"\xc3\xbc</a>"]),
    (Part(id="d"), 304, [("ETag", '"2"')], []),
    (Part(id="e", group="g"), 501, JSON_TYPE, [b'{"error":{}}']),
    (Part(id="f", group="changeset-1", operation=0), 405, JSON_TYPE, [b'{"error":{}}']),
    (Part(id="h"), 401, [("WWW-Authenticate", "Bearer x"), ("WWW-Authenticate", "Basic y")], [b""]),
]


def test_a_multipart_answer_is_what_others_read_as_one() -> None:
    """The judge is the mail parser of the standard library."""
    writer = batch_multipart.MultipartWriter("boundary_1")
    text = f"Content-Type: {writer.content_type}\r\n\r\n".encode() + written(writer, ANSWERS)
    message = BytesParser(policy=HTTP).parsebytes(text)
    assert not message.defects
    parts = message.get_payload()
    assert isinstance(parts, list)
    assert [one["Content-ID"] for one in parts] == ["a", None, "c", "d", "e", None, "h"]
    assert {one.get_content_type() for one in parts} == {"application/http"}
    for one, (_, status, headers, pieces) in zip(parts, ANSWERS, strict=True):
        content = one.get_payload(decode=True)
        assert isinstance(content, bytes)
        head, _, body = content.partition(b"\r\n\r\n")
        lines = head.decode().split("\r\n")
        assert lines[0].startswith(f"HTTP/1.1 {status} ")
        assert lines[1:] == [f"{name}: {value}" for name, value in headers]
        assert body == b"".join(pieces)


def test_a_json_answer_spells_each_body_as_its_type_asks() -> None:
    found = json.loads(written(batch_json.JsonWriter(), ANSWERS))["responses"]
    assert [one.get("id") for one in found] == ["a", None, "c", "d", "e", "f", "h"]
    assert [one["status"] for one in found] == [200, 200, 200, 304, 501, 405, 401]
    assert [one.get("body") for one in found] == [
        {"value": [1]},
        "Zoë\n--x--\n",
        "PGE-w7w8L2E-",
        None,
        {"error": {}},
        {"error": {}},
        None,
    ]
    assert ["body" in one for one in found] == [True, True, True, False, True, True, False]
    assert [one.get("atomicityGroup") for one in found] == [None, None, None, None, "g", "changeset-1", None]
    assert found[0]["headers"] == {"content-type": "application/json;odata.metadata=minimal", "etag": '"1"'}
    assert found[-1]["headers"] == {"www-authenticate": "Bearer x, Basic y"}


def test_an_empty_batch_has_an_empty_answer() -> None:
    assert json.loads(written(batch_json.JsonWriter(), [])) == {"responses": []}
    assert written(batch_multipart.MultipartWriter("x"), []) == b"--x--\r\n"


def test_a_big_body_goes_through_uncopied() -> None:
    big = memoryview(bytes(1_000))
    json_writer, multipart = batch_json.JsonWriter(), batch_multipart.MultipartWriter("x")
    json_writer.head(Part(), 200, JSON_TYPE)
    assert list(json_writer.piece(big))[-1] is big
    assert list(multipart.piece(big)) == [big]
    assert multipart.piece(big)[0] is big
