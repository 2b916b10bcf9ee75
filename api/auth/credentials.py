"""Request headers -> Credential. Knows the three ways in which a key may travel; verifies nothing.

Basic          user = key id, password = secret (Power BI, Excel, curl -u)
Bearer         Authorization: Bearer <key id>.<secret>
header         X-API-Key: <key id>.<secret>
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass, field

from models.errors import Unauthenticated

HEADER = "x-api-key"
LONGEST = 1024


@dataclass(frozen=True)
class Credential:
    """A key as it was sent."""

    key_id: str
    secret: str = field(repr=False)


def credential_of(headers: Mapping[str, str]) -> Credential:
    """The credential that the headers hold. Raises Unauthenticated, always in the same words, when none is usable.

    An empty Bearer token is a question, not a fault: the challenge is its answer.
    """
    scheme, _, value = headers.get("authorization", "").partition(" ")
    found: Credential | None = None
    if len(value) > LONGEST or len(headers.get(HEADER, "")) > LONGEST:
        found = None
    elif scheme.lower() == "basic":
        found = _basic(value.strip())
    elif scheme.lower() == "bearer":
        found = _token(value.strip())
    elif HEADER in headers and not scheme:
        found = _token(headers[HEADER].strip())
    if found is None:
        raise Unauthenticated("this address needs a key")
    return found


def _basic(value: str) -> Credential | None:
    try:
        key_id, colon, secret = base64.b64decode(value, validate=True).decode("utf-8").partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return Credential(key_id, secret) if colon else None


def _token(value: str) -> Credential | None:
    key_id, dot, secret = value.partition(".")
    return Credential(key_id, secret) if dot else None
