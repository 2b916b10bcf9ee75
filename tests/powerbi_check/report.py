"""Rows about the committed reports: schemas, fields, Microsoft's report validator, pbir-utils, accessibility as figures.

Everything is read from the files that a user downloads, so a template that someone changed is judged as it stands.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

from powerbi.report import accessibility
from powerbi.report.reading import documents, references
from tests.powerbi import report_fields, schemas
from tests.powerbi_check import installing
from tests.powerbi_check.bench import Bench
from tests.powerbi_check.rows import AUDIENCES, Outcome, Row

SHOWN = 5
DOCUMENTS = (".json", ".pbip", ".pbir", ".pbism", ".platform")
VALIDATOR = "node_modules/@microsoft/powerbi-report-authoring-cli/dist/cli.js"
WAIVED = {
    "reduce_objects_within_visuals": "lists and percentile tables show more than six columns: n, missing and invalid stand beside"
}
"""Rules of pbir-utils that do not apply, with the reason."""


def _report(bench: Bench, audience: str) -> Path:
    """The folder of the report. Raises Missing with the next step."""
    found = sorted(bench.project(audience).glob("*.Report"))
    if not found:
        raise installing.Missing(f"no report below {bench.project(audience).name}; run crisis powerbi build")
    return found[0]


def _files(folder: Path) -> dict[str, bytes]:
    return {
        each.relative_to(folder).as_posix(): each.read_bytes() for each in sorted(folder.rglob("*")) if each.is_file()
    }


def _outcome(figure: str, faults: Iterable[str]) -> Outcome:
    told = tuple(faults)
    more = (f"and {len(told) - SHOWN} more",) if len(told) > SHOWN else ()
    return Outcome(figure, not told, (*told[:SHOWN], *more))


def valid(audience: str, bench: Bench) -> Outcome:
    """Every JSON part of the project against the schema that it names."""
    _report(bench, audience)
    parts = {path: content for path, content in _files(bench.project(audience)).items() if path.endswith(DOCUMENTS)}
    faults = [fault for path, content in parts.items() for fault in schemas.faults(path, content)]
    wrong = {fault.partition(":")[0] for fault in faults}
    return _outcome(f"{len(parts) - len(wrong)} of {len(parts)} parts valid", faults)


def bound(audience: str, bench: Bench) -> Outcome:
    """Every field that a part of the report names, among the columns, measures and hierarchies of the TMDL beside it."""
    parts = _files(_report(bench, audience))
    tmdl = {path: text.decode() for path, text in _files(bench.project(audience)).items() if path.endswith(".tmdl")}
    used = {each for document in documents(parts).values() for each in references(document)}
    known = report_fields.known(tmdl)
    return _outcome(f"{len(used & known)} of {len(used)} fields", report_fields.dangling(parts, known))


def accepted(audience: str, bench: Bench) -> Outcome:
    """Microsoft's validator: no error, and no warning. It would fetch schemas that `valid` has looked at: it may not."""
    cli = installing.node("powerbi") / VALIDATOR
    command = [installing.tool("node"), str(cli), "validate", "--no-schema", str(_report(bench, audience))]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=600)
    try:
        said = json.loads(done.stdout)["data"]
    except (json.JSONDecodeError, KeyError):
        raise installing.Missing(f"the report validator ended with {done.returncode}: {done.stderr[-400:]}") from None
    found = said.get("diagnostics", {})
    faults = [f"{code}: {item['message']}" for code, each in found.items() for item in each["items"]]
    return _outcome(f"{said['errorCount']} errors, {said['warningCount']} warnings", faults)


def ruled(audience: str, bench: Bench) -> Outcome:
    """The rules that come with pbir-utils, less the waived ones."""
    said = installing.ask("report_rules.py", {"report": str(_report(bench, audience))})
    broken = [rule for rule, good in said["results"].items() if not good]
    faults = [
        f"{each['rule_id']}: page {each.get('page_name')}, {each.get('visual_type')} {each.get('visual_name')}"
        for each in said["violations"]
        if each["rule_id"] not in WAIVED
    ]
    faults += [f"{rule} is broken" for rule in broken if rule not in WAIVED and not faults]
    waived = [f"waived: {rule}" for rule in broken if rule in WAIVED]
    figure = ", ".join([f"{len(said['results']) - len(broken)} of {len(said['results'])} rules", *waived])
    return _outcome(figure, faults)


def legible(audience: str, bench: Bench) -> Outcome:
    """The figures of accessibility."""
    found = accessibility.measure(_files(_report(bench, audience)))
    bench.say("\n".join(f"{audience} report: {line}" for line in found.lines()))
    figure = (
        f"alt text {found.alternative_texts}/{found.visuals}, contrast {found.lowest_text_contrast:.1f}:1, "
        f"tab order {found.in_tab_order}/{found.visuals}, colour alone {found.colour_alone}"
    )
    return _outcome(figure, map(str, found.faults))


Run = Callable[[str, Bench], Outcome]
KINDS: tuple[tuple[str, str, Run, bool], ...] = (
    ("report schemas", "every JSON part is valid by the schema that it names", valid, True),
    ("report fields", "every field of a visual or filter is in the model", bound, True),
    ("report accessibility", "alt text, contrast, tab order, targets, colour never alone", legible, True),
    ("report rules", "pbir-utils finds nothing that is not waived by name", ruled, True),
    ("report validator", "Microsoft's report validator has no error and no warning", accepted, False),
)
ROWS: tuple[Row, ...] = tuple(
    Row(f"{name} {audience}", proves, partial(run, audience), short=short)
    for name, proves, run, short in KINDS
    for audience in AUDIENCES
)
