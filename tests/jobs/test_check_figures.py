"""Every declared check passes on sound figures and fails or warns when its figure is spoiled: none is there for show."""

from __future__ import annotations

import re

import duckdb
import pytest

from jobs.refresh.check import AHEAD, check, every, judge
from jobs.refresh.companions import companions
from jobs.refresh.parameters import Parameters
from jobs.refresh.reconciled import AGREEMENTS, Agreement
from models.catalogue import CATALOGUE
from tests.helpers.source_tables import Row, figures, made, parameters, source, table
from tests.jobs.test_compute_contract import busy

AS_OF = "2026-02-09T12:00:00Z"


@pytest.fixture(scope="module")
def sound() -> tuple[duckdb.DuckDBPyConnection, Parameters]:
    chosen = parameters(AS_OF)
    rows: dict[str, list[Row]] = busy(300, 1)
    rows["area"] = [{"area_id": "001"}]
    rows["location"] = [{"location_id": 1, "area_word": "001"}]
    for call in rows["call"]:
        call["location_id"] = 1
    rows["incident"] = table("""
        incident_id | incident_no | type_code | location_id | reported_at      | notified_at      | needs_assessment_at
        1           | a           | shooting  | 1           | 2026-01-05 09:00 | 2026-01-05 10:00 | 2026-01-05 11:00
        2           | b           | shooting  | 1           | 2026-01-06 09:00 | 2026-01-06 10:00 |
    """)
    rows["person_contact"] = table("""
        contact_id | person_key | response_id | role         | engaged | contact_at
        1          | 1          | 3           | service_user | true    | 2026-01-05 09:00
    """)
    rows["unit_response"][0]["time_unit_clear"] = rows["unit_response"][0]["time_on_scene"]
    rows["consent"] = [{"consent_id": 1, "person_key": 1}]
    rows["referral"] = table("referral_id | contact_id | made_at\n 1 | 1 | 2026-01-05 10:00")
    rows["request"] = table(
        "request_id | request_no | received_at | due_at\n 1 | r | 2026-01-05 10:00 | 2026-01-06 10:00"
    )
    for unit in rows["unit_response"]:
        if unit["response_id"] == 3:
            unit["time_unit_clear"] = unit["time_on_scene"]
    con = source(rows, as_of=chosen.as_of)
    figures(con, chosen)
    return con, chosen


def test_sound_figures_pass_every_check(sound: tuple[duckdb.DuckDBPyConnection, Parameters]) -> None:
    assert [result.check for result in check(*sound) if result.outcome != "passed"] == []


def rise(field: str, finding: str) -> str:
    """A finding that 1 of 200 calls had in the four weeks before, and 30 of 50 in the last seven days."""
    return f"""INSERT INTO fact.looked_at VALUES (DATE '2026-01-20', 'call', 200), (DATE '2026-02-05', 'call', 50);
        INSERT INTO fact.finding VALUES (DATE '2026-01-20', 'call', '{field}', '{finding}', 1, 1),
            (DATE '2026-02-05', 'call', '{field}', '{finding}', 30, 30)"""


