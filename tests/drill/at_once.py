"""Rows of nights on which several runs want the same: begun at once, asked for beside one, and one that hangs."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import httpx
from sqlalchemy import select, text

from jobs.refresh.crash import POINTS
from jobs.refresh.history import History
from jobs.refresh.lease import TABLE
from models.clock import wall
from models.database import engine
from tests.drill.bench import Bench
from tests.drill.nights import BAD, City, city, judged, lines, undisturbed
from tests.drill.rows import Outcome, Row
from tests.helpers.live import crisis, serving

AT_ONCE = """
what happens                          | processes | published | refused with 13 | nights | identities
two processes begin at once           | 2         | 1         | 1               | 1      | equal
six processes begin at once           | 6         | 1         | 5               | 1      | equal
"""
ASKED = """
what happens                               | answers                 | runs                              | nights | identities
a refresh runs, and is asked for over HTTP | 202 for two of two, 1 id | cli published, api unchanged     | 1      | equal
"""
PATIENCE = 120.0
"""Seconds after which what was waited for will not come; a guard against hanging, not a claim."""
SHORT_LEASE = {"CRISIS_LEASE_SECONDS": "2"}


def wait(what: str, true: Callable[[], bool]) -> None:
    """Until something is so."""
    end = time.monotonic() + PATIENCE
    while not true():
        if time.monotonic() > end:
            raise TimeoutError(what)
        time.sleep(0.02)


def nights(here: City) -> int:
    """Nights that the history has beyond those at the beginning."""
    return len(History(here.settings.history).nights()) - 2


def same(here: City, bench: Bench) -> str:
    """Whether the figures are those of an undisturbed night."""
    left = f", LEFT: {here.leftovers()}" if here.leftovers() else ""
    return ("equal" if here.identities() == undisturbed(bench, BAD) else "DIFFERS") + left


def at_once(bench: Bench) -> Outcome:
    """Several processes begin together; whoever comes after the winner has ended finds nothing new, which is as well."""

    def found(line: dict[str, str]) -> dict[str, str]:
        here = city(bench, f"at once {line['processes']}")
        runs = [here.start(BAD) for _ in range(int(line["processes"]))]
        said = [run.communicate()[0] for run in runs]
        ended = Counter(
            "published" if run.returncode == 0 and '"published"' in words else f"exit {run.returncode}"
            for run, words in zip(runs, said, strict=True)
        )
        return {
            "processes": str(sum(ended.values())),
            "published": str(ended.pop("published", 0)),
            "refused with 13": str(ended.pop("exit 13", 0)) + "".join(f", AND {word}" for word in ended),
            "nights": str(nights(here)),
            "identities": same(here, bench),
        }

    first = judged(bench, AT_ONCE, found, "starts at once")
    if bench.short:
        return first
    second = judged(bench, ASKED, lambda _line: asked(bench), "request beside a run")
    return Outcome(f"{first.figure}; {second.figure}", first.good and second.good, (*first.remarks, *second.remarks))


def asked(bench: Bench) -> dict[str, str]:
    """`crisis refresh` runs, stopped amid the computing, while the service is asked twice and a schedule takes it."""
    here = city(bench, "asked over HTTP")
    words = ("keys", "add", "--role", "refresh", "--client", "drill", "--json")
    key = json.loads(crisis(*words, home=here.home, CRISIS_NOW=BAD).communicate()[0])
    run = here.start(BAD, **stopping("compute.midway"))
    wait("the run did not come to its stop", lambda: stopped(run))
    log = here.home.parent / "schedule.log"
    schedule = crisis("schedule", "--json", home=here.home, log=log, CRISIS_NOW=BAD)
    try:
        with serving(here.home, log=here.home.parent / "serve.log", CRISIS_NOW=BAD) as (root, _process):
            wait(
                "no schedule was heard of",
                lambda: post(root, (key["key_id"], key["secret"])).status_code != httpx.codes.SERVICE_UNAVAILABLE,
            )
            answers = [post(root, (key["key_id"], key["secret"])) for _ in range(2)]
            os.kill(run.pid, signal.SIGCONT)
            run.communicate()
            wait("the request was not run", lambda: len(ended(here)) == 2)
    finally:
        schedule.terminate()
        schedule.communicate()
    codes = Counter(str(answer.status_code) for answer in answers)
    ids = {answer.json()["run_id"] for answer in answers}
    return {
        "answers": f"{', '.join(codes)} for {'two' if codes.total() == 2 else codes.total()} of two, {len(ids)} id",
        "runs": ", ".join(ended(here)),
        "nights": str(nights(here)),
        "identities": same(here, bench),
    }


def post(root: str, key: tuple[str, str]) -> httpx.Response:
    """Ask for a refresh."""
    return httpx.post(f"{root}/v1/refresh-runs", auth=key, timeout=60)


def ended(here: City) -> list[str]:
    """Each run of the bad night that has ended: who asked for it, and how it went."""
    made = engine(here.settings.service_database)
    query = "SELECT trigger, state, error_code FROM refresh_run WHERE fence > 2 AND ended_at IS NOT NULL ORDER BY fence"
    with made.connect() as connection:
        rows = connection.execute(text(query)).all()
    made.dispose()
    return [" ".join(filter(None, row)) for row in rows]


def stopping(point: str) -> dict[str, str]:
    """Settings with which a run stops at a point as if it hung, until it is told to go on."""
    return {"CRISIS_DRILL": "1", "CRISIS_CRASH_AT": point, "CRISIS_CRASH_SIGNAL": "STOP"}


def stopped(run: subprocess.Popen[str]) -> bool:
    """Whether a process stands still, all of its threads."""
    if run.poll() is not None:
        raise RuntimeError(f"the run ended before its stop: {run.communicate()}")
    return Path(f"/proc/{run.pid}/stat").read_text("ascii").rpartition(")")[2].split()[0] == "T"


HANGING = """
hangs at               | holder's exit | its record       | the other's run | nights | readyz | figures
publish.before_pointer | 14            | failed LeaseLost | published       | 1      | fresh  | of 09:00
history.before_rename  | 14            | failed LeaseLost | published       | 1      | fresh  | of 09:10
contract.done          | 14            | failed LeaseLost | published       | 1      | fresh  | of 09:10
extract.midway         | 14            | failed LeaseLost | published       | 1      | fresh  | of 09:10
extract.done           | 14            | failed LeaseLost | published       | 1      | fresh  | of 09:10
history.after_rename   | 14            | failed LeaseLost | published       | 1      | fresh  | of 09:00
clean.done             | 14            | failed LeaseLost | published       | 1      | fresh  | of 09:00
compute.midway         | 14            | failed LeaseLost | published       | 1      | fresh  | of 09:00
compute.done           | 14            | failed LeaseLost | published       | 1      | fresh  | of 09:00
check.done             | 14            | failed LeaseLost | published       | 1      | fresh  | of 09:00
build.midway           | 14            | failed LeaseLost | published       | 1      | fresh  | of 09:00
build.before_rename    | 14            | failed LeaseLost | published       | 1      | fresh  | of 09:00
build.after_rename     | 14            | failed LeaseLost | published       | 1      | fresh  | of 09:00
publish.after_pointer  | 14            | published        | unchanged       | 1      | fresh  | of 09:00
prune.midway           | 14            | published        | unchanged       | 1      | fresh  | of 09:00
prune.done             | 0             | published        | unchanged       | 1      | fresh  | of 09:00
"""
LATER = BAD.replace("09:00", "09:10")
PRUNING = {"CRISIS_KEEP_SNAPSHOTS_HOURS": "0", "CRISIS_KEEP_SNAPSHOTS_DAYS": "0"}


def hanging(bench: Bench) -> Outcome:
    """The holder stands still at a point until its lease is over, another run takes it, and the holder wakes up."""
    unlisted = set(POINTS) ^ {line["hangs at"] for line in lines(HANGING)}
    if unlisted:
        return Outcome(f"no design for {', '.join(sorted(unlisted))}", good=False)
    return judged(bench, HANGING, lambda line: woken(bench, line["hangs at"]), "hanging holders")


def woken(bench: Bench, point: str) -> dict[str, str]:
    """What came of both runs."""
    here = city(bench, f"hanging at {point}")
    holder = here.start(BAD, **SHORT_LEASE, **PRUNING, **stopping(point))
    try:
        wait("the holder did not come to its stop", lambda: stopped(holder))
        wait("the lease did not end", lambda: expired(here))
        other = here.night(LATER, **PRUNING)
        shown = here.version
    finally:
        os.kill(holder.pid, signal.SIGCONT)
    after = here.seen(holder, LATER, shown)
    moved = "" if after.shown == "yesterday" else ", THE POINTER MOVED"
    figures = next((now for now in (BAD, LATER) if here.identities() == undisturbed(bench, now)), "????????T?????")
    left = f", LEFT: {here.leftovers()}" if here.leftovers() else ""
    return {
        "holder's exit": str(after.exit_code),
        "its record": ended(here)[0].removeprefix("cli "),
        "the other's run": other.cells["run"],
        "nights": str(nights(here)),
        "readyz": after.reason,
        "figures": f"of {figures[11:16]}{moved}{left}",
    }


def expired(here: City) -> bool:
    """Whether the lease is over."""
    made = engine(here.settings.service_database)
    with made.connect() as connection:
        until = connection.execute(select(TABLE.c.expires_at)).scalar_one()
    made.dispose()
    return bool(until <= wall().replace(tzinfo=None))


ROWS = (
    Row("two-at-once", "one publishes, the others are told to wait", at_once),
    Row("hanging-holder", "who wakes up without its lease publishes nothing", hanging),
)
