"""D9 to D11 on small sources: response times of calls, never of units, with what is missing, invalid and still waiting."""

from __future__ import annotations

from tests.helpers.source_tables import cells, made, shown

FIRST_ARRIVAL = (
    "OperationalDate | DispatchedCallCount | UnitResponseCount | FirstArrivalCount | FirstArrivalMissingCount"
    " | FirstArrivalInvalidCount | FirstArrivalMsSum"
)


def test_the_first_arrival_of_any_unit_counts_once_for_the_call() -> None:
    con = made(
        "2026-01-06T12:00:00Z",
        "DailyResponses Calls Responses",
        team="team_code\n east\n west",
        call="""
        call_id | call_no | call_arrival     | call_create      | ready_at         | call_answering
        1       | a       | 2026-01-05 09:00 | 2026-01-05 09:01 | 2026-01-05 09:03 | 2026-01-05 09:00
        """,
        unit_response="""
        response_id | call_id | unit_id | team_code | time_dispatch    | time_enroute_to_scene | time_on_scene    | time_unit_clear
        1           | 1       | u1      | west      | 2026-01-05 09:06 | 2026-01-05 09:07      | 2026-01-05 09:40 | 2026-01-05 10:00
        2           | 1       | u2      | East      | 2026-01-05 09:05 | 2026-01-05 09:05      | 2026-01-05 09:50 | 2026-01-05 10:30
        3           | 1       | u3      | west      | 2026-01-05 09:10 |                       |                  | 2026-01-05 09:20
        """,
    )
    assert shown(con, "DailyResponses", FIRST_ARRIVAL) == cells("2026-01-05 | 1 | 3 | 1 | 0 | 0 | 2340000")
    assert shown(con, "Calls", "TeamCode | ProcessingMs | QueueMs | FirstArrivalMs | OnSceneMs") == cells(
        "east | 300000 | 120000 | 2340000 | 3000000"
    )
    assert shown(con, "Responses", "ResponseId | TeamCode | TurnoutMs | TravelMs | CommittedMs") == cells("""
        1 | west | 60000 | 1980000 | 3240000
        2 | east | 0     | 2700000 | 5100000
        3 | west |       |         | 600000
    """)


def test_what_is_missing_or_out_of_order_stands_beside_the_valid_intervals() -> None:
    con = made(
        "2026-01-06T12:00:00Z",
        "DailyResponses Calls",
        call="""
        call_id | call_no  | call_arrival     | call_create      | clock_flags
        1       | valid    | 2026-01-05 09:00 | 2026-01-05 09:00 |
        2       | zero     | 2026-01-05 09:00 | 2026-01-05 09:00 |
        3       | negative | 2026-01-05 09:00 | 2026-01-05 09:00 |
        4       | no clock | 2026-01-05 23:50 |                  |
        5       | midnight | 2026-01-05 23:59 | 2026-01-06 00:00 |
        6       | date     | 2026-01-05 09:00 | 2026-01-05       | call_create:date_only
        """,
        unit_response="""
        response_id | call_id | unit_id | time_dispatch    | time_on_scene    | time_unit_clear  | clock_flags
        1           | 1       | u1      | 2026-01-05 09:05 | 2026-01-05 09:10 | 2026-01-05 10:00 |
        2           | 2       | u1      | 2026-01-05 09:00 | 2026-01-05 09:00 | 2026-01-05 10:00 |
        3           | 3       | u1      | 2026-01-05 09:05 | 2026-01-05 08:59 | 2026-01-05 10:00 |
        4           | 3       | u2      | 2026-01-05 09:05 | 2026-01-05 09:30 | 2026-01-05 10:00 |
        5           | 4       | u1      | 2026-01-05 23:55 | 2026-01-06 00:30 | 2026-01-06 01:00 |
        6           | 5       | u1      | 2026-01-06 00:05 | 2026-01-06       | 2026-01-06 01:00 | time_on_scene:date_only
        7           | 6       | u1      | 2026-01-05 09:05 | 2026-01-05 09:10 | 2026-01-05 10:00 |
        """,
    )
    assert shown(con, "DailyResponses", FIRST_ARRIVAL) == cells("""
        2026-01-05 | 5 | 6 | 2 | 2 | 1 | 600000
        2026-01-06 | 1 | 1 | 0 | 1 | 0 | 0
    """)
    assert shown(con, "Calls", "CallId | StageCode | IsWithinTarget") == cells("""
        1 | arrived | True
        2 | arrived | True
        3 | arrived |
        4 | arrived |
        5 | arrived |
        6 | arrived |
    """)


