"""Times of a row: what is read, what is doubtful and flagged, what is no time at all and says what to do."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from jobs.source.csv.clocks import BadValue, ClockReader, Zone
from jobs.source.csv.library import load
from jobs.source.csv.mapping import Clock, Mapping

TORONTO = ZoneInfo("America/Toronto")
wall = datetime.fromisoformat


def mapping_of(clocks: dict[str, Clock], **options: str) -> Mapping:
    """A mapping of which only the clocks matter."""
    words = {"title": "", "publisher": "", "licence": "", "attribution": "", "city": "", "grain_note": ""}
    return Mapping(zone="America/Toronto", grain="event", tables={}, clocks=clocks, **words, **options)  # type: ignore[arg-type]


def read(clock: Clock, cells: dict[str, str | None], **options: str) -> tuple[str | None, tuple[str, ...]]:
    """One clock of one row: UTC as text, and its doubts."""
    problems: list[BadValue] = []
    moment = ClockReader(mapping_of({"c": clock}, **options)).read(cells, problems)["c"]
    if problems:
        raise problems[0]
    return (moment.at.isoformat(" ") if moment.at else None), moment.doubts


TYPED = Clock(column="t", formats=("iso", "%d/%m/%Y %H:%M", "%m-%d-%y", "epoch_ms"))
GOOD = """
typed                     | UTC                 | doubts      | why
2026-01-31 14:05:06       | 2026-01-31 19:05:06 |             | winter is five hours behind
2026-07-31T14:05          | 2026-07-31 18:05:00 |             | summer is four
31/01/2026 14:05          | 2026-01-31 19:05:00 |             | the second format
2026-01-31 14:05:06Z      | 2026-01-31 14:05:06 |             | an offset wins over the zone
2026-01-31 14:05:06+01:00 | 2026-01-31 13:05:06 |             |
1769886306000             | 2026-01-31 19:05:06 |             | milliseconds since 1970, UTC
2026-01-31                | 2026-01-31 05:00:00 | date_only   | a day without a time keeps its day
02-03-26                  | 2026-02-03 05:00:00 | date_only   |
2026-01-31 00:00:00       | 2026-01-31 05:00:00 |             | a midnight, where the mapping says so
2026-11-01 01:30:00       | 2026-11-01 05:30:00 | ambiguous   | happens twice: the first one is taken
2026-11-01 00:59:59       | 2026-11-01 04:59:59 |             | the second before
2026-11-01 02:00:00       | 2026-11-01 07:00:00 |             | the hour is over
2026-03-08 02:30:00       | 2026-03-08 07:30:00 | missing     | never happens: kept, as 03:30
2026-03-08 03:00:00       | 2026-03-08 07:00:00 |             |
                          | None                |             | nothing typed is nothing known
"""


@pytest.mark.parametrize("line", GOOD.strip().splitlines()[1:])
def test_a_time_is_read_as_the_table_says(line: str) -> None:
    typed, utc, doubts, _ = (cell.strip() for cell in line.split("|"))
    at, found = read(TYPED, {"t": typed or None})
    assert (str(at), ",".join(found)) == (utc, doubts)


def test_the_second_reading_of_a_doubled_hour_can_be_asked_for() -> None:
    assert read(TYPED, {"t": "2026-11-01 01:30:00"}, doubled_hour="second") == ("2026-11-01 06:30:00", ("ambiguous",))


def test_a_midnight_typed_by_people_is_a_date_without_a_time() -> None:
    assert read(TYPED, {"t": "2026-01-31 00:00:00"}, midnight="no_time") == ("2026-01-31 05:00:00", ("date_only",))
    assert read(TYPED, {"t": "2026-01-31 00:00:01"}, midnight="no_time")[1] == ()


@pytest.mark.parametrize(
    "typed", ["yesterday", "25:00", "2026-01-31 25:00:00", "2026-02-30 10:00:00", "2026-13-01", "31/01/2026 24:30", "-"]
)
def test_what_is_no_time_is_refused_with_what_to_do(typed: str) -> None:
    with pytest.raises(BadValue) as refused:
        read(Clock(column="t", formats=("iso", "%d/%m/%Y %H:%M")), {"t": typed})
    assert (refused.value.column, refused.value.value, refused.value.reason) == ("t", typed, "no such moment")
    assert "%d/%m/%Y %H:%M" in refused.value.advice


PARTS = """
date       | hour | UTC                 | doubts    | why
2026-01-31 | 14   | 2026-01-31 19:00:00 |           |
2026-01-31 | 0    | 2026-01-31 05:00:00 |           | an hour of 0 is midnight, and real
2026-01-31 | 7.0  | 2026-01-31 12:00:00 |           | as spreadsheets write it beside empty cells
2026-01-31 |      | 2026-01-31 05:00:00 | date_only | the day still counts
2026-11-01 | 1    | 2026-11-01 05:00:00 | ambiguous |
           | 14   | None                |           |
