"""Rows of nights on which SQL Server misbehaves: closed connections, deadlocks, lock time-outs, commits that come late.

The small server of tests.helpers.tds_server stands in for it and makes the faults; the refresh is the real command
through a real ODBC driver. That proves the driver path, never SQL Server.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

from jobs.refresh.history import History
from tests.conformance.installing import Missing
from tests.drill.bench import Bench
from tests.drill.nights import BAD, City, after, city, edit, judged, undisturbed
from tests.drill.rows import Outcome, Row
from tests.helpers.tds_server import Fault, Properties, Server, serving
from tests.helpers.tiny import DONE
from tests.sqlserver.drivers import found as drivers

CLOSED = """
what happens                      | fault                | exit | run                         | message        | shown     | readyz               | tonight | after
closed at row 100, once           | cut_after=100        | 0    | published                   | published      | tonight   | fresh                | equal   | equal
closed at rows 0, 0 and 0         | cut_after=0 times=3  | 0    | published                   | published      | tonight   | fresh                | equal   | equal
closed at row 100, for ever       | cut_after=100 times=99 | 34 | failed SourceConnectionLost | closed the con | yesterday | SourceConnectionLost | stays   | equal
nobody listens                    | away                 | 10   | failed SourceUnreachable    | does not answer | yesterday | SourceUnreachable   | stays   | equal
"""
LOCKED = """
what happens                      | fault                | exit | run               | message   | shown     | readyz     | tonight | after
two deadlocks                     | error=1205 times=2   | 0    | published         | published | tonight   | fresh      | equal   | equal
two lock time-outs                | error=1222 times=2   | 0    | published         | published | tonight   | fresh      | equal   | equal
a conflict of snapshots           | error=3960           | 0    | published         | published | tonight   | fresh      | equal   | equal
deadlocks for ever                | error=1205 times=99  | 35   | failed SourceBusy | is busy   | yesterday | SourceBusy | stays   | equal
"""
LATE = """
committed                         | found at    | in a night that read
an hour after its updated_at      | 02-03 21:00 | what changed
three hours after its updated_at  | 02-04 09:00 | everything
"""
READING_CALLS = r"FROM \[call\]"
CHANGES = {"CRISIS_SOURCE_FULL_DAYS": "1"}
"""Nights within a day of a full one ask for changes, with two hours of overlap."""
LATE_NIGHTS = (BAD, "2026-02-03T21:00:00Z", "2026-02-04T09:00:00Z", "2026-02-05T09:00:00Z")
LATE_ROWS = {
    "an hour after its updated_at": (7, "2026-02-03 07:00"),
    "three hours after its updated_at": (9, "2026-02-03 05:00"),
}
"""Call and `updated_at` of what is committed after the first of the nights, whose newest `updated_at` is 08:00."""


@contextmanager
def served(here: City, **settings: str) -> Iterator[Server]:
    """The city's source behind the small server, and the city's runs led there."""
    driver = next((each for each in drivers().values() if each is not None), None)
    if driver is None:
        raise Missing("no ODBC driver for SQL Server is installed (docs/sqlserver.md)")
    with serving(here.source, properties=Properties(types={"DATETIME": "DATETIME2(6)"})) as server:
        here.environment = {"CRISIS_SOURCE_URL": driver.address(server.port), **settings}
        yield server


def fault(words: str) -> list[Fault]:
    """The fault that a table names, in the reading of calls."""
    named = {name: int(number) for name, number in re.findall(r"(\w+)=(\d+)", words)}
    return [Fault(READING_CALLS, **named)] if named else []  # type: ignore[arg-type]


def faults(bench: Bench, name: str, table: str) -> Outcome:
    """Every line of a table: the server misbehaves for one night."""

    def found(line: dict[str, str]) -> dict[str, str]:
        here = city(bench, f"{name} {line['what happens']}")
        with served(here) as server:
            server.faults += fault(line["fault"])
            times = sum(each.times for each in server.faults)
            nowhere = {"CRISIS_SOURCE_URL": re.sub(r":\d+/", ":1/", here.environment["CRISIS_SOURCE_URL"])}
            cells = here.night(BAD, **(nowhere if line["fault"] == "away" else {})).cells
            happened = times - sum(each.times for each in server.faults)
            server.faults.clear()
            same = "stays"
            if cells["shown"] == "tonight":
                same = "equal" if here.identities() == undisturbed(bench, BAD) else "DIFFERS"
            said = again(here) if cells["exit"] == "0" else happened
            unsaid = "" if said == happened else f", but {happened} faults and {said} said"
            return cells | {"tonight": same + unsaid, "after": after(here, bench), "fault": line["fault"]}

    return judged(bench, table, found)


def again(here: City) -> int:
    """How often a read was asked again, as the night says of itself."""
    detail = next(
        each.detail for each in History(here.settings.history).nights()[-1].checks if each.check == "source_moment"
    )
    return sum(map(int, re.findall(r"(\d+) reads were asked again", detail)))


def late_commit(bench: Bench) -> Outcome:
    """Two changes committed late: one night after night by what changed, and once by everything, as full nights have it."""
    partly, whole = (city(bench, f"late commits, {kind}") for kind in ("changes", "full"))
    for here, settings in ((partly, CHANGES), (whole, {})):
        edit(here.source, *(f"UPDATE {table} SET updated_at = '2026-02-01 00:00:00.000000'" for table in tables(here)))
        edit(here.source, "UPDATE call SET updated_at = '2026-02-03 08:00:00.000000' WHERE call_id = 5")
        with served(here, **settings):
            for number, now in enumerate(LATE_NIGHTS):
                if number:
                    lived(here, now)
                if number == 1:
                    edit(here.source, *map(late, LATE_ROWS.values()))
                seen = here.night(now)
                if seen.exit_code:
                    return Outcome(f"a night failed: {seen}", good=False)

    def found(line: dict[str, str]) -> dict[str, str]:
        call, _dated = LATE_ROWS[line["committed"]]
        return first_seen(partly, call)

    outcome = judged(bench, LATE, found, "late commits")
    wanted = whole.identities()
    differ = {name for name, identity in partly.identities().items() if identity != wanted[name]} - COUNTING
    same = f"DIFFER: {sorted(differ)}" if differ else "equal to those of full nights"
    return Outcome(f"{outcome.figure}; figures {same}", outcome.good and not differ, outcome.remarks)


COUNTING = {"Snapshots", "Revisions", "Completeness"}
"""Views that say in which night a row came."""


def tables(here: City) -> list[str]:
    """Tables of the source that have `updated_at`."""
    names = [path.stem for path in sorted(here.settings.history.glob("*/*.parquet"))]
    return sorted(set(names))


def late(row: tuple[int, str]) -> str:
    """A call changes, with a time that has gone by."""
    return f"UPDATE call SET priority = '2', updated_at = '{row[1]}:00.000000' WHERE call_id = {row[0]}"


def lived(here: City, now: str) -> None:
    """The city goes on; what is new is dated an hour before the night."""
    here.live(now)
    moment = f"{now[:10]} {int(now[11:13]) - 1:02d}:00:00.000000"
    edit(
        here.source,
        *(
            f"UPDATE {each} SET updated_at = '{moment}' WHERE updated_at = '{DONE:%F %T}.000000'"
            for each in tables(here)
        ),
    )


def first_seen(here: City, call: int) -> dict[str, str]:
    """The night that brought a change of a call, and what it read."""
    history = here.settings.history
    with duckdb.connect() as con:
        row = con.execute(
            "SELECT max(_recorded_at) FROM read_parquet(?) WHERE call_id = ? AND priority = '2'",
            [[str(path) for path in history.glob("*/call.parquet")], call],
        ).fetchone()
    moment = row[0] if row else None
    night = next(each for each in History(history).nights() if each.recorded.replace(tzinfo=None) == moment)
    reach = next(each.detail for each in night.checks if each.check == "source_reach")
    read = "everything" if reach.startswith("everything was read") else "what changed"
    return {"found at": f"{moment:%m-%d %H:%M}", "in a night that read": read}


ROWS = (
    Row(
        "connection-closed",
        "asked again from the last row, none lost or doubled, or yesterday stays",
        lambda bench: faults(bench, "closed", CLOSED),
    ),
    Row(
        "deadlocks",
        "asked again; for ever, yesterday stays",
        lambda bench: faults(bench, "locked", LOCKED),
        short=False,
    ),
    Row("late-commit", "found by the overlap, or by the full reconcile", late_commit, short=False),
)
