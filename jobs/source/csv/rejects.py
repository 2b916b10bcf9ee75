"""The rejects file: every row that was not taken, one line a fault, with what to do. Written beside the import
in CRISIS_HOME, readable by its owner only, since it holds values of the file. Called by the import run.
"""

from __future__ import annotations

import csv
import os
from collections import Counter
from pathlib import Path
from types import TracebackType
from typing import IO

from jobs.source.csv.clocks import BadValue
from models.errors import FolderNotWritable

HEADER = ("file", "line", "column", "value", "reason", "what_to_do")
EXAMPLES = 5


class Rejects:
    """Opened at the first rejected row; an older file of the same name goes at once. Without a path it only counts."""

    def __init__(self, path: Path | None, source: str) -> None:
        self.path = path
        self.source = source
        self.rows = 0
        self.reasons: Counter[tuple[str, str]] = Counter()
        self.examples: list[tuple[int, BadValue]] = []
        self.file: IO[str] | None = None
        try:
            if path is not None:
                path.unlink(missing_ok=True)
        except OSError as error:
            raise FolderNotWritable(f"cannot replace the rejects file {path}") from error

    def __enter__(self) -> Rejects:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.file is not None:
            self.file.close()

    def add(self, line: int, faults: list[BadValue]) -> None:
        """Count one row and write its faults."""
        self.rows += 1
        for fault in faults:
            self.reasons[fault.column, fault.reason] += 1
            if len(self.examples) < EXAMPLES and self.reasons[fault.column, fault.reason] == 1:
                self.examples.append((line, fault))
        if self.path is not None:
            written = csv.writer(self.file or self._open(self.path))
            written.writerows(
                (self.source, line, fault.column, fault.value, fault.reason, fault.advice) for fault in faults
            )

    def _open(self, path: Path) -> IO[str]:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        except OSError as error:
            raise FolderNotWritable(f"cannot write the rejects file {path}") from error
        self.file = os.fdopen(handle, "w", encoding="utf-8", newline="")
        csv.writer(self.file).writerow(HEADER)
        return self.file
