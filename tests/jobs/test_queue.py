"""The queue of requests: who gets which when several want it at once, what cancelling does, who counts as alive.

| the request is | asked again gives | cancel makes it                     |
|----------------|-------------------|-------------------------------------|
| queued         | the same          | cancelled, at once                  |
| taken          | another           | stop before the next step           |
| ended          | another           | nothing: it stays as it ended       |
| cancelled      | another           | nothing                             |
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, event, insert, select, update

from jobs.migrate import upgrade_service
from models.clock import wall
from models.database import engine
from models.service import queue

KEY = "cm_abcdefghijkl"
ME = "machine:1"


@pytest.fixture
def service(home: Path) -> Iterator[Engine]:
    address = f"sqlite:///{home / 'service.db'}"
    upgrade_service(address)
    made = engine(address)
    yield made
    made.dispose()


def states(service: Engine) -> dict[str, str]:
    with service.connect() as connection:
        rows = connection.execute(select(queue.REQUESTS.c.request_id, queue.REQUESTS.c.state))
        return {str(identity): str(state) for identity, state in rows}


def silence(service: Engine, worker_id: str, seconds: float) -> None:
    """As if the worker had last beaten so long ago."""
    moment = wall().replace(tzinfo=None) - timedelta(seconds=seconds)
    with service.begin() as connection:
        connection.execute(update(queue.WORKERS).where(queue.WORKERS.c.worker_id == worker_id).values(beat_at=moment))


def run_row(service: Engine, run_id: str, state: str) -> None:
    with service.begin() as connection:
        moment = wall().replace(tzinfo=None)
        connection.execute(
            insert(queue.RUNS).values(run_id=run_id, trigger="api", state=state, started_at=moment, fence=1)
        )


def test_asking_twice_while_one_waits_gives_the_same(service: Engine) -> None:
    first = queue.ask(service, KEY)
    assert queue.ask(service, "cm_another00000") == first
    assert queue.take(service, ME) == first
    second = queue.ask(service, KEY)
    assert second != first, "the one that runs may have read the source already"
    assert states(service) == {first: "taken", second: "queued"}


@pytest.mark.parametrize("work", [queue.ask, queue.take])
def test_many_at_once(service: Engine, work: Callable[[Engine, str], str | None]) -> None:
    """Eight ask at once: one request. Eight take at once: one has it."""
    waiting = None if work is queue.ask else queue.ask(service, KEY)
    with ThreadPoolExecutor(8) as pool:
        got = list(pool.map(lambda number: work(service, f"machine:{number}"), range(8)))
    assert len(states(service)) == 1
    if work is queue.ask:
        assert len(set(got)) == 1
    else:
        assert sorted(filter(None, got)) == [waiting]


@pytest.mark.parametrize("work", [queue.ask, queue.take])
def test_another_is_faster_between_two_statements(service: Engine, work: Callable[[Engine, str], str | None]) -> None:
    """Just before the first statement that writes, somebody else does the same."""
    waiting = None if work is queue.ask else queue.ask(service, KEY)
    faster: list[str | None] = []

    def overtake(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if statement.startswith(("INSERT", "UPDATE")) and not faster:
            faster.append(None)
            faster[0] = work(other, "machine:2")

    other = engine(str(service.url))
    event.listen(service, "before_cursor_execute", overtake)
    slower = work(service, ME)
    other.dispose()
    assert len(states(service)) == 1
    assert (faster, slower) == (([slower], slower) if work is queue.ask else ([waiting], None))


def test_an_empty_queue_gives_nothing(service: Engine) -> None:
    assert queue.take(service, ME) is None


def test_cancelled_in_the_queue_it_is_over_at_once_and_nobody_takes_it(service: Engine) -> None:
    request = queue.ask(service, KEY)
    queue.cancel(service, request, KEY)
    queue.cancel(service, request, KEY)
    assert states(service) == {request: "cancelled"}
    assert queue.take(service, ME) is None
    assert queue.ask(service, KEY) != request


def test_taken_it_is_asked_to_stop(service: Engine) -> None:
    request = queue.ask(service, KEY)
    queue.take(service, ME)
    assert not queue.is_cancelled(service, request)
    queue.cancel(service, request, KEY)
    queue.cancel(service, request, KEY)
    assert queue.is_cancelled(service, request)
    queue.put_back(service, request)
    assert states(service) == {request: "cancelled"}, "what was cancelled does not wait again"


def test_a_nightly_run_can_be_asked_to_stop_too_and_an_ended_one_cannot(service: Engine) -> None:
    run_row(service, "nightly", "running")
    run_row(service, "past", "published")
    for run_id in ("nightly", "past", "unknown"):
        queue.cancel(service, run_id, KEY)
    assert [queue.is_cancelled(service, run_id) for run_id in ("nightly", "past", "unknown")] == [True, False, False]


def test_ended_it_stays_ended(service: Engine) -> None:
    request = queue.ask(service, KEY)
    queue.take(service, ME)
    queue.end(service, request)
    queue.cancel(service, request, KEY)
    queue.put_back(service, request)
    assert states(service) == {request: "ended"}
    assert not queue.is_cancelled(service, request)


def test_put_back_it_waits_again_beside_a_newer_one(service: Engine) -> None:
    first = queue.ask(service, KEY)
    queue.take(service, ME)
    second = queue.ask(service, KEY)
    queue.put_back(service, first)
    assert states(service) == {first: "queued", second: "queued"}
    assert queue.ask(service, KEY) in (first, second)
    assert [queue.take(service, ME), queue.take(service, ME), queue.take(service, ME)] == [first, second, None]


def test_a_worker_is_alive_for_two_minutes(service: Engine) -> None:
    """
    | last beat    | alive |
    | none yet     | no    |
    | now          | yes   |
    | 119 s ago    | yes   |
    | 121 s ago    | no    |
    | it said bye  | no    |
    """
    assert not queue.alive(service)
    queue.beat(service, ME, None)
    assert queue.alive(service)
    for seconds, expected in ((119, True), (121, False)):
        silence(service, ME, seconds)
        assert queue.alive(service) is expected
    queue.beat(service, ME, wall())
    assert queue.alive(service)
    queue.leave(service, ME)
    assert not queue.alive(service)


def test_what_a_dead_worker_took_is_found(service: Engine) -> None:
    request = queue.ask(service, KEY)
    queue.beat(service, ME, None)
    queue.take(service, ME)
    assert queue.abandoned(service) == ()
    silence(service, ME, 121)
    assert queue.abandoned(service) == (request,)
    queue.leave(service, ME)
    assert queue.abandoned(service) == (request,)


def test_the_row_of_a_worker_long_gone_is_removed(service: Engine) -> None:
    queue.beat(service, "old:1", None)
    silence(service, "old:1", 90_000)
    queue.beat(service, ME, None)
    with service.connect() as connection:
        assert connection.scalars(select(queue.WORKERS.c.worker_id)).all() == [ME]


def test_what_is_known_under_an_id(service: Engine) -> None:
    request = queue.ask(service, KEY)
    assert queue.seen(service, "nobody") is None
    assert [found.request_id for found in queue.waiting(service)] == [request]
    queue.take(service, ME)
    run_row(service, request, "running")
    found = queue.seen(service, request)
    assert found is not None
    assert found.request is not None
    assert found.run is not None
    assert (found.request.taken_by, found.run.state, found.cancel) == (ME, "running", None)
    assert list(queue.waiting(service)) == []
