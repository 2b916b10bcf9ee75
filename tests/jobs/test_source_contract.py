"""The source contract: proved before a row is read, everything wrong named at once; and its page is current."""

from __future__ import annotations

import re
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest
from sqlalchemy import create_engine, text, types

from jobs.source import contract, dictionary
from jobs.source.contract import TABLES, Kind
from jobs.source.extract import extract, reading
from jobs.source.plausible import plausibility
from models.catalogue import CATALOGUE
from models.crisis import CONTRACT
from models.crisis.events import Call, Incident
from models.database import engine
from models.errors import ContractBroken, SourceUnreachable
from models.snapshot.manifest import CheckResult
from tests.helpers.nights import Town
from tests.helpers.tiny import change, remove, tiny_source


@pytest.fixture
def source(home: Path) -> str:
    address = f"sqlite:///{home / 'crisis.db'}"
    tiny_source(address)
    return address


def run(address: str, *statements: str) -> None:
    """Change the schema or rows of the source by hand."""
    made = engine(address)
    with made.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))
    made.dispose()


def table(name: str) -> contract.ContractTable:
    return next(table for table in TABLES if table.name == name)


def test_the_contract_is_the_models_and_nothing_else() -> None:
    assert [table.name for table in TABLES] == [model.__table__.name for model in CONTRACT]  # type: ignore[attr-defined]
    assert {column.codes for table in TABLES for column in table.columns if column.codes} <= set(CATALOGUE.codes)
    assert all(column.description for table in TABLES for column in table.columns)
    assert table("incident").column("reported_at").kind is Kind.INSTANT
    assert table("incident").column("fatal_count").kind is Kind.NUMBER
    assert table("call").column("eligible").kind is Kind.FLAG
    assert table("location").column("latitude").kind is Kind.DECIMAL
    assert table("person_contact").column("role").codes == "contact_role"
    assert table("code_value").column("code_list").codes is None


def test_the_page_is_current() -> None:
    assert dictionary.PAGE.read_text(encoding="utf-8") == dictionary.page(), "run python -m jobs.source.dictionary"


def test_a_sound_source_passes(source: str) -> None:
    with reading(source) as connection:
        contract.check(connection)
        assert contract.facts(connection).synthetic in (True, False)


def test_everything_wrong_is_named_at_once(source: str) -> None:
    run(
        source,
        "DROP TABLE shift",
        "ALTER TABLE call DROP COLUMN priority",
        "ALTER TABLE team RENAME COLUMN name TO title",
        "DROP TABLE unit",
        "CREATE TABLE unit (unit_id VARCHAR PRIMARY KEY, team_code VARCHAR, updated_at DATE)",
    )
    with reading(source) as connection, pytest.raises(ContractBroken) as caught:
        contract.check(connection)
    assert caught.value.exit_code == 11
    assert caught.value.message == (
        "the source differs from the contract in 4 places: team.name is missing; "
        "unit.updated_at is DATE, not date and time; table shift is missing; call.priority is missing"
    )


@pytest.mark.parametrize(
    ("kind", "fits", "found"),
    [
        (Kind.NUMBER, True, types.SmallInteger()),
        (Kind.NUMBER, True, types.Numeric(18, 0)),
        (Kind.NUMBER, False, types.Numeric(18, 2)),
        (Kind.NUMBER, False, types.Float()),
        (Kind.NUMBER, False, types.String()),
        (Kind.TEXT, True, types.Text()),
        (Kind.TEXT, False, types.Integer()),
        (Kind.INSTANT, True, types.TIMESTAMP()),
        (Kind.INSTANT, False, types.DateTime(timezone=True)),
        (Kind.INSTANT, False, types.Date()),
        (Kind.FLAG, True, types.Integer()),
        (Kind.FLAG, False, types.String()),
        (Kind.DECIMAL, True, types.Numeric(9, 6)),
        (Kind.DECIMAL, True, types.Float()),
        (Kind.DECIMAL, False, types.NullType()),
    ],
)
def test_types_fit_or_not(kind: Kind, fits: bool, found: types.TypeEngine[object]) -> None:
    assert kind.fits(found) is fits


def test_a_view_serves_as_a_table(source: str) -> None:
    run(source, "ALTER TABLE team RENAME TO crew", "CREATE VIEW team AS SELECT * FROM crew")
    with reading(source) as connection:
        contract.check(connection)


def test_a_source_without_a_marker_is_a_citys_own(source: str) -> None:
    run(source, "DROP TABLE crisis_marker")
    with reading(source) as connection:
        assert contract.facts(connection) == contract.SourceFacts(synthetic=False, city="", zone="", attribution="")


