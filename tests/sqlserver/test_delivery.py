"""A city in SQL Server: proved against the contract, read whole, and the same night as from any other source."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import duckdb
import pytest

from jobs.migrate import upgrade_service
from jobs.refresh.run import refresh
from jobs.source import delivery
from jobs.source.contract import TABLES
from jobs.source.sqlserver import extract as extracting
from models.errors import ConfigurationError, ContractBroken
from models.settings import JobSettings
from tests.helpers.nights import QUICK
from tests.helpers.tiny import tiny_source
from tests.sqlserver.places import Place

Settings = Callable[..., JobSettings]


def staged(settings: JobSettings, folder: Path) -> Path:
    """Everything that the source delivers, in a folder of its own."""
    folder.mkdir()
    delivery.deliver(settings, folder, lambda _table: None)
    return folder


def rows(folder: Path) -> Mapping[str, list[Any]]:
    """The rows of every contract table, in key order."""
    with duckdb.connect() as con:
        return {
            table.name: con.execute(
                f"SELECT * FROM read_parquet('{folder / table.name}.parquet') ORDER BY {table.key}"
            ).fetchall()
            for table in TABLES
        }


@pytest.fixture
def expected(tmp_path: Path) -> Mapping[str, list[Any]]:
    """The same city, read from SQLite by the way of every other dialect."""
    address = f"sqlite:///{tmp_path / 'same.db'}"
    tiny_source(address)
    return rows(staged(JobSettings(home=tmp_path, source_url=address), tmp_path / "same"))


@pytest.mark.parametrize("chunk", [7, 10_000])
def test_every_row_comes_once_and_equals_the_same_city_in_sqlite(
    city: Place,
    settings: Settings,
    *,
    expected: Mapping[str, Any],
    tmp_path: Path,
    chunk: int,
    monkeypatch: pytest.MonkeyPatch,
    figure: Callable[[str], None],
) -> None:
    monkeypatch.setattr(extracting, "CHUNK", chunk)
    found = rows(staged(settings(city.address), tmp_path / "staged"))
    assert found == expected
    figure(f"driver path: {sum(map(len, found.values()))} rows in chunks of {chunk:,}, each once, equal to SQLite's")


def test_a_whole_night_is_published(city: Place, settings: Settings) -> None:
    job = settings(city.address)
    upgrade_service(job.service_database)
    outcome = refresh(job, numbers=QUICK)
    assert outcome.state == "published"
    assert {check.check: check.outcome for check in outcome.checks}["source_moment"] == "passed"
    assert refresh(job, numbers=QUICK).state == "unchanged"


def test_everything_wrong_is_named_before_a_row_is_read(city: Place, settings: Settings) -> None:
    city.run(
        "DROP TABLE shift",
        "DROP TABLE team",
        "CREATE TABLE team (team_code NVARCHAR(32), title NVARCHAR(20), kind DECIMAL(9,2), updated_at DATE)",
    )
    city.made.remove("[shift]")
    with pytest.raises(ContractBroken) as caught:
        delivery.prove(settings(city.address))
    assert caught.value.message == (
        "the source differs from the contract in 4 places: team.name is missing; "
        "team.kind is DECIMAL(38,2), not text; team.updated_at is DATE, not date and time; table shift is missing"
    )


def test_a_key_that_is_not_unique_is_noticed(city: Place, settings: Settings, tmp_path: Path) -> None:
    city.run(
        "DROP TABLE shift",
        "CREATE TABLE shift (shift_id BIGINT, unit_id VARCHAR(64), planned_start DATETIME, planned_end DATETIME, "
        "actual_start DATETIME, actual_end DATETIME, updated_at DATETIME)",
        *["INSERT INTO shift (shift_id, updated_at) VALUES (1, '2026-01-01T00:00:00')"] * 2,
    )
    with pytest.raises(ContractBroken, match=r"shift\.shift_id is null or not unique somewhere"):
        staged(settings(city.address), tmp_path / "staged")


SELECT = """-- zone: America/Toronto
-- One row for each crew of ours; its words are mapped here.
SELECT c.code AS team_code, c.label AS name,
       CASE WHEN c.mobile = 1 THEN 'mobile' ELSE 'desk' END AS kind,
       c.changed AS updated_at
FROM crew AS c
"""


def test_a_select_file_maps_a_table_of_the_citys_own(city: Place, settings: Settings, tmp_path: Path) -> None:
    city.run("DROP TABLE team")
    city.made.remove("[team]")
    city.make("crew", "code VARCHAR(8) NOT NULL, label NVARCHAR(50), mobile BIT, changed DATETIME2(3)")
    city.run("INSERT INTO crew VALUES ('n', N'North', 1, '2026-07-01T12:00:00')")
    selects = tmp_path / "selects"
    selects.mkdir()
    (selects / "team.sql").write_text(SELECT)
    job = settings(city.address, source_selects=selects)
    delivery.prove(job)
    assert [tuple(map(str, row)) for row in rows(staged(job, tmp_path / "staged"))["team"]] == [
        ("n", "North", "mobile", "2026-07-01 16:00:00")
    ]


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("team.sql", "WITH c AS (SELECT 1 AS a) SELECT a FROM c", "team.sql is not one SELECT"),
        ("team.sql", "SELECT 1 AS a; DROP TABLE team", "team.sql is not one SELECT"),
        ("team.sql", "DELETE FROM team", "team.sql is not one SELECT"),
        ("team.sql", "-- zone: Toronto\nSELECT 1 AS a", "team.sql names no time zone"),
        ("crews.sql", "SELECT 1 AS a", "crews.sql is named after no contract table"),
    ],
)
def test_a_file_that_is_no_select_is_refused_before_anything_is_asked(
    home: Path, tmp_path: Path, name: str, text: str, says: str
) -> None:
    (tmp_path / name).write_text(text)
    job = JobSettings(home=home, source_url="mssql+pyodbc://nobody@127.0.0.1:1/none", source_selects=tmp_path)
    with pytest.raises(ConfigurationError) as caught:
        delivery.prove(job)
    assert caught.value.message == says
