"""Row `missed-nights`: a schedule that was down for three nights makes up for them by one run, once, at the right hour.

Each case is a city whose last night was good; then days go by, two of them with a change of clocks, and `crisis
schedule` is started as a process of its own. What it says, what it runs, and that the figures are those of a twin whose
nights were never missed.
"""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Lock
from typing import Any

from sqlalchemy import select

from jobs.migrate import upgrade_service
from jobs.refresh.records import RUNS
from models.clock import iso
from models.database import engine
from tests.drill.bench import Bench
from tests.drill.rows import Outcome, Row
from tests.drill.twins import HEALTHY, current
from tests.helpers.drill import process, settings_of
from tests.helpers.live import crisis
from tests.helpers.tiny import START, STEP, add_calls, tiny_source

# times in UTC; the city is Toronto: clocks go forward on 2026-03-08 (02:00), back on 2026-11-01 (02:00)
CASES = """
case                         | at    | last night       | starts           | runs | says                | next run
three nights missed          | 02:15 | 2026-02-03 07:15 | 2026-02-06 12:00 | 1    | 3 nights were missed | 2026-02-07 07:15
started again, nothing more  | 02:15 | 2026-02-06 12:00 | 2026-02-06 15:00 | 0    | -                   | 2026-02-07 07:15
spring among the missed      | 02:15 | 2026-03-06 07:15 | 2026-03-09 12:00 | 1    | 3 nights were missed | 2026-03-10 06:15
spring, before the hour      | 02:15 | 2026-03-07 07:15 | 2026-03-08 07:14 | 0    | -                   | 2026-03-08 07:15
spring, the hour itself      | 02:15 | 2026-03-07 07:15 | 2026-03-08 07:15 | 1    | -                   | 2026-03-09 06:15
autumn among the missed      | 02:15 | 2026-10-30 06:15 | 2026-11-02 12:00 | 1    | 3 nights were missed | 2026-11-03 07:15
autumn, the hour's first time | 01:30 | 2026-10-31 05:30 | 2026-11-01 05:30 | 1    | -                   | 2026-11-02 06:30
autumn, its second time      | 01:30 | 2026-11-01 05:30 | 2026-11-01 06:30 | 0    | -                   | 2026-11-02 06:30
"""
FEW = ("spring among the missed", "spring, before the hour")
OF_THE_NIGHTS = frozenset({"Snapshots", "Revisions", "Completeness", "DataQuality", "Dates"})
"""Views that tell of the nights themselves: which there were, and what each of them changed."""
MIGRATING = Lock()
"""Alembic has one context for a process."""
BACK = 45
"""Days of calls that the city has before its last night."""


@dataclass(frozen=True)
class Case:
    """One line of the table; instants aware."""

    name: str
    at: str
    last: datetime
    starts: datetime
    runs: int
    says: str
    following: datetime


def run(bench: Bench) -> Outcome:
    """Every case, or the few."""
    cases = [case for case in map(_case, CASES.strip().splitlines()[1:]) if not bench.short or case.name in FEW]
    faults, nights, views = [], 0, 0
    with ThreadPoolExecutor(2) as pool:
        tried = list(pool.map(lambda case: _tried(bench.folder / f"missed-{cases.index(case)}", case), cases))
    for case, (found, equal) in zip(cases, tried, strict=True):
        bench.say(f"  {case.name}: {'as designed' if not found else '; '.join(found)}")
        faults += [f"{case.name}: {fault}" for fault in found]
        nights += case.runs
        views += equal
    good = len(cases) - len({fault.partition(":")[0] for fault in faults})
    figure = (
        f"{good} of {len(cases)} starts as designed, {nights} runs, {views} view identities as if no night was missed"
    )
    return Outcome(figure, not faults and views > 0, tuple(faults))


def _case(line: str) -> Case:
    name, at, last, starts, runs, says, following = (cell.strip() for cell in line.split("|"))
    return Case(name, at, _instant(last), _instant(starts), int(runs), says, _instant(following))


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}+00:00")


