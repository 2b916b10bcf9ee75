"""A small city that lives from night to night, and what everybody sees after each: for the rows of bad nights.

Each night is a `crisis refresh` of its own process; a row does harm to the source, the folders or the clock, and holds
what it finds against what is designed, line by line of a table that stands in its module.
"""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from sqlalchemy import select

from api.freshness import freshness
from api.routes.health import readiness
from jobs.migrate import upgrade_service
from jobs.refresh.history import History
from jobs.refresh.records import RUNS
from models.clock import parse_instant
from models.database import engine
from models.settings import ApiSettings, JobSettings
from models.snapshot import layout, manifest
from tests.drill.bench import Bench
from tests.drill.rows import Outcome
from tests.helpers.live import crisis
from tests.helpers.tiny import START, add_calls, tiny_source

STEP = timedelta(minutes=40)
"""Between two calls: so many that half a day without any is no chance."""
NIGHTS = tuple(f"2026-02-{day:02d}T09:00:00Z" for day in range(1, 15))
"""The city's nights; two are over when a row takes its copy, and the third is the bad one."""
READY, BAD, AFTER = 2, NIGHTS[2], NIGHTS[3]
SHOWN = ("nothing", "yesterday", "tonight")


@dataclass(frozen=True)
class Seen:
    """What came of one night: of the process, of its record, and what staff are shown."""

    exit_code: int
    state: str
    code: str
    message: str
    shown: str
    reason: str

    @property
    def cells(self) -> dict[str, str]:
        """As the designed tables have it."""
        return {
            "exit": str(self.exit_code),
            "run": self.state if self.code == "-" else f"{self.state} {self.code}",
            "message": self.message,
            "shown": self.shown,
            "readyz": self.reason,
        }


@dataclass
class City:
    """A home folder with a source in it. `environment` holds settings of its runs."""

    home: Path
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def settings(self) -> JobSettings:
        """Settings of jobs."""
        return JobSettings(home=self.home)

    @property
    def source(self) -> Path:
        """The file of the source."""
        return self.home / "crisis.db"

    @property
    def version(self) -> str | None:
        """What is published."""
        return layout.current_version(self.settings.snapshots)

    def live(self, until: str) -> None:
        """The city goes on: a call every forty minutes up to an instant."""
        made = engine(f"sqlite:///{self.source}")
        with made.connect() as connection:
            have = int(connection.exec_driver_sql("SELECT max(call_id) FROM call").scalar_one())
        made.dispose()
        add_calls(f"sqlite:///{self.source}", have, calls_until(until) - have, STEP)

    def start(self, now: str, *words: str, **environment: str) -> subprocess.Popen[str]:
        """Begin a run at an instant."""
        return crisis(
            "refresh", "--json", *words, home=self.home, CRISIS_NOW=now, **{**self.environment, **environment}
        )

    def night(self, now: str, *words: str, **environment: str) -> Seen:
        """One run from beginning to end, and what is seen after it."""
        before = self.version
        return self.seen(self.start(now, *words, **environment), now, before)

    def seen(self, process: subprocess.Popen[str], now: str, before: str | None) -> Seen:
        """Wait for a run that began when `before` was published, and look."""
        process.communicate()
        return self.look(process.returncode, now, before)

    def look(self, exit_code: int, now: str, before: str | None) -> Seen:
        """What everybody sees after a run that ended so."""
        state, code, message = self.record()
        with at(now):
            shown = freshness(ApiSettings(home=self.home), made := engine(self.settings.service_database))
            made.dispose()
            row, ready = shown.row(), readiness(shown)
        said = (row["LastRunOutcomeCode"], row["LastRunCode"] or "-", row["LastRunMessage"], row["IsStale"])
        if said != (state, code, message, bool(ready["reason"])) or ready["stale"] is not row["IsStale"]:
            message = f"RefreshStatus says otherwise: {said}; {message}"
        found = "nothing" if self.version is None else "yesterday" if self.version == before else "tonight"
        return Seen(exit_code, state, code, message, found, ready["reason"] or "fresh")

    def record(self) -> tuple[str, str, str]:
        """State, cause and message of the run that took the lease last."""
        made = engine(self.settings.service_database)
        with made.connect() as connection:
            row = connection.execute(
                select(RUNS.c.state, RUNS.c.error_code, RUNS.c.message)
                .order_by(RUNS.c.fence.desc(), RUNS.c.started_at.desc())
                .limit(1)
            ).one()
        made.dispose()
        return row.state, row.error_code or "-", row.message or ""

    def identities(self) -> dict[str, str]:
        """View identities of what is published."""
        found = manifest.read(self.settings.snapshots / (self.version or ""))
        return {name: facts.identity for name, facts in found.views.items()}

    def leftovers(self) -> list[str]:
        """What a run left behind that should not be there."""
        return sorted(path.name for path in self.home.rglob(".*"))

    def copy(self, home: Path) -> City:
        """The same city elsewhere."""
        shutil.copytree(self.home, home)
        return City(home, dict(self.environment))