"""


@pytest.mark.parametrize("line", PARTS.strip().splitlines()[1:])
def test_a_date_and_an_hour_make_a_clock(line: str) -> None:
    day, hour, utc, doubts, _ = (cell.strip() for cell in line.split("|"))
    at, found = read(Clock(date="d", hour="h"), {"d": day or None, "h": hour or None})
    assert (str(at), ",".join(found)) == (utc, doubts)


@pytest.mark.parametrize("hour", ["24", "-1", "7.5", "noon"])
def test_an_hour_that_no_day_has_is_refused(hour: str) -> None:
    with pytest.raises(BadValue, match="not an hour"):
        read(Clock(date="d", hour="h"), {"d": "2026-01-31", "h": hour})


def test_a_date_and_a_time_make_a_clock() -> None:
    clock = Clock(date="d", time="t")
    assert read(clock, {"d": "2026-01-31", "t": "14:05"}) == ("2026-01-31 19:05:00", ())
    assert read(clock, {"d": "2026-01-31", "t": None}) == ("2026-01-31 05:00:00", ("date_only",))
    with pytest.raises(BadValue, match="no such time of day"):
        read(clock, {"d": "2026-01-31", "t": "25:00"})


WEEKDAY = Clock(year="y", month="m", weekday="w", hour="h")


def test_a_month_and_a_weekday_stand_on_the_first_such_day_and_say_that_the_day_is_unknown() -> None:
    cells: dict[str, str | None] = {"y": "2014", "m": "January", "w": "Tuesday", "h": "9"}
    assert read(WEEKDAY, cells) == ("2014-01-07 14:00:00", ("day_unknown",))
    assert read(WEEKDAY, cells | {"w": "Wed", "m": "1"}) == ("2014-01-01 14:00:00", ("day_unknown",))
    assert read(WEEKDAY, cells | {"h": None}) == ("2014-01-07 05:00:00", ("date_only", "day_unknown"))
    assert read(WEEKDAY, cells | {"y": None}) == (None, ())
    for column, wrong in (("m", "Janvier"), ("w", "Someday"), ("y", "14")):
        with pytest.raises(BadValue) as refused:
            read(WEEKDAY, cells | {column: wrong})
        assert (refused.value.column, refused.value.value) == (column, wrong)


@given(st.integers(1900, 2199), st.integers(1, 12), st.integers(0, 6), st.integers(0, 23))
def test_the_day_that_stands_in_has_the_right_month_weekday_and_hour(y: int, m: int, w: int, h: int) -> None:
    names = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
    problems: list[BadValue] = []
    cells = {"y": str(y), "m": str(m), "w": names[w], "h": str(h)}
    moment = ClockReader(mapping_of({"c": WEEKDAY})).read(cells, problems)["c"]
    assert moment.wall is not None
    assert (moment.wall.year, moment.wall.month, moment.wall.weekday(), moment.wall.hour) == (y, m, w, h)
    assert moment.wall.day <= 7


def first_known(cells: dict[str, str | None]) -> tuple[str | None, tuple[str, ...]]:
    lane = load("lane_county_mobile_crisis")
    empty: dict[str, str | None] = {f"{name}_date_time": None for name in LANE}
    problems: list[BadValue] = []
    moment = ClockReader(lane).read(empty | {f"{name}_date_time": cell for name, cell in cells.items()}, problems)
    assert not problems
    known = moment["first_known"]
    return (known.at.isoformat(" ") if known.at else None), known.doubts


LANE = ("dispatch_request", "dispatch", "arrival_on_scene", "engagement_with_client", "mcit_departure")


def test_a_clock_that_stands_in_for_another_gives_its_day_and_is_flagged() -> None:
    assert first_known({"dispatch_request": "2025-01-31 10:00:00"}) == ("2025-01-31 18:00:00", ())
    assert first_known({"dispatch": "2025-01-31 10:00:00"}) == ("2025-01-31 18:00:00", ("date_only",))
    late = {"dispatch_request": "2025-01-31 00:00:00", "arrival_on_scene": "2025-01-31 10:00:00"}
    assert first_known(dict(late)) == ("2025-01-31 18:00:00", ("date_only",)), "one with a time goes first"
    assert first_known({}) == ("2024-08-18 07:00:00", ("date_only", "day_unknown"))


WALLS = st.datetimes(wall("2000-01-01"), wall("2040-01-01"))


@given(
    WALLS, st.sampled_from(["America/Toronto", "America/Los_Angeles", "Europe/London", "Australia/Lord_Howe", "UTC"])
)
@example(wall("2026-11-01 01:30"), "America/Toronto")
@example(wall("2026-03-08 02:30"), "America/Toronto")
@example(wall("2026-04-05 01:45"), "Australia/Lord_Howe")
def test_remembered_offsets_never_differ_from_the_zone_itself(typed: datetime, name: str) -> None:
    zone = Zone(name, "first")
    zone.moment(typed.replace(hour=12))  # fills the memory of that day
    moment = zone.moment(typed)
    assert moment.at == typed.replace(tzinfo=ZoneInfo(name)).astimezone(UTC).replace(tzinfo=None)
    back = moment.at.replace(tzinfo=UTC).astimezone(ZoneInfo(name)).replace(tzinfo=None)
    assert (back != typed) == ("missing" in moment.doubts)
    again = typed.replace(tzinfo=ZoneInfo(name), fold=1).utcoffset() != typed.replace(tzinfo=ZoneInfo(name)).utcoffset()
    assert again == bool(moment.doubts)


def test_no_wall_time_of_a_whole_year_is_misread() -> None:
    zone = Zone("America/Toronto", "first")
    moment = wall("2026-01-01")
    while moment.year == 2026:
        assert zone.moment(moment).at == moment.replace(tzinfo=TORONTO).astimezone(UTC).replace(tzinfo=None)
        moment += timedelta(minutes=30)
