"""Clients of the running service: what each asks, what it got, and, afterwards, whether that was whole.

An answer is whole when its rows are those of one published version, byte by byte where it is JSON: rows hash to the
view's identity. Nothing is judged while nights run; `judged` compares everything with what the undisturbed twin has
published. Called by the rows that kill.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import httpx
import pyarrow as pa
import pyarrow.parquet as pq
from openpyxl import load_workbook

from models.snapshot.layout import ROW_END
from tests.drill.twins import Twins

PAUSE = 0.05
"""Seconds between two requests of a client: the job needs its turn too."""
LONG = 60.0
"""Seconds after which a request counts as failed."""
OPENING, CLOSING = b'"value":[\n', b"\n]"
MEMBER = b',"SnapshotId":"'


@dataclass(frozen=True)
class Got:
    """An answer: the rows of `view`, of which versions, and their identity where bytes tell it; or a `fault`."""

    asked: str
    view: str = ""
    versions: frozenset[str] = frozenset()
    rows: int = 0
    identity: str = ""
    fault: str = ""


@dataclass(frozen=True)
class Walk:
    """A whole view by next links, between two moments."""

    view: str
    rows: tuple[bytes, ...]
    pages: int
    begun: float
    ended: float
    fault: str = ""


def lines(body: bytes) -> tuple[bytes, ...]:
    """The rows of a JSON answer as they were written."""
    start = body.index(OPENING) + len(OPENING)
    inner = body[start : body.index(CLOSING, start - 1)]
    return tuple(inner.split(ROW_END)) if inner else ()


def version_of(row: bytes) -> str:
    """The version that a row names."""
    return row.rpartition(MEMBER)[2].removesuffix(b'"}').decode()


def identity(rows: Sequence[bytes]) -> str:
    """As the build makes it: a hash over the rows without their last member."""
    return hashlib.sha256(b"".join(row.rpartition(MEMBER)[0] + b"}" for row in rows)).hexdigest()


def of_rows(asked: str, view: str, rows: Sequence[bytes]) -> Got:
    """Rows as they were written."""
    return Got(asked, view, frozenset(map(version_of, rows)), len(rows), identity(rows))


def _json(asked: str, view: str, body: bytes) -> Iterator[Got]:
    yield of_rows(asked, view, lines(body))


def _csv(asked: str, view: str, body: bytes) -> Iterator[Got]:
    found = list(csv.DictReader(io.StringIO(body.decode("utf-8-sig"))))
    yield Got(asked, view, frozenset(row["SnapshotId"] for row in found), len(found))


def _parquet(asked: str, view: str, body: bytes) -> Iterator[Got]:
    yield _table(asked, view, pq.read_table(io.BytesIO(body)))


def _arrow(asked: str, view: str, body: bytes) -> Iterator[Got]:
    yield _table(asked, view, pa.ipc.open_stream(body).read_all())


def _table(asked: str, view: str, table: pa.Table) -> Got:
    return Got(asked, view, frozenset(table["SnapshotId"].to_pylist()), table.num_rows)


def _excel(asked: str, view: str, body: bytes) -> Iterator[Got]:
    sheet = load_workbook(io.BytesIO(body), read_only=True).worksheets[0]
    rows = list(sheet.iter_rows(values_only=True))
    place = rows[0].index("SnapshotId")
    yield Got(asked, view, frozenset(str(row[place]) for row in rows[1:]), len(rows) - 1)


def _state(asked: str, _view: str, body: bytes) -> Iterator[Got]:
    """/readyz names the version; RefreshStatus has one row, of the version that is served."""
    found = json.loads(body)
    yield Got(asked, versions=frozenset([found["version"] if "version" in found else found["value"][0]["SnapshotId"]]))


def _page(asked: str, _view: str, body: bytes) -> Iterator[Got]:
    yield Got(asked, fault="" if b"</html>" in body else "no whole page")


Reading = Callable[[str, str, bytes], Iterator[Got]]
ASKED: tuple[tuple[str, str, Reading], ...] = (
    ("/odata/v1/Calls", "Calls", _json),
    ("/v1/views/DailyCalls.csv", "DailyCalls", _csv),
    ("/odata/v1/RefreshStatus", "", _state),
    ("/odata/v1/DailyFunnel", "DailyFunnel", _json),
    ("/v1/views/Incidents.parquet", "Incidents", _parquet),
    ("/readyz", "", _state),
    ("/odata/v1/Snapshots", "Snapshots", _json),
    ("/v1/views/OpenItems.arrow", "OpenItems", _arrow),
    ("/", "", _page),
    ("/v1/views/Teams.xlsx", "Teams", _excel),
    ("/odata/v1/DataQuality", "DataQuality", _json),
)
WALKS = (("Calls", 12), ("DailyIncidents", 15), ("Codes", 7))
"""View, and rows on a page."""


@dataclass
class Clients:
    """The clients of one service; what they got, in order."""

    root: str
    login: tuple[str, str] = field(repr=False)
    pause: float = PAUSE
    got: list[Got] = field(default_factory=list)
    walks: list[Walk] = field(default_factory=list)
    events: list[tuple[float, str]] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)

    def client(self) -> httpx.Client:
        """A connection of its own, kept open."""
        return httpx.Client(base_url=self.root, auth=self.login, timeout=LONG)

    def saw(self, event: str) -> None:
        """`kill` or `publish`, now."""
        self.events.append((time.monotonic(), event))

    def read(self) -> None:
        """Ask everything in turn, over and over."""
        with self.client() as client:
            number = 0
            while not self.stop.wait(self.pause):
                path, view, reading = ASKED[number % len(ASKED)]
                self.got.extend(_asked(client, path, view, reading))
                number += 1

    def walk(self, turn: int = 0) -> None:
        """Walk one view after the other, page by page."""
        with self.client() as client:
            while not self.stop.is_set():
                self.walks.append(self._walk(client, *WALKS[turn % len(WALKS)]))
                turn += 1

    def _walk(self, client: httpx.Client, view: str, size: int) -> Walk:
        begun = time.monotonic()
        rows: list[bytes] = []
        link, pages, fault = f"/odata/v1/{view}", 0, ""
        try:
            while link:
                answer = client.get(link, headers={"Prefer": f"odata.maxpagesize={size}"})
                answer.raise_for_status()
                rows += lines(answer.content)
                link, pages = answer.json().get("@odata.nextLink", ""), pages + 1
                time.sleep(self.pause * 2)
        except Exception as error:  # noqa: BLE001  whatever it is, a client failed
            fault = _named(error)
        return Walk(view, tuple(rows), pages, begun, time.monotonic(), fault)


def _asked(client: httpx.Client, path: str, view: str, reading: Reading) -> Iterator[Got]:
    try:
        answer = client.get(path)
        answer.raise_for_status()
        yield from reading(path, view, answer.content)
    except Exception as error:  # noqa: BLE001  whatever it is, a client failed
        yield Got(path, fault=_named(error))


def _named(error: Exception) -> str:
    return f"{type(error).__name__}: {next(iter(str(error).splitlines()), '')}"


@contextmanager
def reading(root: str, login: tuple[str, str], *, walkers: int = 2, pause: float = PAUSE) -> Iterator[Clients]:
    """One client that asks everything and `walkers` that page, at work until the end of the block."""
    clients = Clients(root, login, pause)
    threads = [threading.Thread(target=clients.read, daemon=True)]
    threads += [threading.Thread(target=clients.walk, args=(turn,), daemon=True) for turn in range(walkers)]
    for thread in threads:
        thread.start()
    try:
        yield clients
    finally:
        clients.stop.set()
        for thread in threads:
            thread.join()


@dataclass(frozen=True)
class Verdict:
    """What all clients together went through. `over`: walks during which at least one such event happened."""

    requests: int
    failed: tuple[str, ...]
    torn: tuple[str, ...]
    walks: int
    over: Counter[str]
    mixed: int
    astray: int

    @property
    def good(self) -> bool:
        """Nobody noticed anything, and somebody was there to notice."""
        return not (self.failed or self.torn or self.mixed or self.astray) and self.requests > 0 and self.walks > 0

    @property
    def figures(self) -> tuple[tuple[str, str], ...]:
        """For the block behind the table."""
        over = ", ".join(f"{number} across a {event}" for event, number in sorted(self.over.items()))
        return (
            ("requests answered meanwhile", f"{self.requests:,}"),
            ("failed requests, torn reads", f"{len(self.failed)}, {len(self.torn)}"),
            ("walks over next links", f"{self.walks} ({over})"),
            ("walks over two versions, rows lost or doubled", f"{self.mixed}, {self.astray}"),
        )

    @property
    def remarks(self) -> tuple[str, ...]:
        """The first of what went wrong."""
        return (*(f"failed: {text}" for text in self.failed[:5]), *(f"torn: {text}" for text in self.torn[:5]))


def judged(clients: Clients, twins: Twins) -> Verdict:
    """Everything that was read against what the twin has published."""
    whole = [walk for walk in clients.walks if not walk.fault]
    failed = [f"{each.asked}: {each.fault}" for each in clients.got if each.fault]
    failed += [f"walk of {walk.view}: {walk.fault}" for walk in clients.walks if walk.fault]
    torn = [why for each in clients.got if not each.fault and (why := _torn(each, twins))]
    over: Counter[str] = Counter()
    mixed = astray = 0
    for walk in whole:
        over.update({event for moment, event in clients.events if walk.begun < moment < walk.ended})
        versions = {version_of(row) for row in walk.rows}
        mixed += len(versions) != 1
        expected = Counter(twins.rows.get((min(versions, default=""), walk.view), ()))
        wrong = (expected - (found := Counter(walk.rows))).total() + (found - expected).total()
        astray += wrong
        if not wrong and (why := _torn(of_rows(f"walk of {walk.view}", walk.view, walk.rows), twins)):
            torn.append(why)
    requests = len(clients.got) + sum(walk.pages for walk in clients.walks)
    return Verdict(requests, tuple(failed), tuple(torn), len(whole), over, mixed, astray)


def _torn(got: Got, twins: Twins) -> str:
    """Why this answer is not one whole published version; empty when it is."""
    if not got.versions and not got.view:
        return ""
    if len(got.versions) != 1:
        return f"{got.asked}: {len(got.versions)} versions in one answer"
    (version,) = got.versions
    made = twins.published.get(version)
    if made is None:
        return f"{got.asked}: {version} was never published"
    if not got.view:
        return ""
    facts = made.views[got.view]
    if got.rows != facts.rows:
        return f"{got.asked}: {got.rows} rows of {facts.rows}"
    return f"{got.asked}: other rows" if got.identity and got.identity != facts.identity else ""
