"""schemathesis asks every operation of the served OpenAPI document thousands of times, and believes only the document.

It makes requests that the document allows and requests that it forbids, and looks at statuses, headers, media types and
schemas of the answers. What OpenAPI cannot say (the language of `$filter`, keys that exist) it is given as dictionaries,
made here from the catalogue and the snapshot, so that a good part of the requests reach the data.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from models.catalogue import CATALOGUE
from models.catalogue.types import Column, Edm, View
from tests.conformance.bench import Bench, Service
from tests.conformance.installing import CLIENTS, Missing, python
from tests.conformance.rows import SHOWN, Outcome, Row
from tests.helpers.live import serving

EXAMPLES = 10
"""Fuzzed requests for each operation, beside those that walk through its parameters one by one."""
SEED = "20260131"
PATIENCE = 3_600
TOLD = 60
"""Lines of its own account that are printed when something failed."""
LEAST_ACCEPTED = 0.4
"""Share of the fuzzed requests that the document allows which must be answered with data; below it the run has seen
little. Those that walk through parameters one by one take the emptiest values, and are refused."""
ANSWER_SECONDS = "120"
"""The whole of the largest view as an Excel file takes longer than the ten seconds that schemathesis waits by itself."""
UNJUDGED = {
    "positive_data_acceptance": "OpenAPI calls $filter a string; not every string is a condition",
    "negative_data_rejection": "options of nobody are tolerated on every address, as the connectors need it",
}
"""Checks that are switched off, and why."""
HONEST = ("2xx", "3xx", "4xx", "501", "503")
"""Statuses that are no failure of the server: not offered and too busy are documented answers."""
EXAMPLE = {
    Edm.STRING: "contains({0},'a')",
    Edm.BOOLEAN: "{0} eq true",
    Edm.DATE: "{0} ge 2026-01-01",
    Edm.INSTANT: "year({0}) eq 2026",
}


def words(view: View) -> dict[str, list[str]]:
    """Query option -> values that it can have on a view."""
    numbers = [column for column in view.columns if column.edm in (Edm.INT32, Edm.INT64, Edm.DECIMAL, Edm.DOUBLE)]
    first, last = view.columns[0].name, view.columns[-2].name
    navigation = [item.name for item in view.navigations]
    found = {
        "$filter": [*map(_condition, view.columns[:12]), *(f"{name} ne null" for name in navigation), "false"],
        "$select": [first, f"{last},{first}", "*"],
        "$orderby": [f"{first} desc", f"{last},{first} asc"],
        "$search": ["a", "NOT a", '"a b" OR c'],
        "$expand": [*navigation, *(f"{name}($select=*)" for name in navigation)],
        "$compute": [f"length('a') as Made,{first} eq null as More"],
        "$apply": [
            f"groupby(({first}),aggregate($count as Made))",
            "aggregate($count as Made)",
            f"filter({_condition(view.columns[1])})/orderby({first})/top(3)",
            *(f"aggregate({column.name} with max as Made)" for column in numbers[:2]),
        ],
        "$top": ["0", "1", "7"],
        "$skip": ["0", "2"],
        "$format": ["json", "application/json;odata.metadata=full", "application/json;odata.metadata=none"],
        "$schemaversion": ["*"],
    }
    return {option: values for option, values in found.items() if values}


def _condition(column: Column) -> str:
    return EXAMPLE.get(column.edm, "{0} ge 1").format(column.name)


HEADERS = {
    "OData-MaxVersion": ["4.0", "4.01"],
    "Isolation": ["snapshot"],
    "If-Match": ["*"],
    "If-None-Match": ['"other"'],
    "Prefer": ["odata.maxpagesize=3", "omit-values=nulls", "maxpagesize=2,respond-async"],
}


def key(view: View, service: Service) -> dict[str, Any]:
    """The key of one row that is there."""
    names = ", ".join(f'"{name}"' for name in view.key)
    rows = [] if view.live else service.truth.rows(f'SELECT {names} FROM "{view.name}" ORDER BY _row LIMIT 1')
    return rows[0] if rows else {}


def configuration(service: Service) -> Iterator[str]:
    """The lines of the configuration: checks, then dictionaries for the operations of each view."""
    yield f"hooks = {json.dumps(str(CLIENTS / 'schemathesis_hooks.py'))}"
    yield "[checks]"
    yield from (f"{name}.enabled = false" for name in UNJUDGED)
    yield f"not_a_server_error.expected-statuses = {json.dumps(HONEST)}"
    yield "[parameters]"
    yield from (_binding(f"header.{name}", name, 0.8) for name in HEADERS)
    for name, values in HEADERS.items():
        yield from _dictionary(name, values)
    bindings = list[str]()
    for view in CATALOGUE.views.values():
        bindings += ["[[operations]]", f'include-tag = "{view.name}"', "[operations.parameters]"]
        for option, values in words(view).items():
            yield from _dictionary(f"{view.name}{option}", values)
            bindings.append(_binding(f"query.{option}", f"{view.name}{option}", 0.7))
        for name, value in key(view, service).items():
            yield from _dictionary(f"{view.name}.{name}", [value if isinstance(value, int) else str(value)])
            bindings.append(_binding(f"path.{name}", f"{view.name}.{name}", 0.9))
    yield from bindings


def _dictionary(name: str, values: list[Any]) -> Iterator[str]:
    yield f"[dictionaries.{json.dumps(name)}]"
    yield f"values = {json.dumps(values, ensure_ascii=False)}"


def _binding(parameter: str, dictionary: str, probability: float) -> str:
    return f"{json.dumps(parameter)} = {{ dictionary = {json.dumps(dictionary)}, probability = {probability} }}"


def run(bench: Bench) -> Outcome:
    """The whole document, with the key of an analyst."""
    service = bench.service
    program = python("schemathesis").with_name("st.exe" if os.name == "nt" else "st")
    folder = bench.folder / "schemathesis"
    folder.mkdir()
    settings = folder / "schemathesis.toml"
    settings.write_text("\n".join(configuration(service)), "utf-8")
    patient = {"CRISIS_DEMO": "1", "CRISIS_REQUESTS_PER_MINUTE": "10000000"}
    with serving(bench.folder / "home", log=folder / "server.log", **patient) as (root, _):
        report = _asked(program, settings, root, service)
    return outcome(report)


def _asked(program: Path, settings: Path, root: str, service: Service) -> Mapping[str, Any]:
    report = settings.with_name("report.json")
    command = [str(program), "--config-file", str(settings), "run", f"{root}/openapi.json", "--no-color"]
    command += ["--auth", ":".join(service.keys["analyst"]), "--seed", SEED, "--max-examples", str(EXAMPLES)]
    command += [
        "--request-timeout",
        ANSWER_SECONDS,
        "--workers",
        "2",
        "--warnings",
        "off",
        "--report",
        "json",
        "--report-json-path",
        str(report),
    ]
    done = subprocess.run(command, cwd=settings.parent, capture_output=True, text=True, check=False, timeout=PATIENCE)
    if not report.exists():
        raise Missing("schemathesis wrote no report:\n" + "\n".join((done.stdout + done.stderr).splitlines()[-20:]))
    found: Mapping[str, Any] = json.loads(report.read_text("utf-8"))
    return {**found, "said": done.stdout}


def outcome(report: Mapping[str, Any]) -> Outcome:
    """No failure, no error, every operation, and enough of them answered with data."""
    operations, cases = report["operations"], report["test_cases"]
    rates = [phases["fuzzing"] for phases in report["valid_rates"].values() if "fuzzing" in phases]
    accepted = sum(rate["accepted"] for rate in rates)
    allowed = accepted + sum(rate["rejected"] + rate["unreachable"] for rate in rates)
    failures = [*report["failures"], *report["errors"]]
    whole = report["complete"] and operations["tested"] == operations["total"]
    seen = accepted >= LEAST_ACCEPTED * allowed
    figure = (
        f"{operations['tested']} of {operations['total']} operations, {cases['generated']:,} requests, "
        f"{accepted:,} of {allowed:,} valid fuzzed ones answered with data, {len(failures)} failures"
    )
    remarks = [json.dumps(failure)[:1_000] for failure in failures[:SHOWN]]
    if failures:  # the report only counts errors; what was asked and what broke stands in what was printed
        remarks += report["said"].splitlines()[-TOLD:]
    if not seen:
        remarks.append(
            f"blind: only {accepted:,} of {allowed:,} requests that the document allows were answered with data"
        )
    return Outcome(figure, whole and not failures and seen, tuple(remarks))


ROW = Row("schemathesis", "every operation of the OpenAPI document answers as the document says", run)
