"""An M expression -> the names of steps and queries that it uses and does not define. Pure; called by `origins`.

Functions have a dot in their names, words of the language and of types begin small, fields and options stand in
brackets: what is left begins with a capital or is written `#"..."`, and has to be a step here or a query elsewhere.
"""

from __future__ import annotations

import re

SILENT = re.compile(r'#"(?P<name>(?:[^"]|"")*)"|"(?:[^"]|"")*"|//[^\n]*|/\*.*?\*/', re.DOTALL)
"""Quoted names; texts and comments, in which no name counts."""
BRACKETS = re.compile(r"\[[^\[\]]*\]")
USED = re.compile(r"(?<![\w.#])([A-Z]\w*)(?![\w.]|\s*=(?![=>]))")
DEFINED = re.compile(r"(?<![\w.])([A-Z]\w*)\s*=(?![=>])|\(\s*([A-Z]\w*)[^()]*\)\s*=>")


def undefined(expression: str) -> set[str]:
    """Names without a definition in the expression itself."""
    quoted: dict[str, str] = {}

    def short(found: re.Match[str]) -> str:
        """A quoted name as a plain one, so that it is found like the others; nothing in place of the rest."""
        name = found["name"]
        return " " if name is None else quoted.setdefault(name, f"Q{len(quoted)}_")

    plain = SILENT.sub(short, expression)
    while BRACKETS.search(plain):
        plain = BRACKETS.sub(" ", plain)
    own = {name for pair in DEFINED.findall(plain) for name in pair if name}
    named = {short: name for name, short in quoted.items()}
    return {named.get(name, name) for name in set(USED.findall(plain)) - own}
