"""Fixtures: each ODBC driver in turn, a server behind it, and a small city in that server.

The server is the small one of tests.helpers.tds_server, or with CRISIS_TEST_MSSQL a real one, whose database must be
empty: tables are made and dropped. What asks for faults cannot run there and is skipped by name.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from jobs.source.sqlserver import session as sessions
from models.settings import JobSettings
from tests.helpers.tds_server import Server, serving
from tests.sqlserver.drivers import REAL, Driver, found
from tests.sqlserver.places import Place, fill_with_city

NAMES = ("real server",) if REAL else ("FreeTDS", "Microsoft")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything here that takes a driver bears the marker by which the end of the run counts what was skipped."""
    here = str(Path(__file__).parent)
    for item in items:
        if str(item.path).startswith(here) and "driver_name" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.odbc)


@pytest.fixture(params=NAMES)
def driver_name(request: pytest.FixtureRequest) -> str:
    """The driver of this turn."""
    return str(request.param)


@pytest.fixture
def driver(driver_name: str) -> Driver:
    """The driver; the test is skipped where it is not installed, and on a real server, which has no faults to order."""
    if REAL:
        pytest.skip("a real server makes no faults to order")
    chosen = found()[driver_name]
    if chosen is None:
        pytest.skip(f"the ODBC driver {driver_name} is not installed")
    return chosen


@pytest.fixture
def server(driver: Driver, tmp_path: Path) -> Iterator[Server]:
    """The small server over an empty database."""
    with serving(tmp_path / "server.db") as running:
        yield running


@pytest.fixture
def place(driver_name: str, request: pytest.FixtureRequest) -> Iterator[Place]:
    """An empty database: of the small server through this driver, or of the real one."""
    if REAL:
        with closing(Place(REAL)) as real:
            real.must_be_empty()
            yield real
        return
    driver: Driver = request.getfixturevalue("driver")
    server: Server = request.getfixturevalue("server")
    with closing(Place(driver.address(server.port), server)) as made:
        yield made


@pytest.fixture
def city(place: Place) -> Place:
    """A database with the contract's tables and a tiny city in them."""
    fill_with_city(place)
    return place


@pytest.fixture
def settings(home: Path) -> Any:
    """Makes the settings of a job for an address."""
    return lambda address, **more: JobSettings(home=home, source_url=address, **more)


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Attempts follow each other at once."""
    monkeypatch.setattr(sessions, "WAITS", (0.0, 0.0, 0.0, 0.0))