def calls_until(moment: str) -> int:
    """How many calls the city has had by an instant."""
    return (parse_instant(moment).replace(tzinfo=None) - START) // STEP


@contextmanager
def at(now: str) -> Iterator[None]:
    """The clock of this process."""
    before = os.environ.get("CRISIS_NOW")
    os.environ["CRISIS_NOW"] = now
    try:
        yield
    finally:
        os.environ.pop("CRISIS_NOW")
        if before is not None:
            os.environ["CRISIS_NOW"] = before


def ready(folder: Path) -> City:
    """The city after its first nights, made once for a folder."""
    city = City(folder / "city after two nights")
    if not city.home.is_dir():
        city.home.mkdir(parents=True)
        tiny_source(f"sqlite:///{city.source}", calls_until(NIGHTS[0]), STEP)
        upgrade_service(city.settings.service_database)
        for now in NIGHTS[:READY]:
            city.live(now)
            found = city.night(now)
            if found.exit_code or found.state != "published":
                raise RuntimeError(f"the drill's own city could not be made: {found}")
    return city


def city(bench: Bench, name: str) -> City:
    """A copy of its own for a row; the source has the news of the third night."""
    made = ready(bench.folder).copy(bench.folder / name)
    made.live(BAD)
    return made


def undisturbed(bench: Bench, *nights: str) -> dict[str, str]:
    """Identities after these nights in a city to which nothing happens; made once."""
    home = bench.folder / f"undisturbed {' '.join(now[:16] for now in nights)}"
    if home.is_dir():
        return City(home).identities()
    made = ready(bench.folder).copy(home)
    for now in nights:
        made.live(now)
        found = made.night(now)
        if found.exit_code:
            raise RuntimeError(f"the undisturbed night failed: {found}")
    return made.identities()


def after(city: City, bench: Bench, now: str = AFTER) -> str:
    """The night after: is it what it would be without the harm?

    Held against a city that had the same nights: a bad one counts when it was recorded, published or not.
    """
    before = [night.as_of.replace(".000Z", "Z") for night in History(city.settings.history).nights()][READY:]
    city.live(now)
    found = city.night(now)
    if found.exit_code or found.shown != "tonight" or found.reason != "fresh":
        return f"NOT WELL: {found}"
    left = f", LEFT: {city.leftovers()}" if city.leftovers() else ""
    return ("equal" if city.identities() == undisturbed(bench, *before, now) else "DIFFERS") + left


def lines(table: str) -> list[dict[str, str]]:
    """An ASCII table as its rows."""
    head, *rest = ([cell.strip() for cell in line.split("|")] for line in table.strip().splitlines())
    return [dict(zip(head, line, strict=True)) for line in rest]


def judged(
    bench: Bench,
    table: str,
    found: Callable[[dict[str, str]], dict[str, str]],
    noun: str = "nights",
    told: str = "",
) -> Outcome:
    """Do each line of a designed table and compare cell by cell; a message's cell is what must stand in it.

    The short form does the first line alone.
    """
    wrong: list[str] = []
    designed = lines(table)[: 1 if bench.short else None]
    for line in designed:
        case, *others = line
        cells = found(line)
        faults = [
            f"{name}: designed {line[name]!r}, found {cells.get(name, '')!r}"
            for name in others
            if name in cells and not fits(name, line[name], cells[name])
        ]
        bench.say(f"  {line[case]:<46} {cells_in_words(cells, others)}{'  AS DESIGNED' if not faults else '  WRONG'}")
        wrong += [f"{line[case]}: {'; '.join(faults)}"] if faults else []
    figure = f"{len(designed) - len(wrong)} of {len(designed)} {noun} as designed{told}"
    return Outcome(figure, not wrong, tuple(wrong))


def fits(name: str, designed: str, found: str) -> bool:
    """Exactly so; of words for people, that these stand in them."""
    return re.search(designed, found) is not None if name in ("message", "readyz") else designed == found


def cells_in_words(cells: dict[str, str], names: Sequence[str]) -> str:
    """What was found, in one line."""
    return ", ".join(f"{name} {cells[name]}" for name in names if name in cells and name != "message")


def edit(file: Path, *statements: str) -> None:
    """What somebody does to the source, past its own rules."""
    with closing(sqlite3.connect(file)) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()
