"""The audit over HTTP: one event for each data request of a known caller, before its first byte, without literals."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from api.edge.audit import AuditTrail
from api.observe import StreamAborted
from models.catalogue import CATALOGUE
from models.errors import AuditUnavailable
from models.snapshot import layout
from tests.helpers.service import SCOPED, Service

LITERALS = ("Jane", "4711", "2026-01-01", "001")

ASKED = """
url                                                                         | who     | view       | outcome     | status
/odata/v1/                                                                  | viewer  | -          | answered    | 200
/odata/v1                                                                   | viewer  | -          | answered    | 200
/odata/v1/$metadata                                                         | analyst | -          | answered    | 200
/odata/v1/DailyCalls                                                        | viewer  | DailyCalls | answered    | 200
/odata/v1/DailyCalls?$filter=AreaId eq '001' and OperationalDate ge 2026-01-01 | viewer | DailyCalls | answered  | 200
/odata/v1/Incidents?$filter=IncidentId eq 4711                              | analyst | Incidents  | answered    | 200
/odata/v1/DailyCalls/$count?$filter=contains(AreaId,'Jane')                 | viewer  | DailyCalls | answered    | 200
/odata/v1/Incidents(4711)                                                   | viewer  | -          | NotFound    | 404
/odata/v1/DailyCalls?$filter=Jane eq '001'                                  | viewer  | -          | UnknownName | 400
/v1/views/DailyCalls.csv?$filter=AreaId eq '001'                            | viewer  | DailyCalls | answered    | 200
/v1/views/DailyCalls.xlsx                                                   | SCOPED  | DailyCalls | answered    | 200
/v1/views/Jane.csv                                                          | viewer  | -          | NotFound    | 404
"""


@pytest.mark.parametrize("line", ASKED.strip().splitlines()[1:])
def test_each_data_request_leaves_exactly_one_event(service: Service, line: str) -> None:
    url, who, view, outcome, status = (part.strip() for part in line.split("|"))
    who = SCOPED if who == "SCOPED" else who
    before = len(service.audit())
    answer = service.get(url, who)
    (event,) = service.audit()[before:]
    assert answer.status_code == int(status)
    assert event["request_id"] == answer.headers["x-request-id"]
    assert event["key_id"] == service.logins[who].key_id
    assert event["role"] == ("lead" if who == SCOPED else who)
    assert event["purpose"] == "test"
    assert (event["view"] or "-", event["outcome"], event["status"]) == (view, outcome, int(status))
    told = str([event[name] for name in ("target", "view", "shape", "outcome")])
    assert not [literal for literal in LITERALS if literal in told]
    if view != "-":
        assert event["version"] == layout.current_version(service.home / "snapshots")
        assert event["rows"] is not None
        assert event["shape"].startswith(view)


def test_rows_are_counted(service: Service) -> None:
    before = len(service.audit())
    service.get("/odata/v1/DailyCalls?$top=7", "viewer")
    service.get("/v1/views/DailyCalls.json?$top=7", "viewer")
    assert [event["rows"] for event in service.audit()[before:]] == [7, 7]


def test_requests_that_read_no_data_leave_none(service: Service) -> None:
    before = len(service.audit())
    for url, who in (("/", None), ("/readyz", None), ("/odata/v1/Areas", None), ("/odata/v1/Areas", "revoked")):
        service.get(url, who)
    assert len(service.audit()) == before


def test_equal_queries_with_other_values_have_one_shape(service: Service) -> None:
    before = len(service.audit())
    for area in ("001", "002"):
        service.get(f"/odata/v1/DailyCalls?$filter=AreaId eq '{area}'", "viewer")
    first, second = service.audit()[before:]
    assert first["shape"] == second["shape"]


def test_the_event_is_written_before_the_first_byte(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    order: list[str] = []
    real = AuditTrail.write

    async def write(self: AuditTrail, event: Any) -> None:
        await real(self, event)
        order.append("audit")

    monkeypatch.setattr(AuditTrail, "write", write)
    monkeypatch.setattr("api.routes.data.send_response", _noting(order))
    service.get("/odata/v1/Areas", "viewer")
    assert order == ["audit", "send"]


def _noting(order: list[str]) -> Any:
    from api.edge.sending import send_response  # noqa: PLC0415 - the real one, under another name

    async def send(*parts: Any, **more: Any) -> bool:
        order.append("send")
        return await send_response(*parts, **more)

    return send


def test_data_stays_closed_while_the_trail_cannot_be_written(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    async def write(self: AuditTrail, event: Any) -> None:
        raise AuditUnavailable("the audit trail cannot be written")

    monkeypatch.setattr(AuditTrail, "write", write)
    for url in ("/odata/v1/Areas", "/odata/v1/", "/v1/views/Areas.csv", "/odata/v1/nothing"):
        answer = service.get(url, "viewer")
        assert (answer.status_code, answer.json()["error"]["code"]) == (503, "AuditUnavailable")
        assert answer.headers["retry-after"]
        assert "AreaName" not in answer.text
    assert service.get("/healthz").status_code == 200


def test_a_client_that_leaves_early_adds_a_second_event(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.edge.sending.INLINE", -1)  # so that even a tiny answer is a stream

    async def scene() -> None:
        sent: list[Any] = []

        async def receive() -> dict[str, Any]:
            while len(sent) < 2:
                await asyncio.sleep(0)
            return {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            sent.append(message)
            await asyncio.sleep(0.001)

        token = service.logins["viewer"].token.encode()
        await service.app(
            {
                "type": "http",
                "method": "GET",
                "path": "/odata/v1/Areas",
                "raw_path": b"/odata/v1/Areas",
                "query_string": b"",
                "headers": [(b"x-api-key", token)],
                "scheme": "http",
                "client": ("127.0.0.1", 1),
                "server": ("127.0.0.1", 1),
            },
            receive,
            send,
        )

    before = len(service.audit())
    service.seen.clear()
    service.runner.run(scene())
    first, second = service.audit()[before:]
    assert (first["outcome"], second["outcome"]) == ("answered", "aborted")
    assert first["request_id"] == second["request_id"]
    assert second["bytes_sent"] > 0
    assert any(isinstance(seen, StreamAborted) for seen in service.seen)


def test_nothing_of_a_row_reaches_the_log(service: Service) -> None:
    service.seen.clear()
    rows = service.get("/odata/v1/Incidents?$top=3", "analyst").json()["value"]
    log = str(service.seen)
    text = [column.name for column in CATALOGUE.views["Incidents"].columns if column.edm == "Edm.DateTimeOffset"]
    values = {row[name] for row in rows for name in text if row[name]}
    assert values
    assert not [value for value in values if value in log]
