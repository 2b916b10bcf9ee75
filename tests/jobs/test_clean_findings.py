"""D15: every defect is counted on the day of its record; what is later than as-of is no defect but not known yet."""

from __future__ import annotations

from tests.helpers.source_tables import cells, figures, instant, made, parameters, shown, source, table

FOUND = "OperationalDate | FieldName | FindingCode | CheckedCount | AffectedCount | ExcludedCount"


def test_doubts_absurd_and_future_clocks_are_counted_and_left_out() -> None:
    con = made(
        "2026-03-10T12:00:00Z",
        "DataQuality Incidents Dates",
        incident="""
        incident_id | incident_no | type_code | reported_at      | notified_at          | occurred_from    | clock_flags
        1           | a           | shooting  | 2026-03-08 01:30 | 2026-03-08 03:30     | 2026-03-08 01:00 | notified_at:missing; occurred_from:ambiguous
        2           | b           | shooting  | 2026-03-08 04:00 | 2027-03-08 03:30     | 1926-03-08 01:00 |
        3           | c           | shooting  | 2026-03-09 04:00 | 2026-03-09 05:00     | 2026-03-01       | occurred_from:date_only;occurred_from:day_unknown
        4           | d           | shooting  | 2030-01-01 00:00 |                      |                  |
        5           | e           | shooting  |                  |                      |                  |
        """,
    )
    chosen = "\"FieldName\" NOT IN ('location_id', 'updated_at')"
    assert shown(con, "DataQuality", FOUND, chosen) == cells("""
        2019-12-31 | reported_at   | clock_in_future      | 2 | 1 | 1
        2019-12-31 | reported_at   | missing_clock        | 2 | 1 | 1
        2026-03-08 | needs_assessment_at | missing_clock  | 2 | 1 | 1
        2026-03-08 | notified_at   | clock_in_future      | 2 | 1 | 1
        2026-03-08 | notified_at   | missing_local_time   | 2 | 1 | 0
        2026-03-08 | occurred_from | ambiguous_local_time | 2 | 1 | 0
        2026-03-08 | occurred_from | clock_too_early      | 2 | 1 | 1
        2026-03-09 | needs_assessment_at | missing_clock  | 1 | 1 | 1
        2026-03-09 | occurred_from | date_without_time    | 1 | 1 | 1
        2026-03-09 | occurred_from | day_unknown          | 1 | 1 | 0
    """)
    assert shown(con, "Incidents", "IncidentNumber | OccurredAt | NotifiedAt") == cells("""
        a | 2026-03-08 06:00:00 | 2026-03-08 07:30:00
        b |                     |
        c |                     | 2026-03-09 09:00:00
    """)


def test_in_a_replay_later_clocks_are_no_defect() -> None:
    """The rows were recorded on 10 January and are asked as of the 2nd."""
    chosen = parameters("2026-01-02T12:00:00Z")
    rows = {
        "call": table("""
            call_id | call_no | call_arrival     | closed_at        | updated_at       | _first_recorded_at
            1       | a       | 2026-01-02 05:00 | 2026-01-05 09:00 | 2026-01-05 09:00 | 2026-01-10 09:00
            2       | b       | 2026-01-05 05:00 | 2026-01-05 09:00 | 2026-01-05 09:00 | 2026-01-10 09:00
        """)
    }
    con = source(rows, as_of=chosen.as_of, nights=[(instant("2026-01-10 09:00"), instant("2026-01-10 09:00"))])
    figures(con, chosen, "DataQuality", "Calls")
    assert shown(con, "Calls", "CallId | StopReasonCode") == cells("1 | in_progress")
    assert shown(con, "DataQuality", FOUND, "\"FindingCode\" IN ('clock_in_future', 'late_row')") == []
    assert set(shown(con, "DataQuality", "CheckedCount")) == {("1",)}