def test_rows_come_in_key_order_and_whole_in_chunks(
    source: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jobs.source.extract.CHUNK", 7)
    told: list[int] = []
    with reading(source) as connection:
        assert extract(connection, table("call"), tmp_path / "call.parquet", told.append) == 60
    assert told == [7] * 8 + [4]
    found = duckdb.sql(f"SELECT call_id, call_arrival, eligible FROM '{tmp_path}/call.parquet'").fetchall()
    assert [row[0] for row in found] == list(range(1, 61))
    assert found[0][1:] == (datetime(2026, 1, 1, 8), True)  # noqa: DTZ001


def test_reading_changes_nothing(source: str) -> None:
    with pytest.raises(SourceUnreachable), reading(source) as connection:
        connection.execute(text("DELETE FROM call"))


def test_one_moment_is_seen_while_the_source_goes_on(source: str, tmp_path: Path) -> None:
    with reading(source) as connection:
        before = extract(connection, table("call"), tmp_path / "one.parquet")
        remove(source, Call, 1, 2, 3)
        assert extract(connection, table("call"), tmp_path / "two.parquet") == before
    with reading(source) as connection:
        assert extract(connection, table("call"), tmp_path / "three.parquet") == before - 3


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        ("UPDATE call SET call_arrival = 'yesterday' WHERE call_id = 5", "call holds a value that cannot be read"),
        ("UPDATE call SET incident_id = 'seven' WHERE call_id = 5", "call.incident_id holds a value that is no whole"),
    ],
)
def test_a_value_of_another_type_is_named_without_being_shown(
    source: str, tmp_path: Path, damage: str, says: str
) -> None:
    run(source, damage)
    with reading(source) as connection, pytest.raises(ContractBroken, match=says) as caught:
        extract(connection, table("call"), tmp_path / "call.parquet")
    assert "yesterday" not in caught.value.message
    assert "seven" not in caught.value.message


def test_a_null_key_is_noticed(source: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jobs.source.extract.CHUNK", 1)
    run(
        source,
        "ALTER TABLE team RENAME TO crew",
        "CREATE VIEW team AS SELECT nullif(team_code, 'north') AS team_code, name, kind, updated_at FROM crew",
    )
    with reading(source) as connection, pytest.raises(ContractBroken, match="team has 2 rows but 1 by its key"):
        extract(connection, table("team"), tmp_path / "team.parquet")


@pytest.mark.parametrize("foreign", [False, True])
def test_a_file_that_is_no_database(home: Path, foreign: bool) -> None:
    file = home / "nowhere.db"
    if foreign:
        file.write_bytes(b"this is no database " * 100)
    with pytest.raises(SourceUnreachable), reading(f"sqlite:///{file}") as connection:
        contract.check(connection)
    assert file.exists() is foreign, "reading made a file"


def test_a_server_that_does_not_answer_is_named_without_its_password(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> None:
        raise sqlite3.OperationalError("no answer for hunter2")

    monkeypatch.setattr(
        "jobs.source.extract.open_engine", lambda _address, **_options: create_engine("sqlite://", creator=refuse)
    )
    with pytest.raises(SourceUnreachable) as caught, reading("mssql+pyodbc://crisis:hunter2@server/city"):
        pytest.fail("there is a connection")
    assert caught.value.message == "the crisis database at mssql+pyodbc://crisis:***@server/city does not answer"


def warned(address: str, tmp_path: Path, as_of: datetime) -> dict[str, CheckResult]:
    """The doubts about a delivery."""
    with reading(address) as connection:
        for each in TABLES:
            extract(connection, each, tmp_path / f"{each.name}.parquet")
    with duckdb.connect() as con:
        found = plausibility(con, tmp_path, as_of, lambda _table, _column, words: {"usual word"} & set(words))
    assert not any(result.blocking for result in found)
    return {result.check: result for result in found if result.outcome != "passed"}


AS_OF = datetime(2026, 2, 1, 9, tzinfo=UTC)


def test_a_good_delivery_raises_no_doubt(source: str, tmp_path: Path) -> None:
    assert warned(source, tmp_path, AS_OF) == {}


def test_doubts_are_counted_by_column_and_show_no_value(source: str, tmp_path: Path) -> None:
    late = datetime(2026, 2, 1, 9, 30)  # noqa: DTZ001
    change(source, Incident, 1, severity="dreadful", closed_at=late)
    change(source, Incident, 2, severity="dreadful", harm="own word")
    change(source, Incident, 3, severity="usual word")
    run(
        source,
        "INSERT INTO code_value VALUES (1, 'harm', 'own word', 'none', '2026-01-01 00:00:00')",
        "UPDATE follow_up SET due_at = '2027-01-01 00:00:00'",
        "UPDATE call SET call_answering = '2026-02-01 09:04:00' WHERE call_id = 3",
    )
    found = warned(source, tmp_path, AS_OF)
    assert found["unknown_codes"].detail == (
        "2 rows have a new word of no list: incident.severity (a new word for code list severity) 2"
    )
    assert found["clocks_in_future"].detail == "1 clocks lie in the future: incident.closed_at 1"
    assert not re.search("dreadful", repr(found))


def test_a_word_is_new_for_seven_days(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    | night    | what the history knew a week before | said               |
    | 1 Feb    | nothing                             | every foreign word |
    | 8 Feb    | the word                            | nothing            |
    | 9 Feb    | the word, but in another column     | that column        |
    """
    town = Town(home, monkeypatch)
    change(town.source, Incident, 1, severity="dreadful")
    said = []
    for night in ("2026-02-01T09:00:00Z", "2026-02-08T09:30:00Z", "2026-02-09T09:00:00Z"):
        if night.startswith("2026-02-09"):
            change(town.source, Incident, 2, harm="dreadful")
        found = {check.check: check for check in town.refresh(night).checks}["unknown_codes"]
        said.append((found.outcome, found.detail.partition(": ")[2]))
    assert said == [
        ("warned", "incident.severity (a new word for code list severity) 1"),
        ("passed", ""),
        ("warned", "incident.harm (a new word for code list harm) 1"),
    ]
