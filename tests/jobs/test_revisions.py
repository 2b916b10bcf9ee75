"""Past days that change: which nights changed them, how complete a day is by its age, and how long it is provisional."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import duckdb
import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from jobs.refresh.check import check
from jobs.refresh.parameters import Parameters
from tests.helpers.revision_oracle import TABLES, Night, Version, tell
from tests.helpers.source_tables import cells, figures, instant, parameters, published, shown, source, table

VIEWS = ("Revisions", "Completeness", "Dates", "Snapshots")
REVISED = "OperationalDate | ContractTable | RevisedOn | AddedCount | ChangedCount | DeletedCount"
AT_AGE = "AgeDays | DayCount | RecordCount | KnownCount | SettledCount"


def nightly(first: str, number: int) -> list[Night]:
    """So many nights at 02:15 in Toronto from the local day `first` on."""
    begin = datetime.fromisoformat(first)
    when = [instant(f"{begin + timedelta(days=n):%Y-%m-%d} 02:15") for n in range(number)]
    return [(moment, moment) for moment in when]


def played(nights: Sequence[Night], text: str, as_of: str | None = None) -> duckdb.DuckDBPyConnection:
    """The views after `nights`; each line of `text` is one version: of what, seen by the night of which day, what it says.

    `day`: the wall clock of the record; `of`: contract table and number.
    """
    chosen = parameters(as_of or nights[-1][1].replace(tzinfo=UTC))
    by_day = {f"{instant_day(recorded)}": recorded for recorded, _ in nights}
    versions = []
    for row in table(text):
        name, number = str(row["of"]).split()
        clock = instant(str(row["clock"])) if "clock" in row else None
        updated = instant(str(row["updated"])) if "updated" in row else clock or datetime(2026, 1, 3, 12)  # noqa: DTZ001
        versions.append((name, int(number), by_day[str(row["night"])], row.get("op", "put"), clock, updated))
    con = source({}, as_of=chosen.as_of, nights=nights, versions=versions)
    figures(con, chosen, *VIEWS)
    return con


def instant_day(recorded: datetime) -> str:
    return f"{recorded - timedelta(hours=5):%Y-%m-%d}"


def test_late_changed_moved_and_deleted_records_are_counted_on_the_day_that_they_change() -> None:
    """Nights on 10 to 14 January. A night changes what the night before had seen whole; its own day is not whole."""
    con = played(
        nightly("2026-01-10", 5),
        """
        of     | night      | op   | clock            | what becomes of it
        call 1 | 2026-01-11 | put  | 2026-01-10 12:00 | in time: the 10th was not whole for the night before
        call 2 | 2026-01-12 | put  | 2026-01-10 12:00 | late
        call 3 | 2026-01-12 | put  | 2026-01-11 12:00 | in time, changed the night after, deleted the last night
        call 3 | 2026-01-13 | put  | 2026-01-11 12:00 |
        call 3 | 2026-01-14 | gone |                  |
        call 4 | 2026-01-11 | put  | 2026-01-10 09:00 | moved from the 10th to the 11th
        call 4 | 2026-01-13 | put  | 2026-01-11 09:00 |
        call 5 | 2026-01-10 | put  | 2025-12-01 09:00 | of before the first night: changed, not late
        call 5 | 2026-01-14 | put  | 2025-12-01 09:00 |
        call 6 | 2026-01-12 | put  | 2026-01-11 23:00 | gone and back
        call 6 | 2026-01-13 | gone |                  |
        call 6 | 2026-01-14 | put  | 2026-01-11 23:00 |
        incident 1 | 2026-01-12 | put | 2026-01-11 10:00 | merged: the record changed
        incident 1 | 2026-01-14 | put | 2026-01-11 10:00 |
        """,
    )
    assert shown(con, "Revisions", REVISED) == cells("""
        2025-12-01 | call     | 2026-01-14 | 0 | 1 | 0
        2026-01-10 | call     | 2026-01-12 | 1 | 0 | 0
        2026-01-10 | call     | 2026-01-13 | 0 | 1 | 0
        2026-01-11 | call     | 2026-01-13 | 0 | 2 | 1
        2026-01-11 | call     | 2026-01-14 | 1 | 0 | 1
        2026-01-11 | incident | 2026-01-14 | 0 | 1 | 0
    """)
    assert shown(con, "Dates", "OperationalDate", "\"OperationalDate\" < '2025-12-03'") == cells("""
        2025-12-01
        2025-12-02
    """), "the calendar reaches back to a day that was only ever revised"


def test_a_record_without_a_usable_clock_counts_on_the_day_of_its_last_change() -> None:
    con = played(
        nightly("2026-01-10", 4),
        """
        of     | night      | op  | clock            | updated          | what becomes of it
        call 1 | 2026-01-13 | put |                  | 2026-01-11 08:00 | no clock
        call 2 | 2026-01-13 | put | 1926-01-11 08:00 | 2026-01-11 08:00 | a clock that cannot be
        call 3 | 2026-01-11 | put | 2062-01-11 08:00 | 2026-01-10 08:00 | still to come, so on no day, until it is put right
        call 3 | 2026-01-13 | put | 2026-01-10 08:00 | 2026-01-12 08:00 |
        call 4 | 2026-01-11 | put | 2026-01-10 08:00 | 2026-01-10 08:00 | the other way round
        call 4 | 2026-01-13 | put | 2062-01-10 08:00 | 2026-01-12 08:00 |
        """,
    )
    assert shown(con, "Revisions", REVISED) == cells("""
        2026-01-10 | call | 2026-01-13 | 0 | 2 | 0
        2026-01-11 | call | 2026-01-13 | 2 | 0 | 0
    """)


def test_days_are_the_citys_also_when_clocks_change() -> None:
    """23:30 on the day before and 00:30 on the day after are an hour apart, and two days."""
    con = played(
        nightly("2026-03-07", 4),
        """
        of     | night      | op  | clock
        call 1 | 2026-03-10 | put | 2026-03-07 23:30
        call 2 | 2026-03-10 | put | 2026-03-08 00:30
        call 3 | 2026-03-10 | put | 2026-03-09 00:30
        """,
    )
    assert shown(con, "Revisions", REVISED) == cells("""
        2026-03-07 | call | 2026-03-10 | 1 | 0 | 0
        2026-03-08 | call | 2026-03-10 | 1 | 0 | 0
    """)


def test_a_clock_that_ran_ahead_for_a_night_makes_nothing_late() -> None:
    """The night of the 11th was taken with a clock a year ahead: the night after it sees yesterday in time."""
    nights = nightly("2026-01-10", 4)
    ahead = nights[1][1] + timedelta(days=365)
    tick = timedelta(milliseconds=1)
    jumped = [nights[0], (ahead, ahead), (ahead + tick, nights[2][1]), (ahead + 2 * tick, nights[3][1])]
    chosen = parameters(nights[3][1].replace(tzinfo=UTC))
    noon = instant("2026-01-11 12:00")
    versions: list[Version] = [
        ("call", 1, jumped[2][0], "put", noon, noon),
        ("call", 2, jumped[3][0], "put", noon + timedelta(days=1), noon),
        ("call", 3, jumped[3][0], "put", noon, noon),
        ("call", 4, jumped[2][0], "put", noon + timedelta(hours=13), noon),  # of that night's own day
    ]
    con = source({}, as_of=chosen.as_of, nights=jumped, versions=versions)
    figures(con, chosen, *VIEWS)
    assert shown(con, "Revisions", REVISED) == cells("""
        2026-01-11 | call | 2026-01-12 | 1 | 0 | 0
        2026-01-11 | call | 2026-01-13 | 1 | 0 | 0
    """), "one row of the first night after it, no more"


def test_days_after_as_of_are_not_told_of_though_nights_with_a_clock_ahead_have_seen_them() -> None:
    nights = nightly("2026-01-10", 4)
    year = timedelta(days=365)
    jumped = [(nights[n][1] + year, nights[n][1] + (year if n < 3 else timedelta())) for n in range(4)]
    chosen = parameters(nights[3][1].replace(tzinfo=UTC))
    noon = instant("2026-01-11 12:00")
    versions: list[Version] = [
        ("call", 1, jumped[2][0], "put", noon + timedelta(days=90), noon),
        ("call", 2, jumped[2][0], "put", noon, noon),
    ]
    con = source({}, as_of=chosen.as_of, nights=jumped, versions=versions)
    figures(con, chosen, *VIEWS)
    assert shown(con, "Revisions", REVISED) == cells("2026-01-11 | call | 2027-01-12 | 1 | 0 | 0")


def test_nights_of_the_last_400_days_are_told_of() -> None:
    begin = datetime(2025, 1, 1)  # noqa: DTZ001
    nights = nightly("2025-01-01", 403)
    when = {number: recorded for number, (recorded, _) in enumerate(nights)}
    clock = instant(f"{begin - timedelta(days=9):%Y-%m-%d} 12:00")
    versions: list[Version] = [("call", n, when[n], "put", clock, clock) for n in (1, 2, 3, 402)]
    chosen = parameters(nights[-1][1].replace(tzinfo=UTC))
    con = source({}, as_of=chosen.as_of, nights=nights, versions=versions)
    figures(con, chosen, *VIEWS)
    assert [row[2] for row in shown(con, "Revisions", REVISED)] == ["2025-01-04", "2026-02-07"]


def test_completeness_follows_whole_lives() -> None:
    """Nights for 40 days from 1 January on: at the last, the days from the 2nd to the 12th are 28 days old and more."""
    con = played(
        nightly("2026-01-01", 40),
        """
        of     | night      | op   | clock            | what becomes of it
        call 1 | 2026-01-01 | put  | 2025-12-31 20:00 | of before the first night: not followed
        call 1 | 2026-01-20 | put  | 2025-12-31 20:00 |
        call 2 | 2026-01-02 | put  | 2026-01-02 01:00 | known at age 0, settled at 3
        call 2 | 2026-01-05 | put  | 2026-01-02 01:00 |
        call 3 | 2026-01-13 | put  | 2026-01-12 10:00 | at 1, deleted at 5
        call 3 | 2026-01-17 | gone |                  |
        call 4 | 2026-01-14 | put  | 2026-01-13 10:00 | one day too young
        call 5 | 2026-02-09 | put  | 2026-01-03 10:00 | known at age 37
        call 6 | 2026-01-04 | put  |                  | of no day of its own: not followed
        """,
    )
    ages = '"ContractTable" = \'call\' AND "AgeDays" IN (0, 1, 2, 3, 5, 28, 29, 37, 39)'
    assert shown(con, "Completeness", AT_AGE, ages) == cells("""
        0  | 11 | 3 | 1 | 0
        1  | 11 | 3 | 2 | 0
        2  | 11 | 3 | 2 | 0
        3  | 11 | 3 | 2 | 1
        5  | 11 | 3 | 2 | 2
        28 | 11 | 3 | 2 | 2
        29 | 10 | 2 | 1 | 1
        37 | 2  | 2 | 2 | 2
        39 | 0  | 0 | 0 | 0
    """)
    assert len(shown(con, "Completeness", AT_AGE)) == len(TABLES) * 61


def a_city(nights: Sequence[Night], *, late: int, calls: int) -> list[Version]:
    """So many calls a day, all but one known the morning after, the last one `late` days after its day."""
    made: list[Version] = []
    when = [recorded for recorded, _ in nights]
    for number, recorded in enumerate(when[:-1]):
        for call in range(calls):
            seen = number + (late if call == 0 else 1)
            if seen < len(when):
                clock = recorded + timedelta(hours=8)
                made.append(("call", calls * number + call, when[seen], "put", clock, clock))
    return made


PROVISIONAL = """
    nights | calls | late | days | learned | why
    57     | 50    | 4    | 4    | True    | 49 in 50 the morning after are too few; the second to the 29th day were followed
    56     | 50    | 4    | 7    | False   | one of 28 days has not been followed for 28 days
    57     | 50    | 1    | 1    | True    | everything is known the morning after
    57     | 101   | 4    | 1    | True    | 100 in 101 are enough
    95     | 10    | 40   | 40   | True    | one in ten becomes known at an age of 40 days
    57     | 10    | 29   | 61   | True    | nothing says when: longer than has been followed
    1      | 10    | 1    | 7    | False   | a first night has seen nothing happen