def test_a_row_is_late_when_a_night_after_24_hours_did_not_have_it() -> None:
    """Nights at 03:00 on the 6th, 7th and 8th. A first night proves nothing about its rows."""
    chosen = parameters("2026-01-08T08:00:00Z")
    nights = [(instant(f"2026-01-{day} 03:00"),) * 2 for day in ("06", "07", "08")]
    rows = {
        "call": table("""
            call_id | call_no | call_arrival        | updated_at       | _first_recorded_at   | _revised
            1       | a       | 2025-12-01 03:00    | 2025-12-01 03:00 | 2026-01-06 08:00:00Z | false
            2       | b       | 2026-01-06 03:00    | 2026-01-06 03:00 | 2026-01-08 08:00:00Z | false
            3       | c       | 2026-01-06 03:00:01 | 2026-01-06 03:01 | 2026-01-08 08:00:00Z | true
            4       | d       | 2026-01-04 03:00:00 | 2026-01-06 03:00 | 2026-01-07 08:00:00Z | false
        """)
    }
    con = source(rows, as_of=chosen.as_of, nights=nights, deleted={"call": 3, "shift": 2})
    figures(con, chosen, "DataQuality")
    chosen_findings = "\"FindingCode\" IN ('late_row', 'revised', 'deleted')"
    columns = "OperationalDate | ContractTable | FieldName | FindingCode | CheckedCount | AffectedCount"
    assert shown(con, "DataQuality", columns, chosen_findings) == cells("""
        2026-01-04 | call  | record     | late_row | 1 | 1
        2026-01-04 | call  | updated_at | late_row | 1 | 1
        2026-01-06 | call  | record     | late_row | 2 | 1
        2026-01-06 | call  | record     | revised  | 2 | 1
        2026-01-08 | call  | record     | deleted  | 3 | 3
        2026-01-08 | shift | record     | deleted  | 2 | 2
    """)


def test_intervals_out_of_order_words_and_links_are_counted() -> None:
    con = made(
        "2026-01-10T12:00:00Z",
        "DataQuality",
        team="team_code\n east",
        incident="incident_id | incident_no | type_code | reported_at | notified_at | needs_assessment_at | merged_into\n"
        " 1 | a | gun?     | 2026-01-05 09:00 | 2026-01-05 10:00 | 2026-01-05 09:30 |\n"
        " 2 | b | shooting | 2026-01-05 09:00 | 2026-01-05 10:00 | 2026-01-05 10:30 | 99",
        call="call_id | call_no | incident_id | call_arrival | call_answering | call_create | closed_at\n"
        " 1 | a | 77 | 2026-01-05 09:00 | 2026-01-05 08:59 | 2026-01-05 09:00 | 2026-01-05 10:00",
        unit_response="""
        response_id | call_id | unit_id | team_code | time_dispatch    | time_enroute_to_scene | time_on_scene    | time_engaged     | time_unit_clear
        1           | 1       | u1      | nobody    | 2026-01-05 08:55 | 2026-01-05 09:20      | 2026-01-05 09:10 | 2026-01-05 09:05 | 2026-01-05 09:50
        2           | 66      | u1      | east      | 2026-01-05 08:55 |                       |                  |                  |
        """,
    )
    columns = "ContractTable | FieldName | FindingCode | AffectedCount | ExcludedCount"
    orderly = "\"FindingCode\" IN ('clock_order', 'orphan', 'unmapped_code', 'reason_not_recorded')"
    assert shown(con, "DataQuality", columns, orderly) == cells("""
        call          | answer        | clock_order         | 1 | 1
        call          | incident_id   | orphan              | 1 | 0
        call          | processing    | clock_order         | 1 | 1
        call          | stop_reason   | reason_not_recorded | 1 | 0
        incident      | assessment    | clock_order         | 1 | 1
        incident      | merged_into   | orphan              | 1 | 0
        incident      | type_code     | unmapped_code       | 1 | 0
        unit_response | call_id       | orphan              | 1 | 1
        unit_response | team_code     | orphan              | 1 | 0
        unit_response | time_dispatch | clock_order         | 1 | 0
        unit_response | time_engaged  | clock_order         | 1 | 0
        unit_response | travel        | clock_order         | 1 | 1
    """)


def test_places_without_an_area_and_at_nowhere_are_counted_apart() -> None:
    con = made(
        "2026-01-10T12:00:00Z",
        "DataQuality",
        location="location_id | area_word | latitude | longitude\n 1 | Atlantis | 43.7 | -79.4\n 2 | | 0 | 0\n 3 | NSA | |",
        call="""
        call_id | call_no | location_id | call_arrival
        1       | a       | 1           | 2026-01-05 09:00
        2       | b       | 2           | 2026-01-05 09:00
        3       | c       | 3           | 2026-01-05 09:00
        4       | d       | 9           | 2026-01-05 09:00
        5       | e       |             | 2026-01-05 09:00
        """,
    )
    assert shown(
        con, "DataQuality", "FindingCode | CheckedCount | AffectedCount", "\"FieldName\" = 'location_id'"
    ) == cells("""
        area_missing | 5 | 2
        orphan       | 5 | 1
        point_zero   | 5 | 1
        unknown_area | 5 | 1
    """)
