"""Row `year-of-nights`: a small city lives a year, its nights go well and badly, and every figure can be made again.

The product's own schedule decides each night; its runs happen in this process, so that a year fits a quarter of an hour.
What is held against what: identities of nights drawn at random against a replay from the history alone, and the ledger
of faults against what the checks said.
"""

from __future__ import annotations

import random
import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlmodel import Session, select

from jobs.migrate import upgrade_service
from jobs.refresh import bundles, versions
from jobs.refresh.run import refresh
from jobs.schedule.loop import Schedule
from jobs.schedule.nights import due
from jobs.schedule.process import Order
from jobs.verdict import PASSED
from models.clock import iso
from models.database import engine
from models.errors import CrisisError
from models.service import RefreshCheck
from models.settings import JobSettings
from models.snapshot import manifest
from tests.drill.bench import Bench
from tests.drill.rows import Outcome, Row
from tests.helpers.city_faults import FAULTS, Fault, Moment, damaged
from tests.helpers.living_city import LivingCity

BEFORE = 45
"""Days that the city has lived before its first night."""
ZONE = "America/Toronto"
NAMED = {fault.name: fault for fault in FAULTS}
EARLY, LATE = 10, 350
"""The nights whose cost is compared."""
DEARER = 5
"""A late night opens at most so many times the files of an early one; without bundles it would be 30 times."""
NEVER = 1 << 30
AWAY = timedelta(hours=11)
"""The last night of an outage begins so late: somebody has started the machine again."""
SHOWN = 12


@dataclass(frozen=True)
class Plan:
    """Which nights there are, by their place: `faults` go wrong; at the hour of those `missed` no schedule runs."""

    first: date
    nights: int
    recomputed: int
    faults: Mapping[int, str]
    missed: frozenset[int]


LONG = Plan(
    first=date(2027, 9, 1),  # both changes of the clocks, the end of a year, a leap day
    nights=365,
    recomputed=20,
    faults={
        36: "half a day lost",
        46: "source silent",
        56: "a word that nobody knows",
        78: "two call sources silent",
        88: "areas by new words",
        98: "two thirds of the calls gone",
        108: "clocks out of order",
        115: "a table gone",
        130: "clocks in the future",
        140: "a column gone",
        150: "source away all night",
        160: "source away, then back",
        205: "half a day lost",
        225: "source silent",
        245: "a word that nobody knows",
        265: "two call sources silent",
        285: "areas by new words",
        310: "clocks out of order",
        330: "two thirds of the calls gone",
        345: "clocks in the future",
    },
    missed=frozenset({66, 67, 68, 121, 122, 181, 193, 194, 300}),
)
"""Missed: around the autumn change (7 November), the new year, the leap day and the spring change (12 March)."""
SHORT = Plan(
    first=date(2027, 10, 27),
    nights=20,
    recomputed=3,
    faults={
        5: "half a day lost",
        9: "two thirds of the calls gone",
        13: "a word that nobody knows",
        17: "a table gone",
    },
    missed=frozenset({11, 12}),
)


@dataclass
class Night:
    """What came of one night: how each try ended, and what was said, by check or by error code."""

    day: date
    ended: list[str] = field(default_factory=list)
    said: set[str] = field(default_factory=set)
    why: str = ""
    version: str = ""
    identities: dict[str, str] = field(default_factory=dict)
    files: int = 0
    seconds: float = 0.0


class HereAndNow:
    """A run as the schedule starts one, in this process and over at once; what came of it goes into `night`."""

    def __init__(self, settings: JobSettings, order: Order, service: Engine, night: Night) -> None:
        self.order = order
        self.exit_code = 0
        try:
            ended = refresh(settings, trigger=order.trigger, run_id=order.run_id, resume=not order.request)
        except CrisisError as error:
            self.exit_code = error.exit_code
            night.ended.append(error.code)
            night.said |= _complaints(service, order.run_id) or {error.code}
        else:
            night.ended.append(ended.state)
            night.said |= _complaints(service, order.run_id)
            night.version = ended.version
            made = manifest.read(settings.snapshots / ended.version)
            night.identities = {name: facts.identity for name, facts in made.views.items()}

    def stop(self) -> int:
        """It is over."""
        return self.exit_code


