"""The text of a TMDL file -> its objects as a tree. Reads what Desktop and our own writer write; judges nothing.

Tabs say the level. An expression stands behind `=` on the line, or below it: deeper than a property, two levels deeper
than an object, or between two fences. Pure; called by `examine`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from powerbi.package.inspection.words import Node

NAME = r"'(?:[^']|'')*'|[^\s=']+"
OBJECT = re.compile(rf"(?P<kind>[A-Za-z]+) (?P<name>{NAME})(?: (?P<sign>=)(?: (?P<rest>.*))?)?\Z")
ASSIGNED = re.compile(r"(?P<key>[A-Za-z]+) =(?: (?P<rest>.*))?\Z")
PROPERTY = re.compile(r"(?P<key>[A-Za-z_]+):(?: (?P<value>.*))?\Z")
WORD = re.compile(r"[A-Za-z]+\Z")
CONTAINERS = frozenset({"refreshPolicy", "translations", "dataAccessOptions"})
"""Objects without a name."""
FENCE = "```"

Lines = list[tuple[int, int, str]]
"""(number, level, text) of each line."""


def read(text: str) -> list[Node]:
    """The objects at the left margin."""
    root = Node("file", "", 0)
    lines = [(number, len(line) - len(line.lstrip("\t")), line) for number, line in enumerate(text.split("\n"), 1)]
    stack = [root]
    position = 0
    while position < len(lines):
        number, level, line = lines[position]
        said = line.strip()
        position += 1
        if not said or said.startswith("///"):
            continue
        del stack[level + 1 :]
        made, position = _object(said, number, level, lines, position)
        if made is None:
            position = _property(stack[-1], said, level, lines, position)
        else:
            stack[-1].children.append(made)
            stack.append(made)
    return root.children


def _object(said: str, number: int, level: int, lines: Lines, position: int) -> tuple[Node | None, int]:
    """The object that the line opens, with its expression; None when it opens none."""
    if said in CONTAINERS:
        return Node(said, "", number), position
    found = OBJECT.match(said)
    if found is None or PROPERTY.match(said) or ASSIGNED.match(said):
        return None, position
    node = Node(found["kind"], unquoted(found["name"]), number)
    if found["sign"]:
        node.expression, position = _expression(found["rest"] or "", level + 2, lines, position)
    return node, position


def _property(owner: Node, said: str, level: int, lines: Lines, position: int) -> int:
    """Note a property of the object above; where reading goes on."""
    if found := ASSIGNED.match(said):
        owner.properties[found["key"]], position = _expression(found["rest"] or "", level + 1, lines, position)
    elif found := PROPERTY.match(said):
        owner.properties[found["key"]] = found["value"] or ""
    elif WORD.match(said):
        owner.properties[said] = "true"
    return position


def _expression(rest: str, deeper: int, lines: Lines, position: int) -> tuple[str, int]:
    """The text behind `=`, and where reading goes on."""
    if rest and rest != FENCE:
        return rest, position
    taken: list[str] = []
    while position < len(lines):
        _, level, line = lines[position]
        if rest == FENCE:
            position += 1
            if line.strip() == FENCE:
                break
        elif line.strip() and level < deeper:
            break
        else:
            position += 1
        taken.append(line)
    margin = min((len(line) - len(line.lstrip("\t")) for line in taken if line.strip()), default=0)
    return "\n".join(line[margin:] if line.strip() else "" for line in taken).strip("\n"), position


def unquoted(name: str) -> str:
    """A name without its quotes."""
    return name[1:-1].replace("''", "'") if name.startswith("'") else name


def two_part(reference: str) -> tuple[str, str]:
    """`'Daily Calls'.AreaId` -> table and column."""
    parts = [unquoted(part) for part in _parts(reference)]
    return (parts[0], parts[-1]) if len(parts) > 1 else ("", parts[0] if parts else "")


def _parts(reference: str) -> Iterator[str]:
    yield from re.findall(r"'(?:[^']|'')*'|[^.']+", reference)