SPOILED = {
    "funnel_adds_up": 'UPDATE pub."DailyFunnel" SET "StoppedCount" = "StoppedCount" + 1',
    "stages_descend": 'UPDATE pub."DailyCalls" SET "EngagedCount" = "ArrivedCount" + 1',
    "incidents_agree": 'UPDATE pub."DailyIncidents" SET "IncidentCount" = "IncidentCount" + 1',
    "open_incidents_agree": 'UPDATE pub."Incidents" SET "IsOpen" = false WHERE "IncidentId" = 1',
    "assessments_agree": 'UPDATE pub."DailyIncidents" SET "AssessmentLateCount" = 1 WHERE "AssessmentDueCount" > 0',
    "calls_agree": 'DELETE FROM pub."Calls" WHERE "CallId" = 1',
    "responses_agree": 'DELETE FROM pub."Responses" WHERE "ResponseId" = 3',
    "intervals_complete": 'UPDATE pub."DailyResponses" SET "QueueMissingCount" = 0',
    "outcomes_agree": 'UPDATE pub."DailyOutcomes" SET "EngagedCount" = "ArrivedCount" + 1',
    "cohorts_complete": 'UPDATE pub."DailyFollowUps" SET "NotDueCount" = "NotDueCount" + 1',
    "referrals_agree": """UPDATE pub."Referrals" SET "ServiceCode" = 'shelter' WHERE "ReferralId" = 1""",
    "requests_agree": 'UPDATE pub."DailyRequests" SET "BacklogCount" = "BacklogCount" + 1',
    "follow_ups_within": 'UPDATE pub."DailyFollowUps" SET "EngagedCount" = 7',
    "hours_within": 'UPDATE pub."HourlyActivity" SET "EventCount" = "EventCount" + 1000',
    "open_items_within": 'UPDATE pub."Incidents" SET "IsOpen" = false',
    "percentiles_ordered": 'UPDATE pub."ResponsePercentiles" SET "P90Ms" = "P50Ms" - 1',
    "percentiles_agree": """DELETE FROM pub."ResponsePercentiles" WHERE "PeriodCode" = 'day' AND "CutCode" = 'city'""",
    "hours_complete": 'DELETE FROM pub."HourlyActivity" WHERE "Hour" = 3 AND "Weekday" = 7',
    "dates_complete": """DELETE FROM pub."Dates" WHERE "OperationalDate" = '2026-01-20'""",
    "findings_within_records": 'UPDATE pub."DataQuality" SET "CheckedCount" = 0',
    "unknown_areas": "UPDATE fact.call SET area_id = 'unknown'",
    "area_match_rate": rise("location_id", "unknown_area"),
    "clock_order": rise("answer", "clock_order"),
    "unmapped_codes": rise("source", "unmapped_code"),
    "days_without_calls": "UPDATE fact.call SET call_day = DATE '2026-02-05'",
    "fewer_new_rows": "INSERT INTO src._nights SELECT TIMESTAMP '2026-01-01' + to_days(CAST(d AS INTEGER)), NULL, NULL, "
    "100, 0, 0 FROM range(9) AS days (d)",
    "keys_unique": 'INSERT INTO pub."Calls" SELECT * FROM pub."Calls" LIMIT 1',
    "no_future_days": """UPDATE pub."DailyRequests" SET "OperationalDate" = '2026-02-10'""",
    "references_known": 'DELETE FROM pub."Areas"',
    "records_linked": 'DELETE FROM pub."Contacts"',
    "codes_known": """UPDATE pub."Calls" SET "StageCode" = 'beamed up'""",
    "nothing_negative": 'UPDATE pub."DailyRequests" SET "BacklogLateCount" = -1',
    "metrics_have_n": 'UPDATE pub."DailyCalls" SET "AnswerCount" = 0, "AnswerMsSum" = 1',
    "texts_fit": """UPDATE pub."Areas" SET "AreaName" = repeat('x', 129) WHERE "AreaId" = '001'""",
}


def test_every_check_has_a_way_to_fail_here() -> None:
    assert set(every()) == set(SPOILED)


@pytest.mark.parametrize("name", SPOILED)
def test_a_spoiled_figure_fails_its_check(sound: tuple[duckdb.DuckDBPyConnection, Parameters], name: str) -> None:
    con, chosen = sound
    con.execute("BEGIN")
    try:
        con.execute(SPOILED[name])
        result = judge(con, name, every()[name], chosen)
    finally:
        con.execute("ROLLBACK")
    assert result.outcome == ("failed" if result.blocking else "warned")
    assert "times not so (product)" in result.detail


def test_only_plans_may_lie_ahead() -> None:
    con = made(
        AS_OF,
        " ".join(view.name for view in CATALOGUE.views.values() if not view.live),
        incident="incident_id | incident_no | reported_at\n 1 | a | 2026-02-08 09:00",
        support="support_id | incident_id | planned_at\n 1 | 1 | 2026-03-14 09:00",
    )
    found = {result.check: result for result in check(con, parameters(AS_OF))}
    assert AHEAD == ("Supports",)
    assert found["no_future_days"].outcome == found["references_known"].outcome == "passed"