"""


@pytest.mark.parametrize("line", PROVISIONAL.strip().splitlines()[1:], ids=lambda line: " ".join(line.split("|")[:3]))
def test_a_day_is_provisional_as_long_as_past_nights_say_and_until_then_as_declared(line: str) -> None:
    number, calls, late, days, learned, _ = (cell.strip() for cell in line.split("|"))
    nights = nightly("2026-01-01", int(number))
    chosen = parameters(nights[-1][1].replace(tzinfo=UTC))
    versions = a_city(nights, late=int(late), calls=int(calls))
    con = source({}, as_of=chosen.as_of, nights=nights, versions=versions)
    figures(con, chosen, "Dates")
    assert shown(con, "Dates", "ProvisionalDays | IsProvisionalLearned", '"DaysBeforeAsOf" = 0') == [(days, learned)]
    marked = published(con, "Dates", "DaysBeforeAsOf", where='"IsProvisional"')
    assert {before for (before,) in marked} <= set(range(int(days)))


@st.composite
def histories(draw: st.DrawFn) -> tuple[list[Night], list[Version], datetime]:
    """Nights around both changes of summer time, some missed, some with a clock astray, and lives of records."""
    begin = instant(draw(st.sampled_from(("2025-02-20", "2025-10-20"))))
    moment, recorded = begin, begin
    nights: list[Night] = []
    for _ in range(draw(st.sampled_from((1, 2, 3, 8, 40, 70)))):
        moment += timedelta(hours=draw(st.sampled_from((24, 24, 24, 24, 2, 23, 49))))
        astray = timedelta(hours=draw(st.sampled_from((0,) * 30 + (-24, 24 * 365))))
        recorded = max(moment + astray, recorded + timedelta(milliseconds=1))
        nights.append((recorded, moment + astray))
    versions: list[Version] = []
    moments = st.integers(-10, 24 * 75).map(lambda hours: begin + timedelta(hours=hours, minutes=30))
    clocks = st.one_of(st.none(), moments, moments, moments, st.just(begin - timedelta(days=36500)))
    for key in range(draw(st.integers(0, 25))):
        held = False
        for index in sorted(draw(st.sets(st.integers(0, len(nights) - 1), min_size=1, max_size=4))):
            op = draw(st.sampled_from(("put", "put", "put", "gone"))) if held else "put"
            clock = draw(clocks) if op == "put" else None
            versions.append((draw_table(key), key, nights[index][0], op, clock, draw(moments)))
            held = op == "put"
    first = nights[0][0]
    touched = {(name, key) for name, key, at, *_ in versions if at > first}
    return nights, [version for version in versions if version[:2] in touched], nights[-1][1]


def draw_table(key: int) -> str:
    return ("call", "incident", "call", "request")[key % 4]


CASES = int(os.environ.get("CRISIS_GENERATED_CASES", "300")) // 6


def told(con: duckdb.DuckDBPyConnection, chosen: Parameters) -> tuple[object, ...]:
    columns = ("OperationalDate", "ContractTable", "RecordedAt", "RevisedOn")
    revisions = published(con, "Revisions", *columns, "AddedCount", "ChangedCount", "DeletedCount")
    completeness = published(con, "Completeness")
    (provisional,) = set(published(con, "Dates", "ProvisionalDays", "IsProvisionalLearned"))
    assert chosen.zone == "America/Toronto"
    return revisions, completeness, provisional


@settings(max_examples=CASES, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(histories())
def test_every_row_equals_the_oracle(generated: tuple[list[Night], list[Version], datetime]) -> None:
    nights, versions, as_of = generated
    note(f"{nights}\n{versions}")
    chosen = parameters(as_of.replace(tzinfo=UTC))
    con = source({}, as_of=chosen.as_of, nights=nights, versions=versions)
    figures(con, chosen)
    wanted = tell(versions, nights, as_of, chosen.zone)
    assert told(con, chosen) == (wanted.revisions, wanted.completeness, wanted.provisional)
    failed = [result.check for result in check(con, chosen) if result.outcome == "failed"]
    assert failed == []
