"""The source, whatever it is, for the steps of a refresh: prove it, then read it whole.

SQL Server has a way of its own (jobs.source.sqlserver); every other dialect goes through jobs.source.extract. Called by
jobs.refresh.steps.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.engine import make_url

from jobs.source import contract
from jobs.source.contract import TABLES, ContractTable, SourceFacts
from jobs.source.extract import extract, reading
from jobs.source.marks import Marks, valid
from jobs.source.sqlserver import source as sqlserver
from jobs.source.sqlserver.changes import Held
from models.clock import now
from models.settings import JobSettings
from models.snapshot.manifest import CheckResult


@dataclass(frozen=True)
class Extracted:
    """What was read: rows, what there is to say about how they were read, and how far, where that can be told."""

    rows: int
    checks: tuple[CheckResult, ...] = ()
    marks: Marks | None = None


@dataclass(frozen=True)
class Before:
    """What the history knows before this night: the name of its latest night, and a way to its rows in force."""

    night: str
    held: Held


def prove(settings: JobSettings) -> SourceFacts:
    """Hold the source against the contract before a row is read; what it says about itself."""
    if _is_sqlserver(settings):
        return sqlserver.prove(settings)
    with reading(settings.source_database) as connection:
        contract.check(connection)
        return contract.facts(connection)


def deliver(
    settings: JobSettings, staged: Path, advance: Callable[[str], None], before: Before | None = None
) -> Extracted:
    """Bring every contract table into `staged`; `advance` is told the name of each before the next begins.

    With `before`, and marks that belong to it, SQL Server is asked for what changed (CRISIS_SOURCE_FULL_DAYS).
    """
    if _is_sqlserver(settings):
        started = now()
        marks = valid(settings.home, before.night, started, settings.source_full_days) if before else None
        going = sqlserver.Going(marks, before.held if before else _nothing, started)
        read = sqlserver.deliver(settings, staged, advance, going)
        return Extracted(read.rows, read.checks, read.marks)
    rows = 0
    with reading(settings.source_database) as connection:
        for table in TABLES:
            rows += extract(connection, table, staged / f"{table.name}.parquet")
            advance(table.name)
    return Extracted(rows)


def _nothing(_table: ContractTable, _target: Path) -> None:
    raise AssertionError("without a night before there are no marks")


def _is_sqlserver(settings: JobSettings) -> bool:
    return make_url(settings.source_database).get_backend_name() == "mssql"
