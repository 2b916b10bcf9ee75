"""Freshness and the pages: what is stale says so, what is synthetic says so, and nothing loads from elsewhere."""

from __future__ import annotations

import base64
import hashlib
import itertools
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from sqlmodel import Session

from api.exports.formats import FORMATS
from models.catalogue import CATALOGUE
from models.database import engine
from models.errors import all_errors
from models.service import RefreshCheck, RefreshRun
from models.settings import ApiSettings
from models.snapshot import layout, manifest
from models.snapshot.manifest import CheckResult
from tests.helpers.service import ROOT, Service, running

AS_OF = "2026-01-31T09:00:00.000Z"


@pytest.fixture
def own(ready_home: Path) -> Iterator[Service]:
    """A service of the test's own, whose runs and snapshots it may change."""
    with running(ready_home) as made:
        yield made


def record(service: Service, state: str, started: str, ended: str | None = None, **more: Any) -> None:
    """Write a refresh run; times as `02-01 03:00` of 2026, UTC."""
    with Session(engine(service.settings.service_database)) as session:
        session.add(
            RefreshRun(
                run_id=f"{state} {started}",
                trigger="cli",
                state=state,
                started_at=_moment(started),
                ended_at=_moment(ended) if ended else None,
                **more,
            )
        )
        session.commit()


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-{text.replace(' ', 'T')}:00")


# as-of is 2026-01-31 09:00 UTC and figures are stale after 26 hours, so from 02-01 11:00
STALENESS = """
now          | runs, oldest first                                    | last run  | stale since      | reason
02-01 10:59  | -                                                     | never     | -                | -
02-01 11:01  | -                                                     | never     | 2026-02-01T11:00 | older than 26 hours
02-01 09:00  | published 01-31 09:10                                 | published | -                | -
02-01 09:00  | published 01-31 09:10, failed 02-01 03:00             | failed    | 2026-02-01T03:05 | last refresh failed
02-01 09:00  | failed 01-31 03:00, published 01-31 09:10             | published | -                | -
02-01 09:00  | published 01-31 09:10, unchanged 02-01 03:00          | unchanged | -                | -
02-01 09:00  | failed 02-01 03:00, running 02-01 08:59               | running   | 2026-02-01T03:05 | last refresh failed
02-01 09:00  | published 01-31 09:10, replayed 02-01 03:00           | published | -                | -
02-01 12:00  | failed 02-01 03:00                                    | failed    | 2026-02-01T03:05 | last refresh failed
02-03 12:00  | failed 02-03 03:00                                    | failed    | 2026-02-01T11:00 | older than 26 hours
"""


