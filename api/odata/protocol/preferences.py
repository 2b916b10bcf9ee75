"""Prefer -> which preferences are honoured, and what Preference-Applied says of them (OData protocol 8.2.8, RFC 7240).

Names work with and without `odata.`; where both stand there, the one without counts. A preference that is unknown, not
offered or not well written is ignored and not echoed. Pure; called by negotiation and the batch route.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from api.odata.protocol.header_fields import Element, elements

OFFERED = frozenset({"maxpagesize", "omit-values"})
"""For a request of its own. `allow-entityreferences`, `callback`, `include-annotations`, `respond-async`, `return`,
`track-changes` and `wait` are never honoured."""
OFFERED_TO_BATCHES = frozenset({"continue-on-error"})
_WHOLE = re.compile(r"[1-9][0-9]*", re.ASCII)
_PREFIX = "odata."


@dataclass(frozen=True)
class Preferences:
    """What is honoured; `applied` is the answer's Preference-Applied, empty when nothing was."""

    page_size: int | None = None
    omit_nulls: bool = False
    continue_on_error: bool | None = None
    applied: str = ""


def preferences(headers: Mapping[str, str], max_page_size: int, honoured: frozenset[str] = OFFERED) -> Preferences:
    """The preferences in `honoured` that the client sent."""
    found: dict[str, Element] = {}
    for element in elements(headers.get("prefer", "")):
        plain = element.name.removeprefix(_PREFIX)
        if plain not in honoured:
            continue
        first = found.get(plain)
        if first is None or (first.name.startswith(_PREFIX) and element.name == plain):
            found[plain] = element
    kept: dict[str, Any] = {}
    applied = []
    for plain, element in found.items():
        field, read = _READERS[plain]
        value, said = read(element, max_page_size)
        if value is not None:
            kept[field] = value
            applied.append(f"{element.word.partition('=')[0].strip()}{said}")
    return Preferences(applied=", ".join(applied), **kept)


def _page_size(element: Element, most: int) -> tuple[int | None, str]:
    if not _WHOLE.fullmatch(element.value):
        return None, ""
    size = min(int(element.value[:12]), most)
    return size, f"={size}"


def _nulls(element: Element, _most: int) -> tuple[bool | None, str]:
    """`defaults` is not honoured: no column declares a default value."""
    return (True, "=nulls") if element.value.lower() == "nulls" else (None, "")


def _flag(element: Element, _most: int) -> tuple[bool | None, str]:
    """Without a value it means true."""
    value = element.value.lower()
    return ({"": True, "true": True, "false": False}.get(value), f"={value}" if value else "")


_READERS: dict[str, tuple[str, Callable[[Element, int], tuple[Any, str]]]] = {
    "maxpagesize": ("page_size", _page_size),
    "omit-values": ("omit_nulls", _nulls),
    "continue-on-error": ("continue_on_error", _flag),
}
