"""Inside a batch a bare value goes without ETag: OpenUI5 writes the tag into what it read, and a number has no room."""

from __future__ import annotations

import pytest

from tests.helpers.service import Service

ASKED = """
asked                 | tag
Areas                 | yes
Areas('001')          | yes
Areas/$count          | no
Areas('001')/AreaName | yes
Areas('001')/AreaName/$value | no
"""


@pytest.mark.parametrize("line", ASKED.strip().splitlines()[1:])
@pytest.mark.parametrize("form", ["multipart", "json"])
def test_only_what_has_room_for_a_tag_carries_one_in_a_batch(service: Service, line: str, form: str) -> None:
    asked, tag = (cell.strip() for cell in line.split("|"))
    alone = service.get(f"/odata/v1/{asked}", "viewer")
    assert "etag" in alone.headers
    if form == "json":
        found = service.get(
            "/odata/v1/$batch", "viewer", method="POST", json={"requests": [{"id": "1", "method": "GET", "url": asked}]}
        )
        headers = " ".join(found.json()["responses"][0]["headers"]).lower()
    else:
        part = f"Content-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\nGET {asked} HTTP/1.1\r\n\r\n\r\n"
        found = service.get(
            "/odata/v1/$batch",
            "viewer",
            method="POST",
            content=f"--b\r\n{part}--b--\r\n".encode(),
            headers={"Content-Type": "multipart/mixed; boundary=b"},
        )
        headers = found.text.partition("HTTP/1.1 200 OK")[2].partition("\r\n\r\n")[0].lower()
        assert headers
    assert ("etag" in headers) == (tag == "yes")
