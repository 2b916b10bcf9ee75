"""What a report reads and a model does not have. The model is what its TMDL files say, however they came about."""

from __future__ import annotations

import re
from collections.abc import Mapping

from powerbi.report.reading import Reference, documents, drawn, references

NAME = r"('(?:[^']|'')*'|[^\s=]+)"
MEMBERS = {
    "Column": re.compile(rf"^\tcolumn {NAME}", re.MULTILINE),
    "Measure": re.compile(rf"^\tmeasure {NAME}", re.MULTILINE),
    "Hierarchy": re.compile(rf"^\thierarchy {NAME}", re.MULTILINE),
}
TABLE = re.compile(rf"^table {NAME}", re.MULTILINE)


def _plain(name: str) -> str:
    return name[1:-1].replace("''", "'") if name.startswith("'") else name


def known(tmdl: Mapping[str, str]) -> frozenset[Reference]:
    """Every column, measure and hierarchy of the TMDL files, by path."""
    found: set[Reference] = set()
    for text in tmdl.values():
        for table in TABLE.findall(text):
            for kind, pattern in MEMBERS.items():
                found |= {(kind, _plain(table), _plain(name)) for name in pattern.findall(text)}
    return frozenset(found)


def dangling(parts: Mapping[str, bytes], model: frozenset[Reference]) -> list[str]:
    """Which visual or page would break, and over which field."""
    tables = {table for _, table, _ in model}
    read = documents(parts)
    called = {each.path: each.called for each in drawn(parts)}
    found = []
    for path, document in sorted(read.items()):
        where = (
            called.get(path) or called.get(path.replace("mobile.json", "visual.json")) or document.get("displayName")
        )
        for kind, table, name in sorted(set(references(document)) - model):
            missing = f"{kind.lower()} {table}[{name}]" if table in tables else f"table {table} (for {table}[{name}])"
            found.append(f"{where or path}: no {missing} in the model")
    return found