def _tried(folder: Path, case: Case) -> tuple[list[str], int]:
    """What was not as the table has it, and how many views are those of the twin."""
    days = (case.starts - case.last).days
    home, twin = folder / "home", folder / "twin"
    _city(home, case.last)
    shutil.copytree(home, twin)
    dues = [case.last + timedelta(days=day) for day in range(1, days + 1)] if case.runs else []
    for due in dues[:-1]:
        for place in (home, twin):
            _calls(place, due)
        if process(twin, iso(due), None) != HEALTHY:
            raise RuntimeError("a night of the twin was not published")
    for place in (home, twin):
        _calls(place, case.starts)
    told = _scheduled(home, case)
    faults = _faults(home, case, told)
    if not case.runs or not days:
        return faults, 0
    if process(twin, iso(case.starts), None)[1] not in ("published", "unchanged"):
        raise RuntimeError("the last night of the twin was not published")
    wanted = {name: facts.identity for name, facts in current(twin).views.items() if name not in OF_THE_NIGHTS}
    differ = [name for name, identity in wanted.items() if current(home).views[name].identity != identity]
    return [*faults, *(f"{name} is not as if no night was missed" for name in differ)], len(wanted) - len(differ)


def _city(home: Path, last: datetime) -> None:
    """A city that published its last good night, on schedule."""
    settings = settings_of(home)
    begin = last.replace(tzinfo=None) - timedelta(days=BACK)
    with MIGRATING:
        tiny_source(settings.source_database, max(int((begin - START) / STEP), 0) + 12 * BACK)
        upgrade_service(settings.service_database)
    if process(home, iso(last), None) != HEALTHY:
        raise RuntimeError("the city's last good night was not published")


def _calls(home: Path, until: datetime) -> None:
    """The calls that came in since: one every two hours."""
    address = settings_of(home).source_database
    opened = engine(address)
    with opened.connect() as connection:
        have = int(connection.exec_driver_sql("SELECT count(*) FROM call").scalar_one())
    opened.dispose()
    wanted = int((until.replace(tzinfo=None) - START) / STEP)
    if wanted > have:
        add_calls(address, have, wanted - have)


def _scheduled(home: Path, case: Case) -> list[dict[str, Any]]:
    """Start the schedule, wait until it waits for the next night, and end it: what it said."""
    now = {"CRISIS_NOW": iso(case.starts), "CRISIS_KEEP_SNAPSHOTS_HOURS": "0", "CRISIS_KEEP_SNAPSHOTS_DAYS": "0"}
    running = crisis("schedule", "--at", case.at, "--json", home=home, **now)
    told: list[dict[str, Any]] = []
    try:
        assert running.stdout
        for line in running.stdout:
            told.append(json.loads(line))
            if told[-1]["event"] == "Waiting" or len(told) > 10:
                break
        running.send_signal(signal.SIGTERM)
        running.communicate(timeout=30)
    except subprocess.TimeoutExpired:
        told.append({"event": "deaf"})
    finally:
        running.kill()
        running.wait()
    return [*told, {"event": "exit", "code": running.returncode}]


def _faults(home: Path, case: Case, told: list[dict[str, Any]]) -> list[str]:
    """Held against the line of the table."""
    events = [each["event"] for each in told]
    wanted = [*(["Began", "Finished"] * case.runs), "Waiting", "exit"]
    if events != wanted:
        return [f"said {', '.join(events)} and not {', '.join(wanted)}"]
    service = engine(settings_of(home).service_database)
    with service.connect() as connection:
        ran = connection.execute(select(RUNS.c.state).where(RUNS.c.trigger == "schedule")).scalars().all()
    service.dispose()
    said = next((each["why"] for each in told if each["event"] == "Began"), "")
    following = datetime.fromisoformat(next(each["at"] for each in told if each["event"] == "Waiting")).astimezone(UTC)
    found = {
        f"{len(ran)} runs, {', '.join(ran)}": list(ran) != ["published"] * case.runs,
        f"it said {said!r}": (case.says not in said) if case.says != "-" else "missed" in said,
        f"the next run is at {iso(following)}": following != case.following,
        f"it ended with {told[-1]['code']}": told[-1]["code"] != 0,
    }
    return [fault for fault, is_so in found.items() if is_so]


ROWS = (
    Row(
        "missed-nights",
        "one run makes up for the nights that were missed; clocks that change skip and double none",
        run,
    ),
)
