"""Record numbers out of natural keys, and a memory on disk of which were seen in this file. Touches no database
of ours: the memory is SQLite's private temporary file, gone when closed, so that a file of any size fits.

A number is 63 bits of a hash over mapping and key; a second, independent 64 bits prove that two equal
numbers are one key. Called by the rules and the import run.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from hashlib import blake2b
from typing import NamedTuple

from models.errors import ImportRejected

SEPARATOR = "\x1f"
PARAMETERS = 500
"""Values in one IN list."""


class Identity(NamedTuple):
    """`number` is the record's number, `proof` tells two keys of one number apart."""

    number: int
    proof: int


def identity(*parts: str) -> Identity:
    """The number of a key. Equal parts, equal number, on every machine and in every run."""
    digest = blake2b(SEPARATOR.join(parts).encode(), digest_size=16).digest()
    return Identity(int.from_bytes(digest[:8], "big") >> 1, int.from_bytes(digest[8:], "big") >> 1)


class Seen:
    """What this file has shown so far: numbers with proofs, and how often a row content came."""

    def __init__(self) -> None:
        self.memory = sqlite3.connect("")
        self.memory.execute(
            "CREATE TABLE seen (list TEXT, number INTEGER, proof INTEGER, PRIMARY KEY (list, number)) WITHOUT ROWID"
        )
        self.memory.execute("CREATE TABLE repeated (number INTEGER PRIMARY KEY, times INTEGER)")

    def close(self) -> None:
        """Forget everything."""
        self.memory.close()

    def among(self, table: str, identities: Sequence[Identity]) -> set[int]:
        """Those numbers that came before. Raises ImportRejected when one stands for two different keys."""
        before: set[int] = set()
        for start in range(0, len(identities), PARAMETERS):
            part = identities[start : start + PARAMETERS]
            marks = ",".join("?" * len(part))
            found = dict(
                self.memory.execute(
                    f"SELECT number, proof FROM seen WHERE list = ? AND number IN ({marks})",
                    (table, *(each.number for each in part)),
                )
            )
            for each in part:
                if found.get(each.number, each.proof) != each.proof:
                    raise collision(table, each.number)
            before |= found.keys()
        return before

    def add(self, table: str, identities: Iterable[Identity]) -> None:
        """Remember them."""
        self.memory.executemany(
            "INSERT OR IGNORE INTO seen VALUES (?, ?, ?)", ((table, each.number, each.proof) for each in identities)
        )

    def times(self, numbers: Sequence[int]) -> list[int]:
        """For each content number, how often it came before in this file; counted from now on."""
        counts: dict[int, int] = {}
        distinct = list(dict.fromkeys(numbers))
        for start in range(0, len(distinct), PARAMETERS):
            part = distinct[start : start + PARAMETERS]
            marks = ",".join("?" * len(part))
            counts.update(
                self.memory.execute(f"SELECT number, times FROM repeated WHERE number IN ({marks})", part).fetchall()
            )
        answer = []
        for number in numbers:
            answer.append(counts.get(number, 0))
            counts[number] = answer[-1] + 1
        self.memory.executemany("INSERT OR REPLACE INTO repeated VALUES (?, ?)", list(counts.items()))
        return answer


def collision(table: str, number: int) -> ImportRejected:
    """The error for two keys with one number: never seen, but a number must not stand for two records."""
    return ImportRejected(
        f"two different keys of {table} have the number {number}",
        hint="Rename the mapping file, which changes all its numbers, and import into a new CRISIS_HOME.",
    )
