"""Rows `kill-points` and `kill-random`: night after night dies while a service is asked, and nothing comes of it.

Each night is killed once and run again. Then what is published has to be what the twin published, version and
identities, and nothing may be left behind; what clients got meanwhile is judged by tests.drill.readers.
"""

from __future__ import annotations

import random
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from jobs.refresh.crash import POINTS
from jobs.refresh.records import INTERRUPTED, RUNS, STEPS
from models.clock import parse_instant
from models.database import engine
from models.settings import ApiSettings
from tests.drill.bench import Bench
from tests.drill.readers import Clients, judged, reading
from tests.drill.rows import Outcome, Row
from tests.drill.twins import HEALTHY, Twins, current, differing
from tests.helpers.drill import settings_of
from tests.helpers.live import serving
from tests.helpers.service import make_keys

MOMENTS, FEW_MOMENTS = 50, 2
FEW_POINTS = ("history.after_rename", "build.midway", "publish.after_pointer")
TOO_LATE, EARLIER = 5, 0.85
"""A run that ended before it was to die is no kill: another one dies a little earlier, at most so many for each kill."""

Kill = Callable[[Twins, str], bool]
"""Runs the night of a moment in the first home and kills it; False when it ended before."""
Again = Callable[[Twins, str], tuple[int, str]]
"""Runs it once more: exit code and state."""


@dataclass(frozen=True)
class Night:
    """A night that was killed and run again. `step`: where it died; `faults`: what was not as it has to be."""

    name: str
    killed: bool
    step: str
    faults: tuple[str, ...]


@contextmanager
def served(twins: Twins, bench: Bench, *, walkers: int = 2) -> Iterator[Clients]:
    """The first home served by `crisis serve`, with clients at work."""
    login = make_keys(ApiSettings(home=twins.home))["analyst"]
    unlimited = {"CRISIS_STALE_HOURS": "1000000", "CRISIS_REQUESTS_PER_MINUTE": "1000000"}
    with (
        serving(twins.home, log=bench.folder / "server.log", **unlimited) as (root, server),
        reading(root, (login.key_id, login.secret), walkers=walkers) as clients,
    ):
        yield clients
        if server.poll() is not None:
            raise RuntimeError("the service ended by itself")


def once_more(twins: Twins, moment: str) -> tuple[int, str]:
    """A run that nobody disturbs."""
    return twins.run(twins.home, moment)


def night(twins: Twins, clients: Clients, name: str, kill: Kill, again: Again = once_more) -> Night:
    """One day's news, a run that dies, a run after it; meanwhile the twin's undisturbed night."""
    moment = twins.dawn()
    with ThreadPoolExecutor(1) as pool:
        beside = pool.submit(twins.undisturbed, moment)
        killed = kill(twins, moment)
        clients.saw("kill")
        step, faults = died_in(twins, moment) if killed else "nowhere", []
        ended = again(twins, moment)
        clients.saw("publish")
        wanted = beside.result()
    if ended not in (HEALTHY, (0, "unchanged")):
        faults.append(f"run again: {ended}")
    faults += differing(current(twins.home), wanted)
    faults += [f"left behind: {path.name}" for path in sorted(twins.home.rglob(".*"))]
    faults += unclosed(twins)
    return Night(name, killed, step, tuple(faults))


def died_in(twins: Twins, moment: str) -> str:
    """The step in which the run of a moment was killed: the last that its record began."""
    with _records(twins) as connection:
        run = connection.execute(
            select(RUNS.c.run_id, RUNS.c.state).where(RUNS.c.started_at == parse_instant(moment).replace(tzinfo=None))
        ).first()
        if run is None:
            return "no step yet"
        if run.state != "running":
            return "its end"
        found = connection.scalars(
            select(STEPS.c.name).where(STEPS.c.run_id == run.run_id).order_by(STEPS.c.step_id.desc()).limit(1)
        ).first()
        return found or "no step yet"


