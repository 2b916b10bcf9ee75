"""HourlyActivity: how often each hour of the week really happened, and how many events it saw."""

from __future__ import annotations

from tests.helpers.source_tables import cells, made, shown

CELLS = "Weekday | Hour | EventCount | HoursObserved | MeanPerHour | LowPerHour | HighPerHour"


def where(period: str, *hours: int) -> str:
    chosen = ", ".join(map(str, hours))
    return f'"ActivityCode" = \'calls\' AND "PeriodCode" = \'{period}\' AND "Weekday" = 7 AND "Hour" IN ({chosen})'


def test_the_hour_that_is_skipped_and_the_hour_that_is_doubled() -> None:
    spring = made(
        "2026-03-16T12:00:00Z",
        "HourlyActivity",
        call="call_id | call_no | call_arrival\n 1 | a | 2026-03-02 10:00\n 2 | b | 2026-03-08 01:30\n 3 | c | 2026-03-15 03:30",
    )
    assert shown(spring, "HourlyActivity", CELLS, where("all", 1, 2, 3)) == cells("""
        7 | 1 | 1 | 2 | 0.5000 | 0.0065 | 2.7819
        7 | 2 | 0 | 1 | 0.0000 | 0.0000 | 3.6680
        7 | 3 | 1 | 2 | 0.5000 | 0.0065 | 2.7819
    """)
    autumn = made(
        "2026-11-02T12:00:00Z",
        "HourlyActivity",
        call="call_id | call_no | call_arrival\n 1 | a | 2026-10-26 00:00\n 2 | b | 2026-11-01 01:30\n 3 | c | 2026-11-01 01:30*",
    )
    assert shown(autumn, "HourlyActivity", CELLS, where("all", 1, 2)) == cells("""
        7 | 1 | 2 | 2 | 1.0000 | 0.1123 | 3.6104
        7 | 2 | 0 | 1 | 0.0000 | 0.0000 | 3.6680
    """)


def test_only_whole_weeks_count_and_a_period_does_not_reach_back_before_the_first_event() -> None:
    con = made(
        "2026-01-29T12:00:00Z",
        "HourlyActivity",
        call="""
        call_id | call_no | call_arrival
        1       | before  | 2026-01-06 10:00
        2       | first   | 2026-01-18 10:00
        3       | second  | 2026-01-25 10:30
        4       | running | 2026-01-26 10:00
        """,
    )
    for period in ("12w", "52w", "all"):
        assert shown(con, "HourlyActivity", CELLS, where(period, 10)) == cells(
            "7 | 10 | 2 | 2 | 1.0000 | 0.1123 | 3.6104"
        )
    empty = "\"ActivityCode\" = 'violent_incidents'"
    assert set(shown(con, "HourlyActivity", "EventCount | HoursObserved | HighPerHour", empty)) == {
        ("0", "0", "0.0000")
    }
    assert len(shown(con, "HourlyActivity", "Hour")) == 3 * 2 * 168


def test_local_texts_tell_the_two_readings_of_the_doubled_hour_apart() -> None:
    con = made("2026-11-01T12:00:00Z", "HourlyActivity")
    asked = (
        "2026-11-01 05:30:00 | 2026-11-01 01:30 (UTC-04:00)",
        "2026-11-01 06:30:00 | 2026-11-01 01:30 (UTC-05:00)",
        "2026-07-01 03:59:59 | 2026-06-30 23:59 (UTC-04:00)",
    )
    for line in asked:
        instant, expected = line.split(" | ")
        assert con.execute("SELECT local_text(CAST(? AS TIMESTAMP))", [instant]).fetchone() == (expected,)
    assert con.execute("SELECT local_text(CAST(NULL AS TIMESTAMP)), offset_text(330)").fetchone() == (
        None,
        " (UTC+05:30)",
    )
