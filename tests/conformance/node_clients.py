"""Clients from npm that are made of our `$metadata` or read plain JSON: odata2ts, SAP Cloud SDK, @odata/client.

The first two generate TypeScript from the document that the running service serves; tsc compiles it together with the
script in clients/ in strict mode, and only then does it read. What each check must read stands here as SQL.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

from tests.conformance.bench import Bench, Service, Truth
from tests.conformance.installing import CLIENTS, node, run, run_script, tool
from tests.conformance.rows import Judge, Outcome, Row

Expected = dict[str, Callable[[Truth], Any]]
COMPILER = {
    "target": "ES2022",
    "module": "CommonJS",
    "moduleResolution": "node",
    "strict": True,
    "esModuleInterop": True,
    "skipLibCheck": True,
    "outDir": "out",
}
OLD_MOMENT = "A literal has a prefix that is not known."


def column(sql: str) -> Callable[[Truth], Any]:
    """The values of a statement's only column."""
    return lambda truth: [row[0] for row in truth.tuples(sql)]


def one(sql: str) -> Callable[[Truth], Any]:
    """The only value of a statement."""
    return lambda truth: truth.one(sql)


def tuples(sql: str) -> Callable[[Truth], Any]:
    """Rows without names."""
    return lambda truth: truth.tuples(sql)


FIRST_AREA = "SELECT AreaName FROM Areas WHERE AreaId = '001'"
PRIORITY = "SELECT Label FROM Codes WHERE CodeList = 'priority' AND Code = '1'"
PARKS = "SELECT AreaId FROM Areas WHERE contains(lower(AreaName), 'park') ORDER BY _row"
AREA_OF_CALLS = "SELECT CallId, AreaName FROM Calls c JOIN Areas USING (AreaId) ORDER BY c._row LIMIT {}"
BUSY_URGENT = "FROM Calls WHERE PriorityCode = '1' AND UnitCount > 0"
URGENT = "FROM Calls WHERE PriorityCode = '1'"
SINCE = "CallArrival >= '2026-03-01 12:00:00'"
CELLS = "SELECT PeriodCode, Weekday, EventCount, MeanPerHour FROM HourlyActivity ORDER BY _row LIMIT 40"

ODATA2TS: Expected = {
    "list, selected, sorted": lambda truth: truth.rows("SELECT AreaId, AreaName FROM Areas ORDER BY AreaName DESC LIMIT 20"),
    "filter and count": lambda truth: [
        truth.one(f"SELECT count(*) {BUSY_URGENT}"),
        column(f"SELECT CallId {BUSY_URGENT} ORDER BY _row")(truth),
    ],
    "filter on a moment and a text": column(
        f"SELECT CallId FROM Calls WHERE {SINCE} AND contains(TeamCode, '_n') ORDER BY _row"
    ),
    "filter on a day, or": one("SELECT count(*) FROM DailyCalls WHERE OperationalDate < '2025-11-01' OR CallCount > 2"),
    "one key": one(FIRST_AREA),
    "key of several columns": one(PRIORITY),
    "navigation": one("SELECT AreaName FROM Calls JOIN Areas USING (AreaId) ORDER BY CallId LIMIT 1"),
    "expand, nested select": tuples(AREA_OF_CALLS.format(30)),
    "search": column(PARKS),
    "groups": column("SELECT DISTINCT PriorityCode FROM DailyCalls ORDER BY 1"),
    "types of values": tuples(CELLS),
}  # fmt: skip


def exact(rows: list[tuple[Any, ...]]) -> list[list[Any]]:
    """Whole numbers and decimals as the texts that big numbers are written as."""
    return [[f"{value.normalize():f}" if isinstance(value, Decimal) else value for value in row] for row in rows]


SAP_CLOUD_SDK: Expected = {
    "list, selected, sorted": tuples("SELECT AreaId, AreaName FROM Areas ORDER BY AreaName DESC LIMIT 20"),
    "filter and count": one(f"SELECT count(*) {URGENT}"),
    "and, or, on numbers and texts": tuples(
        "SELECT CallId, AreaId FROM Calls WHERE PriorityCode IN ('1', '2') AND UnitCount >= 2 ORDER BY CallId"
    ),
    "filter on a moment": column(f"SELECT CallArrival FROM Calls WHERE {SINCE} ORDER BY _row LIMIT 50"),
    "one key": one(FIRST_AREA),
    "key of several columns": one(PRIORITY),
    "expand, nested select": tuples(AREA_OF_CALLS.format(30)),
    "skip and top": column("SELECT CallId FROM Calls ORDER BY _row LIMIT 10 OFFSET 100"),
    "search": column(PARKS),
    "types of values": lambda truth: exact(truth.tuples(CELLS)),
    "$batch of two reads": lambda truth: [
        column("SELECT AreaId FROM Areas ORDER BY _row LIMIT 2")(truth),
        [truth.one(FIRST_AREA)],
    ],
}

