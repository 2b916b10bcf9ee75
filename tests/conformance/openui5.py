"""SAP's OpenUI5 ODataModel V4 reads the running service; every value it read is compared with SQL on the snapshot."""

from __future__ import annotations

import json

from tests.conformance.bench import Bench
from tests.conformance.installing import node, run_script
from tests.conformance.openui5_cases import CASES
from tests.conformance.rows import Judge, Outcome, Row


def run(bench: Bench) -> Outcome:
    """All cases in one page of one browser."""
    asked = json.dumps([{"name": case.name, **case.does} for case in CASES])
    said = run_script(node("openui5"), "openui5.mjs", stdin=asked, env=bench.service.environment())
    answers = json.loads(said)
    judge = Judge()
    for case in CASES:
        judge.check(case.name, found=answers[case.name]["answer"], expected=case.truth(bench.service.truth))
    return judge.outcome(len(CASES))


ROW = Row("openui5", "OpenUI5 1.152 ODataModel V4: lists, keys, $batch, aggregation, expand equal SQL", run)
