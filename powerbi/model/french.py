"""English captions -> French ones (Canada), for all that a reader sees; those of measures are made beside them.

A look-up, no translation: a caption without an entry raises KeyError, and a test names it. Pure; called by cultures.
"""

from __future__ import annotations

from powerbi.measures import french
from powerbi.model.french_words import COLUMNS, FOLDERS, HIERARCHIES, TABLES

UTC = " (UTC)"
PLAIN = TABLES | COLUMNS | HIERARCHIES


def caption(english: str) -> str:
    """Of a table, column, hierarchy or level. Raises KeyError."""
    plain = english.removesuffix(UTC)
    return PLAIN[plain] + english.removeprefix(plain)


def folder(english: str) -> str:
    """Of a display folder: of columns, or of measures. Raises KeyError."""
    return FOLDERS[english] if english in FOLDERS else french.folder(english)


def measure(english: str) -> str:
    """Of a measure. Raises KeyError."""
    return french.measure(english)
