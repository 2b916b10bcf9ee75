"""`crisis import` and `crisis refresh` on real open data give the published reference results.

First on the extracts that the project ships, against plain Python; then on the whole files, where the reference data
lie beside the checkout, against the published figures and plain Python. Run with -s to see every figure.
"""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from jobs.cli import main
from models.statistics import wilson
from tests.conftest import ROOT
from tests.helpers import reference
from tests.helpers.reference import MINUTE, Published, compare

EXTRACTS = ROOT / "jobs" / "source" / "extracts"
SECOND = 1000


class City:
    """A home folder in which commands are run."""

    def __init__(self, home: Path, patch: pytest.MonkeyPatch) -> None:
        self.home = home
        self.patch = patch

    def crisis(self, *arguments: str | Path) -> None:
        """One command; it must succeed."""
        self.patch.setattr(sys, "argv", ["crisis", *map(str, arguments)])
        try:
            main()
        except SystemExit as ended:
            assert not ended.code, arguments

    def publish(self, mapping: str, file: Path, *, profile: str = "product") -> Published:
        """Import and refresh."""
        self.crisis("import", mapping, file)
        self.crisis("refresh", "--profile", profile)
        return Published(self.home)


@pytest.fixture(scope="module")
def new_city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], City]]:
    """Makes empty home folders; today is the first of July 2026."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("CRISIS_")]:
            patch.delenv(name)
        patch.setenv("CRISIS_NOW", "2026-07-01T08:00:00Z")

        def make(name: str) -> City:
            home = tmp_path_factory.mktemp(name)
            patch.setenv("CRISIS_HOME", str(home))
            return City(home, patch)

        yield make


BY_YEAR = """SELECT CAST(year("OperationalDate") AS VARCHAR), "IncidentTypeCode", CAST(sum("IncidentCount") AS BIGINT)
    FROM "DailyIncidents" WHERE "FamilyCode" = 'violent_critical' GROUP BY ALL HAVING sum("IncidentCount") > 0"""


def compare_shootings(rows: list[reference.Row], got: Published) -> None:
    expected = reference.shootings(rows)
    by_day = Counter(row["OCC_DATE"] for row in rows)
    by_area = Counter(row["HOOD_158"].lower() for row in rows)
    deaths = sum(int(row["DEATH"]) for row in rows if row["DEATH"] != "NA")
    injuries = sum(int(row["INJURIES"]) for row in rows if row["INJURIES"] != "NA")
    compare(
        "Toronto shootings, file against snapshot",
        ("by year and kind", dict(sorted(expected.items())), {(y, t): n for y, t, n in sorted(got.rows(BY_YEAR))}),
        (
            "days that differ",
            0,
            sum(
                by_day[str(day)] != count
                for day, count in got.rows(
                    'SELECT "OperationalDate", sum("IncidentCount") FROM "DailyIncidents" GROUP BY ALL'
                )
            ),
        ),
        (
            "areas",
            sorted(by_area.items()),
            got.rows(
                """SELECT "AreaId", CAST(sum("IncidentCount") AS BIGINT) FROM "DailyIncidents" GROUP BY ALL
                HAVING sum("IncidentCount") > 0 ORDER BY ALL"""
            ),
        ),
        (
            "people killed and injured",
            (deaths, injuries),
            got.one('SELECT sum("FatalPersonCount")::BIGINT, sum("InjuredPersonCount")::BIGINT FROM "DailyIncidents"'),
        ),
        ("open at any day", 0, got.one('SELECT CAST(sum("OpenIncidentCount") AS BIGINT) FROM "DailyIncidents"')),
        (
            "hours not recorded",
            sum(row["OCC_HOUR"] == "NA" for row in rows),
            got.findings().get(("incident.reported_at", "date_without_time"), (0, 0))[0],
        ),
    )


def compare_persons_in_crisis(rows: list[reference.Row], got: Published) -> None:
    kinds = {"Person in Crisis": "crisis", "Suicide-related": "suicide_related", "Overdose": "overdose"}
    months = Counter((row["event_year"], row["event_month"], kinds[row["event_type"]]) for row in rows)
    yes = sum(row["apprehension_made"] == "Yes" for row in rows)
    compare(
        "Toronto persons in crisis, file against snapshot",
        (
            "by month and kind",
            sorted(months.items()),
            sorted(
                ((str(year), month, kind), count)
                for year, month, kind, count in got.rows(
                    """SELECT year("OperationalDate"), monthname("OperationalDate"), "IncidentTypeCode",
                    CAST(sum("IncidentCount") AS BIGINT) FROM "DailyIncidents"
                    WHERE "FamilyCode" = 'person_in_crisis' GROUP BY ALL"""
                )
            ),
        ),
        ("calls", len(rows), got.one('SELECT CAST(sum("CallCount") AS BIGINT) FROM "DailyCalls"')),
        (
            "apprehensions",
            (yes, len(rows)),
            got.one(
                """SELECT CAST(sum("DispatchedCallCount") FILTER ("DispositionCode" = 'apprehension') AS BIGINT),
                CAST(sum("DispatchedCallCount") AS BIGINT) FROM "DailyOutcomes" """
            ),
        ),
        ("days unknown", len(rows), got.findings()["call.call_arrival", "day_unknown"][0]),
        (
            "by weekday",
            sorted(Counter(row["event_dow"] for row in rows).items()),
            got.rows(
                """SELECT dayname("OperationalDate") AS day, CAST(sum("CallCount") AS BIGINT) FROM "DailyCalls"
                GROUP BY ALL ORDER BY ALL"""
            ),
        ),
    )


def test_the_extract_of_toronto_shootings_and_persons_in_crisis(new_city: Callable[[str], City]) -> None:
    city = new_city("toronto_extracts")
    events = EXTRACTS / "toronto_shootings_2023_2024.csv"
    compare_shootings(reference.read(events), city.publish("toronto_shootings", events))
    calls = EXTRACTS / "toronto_persons_in_crisis_hood_14.csv"
    got = city.publish("toronto_persons_in_crisis", calls)
    compare_persons_in_crisis(reference.read(calls), got)
    assert got.one('SELECT count(*) FROM "Areas" WHERE "BoundaryVersion" = \'toronto-158\'') == 158
    assert got.one('SELECT "IsSynthetic" FROM "Snapshots" WHERE "IsCurrent"') is False
    attribution = got.one('SELECT "Attribution" FROM "Snapshots" WHERE "IsCurrent"')
    assert "Shootings and firearm discharges: Toronto Police Service" in attribution
    assert "Persons in crisis: Toronto Police Service" in attribution


def test_the_extract_of_san_francisco_fire(new_city: Callable[[str], City]) -> None:
    file = EXTRACTS / "san_francisco_fire_three_days.csv"
    rows = reference.read(file)
    got = new_city("san_francisco_extract").publish("san_francisco_fire", file)
    lines: list[tuple[str, object, object]] = []
    for day in ("2017-01-02", "2018-11-04", "2018-12-29"):
        for priority in ("2", "3"):
            expected = reference.fire_calls(rows, lambda typed, day=day: typed.startswith(day), priority)  # type: ignore[misc]
            lines.append((f"{day} priority {priority}", expected.line(), got.first_arrival("day", priority, day)))
    assert sum(line[1][2] for line in lines) == 1, "one call arrives before it is received"  # type: ignore[index]
    names = Counter({row["call_number"]: row["neighborhood"] for row in rows}.values())
    compare(
        "San Francisco fire, three days: n, missing, invalid, p50 ms, p90 ms",
        *lines,
        (
            "units and calls",
            (len(rows), len({row["call_number"] for row in rows})),
            got.one(
                'SELECT sum("UnitResponseCount")::BIGINT, sum("DispatchedCallCount")::BIGINT FROM "DailyResponses"'
            ),
        ),
        (
            "calls by neighbourhood",
            sorted(names.items()),
            got.rows(
                """SELECT "AreaName", CAST(sum("CallCount") AS BIGINT) FROM "DailyCalls" JOIN "Areas" USING ("AreaId")
                GROUP BY ALL ORDER BY ALL"""
            ),
        ),
        ("teams", [("sffd",)], got.rows('SELECT DISTINCT "TeamCode" FROM "DailyResponses"')),
        (
            "calls received in the doubled hour",
            len({row["call_number"] for row in rows if row["received_dttm"].startswith("2018-11-04 01:")}),
            got.findings()["call.call_create", "ambiguous_local_time"][0],
        ),
    )


SHOOTINGS = "191,262,215,207,238,252,259,227,219,204,177,288,407,392,427,492,462,409,380,345"


@pytest.mark.shared
def test_toronto(shared: Path, new_city: Callable[[str], City]) -> None:
    city = new_city("toronto")
    events = shared / "data" / "toronto_shootings_firearm_discharges.csv"
    got = city.publish("toronto_shootings", events)
    years = dict(zip(range(2004, 2024), map(int, SHOOTINGS.split(",")), strict=True)) | {2024: 242}
    counted = got.rows(
        'SELECT year("OperationalDate"), CAST(sum("IncidentCount") AS BIGINT) FROM "DailyIncidents" GROUP BY 1 ORDER BY 1'
    )
    compare(
        "Toronto shootings by year, published (2024: first half)",
        *((str(year), years[year], count) for year, count in counted),
    )
    assert len(counted) == len(years)
    compare_shootings(reference.read(events), got)

    calls = shared / "data" / "toronto_persons_in_crisis_detail.csv.gz"
    got = city.publish("toronto_persons_in_crisis", calls)
    counts = got.rows(
        'SELECT year("OperationalDate"), sum("CallCount")::BIGINT FROM "DailyCalls" GROUP BY 1 ORDER BY 1'
    )
    compare("Toronto persons in crisis, published", ("calls by year", [(2014, 22_176), (2015, 9_768)], counts))
    compare_persons_in_crisis(reference.read(calls), got)


def in_seconds(line: tuple[int, int, int, int, int]) -> tuple[int, int, float, float]:
    """n of calls, arrived (valid and invalid), p50 and p90 in seconds."""
    n, missing, invalid, p50, p90 = line
    return (n + missing + invalid, n + invalid, p50 / SECOND, p90 / SECOND)


FIRE = (
    # figure, period and its last day, priority, n, arrived, p50 s, p90 s
    ("2018 priority 3", "year", "2018-12-31", "3", (20_184, 19_761, 300.0, 480.0)),
    ("2018 priority 2", "year", "2018-12-31", "2", (15_710, 15_085, 660.0, 1_260.0)),
    ("April 2020 priority 3", "month", "2020-04-30", "3", (3_018, 2_953, 338.0, 542.0)),
    # published as "first week 2017": the figure is that of all 2017 rows of the file, 91 % of them of its first week
    ("2017 priority 3", "year", "2017-12-31", "3", (1_966, 1_909, 323.0, 510.0)),
)


@pytest.mark.shared
def test_san_francisco(shared: Path, new_city: Callable[[str], City]) -> None:
    file = shared / "data" / "sf_fire_calls_units.csv.gz"
    rows = reference.read(file)
    got = new_city("san_francisco").publish("san_francisco_fire", file)
    lines: list[tuple[str, object, object]] = []
    for name, period, day, priority, published in FIRE:
        line = got.first_arrival(period, priority, day)
        start = day[:4] if period == "year" else day[:7]
        expected = reference.fire_calls(rows, lambda typed, start=start: typed.startswith(start), priority)  # type: ignore[misc]
        lines += [(f"{name}: n, arrived, p50 s, p90 s", published, in_seconds(line))]
        lines += [(f"{name}: n, missing, invalid, ms", expected.line(), line)]
    week = reference.fire_calls(rows, lambda typed: "2017-01-01" <= typed[:10] <= "2017-01-07", "3")
    lines.append(("first week of 2017 itself", week.line(), got.first_arrival("7d", "3", "2017-01-07")))
    daily = """SELECT sum("DispatchedCallCount")::BIGINT, sum("FirstArrivalCount" + "FirstArrivalInvalidCount")::BIGINT,
        sum("FirstArrivalInvalidCount")::BIGINT FROM "DailyResponses"
        WHERE "PriorityCode" = '3' AND year("OperationalDate") = 2018"""
    lines.append(("2018 priority 3, daily rows added up", (20_184, 19_761, 1), got.one(daily)))
    compare("San Francisco fire, received to first on scene", *lines)


def within(got: Published) -> tuple[int, int]:
    """Calls within the target, and calls with a valid first arrival."""
    query = 'SELECT sum("WithinTargetCount")::BIGINT, sum("FirstArrivalCount")::BIGINT FROM "DailyResponses"'
    found: tuple[int, int] = got.one(query)
    return found


def to_emergency_department(got: Published) -> tuple[int, int]:
    """Dispatches that ended there, and all."""
    found: tuple[int, int] = got.one(
        """SELECT CAST(sum("DispatchedCallCount") FILTER ("DispositionCode" = 'emergency_department') AS BIGINT),
        CAST(sum("DispatchedCallCount") AS BIGINT) FROM "DailyOutcomes" """
    )
    return found


def percent(share: float) -> float:
    return round(share * 100, 2)


@pytest.mark.shared
def test_lane_county_as_published_and_by_our_own_rules(shared: Path, new_city: Callable[[str], City]) -> None:
    file = shared / "data" / "lane_county_mobile_crisis_2025.csv"
    rows = reference.read(file)
    city = new_city("lane_county")
    got = city.publish("lane_county_mobile_crisis", file, profile="published")
    n, _missing, _invalid, p50, p90 = got.first_arrival("all", "city")
    near, valid = within(got)
    ed, dispatches = to_emergency_department(got)
    interval = wilson(ed, dispatches)
    assert interval is not None
    compare(
        "Lane County, profile published",
        ("request to arrival: n, p50 min, p90 min", (4_279, 30.0, 75.2), (n, p50 / MINUTE, p90 / MINUTE)),
        ("within 60 min, %", 84.48, percent(near / valid)),
        ("emergency department of all dispatches", (652, 4_682), (ed, dispatches)),
        ("share, %, and Wilson 95 %", (13.93, 12.96, 14.95), tuple(map(percent, (ed / dispatches, *interval)))),
        (
            "left out: negative, over 12 h",
            (182, 24),
            tuple(got.findings()["call.first_arrival", code][1] for code in ("clock_order", "too_long")),
        ),
        ("plain Python", reference.lane(rows, ours=False)[1].line(), got.first_arrival("all", "city")),
    )

    city.crisis("refresh", "--profile", "product")
    got = Published(city.home)
    kept, expected = reference.lane(rows, ours=True)
    findings = got.findings()
    near, valid = within(got)
    compare(
        "Lane County, profile product: our own rules",
        ("request to arrival: n, missing, invalid, ms", expected.line(), got.first_arrival("all", "city")),
        ("within 60 min", sum(value <= 60 * MINUTE for value in expected.valid), near),
        (
            "emergency department of all dispatches",
            (sum(row["disposition"] == "Emergency Department" for row in kept), len(kept)),
            to_emergency_department(got),
        ),
        ("duplicates equal but for the id", (67, 67), findings["call.record", "duplicate_natural_key"]),
        ("negative", (expected.invalid,) * 2, findings["call.first_arrival", "clock_order"]),
        ("nothing cut at 12 h", None, findings.get(("call.first_arrival", "too_long"))),
        (
            "requests missing",
            (sum(not row[reference.REQUEST] for row in kept),) * 2,
            findings["call.call_create", "missing_clock"],
        ),
        ("doubled hour", (1, 0), findings["call.call_create", "ambiguous_local_time"]),
        *(
            (
                f"date without time: {field}",
                (sum(row[column].endswith("00:00:00") for row in rows),) * 2,
                findings[field, "date_without_time"],
            )
            for field, column in reference.LANE_CLOCKS.items()
        ),
    )
