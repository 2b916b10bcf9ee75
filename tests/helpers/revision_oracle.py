"""What nights did to past days and how complete a day is by its age, in slow plain Python, from what the words mean.

Written from the definitions in docs/reference/views.md, not from the SQL. Takes the versions of records as the history
keeps them; gives rows as the views hold them. Used by tests only.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from models.clock import local_day

FIRST_CLOCK = datetime(2000, 1, 1, tzinfo=UTC)
TABLES = (
    "incident", "call", "dispatch", "unit_response", "status_event", "person_contact", "support", "referral",
    "follow_up", "request",
)  # fmt: skip
Version = tuple[str, int, datetime, str, datetime | None, datetime]
"""Contract table, key, recorded at, put or gone, the record's own clock, updated at; naive UTC."""
Night = tuple[datetime, datetime]
"""Recorded at and as-of, naive UTC."""
MATURE, OLDEST, REACH = 28, 60, 400


@dataclass(frozen=True)
class Told:
    """The rows of both views without SnapshotId, and what Dates says: days, and whether they are learned."""

    revisions: list[tuple[object, ...]]
    completeness: list[tuple[object, ...]]
    provisional: tuple[int, bool]


def tell(versions: Iterable[Version], nights: Sequence[Night], as_of: datetime, zone: str, declared: int = 7) -> Told:
    """Everything, as it is known at `as_of` (naive UTC)."""
    ordered = sorted(nights)
    seen = dict(ordered[:-1]) | {ordered[-1][0]: as_of}
    days = {recorded: _day(moment, zone) for recorded, moment in seen.items()}
    lives: dict[tuple[str, int], list[Version]] = {}
    for version in sorted(versions, key=lambda version: version[2]):
        lives.setdefault((version[0], version[1]), []).append(version)
    today = _day(as_of, zone)
    revisions = _revisions(lives, seen, days, zone, today)
    completeness = _completeness(lives, seen, days, zone, today)
    return Told(revisions, completeness, _provisional(completeness, len(ordered), declared))


def _revisions(
    lives: dict[tuple[str, int], list[Version]],
    seen: dict[datetime, datetime],
    days: dict[datetime, date],
    zone: str,
    today: date,
) -> list[tuple[object, ...]]:
    before = dict(zip(list(days)[1:], list(days.values())[:-1], strict=True))
    found: Counter[tuple[date, str, datetime, int]] = Counter()
    for life in lives.values():
        held: date | None = None
        exists = False
        for version in life:
            table, _, recorded, op, *_ = version
            day = _record_day(version, seen[recorded], zone) if op == "put" else None
            column = 2 if op == "gone" else 1 if exists else 0
            for touched in {held, day} if column else {day}:
                past = recorded in before and touched is not None and touched < min(before[recorded], days[recorded])
                if past and touched is not None and touched <= today and today - days[recorded] < timedelta(days=REACH):
                    found[(touched, table, recorded, column)] += 1
            held, exists = day, op == "put"
    keys = sorted({key[:3] for key in found})
    return [(*key, days[key[2]], *(found[(*key, column)] for column in range(3))) for key in keys]


def _completeness(
    lives: dict[tuple[str, int], list[Version]],
    seen: dict[datetime, datetime],
    days: dict[datetime, date],
    zone: str,
    today: date,
) -> list[tuple[object, ...]]:
    after = max(next(iter(days.values())), today - timedelta(days=REACH))
    records: dict[str, list[tuple[int, int, int]]] = {table: [] for table in TABLES}
    for (table, _), life in lives.items():
        clocked = [
            _day(version[4], zone)
            for version in life
            if version[3] == "put" and version[4] and FIRST_CLOCK <= _aware(version[4]) <= _aware(seen[version[2]])
        ]
        if clocked and clocked[-1] > after:
            day = clocked[-1]
            ages = [max((days[version[2]] - day).days, 0) for version in (life[0], life[-1])]
            records[table].append(((today - day).days, ages[0], ages[1]))
    rows: list[tuple[object, ...]] = []
    for table in sorted(TABLES):
        for age in range(OLDEST + 1):
            cohort = [record for record in records[table] if record[0] >= max(age, MATURE)]
            rows.append(
                (
                    table,
                    age,
                    max((today - timedelta(days=max(age, MATURE)) - after).days, 0),
                    len(cohort),
                    sum(known <= age for _, known, _ in cohort),
                    sum(settled <= age for _, _, settled in cohort),
                )
            )
    return rows


def _provisional(completeness: list[tuple[object, ...]], nights: int, declared: int) -> tuple[int, bool]:
    by_age: dict[int, list[tuple[int, int, int, int]]] = {}
    for table, age, *counts in completeness:
        if table in ("call", "incident"):
            by_age.setdefault(int(str(age)), []).append(tuple(int(str(count)) for count in counts))  # type: ignore[arg-type]
    followed = {age: [sum(part[n] for part in parts) for n in range(1, 4)] for age, parts in by_age.items()}
    long_enough = [age for age, parts in by_age.items() if parts[0][0] >= MATURE]
    if nights < MATURE or not any(followed[age][0] for age in long_enough):
        return declared, False
    reached = [
        age
        for age in long_enough
        if followed[age][1] * 100 >= followed[age][0] * 99 and followed[age][2] * 100 >= followed[age][0] * 99
    ]
    return (min(reached) if reached else OLDEST + 1), True


def _record_day(version: Version, moment: datetime, zone: str) -> date | None:
    """The day of a record as a night knew it; none while its clock was still to come."""
    *_, clock, updated = version
    if clock is not None and clock > moment:
        return None
    if clock is not None and _aware(clock) >= FIRST_CLOCK:
        return _day(clock, zone)
    return _day(min(max(updated, FIRST_CLOCK.replace(tzinfo=None)), moment), zone)


def _day(moment: datetime, zone: str) -> date:
    return local_day(_aware(moment), zone)


def _aware(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC)
