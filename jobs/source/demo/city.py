"""Fills the reference crisis database with a demo city, one day after another, in bounded memory.

Writes through SQLAlchemy in chunks, so that any server can hold a demonstration. The marker says
`unfinished` until the last row is in: a run that was killed is seen and started over.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import Engine, func, select, update

from jobs.source import geography
from jobs.source.demo import asked, calls, staff, store, today
from jobs.source.demo.chance import seeded
from jobs.source.demo.hours import Day
from jobs.source.demo.ledger import Ledger
from jobs.source.demo.options import CITY, NOTICE, UNFINISHED, ZONE, Options, Report
from jobs.source.demo.people import People
from jobs.source.demo.places import Map
from jobs.source.demo.violence import Violence
from jobs.source.demo.world import World
from models.crisis import CONTRACT, METADATA
from models.crisis.reference import MARKER
from models.errors import ConfigurationError

Progress = Callable[[int, int, int], None]
"""Called after each day with: days done, days in all, rows written."""


def fill(engine: Engine, options: Options, progress: Progress | None = None) -> Report:
    """Write the whole city; what was written and what is wrong in it.

    The tables must be there and empty. Raises ConfigurationError when they hold rows.
    """
    if not is_empty(engine):
        raise ConfigurationError("the crisis database holds records already", hint="Use --fresh to start over.")
    _mark(engine, UNFINISHED)
    report = Report(options.first_day, options.last_day)
    ledger = Ledger(options.end_utc, report, lambda table, rows: store.write(engine, table, rows))
    world = World(options, report, ledger, Map(options.seed), People(options.seed))
    _found(world)
    violence = Violence(world)
    for number in range(options.days):
        _day(world, violence, Day.of(options.first_day + timedelta(days=number)))
        if progress is not None:
            progress(number + 1, options.days, report.rows.total())
    ledger.finish()
    _mark(engine, CITY)
    return report


def is_empty(engine: Engine) -> bool:
    """True when no contract table holds a row."""
    with engine.connect() as connection:
        tables = [METADATA.tables[str(model.__tablename__)] for model in CONTRACT]
        return not any(
            connection.execute(select(func.count()).select_from(select(table).limit(1).subquery())).scalar()
            for table in tables
        )


def _found(world: World) -> None:
    """The day before the first: areas, teams, codes, known places."""
    first = Day.of(world.options.first_day)
    world.ledger.begin_day(first.on - timedelta(days=1))
    before = first.start - timedelta(hours=12)
    staff.found(world.ledger, before)
    world.map.open_pools(world.ledger, before, world.options.seed)


def _day(world: World, violence: Violence, day: Day) -> None:
    """Each storyteller has its own chance, so that a change in one leaves the others' days as they are."""
    seed = world.options.seed
    world.ledger.begin_day(day.on)
    world.people.begin_day()
    staff.shifts(day, world.ledger, seeded(seed, "shifts", day.on))
    violence.tell_day(day, seeded(seed, "violence", day.on))
    asked.tell_day(world, day, seeded(seed, "requests", day.on))
    calls.tell_day(world, day, seeded(seed, "calls", day.on))
    if day.on == world.options.last_day:
        today.tell(world, violence, day, seeded(seed, "today", day.on))


def _mark(engine: Engine, city: str) -> None:
    marker = METADATA.tables["crisis_marker"]
    values = {"synthetic": True, "city": city, "zone": ZONE, "attribution": f"{NOTICE} {geography.ATTRIBUTION}"}
    with engine.begin() as connection:
        connection.execute(update(marker).where(marker.c.marker == MARKER).values(values))
