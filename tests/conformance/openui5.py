"""SAP's OpenUI5 ODataModel V4 reads the running service; every value it read is compared with SQL on the snapshot."""

from __future__ import annotations

import json
from typing import Any

from tests.conformance.bench import Bench, Truth
from tests.conformance.installing import node, run_script
from tests.conformance.openui5_cases import Case
from tests.conformance.openui5_groups import CASES
from tests.conformance.rows import Judge, Outcome, Row


def asked(case: Case, truth: Truth) -> dict[str, Any]:
    """A case as the client gets it, with its path filled in."""
    does = {"name": case.name, **case.does}
    if "from" in does:
        (row,) = truth.rows(does.pop("from"))
        does["object"] = does["object"].format(**row)
    return does


def run(bench: Bench) -> Outcome:
    """All cases in one page of one browser."""
    truth = bench.service.truth
    cases = json.dumps([asked(case, truth) for case in CASES])
    said = run_script(node("openui5"), "openui5.mjs", stdin=cases, env=bench.service.environment())
    answers = json.loads(said)
    judge = Judge()
    for case in CASES:
        answer = answers[case.name]
        judge.check(case.name, found=answer["answer"], expected=case.truth(truth))
        if case.requests:
            judge.check(f"requests of {case.name}", found=sorted(answer["requests"]), expected=case.requests)
    return judge.outcome(len(CASES) + sum(case.requests is not None for case in CASES))


ROW = Row("openui5", "OpenUI5 1.152 ODataModel V4: lists, keys, $batch, aggregation, expand equal SQL", run)
