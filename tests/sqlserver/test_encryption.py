"""Encryption and sign-in without a password, driver by driver: what is trusted, what is refused, which token arrives."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from jobs.source import delivery
from jobs.source.sqlserver.token import token_source
from models.errors import ConfigurationError, JobError
from models.settings import JobSettings
from tests.helpers.tds_server import Properties, Server, serving
from tests.helpers.tds_tls import server_context
from tests.helpers.tiny import tiny_source
from tests.sqlserver.drivers import Driver

Settings = Callable[..., JobSettings]
WAYS = """
driver    | words of the address                          | server    | outcome
Microsoft | Encrypt=yes                                   | encrypts  | SourceTlsRefused
Microsoft | Encrypt=yes TrustServerCertificate=yes        | encrypts  | read
Microsoft | Encrypt=strict                                | encrypts  | SourceTlsRefused
Microsoft | Encrypt=strict ServerCertificate=PEM          | encrypts  | read
Microsoft | Encrypt=strict ServerCertificate=OTHER        | encrypts  | SourceTlsRefused
Microsoft | Encrypt=yes                                   | plain     | SourceTlsRefused
Microsoft | Encrypt=no                                    | encrypts  | read
FreeTDS   | Encryption=require                            | encrypts  | read
FreeTDS   | Encryption=off                                | encrypts  | read
"""
"""FreeTDS checks no certificate: it is a test client, not one for production."""


def ways() -> list[object]:
    """The table as parameters."""
    lines = [[cell.strip() for cell in line.split("|")] for line in WAYS.strip().splitlines()[1:]]
    return [pytest.param(*line, id=" ".join(line[:3])) for line in lines]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A tiny city in a file of SQLite, to be served."""
    file = tmp_path / "crisis.db"
    tiny_source(f"sqlite:///{file}")
    return file


SERVED = Properties(types={"DATETIME": "DATETIME2(6)"})


@pytest.mark.parametrize(("driver_name", "words", "serves", "outcome"), ways(), indirect=["driver_name"])
def test_what_is_trusted_and_what_is_refused(
    driver: Driver, settings: Settings, source: Path, *, words: str, serves: str, outcome: str
) -> None:
    context, certificate = server_context(source.parent)
    (source.parent / "other").mkdir()
    _, other = server_context(source.parent / "other")
    words = words.replace("PEM", str(certificate)).replace("OTHER", str(other))
    with serving(source, properties=SERVED, tls=context if serves == "encrypts" else None) as server:
        job = settings(driver.address(server.port, **dict(word.split("=") for word in words.split())))
        if outcome == "read":
            delivery.prove(job)
            return
        with pytest.raises(JobError) as caught:
            delivery.prove(job)
        assert (caught.value.code, caught.value.exit_code) == (outcome, 31)
        assert server.logins == [], "the password was sent"


def without_login(driver: Driver, server: Server, **words: str) -> str:
    """The address without user and password."""
    return driver.address(server.port, **words).replace("reader:Correct-1@", "")


@pytest.mark.parametrize("driver_name", ["Microsoft"], indirect=True)
def test_a_token_is_read_anew_for_each_connection_and_arrives(driver: Driver, source: Path, settings: Settings) -> None:
    context, certificate = server_context(source.parent)
    token = source.parent / "token"
    with serving(source, properties=SERVED, tls=context) as server:
        address = without_login(driver, server, Encrypt="strict", ServerCertificate=str(certificate))
        for text in ("first-token", "second-token\n"):
            token.write_text(text)
            delivery.prove(settings(address, source_token_file=token))
        assert [(login.user, login.token) for login in server.logins] == [("", "first-token"), ("", "second-token")]


def test_a_token_that_grew_old_within_a_run_is_not_used_again(settings: Settings, tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("first")
    give = token_source(settings("mssql+pyodbc://127.0.0.1/crisis", source_token_file=file))
    assert give is not None
    assert give() == "first"
    file.write_text("second")
    assert give() == "second"


def test_without_a_token_there_is_none(settings: Settings) -> None:
    assert token_source(settings("mssql+pyodbc://u:p@127.0.0.1/crisis")) is None


def test_entra_without_its_package_names_the_extra(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "azure.identity", None)
    with pytest.raises(ConfigurationError, match="azure-identity is not installed") as caught:
        token_source(settings("mssql+pyodbc://127.0.0.1/crisis", source_entra=True))
    assert "sqlserver-entra" in caught.value.hint


@pytest.mark.parametrize(
    ("user", "text", "says"),
    [
        ("reader:Correct-1@", "token", "has a user name, and a token is to be used"),
        ("", "", "is empty"),
        ("", None, "cannot be read"),
    ],
)
def test_a_token_that_cannot_be_used_is_said_before_anything_is_sent(
    driver: Driver, settings: Settings, tmp_path: Path, *, user: str, text: str | None, says: str
) -> None:
    token = tmp_path / "token"
    if text is not None:
        token.write_text(text)
    address = driver.address(1).replace("reader:Correct-1@", user)
    with pytest.raises(ConfigurationError, match=says):
        delivery.prove(settings(address, source_token_file=token))
