"""When the night is due, in city time, with a stopped clock: twice a year the hour is missing or there twice.

Toronto: forward on 2026-03-08, 02:00 EST -> 03:00 EDT; back on 2026-11-01, 02:00 EDT -> 01:00 EST.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, time, timedelta

import pytest

from jobs.schedule.nights import AGAIN, PAUSE, TRIES, Seen, due, last_due, next_due, plan
from models.clock import local_day, parse_instant

TORONTO = "America/Toronto"


def instant(text: str) -> datetime:
    """`2026-03-08 07:30`, UTC."""
    return parse_instant(f"{text.replace(' ', 'T')}:00Z")


DUE = """
zone               | hour  | night      | due, UTC         | in words
America/Toronto    | 02:30 | 2026-03-07 | 2026-03-07 07:30 | winter
America/Toronto    | 02:30 | 2026-03-08 | 2026-03-08 07:30 | does not exist: 03:30 of summer
America/Toronto    | 02:30 | 2026-03-09 | 2026-03-09 06:30 | summer
America/Toronto    | 01:30 | 2026-11-01 | 2026-11-01 05:30 | there twice: the first
America/Toronto    | 01:30 | 2026-11-02 | 2026-11-02 06:30 | winter
America/Toronto    | 00:00 | 2026-03-08 | 2026-03-08 05:00 | midnight
America/Toronto    | 23:59 | 2026-12-31 | 2027-01-01 04:59 | the last minute of the year
America/Toronto    | 00:00 | 2027-01-01 | 2027-01-01 05:00 | the first one
America/Santiago   | 00:00 | 2026-09-06 | 2026-09-06 04:00 | midnight does not exist
Australia/Lord_Howe| 02:15 | 2026-10-04 | 2026-10-03 15:45 | forward by half an hour
Asia/Kathmandu     | 02:15 | 2026-02-01 | 2026-01-31 20:30 | never changes
"""


@pytest.mark.parametrize("line", DUE.strip().splitlines()[1:])
def test_the_instant_of_a_night(line: str) -> None:
    zone, hour, night, wanted, _ = (cell.strip() for cell in line.split("|"))
    found = due(datetime.fromisoformat(night).date(), time.fromisoformat(hour), zone)
    assert found == instant(wanted)
    assert last_due(found, time.fromisoformat(hour), zone) == found
    assert next_due(found - timedelta(milliseconds=1), time.fromisoformat(hour), zone) == found


def run(started: datetime, state: str = "published", code: str | None = None, trigger: str = "schedule") -> Seen:
    """A run of five minutes that read the source when it began."""
    return Seen(started, started + timedelta(minutes=5), trigger, state, code, started)


ZONES = ("America/Toronto", "America/Santiago", "Australia/Lord_Howe", "Africa/Casablanca", "Pacific/Apia", "UTC")


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("hour", ["00:00", "01:30", "02:15", "02:30", "23:45"])
def test_every_minute_of_three_years_gives_one_run_a_day(zone: str, hour: str) -> None:
    """The clock is moved in steps of 15 minutes; each run that is planned ends well."""
    moment, end = instant("2025-12-30 00:00"), instant("2029-01-02 00:00")
    good = moment - timedelta(days=1)
    runs = [run(last_due(moment, time.fromisoformat(hour), zone))]
    begun: list[datetime] = []
    while moment < end:
        found = plan(moment, time.fromisoformat(hour), zone, runs[-2:], good)
        if found.begin:
            assert found.why == "", "nothing was missed"
            begun.append(moment)
            runs.append(run(moment))
            good = moment
            moment += timedelta(minutes=15)
        else:  # nothing can change before
            moment += max(timedelta(minutes=15), (found.at - moment) // timedelta(minutes=15) * timedelta(minutes=15))
    days = [local_day(each, zone) for each in begun]
    assert len(set(days)) == len(days)
    assert len(days) >= (days[-1] - days[0]).days + 1, "no day of the city went without"


PLANS = """
now (UTC)        | runs since, earliest first                                                      | good      | plan               | because
03-10 06:14      | 03-09 06:15 published                                                           | yesterday | wait 03-10 06:15   |
03-10 06:15      | 03-09 06:15 published                                                           | yesterday | begin              |
03-10 06:16      | 03-10 06:15 published                                                           | tonight   | wait 03-11 06:15   |
03-10 06:16      | 03-10 06:15 unchanged                                                           | tonight   | wait 03-11 06:15   |
03-10 18:00      | 03-09 06:15 published                                                           | yesterday | begin              | 1 night was missed
03-13 18:00      | 03-09 06:15 published                                                           | yesterday | begin              | 4 nights were missed
03-13 18:01      | 03-13 18:00 published                                                           | tonight   | wait 03-14 06:15   |
03-10 18:00      | -                                                                               | never     | begin              | nothing has been published
03-10 06:00      | -                                                                               | never     | begin              | nothing has been published
03-10 06:25      | 03-10 06:15 failed SourceUnreachable                                            | yesterday | wait 03-10 06:30   | try 2 of 3
03-10 06:30      | 03-10 06:15 failed SourceUnreachable                                            | yesterday | begin              | try 2 of 3
03-10 06:45      | 03-10 06:15 failed SourceUnreachable, 03-10 06:30 failed Interrupted            | yesterday | begin              | try 3 of 3
03-10 07:30      | 03-10 06:15 failed Interrupted, 03-10 06:30 failed Interrupted, 03-10 06:45 failed InternalError | yesterday | wait 03-11 06:15 | failed 3 times
03-10 06:45      | 03-10 06:15 failed CheckFailed                                                  | yesterday | wait 03-11 06:15   | CheckFailed
03-10 06:45      | 03-10 06:15 failed RunCancelled                                                 | yesterday | wait 03-11 06:15   | RunCancelled
03-10 06:45      | 03-10 06:15 failed SourceLoginRefused                                           | yesterday | wait 03-11 06:15   | SourceLoginRefused
03-10 06:16      | 03-10 06:15 failed RunStopped                                                   | yesterday | begin              |
03-10 06:16      | 03-10 06:15 failed SourceUnreachable by cli                                     | yesterday | begin              |
03-10 06:16      | 03-10 06:15 published by api                                                    | tonight   | wait 03-11 06:15   |
03-10 06:16      | 03-10 06:15 published as of 03-01 06:15                                         | tonight   | begin              |
03-11 06:15      | 03-10 06:15 failed CheckFailed                                                  | yesterday | begin              |
03-10 06:20      | 03-10 06:25 published                                                           | tonight   | wait 03-11 06:15   |
03-10 06:20      | 03-10 07:20 failed SourceUnreachable                                            | yesterday | begin              | try 2 of 3
"""


@pytest.mark.parametrize("line", PLANS.strip().splitlines()[1:])
def test_what_the_records_say_about_tonight(line: str) -> None:
    """02:15 in Toronto's summer is 06:15 UTC; the last good run was on 9 March at 06:15, tonight or never."""
    now, runs, good, wanted, because = (cell.strip() for cell in line.split("|"))
    seen = []
    for text in runs.split(", ") if runs != "-" else []:
        words = text.split()
        made = run(instant(f"2026-{words[0]} {words[1]}"), words[2])
        code = words[3] if words[2] == "failed" else None
        trigger = words[-1] if words[-2] == "by" else "schedule"
        as_of = instant(f"2026-{words[-2]} {words[-1]}") if "of" in words else made.as_of
        seen.append(Seen(made.started_at, made.ended_at, trigger, words[2], code, as_of))
    when = {"yesterday": instant("2026-03-09 06:15"), "tonight": instant("2026-03-10 06:15"), "never": None}[good]
    found = plan(instant(f"2026-{now}"), time(2, 15), TORONTO, seen, when)
    assert found.begin is (wanted == "begin")
    assert found.begin or found.at == instant(f"2026-{wanted.removeprefix('wait ')}")
    assert because in found.why
    assert bool(found.why) is bool(because)