LINES = [(each, column) for each in AGREEMENTS for column in each.columns]


@pytest.mark.parametrize(
    ("agreement", "column"), LINES, ids=[f"{each.daily}.{column} {each.records}" for each, column in LINES]
)
def test_every_sum_that_must_agree_is_looked_at(
    sound: tuple[duckdb.DuckDBPyConnection, Parameters], agreement: Agreement, column: str
) -> None:
    """One more in any column of any daily view, and its check says so."""
    con, chosen = sound
    con.execute("BEGIN")
    try:
        con.execute(f'UPDATE pub."{agreement.daily}" SET "{column}" = "{column}" + 1 FROM param WHERE {agreement.of}')
        result = judge(con, agreement.check, every()[agreement.check], chosen)
    finally:
        con.execute("ROLLBACK")
    assert result.outcome == "failed"


# --- shares against what is usual -------------------------------------------------------------------------------------

USUAL = """
last 7 days | 28 days before | said    | why
30 of 50    | 1 of 200       | yes     | six in ten, where it was one in two hundred
30 of 50    | 120 of 200     | no      | it was always so
2 of 50     | 1 of 200       | no      | three points more, and two records: chance
30 of 50    | 1 of 90        | no      | too few records to say what is usual
12 of 400   | 4 of 800       | no      | two and a half points
60 of 400   | 4 of 800       | yes     | fourteen points
"""


@pytest.mark.parametrize("line", USUAL.strip().splitlines()[1:])
def test_a_share_is_held_against_what_is_usual(line: str) -> None:
    recent, before, said, _ = (cell.strip() for cell in line.split("|"))
    (affected, records), (affected_before, records_before) = (part.split(" of ") for part in (recent, before))
    con = duckdb.connect()
    con.execute("CREATE SCHEMA fact; CREATE TABLE param AS SELECT DATE '2026-02-09' AS as_of_day")
    # the as-of day and the day before the four weeks are full of it, and are not looked at
    days = ("2026-02-02", records, affected), ("2026-02-01", records_before, affected_before)
    for name, column, place in (("looked_at", "records", 1), ("finding", "affected", 2)):
        con.execute(f"CREATE TABLE fact.{name} (day DATE, contract_table VARCHAR, {column} BIGINT)")
        for day in (*days, ("2026-02-09", "1000", "999"), ("2026-01-04", "1000", "999")):
            con.execute(f"INSERT INTO fact.{name} VALUES (?, 'call', ?)", [day[0], int(day[place])])
    con.execute("ALTER TABLE fact.finding ADD COLUMN field VARCHAR DEFAULT 'location_id'")
    con.execute("ALTER TABLE fact.finding ADD COLUMN finding VARCHAR DEFAULT 'unknown_area'")
    result = judge(con, "area_match_rate", every()["area_match_rate"], parameters(AS_OF))
    assert result.outcome == ("warned" if said == "yes" else "passed")
    told = f"call.location_id {recent} in 7 days, {before} in the 28 before"
    assert (told in result.detail) == (said == "yes")
    con.close()


# --- no figure without its n -----------------------------------------------------------------------------------------

WITH_N = re.compile(r"(P\d\d(Low|High)?|Max)Ms\Z|MsSum\Z|PerHour\Z")
"""Columns that are percentiles, sums of durations or means."""


def test_every_ratio_mean_and_percentile_has_its_n() -> None:
    for view in CATALOGUE.views.values():
        found = companions(view)
        assert {column.name for column in view.columns if WITH_N.search(column.name)} <= set(found), view.name
        assert all(view.has(n) and view.has(column) for column, n in found.items()), view.name
    ratios = [metric for metric in CATALOGUE.metrics.values() if metric.unit in {"share", "ms"}]
    assert all(companions(CATALOGUE.views[each.view])[each.numerator] == each.denominator for each in ratios)
