"""SQL Server from settings to a proved contract and a whole delivery: what the steps of a refresh call.

Keeps the order of preference: a readable copy or one SNAPSHOT transaction, else READ COMMITTED with an orphan check
between tables. Called by jobs.source.delivery.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pyarrow.parquet as pq

from jobs.source.contract import SourceFacts
from jobs.source.marks import Mark, Marks, fresh
from jobs.source.sqlserver import statements
from jobs.source.sqlserver.changes import Held, mark, overlay, since, version_column
from jobs.source.sqlserver.convert import Converter
from jobs.source.sqlserver.extract import extract
from jobs.source.sqlserver.offers import has_marker, offers, selects
from jobs.source.sqlserver.orphans import add_late_parents
from jobs.source.sqlserver.session import Session, Told, session
from jobs.source.sqlserver.token import token_source
from jobs.verdict import broken, passed
from models.settings import JobSettings
from models.snapshot.manifest import CheckResult
from models.sqlserver import Dialling


def dialling(settings: JobSettings) -> Dialling:
    """How to connect, from the settings."""
    return Dialling(settings.source_login_seconds, settings.source_statement_seconds, token_source(settings))


def prove(settings: JobSettings) -> SourceFacts:
    """Hold the source against the contract, and what it says about itself. Raises ContractBroken."""
    mapped = selects(settings.source_selects)
    with session(settings.source_database, dialling(settings)) as reader:
        offers(reader, mapped, settings.source_zone)
        rows = reader.rows(statements.MARKER) if has_marker(reader) else []
    if not rows:
        return SourceFacts()
    synthetic, city, zone, attribution = rows[0]
    return SourceFacts(bool(synthetic), city or "", zone or "", attribution or "")


@dataclass(frozen=True)
class Going:
    """From where a night goes on: the marks of the last one, if they are good, and the rows held since."""

    marks: Marks | None
    held: Held
    now: datetime


@dataclass(frozen=True)
class Read:
    """What was read: rows of the whole city, checks, and how far."""

    rows: int
    checks: tuple[CheckResult, ...]
    marks: Marks


def deliver(settings: JobSettings, staged: Path, advance: Callable[[str], None], going: Going) -> Read:
    """Bring every contract table into `staged` whole, reading all of it or what changed."""
    mapped = selects(settings.source_selects)
    overlap = timedelta(minutes=settings.source_overlap_minutes)
    marks: dict[str, Mark] = {}
    partly = asked = 0
    with session(settings.source_database, dialling(settings)) as reader:
        offered = {offer.table.name: offer for offer in offers(reader, mapped, settings.source_zone)}
        converters = {name: Converter(offer) for name, offer in offered.items()}
        oldest = _oldest(reader) if any(map(version_column, offered.values())) else None
        for name, offer in offered.items():
            target = staged / f"{name}.parquet"
            changed = since(offer, going.marks.tables.get(name), overlap) if going.marks else None
            file = target.with_suffix(".changed") if changed else target
            asked += extract(reader, offer, converters[name], file, changed)
            if changed:
                partly += 1
                overlay(going.held, offer.table, file, target)
            # a copy lags behind the transactions of which that number speaks: updated_at with its overlap is safer
            marks[name] = mark(offer, target, None if reader.told.copy else oldest, going.now)
            advance(name)
        late = 0 if reader.told.one_moment else add_late_parents(reader, offered, converters, staged)
        told = reader.told
    rows = sum(pq.read_metadata(staged / f"{name}.parquet").num_rows for name in offered)
    before = going.marks if partly else None
    checks = (_moment(told, late), _zones(converters), _reach(partly, asked, before))
    return Read(rows, checks, fresh(going.now, marks, before))


def _oldest(reader: Session) -> bytes | None:
    """Up to where rowversions are committed, asked before the first row is read."""
    (row,) = reader.rows(statements.OLDEST_ACTIVE)
    return bytes(row[0]) if row[0] is not None else None


def _reach(partly: int, asked: int, before: Marks | None) -> CheckResult:
    """Whether everything was read. A night that reads changes cannot see deletes."""
    if before is None:
        return passed("source_reach", f"everything was read: {asked} rows")
    detail = f"{asked} rows were read; of {partly} tables what changed; everything, with deletes, at {before.full_at}"
    return passed("source_reach", detail)


def _moment(told: Told, late: int) -> CheckResult:
    """How many moments the delivery shows. Several are no fault: what one night misses the next one brings."""
    detail = f"read in {told.mode.words}" if told.one_moment else f"read at several moments, {told.mode.words}"
    if told.repeated:
        detail += f"; {told.repeated} reads were asked again"
    if late:
        detail += f"; {late} records were written in between and fetched"
    return broken("source_moment", detail) if told.repeated or late else passed("source_moment", detail)


def _zones(converters: dict[str, Converter]) -> CheckResult:
    """Clocks whose instant is a guess, where a row has no column that could say so."""
    found = [
        f"{name}.{column} {count}"
        for name, converter in converters.items()
        for column, count in sorted(converter.unsaid.items())
    ]
    if not found:
        return passed("clock_zones")
    return broken("clock_zones", f"clocks with a doubtful instant: {', '.join(found)}")