def _complaints(service: Engine, run_id: str) -> set[str]:
    """The checks of a run that did not pass, as its record has them."""
    with Session(service) as session:
        found = session.exec(select(RefreshCheck).where(RefreshCheck.run_id == run_id))
        return {check.check_id for check in found if check.outcome != PASSED}


class Year:
    """The city, its home folder and its schedule; `patch` sets the clock, `seed` says which life."""

    def __init__(self, plan: Plan, home: Path, patch: pytest.MonkeyPatch, seed: int) -> None:
        self.plan = plan
        self.patch = patch
        self.settings = JobSettings(home=home, city_zone=ZONE, keep_snapshots_hours=0, keep_snapshots_days=1)
        self.source = home / "source.sqlite"
        home.mkdir(parents=True)
        self.settings = self.settings.model_copy(update={"source_url": f"sqlite:///{self.source}"})
        self.city = LivingCity(f"sqlite:///{self.source}", plan.first - timedelta(days=BEFORE), seed, ZONE)
        upgrade_service(self.settings.service_database)
        self.service = engine(self.settings.service_database)
        self.files = 0
        counted = versions._versions

        def counting(files, table):  # type: ignore[no-untyped-def]
            self.files += len(files)
            return counted(files, table)

        patch.setattr(versions, "_versions", counting)

    def night(self, place: int) -> Night:
        """One night as the schedule has it: with further tries where those may help."""
        day = self.plan.first + timedelta(days=place)
        moment = due(day, self.settings.schedule_at, ZONE) + timedelta(seconds=1)
        night = Night(day)
        if place in self.plan.missed:
            if place + 1 in self.plan.missed:
                night.ended.append("missed")
                return night
            moment += AWAY
        self.city.live(moment.replace(tzinfo=None))
        fault = NAMED.get(self.plan.faults.get(place, ""))
        self.files, begun = 0, time.process_time()
        schedule = Schedule(
            self.settings,
            self.service,
            lambda _event: None,
            start=lambda settings, order: HereAndNow(settings, order, self.service, night),  # type: ignore[arg-type,return-value]
        )
        tomorrow = due(day + timedelta(days=1), self.settings.schedule_at, ZONE)
        while moment < tomorrow:
            self.patch.setenv("CRISIS_NOW", iso(moment))
            found = schedule.plan()
            if found.begin:
                night.why = night.why or found.why
                self._look(schedule, fault if not (night.ended and fault and fault.cures) else None, moment)
            else:
                moment = found.at
        night.files, night.seconds = self.files, time.process_time() - begun
        return night

    def _look(self, schedule: Schedule, fault: Fault | None, moment: datetime) -> None:
        """The schedule begins the run, and sees its end."""
        if fault is None:
            schedule.look()
        else:
            with damaged(self.source, fault, Moment(moment, ZONE)):
                schedule.look()
        schedule.look()

    def again(self, night: Night) -> dict[str, str]:
        """The identities of a past night, from the nights' own files: no snapshot, no bundle, and the source is away."""
        self.patch.setattr(bundles, "NIGHTS", NEVER)
        shutil.rmtree(self.settings.snapshots / night.version, ignore_errors=True)
        away = self.settings.model_copy(update={"source_url": "sqlite:////nowhere/at/all"})
        ended = refresh(away, as_of=night.day)
        made = manifest.read(self.settings.snapshots / ended.version)
        same = {"version": ended.version}
        return same | {name: facts.identity for name, facts in made.views.items()}


@dataclass(frozen=True)
class Ledger:
    """Causes against what was said: (night, what) of each."""

    causes: int
    heard: int
    without_cause: tuple[str, ...]
    without_effect: tuple[str, ...]