def unclosed(twins: Twins) -> list[str]:
    """Runs whose record is still open, and killed ones that do not say so."""
    with _records(twins) as connection:
        found = connection.execute(select(RUNS.c.run_id, RUNS.c.state, RUNS.c.error_code)).all()
    wrong = [run for run in found if run.state == "running" or (run.state, run.error_code) == ("failed", None)]
    odd = [run for run in found if run.state == "failed" and run.error_code != INTERRUPTED]
    return [f"the record of run {run.run_id[:8]} says {run.state}, {run.error_code}" for run in (*wrong, *odd)]


@contextmanager
def _records(twins: Twins) -> Iterator[Any]:
    opened = engine(settings_of(twins.home).service_database)
    try:
        with opened.connect() as connection:
            yield connection
    finally:
        opened.dispose()


def at_point(point: str) -> Kill:
    """Dies by itself, as by a power cut, at a named point."""
    return lambda twins, moment: twins.run(twins.home, moment, point)[0] == -signal.SIGKILL


def at_moment(part: float, seconds: Callable[[], float]) -> Kill:
    """Killed from outside after this part of the length of a run."""
    return lambda twins, moment: twins.run(twins.home, moment, after=part * seconds())[0] == -signal.SIGKILL


def points(bench: Bench) -> Outcome:
    """Each named point once, in the order of a night."""
    twins = Twins(bench.folder, "kill-points")
    with served(twins, bench) as clients:
        asked = FEW_POINTS if bench.short else POINTS
        nights = [told(bench, night(twins, clients, point, at_point(point))) for point in asked]
    return outcome(twins, clients, nights, "named points", len(asked))


def moments(bench: Bench) -> Outcome:
    """Moments drawn at random, one from each equal part of a run's length."""
    twins = Twins(bench.folder, "kill-random")
    draw = random.Random(bench.seed)
    many = FEW_MOMENTS if bench.short else MOMENTS
    parts = [(number + draw.random()) / many for number in range(many)]
    draw.shuffle(parts)
    with served(twins, bench) as clients:
        nights = [each for part in parts for each in _until_killed(bench, twins, clients, part)]
    return outcome(twins, clients, nights, f"random moments (seed {bench.seed})", many)


def _until_killed(bench: Bench, twins: Twins, clients: Clients, part: float) -> Iterator[Night]:
    """A run that was quicker than the one before may end unharmed: then another night, killed a little earlier."""
    for number in range(TOO_LATE):
        early = part * EARLIER**number
        kill = at_moment(early, lambda: twins.seconds)
        found = told(bench, night(twins, clients, f"after {early:.0%} of a run", kill))
        yield found
        if found.killed:
            return


def told(bench: Bench, found: Night) -> Night:
    """Say what came of it."""
    killed = f"died in {found.step}" if found.killed else "ended before it was to die"
    bench.say(f"  {found.name:<24} {killed}; {'; '.join(found.faults) or 'the night after: as undisturbed'}")
    return found


def outcome(twins: Twins, clients: Clients, nights: list[Night], kind: str, wanted: int) -> Outcome:
    """Every night and every answer together; fewer kills than wanted are no success."""
    verdict = judged(clients, twins)
    killed = [each for each in nights if each.killed]
    bad = [each for each in nights if each.faults]
    figure = f"{len(killed) - len(bad)} of {len(killed)} kills harmless, {len(verdict.torn)} torn, {len(verdict.failed)} failed"
    steps = Counter(each.step for each in killed)
    figures = (
        (f"kills at {kind}", f"{len(killed)}"),
        ("died in", ", ".join(f"{step} {number}" for step, number in steps.items())),
        ("run again: published, identities as undisturbed", f"{len(nights) - len(bad)} of {len(nights)}"),
        *verdict.figures,
    )
    good = verdict.good and not bad and len(killed) == wanted
    remarks = tuple(f"{each.name}: {fault}" for each in bad for fault in each.faults)
    return Outcome(figure, good, (*remarks, *verdict.remarks), figures)


ROWS = (
    Row("kill-points", "killed at named points: no client notices, the next run makes good", points),
    Row("kill-random", "killed at random moments: no client notices, the next run makes good", moments),
)