def test_waiting_and_cancelled_calls_can_miss_the_target() -> None:
    """As of 10:01 local on the day; target 60 min."""
    con = made(
        "2026-01-05T15:01:00Z",
        "DailyResponses Calls OpenItems",
        call="""
        call_id | call_no            | call_arrival     | call_create      | closed_at
        1       | met                | 2026-01-05 07:00 | 2026-01-05 07:00 | 2026-01-05 09:00
        2       | missed             | 2026-01-05 07:00 | 2026-01-05 07:00 | 2026-01-05 09:00
        3       | cancelled in time  | 2026-01-05 07:00 | 2026-01-05 07:00 | 2026-01-05 09:00
        4       | cancelled too late | 2026-01-05 07:00 | 2026-01-05 07:00 | 2026-01-05 09:00
        5       | waiting too long   | 2026-01-05 09:00 | 2026-01-05 09:00 |
        6       | waiting            | 2026-01-05 09:01 | 2026-01-05 09:01 |
        7       | nothing recorded   | 2026-01-05 07:00 | 2026-01-05 07:00 | 2026-01-05 09:00
        8       | arrives later      | 2026-01-05 08:00 | 2026-01-05 08:00 | 2026-01-05 11:00
        """,
        unit_response="""
        response_id | call_id | unit_id | time_dispatch    | time_on_scene    | time_canceled_enroute | time_unit_clear
        1           | 1       | u1      | 2026-01-05 07:05 | 2026-01-05 08:00 |                       | 2026-01-05 08:30
        2           | 2       | u1      | 2026-01-05 07:05 | 2026-01-05 08:01 |                       | 2026-01-05 08:30
        3           | 3       | u1      | 2026-01-05 07:05 |                  | 2026-01-05 08:00      | 2026-01-05 08:30
        4           | 4       | u1      | 2026-01-05 07:05 |                  | 2026-01-05 08:01      | 2026-01-05 08:30
        5           | 5       | u1      | 2026-01-05 09:05 |                  |                       |
        6           | 6       | u1      | 2026-01-05 09:05 |                  |                       |
        7           | 7       | u1      | 2026-01-05 07:05 |                  |                       | 2026-01-05 08:30
        8           | 8       | u1      | 2026-01-05 08:05 | 2026-01-05 10:30 |                       | 2026-01-05 10:45
        """,
    )
    assert shown(con, "Calls", "CallId | IsWithinTarget") == cells("""
        1 | True
        2 | False
        3 |
        4 | False
        5 | False
        6 |
        7 |
        8 | False
    """)
    counts = "FirstArrivalMissingCount | WaitingCount | CancelledCount | TargetDueCount | WithinTargetCount"
    assert shown(con, "DailyResponses", counts) == cells("6 | 3 | 2 | 5 | 1")
    assert shown(con, "OpenItems", "ItemNumber | DueAt | DueStateCode") == cells("""
        arrives later    | 2026-01-05 14:00:00 | late
        waiting          | 2026-01-05 15:01:00 | late
        waiting too long | 2026-01-05 15:00:00 | late
    """)


