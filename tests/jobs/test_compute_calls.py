"""D5 to D8 on small sources: which calls count, how far each came, and the one reason why it stopped."""

from __future__ import annotations

import duckdb
import pytest

from jobs.refresh.clean.declared import (
    DISPOSITION_ORDER,
    OUTCOME_ORDER,
    POLICE_ORDER,
    STOP_REASON_FITS,
)
from models.catalogue import CATALOGUE
from tests.helpers.source_tables import cells, made, shown

FUNNEL = """
    call_id | call_no    | call_arrival     | triaged_at       | ready_at         | closed_at        | eligible | stop_reason
    1       | supported  | 2026-01-05 09:00 | 2026-01-05 09:02 | 2026-01-05 09:03 | 2026-01-05 10:00 | true     |
    2       | engaged    | 2026-01-05 09:00 |                  |                  | 2026-01-05 10:00 |          | no_support_needed
    3       | arrived    | 2026-01-05 09:00 |                  |                  | 2026-01-05 10:00 |          | unable to locate
    4       | dispatched | 2026-01-05 09:00 |                  |                  | 2026-01-05 10:00 |          | cancelled
    5       | offered    | 2026-01-05 09:00 |                  |                  | 2026-01-05 10:00 | true     |
    6       | eligible   | 2026-01-05 09:00 |                  |                  | 2026-01-05 10:00 | true     | no_team
    7       | triaged    | 2026-01-05 09:00 | 2026-01-05 09:02 |                  | 2026-01-05 10:00 | false    | ineligible_hours
    8       | received   | 2026-01-05 09:00 |                  |                  | 2026-01-05 09:01 |          | abandoned
    9       | open       | 2026-01-05 09:00 |                  |                  |                  |          |
    10      | silent     | 2026-01-05 09:00 |                  |                  | 2026-01-05 10:00 |          |
    11      | misfit     | 2026-01-05 09:00 |                  |                  | 2026-01-05 10:00 | true     | abandoned
    12      | future     | 2026-01-05 09:00 |                  |                  | 2026-01-09 10:00 | true     | no_team
"""


EXCLUSIONS = "\"ContractTable\" = 'call' AND \"FieldName\" IN ('record', 'kind', 'duplicate_of', 'call_arrival')"


@pytest.fixture(scope="module")
def funnel() -> duckdb.DuckDBPyConnection:
    return made(
        "2026-01-06T12:00:00Z",
        "DailyCalls DailyFunnel Calls",
        call=FUNNEL,
        dispatch="""
        dispatch_id | call_id | offered_at       | declined_reason
        1           | 5       | 2026-01-05 09:05 | team_declined
        """,
        unit_response="""
        response_id | call_id | unit_id | time_dispatch    | time_on_scene    | time_unit_clear  | contact_outcome
        1           | 1       | u1      | 2026-01-05 09:05 | 2026-01-05 09:20 | 2026-01-05 09:50 | Engaged
        2           | 2       | u1      | 2026-01-05 09:05 | 2026-01-05 09:20 | 2026-01-05 09:50 | engaged
        3           | 3       | u1      | 2026-01-05 09:05 | 2026-01-05 09:20 | 2026-01-05 09:50 | unable_to_locate
        4           | 4       | u1      | 2026-01-05 09:05 |                  | 2026-01-05 09:50 |
        """,
        person_contact="contact_id | response_id | role\n 1 | 1 | service_user",
        referral="referral_id | contact_id | made_at\n 1 | 1 | 2026-01-05 09:40",
    )


