"""Names of the catalogue -> words to show and names as DAX writes them. Pure; used by all of `powerbi`."""

from __future__ import annotations

import re

WORD = re.compile(r"[A-Z][0-9]+|[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+[a-z]?")


ACRONYMS = {"ems": "EMS", "id": "ID", "iso": "ISO"}
UNITS = {"ms": "(ms)"}
"""Words that are written in another way than they stand in a name."""


def words(name: str) -> str:
    """`FirstArrivalCount` -> `First arrival count`, `EmsRequested` -> `EMS requested`, `AgeMs` -> `Age (ms)`."""
    parts = [part.lower() for part in WORD.findall(name)]
    if parts[-1] in UNITS:
        parts[-1] = UNITS[parts[-1]]
    text = " ".join(ACRONYMS.get(part, part) for part in parts)
    return text[:1].upper() + text[1:]


def pascal(name: str) -> str:
    """`stop_reason` -> `StopReason`: the table of a code list."""
    return "".join(part[:1].upper() + part[1:] for part in name.split("_"))


def dax_table(name: str) -> str:
    """A table as DAX writes it, always quoted: some names are words of the language."""
    return "'" + name.replace("'", "''") + "'"


def dax_column(table: str, column: str) -> str:
    """A column with its table, as DAX writes it."""
    return f"{dax_table(table)}[{column.replace(']', ']]')}]"


def dax_text(text: str) -> str:
    """A text literal of DAX."""
    return '"' + text.replace('"', '""') + '"'
