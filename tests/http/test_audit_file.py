"""The audit trail on the disk: complete lines in order, synced in groups, closed to all when it cannot be written."""

from __future__ import annotations

import asyncio
import json
import os
import stat
from pathlib import Path

import pytest

from api.edge import audit
from api.edge.audit import AuditEvent, AuditTrail
from api.observe import AuditFailed, AuditWritten, Observation
from models.errors import AuditUnavailable


def event(number: int) -> AuditEvent:
    return AuditEvent(
        time="2026-02-01T00:00:00.000Z",
        request_id=f"{number:04d}",
        key_id="cm_a",
        role="viewer",
        purpose="operations",
        route="odata",
        target="/odata/v1/DailyCalls",
        view="DailyCalls",
        shape=None,
        rows=1,
        version=None,
        outcome="answered",
        status=200,
    )


def lines(folder: Path) -> list[str]:
    """Request ids in the files, in order; fails on a line that is no JSON."""
    return [
        json.loads(line)["request_id"] for file in sorted(folder.iterdir()) for line in file.read_text().splitlines()
    ]


async def write_all(trail: AuditTrail, numbers: range) -> list[BaseException | None]:
    return await asyncio.gather(*(trail.write(event(number)) for number in numbers), return_exceptions=True)


def test_every_event_is_one_line_and_waiting_events_share_one_sync(tmp_path: Path) -> None:
    seen: list[Observation] = []
    trail = AuditTrail(tmp_path / "audit", seen.append)
    assert asyncio.run(write_all(trail, range(200))) == [None] * 200
    trail.close()
    assert lines(tmp_path / "audit") == [f"{number:04d}" for number in range(200)]
    batches = [one.events for one in seen if isinstance(one, AuditWritten)]
    assert sum(batches) == 200
    assert len(batches) < 100
    (file,) = (tmp_path / "audit").iterdir()
    assert file.name.endswith(f"-{os.getpid()}.jsonl")
    if os.name == "posix":
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_an_event_is_synced_before_the_request_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    order: list[str] = []
    real = os.fsync
    monkeypatch.setattr(audit.os, "fsync", lambda handle: (order.append("sync"), real(handle))[1])
    trail = AuditTrail(tmp_path / "audit", list[Observation]().append)

    async def scene() -> None:
        await trail.write(event(1))
        order.append("answer")

    asyncio.run(scene())
    trail.close()
    assert order == ["sync", "answer"]


def test_it_fails_closed_and_goes_on_when_the_disk_is_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "audit"
    folder.write_text("a file where the folder should be")
    seen: list[Observation] = []
    trail = AuditTrail(folder, seen.append)
    failures = asyncio.run(write_all(trail, range(3)))
    assert all(isinstance(failure, AuditUnavailable) for failure in failures)
    assert sum(one.events for one in seen if isinstance(one, AuditFailed)) == 3
    folder.unlink()
    assert asyncio.run(write_all(trail, range(3, 5))) == [None, None]

    # A write that stops half way leaves half a line; the next event begins a line of its own.
    with monkeypatch.context() as broken:
        real = os.write
        broken.setattr(audit.os, "write", lambda handle, data: real(handle, data[:10]) and _full())
        assert isinstance(asyncio.run(write_all(trail, range(5, 6)))[0], AuditUnavailable)
    assert asyncio.run(write_all(trail, range(6, 7))) == [None]
    trail.close()
    (file,) = folder.iterdir()
    assert [line[-1] == "}" for line in file.read_text().splitlines()] == [True, True, False, True]


def _full() -> int:
    raise OSError(28, "No space left on device")


def test_a_folder_cleared_under_us_swallows_nothing(tmp_path: Path) -> None:
    trail = AuditTrail(tmp_path / "audit", list[Observation]().append)
    asyncio.run(write_all(trail, range(1)))
    for file in (tmp_path / "audit").iterdir():
        file.unlink()
    asyncio.run(write_all(trail, range(1, 2)))
    trail.close()
    assert lines(tmp_path / "audit") == ["0001"]


def test_a_new_day_gets_a_new_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trail = AuditTrail(tmp_path / "audit", list[Observation]().append)
    for number, day in enumerate(("2026-02-01T23:59:59Z", "2026-02-02T00:00:00Z")):
        monkeypatch.setenv("CRISIS_NOW", day)
        asyncio.run(write_all(trail, range(number, number + 1)))
    trail.close()
    assert [file.name[:10] for file in sorted((tmp_path / "audit").iterdir())] == ["2026-02-01", "2026-02-02"]
