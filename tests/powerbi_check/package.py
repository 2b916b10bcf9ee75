"""Row g and the way into a workspace: the .pbit beside Desktop's own, the download, fabric-cicd into a stand-in of Fabric."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Callable
from functools import partial
from typing import Any

from powerbi.audience import AUDIENCES
from tests.conftest import ROOT
from tests.helpers import desktop_template
from tests.powerbi_check import installing
from tests.powerbi_check.bench import Bench
from tests.powerbi_check.fabric_stand_in import Fabric, Trouble, standing_in
from tests.powerbi_check.rows import AUDIENCES as NAMES
from tests.powerbi_check.rows import Judge, Outcome, Row

CITY = "https://metrics.city.example"
WORKSPACE = "0b0e4a52-6c1f-4c8e-9d5a-3f1c2b7a9e10"
CONNECTION = "5d0b6f3a-2a51-4f0e-8a57-0d8f5a1c9b42"
NO_WAITING = {"FABRIC_CICD_RETRY_DELAY_OVERRIDE_SECONDS": "0", "NO_PROXY": "*", "no_proxy": "*"}


def template(audience: str, bench: Bench) -> Outcome:
    """The committed template: every fact of Desktop's own, two foreign readers, and what the service hands out."""
    judge = Judge()
    model = AUDIENCES[audience].model
    path = bench.project(audience) / f"{model}.pbit"
    packed = path.read_bytes()
    for name, found, expected in desktop_template.facts(packed):
        judge.check(name, found=found, expected=expected)
        if judge.failed:
            return judge.outcome(1)
    facts = judge.passed
    _foreign_readers(judge, audience, bench, packed)
    download = bench.service.get(f"/v1/powerbi/{audience}/{model}.pbit", role=audience)
    judge.check("download: status", found=download.status_code, expected=200)
    judge.check("download: differs in the address alone", found=_address_apart(download.content), expected=_address_apart(packed))  # fmt: skip
    judge.check("download: address", found=_address(download.content), expected=bench.service.root)
    done = judge.outcome(facts + 7)
    return Outcome(f"{done.figure}; {facts} facts of Desktop's own", done.good, done.remarks)


def _foreign_readers(judge: Judge, audience: str, bench: Bench, packed: bytes) -> None:
    files = zipfile.ZipFile(io.BytesIO(packed)).namelist()
    path = bench.project(audience) / f"{AUDIENCES[audience].model}.pbit"
    said = installing.ask("template.py", str(path))
    report, model = said["report"], said["model"]
    visuals = sum(name.endswith("/visual.json") for name in files)
    judge.check("pbix-mcp: type", found="PBIT template" in report.get("opened", report), expected=True)
    judge.check("pbix-mcp: visuals", found=report.get("visuals"), expected=visuals)
    tables = list((bench.project(audience) / f"{AUDIENCES[audience].model}.SemanticModel").glob("definition/tables/*"))
    judge.check("TOM reads the model: tables", found=model.get("tables", model), expected=len(tables))
    measures = sum(len(re.findall(r"^\tmeasure ", file.read_text("utf-8"), re.MULTILINE)) for file in tables)
    judge.check("TOM reads the model: measures", found=model.get("measures"), expected=measures)


def _parts(packed: bytes) -> dict[str, bytes]:
    unpacked = zipfile.ZipFile(io.BytesIO(packed))
    return {name: unpacked.read(name) for name in unpacked.namelist()}


def _address(packed: bytes) -> str:
    found = json.loads(_parts(packed)["DataModelSchema"].decode("utf-16-le"))["model"]["expressions"]
    said = next(each["expression"] for each in found if each["name"] == "ApiBaseUrl")
    return str(json.loads(said.partition(" meta ")[0]))


def _address_apart(packed: bytes) -> dict[str, bytes]:
    """The parts, the address in the model taken out."""
    parts = _parts(packed)
    schema = parts["DataModelSchema"].decode("utf-16-le").replace(_address(packed), "")
    return {**parts, "DataModelSchema": schema.encode()}


