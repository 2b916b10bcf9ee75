"""Row `paging`: walks over next links that begin before a week of killed nights and end after it.

Every walk takes a page before, during and after each killed run and each run after it, in turn from two services over
the same home, as behind a load balancer; half way one of the services is killed too and started again. Retention is
the product's own. What a walk brings has to be what one request brought before the first night.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import httpx

from models.settings import ApiSettings
from tests.drill.bench import Bench
from tests.drill.kills import Night, at_moment, at_point, night, told
from tests.drill.readers import LONG, Clients, lines, version_of
from tests.drill.rows import Outcome, Row
from tests.drill.twins import Twins
from tests.helpers.live import serving
from tests.helpers.service import make_keys

SHAPES = (
    "Calls",
    "Calls?$filter=PriorityCode eq '1'",
    "Calls?$orderby=ReadyAt desc,CallId",
    "Calls?$select=CallId,PriorityCode,SnapshotId&$count=true",
    "DailyIncidents",
    "DailyIncidents?$apply=groupby((AreaId,OperationalDate),aggregate(IncidentCount with sum as Total))",
    "HourlyActivity?$filter=Hour lt 12",
    "Codes?$top=200&$skip=5",
)
NIGHTS, FEW_NIGHTS = 7, 1
STAGES = 4
"""Moments of a night at which every walk takes a page: during and after the run that dies, and the one after it."""
WHOLE = {"Prefer": "odata.maxpagesize=50000"}
KEPT = {"keep_snapshots_hours": 48.0, "keep_snapshots_days": 14}
"""As the product keeps them by default."""
UNLIMITED = {"CRISIS_STALE_HOURS": "1000000", "CRISIS_REQUESTS_PER_MINUTE": "1000000"}

T = TypeVar("T")


@dataclass
class Walk:
    """One client on its way. `size`: rows on a page, so that it comes to its end when the nights do."""

    shape: str
    expected: tuple[bytes, ...]
    size: int
    link: str = ""
    rows: list[bytes] = field(default_factory=list)
    pages: int = 0

    @property
    def over(self) -> bool:
        """Whether the last page was read."""
        return self.pages > 0 and not self.link

    @property
    def astray(self) -> int:
        """Rows that are missing, doubled or others."""
        found, wanted = Counter(self.rows), Counter(self.expected)
        return (wanted - found).total() + (found - wanted).total()

    @property
    def versions(self) -> set[str]:
        """Versions that its rows name; sums name none."""
        return {version_of(row) for row in self.rows if b'"SnapshotId"' in row}


class Walkers:
    """All walks, and the services that they ask by turns."""

    def __init__(self, home: Path, folder: Path, pages: int) -> None:
        self.home, self.folder = home, folder
        login = make_keys(ApiSettings(home=home))["analyst"]
        self.login = (login.key_id, login.secret)
        self.ends = [ExitStack(), ExitStack()]
        self.clients = [self.serve(0), self.serve(1)]
        self.failed: list[str] = []
        self.requests = 0
        self.walks = [self.begin(shape, pages) for shape in SHAPES]

    def serve(self, place: int) -> httpx.Client:
        """Start one of the services."""
        log = self.folder / f"server-{place}.log"
        root, _ = self.ends[place].enter_context(serving(self.home, log=log, **UNLIMITED))
        client = httpx.Client(base_url=root, auth=self.login, timeout=LONG)
        return self.ends[place].enter_context(client)

    def kill_one(self) -> None:
        """One of the services dies and is started again; its successor knows nothing but the home."""
        self.ends[0].close()  # ends by SIGKILL
        self.clients[0] = self.serve(0)

    def begin(self, shape: str, pages: int) -> Walk:
        """A walk that will take about so many pages."""
        rows = lines(self.clients[0].get(f"/odata/v1/{shape}", headers=WHOLE).raise_for_status().content)
        return Walk(shape, rows, max(len(rows) // pages, 1))

    def step(self) -> None:
        """A page for every walk that is under way."""
        for walk in self.walks:
            if not walk.over:
                self.page(walk)

    def page(self, walk: Walk) -> None:
        """The next page, from the other service than the one before."""
        client = self.clients[walk.pages % 2]
        path = httpx.URL(walk.link).raw_path.decode() if walk.link else f"/odata/v1/{walk.shape}"
        self.requests += 1
        try:
            answer = client.get(path, headers={"Prefer": f"odata.maxpagesize={walk.size}"}).raise_for_status()
        except httpx.HTTPError as error:
            self.failed.append(f"{walk.shape}, page {walk.pages + 1}: {type(error).__name__}: {error}")
            walk.link = ""
        else:
            walk.rows += lines(answer.content)
            walk.link = answer.json().get("@odata.nextLink", "")
        walk.pages += 1

    def during(self, work: Callable[[], T]) -> T:
        """A page while something happens, and one after it."""
        with ThreadPoolExecutor(1) as pool:
            doing = pool.submit(work)
            self.step()
            done = doing.result()
        self.step()
        return done


def run(bench: Bench) -> Outcome:
    """A few nights, each killed once; all walks from before the first to after the last."""
    twins = Twins(bench.folder, "paging", **KEPT)
    many = FEW_NIGHTS if bench.short else NIGHTS
    walkers = Walkers(twins.home, bench.folder, STAGES * many + 3)
    unread = Clients("", ("", ""))
    kills = itertools.cycle(
        (at_point("publish.before_pointer"), at_point("publish.after_pointer"), at_moment(0.5, lambda: twins.seconds))
    )
    nights: list[Night] = []
    try:
        walkers.step()
        for number in range(many):
            if number == many // 2:
                walkers.kill_one()
            kill = next(kills)
            found = night(
                twins,
                unread,
                f"night {number + 1}",
                lambda twins, moment, kill=kill: walkers.during(lambda: kill(twins, moment)),
                lambda twins, moment: walkers.during(lambda: twins.run(twins.home, moment)),
            )
            nights.append(told(bench, found))
        under_way = sum(not walk.over for walk in walkers.walks)
        while not all(walk.over for walk in walkers.walks):
            walkers.step()
    finally:
        for end in walkers.ends:
            end.close()
    return outcome(walkers, nights, under_way)


def outcome(walkers: Walkers, nights: list[Night], under_way: int) -> Outcome:
    """Every walk and every night."""
    walks = walkers.walks
    astray = sum(walk.astray for walk in walks)
    mixed = [walk.shape for walk in walks if len(walk.versions) > 1]
    whole = sum(not walk.astray for walk in walks)
    killed = sum(each.killed for each in nights)
    faults = [f"{each.name}: {fault}" for each in nights for fault in each.faults]
    remarks = [f"{walk.shape}: {walk.astray} rows lost, doubled or others" for walk in walks if walk.astray]
    remarks += [f"{shape}: more than one version" for shape in mixed]
    figures = (
        ("walks begun before the first night, ended after the last", f"{under_way} of {len(walks)}"),
        ("nights published meanwhile, runs killed, services killed", f"{len(nights)}, {killed}, 1"),
        ("pages read in turn from two services, failed", f"{walkers.requests}, {len(walkers.failed)}"),
        ("walks over two versions, rows lost or doubled", f"{len(mixed)}, {astray}"),
    )
    figure = f"{whole} of {len(walks)} walks whole, nights {len(nights)}, rows astray {astray}"
    good = whole == under_way == len(walks) and not (mixed or walkers.failed or faults) and killed == len(nights)
    return Outcome(figure, good, (*walkers.failed[:5], *faults, *remarks), figures)


ROW = Row("paging", "a walk over next links reads one version, each row once, whatever dies and is published", run)
