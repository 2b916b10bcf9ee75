"""A staged delivery and what earlier nights had -> whether its last whole days can be believed, by source and half.

Like is held against like: an earlier day counts as the first night after it knew it, so that a source which always
comes late is no surprise. Counts only. Called by jobs.refresh.steps.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb

from jobs.source.band import NIGHTS, WEEKS, band, cannot_be_empty, fallen
from jobs.source.contract import TABLES
from jobs.verdict import passed, verdict
from models.catalogue import CATALOGUE
from models.clock import day_end, day_start, local_day
from models.snapshot.manifest import CheckResult
from models.snapshot.rowtext import literal

SPANS = (1, 3, 7)
"""Days that are looked at together: a source with few calls falls silent over several."""
EVERY = "every source"
"""All calls together: many small sources are one large one."""
HALVES = ("morning", "afternoon")
FAR = timedelta(weeks=WEEKS, days=max(SPANS) + 1)
"""How far back calls matter."""
CALL = next(table for table in TABLES if table.name == "call")
SOURCES = next(column.codes or "" for column in CALL.columns if column.name == "source")
TOO_FEW = f"not enough nights yet: {NIGHTS} are needed"


@dataclass(frozen=True)
class Past:
    """What earlier nights knew: (as-of, recorded) of each, aware and in order, and a table of calls as first recorded
    (`rang`, `source`, `first`; naive UTC)."""

    nights: tuple[tuple[datetime, datetime], ...]
    calls: str


@dataclass(frozen=True)
class Span:
    """Local days that are counted together, or half of one, as it was known at `recorded` (None: tonight)."""

    last: date
    what: str
    start: datetime
    end: datetime
    recorded: datetime | None = None


Counts = Mapping[tuple[date, str], Mapping[str, int]]
"""(last day, what) -> source code -> calls."""


def arrivals(
    con: duckdb.DuckDBPyConnection, staged: Path, past: Past, as_of: datetime, zone: str
) -> tuple[CheckResult, ...]:
    """The checks half_day_missing, calls_by_source and calls_unusual. `as_of` is aware, days are of `zone`."""
    last = local_day(as_of, zone) - timedelta(days=1)
    nights = _nights(past, last, zone)
    then = _counted(con, past.calls, _spans(nights, zone)) if nights else {}
    seen = [day for day in (last - timedelta(days=age) for age in range(NIGHTS + 1)) if day not in nights]
    halves = [_half(day, half, zone) for day in seen for half in HALVES]
    tonight = [_whole(last, span, zone) for span in SPANS]
    words = _words(con, staged)
    here = _counted(con, _staged_calls(staged), [*halves, *tonight])
    past_counts, counts = _coded(then, words), _coded(here, words)
    return (
        _half_missing(past_counts, counts, last, known=bool(past.nights)),
        *_by_source(past_counts, counts, last, nights),
    )


def _nights(past: Past, last: date, zone: str) -> dict[date, datetime]:
    """Last whole local day -> when the first night after it was recorded."""
    found: dict[date, datetime] = {}
    for as_of, recorded in past.nights:
        day = local_day(as_of, zone) - timedelta(days=1)
        if last - timedelta(weeks=WEEKS) <= day < last:
            found.setdefault(day, recorded)
    return found


def _whole(last: date, days: int, zone: str, recorded: datetime | None = None) -> Span:
    start = day_start(last - timedelta(days=days - 1), zone)
    return Span(last, str(days), start, day_end(last, zone), recorded)


def _half(day: date, half: str, zone: str, recorded: datetime | None = None) -> Span:
    noon = datetime.combine(day, time(12), tzinfo=ZoneInfo(zone))
    if half == "morning":
        return Span(day, half, day_start(day, zone), noon, recorded)
    return Span(day, half, noon, day_end(day, zone), recorded)


def _spans(nights: Mapping[date, datetime], zone: str) -> list[Span]:
    """Everything that is asked about earlier nights."""
    return [
        made
        for day, recorded in nights.items()
        for made in (
            *(_whole(day, span, zone, recorded) for span in SPANS),
            *(_half(day, half, zone, recorded) for half in HALVES),
        )
    ]


def _staged_calls(staged: Path) -> str:
    return (
        "(SELECT coalesce(call_arrival, call_create) AS rang, source, CAST(NULL AS TIMESTAMP) AS first "
        f"FROM read_parquet({literal(str(staged / 'call.parquet'))}))"
    )


def _counted(con: duckdb.DuckDBPyConnection, calls: str, spans: Sequence[Span]) -> Counts:
    """Calls of each span by the source's own word."""
    rows = [[place, _naive(span.start), _naive(span.end), _naive(span.recorded)] for place, span in enumerate(spans)]
    marks = ", ".join("(?, ?::TIMESTAMP, ?::TIMESTAMP, ?::TIMESTAMP)" for _ in rows)
    found = con.execute(
        f"""WITH span (place, start, "end", recorded) AS (VALUES {marks})
        SELECT s.place, c.source, count(*) FROM span s
        JOIN {calls} c ON c.rang >= s.start AND c.rang < s."end" AND (s.recorded IS NULL OR c.first <= s.recorded)
        GROUP BY s.place, c.source""",
        [value for row in rows for value in row],
    ).fetchall()
    counts: dict[tuple[date, str], dict[str, int]] = {(span.last, span.what): {} for span in spans}
    for place, word, number in found:
        counts[spans[place].last, spans[place].what][word or ""] = number
    return counts