def test_each_call_stops_once_and_for_one_reason(funnel: duckdb.DuckDBPyConnection) -> None:
    assert shown(funnel, "Calls", "CallId | StageCode | StopReasonCode") == cells("""
        1  | supported  | none
        2  | engaged    | no_support_needed
        3  | arrived    | not_recorded
        4  | dispatched | cancelled
        5  | offered    | team_declined
        6  | eligible   | no_team
        7  | triaged    | ineligible_hours
        8  | received   | abandoned
        9  | received   | in_progress
        10 | received   | not_recorded
        11 | eligible   | not_recorded
        12 | eligible   | in_progress
    """)
    assert shown(
        funnel, "DailyFunnel", "StageOrder | StopReasonCode | StoppedCount", '"StageOrder" IN (1, 3)'
    ) == cells("""
        3 | in_progress  | 1
        3 | no_team      | 1
        3 | not_recorded | 1
        1 | abandoned    | 1
        1 | in_progress  | 1
        1 | not_recorded | 1
    """)


def test_a_later_stage_implies_the_earlier_ones(funnel: duckdb.DuckDBPyConnection) -> None:
    stages = (
        "CallCount | TriagedCount | EligibleCount | OfferedCount | DispatchedCount | ArrivedCount | EngagedCount"
        " | SupportedCount | AbandonedCount"
    )
    assert shown(funnel, "DailyCalls", stages) == cells("12 | 9 | 8 | 5 | 4 | 3 | 2 | 1 | 1")


def test_update_requests_incomplete_logs_duplicates_and_tests_are_no_calls_for_service() -> None:
    con = made(
        "2026-01-06T12:00:00Z",
        "Calls DataQuality Responses",
        incident="incident_id | incident_no | status | reported_at\n 1 | x | test | 2026-01-05 09:00",
        call="""
        call_id | call_no | kind           | incident_id | duplicate_of | call_arrival
        1       | a       | service        |             |              | 2026-01-05 09:00
        2       | a       | service        |             |              | 2026-01-05 09:00
        3       | b       | Update_Request |             |              | 2026-01-05 09:00
        4       | c       | incomplete     |             |              | 2026-01-05 09:00
        5       | d       | service        |             | 6            | 2026-01-05 09:00
        6       | e       | service        |             | 1            | 2026-01-05 09:00
        7       | f       | service        | 1           |              | 2026-01-05 09:00
        8       | g       | service        |             | 99           | 2026-01-05 09:00
        9       | h       | service        |             |              |
        10      | i       | oddity         |             |              | 2026-01-05 09:00
        """,
        unit_response="""
        response_id | call_id | unit_id | time_dispatch
        1           | 5       | u1      | 2026-01-05 09:05
        2           | 2       | u1      | 2026-01-05 09:05
        3           | 3       | u1      | 2026-01-05 09:05
        """,
    )
    assert shown(con, "Calls", "CallId | UnitCount") == cells("1 | 1 \n 8 | 0 \n 10 | 0")
    assert shown(con, "Responses", "ResponseId | CallId") == cells("1 | 1")
    assert shown(con, "DataQuality", "FieldName | FindingCode | AffectedCount | ExcludedCount", EXCLUSIONS) == cells("""
        call_arrival | missing_clock         | 1 | 1
        duplicate_of | orphan                | 1 | 0
        kind         | unmapped_code         | 1 | 0
        record       | duplicate_natural_key | 3 | 3
        record       | excluded_call         | 2 | 2
        record       | excluded_status       | 1 | 1
    """)


