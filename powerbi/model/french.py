"""English captions -> French ones (Canada), for all that a reader sees; measure names compose from their parts.

A look-up, no translation: a caption without an entry raises KeyError, and a test names it. Pure; called by cultures.
"""

from __future__ import annotations

from powerbi.model.french_words import COLUMNS, FOLDERS, HIERARCHIES, METRICS, SPECIALS, SUFFIXES, TABLES

PLAIN = TABLES | COLUMNS | HIERARCHIES


def caption(english: str) -> str:
    """Of a table, column, hierarchy or level. Raises KeyError."""
    return PLAIN[english]


def folder(english: str) -> str:
    """Of a display folder, level by level. Raises KeyError."""
    return "\\".join(FOLDERS[part] for part in english.split("\\"))


def measure(english: str) -> str:
    """Of a measure: a special one, a metric, a metric and a suffix, or a column's count with its view in brackets."""
    if english in SPECIALS:
        return SPECIALS[english]
    if english in METRICS:
        return METRICS[english]
    head, bracket, view = english.removesuffix(")").rpartition(" (")
    if bracket and view in TABLES:
        return f"{COLUMNS[head]} ({TABLES[view]})"
    for suffix, french in SUFFIXES.items():
        if english.endswith(f", {suffix}"):
            return f"{measure(english.removesuffix(f', {suffix}'))}, {french}"
    raise KeyError(english)
