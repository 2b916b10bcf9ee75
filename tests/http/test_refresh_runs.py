"""Asking for a refresh over HTTP, following it and cancelling it; nothing here runs one.

| ask                         | answer                                                              |
|-----------------------------|---------------------------------------------------------------------|
| POST, a worker lives        | 202, Location, the status                                           |
| POST again while one waits  | 202, the same Location                                              |
| POST, no worker for 2 min   | 503 NoWorker, Retry-After, the next step; nothing is queued         |
| GET of it                   | 200, its state, step by step                                        |
| DELETE, it waits            | 200, cancelled                                                      |
| DELETE, it runs             | 202, cancelling                                                     |
| DELETE, it has ended        | 200, as it ended                                                    |
| an id of nobody             | 404                                                                 |
| any other role              | 403; admin reads, and neither asks nor cancels                      |
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import jsonschema
import pytest
from sqlalchemy import Engine, insert, text, update

from api.routes.openapi import document
from api.routes.runs import STATES
from jobs.refresh.records import STEPS
from models.catalogue import CATALOGUE
from models.clock import wall
from models.database import engine
from models.service import queue
from tests.helpers.service import ROOT, Service, running

RUNS = "/v1/refresh-runs"
WORKER = "machine:1"
MOMENT = datetime(2026, 2, 1, 9)  # noqa: DTZ001  (clocks in the databases are naive UTC)


@pytest.fixture
def own(ready_home: Path) -> Iterator[Service]:
    """A service of the test's own."""
    with running(ready_home) as made:
        yield made


@pytest.fixture
def database(own: Service) -> Iterator[Engine]:
    """Its service database, with a worker that lives."""
    made = engine(own.settings.service_database)
    queue.beat(made, WORKER, None)
    yield made
    made.dispose()


def ask(service: Service, method: str, path: str = RUNS, who: str = "refresh", **more: Any) -> httpx.Response:
    """One request; what is answered well fits the OpenAPI document."""
    answer = service.get(path, who, method=method, **more)
    if answer.status_code in (200, 202) and method != "HEAD":
        whole = document(ROOT, "1")
        item = whole["paths"][RUNS if path == RUNS else f"{RUNS}/{{run_id}}"]
        content = item[method.lower()]["responses"][str(answer.status_code)]["content"]
        jsonschema.validate(answer.json(), {**content["application/json"]["schema"], "components": whole["components"]})
    return answer


def take(database: Engine, *, begun: bool) -> str:
    """A worker takes what waits, and begins to run it."""
    run_id = queue.take(database, WORKER)
    assert run_id is not None
    if begun:
        with database.begin() as connection:
            connection.execute(
                insert(queue.RUNS).values(run_id=run_id, trigger="api", state="running", started_at=MOMENT, fence=1)
            )
            connection.execute(
                insert(STEPS).values(run_id=run_id, name="contract", started_at=MOMENT, outcome="running")
            )
    return run_id


def finish(database: Engine, run_id: str, **values: Any) -> None:
    with database.begin() as connection:
        connection.execute(update(queue.RUNS).where(queue.RUNS.c.run_id == run_id).values(ended_at=MOMENT, **values))
    queue.end(database, run_id)


def test_asked_followed_published(own: Service, database: Engine) -> None:
    asked = ask(own, "POST")
    assert (asked.status_code, asked.json()["state"], asked.headers["retry-after"]) == (202, "queued", "10")
    where = asked.headers["location"]
    run_id = asked.json()["run_id"]
    assert where == f"{ROOT}{RUNS}/{run_id}"
    assert asked.json()["requested_by"] == own.logins["refresh"].key_id
    path = where.removeprefix(ROOT)
    seen = [ask(own, "GET", path).json()["state"]]
    take(database, begun=False)
    seen.append(ask(own, "GET", path).json()["state"])
    with database.begin() as connection:
        connection.execute(
            insert(queue.RUNS).values(run_id=run_id, trigger="api", state="running", started_at=MOMENT, fence=1)
        )
        connection.execute(insert(STEPS).values(run_id=run_id, name="contract", started_at=MOMENT, outcome="done"))
    going = ask(own, "GET", path)
    seen.append(going.json()["state"])
    assert going.headers["retry-after"] == "10"
    finish(database, run_id, state="published", snapshot_version="v1", message="published v1")
    ended = ask(own, "GET", path)
    seen.append(ended.json()["state"])
    assert seen == ["queued", "starting", "running", "published"]
    assert "retry-after" not in ended.headers
    assert ended.json()["steps"] == [
        {
            "name": "contract",
            "outcome": "done",
            "started_at": "2026-02-01T09:00:00.000Z",
            "ended_at": None,
            "rows": None,
        }
    ]
    assert [run["run_id"] for run in ask(own, "GET").json()] == [run_id], "the list has it once"


def test_asked_again_while_it_waits(own: Service, database: Engine) -> None:
    first = ask(own, "POST")
    again = ask(own, "POST", content=b'{"anything": true}')
    assert (again.status_code, again.headers["location"]) == (202, first.headers["location"])
    assert [run["state"] for run in ask(own, "GET").json()] == ["queued"]
    take(database, begun=True)
    assert ask(own, "POST").headers["location"] != first.headers["location"]
    assert [run["state"] for run in ask(own, "GET").json()] == ["queued", "running"]