def test_equal_rows_are_one_response_but_units_without_a_call_sign_may_be_two() -> None:
    tables = {
        "call": "call_id | call_no | call_arrival\n 1 | a | 2026-01-05 09:00\n 2 | b | 2026-01-05 09:00",
        "unit_response": """
        response_id | call_id | unit_id | time_dispatch
        1           | 1       | u1      | 2026-01-05 09:05
        2           | 1       | u1      | 2026-01-05 09:05
        3           | 1       | u1      | 2026-01-05 09:06
        4           | 2       |         | 2026-01-05 09:05
        5           | 2       |         | 2026-01-05 09:05
        """,
    }
    assert shown(made("2026-01-06T12:00:00Z", "Responses", **tables), "Responses", "ResponseId") == cells("1\n3\n4\n5")
    everything = made("2026-01-06T12:00:00Z", "Responses", profile="published", **tables)
    assert shown(everything, "Responses", "ResponseId") == cells("1\n2\n3\n4\n5")


def test_the_published_profile_cuts_responses_at_twelve_hours_and_says_so() -> None:
    tables = {
        "call": """
        call_id | call_no | call_arrival     | call_create
        1       | a       | 2026-01-05 08:00 | 2026-01-05 08:00
        2       | b       | 2026-01-05 08:00 | 2026-01-05 08:00
        """,
        "unit_response": """
        response_id | call_id | time_dispatch    | time_on_scene
        1           | 1       | 2026-01-05 08:00 | 2026-01-05 20:00
        2           | 2       | 2026-01-05 08:00 | 2026-01-05 20:00:00.001
        """,
    }
    published = made("2026-01-06T12:00:00Z", "DailyResponses DataQuality", profile="published", **tables)
    assert shown(published, "DailyResponses", FIRST_ARRIVAL) == cells("2026-01-05 | 2 | 2 | 1 | 0 | 1 | 43200000")
    assert shown(published, "DataQuality", "FieldName | AffectedCount", "\"FindingCode\" = 'too_long'") == cells(
        "first_arrival | 1"
    )
    ours = made("2026-01-06T12:00:00Z", "DailyResponses", **tables)
    assert shown(ours, "DailyResponses", FIRST_ARRIVAL) == cells("2026-01-05 | 2 | 2 | 2 | 0 | 0 | 86400001")


def test_percentiles_are_exact_over_each_period() -> None:
    """Arrivals after 10, 20, 30 and 45 minutes; p90 lies at 0.7 of the way from 30 to 45."""
    con = made(
        "2026-02-02T12:00:00Z",
        "ResponsePercentiles",
        call="""
        call_id | call_no | priority | call_arrival     | call_create
        1       | a       | 1        | 2026-01-05 09:00 | 2026-01-05 09:00
        2       | b       | 1        | 2026-01-05 23:30 | 2026-01-05 23:30
        3       | c       | 2        | 2026-01-06 09:00 | 2026-01-06 09:00
        4       | d       | 2        | 2026-01-11 09:00 | 2026-01-11 09:00
        5       | e       | 2        | 2026-01-11 09:00 | 2026-01-11 09:00
        """,
        unit_response="""
        response_id | call_id | time_dispatch    | time_on_scene
        1           | 1       | 2026-01-05 09:05 | 2026-01-05 09:10
        2           | 2       | 2026-01-05 23:35 | 2026-01-05 23:50
        3           | 3       | 2026-01-06 09:05 | 2026-01-06 09:30
        4           | 4       | 2026-01-11 09:05 | 2026-01-11 09:45
        5           | 5       | 2026-01-11 09:05 |
        """,
    )
    columns = "OperationalDate | PeriodCode | CutValue | ValueCount | MissingCount | P50Ms | P90Ms | MaxMs"
    where = "\"IntervalCode\" = 'first_arrival' AND \"CutCode\" <> 'team' AND ({})"
    assert shown(con, "ResponsePercentiles", columns, where.format("\"PeriodCode\" = 'day'")) == cells("""
        2026-01-05 | day | city | 2 | 0 | 900000  | 1140000 | 1200000
        2026-01-05 | day | 1    | 2 | 0 | 900000  | 1140000 | 1200000
        2026-01-06 | day | city | 1 | 0 | 1800000 | 1800000 | 1800000
        2026-01-06 | day | 2    | 1 | 0 | 1800000 | 1800000 | 1800000
        2026-01-11 | day | city | 1 | 1 | 2700000 | 2700000 | 2700000
        2026-01-11 | day | 2    | 1 | 1 | 2700000 | 2700000 | 2700000
    """)
    week = (
        "\"PeriodCode\" = '7d' AND \"CutCode\" = 'city' AND \"OperationalDate\" BETWEEN '2026-01-10' AND '2026-01-13'"
    )
    assert shown(con, "ResponsePercentiles", columns, where.format(week)) == cells("""
        2026-01-10 | 7d | city | 3 | 0 | 1200000 | 1680000 | 1800000
        2026-01-11 | 7d | city | 4 | 1 | 1500000 | 2430000 | 2700000
        2026-01-12 | 7d | city | 2 | 1 | 2250000 | 2610000 | 2700000
        2026-01-13 | 7d | city | 1 | 1 | 2700000 | 2700000 | 2700000
    """)
    longer = "\"PeriodCode\" IN ('month', 'year', 'all') AND \"CutCode\" = 'city'"
    assert shown(con, "ResponsePercentiles", columns, where.format(longer)) == cells("""
        2026-01-31 | month | city | 4 | 1 | 1500000 | 2430000 | 2700000
        2026-02-02 | all   | city | 4 | 1 | 1500000 | 2430000 | 2700000
        2026-02-02 | year  | city | 4 | 1 | 1500000 | 2430000 | 2700000
    """)
    intervals = shown(con, "ResponsePercentiles", "P50LowMs | P50HighMs | P90LowMs | P90HighMs")
    assert set(intervals) == {("", "", "", "")}  # fewer than 6 values bound nothing


