"""A reader for the YAML that our own files are written in; anything else is an error, never a guess.

Mappings and sequences by indentation, plain and quoted scalars, `[a, b]` and `{a: b}` on one line, `>-` folded text,
comments. Every scalar is a text, for `yes`, `1.10` and `08:00` mean different things to different readers.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

KEY = re.compile(r"(?P<key>[A-Za-z_][\w.-]*):(?:\s+(?P<rest>.*))?$")
COMMENT = re.compile(r"(?:^|\s)#.*$")


@dataclass(frozen=True)
class Line:
    """One line that is not empty."""

    number: int
    indent: int
    text: str


class NotRead(ValueError):
    """Something that this reader does not know."""


def read(text: str) -> Any:
    """The value of a document."""
    lines = []
    for number, raw in enumerate(text.splitlines(), 1):
        if "\t" in raw:
            raise NotRead(f"line {number}: a tab")
        bare = raw if '"' in raw or "'" in raw else COMMENT.sub("", raw)
        if bare.strip() and not bare.lstrip().startswith("#"):
            lines.append(Line(number, len(bare) - len(bare.lstrip()), bare.strip()))
    value, rest = _block(lines, 0)
    if rest:
        raise NotRead(f"line {rest[0].number}: not indented as what is above it")
    return value


def _block(lines: list[Line], indent: int) -> tuple[Any, list[Line]]:
    if not lines or lines[0].indent < indent:
        raise NotRead(f"nothing stands below line {lines[0].number - 1 if lines else 'the last'}")
    own = lines[0].indent
    return (_sequence if lines[0].text.startswith("- ") else _mapping)(lines, own)


def _mapping(lines: list[Line], own: int) -> tuple[dict[str, Any], list[Line]]:
    made: dict[str, Any] = {}
    while lines and lines[0].indent == own:
        line, lines = lines[0], lines[1:]
        found = KEY.match(line.text)
        if not found:
            raise NotRead(f"line {line.number}: no `key:`")
        if found["key"] in made:
            raise NotRead(f"line {line.number}: {found['key']} stands there twice")
        made[found["key"]], lines = _value((found["rest"] or "").strip(), line, lines, own)
    return made, lines


def _sequence(lines: list[Line], own: int) -> tuple[list[Any], list[Line]]:
    made: list[Any] = []
    while lines and lines[0].indent == own and lines[0].text.startswith("- "):
        line, lines = lines[0], lines[1:]
        inside = line.text[2:].lstrip()
        if KEY.match(inside):
            first = Line(line.number, own + len(line.text) - len(inside), inside)
            value, lines = _mapping([first, *lines], first.indent)
        else:
            value, lines = _value(inside, line, lines, own)
        made.append(value)
    return made, lines


def _value(text: str, line: Line, lines: list[Line], own: int) -> tuple[Any, list[Line]]:
    if text == ">-":
        inside = []
        while lines and lines[0].indent > own:
            inside.append(lines[0].text)
            lines = lines[1:]
        return " ".join(inside), lines
    if text:
        if text[0] in "|>&*!%@`":
            raise NotRead(f"line {line.number}: {text[0]} is not read here")
        return _flow(text, line), lines
    if lines and (lines[0].indent > own or (lines[0].indent == own and lines[0].text.startswith("- "))):
        return _block(lines, lines[0].indent)
    return None, lines


def _flow(text: str, line: Line) -> Any:
    """A scalar, or a collection on one line."""
    if text[0] in "\"'":
        if len(text) < 2 or text[-1] != text[0]:
            raise NotRead(f"line {line.number}: a quote is open")
        return text[1:-1]
    if text[0] == "[" and text[-1] == "]":
        return [_flow(part, line) for part in _parts(text[1:-1])]
    if text[0] == "{" and text[-1] == "}":
        pairs = (part.partition(":") for part in _parts(text[1:-1]))
        return {key.strip(): _flow(value.strip(), line) for key, _, value in pairs}
    if ": " in text:
        raise NotRead(f"line {line.number}: a colon in a text without quotes")
    return text


def _parts(text: str) -> list[str]:
    """Split at the commas that stand in no quotes and no brackets."""
    parts, depth, quote, start = [], 0, "", 0
    for place, sign in enumerate(text):
        if quote:
            quote = "" if sign == quote else quote
        elif sign in "\"'":
            quote = sign
        elif sign in "[{":
            depth += 1
        elif sign in "]}":
            depth -= 1
        elif sign == "," and depth == 0:
            parts.append(text[start:place].strip())
            start = place + 1
    last = text[start:].strip()
    return [*parts, last] if last else parts
