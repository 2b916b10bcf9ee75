"""The rules of the oracle that hold for every clock, word and chain: what is known at as-of, and what it means.

Plain Python, written from the definitions; no DuckDB. Used by `oracle_facts` and `oracle_calls`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace as Fact
from zoneinfo import ZoneInfo

from jobs.refresh.parameters import FIRST_CLOCK, Parameters
from models.catalogue import CATALOGUE
from tests.helpers.source_tables import DEFAULTS, NAIVE_EPOCH, Row

NEVER = NAIVE_EPOCH.replace(year=1)
"""Sorts before every clock."""


@dataclass
class Facts:
    """What counts, as known at as-of."""

    incidents: list[Fact] = field(default_factory=list)
    calls: list[Fact] = field(default_factory=list)
    units: list[Fact] = field(default_factory=list)
    cohort: list[Fact] = field(default_factory=list)
    referrals: list[Fact] = field(default_factory=list)
    requests: list[Fact] = field(default_factory=list)


def ms(start: datetime | None, stop: datetime | None) -> int | None:
    """Signed milliseconds from one clock to another; None where one is missing."""
    if start is None or stop is None:
        return None
    return (stop - start) // timedelta(milliseconds=1)


class Reader:
    """The rules that hold for every clock and every word."""

    def __init__(self, rows: Mapping[str, Iterable[Row]], given: Parameters) -> None:
        self.given = given
        self.as_of = given.as_of.astimezone(UTC).replace(tzinfo=None)
        self.zone = ZoneInfo(given.zone)
        self.rows = {
            name: [
                {"updated_at": NAIVE_EPOCH, "_first_recorded_at": self.as_of, **DEFAULTS.get(name, {}), **row}
                for row in table
            ]
            for name, table in rows.items()
        }
        self.areas = {plain(row["area_id"]): row["area_id"] for row in self.table("area")}
        self.teams = {plain(row["team_code"]): row["team_code"] for row in self.table("team")}
        self.tests: set[object] = set()  # incidents that are only a test
        self.reported_later: set[object] = set()  # incidents reported after as-of
        self.own = {(v["code_list"], plain(v["source_code"])): v["code"] for v in reversed(self.table("code_value"))}

    def table(self, name: str) -> list[Row]:
        return self.rows.get(name, [])

    def later(self, row: Row, clock: str) -> bool:
        """The clock lies after as-of: it is as if it had not been recorded yet."""
        moment = row.get(clock)
        return isinstance(moment, datetime) and moment > self.as_of

    def typed(self, row: Row, clock: str) -> datetime | None:
        """The clock as known at as-of, to the millisecond; nothing before 2000 is believed."""
        moment = row.get(clock)
        if not isinstance(moment, datetime) or moment > self.as_of or moment < FIRST_CLOCK.replace(tzinfo=None):
            return None
        return moment.replace(microsecond=moment.microsecond // 1000 * 1000)

    def timed(self, row: Row, clock: str) -> datetime | None:
        """The clock for intervals: unknown where only the date was typed, if the profile says so."""
        flags = str(row.get("clock_flags") or "").split(";")
        if self.given.profile.date_only_as_unknown and f"{clock}:date_only" in [flag.strip() for flag in flags]:
            return None
        return self.typed(row, clock)

    def plan(self, row: Row, clock: str) -> datetime | None:
        """A promise or plan: may lie ahead."""
        moment = row.get(clock)
        return moment if isinstance(moment, datetime) and moment >= FIRST_CLOCK.replace(tzinfo=None) else None

    def word(self, codes: str, raw: object) -> str | None:
        """The catalogue's word for the source's: itself, mapped by the source, or foreign; None where blank."""
        if raw is None or not plain(raw):
            return None
        known = {plain(code): code for code in CATALOGUE.codes[codes].labels()}
        mapped = self.own.get((codes, plain(raw)))
        return known.get(plain(raw)) or known.get(plain(mapped or "")) or CATALOGUE.codes[codes].unmapped

    def day(self, moment: datetime | None) -> date | None:
        """Local operational day of a naive UTC instant."""
        return None if moment is None else self.local(moment).date()

    def local(self, moment: datetime) -> datetime:
        return moment.replace(tzinfo=UTC).astimezone(self.zone)

    def team(self, *raw: object) -> str:
        """The first team named, if staff know it; else none."""
        named = [each for each in raw if each is not None]
        return str(self.teams.get(plain(named[0]), "none")) if named else "none"

    def area(self, location: object) -> str | None:
        """Area of a place; None where there is no such place."""
        for row in self.table("location"):
            if row["location_id"] == location:
                special = {"nsa": "nsa", "outside": "outside"}
                word = plain(row.get("area_word") or "")
                return str(self.areas.get(word) or special.get(word) or "unknown")
        return None


def plain(word: object) -> str:
    return " ".join(str(word).split()).lower()


def follow(start: object, steps: Mapping[object, object]) -> object:
    """The end of a chain of ids; None in a circle."""
    seen = {start}
    while start in steps:
        start = steps[start]
        if start in seen:
            return None
        seen.add(start)
    return start


@dataclass(frozen=True)
class Chain:
    """How records of a table stand for each other: by `number` (natural key) and by `target` (points to another)."""

    key: str
    number: str
    target: str

    @property
    def merges(self) -> bool:
        """Incidents are merged, and have a status that can say so; calls only repeat each other."""
        return self.target == "merged_into"


Ids = dict[object, object]
Reasons = dict[object, str | None]


def survivors(rows: list[Row], chain: Chain, base: Reasons, *, dedupe: bool) -> tuple[Ids, Reasons]:
    """Which record each record counts under (None: under none), and why it is out (None: it counts).

    `base`: why a row cannot count whatever the others are. A row that points to another one is out once that one can
    be counted; of rows with one number the one that counts, then first recorded, then of lowest id stays.
    """
    out, steps = _pointed(rows, chain, base)
    if dedupe:
        _repeated(rows, chain, out, steps)
    ends = {row[chain.key]: follow(row[chain.key], steps) for row in rows}
    return {me: end if end is not None and out[end] is None else None for me, end in ends.items()}, out


def _pointed(rows: list[Row], chain: Chain, base: Reasons) -> tuple[Reasons, Ids]:
    there = {row[chain.key] for row in rows}
    out, steps = dict(base), Ids()
    for row in rows:
        me, other = row[chain.key], row.get(chain.target)
        if base[me] is not None:
            continue
        if other not in there or other == me:
            said = row.get("_status")
            out[me] = {"merged": "merged", "duplicate": "excluded_status"}.get(str(said)) if chain.merges else None
        elif base[other] is None:
            out[me], steps[me] = "merged", other
        elif base[other] not in ("not_yet", "no_clock") and chain.merges:
            out[me] = "merged"
    return out, steps


def _repeated(rows: list[Row], chain: Chain, out: Reasons, steps: Ids) -> None:
    groups = defaultdict(list)
    for row in rows:
        if out[row[chain.key]] not in ("not_yet", "no_clock"):
            groups[str(row[chain.number]).strip() or f"id {row[chain.key]}"].append(row)
    for group in groups.values():
        order = sorted(
            group, key=lambda row: (out[row[chain.key]] is not None, row["_first_recorded_at"], row[chain.key])
        )
        first, *others = (row[chain.key] for row in order)
        for me in others:
            if out[me] is None:
                out[me], steps[me] = "duplicate", first
            elif out[me] == "excluded_status" and chain.merges:
                steps[me] = first
