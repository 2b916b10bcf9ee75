"""The parts of a report -> its pages and visuals in the order of the tab key, and the fields that they read.

Reads JSON alone, so a report that someone has changed is read as well as one that was generated. Used by
`powerbi.report.accessibility` and the tests.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

KINDS = ("Column", "Measure", "Hierarchy")
Reference = tuple[str, str, str]
"""Kind, table, name."""


@dataclass(frozen=True)
class Drawn:
    """A visual as its files have it."""

    page: str
    path: str
    document: dict[str, Any]
    mobile: dict[str, Any] | None

    @property
    def kind(self) -> str:
        """The visual type."""
        return str(self.document["visual"]["visualType"])

    @property
    def called(self) -> str:
        """How to find it: its page, its title where it has one, and its file."""
        title = literal(self.formatting("title", "text", container=True))
        return f"page {self.page}, {title or self.kind} ({self.document['name']})"

    @property
    def position(self) -> dict[str, float]:
        """Place, size and tab order."""
        return dict(self.document["position"])

    def entries(self, name: str, *, container: bool = False) -> list[dict[str, Any]]:
        """The entries of one formatting object."""
        objects = self.document["visual"].get("visualContainerObjects" if container else "objects", {})
        return list(objects.get(name, []))

    def formatting(self, name: str, prop: str, *, container: bool = False) -> Any:
        """The first value of a formatting property, None where it is not said."""
        return next(
            (e["properties"][prop] for e in self.entries(name, container=container) if prop in e["properties"]), None
        )

    def projected(self, role: str | None = None) -> list[dict[str, Any]]:
        """The projections of one well, or of all."""
        state = self.document["visual"].get("query", {}).get("queryState", {})
        return [each for well, held in state.items() if role in (None, well) for each in held["projections"]]


def literal(value: Any) -> str | None:
    """The text of a literal property, quotes taken off; None for anything else."""
    try:
        text = str(value["expr"]["Literal"]["Value"])
    except (TypeError, KeyError):
        return None
    return text[1:-1].replace("''", "'") if text.startswith("'") else text


def documents(parts: Mapping[str, bytes]) -> dict[str, dict[str, Any]]:
    """The JSON of the definition, by path."""
    return {path: json.loads(content) for path, content in parts.items() if path.startswith("definition/")}


def drawn(parts: Mapping[str, bytes]) -> list[Drawn]:
    """Every visual, in the order of the pages and of the tab key; a group only holds others and is none."""
    read = documents(parts)
    order = read.get("definition/pages/pages.json", {}).get("pageOrder", [])
    unlisted = sorted({path.split("/")[2] for path in read if path.endswith("/page.json")} - set(order))
    found = []
    for name in (*order, *unlisted):
        folder = f"definition/pages/{name}"
        title = str(read[f"{folder}/page.json"]["displayName"])
        own = [
            path
            for path, document in read.items()
            if path.startswith(f"{folder}/") and path.endswith("/visual.json") and "visual" in document
        ]
        visuals = [
            Drawn(title, path, read[path], read.get(path.removesuffix("visual.json") + "mobile.json")) for path in own
        ]
        found += sorted(visuals, key=lambda each: each.position.get("tabOrder", 0))
    return found


def references(node: Any, aliases: Mapping[str, str] | None = None) -> Iterator[Reference]:
    """Every column, measure and hierarchy that a document names; filters name their tables by an alias."""
    if isinstance(node, list):
        for each in node:
            yield from references(each, aliases)
    if not isinstance(node, dict):
        return
    if isinstance(node.get("From"), list):
        aliases = {**(aliases or {}), **{each["Name"]: each["Entity"] for each in node["From"]}}
    for kind in KINDS:
        reference = node.get(kind)
        if isinstance(reference, dict) and "SourceRef" in reference.get("Expression", {}):
            source = reference["Expression"]["SourceRef"]
            table = source.get("Entity") or (aliases or {}).get(source.get("Source", ""), "")
            yield kind, table, str(reference.get("Property") or reference.get("Hierarchy"))
    for each in node.values():
        yield from references(each, aliases)
