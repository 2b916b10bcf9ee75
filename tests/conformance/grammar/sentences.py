"""Texts that the grammar allows, made from the table in `addresses.txt`, which is our own and says how it is read.

Made from a seeded generator, so that a run can be repeated.
"""

from __future__ import annotations

import random
import re
from dataclasses import dataclass, field
from pathlib import Path

from tests.conformance.grammar.names import NAMES

DEEPEST = 9
_PLACEHOLDER = re.compile(r"\{([^{}]+)\}")
_TIMES = re.compile(r"(\d+)\* (.+)")
_SIGNS = {"nothing": ("",), "blank": (" ",), "tab": ("\t",)}


def _read(text: str) -> dict[str, tuple[str, ...]]:
    """The rules of the table; what counts several times stands there several times."""
    lines = [line for line in text.splitlines() if line and not line.startswith("# ")]
    found: dict[str, tuple[str, ...]] = {**_SIGNS}
    for entry in "\n".join(lines).replace("\n    ", " ").split("\n"):
        rule, _, alternatives = entry.partition(" = ")
        weighed = [(_TIMES.fullmatch(text), text) for text in alternatives.split(" | ")]
        found[rule] = tuple(
            alternative for times, text in weighed for alternative in ([times[2]] * int(times[1]) if times else [text])
        )
    return found


TABLE = _read(Path(__file__).with_name("addresses.txt").read_text("utf-8"))
ALTERNATIVES = {(rule, choice) for rule, choices in TABLE.items() for choice in choices}


@dataclass
class Maker:
    """Makes texts, and keeps count of the alternatives that it has used."""

    random: random.Random
    used: set[tuple[str, str]] = field(default_factory=set)

    def sentence(self, rule: str, depth: int = 0) -> str:
        """A text of that rule."""
        if rule.startswith("="):
            return self.random.choice(NAMES[rule[1:]])
        choices = TABLE[rule]
        chosen = choices[0] if depth > DEEPEST else self.random.choice(choices)
        self.used.add((rule, chosen))
        return _PLACEHOLDER.sub(lambda match: self.sentence(match[1], depth + 1), chosen)
