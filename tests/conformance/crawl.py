"""A million rows read to the last page by next links: page 100 reads no more rows than page 1, each row comes once.

Through the whole engine, from the address to the bytes. Rows read are counted by the engine's own trace, which
tests/unit/test_fetch.py holds against DuckDB's profile; nothing is timed.
"""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass, replace

from api.odata.exchange import Limits
from models.snapshot import layout
from tests.conformance.bench import Bench, Truth
from tests.conformance.rows import Judge, Outcome, Row
from tests.helpers.asking import Desk, desk
from tests.helpers.tiny_snapshot import big_snapshot

ROWS = 1_000_000
PAGE = 2_000
DEEP = 100
MOST = 1.1
LINK = re.compile(rb'"@odata.nextLink":"([^"]+)"}\s*\Z')
KEY = re.compile(rb'"StoppedCount":(\d+)')


@dataclass(frozen=True)
class Walk:
    """An address, and the statement whose one column its rows must have, in this order."""

    name: str
    address: str
    sql: str


WALKS = (
    Walk("plain feed", "DailyFunnel", "SELECT StoppedCount FROM DailyFunnel ORDER BY _row"),
    Walk(
        "filter",
        "DailyFunnel?$filter=StoppedCount mod 3 eq 1&$select=StoppedCount",
        "SELECT StoppedCount FROM DailyFunnel WHERE StoppedCount % 3 = 1 ORDER BY _row",
    ),
    Walk(
        "orderby of no key",
        "DailyFunnel?$select=StoppedCount&$orderby=StageCode desc&$top=250000",
        "SELECT StoppedCount FROM DailyFunnel ORDER BY StageCode DESC, _row LIMIT 250000",
    ),
)
"""An order of another column than the stored ones reads the whole view for each page, deep or not."""


def walked(ask: Desk, address: str) -> tuple[list[int], list[int]]:
    """The numbers of all rows in the order in which they came, and the rows read for each page."""
    numbers, read = list[int](), list[int]()
    link: str | None = address
    while link is not None:
        page = ask.get(link)
        assert page.status == 200, page.body
        numbers += map(int, KEY.findall(page.body))
        read.append(page.trace.rows_read or 0)
        found = LINK.search(page.body)
        link = found[1].decode() if found else None
    return numbers, read


def run(bench: Bench) -> Outcome:
    """All walks over one snapshot."""
    folder = bench.folder / "million"
    bench.say(f"  building a view of {ROWS:,} rows")
    made = big_snapshot(folder, "DailyFunnel", ROWS)
    truth = Truth(layout.database_path(shutil.copytree(folder / made.version, bench.folder / "copied")))
    ask = desk(folder, limits=Limits(page_size=PAGE))
    judge, figures = Judge(), list[str]()
    try:
        for walk in WALKS:
            numbers, read = walked(ask, walk.address)
            bench.say(
                f"  {walk.name}: {len(numbers):,} rows on {len(read)} pages; "
                f"rows read on page 1: {read[0]:,}, on page {DEEP}: {read[DEEP - 1]:,}"
            )
            figures.append(f"{read[0]:,} {read[DEEP - 1]:,}")
            judge.check(f"{walk.name}: more than {DEEP} pages", found=len(read) > DEEP, expected=True)
            judge.check(
                f"{walk.name}: page {DEEP} reads at most {MOST} times page 1: {read[DEEP - 1]} after {read[0]}",
                found=read[DEEP - 1] <= read[0] * MOST,
                expected=True,
            )
            judge.check(
                f"{walk.name}: each row once, in order",
                found=numbers == [row[0] for row in truth.tuples(walk.sql)],
                expected=True,
            )
    finally:
        ask.engine.shelf.close()
    outcome = judge.outcome(3 * len(WALKS))
    return replace(outcome, figure=f"{outcome.figure}; rows read on pages 1 and {DEEP}: {'; '.join(figures)}")


ROW = Row("crawl", f"{ROWS:,} rows by next links: page {DEEP} reads at most {MOST} times the rows of page 1", run)
