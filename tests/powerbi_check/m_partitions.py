"""Rows: every partition of a model, run against the service with that role's key, gives what the database has.

Whole as Desktop loads it, and in parts; once with the filters folded into the address and once filtered behind it. Each
row exactly once, columns and types as the model declares them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from tests.powerbi_check import m_parts, m_reading, m_truth
from tests.powerbi_check.bench import Bench
from tests.powerbi_check.m_parts import Part, Policy
from tests.powerbi_check.m_reading import Read, Run, queries
from tests.powerbi_check.rows import AUDIENCES, Outcome, Row

LOADED = {
    "text": "string",
    "logical": "boolean",
    "Int32.Type": "int64",
    "Int64.Type": "int64",
    "Decimal.Type": "decimal",
    "Currency.Type": "decimal",
    "Double.Type": "double",
    "number": "double",
    "date": "dateTime",
    "datetime": "dateTime",
}
"""M type -> type of the column that it is loaded into. A datetimezone is missing on purpose: its zone would be lost."""

CLOCK_CHANGES = (date(2025, 11, 2), date(2026, 3, 8), date(2026, 11, 1))
TURN_OF_YEAR = date(2026, 1, 1)
TWICE = (True, False)
"""Folded into the address, and not."""

SHOWN = 3
MOST = 12
LONGEST = 240


@dataclass
class Told:
    """What a row has found wrong, the first few of each kind."""

    lines: list[str]

    @property
    def shown(self) -> tuple[str, ...]:
        """The first of them, long rows cut."""
        more = len(self.lines) - MOST
        cut = tuple(line if len(line) <= LONGEST else f"{line[:LONGEST]} ..." for line in self.lines[:MOST])
        return (*cut, f"and {more} lines more") if more > 0 else cut

    def compare(self, what: str, found: list[m_truth.Row], wanted: list[m_truth.Row]) -> None:
        """Whole rows: none too many, none lacking."""
        more, lacking = m_truth.differences(found, wanted)
        if more or lacking:
            self.lines.append(f"{what}: {len(more)} rows too many or read twice, {len(lacking)} rows lack")
            self.lines += [f"    too many: {row}" for row in more[:SHOWN]]
            self.lines += [f"    lacks: {row}" for row in lacking[:SHOWN]]


def whole(audience: str) -> Row:
    """Every partition as Desktop loads it."""

    def run(bench: Bench) -> Outcome:
        folded = bench.read(audience)
        plain = m_reading.whole(bench.service, audience, fold=False)
        wanted = m_truth.expected(bench.service.truth, bench.city.version)
        tables = queries(audience).tables
        told = Told([line for table in tables for line in columns(audience, table, folded)])
        for way, read in (("folded", folded), ("not folded", plain)):
            told.lines += [f"{way}: {fault}" for fault in read.faults]
            for table in tables:
                if table == m_truth.LIVE:
                    told.lines += live(read, bench.city.version)
                else:
                    told.compare(f"{way}: {table}", read.rows.get(table, []), wanted[table])
        told.lines += open_to_viewers(bench, audience)
        rows = sum(map(len, folded.rows.values()))
        requests = len(folded.asked) + len(plain.asked)
        figure = f"{len(folded.rows)} partitions twice, {rows:,} rows, {requests:,} requests"
        return Outcome(figure, not told.lines, told.shown)

    return Row(f"m run {audience}", "every partition, folded and not: rows, columns and types as declared", run)


def open_to_viewers(bench: Bench, audience: str) -> list[str]:
    """Record tables that the viewer's key reads too: the M runs with a role's key, and the service keeps them from it."""
    records = queries(audience).windowed
    (read,) = m_reading.read(bench.service, "viewer", [Run(records)], queries(audience))
    return [f"{name} can be read with the viewer's key" for name in read.rows]


def live(read: Read, version: str) -> list[str]:
    """The one live view: a single row about the snapshot that is published."""
    versions = [row["SnapshotId"] for row in read.rows[m_truth.LIVE]]
    return [] if versions == [version] else [f"{m_truth.LIVE}: {versions}, not one row of {version}"]


def columns(audience: str, table: str, read: Read) -> list[str]:
    """Differences between the columns that the M gives and those that the model declares."""
    return unlike_columns(table, read, queries(audience).tables[table].columns)


def unlike_columns(table: str, read: Read, declared: dict[str, str]) -> list[str]:
    """The same for columns and types that someone else has declared."""
    found = read.types.get(table, {})
    names = [f"{table}: the model lacks {name}, which its M gives" for name in found.keys() - declared.keys()]
    names += [f"{table}: the M does not give {name}, which the model has" for name in declared.keys() - found.keys()]
    both = sorted(found.keys() & declared.keys())
    return names + [
        f"{table}[{name}]: the M gives {found[name]}, which does not load into {declared[name]}"
        for name in both
        if LOADED.get(found[name]) != declared[name]
    ]


def ways(bench: Bench, first: date, last: date, policy: Policy) -> dict[str, list[Part]]:
    """The ways to cut the days; the short form takes those with few parts."""
    kept, anew = policy.parts(bench.city.now.date())
    changes = [*CLOCK_CHANGES, TURN_OF_YEAR]
    found = {
        "years of the policy": [*kept, *anew],
        "at the ends": m_parts.everything([first, last, last + m_parts.DAY]),
    }
    if bench.short:
        return found
    return {
        **found,
        "months": m_parts.months(first, last),
        "days around changes of clocks and year": m_parts.days_around(changes),
        "days at the ends": m_parts.days_around([first, last]),
        "at random": m_parts.at_random(first, last, seed=20_261_125, number=12),
    }


def parts(audience: str) -> Row:
    """The tables that are read in parts."""

    def run(bench: Bench) -> Outcome:
        declared = queries(audience).policies()
        if not declared:
            return Outcome("no table is read in parts", audience == "viewer")
        told, windows, rows, requests = Told([]), 0, 0, 0
        wanted = m_truth.expected(bench.service.truth, bench.city.version)
        days = sorted(row["OperationalDate"] for table in declared for row in wanted[table])
        (policy,) = {Policy.of(each) for each in declared.values()}
        first, last = date.fromisoformat(days[0]), date.fromisoformat(days[-1])
        for way, cut in ways(bench, first, last, policy).items():
            both = [read_parts(bench, audience, tuple(declared), cut, fold=fold) for fold in TWICE]
            for fold, reads in zip(TWICE, both, strict=True):
                named = f"{way}, {'folded' if fold else 'not folded'}"
                told.lines += [f"{named}: {fault}" for read in reads for fault in read.faults]
                told.lines += misplaced(named, cut, reads)
                for table in declared:
                    told.compare(f"{named}: {table}", united(table, reads), wanted[table])
                rows += sum(len(table) for read in reads for table in read.rows.values())
                requests += sum(len(read.asked) for read in reads)
            told.lines += unlike(way, cut, *both)
            windows += len(cut)
        tables = len(declared)
        figure = f"{tables} tables x {windows} windows twice, {rows:,} rows, {requests:,} requests"
        return Outcome(figure, not told.lines, told.shown)

    return Row(f"m windows {audience}", "parts of incremental refresh, folded and not: each row exactly once", run)


def read_parts(bench: Bench, audience: str, tables: tuple[str, ...], cut: list[Part], *, fold: bool) -> list[Read]:
    """One refresh a part."""
    return m_reading.read(bench.service, audience, [Run(tables, part, fold=fold) for part in cut])


def united(table: str, reads: Iterable[Read]) -> list[m_truth.Row]:
    """The rows of all parts."""
    return [row for read in reads for row in read.rows.get(table, [])]


def misplaced(named: str, cut: list[Part], reads: list[Read]) -> list[str]:
    """Rows in a part that is not theirs."""
    return [
        f"{named}: {table} of {start} to {end} holds a row of {row['OperationalDate']}"
        for (start, end), read in zip(cut, reads, strict=True)
        for table, rows in read.rows.items()
        for row in rows
        if not start.isoformat() <= row["OperationalDate"] < end.isoformat()
    ][:SHOWN]


def unlike(way: str, cut: list[Part], folded: list[Read], plain: list[Read]) -> list[str]:
    """Parts that differ between the two ways, rows in their order."""
    return [
        f"{way}: {table} of {start} to {end}: {len(one.rows[table])} rows folded, {len(other.rows[table])} not"
        for (start, end), one, other in zip(cut, folded, plain, strict=True)
        for table in one.rows.keys() & other.rows.keys()
        if one.rows[table] != other.rows[table]
    ][:SHOWN]


ROWS = tuple(make(audience) for audience in AUDIENCES for make in (whole, parts))
