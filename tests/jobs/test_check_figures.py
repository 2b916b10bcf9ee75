"""Every declared check passes on sound figures and fails or warns when its figure is spoiled: none is there for show."""

from __future__ import annotations

import duckdb
import pytest

from jobs.refresh.check import AHEAD, check, every, judge
from jobs.refresh.parameters import Parameters
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
    "percentiles_ordered": 'UPDATE pub."ResponsePercentiles" SET "P90Ms" = "P50Ms" - 1',
    "percentiles_agree": """DELETE FROM pub."ResponsePercentiles" WHERE "PeriodCode" = 'day' AND "CutCode" = 'city'""",
    "hours_complete": 'DELETE FROM pub."HourlyActivity" WHERE "Hour" = 3 AND "Weekday" = 7',
    "dates_complete": """DELETE FROM pub."Dates" WHERE "OperationalDate" = '2026-01-20'""",
    "findings_within_records": 'UPDATE pub."DataQuality" SET "CheckedCount" = 0',
    "unknown_areas": "UPDATE fact.call SET area_id = 'unknown'",
    "unmapped_codes": "INSERT INTO catalogue.word VALUES ('harm', 'ouch', 'unknown', true)",
    "days_without_calls": "UPDATE fact.call SET call_day = DATE '2026-02-05'",
    "fewer_new_rows": "INSERT INTO src._nights SELECT TIMESTAMP '2026-01-01' + to_days(CAST(d AS INTEGER)), NULL, NULL, "
    "100, 0, 0 FROM range(9) AS days (d)",
    "keys_unique": 'INSERT INTO pub."Calls" SELECT * FROM pub."Calls" LIMIT 1',
    "no_future_days": """UPDATE pub."DailyRequests" SET "OperationalDate" = '2026-02-10'""",
    "references_known": 'DELETE FROM pub."Areas"',
    "records_linked": 'DELETE FROM pub."Contacts"',
    "codes_known": """UPDATE pub."Calls" SET "StageCode" = 'beamed up'""",
    "nothing_negative": 'UPDATE pub."DailyRequests" SET "BacklogLateCount" = -1',
    "texts_fit": """UPDATE pub."Areas" SET "AreaName" = repeat('x', 129) WHERE "AreaId" = '001'""",
}


def test_every_check_has_a_way_to_fail_here() -> None:
    assert list(every()) == list(SPOILED)


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
