"""D12 to D14 on small sources: cohorts by the day they began, what is due, and the backlog when a day ends."""

from __future__ import annotations

from tests.helpers.source_tables import cells, made, shown

CALL = "call_id | call_no | location_id | call_arrival\n 1 | a | 1 | 2026-01-05 08:00"
PLACE = {"area": "area_id\n 001", "location": "location_id | area_word\n 1 | 001", "team": "team_code\n east"}


def test_referrals_connect_within_thirty_days_or_are_not_mature() -> None:
    con = made(
        "2026-02-04T15:00:00Z",
        "DailyReferrals Referrals",
        **PLACE,
        call=CALL,
        unit_response="""
        response_id | call_id | team_code | time_dispatch    | time_on_scene    | time_unit_clear
        1           | 1       | east      | 2026-01-05 08:05 | 2026-01-05 08:20 | 2026-01-05 10:00
        """,
        person_contact="contact_id | response_id\n 1 | 1",
        referral="""
        referral_id | contact_id | service | made_at             | accepted_at      | declined_at      | connected_at
        1           | 1          | housing | 2026-01-05 10:00    | 2026-01-10 10:00 |                  | 2026-02-04 10:00
        2           | 1          | housing | 2026-01-05 09:59    |                  |                  | 2026-02-04 10:00
        3           | 1          | housing | 2026-01-05 10:00:01 | 2026-01-10 10:00 |                  | 2026-01-20 10:00
        4           | 1          | Housing | 2026-01-05 10:00    |                  | 2026-01-06 10:00 | 2026-01-05 09:00
        5           | 77         | ask Jo  | 2026-01-05 10:00    |                  |                  |
        6           |            | housing | 2026-01-05 10:00    |                  |                  |
        7           | 1          | housing |                     |                  |                  |
        8           | 1          | housing | 2026-02-05 10:00    |                  |                  |
        """,
    )
    columns = (
        "OperationalDate | AreaId | ServiceCode | ReferralCount | AcceptedCount | DeclinedCount | ConnectedCount"
        " | MatureReferralCount | MatureAcceptedCount | MatureConnectedCount | ConnectionInvalidCount | ConnectionMsSum"
    )
    assert shown(con, "DailyReferrals", columns) == cells("""
        2026-01-05 | 001     | housing | 4 | 2 | 1 | 3 | 3 | 1 | 1 | 1 | 6480059000
        2026-01-05 | unknown | unknown | 1 | 0 | 0 | 0 | 1 | 0 | 0 | 0 | 0
    """)
    assert shown(con, "Referrals", "ReferralId | ReferralStateCode") == cells("""
        1 | connected
        2 | connected
        3 | connected
        4 | connected
        5 | made
    """)


def test_follow_up_counts_consenting_engaged_users_whose_48_hours_have_elapsed() -> None:
    """As of 10:00 local on 8 January: contacts that ended by 10:00 on the 6th are due."""
    con = made(
        "2026-01-08T15:00:00Z",
        "DailyFollowUps FollowUps OpenItems",
        **PLACE,
        call=CALL,
        unit_response="""
        response_id | call_id | team_code | time_dispatch    | time_on_scene    | time_unit_clear
        1           | 1       | east      | 2026-01-05 08:05 | 2026-01-05 08:20 | 2026-01-06 10:00
        2           | 1       | east      | 2026-01-05 08:05 | 2026-01-05 08:20 | 2026-01-06 10:00:01
        3           | 1       | east      | 2026-01-05 08:05 | 2026-01-05 08:20 |
        """,
        person="person_key | merged_into\n 1 | \n 2 | \n 3 | 1\n 4 | \n 5 |\n 6 |",
        consent="""
        consent_id | person_key | purpose   | state   | given_at         | withdrawn_at
        1          | 1          | follow_up | refused | 2026-01-05 08:00 |
        2          | 1          | follow_up | given   | 2026-01-05 09:00 |
        3          | 2          | follow_up | given   | 2026-01-05 09:00 | 2026-01-07 09:00
        4          | 4          | follow_up | given   | 2026-01-05 09:00 | 2026-01-09 09:00
        5          | 5          | care      | given   | 2026-01-05 09:00 |
        """,
        person_contact="""
        contact_id | person_key | response_id | role         | engaged
        1          | 1          | 1           | service_user | true
        2          | 3          | 1           | service_user | true
        3          | 4          | 1           | service_user | true
        4          | 1          | 1           | service_user | true
        5          | 1          | 2           | service_user | true
        6          | 2          | 1           | service_user | true
        7          | 5          | 1           | service_user | true
        8          | 1          | 1           | family       | true
        9          | 1          | 1           | service_user | false
        10         | 1          | 3           | service_user | true
        """,
        follow_up="""
        follow_up_id | contact_id | attempt_no | due_at           | attempted_at     | reached_at       | result
        1            | 1          | 1          | 2026-01-08 10:00 | 2026-01-08 10:00 |                  | no_answer
        2            | 1          | 2          | 2026-01-08 10:00 |                  | 2026-01-07 10:00 | reached
        3            | 2          | 1          | 2026-01-08 10:00 | 2026-01-06 09:59 | 2026-01-06 11:00 | reached
        4            | 3          | 1          | 2026-01-08 10:00 |                  |                  | pending
        5            | 5          | 1          |                  | 2026-01-09 10:00 |                  | reached
        6            | 6          | 1          |                  |                  |                  | pending
        7            | 2          | 2          |                  | 2026-01-07 10:00 |                  | no_answer
        """,
    )
    columns = (
        "OperationalDate | AreaId | TeamCode | EngagedCount | ConsentGivenCount | ConsentRefusedCount"
        " | ConsentNotAskedCount | DueCount | AttemptedOnTimeCount | ReachedOnTimeCount | MissingCount | InvalidCount"
        " | NotDueCount"
    )
    assert shown(con, "DailyFollowUps", columns) == cells(
        "2026-01-06 | 001 | east | 7 | 5 | 1 | 1 | 4 | 1 | 2 | 2 | 1 | 1"
    )
    assert shown(con, "FollowUps", "FollowUpId | FollowUpResultCode | AttemptMs") == cells("""
        1 | no_answer | 172800000
        2 | reached   |
        3 | reached   |
        4 | pending   |
        5 | pending   |
        6 | pending   |
        7 | no_answer | 86400000
    """)
    assert shown(
        con, "OpenItems", "ItemNumber | DueAt | DueLocal | DueStateCode", "\"ItemKindCode\" = 'follow_up'"
    ) == cells("""
        4 | 2026-01-08 15:00:00 | 2026-01-08 10:00 (UTC-05:00) | late
        5 | 2026-01-08 15:00:01 | 2026-01-08 10:00 (UTC-05:00) | due_24h
    """)


