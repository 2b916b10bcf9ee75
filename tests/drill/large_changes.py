"""Row `night-10m`: of ten million rows behind SQL Server one in a hundred changed; the night reads these alone.

The source is a demo city with millions of status events, behind the small server of tests.helpers.tds_server in a process
of its own, which counts the rows that it sends. After a full night come, over two copies of the home, a night of changes
and a full one: both have to record and publish the same, rows of the history and identities of the views.
"""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import duckdb

from jobs.refresh import night as recorded
from jobs.refresh.history import History
from jobs.source.contract import TABLES
from models.clock import iso
from models.snapshot import layout
from models.snapshot.rowtext import literal
from tests.conformance.installing import Missing
from tests.conftest import ROOT
from tests.drill.bench import Bench
from tests.drill.large import CITY, SHORT, Night, counted, night, published
from tests.drill.rows import Outcome, Row
from tests.helpers.demo_city import END
from tests.helpers.large_source import large_city
from tests.helpers.tds_server import Properties, serving
from tests.sqlserver.drivers import found

MOST = 1.1
FURTHER = 297
"""Further status events of each."""
SHORT_FURTHER = 11
OVERLAP = timedelta(minutes=120)
"""The product's own."""
SERVED = Properties(snapshot_isolation_state=1, types={"DATETIME": "DATETIME2(6)"})


@dataclass
class Counting:
    """The server's process."""

    process: subprocess.Popen[str]
    port: int

    def sent(self) -> int:
        """Rows of the contract's tables that it has sent so far."""
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return int(self.process.stdout.readline())


@contextmanager
def counting(file: Path) -> Iterator[Counting]:
    """A server over the file; ends with this block."""
    command = [sys.executable, "-m", "tests.drill.large_changes", str(file)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, text=True) as process:
        assert process.stdin is not None and process.stdout is not None
        yield Counting(process, int(process.stdout.readline()))
        process.stdin.close()


def serve(file: str) -> None:
    """That process: says its port, then for each line that comes how many rows were sent."""
    with serving(Path(file), properties=SERVED) as server:
        print(server.port, flush=True)
        for _ in sys.stdin:
            print(sum(rows for text, rows in server.sent.items() if text.startswith("SELECT TOP")), flush=True)


def change(file: Path, moment: datetime) -> int:
    """What a day brings: one status event in a hundred is typed again, some come late. Returns how many."""
    at = moment.replace(tzinfo=None).isoformat(" ", "microseconds")
    with closing(sqlite3.connect(file)) as connection:
        changed = connection.execute(
            "UPDATE status_event SET recorded_by = 'typed_later', updated_at = ? WHERE rowid % 100 = 7", [at]
        ).rowcount
        changed += connection.execute(
            "INSERT INTO status_event SELECT event_id + 900000000000000000, response_id, incident_id, status, at, "
            "recorded_at, recorded_by, ? FROM status_event ORDER BY event_id LIMIT 100",
            [at],
        ).rowcount
        connection.commit()
    return changed


def latest(file: Path, now: datetime) -> dict[str, str]:
    """The latest change of each table that a night at `now` can know."""
    at = now.replace(tzinfo=None).isoformat(" ", "microseconds")
    with closing(sqlite3.connect(file)) as connection:
        return {
            table.name: connection.execute(
                f"SELECT max(updated_at) FROM {table.name} WHERE updated_at <= ?", [at]
            ).fetchone()[0]
            for table in TABLES
        }


def to_read(file: Path, known: dict[str, str]) -> int:
    """Rows that changed since, and those of the overlap: what a night of changes has to read."""
    least = 0
    for table, moment in known.items():
        since = (datetime.fromisoformat(moment) - OVERLAP).isoformat(" ", "microseconds")
        least += counted(file, table, "updated_at >= ?", since)
    return least


