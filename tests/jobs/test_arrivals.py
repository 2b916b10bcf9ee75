"""Calls of the last whole days held against what earlier nights knew of theirs: by source, by half, across clock changes.

| what happened                                       | what is said                                        |
|-----------------------------------------------------|-----------------------------------------------------|
| a source brought next to nothing                    | calls_by_source blocks, with counts and the bound   |
| a source with few calls is silent for some days     | calls_by_source blocks on the third or seventh      |
| a source that comes two days late, as always        | nothing: earlier nights did not have it either      |
| a source was renamed and mapped                     | nothing                                             |
| many small sources are silent together              | calls_by_source blocks: every source together       |
| three times as many as usual                        | calls_unusual warns                                 |
| no call in half a day                               | half_day_missing blocks                             |
| the same, and one of the last 28 halves was empty   | nothing                                             |
| the clocks changed                                  | nothing                                             |
| 27 nights known                                     | not enough nights yet                               |
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from jobs.source.arrivals import Past, arrivals
from models.clock import day_start
from models.crisis.events import Call
from models.crisis.reference import CrisisMarker
from models.database import engine
from models.errors import CheckFailed
from models.snapshot.manifest import CheckResult
from models.snapshot.rowtext import literal
from tests.helpers.nights import Town
from tests.helpers.tiny import change

ZONE = "America/Toronto"
LAST = date(2026, 2, 5)
"""The last whole day of every case that names no other."""
USUAL = {"911": 40, "211": 6}
Plan = Callable[[date], Mapping[str, int]]


def usual(_day: date) -> Mapping[str, int]:
    """Every day alike."""
    return USUAL


def on(day: date, **counts: int) -> Plan:
    """As usual, but for one day; `s911=0` for source 911."""
    changed = {name.removeprefix("s"): count for name, count in counts.items()}
    return lambda each: USUAL | changed if each == day else USUAL


def judged(
    tmp_path: Path,
    plan: Plan,
    *,
    last: date = LAST,
    nights: int = 60,
    late: Callable[[str], int] = lambda _source: 0,
    words: Mapping[str, str] | None = None,
    hours: Callable[[date, datetime], bool] = lambda _day, _at: True,
) -> dict[str, CheckResult]:
    """What is said the night after `last`: the calls of 80 days by plan, spread over the day, each recorded in the first
    night after its day or `late` nights later; `hours` says which are there at all."""
    con = duckdb.connect()
    con.execute("CREATE TABLE call (rang TIMESTAMP, source VARCHAR, first TIMESTAMP)")
    days = [last - timedelta(days=age) for age in range(80, -1, -1)]
    tonight = _night(last)
    rows = []
    for day in days:
        for source, count in plan(day).items():
            for number in range(count):
                at = _at(day, (number + 0.5) / count)
                if hours(day, at):
                    rows.append([_naive(at), source, _naive(_night(day + timedelta(days=late(source))))])
    con.executemany("INSERT INTO call VALUES (?, ?, ?)", rows)
    staged = f"SELECT rang AS call_arrival, rang AS call_create, source FROM call WHERE first <= '{_naive(tonight)}'"
    con.execute(f"COPY ({staged}) TO {literal(str(tmp_path / 'call.parquet'))} (FORMAT parquet)")
    con.execute("CREATE TABLE code_value (code_list VARCHAR, source_code VARCHAR, code VARCHAR)")
    for word, code in (words or {}).items():
        con.execute("INSERT INTO code_value VALUES ('source', ?, ?)", [word, code])
    con.execute(f"COPY code_value TO {literal(str(tmp_path / 'code_value.parquet'))} (FORMAT parquet)")
    con.execute(f"DELETE FROM call WHERE first >= '{_naive(tonight)}'")
    known = tuple((_night(day), _night(day)) for day in days[-nights - 1 : -1]) if nights else ()
    found = arrivals(con, tmp_path, Past(known, "call"), tonight, ZONE)
    con.close()
    return {result.check: result for result in found}


def _at(day: date, share: float) -> datetime:
    start, end = day_start(day, ZONE), day_start(day + timedelta(days=1), ZONE)
    return start + (end - start) * share


def _night(day: date) -> datetime:
    """A quarter past two of the next local day."""
    return day_start(day + timedelta(days=1), ZONE) + timedelta(hours=2, minutes=15)


def _naive(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(tzinfo=None)


def broken(found: Mapping[str, CheckResult]) -> dict[str, str]:
    """Check -> detail of those that did not pass."""
    return {name: result.detail for name, result in found.items() if result.outcome != "passed"}


def test_days_alike_are_no_surprise(tmp_path: Path) -> None:
    found = judged(tmp_path, usual)
    assert broken(found) == {}
    assert list(found) == ["half_day_missing", "calls_by_source", "calls_unusual"]


def test_a_source_that_brought_next_to_nothing(tmp_path: Path) -> None:
    found = judged(tmp_path, on(LAST, s911=3))
    assert broken(found) == {
        "calls_by_source": "every source 9 in 2026-02-05, usual 46, at least 19; 911 3 in 2026-02-05, usual 40, at least 15"
    }
    assert found["calls_by_source"].blocking


def test_few_calls_fall_silent_over_days(tmp_path: Path) -> None:
    """Six a day: one silent day may be chance, three are none; the first that can be said is said."""
    for silent, wanted in (
        (1, {}),
        (3, {"calls_by_source": "211 0 in the 3 days to 2026-02-05, usual 18, at least 3"}),
    ):
        gone = {LAST - timedelta(days=age) for age in range(silent)}
        assert broken(judged(tmp_path, lambda day, gone=gone: {"911": 40} if day in gone else USUAL)) == wanted


def test_small_sources_are_one_large_one(tmp_path: Path) -> None:
    small = {"911": 6, "211": 6, "311": 6, "partner": 6}
    gone = lambda day: {} if day == LAST else small  # noqa: E731
    assert broken(judged(tmp_path, gone)) == {
        "calls_by_source": "every source 0 in 2026-02-05, usual 24, at least 6",
        "half_day_missing": "no call in the morning of 2026-02-05, usual 12; no call in the afternoon of 2026-02-05, usual 12",
    }


def test_a_source_that_always_comes_late(tmp_path: Path) -> None:
    late = {"911": 0, "211": 2}
    busy = lambda _day: {"911": 40, "211": 40}  # noqa: E731
    assert broken(judged(tmp_path, busy, late=late.__getitem__)) == {}
    assert "calls_by_source" in broken(judged(tmp_path, lambda day: {"911": 40} if day == LAST else busy(day)))


def test_a_word_that_is_mapped_is_the_same_source(tmp_path: Path) -> None:
    renamed = lambda day: {"NINE ONE ONE": 40, "211": 6} if day > LAST - timedelta(days=3) else USUAL  # noqa: E731
    assert broken(judged(tmp_path, renamed, words={"nine  one one": "911"})) == {}
    assert "911 0 in" in broken(judged(tmp_path, renamed))["calls_by_source"]


def test_too_many_are_a_warning(tmp_path: Path) -> None:
    found = judged(tmp_path, on(LAST, s911=120))
    assert broken(found) == {
        "calls_unusual": "every source 126 in 2026-02-05, usual 46, from 19 to 85; "
        "911 120 in 2026-02-05, usual 40, from 15 to 76"
    }
    assert not found["calls_unusual"].blocking


def test_half_a_day_without_a_call(tmp_path: Path) -> None:
    def morning(day: date, at: datetime) -> bool:
        return day != LAST or at < _at(day, 0.5)

    found = judged(tmp_path, usual, hours=morning)
    assert broken(found) == {"half_day_missing": "no call in the afternoon of 2026-02-05, usual 23"}
    assert found["half_day_missing"].blocking
    assert broken(judged(tmp_path, usual, hours=morning, nights=1)) == broken(found), "the rows' own past will do"
    first = judged(tmp_path, usual, hours=morning, nights=0)["half_day_missing"]
    assert (first.outcome, first.detail) == ("passed", "not enough nights yet: this is the first")

    def twice(day: date, at: datetime) -> bool:
        return morning(day, at) and (day != LAST - timedelta(days=27) or at < _at(day, 0.5))

    assert broken(judged(tmp_path, usual, hours=twice)) == {}


@pytest.mark.parametrize("last", [date(2026, 3, 8), date(2026, 11, 1)], ids=["23 hours", "25 hours"])
def test_days_on_which_clocks_change(tmp_path: Path, last: date) -> None:
    assert broken(judged(tmp_path, usual, last=last)) == {}
    one_less = lambda day: {"911": 38 if day == last else 40, "211": 6}  # noqa: E731
    assert broken(judged(tmp_path, one_less, last=last)) == {}


def test_too_few_nights(tmp_path: Path) -> None:
    gone = on(LAST, s911=0)
    found = judged(tmp_path, gone, nights=27)
    assert {found[name].detail for name in ("calls_by_source", "calls_unusual")} == {
        "not enough nights yet: 28 are needed"
    }
    assert "calls_by_source" in broken(judged(tmp_path, gone, nights=28))


def test_a_night_that_lost_half_a_day_keeps_yesterday_until_it_is_mended_or_accepted(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    town = Town(home, monkeypatch, calls=12 * 40)
    change(town.source, CrisisMarker, "crisis-metrics-reference", synthetic=False)
    columns = ", ".join(column.name for column in Call.__table__.columns if column.name not in {"call_id", "call_no"})  # type: ignore[attr-defined]
    run(
        town,
        f"INSERT INTO call (call_id, call_no, {columns}) SELECT call_id + 10000, call_no || 'b', {columns} FROM call",
    )
    first = town.refresh("2026-02-05T09:00:00Z")
    run(
        town,
        "CREATE TABLE kept AS SELECT * FROM call WHERE call_arrival >= '2026-02-05 17:00' AND call_arrival < '2026-02-06 05:00'",
        "DELETE FROM call WHERE call_arrival >= '2026-02-05 17:00' AND call_arrival < '2026-02-06 05:00'",
    )
    with pytest.raises(
        CheckFailed, match=r"Half a day of calls is missing \(half_day_missing\): no call in the afternoon"
    ):
        town.refresh("2026-02-06T09:00:00Z")
    assert len(town.history.nights()) == 1
    accepted = town.refresh("2026-02-06T09:10:00Z", accept=["half_day_missing"])
    assert {check.check: check.outcome for check in accepted.checks}["half_day_missing"] == "accepted"
    assert accepted.version != first.version
    run(town, "INSERT INTO call SELECT * FROM kept", "DROP TABLE kept")
    mended = town.refresh("2026-02-06T09:20:00Z")
    assert {check.check: check.outcome for check in mended.checks}["half_day_missing"] == "passed"


def run(town: Town, *statements: str) -> None:
    """SQL at the source."""

    made = engine(town.source)
    with made.begin() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)
    made.dispose()
