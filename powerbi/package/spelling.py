"""Values -> the bytes of small text files: JSON as Power BI writes it (UTF-8 without a mark, two blanks a level).

Pure; called by the writers of this package.
"""

from __future__ import annotations

import json
from typing import Any

SCHEMAS = "https://developer.microsoft.com/json-schemas/fabric/"
"""Where the schemas of the files say that they are; nothing is fetched from there."""


def pretty(value: Any) -> bytes:
    """JSON for a file that people read and compare."""
    return json.dumps(value, indent=2, ensure_ascii=False).encode()


def compact(value: Any) -> bytes:
    """JSON without a blank too many, as Desktop packs it."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()