def test_diversion_from_911_needs_acceptance_completion_and_no_police() -> None:
    con = made(
        "2026-01-06T12:00:00Z",
        "DailyCalls Calls",
        call="""
        call_id | call_no | source | transfer_911_accepted | call_arrival     | closed_at        | resolved_by_phone
        1       | a       | 911    | true                  | 2026-01-05 09:00 | 2026-01-05 10:00 | false
        2       | b       | 911    | true                  | 2026-01-05 09:00 | 2026-01-05 10:00 | false
        3       | c       | 911    | false                 | 2026-01-05 09:00 | 2026-01-05 10:00 | false
        4       | d       | 211    | true                  | 2026-01-05 09:00 | 2026-01-05 10:00 | false
        5       | e       | 911    | true                  | 2026-01-05 09:00 | 2026-01-05 09:30 | true
        6       | f       | 911    | true                  | 2026-01-05 09:00 |                  | false
        7       | g       | 911    | true                  | 2026-01-05 09:00 | 2026-01-05 10:00 | false
        """,
        unit_response="""
        response_id | call_id | unit_id | time_dispatch    | time_on_scene    | time_unit_clear  | police_on_scene
        1           | 1       | u1      | 2026-01-05 09:05 | 2026-01-05 09:20 | 2026-01-05 09:50 | no
        2           | 2       | u1      | 2026-01-05 09:05 | 2026-01-05 09:20 | 2026-01-05 09:50 | no
        3           | 2       | u2      | 2026-01-05 09:05 | 2026-01-05 09:20 | 2026-01-05 09:50 | already_there
        4           | 3       | u1      | 2026-01-05 09:05 | 2026-01-05 09:20 | 2026-01-05 09:50 | no
        5           | 4       | u1      | 2026-01-05 09:05 | 2026-01-05 09:20 | 2026-01-05 09:50 | no
        6           | 6       | u1      | 2026-01-05 09:05 | 2026-01-05 09:20 |                  | no
        7           | 7       | u1      | 2026-01-05 09:05 | 2026-01-05 09:20 | 2026-01-05 09:50 |
        """,
    )
    assert shown(con, "Calls", "CallId", '"IsDiverted911"') == cells("1 \n 5")
    counts = "CallSourceCode | From911Count | Transfer911AcceptedCount | Diverted911Count | ResolvedByPhoneCount"
    assert shown(con, "DailyCalls", counts) == cells("""
        211 | 0 | 0 | 0 | 0
        911 | 6 | 5 | 2 | 1
    """)


def test_zero_seconds_to_the_answer_are_real_and_fifteen_are_within_fifteen() -> None:
    con = made(
        "2026-01-06T12:00:00Z",
        "DailyCalls",
        call="""
        call_id | call_no | call_arrival     | call_answering
        1       | a       | 2026-01-05 09:00 | 2026-01-05 09:00
        2       | b       | 2026-01-05 09:00 | 2026-01-05 09:00:15
        3       | c       | 2026-01-05 09:00 | 2026-01-05 09:00:15.001
        4       | d       | 2026-01-05 09:00 | 2026-01-05 08:59:59
        5       | e       | 2026-01-05 09:00 |
        """,
    )
    answers = "AnswerCount | AnswerMissingCount | AnswerInvalidCount | AnswerMsSum | AnsweredIn15sCount"
    assert shown(con, "DailyCalls", answers) == cells("3 | 1 | 1 | 30001 | 2")


def test_calls_without_a_place_of_their_own_lie_where_their_incident_lies() -> None:
    con = made(
        "2026-01-06T12:00:00Z",
        "Calls",
        area="area_id\n 001\n 002",
        location="location_id | area_word\n 1 | 001\n 2 | 002",
        incident="incident_id | incident_no | location_id | reported_at\n 1 | x | 1 | 2026-01-05 09:00",
        call="""
        call_id | call_no | incident_id | location_id | call_arrival
        1       | a       | 1           |             | 2026-01-05 09:00
        2       | b       | 1           | 2           | 2026-01-05 09:00
        3       | c       | 1           | 77          | 2026-01-05 09:00
        4       | d       |             |             | 2026-01-05 09:00
        """,
    )
    assert shown(con, "Calls", "CallId | AreaId") == cells("1 | 001 \n 2 | 002 \n 3 | 001 \n 4 | unknown")


@pytest.mark.parametrize(
    ("order", "codes"),
    [(OUTCOME_ORDER, "contact_outcome"), (DISPOSITION_ORDER, "disposition"), (POLICE_ORDER, "police_on_scene")],
)
def test_every_word_has_its_place_in_the_order(order: tuple[str, ...], codes: str) -> None:
    assert sorted(order) == sorted(CATALOGUE.codes[codes].labels())


def test_every_reason_to_stop_fits_some_stage() -> None:
    computed = {"none", "in_progress", "not_recorded"}
    assert set(STOP_REASON_FITS) | computed == set(CATALOGUE.codes["stop_reason"].labels())
