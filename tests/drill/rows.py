"""What a row of `make drill` is: one of `tests.conformance.rows` with a long form and, where it is cheap, a short one.

`run` is given the bench; `bench.short` says which form is asked for. A row that has no short form runs in the long one.
"""

from __future__ import annotations

from dataclasses import dataclass

from tests.conformance import rows
from tests.conformance.rows import Judge

__all__ = ["Judge", "Outcome", "Row"]


@dataclass(frozen=True)
class Outcome(rows.Outcome):
    """As there. `figures`: what was counted and how much, for the block behind the table."""

    figures: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Row(rows.Row):
    """One row. `short`: it has a form of well under a minute for the gate."""

    short: bool = True

    def called(self, word: str) -> bool:
        """Is this row meant by `word`: its name, hyphens for spaces allowed?"""
        return word.replace("-", " ") == self.name.replace("-", " ")
