"""Row `restore`: the home folder is deleted whole, a backup is brought back, and nobody can tell the difference.

The city's own database lies elsewhere, as in life. Asked before and after over HTTP: every view in two formats, other
questions, other roles, a key that was given out, and a next link from before the loss. Then the night after, beside a
copy of the home that nothing happened to.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import text

from jobs.migrate import upgrade_service
from jobs.refresh.history import History
from models.catalogue import CATALOGUE
from models.database import engine
from models.settings import ApiSettings
from tests.drill.bench import Bench
from tests.drill.rows import Judge, Outcome, Row
from tests.drill.twins import HEALTHY, current, must_publish
from tests.helpers.demo_city import THIRTEEN_MONTHS, build
from tests.helpers.drill import process
from tests.helpers.live import crisis, serving
from tests.helpers.service import SCOPED, Login, make_keys
from tests.helpers.tiny import tiny_source

TINY = ("2026-02-01T09:00:00Z", "2026-02-01T10:00:00Z", "2026-02-01T11:00:00Z")
DEMO = ("2026-11-20T20:00:00Z", "2026-11-20T21:00:00Z", "2026-11-20T22:00:00Z")
"""Two nights before the loss, one after it."""
CALLS = 372
WHOLE = {"Prefer": "odata.maxpagesize=50000"}
QUESTIONS = (
    "/odata/v1/",
    "/odata/v1/$metadata",
    "/odata/v1/Calls?$filter=PriorityCode eq '1'&$orderby=ReadyAt desc,CallId&$count=true&$top=40",
    "/odata/v1/DailyIncidents?$apply=groupby((AreaId,OperationalDate),aggregate(IncidentCount with sum as Total))",
    "/odata/v1/Responses?$select=ResponseId,CallId&$expand=Call($select=CallId,PriorityCode)&$top=25",
)
ROLES = ("viewer", "lead", SCOPED, "refresh", "expired", "revoked")

Answers = dict[str, tuple[int, bytes]]


def run(bench: Bench) -> Outcome:
    """Two nights, a backup, the loss, the restore, the night after."""
    moments = TINY if bench.short else DEMO
    home, source, judge = bench.folder / "restore" / "home", _source(bench), Judge()
    upgrade_service(f"sqlite:///{home / 'service.db'}")
    must_publish(process(home, moments[0], None, source_url=source))
    _news(source, 1)
    must_publish(process(home, moments[1], None, source_url=source))
    logins = make_keys(ApiSettings(home=home))
    bench.say("  asking the service, then backing up while it runs")
    with _served(home, moments[1], bench) as root:
        before, link = _answers(root, logins), _link(root, logins["analyst"])
        said, backed_up = _timed("backup", str(bench.folder / "backups"), home=home, now=moments[1])
    nights, facts = _nights(home), current(home)
    twin = shutil.copytree(home, bench.folder / "restore" / "twin")
    shutil.rmtree(home)
    bench.say("  the home folder is gone")
    restored, seconds = _timed("restore", said["folder"], home=home, now=moments[1])
    judge.check("version", found=restored["version"], expected=facts.version)
    judge.check("nights", found=_nights(home), expected=nights)
    for view, expected in facts.views.items():
        judge.check(f"identity of {view}", found=current(home).views[view].identity, expected=expected.identity)
    with _served(home, moments[1], bench) as root:
        after = _answers(root, logins)
        for question, answer in before.items():
            judge.check(question, found=after.get(question), expected=answer)
        judge.check("the rows behind a next link", found=_rest(link, root, logins["analyst"]), expected=link["rest"])
    _news(source, 2)
    with ThreadPoolExecutor(2) as pool:
        for ended in pool.map(lambda place: process(place, moments[2], None, source_url=source), (twin, home)):
            judge.check("the night after", found=ended, expected=HEALTHY)
    judge.check("version of the night after", found=current(home).version, expected=current(twin).version)
    for view, expected in current(twin).views.items():
        judge.check(f"{view} of the night after", found=current(home).views[view].identity, expected=expected.identity)
    views = len(facts.views)
    done = judge.outcome(2 * views + len(before) + 6)
    megabytes = said["bytes"] / 1e6
    figure = (
        f"{done.figure.removesuffix(' checks')} equal ({views} identities, {len(before)} answers, the night after); backup of "
        f"{megabytes:.0f} MB {backed_up / 60:.2f} min, restore {seconds / 60:.2f} min"
    )
    return Outcome(figure, done.good, done.remarks)


def _source(bench: Bench) -> str:
    """The city's own database, outside the home folder."""
    if not bench.short:
        build(bench.folder / "restore-source", THIRTEEN_MONTHS)
        return f"sqlite:///{bench.folder / 'restore-source' / 'crisis.db'}"
    address = f"sqlite:///{bench.folder / 'restore-source.db'}"
    tiny_source(address, CALLS)
    return address


