"""compute proves each view's SQL against the catalogue; the figures do not depend on threads or on the order of rows."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from jobs.refresh import compute as module
from jobs.refresh.compute import compute, published
from jobs.refresh.parameters import Parameters, load, profile
from models.catalogue import CATALOGUE
from models.errors import CheckFailed, ConfigurationError
from tests.helpers.source_tables import NAIVE_EPOCH, Row, cells, figures, parameters, shown, source

VIEWS = [view for view in CATALOGUE.views.values() if not view.live]
TEAMS = CATALOGUE.views["Teams"]


def test_every_view_but_the_live_ones_has_one_query_and_no_query_is_left_over() -> None:
    assert {path.stem for path in module.SQL.glob("*.sql")} == {view.name for view in VIEWS}


def test_every_query_says_first_what_it_is() -> None:
    assert [view.name for view in VIEWS if not module.query(view).startswith("-- ")] == []


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("SELECT 'a' AS \"TeamCode\", 'b' AS \"TeamName\"", "without TeamKindCode"),
        ('SELECT \'a\' AS "TeamCode", 1 AS "TeamName", \'b\' AS "TeamKindCode"', "TeamName INTEGER"),
        ("SELECT 'a' AS \"TeamName\", 'b' AS \"TeamCode\", 'c' AS \"TeamKindCode\"", "in another order"),
        ("SELECT 'a' AS teamcode, 'b' AS \"TeamName\", 'c' AS \"TeamKindCode\"", "teamcode VARCHAR"),
        ('SELECT \'a\' AS "TeamCode", CAST(NULL AS VARCHAR) AS "TeamName", \'c\' AS "TeamKindCode"', "never null"),
    ],
)
def test_other_columns_than_declared_are_refused(
    sql: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "Teams.sql").write_text(f"-- wrong\n{sql};\n")
    monkeypatch.setattr(module, "SQL", tmp_path)
    with pytest.raises(CheckFailed, match=said):
        compute(duckdb.connect(), TEAMS)


def test_a_view_without_sql_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SQL", tmp_path)
    with pytest.raises(CheckFailed, match="no SQL for the view Teams"):
        compute(duckdb.connect(), TEAMS)


def test_parameters_refuse_what_cannot_be() -> None:
    with pytest.raises(ConfigurationError, match="no time zone"):
        load(duckdb.connect(), Parameters(as_of=datetime(2026, 1, 1, tzinfo=UTC), zone="Mars/Base"))
    with pytest.raises(ConfigurationError, match="no offset"):
        load(duckdb.connect(), Parameters(as_of=NAIVE_EPOCH))
    with pytest.raises(ConfigurationError, match="no cleaning profile 'own'"):
        profile("own")


def busy(count: int, seed: int) -> dict[str, list[Row]]:
    """Calls with units on a few days, in an order of the seed's."""
    chance = random.Random(7)
    start = NAIVE_EPOCH.replace(year=2026)
    calls: list[Row] = []
    units: list[Row] = []
    for number in range(1, count + 1):
        arrival = start + timedelta(milliseconds=chance.randrange(40 * 86_400_000))
        calls.append({"call_id": number, "call_no": f"{number}", "call_arrival": arrival, "call_create": arrival})
        for place in (1, 2):
            sent = arrival + timedelta(milliseconds=chance.randrange(600_000))
            units.append(
                {"response_id": 2 * number + place, "call_id": number, "unit_id": f"u{place}", "team_code": f"t{place}",
                 "time_dispatch": sent, "time_on_scene": sent + timedelta(milliseconds=chance.randrange(3_000_000))}
            )  # fmt: skip
    order = random.Random(seed)
    order.shuffle(calls)
    order.shuffle(units)
    return {"call": calls, "unit_response": units, "team": [{"team_code": "t1"}, {"team_code": "t2"}]}


def test_the_figures_are_equal_whatever_the_threads_the_order_of_rows_and_the_chunks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = []
    for threads, seed, chunk in ((1, 1, 100), (4, 2, 1_000_000)):
        monkeypatch.setattr(module, "CHUNK_VALUES", chunk)
        chosen = parameters("2026-02-15T12:00:00Z")
        con = source(busy(400, seed), as_of=chosen.as_of)
        con.execute(f"SET threads = {threads}")
        figures(con, chosen)
        found.append(
            {view.name: con.execute(f'SELECT * FROM pub."{view.name}" ORDER BY ALL').fetchall() for view in VIEWS}
        )
    assert found[0] == found[1]
    assert len(found[0]["ResponsePercentiles"]) > 1_000


def test_columns_come_in_the_catalogue_order_and_without_the_snapshot_id() -> None:
    chosen = parameters("2026-02-15T12:00:00Z")
    con = source({}, as_of=chosen.as_of)
    figures(con, chosen)
    for view in VIEWS:
        names = [name for name, *_ in con.execute(f'SELECT * FROM pub."{view.name}" LIMIT 0').description or []]
        assert names == [column.name for column in published(view)]


def test_an_empty_source_still_has_its_dimensions_and_one_day() -> None:
    chosen = parameters("2026-02-15T12:00:00Z")
    con = source({}, as_of=chosen.as_of)
    figures(con, chosen)
    assert shown(con, "Dates", "OperationalDate | DaysBeforeAsOf") == cells("2026-02-15 | 0")
    assert shown(con, "Teams", "TeamCode") == cells("none")
    assert shown(con, "Areas", "AreaId") == cells("nsa \n outside \n unknown")
    assert len(shown(con, "IncidentTypes", "IncidentTypeCode")) == len(CATALOGUE.codes["incident_type"].codes)
    assert len(shown(con, "MetricDefinitions", "MetricId")) == len(CATALOGUE.metrics)
    assert len(shown(con, "Codes", "Code")) == sum(len(codes.codes) for codes in CATALOGUE.codes.values())
