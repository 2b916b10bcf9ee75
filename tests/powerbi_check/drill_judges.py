"""A mutant -> what each judge says against it: sentences, none when the judge has nothing to say.

They are the other rows of the table and `crisis powerbi check`; only what is handed to them is broken on purpose.
Called by the mutation drill.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from powerbi.package.folders import COMMITTED, differences, read
from powerbi.package.inspection import examine
from tests.powerbi_check import dax, m_partitions, m_reading, m_truth, package, report, tom, tom_rules
from tests.powerbi_check.bench import Bench
from tests.powerbi_check.m_parts import EVER
from tests.powerbi_check.m_reading import Run
from tests.powerbi_check.mutants import Mutant
from tests.powerbi_check.rows import Outcome

Judge = Callable[[Mutant, Bench], list[str]]
CUT = date(2026, 10, 14)
"""A day with calls: parts that meet there must share none of them."""


OVER_FILES = (*tom.ROWS, *tom_rules.ROWS, *report.ROWS, *package.ROWS)
"""Rows that judge the files of a project."""


class Over:
    """The bench, with a mutant where the committed project was. The rest is the bench's own."""

    def __init__(self, bench: Bench, mutant: Mutant) -> None:
        self._bench, self._mutant = bench, mutant

    def project(self, _: str) -> Path:
        """The folder of the mutant."""
        return self._mutant.folder(self._bench.folder)

    def say(self, line: str) -> None:
        """Figures of a mutant are nobody's."""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._bench, name)


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


def row(name: str) -> Judge:
    """A row of the table, run over the mutant instead of the committed project."""

    def judge(mutant: Mutant, bench: Bench) -> list[str]:
        (own,) = (each for each in OVER_FILES if each.name == f"{name} {mutant.audience}")
        return said(own.run(Over(bench, mutant)))

    return judge


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


def dax_static(mutant: Mutant, _: Bench) -> list[str]:
    """The DAX parses, and what it names exists."""
    return list(dax.static(mutant.model)["findings"])


def dax_equals_sql(mutant: Mutant, bench: Bench) -> list[str]:
    """The measures that the drill breaks, and one that it leaves alone, for each kind of reader in some contexts."""
    every = probes(bench, mutant.audience)
    return dax.judged(every, dax.evaluate(bench, mutant.model, every)).wrong


@cache
def probes(bench: Bench, audience: str) -> list[dax.Case]:
    """What SQL says, the same for each mutant: one case of five, and those in which something is zero."""
    every = dax.cases(bench, audience, PROBED)
    return [case for at, case in enumerate(every) if at % 5 == 0 or 0 in case.expected.values()]


PROBED = frozenset({"Calls for service", "Dispatch rate", "Dispatch rate, n"})
JUDGES: dict[str, Judge] = {
    "check": check,
    "stale": stale,
    "tom": row("tom"),
    "model rules": row("model rules"),
    "report schemas": row("report schemas"),
    "report fields": row("report fields"),
    "report accessibility": row("report accessibility"),
    "report validator": row("report validator"),
    "template": row("template"),
    "m run": run,
    "dax": dax_static,
    "dax = sql": dax_equals_sql,
}
