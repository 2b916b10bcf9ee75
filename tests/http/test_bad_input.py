"""Whatever is sent, the answer is a 4xx in the one error shape, with code, place and next step; never a trace."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.observe import UnexpectedFailure
from models.errors import all_errors
from tests.helpers.service import Service

CODES = {kind.code: kind.status for kind in all_errors()}

BAD = """
url                                                                 | status | code             | position | hint
/odata/v1/DailyCallz                                                | 404    | NotFound         | -        | DailyCalls
/odata/v1/DailyCalls?$filter=CallCuont gt 1                         | 400    | UnknownName      | 0        | CallCount
/odata/v1/DailyCalls?$select=Nope                                   | 400    | UnknownName      | 0        | *
/odata/v1/DailyCalls?$orderby=Nope                                  | 400    | UnknownName      | 0        | *
/odata/v1/DailyCalls?$filter=contanis(AreaId,'0')                   | 400    | *                | 0        | contains
/odata/v1/DailyCalls?$filter=CallCount eq 'five'                    | 400    | TypeMismatch     | *        | *
/odata/v1/DailyCalls?$filter=OperationalDate ge 2026-02-30          | 400    | *                | *        | *
/odata/v1/DailyCalls?$filter=CallCount gt                           | 400    | SyntaxError      | 12       | *
/odata/v1/DailyCalls?$filter=(CallCount gt 1                        | 400    | SyntaxError      | *        | *
/odata/v1/DailyCalls?$filter=AreaId eq '001                         | 400    | SyntaxError      | *        | *
/odata/v1/DailyCalls?$filter=%zz                                    | 400    | SyntaxError      | *        | %25
/odata/v1/DailyCalls?$filter=AreaId eq '%ff'                        | 400    | SyntaxError      | *        | *
/odata/v1/Daily%2                                                   | 400    | SyntaxError      | *        | %25
/odata/v1/DailyCalls?$top=-1                                        | 400    | SyntaxError      | 0        | *
/odata/v1/DailyCalls?$top=1&$top=2                                  | 400    | SyntaxError      | -        | *
/odata/v1/DailyCalls?$fliter=true                                   | 400    | UnknownName      | -        | $filter
/odata/v1/DailyCalls?$skiptoken=abcdef                              | 400    | InvalidPageToken | -        | first page
/odata/v1/DailyCalls?$format=yaml                                   | *      | *                | *        | *
/odata/v1/DailyCalls?$expand=Area/$ref                              | 501    | NotImplemented   | 0        | *
/odata/v1/DailyCalls?$expand=Aera                                   | 400    | UnknownName      | *        | Area
/odata/v1/Areas/001                                                 | 501    | NotImplemented   | -        | *
/odata/v1/Areas/$filter(AreaId eq '001')                            | 501    | NotImplemented   | -        | *
/odata/v1/Areas('001')/CrisisMetrics.Area                           | 501    | NotImplemented   | -        | *
/odata/v1/Areas('001')/$count                                       | 400    | SyntaxError      | 0        | *
/odata/v1/Areas('001                                                | 400    | SyntaxError      | 6        | single quote
/odata/v1/Areas(Area='001')                                         | 400    | UnknownName      | 6        | AreaId
/odata/v1/$nothing                                                  | 400    | SyntaxError      | 0        | *
/odata/v1/$metadata/Areas                                           | 400    | SyntaxError      | 0        | *
/odata/v1/Areas('001','002')                                        | 400    | *                | *        | *
/odata/v1/Areas('no such area')                                     | 404    | NotFound         | -        | *
/odata/v1/$batch                                                    | 405    | BatchMethodNotAllowed | -   | POST
/odata/v1/../../etc/passwd                                          | 404    | NotFound         | -        | *
/odata/v1/DailyCalls?$filter=NESTED                                 | 400    | LimitExceeded    | *        | *
/odata/v1/DailyCalls?$filter=WIDE                                   | 400    | LimitExceeded    | *        | *
/odata/v1/DailyCalls?$filter=LONG                                   | 414    | UrlTooLong       | -        | CRISIS_MAX_URL_LENGTH
/v1/views/LONG                                                      | 414    | UrlTooLong       | -        | CRISIS_MAX_URL_LENGTH
/LONG                                                               | 414    | UrlTooLong       | -        | CRISIS_MAX_URL_LENGTH
"""
LONG = {
    "NESTED": "(" * 200 + "true" + ")" * 200,
    "WIDE": "CallCount in (" + ",".join("1" * 3_000) + ")",
    "LONG": "a" * 8_300,
}


@pytest.mark.parametrize("line", BAD.strip().splitlines()[1:])
def test_bad_input_is_answered_with_code_place_and_next_step(service: Service, line: str) -> None:
    url, status, code, position, hint = (part.strip() for part in line.split(" | "))
    for word, text in LONG.items():
        url = url.replace(word, text)
    answer = service.get(url, "viewer")
    error = error_of(answer)
    details = {detail["code"]: detail["message"] for detail in error["details"]}
    if status != "*":
        assert answer.status_code == int(status), answer.text
    if code != "*":
        assert error["code"] == code, answer.text
    if position == "-":
        assert "Position" not in details
    elif position != "*":
        assert details["Position"] == position, answer.text
    if hint != "*":
        assert hint in details["Hint"], answer.text
    assert details["RequestId"] == answer.headers["x-request-id"]


def error_of(answer: Any) -> dict[str, Any]:
    """The error object; fails when it is not in the one shape or its status is not that of its code."""
    assert answer.headers["content-type"].startswith("application/json")
    (key,) = answer.json()
    assert key == "error"
    error: dict[str, Any] = answer.json()["error"]
    assert CODES[error["code"]] == answer.status_code
    assert 400 <= answer.status_code <= 501
    assert "Traceback" not in answer.text
    assert ".py" not in answer.text
    return error


def test_a_token_that_was_changed_or_made_for_another_is_refused(service: Service) -> None:
    link = service.get("/odata/v1/DailyCalls", "viewer", headers={"Prefer": "maxpagesize=5"}).json()["@odata.nextLink"]
    head, _, token = link.partition("$skiptoken=")
    assert service.get(link, "viewer").status_code == 200
    changed = token[:-3] + ("A" if token[-3] != "A" else "B") + token[-2:]
    for url, who in ((head + "$skiptoken=" + changed, "viewer"), (link, "lead"), (link + "&$filter=true", "viewer")):
        answer = service.get(url, who)
        assert (answer.status_code, error_of(answer)["code"]) == (400, "InvalidPageToken")


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"])
def test_only_get_and_head_are_answered(service: Service, method: str) -> None:
    for url in ("/odata/v1/Areas", "/v1/views/Areas.csv", "/healthz"):
        answer = service.get(url, "viewer", method)
        assert error_of(answer)["code"] == "MethodNotAllowed"
        assert answer.headers["allow"] == "GET, HEAD"


def test_head_is_get_without_a_body(service: Service) -> None:
    for url in ("/odata/v1/Areas", "/v1/views/Areas.csv", "/healthz", "/"):
        head = service.get(url, "viewer", "HEAD", headers={"Accept-Encoding": "identity"})
        whole = service.get(url, "viewer", headers={"Accept-Encoding": "identity"})
        assert (head.status_code, head.content) == (200, b"")
        for name in ("content-type", "content-length", "etag"):
            assert head.headers.get(name) == whole.headers.get(name)


WORDS = """
$filter= $select= $orderby= $top= AreaId CallCount %20eq%20 %20and%20 not%20 ( ) ' '' , & = / \\ + % %27 %F0 %2 %00 @p $it/ null
true 1 -5 1e400 99999999999999999999999999 INF 2026-01-31 2026-01-31T00:00:00Z duration'P1D' contains( year( cast( %20in%20(
%20div%20 %20add%20 é 🚑
"""
PIECES = st.sampled_from([word.encode() for word in WORDS.split()]) | st.binary(max_size=4)


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(parts=st.lists(PIECES, max_size=12))
def test_no_query_makes_the_service_fail(service: Service, parts: list[bytes]) -> None:
    assert_harmless(service, service.raw(b"/odata/v1/DailyCalls", b"$filter=" + b"".join(parts)))
    assert_harmless(service, service.raw(b"/v1/views/DailyCalls.csv", b"".join(parts)))


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(path=st.binary(max_size=20) | st.lists(PIECES, max_size=6).map(b"".join))
def test_no_path_makes_the_service_fail(service: Service, path: bytes) -> None:
    for prefix in (b"/odata/v1/", b"/odata/v1/Areas", b"/v1/views/", b"/"):
        assert_harmless(service, service.raw(prefix + path))


def assert_harmless(service: Service, answer: Any) -> None:
    """An answer or an error in the one shape, and nothing unforeseen behind it."""
    if answer.status_code not in (200, 204):
        error_of(answer)
    assert not [seen for seen in service.seen if isinstance(seen, UnexpectedFailure)]
    service.seen.clear()


def test_the_unforeseen_becomes_a_500_with_its_request_id_and_nothing_else(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise KeyError("Jane Doe, 1 Main Street")

    service.seen.clear()
    before = len(service.audit())
    monkeypatch.setattr("api.odata.service.read_options", broken)
    answer = service.get("/odata/v1/Areas", "viewer")
    assert answer.status_code == 500
    assert error_of_500(answer)["code"] == "InternalError"
    (event,) = service.audit()[before:]
    assert (event["outcome"], event["status"]) == ("InternalError", 500)
    monkeypatch.setattr("api.routes.pages.start_page", broken)
    answer = service.get("/")
    assert error_of_500(answer)["code"] == "InternalError"
    failures = [seen for seen in service.seen if isinstance(seen, UnexpectedFailure)]
    assert [(seen.kind, "broken" in seen.place) for seen in failures] == [("KeyError", True)] * 2
    assert failures[1].request_id == answer.headers["x-request-id"]
    assert "Jane" not in str(service.seen) + str(service.audit())


def error_of_500(answer: Any) -> dict[str, Any]:
    """The error object of a 500: an id to look up, and no word of what happened inside."""
    error: dict[str, Any] = answer.json()["error"]
    assert answer.headers["x-request-id"] in error["message"]
    assert not {"Jane", "KeyError", "Traceback", ".py"} & set(answer.text.split('"'))
    assert "Jane" not in answer.text
    return error