@pytest.mark.parametrize(("seconds", "status"), [(None, 503), (121, 503), (119, 202)])
def test_nobody_there_to_run_it(own: Service, database: Engine, seconds: int | None, status: int) -> None:
    if seconds is None:
        queue.leave(database, WORKER)
    else:
        silent = wall().replace(tzinfo=None) - timedelta(seconds=seconds)
        with database.begin() as connection:
            connection.execute(update(queue.WORKERS).values(beat_at=silent))
    answer = ask(own, "POST")
    assert answer.status_code == status
    if status == 503:
        assert (answer.json()["error"]["code"], answer.headers["retry-after"]) == ("NoWorker", "60")
        assert "crisis schedule" in answer.text
        assert list(queue.waiting(database)) == []


@pytest.mark.parametrize("begun", [False, True])
def test_cancelled(own: Service, database: Engine, begun: bool) -> None:
    path = f"{RUNS}/{ask(own, 'POST').json()['run_id']}"
    over = ask(own, "DELETE", path)
    assert (over.status_code, over.json()["state"]) == (200, "cancelled")
    assert ask(own, "DELETE", path).json()["state"] == "cancelled", "twice is no error"
    ask(own, "POST")
    run_id = take(database, begun=begun)
    path = f"{RUNS}/{run_id}"
    stopping = ask(own, "DELETE", path)
    assert (stopping.status_code, stopping.json()["state"]) == (202, "cancelling")
    assert ask(own, "DELETE", path).json()["cancel_requested_at"] == stopping.json()["cancel_requested_at"]
    if begun:
        finish(database, run_id, state="failed", error_code="RunCancelled", message="cancelled")
        over = ask(own, "DELETE", path)
        assert (over.status_code, over.json()["state"]) == (200, "cancelled")


def test_what_has_ended_stays_as_it_ended(own: Service, database: Engine) -> None:
    ask(own, "POST")
    run_id = take(database, begun=True)
    finish(database, run_id, state="published")
    answer = ask(own, "DELETE", f"{RUNS}/{run_id}")
    assert (answer.status_code, answer.json()["state"], answer.json()["cancel_requested_at"]) == (
        200,
        "published",
        None,
    )


@pytest.mark.parametrize("run_id", [32 * "0", "x", "..%2f..", "%27%3B--", 200 * "a"])
@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_an_id_of_nobody(own: Service, database: Engine, method: str, run_id: str) -> None:
    answer = ask(own, method, f"{RUNS}/{run_id}")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "NotFound")


def test_only_the_refresh_role_asks_and_cancels(own: Service, database: Engine) -> None:
    path = f"{RUNS}/{ask(own, 'POST').json()['run_id']}"
    for role in CATALOGUE.roles:
        got = {(method, at): ask(own, method, at, role).status_code for method in ("GET", "POST") for at in (RUNS,)}
        got[("GET", path)] = ask(own, "GET", path, role).status_code
        reads, asks = role in ("refresh", "admin"), role == "refresh"
        assert got == {
            ("GET", RUNS): 200 if reads else 403,
            ("POST", RUNS): 202 if asks else 403,
            ("GET", path): 200 if reads else 403,
        }, role
        if not asks:
            assert ask(own, "DELETE", path, role).status_code == 403
    assert ask(own, "GET", path).json()["state"] == "queued"
    for method, at in (("POST", RUNS), ("DELETE", path), ("GET", path)):
        assert own.get(at, method=method).status_code == 401


@pytest.mark.parametrize(
    ("site", "status"), [("same-origin", 202), ("none", 202), ("cross-site", 403), ("same-site", 403)]
)
def test_a_page_of_another_site_cannot_use_a_saved_key(own: Service, database: Engine, site: str, status: int) -> None:
    assert ask(own, "POST", headers={"Sec-Fetch-Site": site}).status_code == status
    assert ask(own, "DELETE", f"{RUNS}/x", headers={"Sec-Fetch-Site": site}).status_code == (
        403 if status == 403 else 404
    )


@pytest.mark.parametrize(
    ("path", "method", "allow"),
    [
        (RUNS, "PUT", "GET, HEAD, POST"),
        (f"{RUNS}/x", "POST", "GET, HEAD, DELETE"),
        ("/healthz", "POST", "GET, HEAD"),
    ],
)
def test_other_methods_name_those_that_are_allowed(own: Service, path: str, method: str, allow: str) -> None:
    answer = ask(own, method, path)
    assert (answer.status_code, answer.headers["allow"]) == (405, allow)
    assert ask(own, "HEAD", RUNS).status_code == 200


def test_a_service_database_that_does_not_answer(own: Service, database: Engine) -> None:
    with database.begin() as connection:
        connection.execute(text("DROP TABLE refresh_request"))
    answer = ask(own, "POST")
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "Unavailable")


def test_every_state_has_its_words() -> None:
    assert {"queued", "starting", "cancelling", "cancelled", "running", "failed", "published"} < set(STATES)
    assert all(len(says) > 15 for says in STATES.values())
