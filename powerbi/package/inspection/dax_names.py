"""A DAX expression -> the names that it uses: tables, columns, measures. Pure; called by `references`.

Text and comments are passed over; names that the expression itself gives to columns (`"@Days"`) are its own.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

TOKEN = re.compile(
    r"""(?P<comment>//[^\n]*|--[^\n]*|/\*.*?\*/)
    |(?P<text>"(?:[^"]|"")*")
    |(?:'(?P<quoted>(?:[^']|'')+)'|(?P<bare>[A-Za-z_][A-Za-z0-9_.]*))?\[(?P<member>(?:[^\]]|\]\])+)\]
    |'(?P<table>(?:[^']|'')+)'
    |[A-Za-z_][A-Za-z0-9_.]*""",
    re.VERBOSE | re.DOTALL,
)


@dataclass(frozen=True)
class Names:
    """`columns` are (table, member); `alone` are members without a table; `tables` stand without a member."""

    columns: frozenset[tuple[str, str]]
    alone: frozenset[str]
    tables: frozenset[str]


def names(expression: str) -> Names:
    """All names in the expression, each once."""
    columns, alone, tables, own = set(), set(), set(), set()
    for token in TOKEN.finditer(expression):
        if token["text"]:
            own.add(token["text"][1:-1].replace('""', '"'))
        elif token["member"]:
            member = token["member"].replace("]]", "]")
            table = token["quoted"].replace("''", "'") if token["quoted"] else token["bare"]
            if table:
                columns.add((table, member))
            else:
                alone.add(member)
        elif token["table"]:
            tables.add(token["table"].replace("''", "'"))
    return Names(frozenset(columns), frozenset(alone - own), frozenset(tables))
