"""Names -> identities that stay the same from build to build, so that a regenerated template keeps what people built.

Pure; called by every writer of Power BI parts.
"""

from __future__ import annotations

import hashlib
import uuid

NAMESPACE = uuid.UUID("0c4f6b0e-5d1e-5b64-9d55-6f2a3c1b7e90")
"""Drawn once; changing it gives every object a new identity."""


def lineage(*path: str) -> str:
    """The uuid5 of an object by its path of names, such as `viewer, table, Dates`."""
    return str(uuid.uuid5(NAMESPACE, "/".join(path)))


def short_name(*path: str) -> str:
    """Twenty lowercase hex digits, the form in which Power BI names pages and visuals."""
    return hashlib.sha256("/".join(path).encode()).hexdigest()[:20]
