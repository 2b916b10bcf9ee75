"""A header field that is a list -> its elements: name, value, parameters (RFC 9110 5.6, RFC 7240 2).

Commas and semicolons inside quoted strings separate nothing. Whatever is sent, something comes back, in one pass over
the text. Pure; used by negotiation, preferences and batch.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_ESCAPED = re.compile(r"\\(.)")


@dataclass(frozen=True)
class Element:
    """`name`, `name=value` or `type/subtype`, with what follows behind semicolons. No value and an empty one are equal.

    `word` is the element without its parameters, as it was sent.
    """

    word: str
    name: str
    value: str
    parameters: tuple[tuple[str, str], ...]


def elements(text: str) -> tuple[Element, ...]:
    """The elements of a list, in order; empty ones are left out."""
    return tuple(element(part) for part in split(text, ",") if part.strip(" \t;"))


def element(text: str) -> Element:
    """The one element of a field that is no list, such as Content-Type."""
    word, *rest = split(text, ";")
    return Element(word.strip(), *_pair(word), tuple(_pair(part) for part in rest if part.strip()))


def split(text: str, mark: str) -> list[str]:
    """The text between marks that stand outside quoted strings."""
    if '"' not in text:
        return text.split(mark)
    parts, start, quoted, escaped = [], 0, False, False
    for place, character in enumerate(text):
        if escaped:
            escaped = False
        elif quoted and character == "\\":
            escaped = True
        elif character == '"':
            quoted = not quoted
        elif character == mark and not quoted:
            parts.append(text[start:place])
            start = place + 1
    return [*parts, text[start:]]


def _pair(text: str) -> tuple[str, str]:
    name, _, value = text.partition("=")
    return name.strip().lower(), _unquoted(value.strip())


def _unquoted(text: str) -> str:
    if len(text) > 1 and text[0] == text[-1] == '"':
        return _ESCAPED.sub(r"\1", text[1:-1])
    return text
