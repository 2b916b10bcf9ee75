"""Golden files: committed answers that an answer must equal. `CRISIS_GOLDEN=write` writes them anew."""

from __future__ import annotations

import os
from pathlib import Path


def agrees(path: Path, found: bytes) -> bool:
    """Whether `found` equals the file; in writing mode the file is made first, for the diff to be read."""
    if os.environ.get("CRISIS_GOLDEN") == "write":
        path.write_bytes(found)
    return path.read_bytes() == found
