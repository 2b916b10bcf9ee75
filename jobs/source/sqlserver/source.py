"""SQL Server from settings to a proved contract and a whole delivery: what the steps of a refresh call.

Keeps the order of preference: a readable copy or one SNAPSHOT transaction, else READ COMMITTED with an orphan check
between tables. Called by jobs.source.delivery.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from jobs.source.contract import SourceFacts
from jobs.source.sqlserver import statements
from jobs.source.sqlserver.convert import Converter
from jobs.source.sqlserver.extract import extract
from jobs.source.sqlserver.offers import has_marker, offers, selects
from jobs.source.sqlserver.orphans import add_late_parents
from jobs.source.sqlserver.session import Told, session
from jobs.source.sqlserver.token import token_source
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


def deliver(settings: JobSettings, staged: Path, advance: Callable[[str], None]) -> tuple[int, tuple[CheckResult, ...]]:
    """Read every contract table into `staged`; the rows, and what there is to say about how they hang together."""
    mapped = selects(settings.source_selects)
    with session(settings.source_database, dialling(settings)) as reader:
        offered = {offer.table.name: offer for offer in offers(reader, mapped, settings.source_zone)}
        converters = {name: Converter(offer) for name, offer in offered.items()}
        rows = 0
        for name, offer in offered.items():
            rows += extract(reader, offer, converters[name], staged / f"{name}.parquet")
            advance(name)
        late = 0 if reader.told.one_moment else add_late_parents(reader, offered, converters, staged)
        told = reader.told
    return rows + late, (_moment(told, late), _zones(converters))


def _moment(told: Told, late: int) -> CheckResult:
    """How many moments the delivery shows. Several are no fault: what one night misses the next one brings."""
    detail = f"read in {told.mode.words}" if told.one_moment else f"read at several moments, {told.mode.words}"
    if told.repeated:
        detail += f"; {told.repeated} reads were asked again"
    if late:
        detail += f"; {late} records were written in between and fetched"
    return CheckResult("source_moment", False, "warned" if told.repeated or late else "passed", detail)


def _zones(converters: dict[str, Converter]) -> CheckResult:
    """Clocks whose instant is a guess, where a row has no column that could say so."""
    found = [
        f"{name}.{column} {count}"
        for name, converter in converters.items()
        for column, count in sorted(converter.unsaid.items())
    ]
    if not found:
        return CheckResult("clock_zones", False, "passed", "every local clock has one instant, or is flagged")
    return CheckResult("clock_zones", False, "warned", f"clocks with a doubtful instant: {', '.join(found)}")
