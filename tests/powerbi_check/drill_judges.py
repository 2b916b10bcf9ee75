"""A mutant -> what each judge says against it: sentences, none when the judge has nothing to say.

The same functions that the other rows and `crisis powerbi check` use; only what is handed to them is broken on purpose.
Called by the mutation drill.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import cache

from powerbi.package.folders import COMMITTED, differences, read
from powerbi.package.inspection import examine
from powerbi.report import accessibility
from tests.powerbi import schemas
from tests.powerbi_check import m_partitions, m_reading, m_truth, tom, tom_rules
from tests.powerbi_check.bench import Bench
from tests.powerbi_check.m_parts import EVER
from tests.powerbi_check.m_reading import Run
from tests.powerbi_check.mutants import Mutant
from tests.powerbi_check.rows import Outcome

Judge = Callable[[Mutant, Bench], list[str]]
CUT = date(2026, 10, 14)
"""A day with calls: parts that meet there must share none of them."""


def said(outcome: Outcome) -> list[str]:
    """The remarks of a row that is not as it must be."""
    return [] if outcome.good else [outcome.figure, *outcome.remarks]


def check(mutant: Mutant, _: Bench) -> list[str]:
    """`crisis powerbi check`."""
    found = examine(mutant.files, mutant.audience).findings
    return [f"{each.place}: {each.message}" for each in found]


def stale(mutant: Mutant, _: Bench) -> list[str]:
    """The committed files are what the catalogue makes now."""
    return [f"{path} {how}" for path, how in differences(read(COMMITTED / mutant.audience), mutant.files)]


def schema(mutant: Mutant, _: Bench) -> list[str]:
    """Every JSON part of the report against the schema that it names."""
    return [fault for path, content in mutant.parts.items() for fault in schemas.faults(path, content)]


def readable(mutant: Mutant, _: Bench) -> list[str]:
    """Accessibility as figures."""
    return list(accessibility.measure(mutant.parts).findings)


def object_model(mutant: Mutant, bench: Bench) -> list[str]:
    """Microsoft's object model."""
    return said(tom.judged(mutant.folder(bench.folder)))


def rules(mutant: Mutant, bench: Bench) -> list[str]:
    """semantic-link-labs' rules, with the waivers of the audience."""
    waivers = tuple(waiver for waiver in tom_rules.WAIVERS if mutant.audience in waiver.audiences)
    return said(tom_rules.judged(mutant.folder(bench.folder), waivers))


def run(mutant: Mutant, bench: Bench) -> list[str]:
    """The M of the tables that differ, run with the audience's key: whole, and in two parts where it is read in parts."""
    queries = m_reading.queries_of(mutant.model)
    tables = touched(mutant)
    wanted = expected(bench.service.truth, bench.city.version)
    halves = ((EVER[0], CUT), (CUT, EVER[1]))
    reads = m_reading.read(
        bench.service,
        mutant.audience,
        [Run(tables), *(Run(tuple(name for name in tables if queries.tables[name].windowed), days) for days in halves)],
        queries,
    )
    found = [fault for read in reads for fault in read.faults]
    for name in tables:
        whole, *parts = (read.rows.get(name, []) for read in reads)
        if name in reads[0].rows:
            found += m_partitions.unlike_columns(name, reads[0], queries.tables[name].columns)
        for way, rows in (("whole", whole), ("in parts", [row for part in parts for row in part])):
            more, lacking = m_truth.differences(rows, wanted.get(name, []))
            if (more or lacking) and (way == "whole" or queries.tables[name].windowed):
                found.append(f"{name}, {way}: {len(more)} rows too many, {len(lacking)} lack")
    return found


expected = cache(m_truth.expected)
"""Read once: nobody changes the city of the bench."""


def touched(mutant: Mutant) -> tuple[str, ...]:
    """The tables whose M or columns are not those of the unmutated model; of that one itself the few that are drilled."""
    before = m_reading.queries(mutant.audience).tables
    now = m_reading.queries_of(mutant.model).tables
    differing = tuple(name for name, query in now.items() if before.get(name) != query)
    return differing or tuple(name for name in DRILLED if name in now)


DRILLED = ("DailyCalls", "HourlyActivity", "Calls")
"""Tables whose M the drill breaks."""


JUDGES: dict[str, Judge] = {
    "check": check,
    "stale": stale,
    "schema": schema,
    "accessibility": readable,
    "tom": object_model,
    "model rules": rules,
    "m run": run,
}