def ledger(plan: Plan, nights: list[Night]) -> Ledger:
    """Every fault has to be said as it should be, and nothing else."""
    heard, without_cause, without_effect = 0, [], []
    for place, night in enumerate(nights):
        fault = NAMED.get(plan.faults.get(place, ""))
        expected = fault.says if fault else frozenset()
        allowed = expected | (fault.may_say if fault else frozenset())
        without_cause += [f"{night.day}: {what} was said without a cause" for what in sorted(night.said - allowed)]
        if fault is None:
            continue
        published = night.ended[-1:] == ["published"]
        missing = [f"{what} was not said" for what in sorted(expected - night.said)]
        if published is fault.stops:
            missing.append("was published" if published else "was not published")
        heard += not missing
        without_effect += [f"{night.day}, {fault.name}: {what}" for what in missing]
    return Ledger(len(plan.faults), heard, tuple(without_cause), tuple(without_effect))


def run(bench: Bench) -> Outcome:
    """Live, refresh, recompute, and hold the books against each other."""
    plan = SHORT if bench.short else LONG
    with pytest.MonkeyPatch.context() as patch:
        year = Year(plan, bench.folder / "year", patch, bench.seed)
        nights = []
        for place in range(plan.nights):
            nights.append(year.night(place))
            if nights[-1].said:
                bench.say(
                    f"  {nights[-1].day}: {plan.faults.get(place, 'no cause')}: {', '.join(sorted(nights[-1].said))}"
                )
            if place % 30 == 29:
                bench.say(f"  night {place + 1}: {nights[-1].seconds:.1f} s of CPU, {nights[-1].files} files read")
        published = [night for night in nights if night.ended[-1:] == ["published"]]
        drawn = random.Random(bench.seed).sample(published, plan.recomputed)
        differing = [remark for night in drawn for remark in _again(year, night)]
    return _outcome(plan, nights, differing, ledger(plan, nights))


def _again(year: Year, night: Night) -> list[str]:
    """What differs when a night is made again; nothing, or one line."""
    wanted = {"version": night.version} | night.identities
    found = year.again(night)
    differing = sorted(name for name in wanted | found if wanted.get(name) != found.get(name))
    return [f"{night.day} made again differs in {', '.join(differing)}"] if differing else []


def _outcome(plan: Plan, nights: list[Night], differing: list[str], books: Ledger) -> Outcome:
    """Everything counted, and whether it is as it must be."""
    ways = [night.ended[-1] for night in nights]
    missed, published = ways.count("missed"), ways.count("published")
    late = sum(night.why.endswith("one run makes up for it") for night in nights)
    outages = sum(place - 1 not in plan.missed for place in plan.missed)
    stopped = sum(NAMED[name].stops for name in plan.faults.values())
    equal = plan.recomputed - len(differing)
    views = len(next(night.identities for night in nights if night.identities))
    remarks = (*books.without_cause, *books.without_effect, *differing)
    figure = (
        f"{published} of {plan.nights} nights published, {equal} of {plan.recomputed} made again alike, "
        f"{books.heard} of {books.causes} causes said, {len(books.without_cause)} said without a cause"
    )
    early, last = nights[min(EARLY, plan.nights - 1)], nights[min(LATE, plan.nights - 1)]
    good = not remarks and late == outages and published + missed + stopped == plan.nights
    good = good and last.files <= DEARER * early.files
    figures = (
        (
            "nights",
            f"{plan.nights} from {plan.first}: {published} published, {missed + late} missed, {stopped} stopped",
        ),
        ("missed", f"{late} of {outages} outages made up for by one late run each"),
        ("made again", f"{equal} of {plan.recomputed} nights from the history alone, {views} identities each"),
        ("ledger", f"{books.heard} of {books.causes} causes said; {len(books.without_cause)} said without a cause"),
        ("CPU a night", f"{early.seconds:.1f} s in night {EARLY + 1}, {last.seconds:.1f} s in the last ones"),
        ("files of history read", f"{early.files} in night {EARLY + 1}, {last.files} in the last ones"),
    )
    return Outcome(figure, good, remarks[:SHOWN], figures)


ROWS = (Row("year-of-nights", "a year's figures can be made again, and each warning has its cause", run),)
