"""OASIS's converters (npm odata-csdl, odata-openapi) judge what the service says of itself, for every role.

Our CSDL JSON must be what they make of our CSDL XML, and every path and query option that they derive from it must stand
in our OpenAPI document; what ours has beyond theirs is listed by reason. The document itself is judged by PyPI's
openapi-spec-validator. `python -m tests.conformance.metadata` prints it.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from api.odata.description import metadata
from api.routes.openapi import document
from models.catalogue import CATALOGUE
from tests.conformance.bench import Bench
from tests.conformance.installing import CLIENTS, Missing, node, python, run, run_script
from tests.conformance.rows import Outcome, Row

ROOT = "/odata/v1"
BEYOND_PATHS = {
    "/$count": "the number of rows",
    "/{property}": "one value; their converter describes no property",
    "/{property}/$value": "one bare value",
    "/$metadata": "the metadata document",
    "/$batch": "batches; theirs has them where there is a container",
    "/": "the service document",
}
"""How a path of ours ends that theirs has not -> why it stands there."""
BEYOND_OPTIONS = {
    "$apply": "aggregation; their converter knows no $apply",
    "$compute": "further values; their converter knows no $compute",
    "$format": "stands in for Accept",
    "$schemaversion": "version of the definitions",
    "$skiptoken": "opaque, from next links",
    "aliases": "parameter aliases",
}
"""A query option of ours that theirs has not -> why it stands there."""


@dataclass(frozen=True)
class Judged:
    """What OASIS's converters made of a role's `$metadata`: differences of the JSON, and of the OpenAPI document."""

    role: str
    csdl: tuple[str, ...]
    openapi: tuple[str, ...]
    paths: int
    options: int
    beyond: dict[str, int]


def judged(role: str) -> Judged:
    """Convert and compare. Raises Missing."""
    names = tuple(view.name for view in CATALOGUE.readable(role))
    said = run_script(node("oasis"), "oasis_metadata.cjs", stdin=metadata.xml(names).decode())
    theirs = json.loads(said)
    ours = json.loads(metadata.json(names))
    faults = (*(f"message: {message}" for message in theirs["messages"]), *differences(ours, theirs["csdl"]))
    beyond: dict[str, int] = {}
    lacking = tuple(lacks(document("https://metrics.example/", "1"), theirs["openapi"], set(names), beyond))
    operations = [get for path in theirs["openapi"]["paths"].values() if (get := path.get("get"))]
    options = sum(len(names_of(operation, theirs["openapi"])) for operation in operations)
    return Judged(role, faults, lacking, len(theirs["openapi"]["paths"]), options, beyond)


def openapi_faults() -> tuple[str, ...]:
    """What openapi-spec-validator says of our OpenAPI document. Raises Missing."""
    interpreter = python("openapi")
    text = json.dumps(document("https://metrics.example/", "1"))
    said = run([str(interpreter), str(CLIENTS / "openapi_valid.py")], interpreter.parent, stdin=text)
    return tuple(said.splitlines())


def differences(ours: Any, theirs: Any, place: str = "") -> Iterator[str]:
    """Where two JSON values differ, one line each."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for key in {**ours, **theirs}:
            if key not in ours or key not in theirs:
                yield f"{place}/{key}: only {'theirs' if key in theirs else 'ours'}"
            else:
                yield from differences(ours[key], theirs[key], f"{place}/{key}")
    elif type(ours) is not type(theirs) or ours != theirs:
        yield f"{place}: ours {str(ours)[:80]}, theirs {str(theirs)[:80]}"


