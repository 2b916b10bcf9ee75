"""What a row of `make powerbi-check` is: one of `tests.conformance.rows` that the short form may leave out.

A row is for one audience, which is the last word of its name (`tom viewer`); a row without one is for both.
"""

from __future__ import annotations

from dataclasses import dataclass

from tests.conformance import rows
from tests.conformance.rows import Judge, Outcome

__all__ = ["AUDIENCES", "Judge", "Outcome", "Row"]

AUDIENCES = ("viewer", "analyst")


@dataclass(frozen=True)
class Row(rows.Row):
    """One row. `short`: it needs the Python package index alone, has no city of its own, and runs in the short form too."""

    short: bool = True

    @property
    def audience(self) -> str | None:
        """Whose templates it judges; None for both."""
        last = self.name.rpartition(" ")[2]
        return last if last in AUDIENCES else None

    def called(self, word: str) -> bool:
        """Is this row meant by `word`: its name, hyphens for spaces allowed, or its name without the audience?"""
        spelled = word.replace("-", " ")
        own = self.name.replace("-", " ")
        return spelled in (own, own.removesuffix(f" {self.audience}"))
