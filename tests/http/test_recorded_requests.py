"""Recorded traffic as tests: every file in tests/recorded is asked again of the tiny snapshot (docs/powerbi/acceptance.md).

Own files are put beside the committed one, which is made of our own synthetic requests (`python -m tests.replay
--record`).
"""

from __future__ import annotations

import re
import stat
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from api.edge.recording import Recorder
from jobs.migrate import upgrade_service
from models.settings import ApiSettings
from tests.conftest import ROOT
from tests.helpers import recording_own
from tests.helpers.batches import Ask, as_json, multipart
from tests.helpers.live import PATIENCE, crisis, serving
from tests.helpers.replaying import PLACEHOLDER, entries, judged, verdicts
from tests.helpers.service import Service, make_keys, running

FILES = sorted((ROOT / "tests" / "recorded").glob("*.jsonl"))
OWN = ROOT / "tests" / "recorded" / "own-requests.jsonl"


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_recorded_request_is_answered_as_it_was(
    service: Service, file: Path, figure: Callable[[str], None]
) -> None:
    found = list(verdicts(entries(file.read_text("utf-8")), service))
    faults = [f"{verdict.fault}: {verdict.asked}" for verdict in found if verdict.fault]
    skipped = [verdict.skipped for verdict in found if verdict.skipped]
    assert faults == []
    assert len(found) > len(skipped)
    figure(f"Recorded requests replayed from {file.name}: {len(found) - len(skipped)} of {len(found)}")


def test_the_committed_example_is_what_would_be_recorded_now(ready_home: Path, tmp_path: Path) -> None:
    """A recording has no times, no names of people and no identifiers, so the same requests give the same bytes."""
    file = tmp_path / "own.jsonl"
    recording_own.record(ready_home, file)
    assert file.read_text("utf-8") == OWN.read_text("utf-8"), "run `python -m tests.replay --record` on that file"


