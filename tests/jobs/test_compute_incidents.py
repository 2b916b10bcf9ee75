"""D1 to D4 on small sources: which incidents count, on which local day, and how they stand when a day ends."""

from __future__ import annotations

import pytest

from tests.helpers.source_tables import cells, made, shown

COUNTS = "OperationalDate | IncidentTypeCode | IncidentCount | IncidentOccurredCount | IncidentClosedCount | OpenIncidentCount"


def test_days_are_local_also_when_clocks_change() -> None:
    con = made(
        "2026-03-10T12:00:00Z",
        "DailyIncidents",
        incident="""
        incident_id | incident_no | type_code | reported_at           | closed_at
        1           | a           | shooting  | 2026-03-07 23:59      | 2026-03-08 00:00
        2           | b           | stabbing  | 2026-03-08 04:59:59Z  | 2026-03-08 05:00:00Z
        3           | c           | homicide  | 2026-03-08 05:00:00Z  | 2026-03-09 03:59:59Z
        4           | d           | swarming  | 2026-03-09 04:00:00Z  | 2026-03-09 04:00:00Z
        """,
    )
    assert shown(con, "DailyIncidents", COUNTS) == cells("""
        2026-03-07 | shooting | 1 | 0 | 0 | 1
        2026-03-07 | stabbing | 1 | 0 | 0 | 1
        2026-03-08 | homicide | 1 | 0 | 1 | 0
        2026-03-08 | shooting | 0 | 0 | 1 | 0
        2026-03-08 | stabbing | 0 | 0 | 1 | 0
        2026-03-09 | swarming | 1 | 0 | 1 | 0
    """)


def test_the_day_on_which_clocks_go_back_has_25_hours() -> None:
    con = made(
        "2026-11-03T12:00:00Z",
        "DailyIncidents Dates",
        incident="""
        incident_id | incident_no | type_code | reported_at          | closed_at
        1           | a           | shooting  | 2026-11-01 04:00:00Z | 2026-11-02 04:59:59Z
        2           | b           | shooting  | 2026-11-01 01:30     | 2026-11-01 01:30*
        """,
    )
    assert shown(con, "DailyIncidents", COUNTS) == cells("2026-11-01 | shooting | 2 | 0 | 2 | 0")
    assert shown(con, "Dates", "OperationalDate | HoursInDay | Weekday | DaysBeforeAsOf | IsProvisional") == cells("""
        2026-11-01 | 25 | 7 | 2 | True
        2026-11-02 | 24 | 1 | 1 | True
        2026-11-03 | 24 | 2 | 0 | True
    """)


def test_merged_incidents_follow_the_chain_and_repeated_numbers_count_once() -> None:
    con = made(
        "2026-01-10T12:00:00Z",
        "Incidents Calls",
        incident="""
        incident_id | incident_no | status    | type_code | reported_at      | merged_into
        1           | a           | merged    | shooting  | 2026-01-01 10:00 | 2
        2           | b           | merged    | shooting  | 2026-01-02 10:00 | 3
        3           | c           | open      | shooting  | 2026-01-03 10:00 |
        4           | c           | open      | shooting  | 2026-01-03 10:00 |
        5           | d           | void      | shooting  | 2026-01-04 10:00 |
        6           | e           | duplicate | shooting  | 2026-01-04 10:00 |
        7           | f           | test      | shooting  | 2026-01-04 10:00 |
        8           | g           | merged    | shooting  | 2026-01-05 10:00 | 9
        9           | h           | merged    | shooting  | 2026-01-05 10:00 | 8
        10          | i           | open      | shooting  | 2026-01-06 10:00 | 99
        """,
        call="""
        call_id | call_no | incident_id | call_arrival
        1       | k       | 1           | 2026-01-01 10:00
        2       | l       | 4           | 2026-01-03 10:00
        3       | m       | 5           | 2026-01-04 10:00
        4       | n       | 7           | 2026-01-04 10:00
        """,
    )
    assert shown(con, "Incidents", "IncidentId | OperationalDate | CallCount") == cells("""
        3  | 2026-01-03 | 2
        10 | 2026-01-06 | 0
    """)
    assert shown(con, "Calls", "CallId | IncidentId") == cells("""
        1 | 3
        2 | 3
        3 |
    """)


def test_a_merge_into_an_incident_that_is_not_known_yet_has_not_happened_yet() -> None:
    con = made(
        "2026-01-02T12:00:00Z",
        "Incidents",
        incident="""
        incident_id | incident_no | status | reported_at      | merged_into
        1           | a           | merged | 2026-01-01 10:00 | 2
        2           | b           | open   | 2026-01-03 10:00 |
        """,
    )
    assert shown(con, "Incidents", "IncidentId | StatusCode") == cells("1 | open")


