"""What can go wrong on the way to SQL Server, ordered from the small server: either the right rows, or one clear error."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from jobs.commands import doctor
from jobs.source import delivery
from jobs.source.sqlserver import extract as extracting
from models.database import engine
from models.errors import JobError
from models.settings import JobSettings
from models.sqlserver import Dialling
from tests.helpers.tds_server import Fault, Server
from tests.sqlserver.drivers import Driver
from tests.sqlserver.places import Place, fill_with_city
from tests.sqlserver.test_delivery import rows, staged

Settings = Callable[..., JobSettings]
PASSING = """
what goes wrong                        | fault
connection closed at row 5             | cut_after=5
connection closed before the first row | cut_after=0
connection closed four times           | cut_after=5, times=4
deadlock twice                         | error=1205, times=2
lock time-out                          | error=1222
conflict of snapshots                  | error=3960
database of Azure moving               | error=40613
"""
ENDING = """
what goes wrong                  | fault                       | error                | exit | asked
connection closed again and again| cut_after=5, times=99       | SourceConnectionLost | 34   | 5
deadlock again and again         | error=1205, times=99        | SourceBusy           | 35   | 5
statement over its limit         | hang=30.0, times=99         | SourceTooSlow        | 32   | 1
reading not allowed              | error=229, times=99         | SourceDenied         | 36   | 1
an error that nobody knows       | error=8134, times=99        | SourceUnreachable    | 10   | 1
"""


def cases(table: str) -> list[Any]:
    """An ASCII table as the parameters of a test."""
    _head, *lines = table.strip().splitlines()
    found = [[cell.strip() for cell in line.split("|")] for line in lines]
    return [pytest.param(*row[1:], id=row[0]) for row in found]


def fault(words: str) -> Fault:
    """A fault of the reading of calls, as a table writes it."""
    values = {
        name: float(value) if "." in value else int(value) for name, value in re.findall(r"(\w+)=([\d.]+)", words)
    }
    return Fault(r"FROM \[call\]", **values)  # type: ignore[arg-type]


@pytest.fixture
def busy(driver: Driver, server: Server) -> Place:
    """The tiny city behind a server that is about to misbehave."""
    place = Place(driver.address(server.port), server)
    fill_with_city(place)
    place.engine.dispose()
    server.statements.clear()
    return place


@pytest.mark.parametrize("words", cases(PASSING))
def test_what_passes_is_asked_again_and_no_row_is_lost_or_doubled(
    busy: Place,
    server: Server,
    settings: Settings,
    *,
    tmp_path: Path,
    words: str,
    monkeypatch: pytest.MonkeyPatch,
    figure: Callable[[str], None],
) -> None:
    monkeypatch.setattr(extracting, "CHUNK", 25)
    whole = rows(staged(settings(busy.address), tmp_path / "whole"))
    server.faults.append(fault(words))
    ordered = server.faults[0].times
    extracted = delivery.deliver(settings(busy.address), tmp_path / "whole", lambda _table: None)
    assert server.faults[0].times == 0, "the fault did not happen"
    assert rows(tmp_path / "whole") == whole
    moment = extracted.checks[0]
    assert (moment.outcome, f"{ordered} reads were asked again" in moment.detail) == ("warned", True)
    figure(f"driver path: {words}: {ordered} reads asked again, 0 rows lost, 0 doubled")


@pytest.mark.parametrize(("words", "error", "code", "asked"), cases(ENDING))
def test_what_does_not_pass_ends_the_run_with_its_own_exit_code(
    busy: Place,
    server: Server,
    settings: Settings,
    *,
    tmp_path: Path,
    words: str,
    error: str,
    code: str,
    asked: str,
) -> None:
    server.faults.append(fault(words))
    with pytest.raises(JobError) as caught:
        staged(settings(busy.address, source_statement_seconds=1), tmp_path / "staged")
    assert (type(caught.value).__name__, caught.value.exit_code) == (error, int(code))
    assert "***" in caught.value.message
    assert caught.value.hint
    assert sum("FROM [call]" in statement for statement in server.statements) == int(asked)


def test_a_wrong_password_is_tried_once(driver: Driver, server: Server, settings: Settings) -> None:
    with pytest.raises(JobError) as caught:
        delivery.prove(settings(driver.address(server.port).replace("Correct-1", "Wrong-1")))
    assert (caught.value.code, caught.value.exit_code) == ("SourceLoginRefused", 30)
    assert "Wrong-1" not in caught.value.message
    assert len(server.logins) == 1, "a second try could lock the account"


@pytest.mark.parametrize(
    ("words", "password", "code"),
    [({}, "Wrong-1", "SourceLoginRefused"), ({"driver": "No Such Driver"}, "Correct-1", "SourceDriverMissing")],
)
def test_the_doctor_names_the_cause(
    driver: Driver, server: Server, settings: Settings, *, words: dict[str, str], password: str, code: str
) -> None:
    job = settings(driver.address(server.port, **words).replace("Correct-1", password))
    (found,) = [each for each in doctor.examine(job) if each.id == "E004"]
    assert found.detail.endswith(f": {code}")
    assert password not in found.detail


def test_a_port_where_nobody_listens(driver: Driver, settings: Settings) -> None:
    with pytest.raises(JobError) as caught:
        delivery.prove(settings(driver.address(1), source_login_seconds=2))
    assert (caught.value.code, caught.value.exit_code) == ("SourceUnreachable", 10)


def test_a_driver_that_is_not_installed(driver: Driver, server: Server, settings: Settings) -> None:
    with pytest.raises(JobError) as caught:
        delivery.prove(settings(driver.address(server.port, driver="No Such Driver")))
    assert (caught.value.code, caught.value.exit_code) == ("SourceDriverMissing", 33)


def test_the_server_is_told_that_nothing_will_be_written(busy: Place, server: Server, settings: Settings) -> None:
    delivery.prove(settings(busy.address))
    assert server.logins[-1].read_only_intent
    assert not server.logins[0].read_only_intent, "the test's own writing connection"


def test_a_slow_query_does_not_throw_the_pool_away(busy: Place, server: Server) -> None:
    pooled = engine(busy.address, how=Dialling(statement_seconds=1))
    with pooled.connect() as first, pooled.connect() as second, pooled.connect() as third:
        for each in (first, second, third):
            each.execute(text("SELECT COUNT(*) FROM team"))
    logins = len(server.logins)
    server.faults.append(Fault("FROM team", hang=30.0))
    with pytest.raises(DBAPIError) as caught, pooled.connect() as slow:
        slow.execute(text("SELECT COUNT(*) FROM team"))
    assert not caught.value.connection_invalidated
    with pooled.connect() as first, pooled.connect() as second, pooled.connect() as third:
        for each in (first, second, third):
            each.execute(text("SELECT COUNT(*) FROM team"))
    pooled.dispose()
    assert len(server.logins) == logins, "connections were thrown away"