@pytest.mark.parametrize(("jump", "runs"), [(timedelta(hours=-3), 1), (timedelta(days=-2), 2), (timedelta(days=5), 2)])
def test_a_clock_that_jumps_makes_no_second_run_of_a_night(jump: timedelta, runs: int) -> None:
    """After the night's run the clock is set elsewhere, and right again an hour later.

    By a clock that is days back the night's run lies in the future and says nothing; the second one ends by the check
    clock_runs_on.
    """
    moment, at = instant("2026-03-10 06:15"), time(2, 15)
    seen: list[Seen] = []
    for step in (timedelta(), timedelta(minutes=10), jump, timedelta(minutes=20), timedelta(minutes=60) - jump):
        moment += step
        since = last_due(moment, at, TORONTO)
        if plan(moment, at, TORONTO, [each for each in seen if each.started_at >= since], moment).begin:
            seen.append(run(moment))
    assert len(seen) == runs


@pytest.mark.parametrize("state", ["published", "failed"])
def test_a_run_of_next_year_holds_up_no_night(state: str) -> None:
    ahead = run(instant("2027-03-10 06:15"))
    seen = [replace(ahead, state=state, code="CheckFailed" if state == "failed" else None)]
    found = plan(instant("2026-03-11 06:15"), time(2, 15), TORONTO, seen, instant("2026-03-10 06:15"))
    assert found.begin


def test_the_pauses_and_tries() -> None:
    assert (3, timedelta(minutes=10)) == (TRIES, PAUSE)
    assert {"SourceUnreachable", "SourceBusy", "Interrupted", "InternalError", "LeaseLost"} <= AGAIN
    assert not {"CheckFailed", "ContractBroken", "HistoryDamaged", "RunCancelled", "SourceDenied"} & AGAIN
