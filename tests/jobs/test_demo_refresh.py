"""From the demo city to what readers see: planted defects come out of the refresh as they went in, nothing else does.

One published city for the module. The left side is the generator's report, the right side the view DataQuality.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest
from sqlalchemy import text

from jobs.commands.demo import demo
from jobs.refresh.run import Outcome, refresh
from jobs.source.demo import city, home, keys
from jobs.source.demo.options import Options, Report
from models.database import engine
from models.service import keys as service_keys
from models.settings import JobSettings
from models.snapshot import layout, manifest

END = datetime(2026, 11, 20, 19, 30, tzinfo=UTC)


@dataclass(frozen=True)
class Published:
    """A demo city and its snapshot."""

    settings: JobSettings
    report: Report
    outcome: Outcome
    con: duckdb.DuckDBPyConnection


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Published]:
    settings = JobSettings(home=tmp_path_factory.mktemp("home"), source_url=None, service_url=None)
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("CRISIS_NOW", "2026-11-20T19:30:00Z")
        home.claim(settings)
        opened = engine(settings.source_database)
        report = city.fill(opened, Options(end=END, calls=4_000, years=0.4))
        opened.dispose()
        outcome = refresh(settings)
    snapshot = settings.snapshots / outcome.version
    con = duckdb.connect(str(next(snapshot.glob("*.duckdb"))), read_only=True)
    yield Published(settings, report, outcome, con)
    con.close()


SAME: tuple[tuple[tuple[str, str, str], tuple[str, str, str]], ...] = (
    # planted: table, column, finding                                shown: table, field, finding
    (("call", "record", "excluded_call"), ("call", "record", "excluded_call")),
    (("call", "source", "unmapped_code"), ("call", "source", "unmapped_code")),
    (("call", "call_arrival", "ambiguous_local_time"), ("call", "call_arrival", "ambiguous_local_time")),
    (("incident", "record", "duplicate_natural_key"), ("incident", "record", "duplicate_natural_key")),
    (("incident", "record", "merged_incident"), ("incident", "record", "merged_incident")),
    (("incident", "record", "excluded_status"), ("incident", "record", "excluded_status")),
    (("incident", "type_code", "unmapped_code"), ("incident", "type_code", "unmapped_code")),
    (
        ("incident", "needs_assessment_at", "date_without_time"),
        ("incident", "needs_assessment_at", "date_without_time"),
    ),
    (("incident", "occurred_from", "date_without_time"), ("incident", "occurred_from", "date_without_time")),
    (("incident", "needs_assessment_at", "clock_order"), ("incident", "assessment", "clock_order")),
    (("unit_response", "record", "duplicate_natural_key"), ("unit_response", "record", "duplicate_natural_key")),
    (("unit_response", "time_engaged", "date_without_time"), ("unit_response", "time_engaged", "date_without_time")),
    (("unit_response", "contact_outcome", "unmapped_code"), ("unit_response", "contact_outcome", "unmapped_code")),
    (("unit_response", "disposition", "unmapped_code"), ("unit_response", "disposition", "unmapped_code")),
    (("unit_response", "time_on_scene", "clock_order"), ("unit_response", "travel", "clock_order")),
    (("unit_response", "time_dispatch", "clock_order"), ("call", "queue", "clock_order")),
    (("referral", "service", "unmapped_code"), ("referral", "service", "unmapped_code")),
    (("referral", "contact_id", "orphan"), ("referral", "contact_id", "orphan")),
    (("referral", "connected_at", "clock_order"), ("referral", "referral_connection", "clock_order")),
    (("request", "record", "duplicate_natural_key"), ("request", "record", "duplicate_natural_key")),
    (("request", "first_answer_at", "clock_order"), ("request", "request_answer", "clock_order")),
)
"""Defects that are found one for one. Others are seen at another grain: a bad place by each call and incident there."""


@pytest.mark.parametrize(("planted", "shown"), SAME, ids="-".join)
def test_data_quality_shows_what_was_planted(
    published: Published, planted: tuple[str, str, str], shown: tuple[str, str, str]
) -> None:
    found = published.con.execute(
        'SELECT COALESCE(sum("AffectedCount"), 0) FROM "DataQuality" '
        'WHERE "ContractTable" = ? AND "FieldName" = ? AND "FindingCode" = ?',
        list(shown),
    ).fetchall()
    assert int(found[0][0]) == published.report.defects[planted]


def test_most_of_these_defects_are_really_there(published: Published) -> None:
    there = Counter(bool(published.report.defects[planted]) for planted, _ in SAME)
    assert there[True] >= 14


def test_the_snapshot_says_synthetic_and_names_the_licence(published: Published) -> None:
    facts = manifest.read(published.settings.snapshots / published.outcome.version)
    assert layout.current_version(published.settings.snapshots) == published.outcome.version
    assert facts.synthetic
    assert facts.city_zone == "America/Toronto"
    attribution = published.con.execute('SELECT any_value("Attribution") FROM "Snapshots"').fetchall()[0][0]
    assert "Open Government Licence - Toronto" in attribution


def test_no_check_fails_on_a_demo_city(published: Published) -> None:
    assert {found.check for found in published.outcome.checks if found.outcome == "failed"} == set()


def test_today_shows_late_and_due_items_of_every_kind(published: Published) -> None:
    rows = published.con.execute('SELECT DISTINCT "ItemKindCode", "DueStateCode" FROM "OpenItems"').fetchall()
    for kind in ("assessment", "call", "request"):
        assert {(kind, "late"), (kind, "due_24h")} <= set(rows), kind
    assert {kind for kind, _ in rows} == {"assessment", "call", "follow_up", "incident", "request"}


def test_all_158_areas_and_the_staff_scopes_are_published(published: Published) -> None:
    con = published.con
    assert con.execute('SELECT count(*) FROM "Areas" WHERE "AreaKindCode" = \'neighbourhood\'').fetchall() == [(158,)]
    scopes = con.execute('SELECT DISTINCT "UserPrincipalName" FROM "ScopeMembers"').fetchall()
    assert scopes
    assert all(name.endswith("@example.org") for (name,) in scopes)


def test_the_command_publishes_and_a_second_run_publishes_nothing(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CRISIS_NOW", "2026-11-20T19:30:00Z")
    demo(calls=30, years=0.02)
    first = layout.current_version(home / "snapshots")
    assert first is not None
    assert f"Refresh: published {first}" in capsys.readouterr().out
    demo()
    said = capsys.readouterr().out
    assert "nothing was generated" in said
    assert "nothing new" in said
    assert layout.current_version(home / "snapshots") == first


def test_demonstration_keys_end_before_real_figures_are_published(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The demo home is turned to a source that is not synthetic: its keys must not open real figures."""
    monkeypatch.setenv("CRISIS_NOW", "2026-11-20T19:30:00Z")
    demo(calls=30, years=0.02, refresh=False)
    settings = JobSettings()
    opened = engine(settings.source_database)
    with opened.begin() as connection:
        connection.execute(text("UPDATE crisis_marker SET synthetic = 0, city = 'Toronto'"))
    opened.dispose()
    refresh(settings)
    service = engine(settings.service_database)
    assert [key.revoked_at is not None for key, _ in service_keys.listed(service)] == [True] * 5
    service.dispose()
    assert not (home / keys.FILE).exists()