def _news(source: str, night: int) -> None:
    """Calls that were changed, and an event that was deleted."""
    opened = engine(source)
    with opened.begin() as connection:
        connection.execute(text("UPDATE call SET priority = '2' WHERE call_id % 50 = :night"), {"night": night})
        connection.execute(text("DELETE FROM status_event WHERE event_id = (SELECT max(event_id) FROM status_event)"))
    opened.dispose()


@contextmanager
def _served(home: Path, now: str, bench: Bench) -> Iterator[str]:
    settings = {"CRISIS_NOW": now, "CRISIS_REQUESTS_PER_MINUTE": "1000000"}
    with serving(home, log=bench.folder / "restore.log", **settings) as (root, _process):
        yield root


def _answers(root: str, logins: dict[str, Login]) -> Answers:
    """Status and bytes of every question, without the address under which the service happened to run."""
    views = [view.name for view in CATALOGUE.views.values() if "analyst" in view.roles]
    asked = [(f"/odata/v1/{view}", "analyst") for view in views]
    asked += [(f"/v1/views/{view}.csv", "analyst") for view in views]
    asked += [(question, "analyst") for question in QUESTIONS]
    asked += [("/odata/v1/DailyCalls", role) for role in ROLES]
    found: Answers = {}
    with httpx.Client(timeout=120) as client:
        for path, role in asked:
            login = logins[role]
            answer = client.get(f"{root}{path}", auth=(login.key_id, login.secret), headers=WHOLE)
            body = answer.content.replace(root.encode(), b"ROOT") if answer.is_success else b"an error with its own id"
            found[f"{role} {path}"] = (answer.status_code, body)
    return found


def _link(root: str, login: Login) -> dict[str, Any]:
    """A next link, and the rows that lie behind it."""
    auth = (login.key_id, login.secret)
    first = httpx.get(f"{root}/odata/v1/Calls", auth=auth, headers={"Prefer": "odata.maxpagesize=7"}, timeout=60).json()
    whole = httpx.get(f"{root}/odata/v1/Calls", auth=auth, headers=WHOLE, timeout=60).json()["value"]
    return {"root": root, "link": first["@odata.nextLink"], "rest": whole[7:]}


def _rest(kept: dict[str, Any], root: str, login: Login) -> list[Any]:
    """Walk on from a link that another process gave out."""
    rows: list[Any] = []
    link = kept["link"].replace(kept["root"], root)
    while link:
        answer = httpx.get(link, auth=(login.key_id, login.secret), headers=WHOLE, timeout=60).json()
        rows += answer.get("value", [])
        link = answer.get("@odata.nextLink")
    return rows


def _timed(command: str, folder: str, *, home: Path, now: str) -> tuple[dict[str, Any], float]:
    """Run a command of the product: what it said, and its seconds."""
    begun = time.monotonic()
    process = crisis(command, folder, "--json", home=home, CRISIS_NOW=now)
    said, complaint = process.communicate()
    if process.returncode != 0:
        raise RuntimeError(f"crisis {command} ended with {process.returncode}: {complaint[-500:]}")
    return json.loads(said), time.monotonic() - begun


def _nights(home: Path) -> list[str]:
    return [night.name for night in History(home / "history").nights()]


ROWS = (Row("restore", "everything lost comes back from a backup, to the byte", run),)
