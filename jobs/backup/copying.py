"""A file -> its copy on the disk and the hash of every byte that went into it, a piece at a time.

Memory stays the same however large the file is. Called by jobs.backup.take and jobs.backup.restore.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from jobs.backup.layout import FileFacts

PIECE = 1 << 20
SECRET_MODE = 0o600


def copied(source: Path, target: Path, *, upto: int | None = None, mode: int = 0o640) -> FileFacts:
    """Copy the first `upto` bytes of `source`, all by default, to the new file `target`; fsynced. Raises OSError."""
    target.parent.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    written = 0
    with (
        source.open("rb") as file,
        os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as made,
    ):
        while piece := file.read(PIECE if upto is None else min(PIECE, upto - written)):
            made.write(piece)
            digest.update(piece)
            written += len(piece)
        made.flush()
        os.fsync(made.fileno())
    return FileFacts(written, digest.hexdigest())


def facts(path: Path) -> FileFacts:
    """Size and hash of a file. Raises OSError."""
    with path.open("rb") as file:
        return FileFacts(os.fstat(file.fileno()).st_size, hashlib.file_digest(file, "sha256").hexdigest())


def whole_lines(path: Path) -> int:
    """How many bytes of a file that is being appended to belong to whole lines. Raises OSError."""
    size = path.stat().st_size
    with path.open("rb") as file:
        while size:
            start = max(0, size - PIECE)
            file.seek(start)
            end = file.read(size - start).rfind(b"\n")
            if end >= 0:
                return start + end + 1
            size = start
    return 0
