"""Which databases may get the reference schema: the guard of `crisis migrate crisis`.

| database                         | CRISIS_SOURCE_URL | CRISIS_DEMO | answer  |
|----------------------------------|-------------------|-------------|---------|
| empty                            | -                 | -           | goes on |
| ours (marker)                    | -                 | -           | goes on |
| other tables, no marker          | -                 | -           | refused |
| a view, no marker                | -                 | -           | refused |
| marker table with another word   | -                 | -           | refused |
| empty, or ours                   | names it          | -           | refused |
| empty, or ours                   | names it          | 1           | goes on |
| other tables                     | names it          | 1           | refused |
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import text
from typer.testing import CliRunner

from jobs import cli, migrate
from models.database import engine
from models.errors import MigrationRefused
from models.settings import JobSettings


@pytest.fixture
def address(home: Path) -> str:
    return f"sqlite:///{home / 'crisis.db'}"


def run(address: str, *statements: str) -> None:
    opened = engine(address)
    with opened.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))
    opened.dispose()


def tables(address: str) -> set[str]:
    opened = engine(address)
    with opened.connect() as connection:
        found = set(connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'table'")).scalars())
    opened.dispose()
    return found


def nothing(address: str) -> None:
    """An empty database."""


def ours(address: str) -> None:
    migrate.upgrade_crisis(address)


def foreign(address: str) -> None:
    run(address, "CREATE TABLE customers (id INTEGER)")


def foreign_view(address: str) -> None:
    run(address, "CREATE VIEW customers AS SELECT 1 AS one")


def other_marker(address: str) -> None:
    run(address, "CREATE TABLE crisis_marker (marker VARCHAR(64))", "INSERT INTO crisis_marker VALUES ('hello')")


@dataclass(frozen=True)
class Case:
    prepare: Callable[[str], None]
    source: bool
    demo: bool
    goes_on: bool


CASES = (
    Case(nothing, source=False, demo=False, goes_on=True),
    Case(ours, source=False, demo=False, goes_on=True),
    Case(foreign, source=False, demo=False, goes_on=False),
    Case(foreign_view, source=False, demo=False, goes_on=False),
    Case(other_marker, source=False, demo=False, goes_on=False),
    Case(nothing, source=True, demo=False, goes_on=False),
    Case(ours, source=True, demo=False, goes_on=False),
    Case(nothing, source=True, demo=True, goes_on=True),
    Case(ours, source=True, demo=True, goes_on=True),
    Case(foreign, source=True, demo=True, goes_on=False),
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.prepare.__name__}-{case.source}-{case.demo}")
def test_the_table_of_answers(case: Case, address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    case.prepare(address)
    before = tables(address)
    if case.source:
        monkeypatch.setenv("CRISIS_SOURCE_URL", address)
    if case.demo:
        monkeypatch.setenv("CRISIS_DEMO", "1")
    for move in (migrate.upgrade_crisis, migrate.downgrade_crisis):
        if case.goes_on:
            assert move(address) in {"base", migrate.head(migrate.CRISIS)}
        else:
            with pytest.raises(MigrationRefused) as caught:
                move(address)
            assert caught.value.exit_code == 18
            assert tables(address) == before


def test_the_marker_names_us_and_claims_nothing_synthetic(address: str) -> None:
    migrate.upgrade_crisis(address)
    opened = engine(address)
    with opened.connect() as connection:
        row = connection.execute(text("SELECT marker, synthetic FROM crisis_marker")).one()
    opened.dispose()
    assert tuple(row) == ("crisis-metrics-reference", 0)


def test_the_service_database_is_refused_tables_of_others(address: str) -> None:
    foreign(address)
    with pytest.raises(MigrationRefused, match="not ours"):
        migrate.upgrade_service(address)
    assert tables(address) == {"customers"}


def test_the_service_tables_never_go_into_the_crisis_database(address: str) -> None:
    migrate.upgrade_crisis(address)
    with pytest.raises(MigrationRefused):
        migrate.upgrade_service(address)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("sqlite:///a/../b.db", "sqlite:///b.db", True),
        ("sqlite:///b.db", "sqlite:///c.db", False),
        ("mssql+pyodbc://u:p@HOST:1433/Crisis", "mssql+pymssql://v:q@host:1433/crisis", True),
        ("mssql+pyodbc://u:p@host/crisis", "mssql+pyodbc://u:p@host/other", False),
        ("postgresql://host/crisis", "mssql+pyodbc://host/crisis", False),
        ("sqlite:///b.db", "not an address", False),
    ],
)
def test_one_database_is_recognised_under_several_spellings(one: str, other: str, same: bool) -> None:
    assert migrate.same_database(one, other) is same


def test_the_settings_of_the_caller_count(address: str) -> None:
    with pytest.raises(MigrationRefused):
        migrate.upgrade_crisis(address, settings=JobSettings(source_url=address))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "The service database is at revision service_0005."),
        (["service"], "The service database is at revision service_0005."),
        (["crisis"], "The crisis database is at revision crisis_0001."),
        (["crisis", "--down"], "The crisis database is at revision base."),
        (["crisis", "--json"], '{"database": "crisis", "revision": "crisis_0001"}'),
        (["service", "--to", "service_0001"], "The service database is at revision service_0001."),
    ],
)
def test_the_command_says_where_it_is(home: Path, words: list[str], said: str) -> None:
    answer = CliRunner().invoke(cli.command_line(["migrate"]), ["migrate", *words])
    assert (answer.exit_code, answer.output.strip()) == (0, said)
