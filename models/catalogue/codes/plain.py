"""Short spellings for code lists. Pure; used by the modules beside it."""

from __future__ import annotations

from models.catalogue.types import Code, CodeList

UNKNOWN = ("unknown", "Unknown")
NONE = ("none", "None")


def plain(name: str, title: str, *pairs: tuple[str, str], unmapped: str = "unknown") -> CodeList:
    """A list of (code, label) pairs without further words; `unmapped` stands for foreign words."""
    return CodeList(name, title, tuple(Code(code, label) for code, label in pairs), unmapped)
