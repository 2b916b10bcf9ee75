"""Row `kill-schedule`: `crisis schedule` dies in the midst of a night, with its run or without it, and is started anew.

The whole tree of processes is killed, as by a power cut, or the schedule alone, whose run then goes on by itself. The
next start has to leave the city as the twin is. Clients read meanwhile, as in tests.drill.kills.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.drill.bench import Bench
from tests.drill.kills import Kill, Night, night, outcome, served, told
from tests.drill.rows import Outcome, Row
from tests.drill.twins import HEALTHY, Twins
from tests.helpers.drill import PATIENCE

MANY = 9
ALONE = 3
"""Of so many kills one hits the schedule alone."""
KEEP = {"CRISIS_KEEP_SNAPSHOTS_HOURS": "0", "CRISIS_KEEP_SNAPSHOTS_DAYS": "0"}


@contextmanager
def schedule(home: Path, moment: str) -> Iterator[subprocess.Popen[str]]:
    """`crisis schedule --json` at a moment, with a group of processes of its own."""
    others = {name: value for name, value in os.environ.items() if not name.upper().startswith("CRISIS_")}
    process = subprocess.Popen(
        [sys.executable, "-m", "jobs.cli", "schedule", "--json"],
        env=others | KEEP | {"CRISIS_HOME": str(home), "CRISIS_NOW": moment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        if process.stdout:
            process.stdout.close()  # not read to its end: a run that lives on holds it open


def until(process: subprocess.Popen[str], *events: str) -> list[dict[str, Any]]:
    """What it says, up to one of these events or its end."""
    said: list[dict[str, Any]] = []
    for line in process.stdout or ():
        if line.startswith("{"):
            said.append(json.loads(line))
            if said[-1]["event"] in events:
                break
    return said


class Killing:
    """Kills schedules after a part of a run's length, as the run after the last kill showed it."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.held = 0

    def kill(self, part: float, *, alone: bool) -> Kill:
        """The schedule is killed in the midst of its run; `alone`: its run is not."""

        def killed(twins: Twins, moment: str) -> bool:
            with schedule(twins.home, moment) as process:
                until(process, "Began")
                time.sleep(part * self.seconds)
                if alone:
                    process.kill()
                else:
                    os.killpg(process.pid, signal.SIGKILL)
                return process.wait(PATIENCE) == -signal.SIGKILL

        return killed

    def again(self, twins: Twins, moment: str) -> tuple[int, str]:
        """Started anew it sees the night to its end, waits for the next, and ends when it is told to."""
        with schedule(twins.home, moment) as process:
            begun, said = time.monotonic(), until(process, "Waiting")
            ended = [each["state"] for each in said if each["event"] == "Finished"]
            if "published" in ended:
                self.seconds = time.monotonic() - begun
            process.terminate()
            code = process.wait(PATIENCE)
        self.held += any(each["event"] == "Held" for each in said)
        if not said or said[-1]["event"] != "Waiting":
            return code, "it ended before the night did"
        return code, ended[-1] if ended else HEALTHY[1]


def run(bench: Bench) -> Outcome:
    """A quiet night to learn how long one takes, then night after night with a kill."""
    twins = Twins(bench.folder, "kill-schedule")
    draw, killing = random.Random(bench.seed), Killing()
    nights: list[Night] = []
    with served(twins, bench) as clients:
        first = twins.dawn()
        twins.undisturbed(first)
        killing.again(twins, first)
        for number in range(MANY):
            part, alone = draw.random(), number % ALONE == ALONE - 1
            name = f"{'schedule alone' if alone else 'whole tree'} after {part:.0%}"
            found = night(twins, clients, name, killing.kill(part, alone=alone), killing.again)
            nights.append(told(bench, found))
    found = outcome(twins, clients, nights, "`crisis schedule`", MANY)
    held = (("of these the schedule alone; its next start waited", f"{MANY // ALONE}; {killing.held}"),)
    return replace(found, figures=(*found.figures[:1], *held, *found.figures[1:]))


ROW = Row("kill-schedule", "the schedule dies with its run or without it; started anew it makes good", run, short=False)
