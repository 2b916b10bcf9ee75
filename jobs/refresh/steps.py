"""The steps of a refresh as plain functions: what each takes, what it leaves, nothing of runs and records.

contract and extract touch the crisis database; history commits a night; clean, compute and check make the
numbers in DuckDB; build makes the snapshot. Called by jobs.refresh.run, in that order.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import duckdb

from jobs.refresh import crash
from jobs.refresh.build import Head, build
from jobs.refresh.check import check
from jobs.refresh.clean import clean
from jobs.refresh.compute import compute
from jobs.refresh.history import History
from jobs.refresh.night import NIGHT_FILE, Night, night_hash
from jobs.refresh.parameters import Parameters, load, profile
from jobs.refresh.recipe import Recipe, recipe
from jobs.refresh.versions import Difference, watermark
from jobs.source import delivery
from jobs.source.arrivals import FAR, Past, arrivals
from jobs.source.contract import TABLES, SourceFacts
from jobs.source.delivery import Before, Extracted
from jobs.source.machine_clock import runs_on
from jobs.source.plausible import NEW, plausibility
from jobs.verdict import verdict
from models.catalogue import CATALOGUE
from models.catalogue.types import View
from models.clock import local_day, parse_instant
from models.errors import ContractBroken
from models.monitoring import counted
from models.settings import JobSettings
from models.snapshot import silent
from models.snapshot.manifest import CheckResult, Manifest
from models.snapshot.rowtext import literal

MINUTE_MS = 60_000
MEMORY = "1500MB"
"""DuckDB spills to the scratch folder beyond this."""
MANY = 100
"""A table of at least so many rows that loses more than half of them in a night was not delivered whole."""

Advance = Callable[[str], None]


@dataclass(frozen=True)
class Numbers:
    """The three steps that make the numbers; tests put their own in."""

    clean: Callable[[duckdb.DuckDBPyConnection, Parameters], None] = clean
    compute: Callable[[duckdb.DuckDBPyConnection, View], int] = compute
    check: Callable[[duckdb.DuckDBPyConnection, Parameters], tuple[CheckResult, ...]] = check


@dataclass(frozen=True)
class Delivery:
    """What the source delivered, compared with the history; `fresh` when a night has to be recorded for it."""

    source: SourceFacts
    differences: dict[str, Difference]
    checks: tuple[CheckResult, ...]
    fresh: bool


def scratch(folder: Path) -> duckdb.DuckDBPyConnection:
    """A DuckDB database in `folder` for one run: UTC, bounded memory, spilling there, no extension from outside."""
    con = silent.connect()
    con.execute("SET TimeZone = 'UTC'")
    con.execute(f"SET memory_limit = '{MEMORY}'")
    con.execute(f"SET temp_directory = {literal(str(folder / 'spill'))}")
    con.execute("SET autoinstall_known_extensions = false")
    # no write-ahead log: nobody ever opens this file again
    con.execute(f"ATTACH {literal(str(folder / 'scratch.duckdb'))} AS scratch (RECOVERY_MODE no_wal_writes)")
    con.execute("USE scratch")
    return con


def check_contract(settings: JobSettings) -> SourceFacts:
    """Prove the source before a row is read; returns its facts with the zone in force."""
    found = delivery.prove(settings)
    crash.point("contract.done")
    zone = found.zone or settings.city_zone
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        origin = "crisis_marker.zone" if found.zone else "CRISIS_CITY_ZONE"
        raise ContractBroken(f"{origin} names no time zone", hint="Write it as America/Toronto.") from error
    return replace(found, zone=zone)


def extract_all(
    settings: JobSettings, staged: Path, advance: Advance, con: duckdb.DuckDBPyConnection, history: History
) -> Extracted:
    """Bring every contract table into `staged`, in one transaction where the source can show one moment.

    Where the source can tell what changed since the latest night, the rest comes from the history.
    """

    def told(table: str) -> None:
        advance(table)
        if table == TABLES[len(TABLES) // 2 - 1].name:
            crash.point("extract.midway")

    latest = next(iter(history.nights()[-1:]), None)
    before = Before(latest.name, partial(history.hold, con)) if latest else None
    extracted = delivery.deliver(settings, staged, told, before)
    crash.point("extract.done")
    return extracted


def receive(
    con: duckdb.DuckDBPyConnection,
    history: History,
    staged: Path,
    source: SourceFacts,
    as_of: datetime,
    *,
    read: tuple[CheckResult, ...] = (),
) -> Delivery:
    """Compare the staged rows with the history. A new local day, or any difference, makes a fresh night.

    `read` is what the extract had to say.
    """
    differences = history.compare(con, staged)
    last = next(iter(history.nights()[-1:]), None)
    same_day = last is not None and local_day(as_of, source.zone) == local_day(last.moment, source.zone)
    same_facts = last is not None and SourceFacts(last.synthetic, last.city, last.zone, last.attribution) == source
    fresh = not (same_day and same_facts) or any(found.stored for found in differences.values())
    nights = tuple((night.moment, night.recorded) for night in history.nights())
    past = Past(nights, history.first_calls(con, as_of - FAR))
    words = partial(history.words_before, con, as_of - NEW)
    counted = arrivals(con, staged, past, as_of, source.zone)
    checks = (
        *read,
        *_clock(con, staged, source, as_of, last),
        *plausibility(con, staged, as_of, words),
        *counted,
        _losses(differences),
    )
    return Delivery(source, differences, checks, fresh)


def _clock(
    con: duckdb.DuckDBPyConnection, staged: Path, source: SourceFacts, as_of: datetime, last: Night | None
) -> tuple[CheckResult, ...]:
    """Whether the clock can be believed; a demonstration city has no clock of its own."""
    if source.synthetic:
        return ()
    changed = watermark(con, staged)
    return (
        runs_on(
            as_of,
            last.moment if last else None,
            parse_instant(changed) if changed else None,
            last.watermark if last else None,
        ),
    )


def told(differences: dict[str, Difference]) -> str:
    """What the night brings, as a step's detail."""
    found = differences.values()
    return counted(
        sum(each.added for each in found), sum(each.changed for each in found), sum(each.deleted for each in found)
    )