def test_reopening_undoes_the_closing_and_an_unknown_closing_is_in_no_stock() -> None:
    con = made(
        "2026-01-05T12:00:00Z",
        "DailyIncidents Incidents",
        incident="""
        incident_id | incident_no | type_code | status   | reported_at      | closed_at        | reopened_at
        1           | a           | shooting  | reopened | 2026-01-01 10:00 | 2026-01-02 10:00 | 2026-01-04 10:00
        2           | b           | stabbing  | closed   | 2026-01-01 10:00 | 2026-01-04 10:00 | 2026-01-02 10:00
        3           | c           | homicide  | closed   | 2026-01-01 10:00 |                  |
        """,
    )
    assert shown(con, "DailyIncidents", COUNTS) == cells("""
        2026-01-01 | homicide | 1 | 0 | 0 | 0
        2026-01-01 | shooting | 1 | 0 | 0 | 1
        2026-01-01 | stabbing | 1 | 0 | 0 | 1
        2026-01-02 | shooting | 0 | 0 | 0 | 1
        2026-01-02 | stabbing | 0 | 0 | 0 | 1
        2026-01-03 | shooting | 0 | 0 | 0 | 1
        2026-01-03 | stabbing | 0 | 0 | 0 | 1
        2026-01-04 | shooting | 0 | 0 | 0 | 1
        2026-01-04 | stabbing | 0 | 0 | 1 | 0
        2026-01-05 | shooting | 0 | 0 | 0 | 1
    """)
    assert shown(con, "Incidents", "IncidentId | StatusCode | IsOpen") == cells("""
        1 | reopened | True
        2 | closed   | False
        3 | closed   | False
    """)


def test_age_is_over_seven_days_only_after_168_hours() -> None:
    incident = """
        incident_id | incident_no | reported_at      | closed_at
        1           | a           | 2026-01-01 12:00 |
        2           | closed soon | 2026-01-01 12:00 | 2026-01-02 12:00
        """
    ages = "OperationalDate | OpenIncidentCount | OpenOver7DaysCount | OpenOver30DaysCount"
    exact = made("2026-01-08T17:00:00Z", "DailyIncidents", incident=incident)
    assert shown(exact, "DailyIncidents", ages, "\"OperationalDate\" = '2026-01-08'") == cells("2026-01-08 | 1 | 0 | 0")
    later = made("2026-01-08T17:00:00.001Z", "DailyIncidents", incident=incident)
    assert shown(later, "DailyIncidents", ages, "\"OperationalDate\" >= '2026-01-07'") == cells("""
        2026-01-07 | 1 | 0 | 0
        2026-01-08 | 1 | 1 | 0
    """)


def test_assessment_is_judged_once_its_window_has_elapsed() -> None:
    con = made(
        "2026-01-03T15:00:00Z",
        "DailyIncidents Incidents",
        incident="""
        incident_id | incident_no | type_code | reported_at      | notified_at          | needs_assessment_at
        1           | on time     | shooting  | 2026-01-02 08:00 | 2026-01-02 10:00     | 2026-01-03 10:00
        2           | late        | shooting  | 2026-01-01 08:00 | 2026-01-01 10:00     | 2026-01-02 10:00:01
        3           | missing     | shooting  | 2026-01-01 08:00 | 2026-01-01 10:00     |
        4           | invalid     | shooting  | 2026-01-01 08:00 | 2026-01-01 10:00     | 2026-01-01 09:59:59
        5           | not due     | shooting  | 2026-01-02 08:00 | 2026-01-02 10:00:01  | 2026-01-02 11:00
        6           | at once     | shooting  | 2026-01-01 08:00 | 2026-01-01 10:00     | 2026-01-01 10:00
        7           | not told    | shooting  | 2026-01-01 08:00 |                      | 2026-01-01 10:00
        8           | crisis      | crisis    | 2026-01-01 08:00 | 2026-01-01 10:00     |
        """,
    )
    assert shown(con, "Incidents", "IncidentNumber | AssessmentStateCode | AssessmentMs") == cells("""
        late     | late           | 86401000
        missing  | missing        |
        invalid  | invalid        |
        at once  | on_time        | 0
        not told | not_applicable |
        crisis   | not_applicable |
        on time  | on_time        | 86400000
        not due  | not_due        | 3599000
    """)
    due = (
        "OperationalDate | AssessmentDueCount | AssessmentOnTimeCount | AssessmentLateCount | AssessmentMissingCount"
        " | AssessmentInvalidCount | AssessmentNotDueCount"
    )
    assert shown(con, "DailyIncidents", due, '"AssessmentDueCount" + "AssessmentNotDueCount" > 0') == cells("""
        2026-01-01 | 4 | 1 | 1 | 1 | 1 | 0
        2026-01-02 | 1 | 1 | 0 | 0 | 0 | 1
    """)


