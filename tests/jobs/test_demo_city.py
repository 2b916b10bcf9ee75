"""Making the demo city: the same from the same seed, nothing after its end, in bounded memory, whole or not at all."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select, text

from jobs.source.demo import city, ledger, store
from jobs.source.demo.options import CITY, UNFINISHED, ZONE, Options, Report
from models.crisis import CONTRACT, METADATA
from models.database import engine
from models.errors import ConfigurationError
from tests.helpers.demo_city import END, SMALL, Built, build, contents, empty, thirteen_months


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    return thirteen_months(tmp_path_factory)


def test_the_same_seed_and_end_give_the_same_rows(tmp_path: Path) -> None:
    one, two = build(tmp_path / "a", SMALL), build(tmp_path / "b", SMALL)
    assert contents(one) == contents(two)
    assert one.report == two.report


def test_another_seed_gives_another_city(tmp_path: Path) -> None:
    other = Options(end=END, calls=150, years=0.06, seed=1)
    assert contents(build(tmp_path / "a", SMALL)) != contents(build(tmp_path / "b", other))


def test_a_day_keeps_its_calls_when_the_city_ends_later(tmp_path: Path) -> None:
    """Two nights of one demonstration differ by what happened in between, not by everything."""
    later = Options(end=END + timedelta(days=1), calls=150, years=0.06)
    day = {"day": "C-20261112-%"}
    question = "SELECT call_id, call_no, call_arrival FROM call WHERE call_no LIKE :day ORDER BY call_id"
    one, two = build(tmp_path / "a", SMALL).ask(question, **day), build(tmp_path / "b", later).ask(question, **day)
    assert one
    assert one == two


def test_the_report_counts_the_rows(built: Built) -> None:
    for model in CONTRACT:
        name = str(model.__tablename__)
        assert built.one(f'SELECT count(*) FROM "{name}"') == built.report.rows[name] > 0, name


def test_about_as_many_calls_as_asked(built: Built) -> None:
    assert built.report.rows["call"] == pytest.approx(built.options.calls, rel=0.08)


def test_nothing_has_happened_after_the_end(built: Built) -> None:
    end = built.options.end_utc.isoformat(" ", "microseconds")
    for table, clocks in ledger.CLOCKS.items():
        for clock in (*clocks, "updated_at") if table != "crisis_marker" else ():
            assert built.one(f'SELECT count(*) FROM "{table}" WHERE {clock} > :end', end=end) == 0, (table, clock)


def test_numbers_are_unique_and_exact_in_clients_that_read_doubles(built: Built) -> None:
    for model in CONTRACT:
        table = METADATA.tables[str(model.__tablename__)]
        key = next(iter(table.primary_key.columns)).name
        if key.endswith(("_id", "_key")) and built.ask(f'SELECT typeof({key}) FROM "{table.name}" LIMIT 1') == [
            ("integer",)
        ]:
            assert 0 < built.one(f'SELECT max({key}) FROM "{table.name}"') < 2**53


def test_the_marker_says_synthetic_and_names_the_licence(built: Built) -> None:
    marker = built.ask("SELECT marker, synthetic, city, zone, attribution FROM crisis_marker")[0]
    assert tuple(marker[:4]) == ("crisis-metrics-reference", 1, "Demo City (Toronto geography)", "America/Toronto")
    assert "Open Government Licence - Toronto" in marker.attribution
    assert "made up" in marker.attribution


REFERENCES = (
    ("call", "location_id", "location", "location_id"),
    ("call", "incident_id", "incident", "incident_id"),
    ("call", "duplicate_of", "call", "call_id"),
    ("incident", "location_id", "location", "location_id"),
    ("incident", "merged_into", "incident", "incident_id"),
    ("dispatch", "call_id", "call", "call_id"),
    ("dispatch", "team_code", "team", "team_code"),
    ("unit_response", "dispatch_id", "dispatch", "dispatch_id"),
    ("unit_response", "call_id", "call", "call_id"),
    ("unit_response", "unit_id", "unit", "unit_id"),
    ("status_event", "response_id", "unit_response", "response_id"),
    ("status_event", "incident_id", "incident", "incident_id"),
    ("person_contact", "person_key", "person", "person_key"),
    ("person_contact", "incident_id", "incident", "incident_id"),
    ("person_contact", "response_id", "unit_response", "response_id"),
    ("consent", "person_key", "person", "person_key"),
    ("support", "incident_id", "incident", "incident_id"),
    ("referral", "contact_id", "person_contact", "contact_id"),
    ("referral", "partner_id", "partner", "partner_id"),
    ("follow_up", "contact_id", "person_contact", "contact_id"),
    ("request", "team_code", "team", "team_code"),
    ("shift", "unit_id", "unit", "unit_id"),
)


@pytest.mark.parametrize(("table", "column", "other", "key"), REFERENCES)
def test_records_point_to_records_that_are_there(built: Built, table: str, column: str, other: str, key: str) -> None:
    lost = built.one(
        f'SELECT count(*) FROM "{table}" a LEFT JOIN "{other}" b ON a.{column} = b.{key} '
        f"WHERE a.{column} IS NOT NULL AND b.{key} IS NULL"
    )
    assert lost == built.report.defects[table, column, "orphan"]


def test_never_more_rows_are_held_than_a_chunk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = build(tmp_path / "a", SMALL)
    monkeypatch.setattr(ledger, "CHUNK", 100)
    pieces = build(tmp_path / "b", SMALL)
    assert whole.report.largest_held <= 10_000
    assert pieces.report.largest_held == 100
    assert contents(whole) == contents(pieces)


def test_progress_tells_every_day_and_growing_rows(tmp_path: Path) -> None:
    heard: list[tuple[int, int, int]] = []
    made = build(tmp_path, SMALL, lambda done, days, rows: heard.append((done, days, rows)))
    assert [done for done, _, _ in heard] == list(range(1, made.options.days + 1))
    assert {days for _, days, _ in heard} == {made.options.days}
    assert [rows for _, _, rows in heard] == sorted(rows for _, _, rows in heard)
    assert heard[-1][2] == made.report.rows.total()


def test_a_city_is_never_poured_over_rows(built: Built) -> None:
    with pytest.raises(ConfigurationError, match="holds records already"):
        city.fill(built.engine, built.options)


def test_a_run_that_stops_half_way_says_unfinished(tmp_path: Path) -> None:
    def stop(done: int, _days: int, _rows: int) -> None:
        if done == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build(tmp_path, SMALL, stop)
    half = Built(engine(f"sqlite:///{tmp_path / 'crisis.db'}"), SMALL, Report(date.min, date.max))
    assert half.ask("SELECT city, synthetic, zone FROM crisis_marker") == [(UNFINISHED, 1, ZONE)]
    assert CITY != UNFINISHED
    half.engine.dispose()


def test_the_short_way_into_sqlite_stores_what_the_typed_way_stores(built: Built, tmp_path: Path) -> None:
    copy = empty(tmp_path)
    for model in CONTRACT:
        table = METADATA.tables[str(model.__tablename__)]
        with built.engine.connect() as connection:
            rows = [dict(row) for row in connection.execute(select(table).limit(300)).mappings()]
        with copy.begin() as connection:
            connection.execute(insert(table), rows)
        key = next(iter(table.primary_key.columns)).name
        question = text(f'SELECT * FROM "{table.name}" ORDER BY {key}')
        with copy.connect() as connection:
            typed = [tuple(row) for row in connection.execute(question)]
            connection.rollback()
        with copy.begin() as connection:
            connection.execute(table.delete())
        store.write(copy, table.name, rows)
        with copy.connect() as connection:
            assert [tuple(row) for row in connection.execute(question)] == typed, table.name
    copy.dispose()


@pytest.mark.parametrize("wrong", [{"calls": 0}, {"years": 0.0}, {"years": 21.0}])
def test_sizes_that_make_no_city_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError):
        Options(end=END, **wrong)