def _losses(differences: dict[str, Difference]) -> CheckResult:
    """Tables that lost more than half of their rows: a source that was not delivered whole."""
    lost = {name: found for name, found in differences.items() if found.held >= MANY and found.deleted * 2 > found.held}
    detail = ", ".join(f"{name} {found.deleted} of {found.held}" for name, found in lost.items())
    return verdict("rows_lost", f"more than half of the rows are gone: {detail}" if lost else "")


def write_recipe(settings: JobSettings, history: History, night: Night, as_of: datetime, chosen: str) -> Recipe:
    """Everything that the snapshot of `night` as of `as_of` depends on; `chosen` names the cleaning profile."""
    parameters = Parameters(
        as_of=as_of,
        zone=night.zone,
        assessment_window_ms=settings.assessment_window_hours * 60 * MINUTE_MS,
        arrival_target_ms=settings.arrival_target_minutes * MINUTE_MS,
        follow_up_window_ms=settings.follow_up_hours * 60 * MINUTE_MS,
        profile=profile(chosen),
        synthetic=night.synthetic,
        attribution=night.attribution,
    )
    return recipe(parameters, night_hash(history.folder / night.name / NIGHT_FILE))


def make_facts(con: duckdb.DuckDBPyConnection, parameters: Parameters, numbers: Numbers) -> None:
    """Clean: the rows in force -> facts."""
    load(con, parameters)
    for schema in ("fact", "pub"):
        con.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}")
    numbers.clean(con, parameters)
    crash.point("clean.done")


def make_views(con: duckdb.DuckDBPyConnection, numbers: Numbers, advance: Advance) -> int:
    """Compute: facts -> every published view; returns the rows."""
    views = published()
    rows = 0
    for position, view in enumerate(views):
        if position == len(views) // 2:
            crash.point("compute.midway")
        rows += numbers.compute(con, view)
        advance(view.name)
    crash.point("compute.done")
    return rows


def judge(con: duckdb.DuckDBPyConnection, parameters: Parameters, numbers: Numbers) -> tuple[CheckResult, ...]:
    """What the checks say of the finished views."""
    found = numbers.check(con, parameters)
    crash.point("check.done")
    return found


def make_snapshot(
    con: duckdb.DuckDBPyConnection, snapshots: Path, made: Recipe, night: Night, checks: tuple[CheckResult, ...]
) -> Manifest:
    """Build the folder of the recipe's version."""
    parameters = made.parameters
    head = Head(
        version=made.version,
        as_of=parameters.as_of,
        history_until=night.recorded,
        source_watermark=night.watermark,
        synthetic=parameters.synthetic,
        attribution=parameters.attribution,
        city_zone=parameters.zone,
        cleaning_profile=parameters.profile.name,
        catalogue_version=parameters.catalogue_version,
        engine_version=parameters.engine_version,
        definitions=made.definitions,
        checks=checks,
    )
    return build(con, snapshots, head, published())


def published() -> tuple[View, ...]:
    """The views that snapshots hold: all but the live ones."""
    return tuple(view for view in CATALOGUE.views.values() if not view.live)