def lacks(ours: dict[str, Any], theirs: dict[str, Any], views: set[str], beyond: dict[str, int]) -> Iterator[str]:
    """Paths and options that only one side has; what BEYOND explains is counted in `beyond` instead."""
    for path, item in theirs["paths"].items():
        mine = ours["paths"].get(f"{ROOT}{path}")
        for method in ("get", "post"):
            if method in item and (mine is None or method not in mine):
                yield f"{method} {path}: only theirs"
        if mine is None or "get" not in item:
            continue
        here, there = names_of(mine["get"], ours), names_of(item["get"], theirs)
        yield from (f"{path}: {name} only theirs" for name in sorted(there - here))
        for name in sorted(here - there):
            yield from explained(name, BEYOND_OPTIONS.get(name), f"{path}: {name} only ours", beyond)
    for path in ours["paths"]:
        below = path.removeprefix(ROOT)
        root = re.match(r"/(\w*)", below)
        if path == below or below in theirs["paths"] or (root and root[1] and root[1] not in views):
            continue
        ending = next((end for end in sorted(BEYOND_PATHS, key=len, reverse=True) if below.endswith(end)), None)
        yield from explained(ending or below, BEYOND_PATHS.get(ending or ""), f"{below}: only ours", beyond)


def explained(name: str, reason: str | None, fault: str, beyond: dict[str, int]) -> Iterator[str]:
    """A difference without a reason is a fault; with one it is counted."""
    if reason is None:
        yield fault
    else:
        beyond[name] = beyond.get(name, 0) + 1


def names_of(operation: dict[str, Any], whole: dict[str, Any]) -> set[str]:
    """Names of the query options of an operation, references followed."""
    found = set()
    for parameter in operation.get("parameters", ()):
        if "$ref" in parameter:
            parameter = whole["components"]["parameters"][parameter["$ref"].rpartition("/")[2]]  # noqa: PLW2901
        if parameter["in"] == "query":
            found.add(parameter["name"])
    return found


def csdl(_: Bench) -> Outcome:
    """The JSON of every role beside what the converter makes of its XML."""
    found = [judged(role) for role in CATALOGUE.roles]
    faults = tuple(f"{each.role}: {line}" for each in found for line in each.csdl)
    return Outcome(f"{sum(not each.csdl for each in found)} of {len(found)} roles equal", not faults, faults[:20])


def openapi(_: Bench) -> Outcome:
    """The paths and options that the converter derives, and the validity of the document."""
    found = judged("analyst")
    faults = (*found.openapi, *openapi_faults())
    return Outcome(f"{found.paths} paths, {found.options} options, {len(faults)} faults", not faults, faults[:20])


ROWS = (
    Row("oasis-csdl", "our CSDL JSON equals odata-csdl's conversion of our XML, for every role", csdl),
    Row("oasis-openapi", "all that odata-openapi derives from our XML is in our valid OpenAPI 3.1 document", openapi),
)


def main() -> int:
    """Print a line for each role, the differences, and what ours has beyond theirs."""
    try:
        found = [judged(role) for role in CATALOGUE.roles]
        invalid = openapi_faults()
    except Missing as missing:
        sys.stdout.write(f"{missing}\n")
        return 1
    for each in found:
        csdl = f"{len(each.csdl)} differences" if each.csdl else "equal"
        lacking = f"{len(each.openapi)} differences" if each.openapi else "all there"
        sys.stdout.write(
            f"{each.role}: CSDL JSON {csdl}; OpenAPI {each.paths} paths, {each.options} options {lacking}\n"
        )
        sys.stdout.writelines(f"  {line}\n" for line in (*each.csdl, *each.openapi)[:20])
    most = max((each.beyond for each in found), key=lambda beyond: sum(beyond.values()))
    for name, count in most.items():
        sys.stdout.write(
            f"ours beyond theirs, {count} times {name}: {BEYOND_PATHS.get(name) or BEYOND_OPTIONS[name]}\n"
        )
    sys.stdout.write(f"OpenAPI document: {len(invalid)} faults\n")
    sys.stdout.writelines(f"  {line}\n" for line in invalid[:20])
    return 1 if invalid or any(each.csdl or each.openapi for each in found) else 0


if __name__ == "__main__":
    sys.exit(main())