def _naive(moment: datetime | None) -> datetime | None:
    return moment.astimezone(UTC).replace(tzinfo=None) if moment else None


def _words(con: duckdb.DuckDBPyConnection, staged: Path) -> dict[str, str]:
    """The source's own words for call sources -> codes."""
    file = literal(str(staged / "code_value.parquet"))
    query = f"SELECT source_code, code FROM read_parquet({file}) WHERE code_list = {literal(SOURCES)}"
    own = {_plain(word): code for word, code in con.execute(query).fetchall()}
    return own | {_plain(code): code for code in CATALOGUE.codes[SOURCES].labels()}


def _plain(word: str | None) -> str:
    return " ".join((word or "").lower().split())


def _coded(counts: Counts, words: Mapping[str, str]) -> Counts:
    """By code of the catalogue; foreign words together, as unknown."""
    unknown = CATALOGUE.codes[SOURCES].unmapped
    made: dict[tuple[date, str], dict[str, int]] = {}
    for key, found in counts.items():
        made[key] = {}
        for word, number in found.items():
            code = words.get(_plain(word), unknown)
            made[key][code] = made[key].get(code, 0) + number
    return made


def _half_missing(then: Counts, here: Counts, last: date, *, known: bool) -> CheckResult:
    """A half of the last whole day without any call. With no night before there is nothing to keep published."""
    if not known:
        return passed("half_day_missing", "not enough nights yet: this is the first")
    found = []
    for half in HALVES:
        days = [last - timedelta(days=age) for age in range(1, NIGHTS + 1)]
        before = [_total(then.get((day, half), here.get((day, half), {}))) for day in days]
        if not _total(here[last, half]) and cannot_be_empty(before):
            found.append(f"no call in the {half} of {last.isoformat()}, usual {round(sum(before) / len(before))}")
    return verdict("half_day_missing", "; ".join(found))


def _total(found: Mapping[str, int]) -> int:
    return sum(found.values())


def _by_source(then: Counts, here: Counts, last: date, nights: Mapping[date, datetime]) -> Iterator[CheckResult]:
    """Sources that fell silent, and those outside their band that did not."""
    if len(nights) < NIGHTS:
        yield passed("calls_by_source", TOO_FEW)
        yield passed("calls_unusual", TOO_FEW)
        return
    silent: list[str] = []
    unusual: list[str] = []
    sources = sorted({code for found in (*then.values(), *here.values()) for code in found})
    for source in (EVERY, *sources):
        for span in SPANS:
            before = {day: _of(source, then[day, str(span)]) for day in nights}
            count = _of(source, here[last, str(span)])
            known = band(before, last, span)
            if known is None:
                continue
            told = f"{source} {count} in {_days(span, last)}, usual {known.expected:.0f}"
            if fallen(before, last, count, known):
                silent.append(f"{told}, at least {known.low}")
                break
            if span == 1 and known.expected and not known.low <= count <= known.high:
                unusual.append(f"{told}, from {known.low} to {known.high}")
    yield verdict("calls_by_source", "; ".join(silent))
    yield verdict("calls_unusual", "; ".join(unusual))


def _of(source: str, found: Mapping[str, int]) -> int:
    return _total(found) if source == EVERY else found.get(source, 0)


def _days(span: int, last: date) -> str:
    return last.isoformat() if span == 1 else f"the {span} days to {last.isoformat()}"