def test_a_date_without_a_time_gives_the_day_but_no_interval() -> None:
    tables = {
        "incident": """
        incident_id | incident_no | type_code | reported_at | notified_at      | occurred_from    | clock_flags
        1           | a           | shooting  | 2026-01-05  | 2026-01-05 09:00 | 2026-01-05       | reported_at:date_only;occurred_from:date_only
        """
    }
    columns = "IncidentNumber | OperationalDate | OccurredAt | NotificationDelayMs"
    ours = made("2026-01-20T12:00:00Z", "Incidents DailyIncidents HourlyActivity", **tables)
    assert shown(ours, "Incidents", columns) == cells("a | 2026-01-05 | | ")
    assert shown(ours, "DailyIncidents", "IncidentCount | IncidentOccurredCount", '"IncidentCount" = 1') == cells(
        "1 | 1"
    )
    assert shown(ours, "HourlyActivity", "EventCount", '"EventCount" > 0') == []
    theirs = made("2026-01-20T12:00:00Z", "Incidents HourlyActivity", profile="published", **tables)
    assert shown(theirs, "Incidents", columns) == cells("a | 2026-01-05 | 2026-01-05 05:00:00 | 32400000")
    assert shown(theirs, "HourlyActivity", "Weekday | Hour", '"EventCount" > 0 AND "PeriodCode" = \'12w\'') == cells(
        "1 | 0"
    )


@pytest.mark.parametrize(
    ("recorded", "expected"),
    [
        ("harm: none, severity: , fatal: 0, injured: 0", "none"),
        ("harm: none, severity: life_threatening, fatal: 0, injured: 0", "injured"),
        ("harm: injured, severity: , fatal: 1, injured: 0", "fatal"),
        ("harm: , severity: no_injury, fatal: 0, injured: 0", "none"),
        ("harm: , severity: , fatal: 0, injured: 2", "injured"),
        ("harm: hurt?, severity: , fatal: 0, injured: 0", "unknown"),
    ],
)
def test_the_worst_harm_that_anything_says_counts(recorded: str, expected: str) -> None:
    harm, severity, fatal, injured = (part.split(":")[1].strip() for part in recorded.split(","))
    con = made(
        "2026-01-20T12:00:00Z",
        "Incidents",
        incident=f"""
        incident_id | incident_no | reported_at      | harm   | severity   | fatal_count | injured_count
        1           | a           | 2026-01-05 10:00 | {harm} | {severity} | {fatal}     | {injured}
        """,
    )
    assert shown(con, "Incidents", "HarmCode") == [(expected,)]


def test_kinds_keep_their_family_and_areas_tell_nsa_from_nothing() -> None:
    con = made(
        "2026-01-20T12:00:00Z",
        "Incidents Areas",
        area="area_id | name | kind\n 007 | Harbour |\n 012 | Hill | ward",
        code_value="""
        code_value_id | code_list     | source_code | code
        1             | incident_type | GUN  CALL   | shooting
        2             | area          | old harbour | 007
        """,
        location="""
        location_id | area_word   | latitude | longitude
        1           | 007         | 43.7     | -79.4
        2           | NSA         | 0        | 0
        3           | Outside     |          |
        4           | Atlantis    |          |
        5           |             |          |
        6           | Old Harbour |          |
        """,
        incident="""
        incident_id | incident_no | family           | type_code  | type_final_code | location_id | reported_at
        1           | a           | violent_critical | shooting   | homicide        | 1           | 2026-01-05 10:00
        2           | b           | violent_critical | gun call   |                 | 2           | 2026-01-05 10:00
        3           | c           | violent_critical | riddle     |                 | 3           | 2026-01-05 10:00
        4           | d           | person_in_crisis |            |                 | 4           | 2026-01-05 10:00
        5           | e           | violent_critical | overdose   |                 | 5           | 2026-01-05 10:00
        6           | f           | transit          |            |                 | 6           | 2026-01-05 10:00
        7           | g           | violent_critical | shooting   | riddle          |             | 2026-01-05 10:00
        """,
    )
    assert shown(con, "Incidents", "IncidentNumber | FamilyCode | IncidentTypeCode | AreaId") == cells("""
        a | violent_critical | homicide        | 007
        b | violent_critical | shooting        | nsa
        c | violent_critical | unknown_violent | outside
        d | person_in_crisis | unknown_crisis  | unknown
        e | person_in_crisis | overdose        | unknown
        f | unknown          | unknown         | 007
        g | violent_critical | unknown_violent | unknown
    """)
    assert shown(con, "Areas", "AreaId | AreaKindCode") == cells("""
        007     | neighbourhood
        012     | neighbourhood
        nsa     | special
        outside | special
        unknown | special
    """)


def test_what_happens_after_as_of_is_not_known_yet() -> None:
    con = made(
        "2026-01-02T12:00:00Z",
        "Incidents OpenItems DataQuality",
        incident="""
        incident_id | incident_no | type_code | status | reported_at      | notified_at      | needs_assessment_at | closed_at
        1           | a           | shooting  | closed | 2026-01-02 05:00 | 2026-01-02 06:00 | 2026-01-02 08:00    | 2026-01-03 09:00
        2           | b           | shooting  | open   | 2026-01-02 08:00 |                  |                     |
        """,
    )
    assert shown(con, "Incidents", "IncidentNumber | StatusCode | IsOpen | NeedsAssessmentAt") == cells(
        "a | open | True |"
    )
    assert shown(con, "OpenItems", "ItemKindCode | ItemNumber | DueAt | DueStateCode | AgeMs") == cells("""
        assessment | a | 2026-01-03 11:00:00 | due_24h | 3600000
        incident   | a |                     | no_due  | 7200000
    """)