def test_one_outcome_and_one_disposition_a_call_the_gravest_first() -> None:
    con = made(
        "2026-01-06T12:00:00Z",
        "DailyOutcomes",
        call="""
        call_id | call_no | call_arrival     | call_create
        1       | a       | 2026-01-05 09:00 | 2026-01-05 09:00
        2       | b       | 2026-01-05 09:00 | 2026-01-05 09:00
        3       | c       | 2026-01-05 09:00 | 2026-01-05 09:00
        4       | d       | 2026-01-05 09:00 | 2026-01-05 09:00
        """,
        unit_response="""
        response_id | call_id | unit_id | time_dispatch    | time_on_scene    | time_canceled_enroute | time_unit_clear  | contact_outcome  | disposition           | police_requested | ems_requested
        1           | 1       | u1      | 2026-01-05 09:05 | 2026-01-05 09:20 |                       | 2026-01-05 10:00 | unable_to_locate | remained_in_community | true             | false
        2           | 1       | u2      | 2026-01-05 09:05 | 2026-01-05 09:25 |                       | 2026-01-05 10:00 | engaged          | emergency_department  | false            | true
        3           | 2       | u1      | 2026-01-05 09:05 | 2026-01-05 09:20 |                       | 2026-01-05 10:00 | declined         |                       | false            | false
        4           | 3       | u1      | 2026-01-05 09:05 |                  | 2026-01-05 09:15      | 2026-01-05 09:15 |                  |                       | true             | false
        5           | 4       | u1      | 2026-01-05 09:05 | 2026-01-05 09:20 |                       | 2026-01-05 10:00 | see notes        |                       | false            | false
        """,
        person_contact="""
        contact_id | response_id | role         | engaged | contact_outcome | disposition
        1          | 1           | family       | true    | engaged         | arrest
        2          | 5           | service_user | true    |                 |
        """,
    )
    columns = (
        "ContactOutcomeCode | DispositionCode | DispatchedCallCount | ArrivedCount | EngagedCount"
        " | PoliceRequestedCount | EmsRequestedCount"
    )
    assert shown(con, "DailyOutcomes", columns) == cells("""
        cancelled | none                 | 1 | 0 | 0 | 0 | 0
        declined  | none                 | 1 | 1 | 0 | 0 | 0
        engaged   | emergency_department | 1 | 1 | 1 | 1 | 1
        engaged   | unknown              | 1 | 1 | 1 | 0 | 0
    """)
