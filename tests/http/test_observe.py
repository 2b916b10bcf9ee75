"""Observations: one JSON line each, counted for Prometheus, never a message that may hold values."""

from __future__ import annotations

import io
import json

from api.observe import (
    AccessRefused,
    AuditFailed,
    AuditWritten,
    Counts,
    KeysUnreadable,
    RequestDone,
    Started,
    StreamAborted,
    UnexpectedFailure,
    fan_out,
    json_lines,
    place_of,
)

DONE = RequestDone("r1", "GET", "odata", "/odata/v1/DailyCalls?$filter", 200, None, "cm_a", 1.5, 1000)
ALL = (
    DONE,
    AccessRefused("r2", "Unauthenticated", "/odata/v1/*"),
    UnexpectedFailure("r3", "KeyError", "fetch.py:1 page"),
    AuditWritten(3, 0.5),
    AuditFailed(2, "OSError"),
    StreamAborted("r4", 10),
    KeysUnreadable("OperationalError"),
    Started("0.1.0", None),
)


def test_every_observation_but_the_frequent_one_is_one_json_line() -> None:
    out = io.StringIO()
    for seen in ALL:
        json_lines(out)(seen)
    lines = [json.loads(line) for line in out.getvalue().splitlines()]
    assert [line["event"] for line in lines] == [
        type(seen).__name__ for seen in ALL if not isinstance(seen, AuditWritten)
    ]
    assert lines[0] | {"time": ""} == {
        "event": "RequestDone",
        "level": "info",
        "time": "",
        "request_id": "r1",
        "method": "GET",
        "route": "odata",
        "target": "/odata/v1/DailyCalls?$filter",
        "status": 200,
        "code": None,
        "key_id": "cm_a",
        "milliseconds": 1.5,
        "bytes_sent": 1000,
    }
    faults = {line["event"] for line in lines if line["level"] == "error"}
    assert faults == {"UnexpectedFailure", "AuditFailed", "KeysUnreadable"}


def test_observations_are_counted() -> None:
    counts = Counts()
    for seen in (*ALL, DONE):
        fan_out(counts)(seen)
    counts.freshness(stale=True, age_seconds=93_600.0)
    text = counts.text().decode()
    for line in (
        'crisis_requests_total{route="odata",status="200"} 2.0',
        'crisis_response_bytes_total{route="odata"} 2000.0',
        'crisis_request_seconds_count{route="odata"} 2.0',
        'crisis_access_refused_total{reason="Unauthenticated"} 1.0',
        'crisis_audit_events_total{outcome="written"} 3.0',
        'crisis_audit_events_total{outcome="failed"} 2.0',
        'crisis_faults_total{kind="UnexpectedFailure"} 1.0',
        "crisis_aborted_streams_total 1.0",
        "crisis_data_stale 1.0",
        "crisis_data_age_seconds 93600.0",
    ):
        assert line in text


def test_a_place_names_code_and_not_values() -> None:
    def inner() -> None:
        raise ValueError("Jane Doe, 1 Main Street")

    try:
        inner()
    except ValueError as error:
        place = place_of(error)
    assert place["kind"] == "ValueError"
    assert place["place"].startswith("test_observe.py:")
    assert "inner" in place["place"]
    assert "Jane" not in str(place)