def test_requests_are_due_by_due_at_and_wait_until_answered_or_closed() -> None:
    con = made(
        "2026-01-08T17:00:00Z",
        "DailyRequests Requests OpenItems",
        **PLACE,
        request="""
        request_id | request_no | kind  | team_code | received_at      | first_answer_at  | due_at           | closed_at
        1          | on time    | data  | east      | 2026-01-05 09:00 | 2026-01-06 09:00 | 2026-01-06 09:00 |
        2          | late       | data  | east      | 2026-01-05 09:00 | 2026-01-07 09:00 | 2026-01-06 09:00 |
        3          | unanswered | data  | east      | 2026-01-05 09:00 |                  | 2026-01-06 09:00 |
        4          | invalid    | data  | east      | 2026-01-05 09:00 | 2026-01-05 08:00 | 2026-01-06 09:00 |
        5          | not due    | data  | east      | 2026-01-08 09:00 |                  | 2026-01-09 09:00 |
        6          | closed     | data  | east      | 2026-01-05 09:00 |                  |                  | 2026-01-06 09:00
        7          | on time    | data  | east      | 2026-01-05 09:00 | 2026-01-06 09:00 | 2026-01-06 09:00 |
        8          | later      | media | west      | 2026-01-09 09:00 |                  |                  |
        9          | early due  | data  | east      | 2026-01-07 09:00 |                  | 2026-01-06 09:00 |
        """,
    )
    columns = (
        "OperationalDate | RequestKindCode | TeamCode | ReceivedCount | DueCount | AnsweredOnTimeCount | UnansweredCount"
        " | InvalidCount | BacklogCount | BacklogLateCount"
    )
    assert shown(con, "DailyRequests", columns) == cells("""
        2026-01-05 | data | east | 5 | 0 | 0 | 0 | 0 | 4 | 0
        2026-01-06 | data | east | 0 | 5 | 1 | 2 | 1 | 2 | 2
        2026-01-07 | data | east | 1 | 0 | 0 | 0 | 0 | 2 | 2
        2026-01-08 | data | east | 1 | 0 | 0 | 0 | 0 | 3 | 2
    """)
    assert shown(con, "Requests", "RequestId | AnswerMs | IsOnTime") == cells("""
        1 | 86400000  | True
        2 | 172800000 | False
        3 |           | False
        4 |           |
        6 |           |
        9 |           | False
        5 |           |
    """)
    assert shown(con, "OpenItems", "ItemNumber | DueStateCode | AgeMs") == cells("""
        early due  | late    | 97200000
        not due    | due_24h | 10800000
        unanswered | late    | 270000000
    """)


def test_supports_show_the_plan_until_they_are_held() -> None:
    con = made(
        "2026-01-08T17:00:00Z",
        "Supports",
        incident="incident_id | incident_no | status | reported_at | merged_into\n"
        " 1 | a | open | 2026-01-05 09:00 | \n 2 | b | merged | 2026-01-05 09:00 | 1",
        support="""
        support_id | incident_id | kind  | planned_at       | held_at
        1          | 2           | vigil | 2026-01-06 18:00 | 2026-01-07 18:00
        2          | 1           | vigil | 2026-01-12 18:00 |
        3          | 1           | vigil | 2026-01-08 09:00 | 2026-01-08 18:00
        4          | 9           | vigil | 2026-01-06 18:00 |
        """,
    )
    assert shown(con, "Supports", "SupportId | IncidentId | OperationalDate | HeldAt") == cells("""
        1 | 1 | 2026-01-07 | 2026-01-07 23:00:00
        3 | 1 | 2026-01-08 |
        2 | 1 | 2026-01-12 |
    """)
