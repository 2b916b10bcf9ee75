"""The moments of one row: texts and parts of times -> naive UTC instants with their doubts. Pure.

Doubts (contract column `clock_flags`): date_only (typed without a time), ambiguous (doubled hour), missing
(hour that does not exist), day_unknown (only month and weekday are known, or nothing). A doubtful clock keeps
its value; a text that is no time at all raises BadValue. Called by the rules once for each row.
"""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Mapping as Lookup
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from jobs.source.csv.mapping import Clock, Mapping
from models.clock import is_ambiguous, is_missing

DATE_ONLY = "date_only"
AMBIGUOUS = "ambiguous"
MISSING = "missing"
DAY_UNKNOWN = "day_unknown"

EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 naive UTC, as in the contract
DAY_LETTERS = len("2024-01-31")
MONTHS = (
    "january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december",
)  # fmt: skip
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
CENTURIES = range(1900, 2200)
"""Years that an event of this contract can have."""

Cells = Lookup[str, str | None]


class BadValue(Exception):
    """A value that the import cannot take: which column, what stood there, why not, what to do."""

    def __init__(self, column: str, value: str, reason: str, advice: str) -> None:
        super().__init__(reason)
        self.column = column
        self.value = value
        self.reason = reason
        self.advice = advice


@dataclass(frozen=True)
class Moment:
    """One clock of one row: naive UTC, the wall time it was read from (None when the text had an offset)."""

    at: datetime | None = None
    wall: datetime | None = None
    doubts: tuple[str, ...] = ()


UNKNOWN = Moment()


class Zone:
    """Wall times of one zone to UTC. Days with one offset all day, nearly all, are answered from memory."""

    def __init__(self, name: str, doubled_hour: str) -> None:
        self.name = name
        self.zone = ZoneInfo(name)
        self.fold = 1 if doubled_hour == "second" else 0
        self.offsets: dict[date, timedelta | None] = {}

    def moment(self, wall: datetime, *doubts: str) -> Moment:
        """The instant of a naive wall time, flagged where it happens twice or never."""
        offset = self.offset(wall.date())
        if offset is not None:
            return Moment(wall - offset, wall, doubts)
        if is_missing(wall, self.name):
            doubts = (*doubts, MISSING)
        elif is_ambiguous(wall, self.name):
            doubts = (*doubts, AMBIGUOUS)
        aware = wall.replace(tzinfo=self.zone, fold=self.fold if AMBIGUOUS in doubts else 0)
        return Moment(aware.astimezone(UTC).replace(tzinfo=None), wall, doubts)

    def offset(self, day: date) -> timedelta | None:
        """The offset of a whole day and its edges; None when it changes."""
        if day not in self.offsets:
            self.offsets[day] = self._offset(day)
        return self.offsets[day]

    def _offset(self, day: date) -> timedelta | None:
        around = (datetime.combine(day, time.min) + timedelta(hours=hour) for hour in (-3, 3, 9, 15, 21, 27))
        found = {moment.replace(tzinfo=self.zone).utcoffset() for moment in around}
        return found.pop() if len(found) == 1 else None


class ClockReader:
    """All clocks of a mapping, compiled once."""

    def __init__(self, mapping: Mapping) -> None:
        self.no_time_at_midnight = mapping.midnight == "no_time"
        self.readers: dict[str, Callable[[Cells], Moment]] = {}
        self.choices: dict[str, Clock] = {}
        for name, clock in mapping.clocks.items():
            zone = Zone(clock.zone or mapping.zone, mapping.doubled_hour)
            if clock.first_of:
                self.choices[name] = clock
            else:
                self.readers[name] = _reader(clock, zone)
        self.zone = Zone(mapping.zone, mapping.doubled_hour)

    def read(self, cells: Cells, problems: list[BadValue]) -> dict[str, Moment]:
        """Every clock of a row by name. What is no time goes to `problems` and counts as unknown."""
        moments: dict[str, Moment] = {}
        for name, reader in self.readers.items():
            try:
                moment = reader(cells)
            except BadValue as problem:
                problems.append(problem)
                moment = UNKNOWN
            moments[name] = self._midnight(moment) if self.no_time_at_midnight else moment
        for name, clock in self.choices.items():
            moments[name] = self._first(clock, moments)
        return moments

    def _midnight(self, moment: Moment) -> Moment:
        """People who leave the time out get 00:00:00 from their software."""
        if moment.wall is None or moment.wall.time() != time.min or DATE_ONLY in moment.doubts:
            return moment
        return Moment(moment.at, moment.wall, (*moment.doubts, DATE_ONLY))

    def _first(self, clock: Clock, moments: dict[str, Moment]) -> Moment:
        """The first clock that has a time, else the first that has a day. One that stands in for the first named
        gives the day, not the time."""
        known = [name for name in clock.first_of if moments[name].at is not None]
        if known:
            name = next((name for name in known if DATE_ONLY not in moments[name].doubts), known[0])
            moment = moments[name]
            if name == clock.first_of[0] or DATE_ONLY in moment.doubts:
                return moment
            return Moment(moment.at, moment.wall, (*moment.doubts, DATE_ONLY))
        if clock.otherwise is None:
            return UNKNOWN
        return self.zone.moment(datetime.combine(clock.otherwise, time.min), DATE_ONLY, DAY_UNKNOWN)


