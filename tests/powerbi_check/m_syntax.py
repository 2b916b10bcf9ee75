"""Rows: every M expression of a model, as the template's text files have it, parses with Microsoft's own parser.

The expressions are looked for in the TMDL by a reader of its own, and must be those of the model's document.
"""

from __future__ import annotations

import json
import re

from powerbi.model import build, tmdl
from tests.powerbi_check.bench import Bench
from tests.powerbi_check.installing import run_script
from tests.powerbi_check.m_reading import queries
from tests.powerbi_check.rows import AUDIENCES, Outcome, Row

HEADS = (
    (re.compile(r"^expression (?P<name>\S+) =(?P<rest>.*)$"), "parameter {name}"),
    (re.compile(r"^\t\tsource =(?P<rest>.*)$"), "{table} / partition"),
    (re.compile(r"^\t\tsourceExpression =(?P<rest>.*)$"), "{table} / refresh policy"),
)


def expressions(files: dict[str, bytes]) -> dict[str, str]:
    """Every M expression in TMDL files, by where it stands."""
    found: dict[str, str] = {}
    for content in files.values():
        found |= _of_file(content.decode("utf-8").split("\n"))
    return found


def _of_file(lines: list[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    table = next((line.removeprefix("table ").strip("'") for line in lines if line.startswith("table ")), "")
    for at, line in enumerate(lines):
        for head, place in HEADS:
            if match := head.match(line):
                named = place.format(table=table, **match.groupdict())
                found[named] = match["rest"].strip() or _below(lines, at)
    return found


def _below(lines: list[str], at: int) -> str:
    """The lines that stand deeper than a head, without the depth of the first."""
    depth = len(lines[at]) - len(lines[at].lstrip("\t"))
    first = lines[at + 1]
    inner = first[: len(first) - len(first.lstrip("\t"))]
    body = []
    for line in lines[at + 1 :]:
        if len(inner) <= depth or not line.startswith(inner):
            break
        body.append(line.removeprefix(inner))
    return "\n".join(body)


def syntax(audience: str) -> Row:
    """All M of an audience's model."""

    def run(_: Bench) -> Outcome:
        written = expressions(tmdl.files(build.model(audience)))
        documented = queries(audience).expressions()
        faults = [f"{name}: {fault}" for name, fault in json.loads(parse(written)).items()]
        faults += [
            f"{name}: not the same in the TMDL and in the document"
            for name in sorted(written.keys() | documented.keys())
            if written.get(name) != documented.get(name)
        ]
        figure = f"{len(written)} expressions parse" if not faults else f"{len(faults)} of {len(written)} with faults"
        return Outcome(figure, bool(written) and not faults, tuple(faults))

    return Row(f"m syntax {audience}", "every M expression parses with Microsoft's parser", run, short=False)


def parse(written: dict[str, str]) -> str:
    """What the parser says, as JSON."""
    return run_script("m_parse.mjs", stdin=json.dumps(written))


ROWS = tuple(syntax(audience) for audience in AUDIENCES)