def test_the_example_has_a_bit_of_everything() -> None:
    found = entries(OWN.read_text("utf-8"))
    kinds = {kind for entry in found for kind in PLACEHOLDER.findall(f"{entry['path']}?{entry.get('query')}")}
    kinds = {kind for kind in kinds if not re.fullmatch(r"name\d+", kind)}
    assert kinds >= {"string", "date", "date!", "datetimeoffset", "int32", "int64", "decimal", "word", "token"}
    assert {entry["status"] // 100 for entry in found} == {2, 3, 4, 5}
    assert {entry["sign_in"] for entry in found} == {"none", "empty bearer", "basic", "bearer", "header"}
    assert sum("parts" in entry for entry in found) == 2
    assert sum("unparsed" in entry for entry in found) == 5


@pytest.mark.parametrize(
    ("recorded", "got", "code", "wrong"),
    [
        (200, 200, None, False),
        (200, 304, None, True),
        (200, 400, None, True),
        (404, 400, "NotFound", False),
        (400, 200, "SyntaxError", True),
        (400, 200, "InvalidValue", False),
        (410, 200, "SnapshotGone", False),
        (500, 200, "InternalError", False),
        (500, 500, "InternalError", True),
        (501, 501, "NotImplemented", False),
        (200, 501, None, True),
        (503, 503, "Busy", True),
    ],
)
def test_what_counts_as_another_answer(recorded: int, got: int, code: str | None, wrong: bool) -> None:
    assert (judged(recorded, got, code) is not None) == wrong


def test_a_wrong_answer_is_named(service: Service) -> None:
    """The judge is no rubber stamp: one status of the example turned round gives one fault."""
    found = entries(OWN.read_text("utf-8"))
    turned = next(entry for entry in found if entry["path"] == "/odata/v1/DailyCalls" and entry["status"] == 200)
    turned["status"] = 404
    faults = [verdict for verdict in verdicts(found, service) if verdict.fault]
    assert [(verdict.fault, verdict.got) for verdict in faults] == [("answered 200, recorded was 404", 200)]


SECRETS = ("sekrit", "73197319", "2031-07-19")
ASKED = (
    "/odata/v1/Areas?$filter=AreaId eq 'sekrit' or AreaName eq 'sekrit'&$top=73197319",
    "/odata/v1/Areas('sekrit')/AreaName?sekrit=sekrit&$orderby=sekrit",
    "/odata/v1/DailyCalls?$apply=filter(OperationalDate ge 2031-07-19)/aggregate(CallCount with sum as sekrit)",
    '/odata/v1/Areas?$search=sekrit AND "sekrit 73197319"',
    "/odata/v1/sekrit?$filter=sekrit'",
    "/v1/views/DailyCalls.csv?$filter=AreaId eq 'sekrit'",
    "/sekrit/73197319?2031-07-19",
)


def test_no_secret_and_no_literal_reaches_the_file(ready_home: Path, tmp_path: Path) -> None:
    file = tmp_path / "requests.jsonl"
    headers = {"User-Agent": "sekrit/73197319", "Accept": "text/sekrit, */*", "Cookie": "sekrit", "X-Sekrit": "sekrit"}
    asks = [
        Ask(url.removeprefix("/odata/v1/"), headers={"Prefer": "sekrit=73197319"}, id="sekrit") for url in ASKED[:1]
    ]
    with running(ready_home, record_requests=file) as service:
        login = service.logins["viewer"]
        for url in ASKED:
            service.get(url, "viewer", headers=headers)
        for body, more in (as_json(*asks), multipart(*asks)):
            assert service.get("/odata/v1/$batch", "viewer", "POST", content=body, headers=more).status_code == 200
        service.get(f"/odata/v1/Areas?api_key={login.token}")
        service.get("/odata/v1/Areas", headers={"X-API-Key": login.token})
        service.get("/odata/v1/Areas", auth=("sekrit", login.secret))
    text = file.read_text("utf-8")
    assert len(entries(text)) == len(ASKED) + 5
    found = [secret for secret in (*SECRETS, login.key_id, login.secret) if secret.lower() in text.lower()]
    assert found == []
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [entry["path"] for entry in entries(text)][:3] == [
        "/odata/v1/Areas",
        "/odata/v1/Areas('<string>')/AreaName",
        "/odata/v1/DailyCalls",
    ]


def test_nothing_is_recorded_unless_a_file_is_named(ready_home: Path) -> None:
    with running(ready_home) as service:
        service.get("/odata/v1/Areas", "viewer")
        assert not [seen for seen in service.seen if type(seen).__name__.startswith("Recording")]
        assert not isinstance(service.app._record, Recorder)


def test_the_command_says_that_it_records_and_the_server_does(ready_home: Path, tmp_path: Path) -> None:
    upgrade_service(ApiSettings(home=ready_home).service_database)
    login = make_keys(ApiSettings(home=ready_home))["viewer"]
    file, log = tmp_path / "requests.jsonl", tmp_path / "log"
    with serving(ready_home, "--record-requests", str(file), log=log) as (root, process):
        assert httpx.get(f"{root}/odata/v1/Areas?$top=1", auth=login.basic).status_code == 200
        process.terminate()  # a request is written down when it is over; a server that ends in peace has written all
        assert process.wait(PATIENCE) is not None
    assert f"Recording every request, without literals and keys, in {file}." in log.read_text("utf-8")
    assert '"event": "RecordingStarted"' in log.read_text("utf-8")
    assert [entry["query"] for entry in entries(file.read_text("utf-8")) if entry["role"]] == ["$top=<int32>"]


def test_several_processes_do_not_share_a_recording(ready_home: Path, tmp_path: Path) -> None:
    upgrade_service(ApiSettings(home=ready_home).service_database)
    process = crisis("serve", "--workers", "2", "--record-requests", str(tmp_path / "file"), home=ready_home)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 2
    assert "requests are recorded by one process" in said
    assert not (tmp_path / "file").exists()
