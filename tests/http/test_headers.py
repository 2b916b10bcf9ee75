"""Header fields as they travel: repeated ones, tags of packed answers, the version of an error."""

from __future__ import annotations

import httpx
import pytest

from tests.helpers.service import Service


def test_a_preference_may_come_in_a_field_of_its_own(service: Service) -> None:
    """Repeated fields are one list (RFC 9110, 5.3)."""
    fields = [
        ("Prefer", "omit-values=nulls"),
        ("Prefer", "respond-async, odata.maxpagesize=3"),
        ("prefer", "maxpagesize=2"),
    ]
    answer = service.get("/odata/v1/Calls", "analyst", headers=httpx.Headers(fields))
    assert answer.headers.get_list("preference-applied") == ["omit-values=nulls, maxpagesize=2"]
    assert len(answer.json()["value"]) == 2


@pytest.mark.parametrize("path", ["/odata/v1/DailyCalls", "/odata/v1/$metadata", "/v1/views/DailyCalls.csv"])
def test_the_tag_of_a_packed_answer_is_known_again_in_every_condition(service: Service, path: str) -> None:
    for coding in ("gzip", "identity"):
        tag = service.get(path, "viewer", headers={"Accept-Encoding": coding}).headers["etag"]
        for name, status in (("If-Match", 200), ("If-None-Match", 304)):
            assert service.get(path, "viewer", headers={name: tag}).status_code == status
        assert service.get(path, "viewer", headers={"If-Match": f"W/{tag}"}).status_code == 412
        assert service.get(path, "viewer", headers={"If-None-Match": f"W/{tag}"}).status_code == 304
    for name, value, status in (("If-Match", '"x"', 412), ("If-Match", "*", 200), ("If-None-Match", "*", 304)):
        answer = service.get(path, "viewer", headers={name: value})
        assert answer.status_code == status
        assert (answer.content == b"") == (status == 304)


@pytest.mark.parametrize(
    ("most", "version"), [("4.0", "4.0"), ("4.01", "4.01"), ("5.0", "4.01"), ("3.0", "4.0"), ("x", "4.0")]
)
def test_an_error_has_a_version_that_the_client_reads(service: Service, most: str, version: str) -> None:
    for path, who in (("Nothing", "viewer"), ("Areas?$top=x", "viewer"), ("Areas", None), ("$batch", "viewer")):
        answer = service.get(f"/odata/v1/{path}", who, headers={"OData-MaxVersion": most})
        assert answer.status_code >= 400
        assert answer.headers.get_list("odata-version") == [version]
        assert answer.headers["content-language"] == "en"


def test_an_export_knows_the_version_of_the_schema_too(service: Service) -> None:
    assert service.get("/v1/views/Areas.csv?$schemaversion=*", "viewer").status_code == 200
    assert service.get("/v1/views/Areas.csv?$schemaversion=0.1", "viewer").status_code == 404