ODATA_CLIENT: Expected = {
    "filter on a text": column(f"SELECT CallId {URGENT} ORDER BY _row"),
    "filter, order, select, top": lambda truth: truth.rows(
        "SELECT CallId, AreaId FROM Calls WHERE UnitCount > 1 ORDER BY CallArrival DESC, _row LIMIT 15"
    ),
    "skip": column("SELECT AreaId FROM Areas ORDER BY AreaName, _row LIMIT 5 OFFSET 10"),
    "count": one(f"SELECT count(*) {URGENT}"),
    "count of all": one("SELECT count(*) FROM Calls"),
    "key": one(FIRST_AREA),
    "in": column("SELECT CallId FROM Calls WHERE AreaId IN ('001', '005') ORDER BY _row"),
    "a moment": one(f"SELECT count(*) FROM Calls WHERE {SINCE}"),
    "a moment as before version 4": lambda _: OLD_MOMENT,
    "null": one("SELECT count(*) FROM Calls WHERE IncidentId IS NULL"),
    "expand": tuples(AREA_OF_CALLS.format(10)),
    "search": column(PARKS),
    "$batch": lambda truth: [
        column("SELECT AreaId FROM Areas ORDER BY _row LIMIT 2")(truth),
        truth.one("SELECT count(*) FROM Calls"),
    ],
    "an error names the property": lambda _: "Calls has no property 'Nope'.",
}


def judged(found: dict[str, Any], expected: Expected, truth: Truth, *, more: int = 0) -> Judge:
    """A check for each name; `more` is the number of checks passed before."""
    judge = Judge(passed=more)
    for name, of_truth in expected.items():
        judge.check(name, found=found.get(name), expected=of_truth(truth))
    return judge


def compiled(folder: Path, script: str, generated: str, service: Service) -> dict[str, Any]:
    """Compile a generated client with its script, then run it. Raises Missing when the compiler finds fault."""
    shutil.copy(CLIENTS / f"{script}.ts", folder)
    include = [generated, f"{script}.ts"]
    (folder / "tsconfig.json").write_text(json.dumps({"compilerOptions": COMPILER, "include": include}))
    run([tool("node"), "node_modules/typescript/bin/tsc", "-p", "."], folder)
    said = run([tool("node"), f"out/{script}.js"], folder, env=service.environment())
    found: dict[str, Any] = json.loads(said.splitlines()[-1])
    return found


def described(folder: Path, name: str, service: Service) -> None:
    """The metadata document as the service serves it, beside the client that is made of it."""
    answer = service.get("/odata/v1/$metadata", Accept="application/xml")
    answer.raise_for_status()
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(answer.content)


def odata2ts(bench: Bench) -> Outcome:
    """Generate, compile, read."""
    service, folder = bench.service, node("odata2ts")
    described(folder, "metadata.xml", service)
    shutil.rmtree(folder / "generated", ignore_errors=True)
    (folder / "tsconfig.json").write_text(json.dumps({"compilerOptions": COMPILER}))
    command = ["node_modules/@odata2ts/odata2ts/lib/run-cli.js", "-s", "metadata.xml", "-o", "generated"]
    run([tool("node"), *command, "-m", "service", "-e", "ts"], folder)
    found = compiled(folder, "odata2ts_reads", "generated", service)
    return judged(found, ODATA2TS, service.truth, more=1).outcome(len(ODATA2TS) + 1)


def sap_cloud_sdk(bench: Bench) -> Outcome:
    """Generate, compile, read with a key in the destination."""
    service, folder = bench.service, node("sap-cloud-sdk")
    described(folder, "spec/crisis.xml", service)
    options = {"spec/crisis.xml": {"directoryName": "crisis", "packageName": "crisis", "basePath": "/odata/v1"}}
    (folder / "options.json").write_text(json.dumps(options))
    generator = ["node_modules/@sap-cloud-sdk/generator/dist/cli.js", "-i", "spec", "-o", "client", "--clearOutputDir"]
    run([tool("node"), *generator, "-s", "options.json"], folder)
    found = compiled(folder, "sap_cloud_sdk_reads", "client", service)
    return judged(found, SAP_CLOUD_SDK, service.truth, more=1).outcome(len(SAP_CLOUD_SDK) + 1)


def odata_client(bench: Bench) -> Outcome:
    """Read plain JSON."""
    service = bench.service
    found = json.loads(run_script(node("odata-client"), "odata_client.mjs", env=service.environment()))
    return judged(found, ODATA_CLIENT, service.truth).outcome(len(ODATA_CLIENT))


ROWS = (
    Row(
        "odata2ts",
        "odata2ts 0.34: the client made of $metadata compiles in strict mode and reads what SQL says",
        odata2ts,
    ),
    Row("sap-cloud-sdk", "SAP Cloud SDK 4.5: the generated client compiles and reads, also in batches", sap_cloud_sdk),
    Row("odata-client", "@odata/client 2.21: filters, counts, expands, searches, batches as SQL does", odata_client),
)
