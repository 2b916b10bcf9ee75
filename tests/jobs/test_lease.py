"""One refresh at a time: expiry by a clock that the test moves, fencing, and two that want it at once."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, select, update

from jobs.migrate import upgrade_service
from jobs.refresh.lease import TABLE, Hold, is_held, take
from models.database import engine
from models.errors import LeaseHeld, LeaseLost


class Clock:
    """Stands still until the test moves it."""

    def __init__(self) -> None:
        self.moment = datetime(2026, 1, 31, 9, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.moment

    def forward(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)


@pytest.fixture
def service(home: Path) -> Iterator[Engine]:
    address = f"sqlite:///{home / 'service.db'}"
    upgrade_service(address)
    made = engine(address)
    yield made
    made.dispose()


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_the_second_is_refused_until_the_first_is_silent_too_long(service: Engine, clock: Clock) -> None:
    first = take(service, "first", 60, clock)
    clock.forward(59)
    with pytest.raises(LeaseHeld, match="2026-01-31 09:01:00 UTC") as caught:
        take(service, "second", 60, clock)
    assert caught.value.exit_code == 13
    first.renew()
    clock.forward(59)
    with pytest.raises(LeaseHeld):
        take(service, "second", 60, clock)
    clock.forward(1)
    assert take(service, "second", 60, clock).fence == first.fence + 1


def test_a_lease_that_ends_next_year_was_written_by_a_wrong_clock(service: Engine, clock: Clock) -> None:
    clock.forward(366 * 86_400)
    wrong = take(service, "wrong", 60, clock)
    clock.forward(-366 * 86_400)
    assert not is_held(service, clock)
    assert take(service, "next", 60, clock).fence == wrong.fence + 1
    with pytest.raises(LeaseLost):
        wrong.renew()


def test_a_released_lease_is_free_at_once(service: Engine, clock: Clock) -> None:
    take(service, "first", 60, clock).release()
    assert take(service, "second", 60, clock).fence == 2


def test_the_loser_can_do_nothing_more(service: Engine, clock: Clock) -> None:
    first = take(service, "first", 60, clock)
    clock.forward(61)
    second = take(service, "second", 60, clock)
    with pytest.raises(LeaseLost) as caught:
        first.renew()
    assert caught.value.exit_code == 14
    with pytest.raises(LeaseLost), first.critical():
        pytest.fail("the loser got into the critical section")
    first.release()
    with pytest.raises(LeaseHeld):
        take(service, "third", 60, clock)
    with second.critical():
        pass


def test_what_the_loser_runs_into_is_that_it_lost(service: Engine, clock: Clock) -> None:
    first = take(service, "first", 60, clock)
    with pytest.raises(FileNotFoundError), first.explaining():
        raise FileNotFoundError("its own affair")
    clock.forward(61)
    second = take(service, "second", 60, clock)
    with pytest.raises(LeaseLost), first.explaining():
        raise FileNotFoundError("swept by the second")
    with pytest.raises(FileNotFoundError), second.explaining():
        raise FileNotFoundError("its own affair")


def test_a_late_holder_goes_on_while_nobody_wanted_its_place(service: Engine, clock: Clock) -> None:
    first = take(service, "first", 60, clock)
    clock.forward(600)
    first.renew()
    with pytest.raises(LeaseHeld):
        take(service, "second", 60, clock)


def test_nobody_takes_over_inside_the_critical_section(service: Engine, clock: Clock) -> None:
    first = take(service, "first", 60, clock)
    order: list[str] = []
    entered = threading.Event()

    def rival() -> None:
        entered.wait()
        take(service, "second", 60, clock)
        order.append("taken")

    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(rival)
        with first.critical():
            clock.forward(61)
            entered.set()
            with pytest.raises(TimeoutError):
                waiting.result(timeout=0.3)
            order.append("moved")
        waiting.result()
    assert order == ["moved", "taken"]


def test_of_many_at_once_one_wins(service: Engine, clock: Clock) -> None:
    def attempt(name: int) -> Hold | None:
        try:
            return take(service, str(name), 60, clock)
        except LeaseHeld:
            return None

    for fence in (1, 2):
        with ThreadPoolExecutor(8) as pool:
            winners = [hold for hold in pool.map(attempt, range(8)) if hold is not None]
        assert [hold.fence for hold in winners] == [fence]
        clock.forward(61)


def test_a_beating_lease_is_renewed_and_stops_with_the_work(service: Engine, clock: Clock) -> None:
    hold = take(service, "first", 0.03, clock)
    clock.forward(1)
    with hold.beating():
        deadline = threading.Event()
        for _ in range(500):
            with service.connect() as connection:
                expires = connection.execute(select(TABLE.c.expires_at)).scalar_one()
            if expires > clock().replace(tzinfo=None):
                break
            deadline.wait(0.01)
        else:
            pytest.fail("the lease was never renewed")
    assert not [thread for thread in threading.enumerate() if thread.name == "lease"]


def test_a_killed_holder_is_followed_at_once_and_a_living_one_is_not(service: Engine, clock: Clock) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    held = take(service, "killed", 60, clock)
    with service.begin() as connection:
        gone = held.holder.rpartition(":")[0] + f":{ended.pid}"
        connection.execute(update(TABLE).values(holder=gone))
    following = take(service, "next", 60, clock)
    assert following.fence == held.fence + 1
    with pytest.raises(LeaseLost):
        held.renew()
    with pytest.raises(LeaseHeld):
        take(service, "third", 60, clock)


def test_a_holder_on_another_machine_is_waited_for(service: Engine, clock: Clock) -> None:
    take(service, "far", 60, clock)
    with service.begin() as connection:
        connection.execute(update(TABLE).values(holder="far@elsewhere:1"))
    with pytest.raises(LeaseHeld):
        take(service, "next", 60, clock)
