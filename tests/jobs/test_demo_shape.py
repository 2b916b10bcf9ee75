"""The shape of the demo city: hours, places, shares, people, today, and the days on which clocks change."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime, timedelta
from pathlib import Path
from statistics import mean, pvariance
from typing import Any

import pytest

from jobs.source import geography
from jobs.source.demo import calls
from jobs.source.demo.chance import Chance, seeded
from jobs.source.demo.hours import CALL_HOURS, Day, local
from jobs.source.demo.ledger import Ledger
from jobs.source.demo.options import Options, Report
from jobs.source.demo.people import People
from jobs.source.demo.places import Map
from jobs.source.demo.world import World
from tests.helpers.demo_city import END, Built, build, thirteen_months


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    return thirteen_months(tmp_path_factory)


def test_calls_follow_the_hours_and_weekdays(built: Built) -> None:
    arrivals = [local(datetime.fromisoformat(row[0])) for row in built.ask("SELECT call_arrival FROM call")]
    weekdays = [moment for moment in arrivals if moment.weekday() < 5]
    hours = Counter(moment.hour for moment in weekdays)
    expected = CALL_HOURS["week"]
    for hour in range(24):
        share = expected[hour] / sum(expected)
        assert hours[hour] / len(weekdays) == pytest.approx(share, abs=4 * (share / len(weekdays)) ** 0.5 + 0.004), hour
    assert min(hours, key=lambda hour: hours[hour]) in {3, 4, 5}


def test_busy_areas_are_busier_and_improvement_areas_somewhat(built: Built) -> None:
    counts = dict(
        built.ask(
            "SELECT area_id, count(call_id) FROM area LEFT JOIN location ON area_word = area_id "
            "LEFT JOIN call USING (location_id) GROUP BY 1"
        )
    )
    classes = {place.area_id: place.equity_class for place in geography.neighbourhoods()}
    by_class = {kind: mean(counts[area] for area, its in classes.items() if its == kind) for kind in ("NIA", "none")}
    assert len(counts) == 158
    assert 1.2 < by_class["NIA"] / by_class["none"] < 3
    assert max(counts.values()) > 3 * (sum(counts.values()) / 158)


def test_places_lie_in_the_area_that_they_name(built: Built) -> None:
    rows = built.ask(
        "SELECT area_word, latitude, longitude FROM location WHERE length(area_word) = 3 AND latitude <> 0 AND area_word <> 'NSA'"
    )
    places = [(row[1], row[2]) for row in rows if row[0] != "999"]
    found = geography.Locator().locate(places)
    wrong = [
        (row, area) for row, area in zip((row for row in rows if row[0] != "999"), found, strict=True) if row[0] != area
    ]
    assert len(wrong) / len(rows) < 0.01  # points on borders


def test_shares_are_those_that_public_services_report(built: Built) -> None:
    service = "FROM call WHERE kind = 'service' AND duplicate_of IS NULL AND eligible IS NOT NULL"
    eligible = built.one(f"SELECT avg(eligible) {service}")
    arrived = "FROM unit_response WHERE time_on_scene IS NOT NULL AND time_unit_clear IS NOT NULL"
    assert eligible == pytest.approx(0.83, abs=0.03)
    assert built.one(f"SELECT avg(police_requested) {arrived}") == pytest.approx(0.025, abs=0.008)
    assert built.one(f"SELECT avg(ems_requested) {arrived}") == pytest.approx(0.017, abs=0.008)
    engaged = f"SELECT avg(lower(contact_outcome) LIKE '%engaged%') {arrived}"
    assert built.one(engaged) == pytest.approx(0.63, abs=0.03)
    on_time = (
        "SELECT avg((julianday(needs_assessment_at) - julianday(notified_at)) * 24 BETWEEN 0 AND 24) FROM incident"
    )
    assert 0.75 < built.one(f"{on_time} WHERE family = 'violent_critical' AND needs_assessment_at IS NOT NULL") < 0.97


def test_people_come_back(built: Built) -> None:
    times = Counter(row[0] for row in built.ask("SELECT person_key FROM person_contact WHERE person_key IS NOT NULL"))
    assert 0.05 < sum(count > 1 for count in times.values()) / len(times) < 0.4
    assert max(times.values()) >= 5


def test_withdrawn_consents_follow_the_given_ones(built: Built) -> None:
    rows = built.ask(
        "SELECT w.given_at, w.withdrawn_at, g.state, g.given_at FROM consent w JOIN consent g USING (person_key, purpose) "
        "WHERE w.state = 'withdrawn' AND g.consent_id < w.consent_id"
    )
    assert rows
    assert all(row[0] == row[1] and row[2] == "given" and row[3] < row[0] for row in rows)
    assert {row[0] for row in built.ask("SELECT DISTINCT state FROM consent")} == {
        "given",
        "refused",
        "not_asked",
        "withdrawn",
    }


def test_counts_of_violence_are_overdispersed() -> None:
    chance = Chance(1)
    days = [chance.overdispersed(1.12, 1.26) for _ in range(20_000)]
    assert mean(days) == pytest.approx(1.12, rel=0.03)
    assert pvariance(days) / mean(days) == pytest.approx(1.26, rel=0.05)


@pytest.mark.parametrize("calls_wanted", [30, 9_000])
def test_today_something_is_waiting_late_and_due(built: Built, tmp_path: Path, calls_wanted: int) -> None:
    made = built if calls_wanted == 9_000 else build(tmp_path, Options(end=END, calls=30, years=0.03))
    end = END.strftime("%Y-%m-%d %H:%M:%S.000000")
    waiting = (
        "SELECT count(*) FROM call WHERE kind = 'service' AND eligible AND closed_at IS NULL AND ready_at IS NOT NULL "
        "AND julianday(:end) - julianday(call_create) {} 1 / 24.0"
    )
    assert made.one(waiting.format(">"), end=end) >= 1
    assert made.one(waiting.format("<"), end=end) >= 1
    assessment = (
        "SELECT count(*) FROM incident WHERE family = 'violent_critical' AND needs_assessment_at IS NULL "
        "AND closed_at IS NULL AND julianday(:end) - julianday(notified_at) {} 1"
    )
    assert made.one(assessment.format(">"), end=end) >= 1
    assert made.one(assessment.format("<"), end=end) >= 1
    request = "SELECT count(*) FROM request WHERE first_answer_at IS NULL AND due_at {}"
    assert made.one(request.format("< :end"), end=end) >= 1
    assert made.one(request.format("BETWEEN :end AND datetime(:end, '+24 hours')"), end=end) >= 1


@pytest.mark.parametrize(
    ("day", "count", "hours"),
    [
        (date(2026, 3, 8), 23, [0, 1, 3, 4]),
        (date(2025, 11, 2), 25, [0, 1, 1, 2]),
        (date(2026, 7, 1), 24, [0, 1, 2, 3]),
    ],
)
def test_a_day_has_the_hours_that_it_has(day: date, count: int, hours: list[int]) -> None:
    told = Day.of(day)
    assert len(told.hours) == count
    assert [hour for hour, _ in told.hours][:4] == hours
    assert told.end - told.start == timedelta(hours=count)
    assert (told.doubled() is not None) is (count == 25)


@pytest.mark.parametrize(
    ("clock", "flagged"),
    [
        ("04:59", False),  # 00:59 local
        ("05:00", True),  # 01:00, the first time
        ("06:30", True),  # 01:30, the second time
        ("07:00", False),  # 02:00
    ],
)
def test_clocks_in_the_doubled_hour_are_flagged(clock: str, flagged: bool) -> None:
    at = datetime.fromisoformat(f"2025-11-02 {clock}")
    told: list[dict[str, Any]] = []
    report = Report(date(2025, 11, 2), date(2025, 11, 2))
    rows = Ledger(at + timedelta(days=60), report, lambda table, some: told.extend(some) if table == "call" else None)
    rows.begin_day(date(2025, 11, 2))
    world = World(Options(end=END), report, rows, Map(1), People(1))
    world.map.open_pools(rows, at - timedelta(days=1), 1)
    calls.tell(world, Day.of(date(2025, 11, 2)), at, seeded(1))
    rows.finish()
    assert told
    flags = told[0]["clock_flags"] or ""
    assert ("call_arrival:ambiguous" in flags) is flagged
    assert report.defects["call", "call_arrival", "ambiguous_local_time"] == len(told) * flagged