def _reader(clock: Clock, zone: Zone) -> Callable[[Cells], Moment]:
    if clock.column is not None:
        return _column_reader(clock.column, clock.formats, zone)
    if clock.date is not None:
        return _day_reader(clock, clock.date, zone)
    return _weekday_reader(clock, zone)


def _column_reader(column: str, formats: tuple[str, ...], zone: Zone) -> Callable[[Cells], Moment]:
    def read(cells: Cells) -> Moment:
        text = cells[column]
        if text is None:
            return UNKNOWN
        found, has_time = _parse(column, text, formats)
        if found.tzinfo is not None:
            return Moment(found.astimezone(UTC).replace(tzinfo=None))
        return zone.moment(found) if has_time else zone.moment(found, DATE_ONLY)

    return read


def _day_reader(clock: Clock, column: str, zone: Zone) -> Callable[[Cells], Moment]:
    """A day, and beside it an hour (0 to 23) or a time of day; without those, local midnight and date_only."""

    def read(cells: Cells) -> Moment:
        text = cells[column]
        if text is None:
            return UNKNOWN
        day = _parse(column, text, clock.formats)[0].date()
        if clock.hour is not None and cells[clock.hour] is not None:
            return zone.moment(datetime.combine(day, time(_hour(clock.hour, cells))))
        if clock.time is not None and (typed := cells[clock.time]) is not None:
            return zone.moment(datetime.combine(day, _time_of_day(clock.time, typed)))
        return zone.moment(datetime.combine(day, time.min), DATE_ONLY)

    return read


def _weekday_reader(clock: Clock, zone: Zone) -> Callable[[Cells], Moment]:
    """Year, month, weekday and perhaps hour, but no day: the first such weekday of the month, day_unknown."""
    year_column, month_column, weekday_column = clock.columns()[-3:]

    def read(cells: Cells) -> Moment:
        if cells[year_column] is None or cells[month_column] is None or cells[weekday_column] is None:
            return UNKNOWN
        year = _whole(year_column, cells, CENTURIES, "a year")
        month = _named(month_column, cells, MONTHS, "a month") + 1
        weekday = _named(weekday_column, cells, WEEKDAYS, "a day of the week")
        first = date(year, month, 1)
        day = first + timedelta(days=(weekday - first.weekday()) % 7)
        if clock.hour is None or cells[clock.hour] is None:
            return zone.moment(datetime.combine(day, time.min), DATE_ONLY, DAY_UNKNOWN)
        return zone.moment(datetime.combine(day, time(_hour(clock.hour, cells))), DAY_UNKNOWN)

    return read


def _parse(column: str, text: str, formats: tuple[str, ...]) -> tuple[datetime, bool]:
    """A text as a moment, and whether it has a time of day. Raises BadValue."""
    for form in formats:
        try:
            if form == "iso":
                return datetime.fromisoformat(text), len(text) > DAY_LETTERS
            if form in ("epoch_s", "epoch_ms"):
                seconds = int(text) / (1000 if form == "epoch_ms" else 1)
                return (EPOCH + timedelta(seconds=seconds)).replace(tzinfo=UTC), True
            return datetime.strptime(text, form), "%H" in form or "%I" in form  # noqa: DTZ007 wall times are naive
        except (ValueError, OverflowError):
            continue
    shown = " or ".join("2024-01-31 14:05:00" if form == "iso" else form for form in formats)
    raise BadValue(
        column,
        text,
        "no such moment",
        f"write it as {shown}, a day that exists and 00:00:00 to 23:59:59, or leave it empty; "
        "if the file writes times in another way, add it to the clock's formats",
    )


def _time_of_day(column: str, text: str) -> time:
    try:
        return time.fromisoformat(text)
    except ValueError:
        raise BadValue(
            column, text, "no such time of day", "write it as 14:05 or 14:05:00, or leave it empty"
        ) from None


def _hour(column: str, cells: Cells) -> int:
    return _whole(column, cells, range(24), "an hour")


def _whole(column: str, cells: Cells, allowed: range, what: str) -> int:
    text = cells[column] or ""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if value not in allowed:
        raise BadValue(column, text, f"not {what}", f"write {allowed.start} to {allowed.stop - 1}, or leave it empty")
    return int(value)


def _named(column: str, cells: Cells, names: tuple[str, ...], what: str) -> int:
    """0-based place of a month or weekday, by English name, its first three letters, or 1-based number."""
    text = (cells[column] or "").strip().casefold()
    for place, name in enumerate(names):
        if text in (name, name[:3], str(place + 1)):
            return place
    raise BadValue(column, cells[column] or "", f"not {what}", f"write {names[0].title()} to {names[-1].title()}")
