"""Limits over HTTP: each has a number, a clear error and, where waiting helps, a Retry-After."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from api.edge.limits import QueryGate
from api.odata.exchange import Request, Response
from tests.helpers.service import Service, running


def test_a_key_over_its_share_waits_and_others_do_not(ready_home: Path) -> None:
    with running(ready_home, requests_per_minute=5) as small:
        before = len(small.audit())
        answers = small.get_all([("/odata/v1/Areas", "viewer")] * 8)
        refused = [answer for answer in answers if answer.status_code == 429]
        # A minute may end meanwhile; the share of a sliding minute does not grow with that by more than one or two.
        assert 1 <= len(refused) <= 3
        assert all(1 <= int(answer.headers["retry-after"]) <= 60 for answer in refused)
        assert {answer.json()["error"]["code"] for answer in refused} == {"RateLimited"}
        assert small.get("/odata/v1/Areas", "lead").status_code == 200
        assert small.get("/healthz").status_code == 200
        outcomes = [event["outcome"] for event in small.audit()[before:]]
        assert outcomes.count("RateLimited") == len(refused)
        assert len(outcomes) == 9


def test_too_many_queries_at_a_time_are_told_to_come_back(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """Counts how many run at the same time: never more than the limit, whatever comes in."""
    route = service.app._app.mounts["/odata/v1"]  # type: ignore[attr-defined]
    running_now, most, go_on = 0, 0, threading.Event()
    lock = threading.Lock()

    def slow(request: Request) -> Response:
        nonlocal running_now, most
        with lock:
            running_now += 1
            most = max(most, running_now)
        go_on.wait(20)
        with lock:
            running_now -= 1
        return Response(200, (("Content-Type", "text/plain"),), (b"done",))

    monkeypatch.setattr(route, "_parts", replace(route._parts, gate=QueryGate(2, patience=0.05)))
    monkeypatch.setattr(route, "_produce", slow)

    async def scene() -> list[httpx.Response]:
        async with service.client("viewer") as client:
            asked = [asyncio.create_task(client.get("/odata/v1/Areas")) for _ in range(6)]
            while sum(task.done() for task in asked) < 4:
                await asyncio.sleep(0.01)
            go_on.set()
            return await asyncio.gather(*asked)

    answers = service.runner.run(scene())
    codes = sorted(answer.status_code for answer in answers)
    assert codes == [200, 200, 503, 503, 503, 503]
    assert most == 2
    busy: list[Any] = [answer for answer in answers if answer.status_code == 503]
    assert all(answer.json()["error"]["code"] == "Busy" and int(answer.headers["retry-after"]) >= 1 for answer in busy)


def test_page_size_is_the_setting_and_what_the_client_prefers_below_the_most(ready_home: Path) -> None:
    with running(ready_home, page_size=7, max_page_size=9) as small:
        sizes = []
        for prefer in (None, "maxpagesize=3", "odata.maxpagesize=100"):
            headers = {"Prefer": prefer} if prefer else {}
            sizes.append(len(small.get("/odata/v1/DailyCalls", "viewer", headers=headers).json()["value"]))
        assert sizes == [7, 3, 9]