def run(bench: Bench) -> Outcome:
    """Full, then changes alone beside full once more."""
    address = next((driver.address for driver in found().values() if driver is not None), None)
    if address is None:
        raise Missing("no ODBC driver is installed (Debian: unixodbc, tdsodbc)")
    further = {"status_event": SHORT_FURTHER if bench.short else FURTHER}
    file = large_city(bench.folder / "ten", SHORT if bench.short else CITY, 1, further)
    rows = sum(counted(file, table.name) for table in TABLES)
    bench.say(f"  a source of {rows:,} rows, {file.stat().st_size >> 20:,} MB")
    changes, full = bench.folder / "ten-changes", bench.folder / "ten-full"
    tomorrow = END + timedelta(days=1)
    with counting(file) as server:
        source = address(server.port)
        nights = {"first, full": night(changes, source, iso(END))}
        shutil.copytree(changes, full)
        known = latest(file, END)
        changed = change(file, tomorrow - timedelta(hours=1))
        wanted, before = to_read(file, known), server.sent()
        nights["changes alone"] = night(changes, source, iso(tomorrow), CRISIS_SOURCE_FULL_DAYS="7")
        read, before = server.sent() - before, server.sent()
        nights["full again"] = night(full, source, iso(tomorrow))
        read_full = server.sent() - before
    for name, each in nights.items():
        bench.say(f"  {name:<14} {each.words}")
    remarks = [
        f"{name}: exit code {each.code}: {each.said.get('message')}"
        for name, each in nights.items()
        if not each.published
    ]
    remarks += [] if remarks else differing(changes, full)
    if read > MOST * wanted:
        remarks.append(f"{read:,} rows were read, more than {MOST} times {wanted:,}")
    if read_full < rows:
        remarks.append(f"the full night was none: {read_full:,} rows")
    ratio = f"{read:,} rows read, {read / wanted:.3f} of changed and overlap ({wanted:,})"
    equal = "DIFFERS from" if remarks else "equal to"
    figure = f"{changed:,} of {rows:,} rows changed: {ratio}; result {equal} a full night's; {spent(nights)}"
    figures = (
        ("night of changes: rows at the source, changed", f"{rows:,}, {changed:,}"),
        ("night of changes: rows read / changed and overlap (limit 1.1)", f"{read / wanted:.3f}"),
        ("night of changes: minutes, and of the full night", spent(nights)),
    )
    return Outcome(figure, not remarks, tuple(remarks), figures)


def spent(nights: dict[str, Night]) -> str:
    """Minutes and memory of the two nights that are compared."""
    fast, slow = nights["changes alone"], nights["full again"]
    return f"{fast.minutes:.1f} min against {slow.minutes:.1f}, peak {fast.memory:,.0f} and {slow.memory:,.0f} MB"


def differing(one: Path, other: Path) -> list[str]:
    """What two homes do not have in common: rows of the last night's history, identities of the views.

    Not the history's bytes: where Parquet ends a page goes by how the rows came.
    """
    nights = [History(home / "history").nights()[-1] for home in (one, other)]
    views = [published(home).views for home in (one, other)]
    versions = [layout.current_version(home / "snapshots") for home in (one, other)]
    files = [
        f"the history of {name} differs"
        for name, facts in nights[0].tables.items()
        if replace(facts, sha256=None) != replace(nights[1].tables[name], sha256=None)
        or (
            facts.sha256
            and _rows_differ(*(stored(home, night, name) for home, night in zip((one, other), nights, strict=True)))
        )
    ]
    named = [f"{name} differs" for name in views[0] if views[0][name].identity != views[1][name].identity]
    return files + named + ([] if views[0].keys() == views[1].keys() else [f"views differ: {versions}"])


def stored(home: Path, night: recorded.Night, table: str) -> Path:
    """The file of a table in a night of the history."""
    return home / "history" / night.name / f"{table}.parquet"


def _rows_differ(one: Path, other: Path) -> bool:
    """Whether a row stands in one file oftener than in the other."""
    left, right = (f"SELECT * FROM read_parquet({literal(str(file))})" for file in (one, other))
    with duckdb.connect() as con:
        found = con.execute(
            f"SELECT count(*) FROM (({left} EXCEPT ALL {right}) UNION ALL ({right} EXCEPT ALL {left}))"
        ).fetchone()
    return found != (0,)


ROWS = (Row("night-10m", "of ten million rows a night reads what changed, and knows as much as a full one", run),)

if __name__ == "__main__":
    serve(sys.argv[1])
