"""What `$metadata` says of batches is true: formats, continue-on-error, dependencies, encodings; asked over HTTP."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.helpers import csdl_reading
from tests.helpers.service import Service

MULTIPART = "multipart/mixed;boundary=b"
TWO = {
    "requests": [{"id": "1", "method": "get", "url": "Nothing"}, {"id": "2", "method": "get", "url": "Areas/$count"}]
}


@pytest.fixture(scope="module")
def said(service: Service) -> dict[str, Any]:
    """The container's Capabilities terms."""
    found = csdl_reading.of_xml(service.get("/odata/v1/$metadata", "viewer").content)
    prefix = "@Org.OData.Capabilities.V1."
    return {place[-1].removeprefix(prefix): value for place, value in found.items() if place[:-1] == ("Container",)}


def batch(service: Service, requests: list[dict[str, Any]], **headers: str) -> httpx.Response:
    return service.get("/odata/v1/$batch", "viewer", "POST", json={"requests": requests}, headers=headers)


def multipart(*addresses: str) -> str:
    parts = [
        f"--b\r\nContent-Type: application/http\r\n\r\nGET {address} HTTP/1.1\r\n\r\n\r\n" for address in addresses
    ]
    return "".join((*parts, "--b--"))


def test_both_formats_are_read_and_no_other(service: Service, said: dict[str, Any]) -> None:
    assert said["BatchSupported"] is said["BatchSupport"]["Supported"] is True
    bodies = {
        "multipart/mixed": (MULTIPART, multipart("Areas")),
        "application/json": ("application/json", '{"requests":[]}'),
    }
    assert set(said["BatchSupport"]["SupportedFormats"]) == set(bodies)
    for media, (content_type, body) in bodies.items():
        found = service.get("/odata/v1/$batch", "viewer", "POST", content=body, headers={"Content-Type": content_type})
        assert (found.status_code, found.headers["content-type"].partition(";")[0]) == (200, media)
    for media in ("text/plain", "application/xml"):
        found = service.get("/odata/v1/$batch", "viewer", "POST", content="x", headers={"Content-Type": media})
        assert found.status_code == 415


def test_continue_on_error_is_honoured(service: Service, said: dict[str, Any]) -> None:
    assert said["BatchSupport"]["ContinueOnErrorSupported"] is True
    body = multipart("Nothing", "Areas/$count")
    for wish, answers in (("continue-on-error", 2), ("continue-on-error=false", 1)):
        headers = {"Content-Type": MULTIPART, "Prefer": wish}
        found = service.get("/odata/v1/$batch", "viewer", "POST", content=body, headers=headers)
        assert found.text.count("HTTP/1.1 ") == answers
        assert found.headers["preference-applied"] == wish


def test_what_is_denied_of_batches_is_not_done(service: Service, said: dict[str, Any]) -> None:
    denied = {name for name, value in said["BatchSupport"].items() if value is False}
    assert denied == {
        "ReferencesInRequestBodiesSupported",
        "ReferencesAcrossChangeSetsSupported",
        "EtagReferencesSupported",
        "RequestDependencyConditionsSupported",
    }
    for request in (
        {"url": "$1"},
        {"url": "Areas", "headers": {"if-none-match": "$1"}},
        {"url": "Areas", "if": "$1/status eq 200"},
        {"url": "Areas", "atomicityGroup": "g"},
    ):
        first = {"id": "1", "method": "get", "url": "Areas?$top=1"}
        answers = batch(service, [first, {"id": "2", "method": "get", **request}]).json()["responses"]
        assert answers[0]["status"] == 200
        assert answers[1]["status"] in (424, 501)


def test_a_packed_body_is_refused(service: Service, said: dict[str, Any]) -> None:
    assert said["AcceptableEncodings"] == ["identity"]
    assert batch(service, [], **{"Content-Encoding": "identity"}).status_code == 200
    assert batch(service, [], **{"Content-Encoding": "gzip"}).status_code == 415
