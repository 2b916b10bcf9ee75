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
from jobs.source.contract import TABLES, SourceFacts
from jobs.source.extract import extract, reading
from jobs.source.sqlserver import source as sqlserver
from models.settings import JobSettings
from models.snapshot.manifest import CheckResult


@dataclass(frozen=True)
class Extracted:
    """What was read: rows, and what there is to say about how they were read."""

    rows: int
    checks: tuple[CheckResult, ...] = ()


def prove(settings: JobSettings) -> SourceFacts:
    """Hold the source against the contract before a row is read; what it says about itself."""
    if _is_sqlserver(settings):
        return sqlserver.prove(settings)
    with reading(settings.source_database) as connection:
        contract.check(connection)
        return contract.facts(connection)


def deliver(settings: JobSettings, staged: Path, advance: Callable[[str], None]) -> Extracted:
    """Read every contract table into `staged`; `advance` is told the name of each before the next begins."""
    if _is_sqlserver(settings):
        return Extracted(*sqlserver.deliver(settings, staged, advance))
    rows = 0
    with reading(settings.source_database) as connection:
        for table in TABLES:
            rows += extract(connection, table, staged / f"{table.name}.parquet")
            advance(table.name)
    return Extracted(rows)


def _is_sqlserver(settings: JobSettings) -> bool:
    return make_url(settings.source_database).get_backend_name() == "mssql"