def deploy(audience: str, bench: Bench) -> Outcome:
    """The real fabric-cicd: items made, then replaced and bound to a connection; a busy, a failing and a closed Fabric."""
    judge = Judge()
    name = AUDIENCES[audience].model
    items = [f"{name}.SemanticModel", f"{name}.Report"]
    with standing_in(Fabric(WORKSPACE, connections=(CONNECTION,), trouble=Trouble(busy=2))) as fabric:
        first = _published(fabric, audience)
        judge.check("published", found=first.get("items", first), expected=items)
        judge.check("made in the workspace", found=list(fabric.items), expected=items)
        _as_sent(judge, fabric, name, bench.project(audience))
        second = _published(fabric, audience, connection=CONNECTION)
        judge.check("published again", found=second.get("items", second), expected=items)
        judge.check("replaced, not made twice", found=[item.get("updated") for item in fabric.items.values()], expected=[1, 1])  # fmt: skip
        model = fabric.items[items[0]]["id"]
        judge.check("bound to the connection", found=fabric.bound, expected={model: CONNECTION})
        judge.check("asked with the token alone", found=fabric.tokens, expected={"Bearer token-of-the-stand-in"})
    for trouble, word in ((Trouble(failing=True), "not readable"), (Trouble(stranger=True), "not authorized")):
        with standing_in(Fabric(WORKSPACE, trouble=trouble)) as fabric:
            error = _published(fabric, audience).get("error", {})
            judge.check(f"{word}: code", found=error.get("code"), expected="DeploymentFailed")
            judge.check(f"{word}: said", found=word in error.get("message", ""), expected=True)
            judge.check(f"{word}: no token in it", found="token-of" in str(error), expected=False)
    done = judge.outcome(18)
    return Outcome(f"{done.figure}; fabric-cicd {first.get('library')}", done.good, done.remarks)


def _as_sent(judge: Judge, fabric: Fabric, name: str, project: Any) -> None:
    """What arrived is the committed files: with the address of the environment, and the report joined to the model."""
    model, report = fabric.items[f"{name}.SemanticModel"], f"{name}.Report"
    address = f'ApiBaseUrl = "{CITY}"'
    sent = fabric.part(f"{name}.SemanticModel", "definition/expressions.tmdl")
    judge.check("the address of the environment is in the model", found=address in sent, expected=True)
    binding = json.loads(fabric.part(report, "definition.pbir"))["datasetReference"]["byConnection"]
    judge.check("the report is joined to the model", found=binding["pbiModelDatabaseName"], expected=model["id"])
    own = {"definition/expressions.tmdl", "definition.pbir"}
    for item in fabric.items:
        paths = {each["path"] for each in fabric.items[item]["definition"]["parts"]}
        there = {
            path.relative_to(project / item).as_posix(): path for path in (project / item).rglob("*") if path.is_file()
        }
        judge.check(f"{item}: every file arrived", found=paths, expected=set(there))
        changed = [
            path for path in sorted(set(there) - own) if fabric.part(item, path) != there[path].read_text("utf-8")
        ]
        judge.check(f"{item}: and no other byte changed", found=changed, expected=[])


def _published(fabric: Fabric, audience: str, **more: str) -> dict[str, Any]:
    """What `judges/fabric.py` says after one deployment."""
    wanted = {"audience": audience, "workspace": WORKSPACE, "environment": "PROD", "address": CITY, **more}
    asked = {"checkout": str(ROOT), "api": fabric.address, "plan": wanted}
    command = [str(installing.python("fabric")), str(installing.JUDGES / "fabric.py")]
    said: dict[str, Any] = json.loads(installing.run(command, ROOT, stdin=json.dumps(asked), env=NO_WAITING))
    return said


def _rows(word: str, proves: str, run: Callable[[str, Bench], Outcome]) -> tuple[Row, ...]:
    return tuple(Row(f"{word} {name}", proves, partial(run, name)) for name in NAMES)


ROWS = (
    *_rows("template", "parts, order, encodings, content types of the .pbit are Desktop's; the download is the same", template),
    *_rows("deploy", "fabric-cicd makes, replaces and binds both items in a stand-in of Fabric", deploy),
)  # fmt: skip
