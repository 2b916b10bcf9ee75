"""Both histories on SQLite, run for real: up, down, up; one head; the result is the metadata; data survives.

Specification:

| step                                   | what must hold                                     |
|----------------------------------------|----------------------------------------------------|
| up from nothing                        | every table, column, type, index of the metadata   |
| up again                               | nothing changes                                    |
| down to base                           | not one table or index is left                     |
| up, rows, up                           | the rows are still there                           |
| a revision fails half way              | nothing of it is left                              |
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, MetaData, insert, select, text
from sqlalchemy.dialects import mssql, postgresql, sqlite
from sqlalchemy.engine import Dialect
from sqlalchemy.schema import CreateIndex, CreateTable

import migrations
import models.crisis
import models.service
from jobs import migrate
from models.database import engine
from models.errors import MigrationRefused

CLOCK = datetime(2026, 3, 8, 6, 30)  # noqa: DTZ001  (clocks in the databases are naive UTC)


@dataclass(frozen=True)
class Line:
    history: migrate.History
    metadata: MetaData
    up: Callable[..., str]
    down: Callable[..., str]


LINES = (
    Line(migrate.SERVICE, models.service.METADATA, migrate.upgrade_service, migrate.downgrade_service),
    Line(migrate.CRISIS, models.crisis.METADATA, migrate.upgrade_crisis, migrate.downgrade_crisis),
)


@pytest.fixture(params=LINES, ids=lambda line: line.history.name)
def line(request: pytest.FixtureRequest) -> Line:
    chosen: Line = request.param
    return chosen


@pytest.fixture
def address(home: Path) -> str:
    return f"sqlite:///{home / 'some.db'}"


def schema(address: str) -> set[str]:
    """Every object of a SQLite file as its CREATE text, blanks collapsed."""
    opened = engine(address)
    with opened.connect() as connection:
        found = connection.execute(text("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL")).scalars().all()
    opened.dispose()
    return {plain(statement) for statement in found}


def plain(statement: object) -> str:
    return re.sub(r"\s+", "", str(statement))


def declared(metadata: MetaData) -> set[str]:
    """What the metadata says that a database should hold, in the same form."""
    tables = [plain(CreateTable(table).compile(dialect=sqlite.dialect())) for table in metadata.sorted_tables]
    indexes = [
        plain(CreateIndex(index).compile(dialect=sqlite.dialect()))
        for table in metadata.sorted_tables
        for index in table.indexes
    ]
    return {*tables, *indexes}


def without(objects: set[str], table: str) -> set[str]:
    return {statement for statement in objects if f"TABLE{table}(" not in statement}


def test_the_migrated_schema_is_the_metadata(line: Line, address: str) -> None:
    line.up(address)
    assert without(schema(address), line.history.table) == declared(line.metadata)


def test_autogenerate_has_nothing_to_add(line: Line, address: str) -> None:
    line.up(address)
    opened = engine(address)
    with opened.connect() as connection:
        options = {"version_table": line.history.table, "compare_type": True, "compare_server_default": True}
        assert compare_metadata(MigrationContext.configure(connection, opts=options), line.metadata) == []
    opened.dispose()


def test_there_is_one_head_and_one_base(line: Line) -> None:
    scripts = ScriptDirectory.from_config(line.history.config())
    assert len(scripts.get_heads()) == 1
    assert len(scripts.get_bases()) == 1
    assert migrate.head(line.history) == scripts.get_current_head()


def test_every_revision_goes_up_down_and_up(line: Line, address: str) -> None:
    revisions = [script.revision for script in ScriptDirectory.from_config(line.history.config()).walk_revisions()]
    for name in reversed(revisions):
        assert line.up(address, name) == name
        before = schema(address)
        assert line.down(address, "-1") in {"base", *revisions}
        assert line.up(address, name) == name
        assert schema(address) == before


def test_going_down_leaves_no_trace(line: Line, address: str) -> None:
    line.up(address)
    assert schema(address)
    assert line.down(address) == "base"
    assert schema(address) == set()


def test_going_down_twice_is_no_error(line: Line, address: str) -> None:
    assert line.down(address) == "base"
    assert schema(address) == set()


def test_up_twice_changes_nothing_and_keeps_rows(line: Line, address: str) -> None:
    assert line.up(address) == migrate.head(line.history)
    opened = engine(address)
    tables = {table.name: table for table in line.metadata.sorted_tables}
    rows = {
        "lease": {"resource": "refresh", "holder": "a", "fence": 7, "expires_at": CLOCK},
        "team": {
            "team_code": "t1",
            "name": "One",
            "kind": "mobile",
            "updated_at": CLOCK,
        },
    }
    name = next(name for name in rows if name in tables)
    with opened.begin() as connection:
        connection.execute(insert(tables[name]), rows[name])
    line.up(address)
    with opened.connect() as connection:
        assert connection.execute(select(tables[name])).mappings().one() == rows[name]
    opened.dispose()


def test_the_revision_is_read_without_touching_anything(line: Line, address: str, home: Path) -> None:
    assert migrate.revision(address, line.history) is None
    assert not (home / "some.db").exists()
    line.up(address)
    assert migrate.revision(address, line.history) == migrate.head(line.history)


def test_a_failed_revision_leaves_nothing_behind(line: Line, address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    real = command.upgrade

    def half(config: Config, revision: str) -> None:
        real(config, revision)
        connection: Connection = config.attributes["connection"]
        connection.execute(text("CREATE TABLE leftover (a INTEGER)"))
        raise ZeroDivisionError

    monkeypatch.setattr(command, "upgrade", half)
    with pytest.raises(ZeroDivisionError):
        line.up(address)
    assert schema(address) == set()


def test_a_revision_of_a_newer_program_is_refused(line: Line, address: str) -> None:
    line.up(address)
    opened = engine(address)
    with opened.begin() as connection:
        connection.execute(text(f"UPDATE {line.history.table} SET version_num = 'from_the_future'"))
    opened.dispose()
    with pytest.raises(MigrationRefused, match="from_the_future") as caught:
        line.up(address)
    assert caught.value.exit_code == 18


def test_revisions_import_no_models(line: Line) -> None:
    folder = Path(str(migrations.__file__)).parent / line.history.folder / "versions"
    files = list(folder.glob("*.py"))
    assert files
    for file in files:
        assert not re.search(r"^\s*(from|import) (models|jobs|api|sqlmodel)", file.read_text(), re.MULTILINE), file.name


@pytest.mark.parametrize("dialect", [mssql.dialect, postgresql.dialect], ids=["mssql", "postgresql"])
def test_every_text_column_has_a_length_so_that_other_servers_can_index_it(line: Line, dialect: type[Dialect]) -> None:
    for table in line.metadata.sorted_tables:
        statement = str(CreateTable(table).compile(dialect=dialect()))
        assert "VARCHAR(max)" not in statement, table.name
        assert not re.search(r"VARCHAR(?!\()", statement), table.name
