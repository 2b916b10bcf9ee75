"""Row `kill-sqlserver`: the run dies in the midst of reading SQL Server, through a real ODBC driver, and runs again.

The source is the small server of tests.helpers.tds_server, which says at which statement it is; there it makes the run
wait, and there it is killed. No connection may stay open at the server, nothing may have been written there, and the
run after it has to come out as in a twin that reads the same source undisturbed.
"""

from __future__ import annotations

import re
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

from jobs.migrate import upgrade_service
from tests.conformance.installing import Missing
from tests.drill.bench import Bench
from tests.drill.rows import Outcome, Row
from tests.drill.twins import current, differing, moment_of, must_publish
from tests.helpers.drill import PATIENCE, process, settings_of
from tests.helpers.tds_server import Fault, Server, serving
from tests.sqlserver.drivers import found
from tests.sqlserver.places import Place, fill_with_city

CALLS = 120
PLACES = ("area", "person", "incident", "call", "unit_response", "request")
"""Tables at whose reading the run dies."""
HANG = 60.0
WRITES = re.compile(r"\s*(INSERT|UPDATE|DELETE|MERGE|CREATE|ALTER|DROP|TRUNCATE)\b", re.IGNORECASE)


def run(bench: Bench) -> Outcome:
    """A night for each place; both homes read the same server."""
    driver = found()["FreeTDS"]
    if driver is None:
        raise Missing("the ODBC driver FreeTDS is not installed (Debian: unixodbc, tdsodbc)")
    home, twin = bench.folder / "sqlserver-killed", bench.folder / "sqlserver-undisturbed"
    with (
        serving(bench.folder / "sqlserver.db") as server,
        closing(Place(driver.address(server.port), server)) as place,
    ):
        fill_with_city(place, CALLS)
        for each in (home, twin):
            upgrade_service(settings_of(each).service_database)
            must_publish(process(each, moment_of(1), None, source_url=place.address))
        place.engine.dispose()
        faults = {}
        for number, table in enumerate(PLACES, start=2):
            faults[table] = night(server, place, (home, twin), table, moment_of(number))
            bench.say(f"  reading {table:<16} {'; '.join(faults[table]) or 'the night after: as undisturbed'}")
    good = sum(not each for each in faults.values())
    remarks = tuple(f"{table}: {fault}" for table, each in faults.items() for fault in each)
    figures = (("kills while SQL Server is read", f"{len(PLACES)}"), ("as undisturbed after that", f"{good}"))
    return Outcome(f"{good} of {len(PLACES)} kills harmless", good == len(PLACES), remarks, figures)


def night(server: Server, place: Place, homes: tuple[Path, Path], table: str, moment: str) -> list[str]:
    """News at the source, a run that dies at a table, a run after it, the twin's; what is not as it has to be."""
    home, twin = homes
    place.run(f"UPDATE [call] SET priority = '2', updated_at = '{moment[:10]}T04:00:00' WHERE call_id = {moment[8:10]}")
    place.engine.dispose()
    before = len(server.statements)
    server.faults[:] = [waiting := Fault(rf"FROM \[{table}\]", hang=HANG)]
    code, _ = process(home, moment, None, when=lambda: waiting.times == 0, source_url=place.address)
    server.faults.clear()
    faults = [] if code == -signal.SIGKILL else [f"it was not killed: exit code {code}"]
    if not closes(server):
        faults.append(f"{len(server.open)} connections stay open at the server")
    with ThreadPoolExecutor(2) as pool:
        ended = list(pool.map(lambda each: process(each, moment, None, source_url=place.address), homes))
    for each in ended:
        must_publish(each)
    faults += [f"the source was written to: {text[:60]}" for text in server.statements[before:] if WRITES.match(text)]
    return [*faults, *differing(current(home), current(twin))]


def closes(server: Server) -> bool:
    """Whether the server is rid of every connection before long."""
    end = time.monotonic() + PATIENCE
    while server.open and time.monotonic() < end:
        time.sleep(0.02)
    return not server.open


ROW = Row(
    "kill-sqlserver",
    "killed while SQL Server is read: nothing stays open there, the next run makes good",
    run,
    short=False,
)
