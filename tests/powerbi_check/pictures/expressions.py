"""Expressions of PBIR -> values of Python: literals, the field that a projection shows, properties of formatting objects.

Pure. What is read here is what the drawers ask about; an expression that has no fixed value gives a Field (a measure that
decides a text or a colour) or the fallback.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

NUMBER = re.compile(r"-?[0-9.]+(E[+-]?[0-9]+)?[DLM]?$")


@dataclass(frozen=True)
class Field:
    """A measure or a column: `kind` says which."""

    kind: str
    table: str
    name: str

    @property
    def measured(self) -> bool:
        """Has it to be evaluated in the context of its row?"""
        return self.kind == "measure"


class Unread(Exception):
    """The report says something that this reader does not know; a picture without it would be wrong."""


def literal(text: str) -> Any:
    """`'it''s'`, `12D`, `3L`, `true`, `null`, `datetime'2026-01-31T00:00:00'` as Python values; moments as ISO text."""
    if text.startswith("'"):
        return text[1:-1].replace("''", "'")
    if text.startswith("datetime'"):
        return text[len("datetime'") : -1]
    if text in ("true", "false", "null"):
        return {"true": True, "false": False, "null": None}[text]
    if NUMBER.match(text):
        bare = text.rstrip("DLM")
        return float(bare) if text[-1] in "DM" or "." in bare or "E" in bare else int(bare)
    raise Unread(f"literal {text}")


def field(expression: dict[str, Any], sources: dict[str, str] | None = None) -> Field:
    """The field of a projection, a filter or a format. `sources` are the aliases of a filter's From.

    A level of a hierarchy is the column of its name, as in all our hierarchies.
    """
    ((kind, body),) = ((kind, body) for kind, body in expression.items() if isinstance(body, dict))
    if kind in ("Measure", "Column"):
        return Field(kind.lower(), _entity(body["Expression"], sources), body["Property"])
    if kind == "HierarchyLevel":
        return Field("column", _entity(body["Expression"]["Hierarchy"]["Expression"], sources), body["Level"])
    raise Unread(f"field {kind}")


def _entity(expression: dict[str, Any], sources: dict[str, str] | None) -> str:
    reference = expression["SourceRef"]
    return str(reference["Entity"] if "Entity" in reference else (sources or {})[reference["Source"]])


def value(expression: Any) -> Any:
    """What a property is worth: a literal's value, a Field when a measure or column decides, else the raw expression."""
    if not isinstance(expression, dict):
        return expression
    if "solid" in expression:
        return value(expression["solid"]["color"])
    inner = expression.get("expr", expression)
    if "Literal" in inner:
        return literal(inner["Literal"]["Value"])
    if "Measure" in inner or "Column" in inner:
        return field(inner)
    return inner


def settings(objects: dict[str, Any], name: str, *, of: str | None = None) -> dict[str, Any]:
    """The properties of a formatting object, by name. `of`: those for one field (a selector's metadata) over the general."""
    found: dict[str, Any] = {}
    for entry in objects.get(name, []):
        about = (entry.get("selector") or {}).get("metadata")
        if about in (None, of):
            found |= {key: value(said) for key, said in entry.get("properties", {}).items()}
    return found
