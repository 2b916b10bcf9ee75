"""What OpenUI5, sqlalchemy-odata, python-odata and @odata/client were seen to send, replayed with their own headers.

All 33 recorded requests go to the whole service; the rows that come back are compared with plain Python over the full
feed. The table, and how their model was put into our words, is tests/helpers/observed_clients.py.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest
from lxml import etree

from tests.helpers.observed_clients import OBSERVED, Observed, Rows
from tests.helpers.service import Service, running

EDMX = "{http://docs.oasis-open.org/odata/ns/edmx}Edmx"
IN_THE_BATCH = (9, 17, 4, 18)
"""Requests that the replayed batch holds: of the recorded one only the header fields are known."""


@pytest.fixture(scope="module")
def service(published: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """The whole service over the snapshot of this folder."""
    home = tmp_path_factory.mktemp("observed")
    shutil.copytree(published, home / "snapshots")
    with running(home) as made:
        yield made


@pytest.fixture(scope="module")
def feed(service: Service) -> Rows:
    """All incidents, as a client without wishes gets them."""
    return whole(service, "Incidents")


def whole(service: Service, view: str) -> Rows:
    """All rows of a view."""
    rows: Rows = service.get(f"/odata/v1/{view}", "analyst").json()["value"]
    assert len(rows) == 40
    return rows


@pytest.fixture(scope="module")
def recorded(shared: Path) -> list[dict[str, Any]]:
    """The reference file."""
    loaded: list[dict[str, Any]] = json.loads((shared / "odata" / "observed-client-requests.json").read_text())
    return loaded


def sent(service: Service, observed: Observed, entry: dict[str, Any]) -> httpx.Response:
    """The request with its recorded header fields and a key."""
    more = {"content": batch_body(entry["headers"])} if observed.answers == "batch" else {}
    url = f"/odata/v1{observed.ours}"
    return service.get(url, "analyst", entry["method"], headers=entry["headers"], **more)


def batch_body(headers: dict[str, str]) -> bytes:
    """A batch as OpenUI5 writes it, with what it says behind the last boundary."""
    boundary = headers["Content-Type"].partition("boundary=")[2]
    parts = [
        f"--{boundary}\r\nContent-Type:application/http\r\nContent-Transfer-Encoding:binary\r\n\r\n"
        f"GET {OBSERVED[place].ours.removeprefix('/')} HTTP/1.1\r\n"
        "Accept:application/json;odata.metadata=minimal;IEEE754Compatible=true\r\nAccept-Language:en\r\n"
        "Content-Type:application/json;charset=UTF-8;IEEE754Compatible=true\r\n\r\n\r\n"
        for place in IN_THE_BATCH
    ]
    return f"{''.join(parts)}--{boundary}--\r\nGroup ID: $auto".encode()


def bare(row: dict[str, Any]) -> dict[str, Any]:
    """A row without annotations."""
    return {name: value for name, value in row.items() if "@" not in name}


def as_asked(rows: Rows, *, numbers_as_text: bool) -> Rows:
    """Expected rows as JSON has them: numbers of 64 bits and decimals as texts for who asks for that."""
    if not numbers_as_text:
        return rows
    small = (str, bool, type(None), float)
    return [
        {name: value if isinstance(value, small) else f"{Decimal(value):f}" for name, value in row.items()}
        for row in rows
    ]


def judge(observed: Observed, status: int, body: str, feed: Rows, *, numbers_as_text: bool) -> None:
    """The answer to one request."""
    assert status == observed.status, body
    if observed.status != 200:
        assert observed.says in body
        return
    if observed.answers == "count":
        assert body == str(len(feed))
        return
    answer = json.loads(body)
    expected = as_asked(observed.rows(feed), numbers_as_text=numbers_as_text)
    rows = [answer] if observed.answers == "entity" else answer["value"]
    assert list(map(bare, rows)) == expected
    total = observed.total(feed) if observed.total else None
    assert answer.get("@odata.count") == (str(total) if numbers_as_text and total is not None else total)
    assert expected, "a comparison of nothing with nothing"


@pytest.mark.shared
@pytest.mark.parametrize("observed", OBSERVED, ids=lambda observed: f"{observed.place}")
def test_an_observed_request_reads_what_is_there(
    service: Service, feed: Rows, recorded: list[dict[str, Any]], observed: Observed
) -> None:
    entry = recorded[observed.place]
    assert entry["url"] == observed.url
    answer = sent(service, observed, entry)
    assert answer.headers.get_list("odata-version") == ["4.0"]
    if observed.answers == "metadata":
        assert answer.headers["content-type"] == "application/xml"
        assert etree.fromstring(answer.content).tag == EDMX
        return
    if observed.answers == "batch":
        judge_batch(answer, feed)
        return
    as_text = "IEEE754Compatible=true" in entry["headers"]["Accept"]
    asked = feed if observed.view == "Incidents" else whole(service, observed.view)
    judge(observed, answer.status_code, answer.text, asked, numbers_as_text=as_text)


def judge_batch(answer: httpx.Response, feed: Rows) -> None:
    """Each part answers its request."""
    assert answer.status_code == 200
    boundary = answer.headers["content-type"].partition("boundary=")[2]
    parts = answer.text.split(f"--{boundary}")[1:-1]
    assert len(parts) == len(IN_THE_BATCH)
    for place, part in zip(IN_THE_BATCH, parts, strict=True):
        _, head, body = part.split("\r\n\r\n", 2)
        assert "OData-Version: 4.0" in head
        judge(OBSERVED[place], int(head.split()[1]), body.strip(), feed, numbers_as_text=True)


def test_the_pages_of_sqlalchemy_odata_do_not_overlap(service: Service, feed: Rows) -> None:
    """They come without $orderby: only a stable order of ours keeps them apart."""
    pages = [observed for observed in OBSERVED if "%24skip" in observed.url]
    rows = [row for page in pages for row in service.get(f"/odata/v1{page.ours}", "analyst").json()["value"]]
    assert rows == feed


@pytest.mark.shared
def test_every_observed_request_is_replayed(recorded: list[dict[str, Any]], figure: Callable[[str], None]) -> None:
    assert [observed.place for observed in OBSERVED] == list(range(len(recorded)))
    figure(f"Observed client requests replayed: {len(OBSERVED)} of {len(recorded)}")