@pytest.mark.parametrize("line", STALENESS.strip().splitlines()[1:])
def test_stale_figures_say_since_when_and_why(own: Service, line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    now, runs, last, since, reason = (part.strip() for part in line.split("|"))
    for run in runs.split(", ") if runs != "-" else []:
        state, started = run.split(" ", 1)
        ended = None if state == "running" else started[:-1] + "5"
        record(own, state, started, ended, error_code="CheckFailed" if state == "failed" else None)
    monkeypatch.setenv("CRISIS_NOW", f"2026-{now.replace(' ', 'T')}:00Z")
    answer = own.get("/readyz")
    said = answer.json()
    assert answer.status_code == 200  # old figures that are marked as old beat none
    assert (said["last_run"], said["as_of"]) == (last, AS_OF)
    assert said["stale"] == (since != "-")
    assert (said["stale_since"] or "-").startswith(since)
    assert reason == "-" or reason in said["reason"]
    row = own.get("/odata/v1/RefreshStatus", "refresh").json()["value"][0]
    assert (row["IsStale"], row["StaleSince"], row["AsOf"]) == (said["stale"], said["stale_since"], AS_OF)
    assert row["LastRunOutcomeCode"] == last
    page = own.get("/").text
    assert ("<strong>Stale:</strong>" in page) == said["stale"]
    measured = own.get("/metrics").text
    assert f"crisis_data_stale {float(said['stale'])}" in measured
    assert f"crisis_refresh_running {float(last == 'running')}" in measured
    ended = [run for run in runs.split(", ") if not run.startswith(("running", "replayed"))]
    assert ('crisis_refresh_last_info{state="failed",code="CheckFailed",trigger="cli"} 1.0' in measured) == (
        ended[-1].startswith("failed")
    )


def test_a_check_that_kept_figures_back_is_named_wherever_one_looks(own: Service) -> None:
    """In RefreshStatus by id, in /readyz and on the start page with what was found and what to do."""
    record(own, "failed", "02-01 03:00", "02-01 03:05", error_code="CheckFailed", message="What is published stays.")
    with Session(engine(own.settings.service_database)) as session:
        for check, outcome in (("half_day_missing", "warned"), ("rows_lost", "failed")):
            session.add(
                RefreshCheck(run_id="failed 02-01 03:00", check_id=check, outcome=outcome, detail="call 61 of 120")
            )
        session.commit()
    said = own.get("/readyz").json()
    (doubt,) = said["blocked_by"]
    declared = CATALOGUE.checks["rows_lost"]
    assert doubt == {
        "check": "rows_lost",
        "title": declared.title,
        "detail": "call 61 of 120",
        "next_step": declared.next_step,
    }
    assert said["reason"] == "the last refresh failed (CheckFailed: rows_lost)"
    row = own.get("/odata/v1/RefreshStatus", "refresh").json()["value"][0]
    assert (row["BlockedBy"], row["LastRunMessage"]) == ("rows_lost", "What is published stays.")
    page = own.get("/").text
    assert "call 61 of 120" in page
    assert declared.next_step.split("`")[0] in page
    record(own, "published", "02-01 04:00", "02-01 04:05")
    assert own.get("/readyz").json()["blocked_by"] == []
    assert own.get("/odata/v1/RefreshStatus", "refresh").json()["value"][0]["BlockedBy"] is None


def test_what_the_checks_of_the_published_figures_found_is_shown(ready_home: Path) -> None:
    folder = ready_home / "snapshots" / str(layout.current_version(ready_home / "snapshots"))
    found = (
        CheckResult("half_day_missing", False, "accepted", "41 calls expected"),
        CheckResult("unknown_codes", False, "warned", "2 words"),
        CheckResult("rows_lost", True, "passed", ""),
    )
    manifest.write(folder, replace(manifest.read(folder), checks=found))
    with running(ready_home) as made:
        warned = made.get("/readyz").json()["warned"]
        page = made.get("/").text
    assert [(doubt["check"], doubt["detail"]) for doubt in warned] == [
        ("half_day_missing", "41 calls expected"),
        ("unknown_codes", "2 words"),
    ]
    assert all(CATALOGUE.checks[doubt["check"]].title in page and doubt["detail"] in page for doubt in warned)


def test_the_publishing_run_says_when_it_was_published(own: Service) -> None:
    version = own.get("/readyz").json()["version"]
    record(own, "published", "01-31 09:05", "01-31 09:10", snapshot_version=version)
    assert own.get("/readyz").json()["published_at"] == "2026-01-31T09:10:00.000Z"


def test_without_a_snapshot_it_is_not_ready_and_data_says_so(home: Path) -> None:
    (home / "snapshots").mkdir()
    with running(home) as empty:
        answer = empty.get("/readyz")
        assert (answer.status_code, answer.json()["status"]) == (503, "no snapshot")
        assert "nothing has been published" in answer.json()["reason"]
        for url in ("/odata/v1/Areas", "/v1/views/Areas.csv"):
            refused = empty.get(url, "viewer")
            assert (refused.status_code, refused.json()["error"]["code"]) == (503, "NoSnapshot")
            assert "crisis refresh" in refused.text
        assert empty.get("/odata/v1/$metadata", "viewer").status_code == 200
        assert "nothing has been published yet" in empty.get("/").text
        assert empty.get("/healthz").json() == {"status": "ok"}


def test_refresh_runs_are_listed_newest_first(own: Service) -> None:
    record(own, "published", "01-31 09:05", "01-31 09:10")
    record(own, "failed", "02-01 09:05", "02-01 09:10", error_code="CheckFailed", message="a check failed")
    runs = own.get("/v1/refresh-runs", "refresh").json()
    assert [run["state"] for run in runs] == ["failed", "published"]
    assert runs[0]["error_code"] == "CheckFailed"


# --- pages ------------------------------------------------------------------------------------------------------------


class Page(HTMLParser):
    """Collects what a page is made of; `open` must be empty at the end."""

    VOID = ("meta", "br", "hr", "img", "link", "input")

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.mark.parametrize("path", ["/", "/docs"])
def test_pages_are_sound_work_without_scripts_and_load_nothing(service: Service, path: str) -> None:
    answer = service.get(path)
    page = Page(answer.text)
    assert page.open == []
    names = [tag for tag, _ in page.tags]
    assert not {"script", "link", "img", "iframe", "form"} & set(names)
    assert not [
        attrs for _, attrs in page.tags if any(name.startswith("on") or name in ("style", "src") for name in attrs)
    ]
    assert names.count("h1") == names.count("main") == names.count("title") == 1
    assert dict(page.tags)["html"]["lang"] == "en"
    assert names.count("table") == names.count("caption") > 0
    headings = [int(name[1]) for name in names if re.fullmatch("h[1-6]", name)]
    assert all(later <= earlier + 1 for earlier, later in itertools.pairwise(headings))
    assert all("scope" in attrs for tag, attrs in page.tags if tag == "th")
    style = re.search(r"<style>(.*?)</style>", answer.text, re.DOTALL)
    assert style
    digest = base64.b64encode(hashlib.sha256(style.group(1).encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in answer.headers["content-security-policy"]
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    links = [attrs["href"] for tag, attrs in page.tags if tag == "a" and attrs["href"]]
    for link in links:
        who = "analyst" if link.startswith("v1/powerbi/") else None  # the browser asks for the key
        assert link.startswith("#") or service.get(f"/{link.removeprefix('./')}", who).status_code == 200


def test_the_start_page_tells_everything_from_the_catalogue(service: Service) -> None:
    text = service.get("/").text
    assert "Synthetic data" in text
    for view in CATALOGUE.views.values():
        assert f'id="{view.name}"' in text
        assert view.title in text
    for metric in CATALOGUE.metrics.values():
        assert metric.name in text
    for way in ("OData feed", "From OData Feed", "curl -u", "httpx.get", "pandas", f"{ROOT}/odata/v1/"):
        assert way in text


def test_the_interface_page_lists_every_limit_and_error(service: Service) -> None:
    text = service.get("/docs").text
    for kind in all_errors():
        if 400 <= kind.status < 600 and kind.status != 500 and kind.exit_code == 1:
            assert f">{kind.code}<" in text, kind
    for name, field in ApiSettings.model_fields.items():
        if name.startswith(("max_", "page_", "query_", "queries_", "requests_", "batch_")):
            assert f"CRISIS_{name.upper()}" in text
            assert (field.description or "?") in text


def test_links_follow_the_public_root(ready_home: Path) -> None:
    with running(ready_home, public_url="https://metrics.example/crisis/") as behind:
        root = "https://metrics.example/crisis/"
        assert f"{root}odata/v1/" in behind.get("/").text
        assert behind.get("/openapi.json").json()["servers"] == [{"url": root.rstrip("/")}]
        for host in ("127.0.0.1:8000", "evil.example"):
            document = behind.get("/odata/v1/", "viewer", headers={"Host": host}).json()
            assert document["@odata.context"] == f"{root}odata/v1/$metadata"
            page = behind.get(
                "/odata/v1/DailyCalls", "viewer", headers={"Host": host, "Prefer": "maxpagesize=5"}
            ).json()
            assert page["@odata.nextLink"].startswith(f"{root}odata/v1/DailyCalls?")


# --- OpenAPI ----------------------------------------------------------------------------------------------------------


def test_openapi_names_every_view_and_its_answers_fit_the_schemas(service: Service) -> None:
    document = service.get("/openapi.json").json()
    for view in CATALOGUE.views.values():
        assert {f"/odata/v1/{view.name}", f"/odata/v1/{view.name}/$count"} <= set(document["paths"])
        assert {f"/v1/views/{view.name}.{extension}" for extension in FORMATS} <= set(document["paths"])
    for reference in re.findall(r'"#/([^"]+)"', json.dumps(document)):
        node = document
        for part in reference.split("/"):
            node = node[part]
    for view in CATALOGUE.views.values():
        schema = document["components"]["schemas"][view.entity]
        jsonschema.Draft202012Validator.check_schema(schema)
        who = next(role for role in CATALOGUE.roles if role in view.roles)
        rows = service.get(f"/v1/views/{view.name}.json?$top=20", who).json()
        jsonschema.validate(rows, {"type": "array", "items": {**schema, "additionalProperties": False}})
    refused = service.get("/odata/v1/Areas?$filter=Nope eq 1", "viewer").json()
    jsonschema.validate(refused, document["components"]["schemas"]["Error"])


def test_every_answer_has_the_standard_headers_and_one_of_each(service: Service) -> None:
    answers = service.get_all([("/", None), ("/odata/v1/Areas", "viewer"), ("/odata/v1/", None), ("/nothing", None)])
    answers.append(service.get("/v1/views/Areas.parquet", "viewer"))
    ids = set()
    for answer in answers:
        names = [name for name, _ in answer.headers.multi_items() if name != "www-authenticate"]
        assert len(names) == len(set(names))
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
        assert answer.headers["cache-control"] in ("no-store", "private, no-cache")
        ids.add(answer.headers["x-request-id"])
    assert len(ids) == len(answers)
    mine = service.get("/healthz", headers={"X-Request-Id": "mine"})
    assert mine.headers["x-request-id"] != "mine"
    assert "strict-transport-security" in service.get("https://127.0.0.1/healthz").headers
    assert "Server-Timing" in service.get("/odata/v1/Areas", "viewer").headers
