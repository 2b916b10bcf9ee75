"""Bytes <-> a text that only processes with the key can make or read (AES-GCM, URL-safe).

The same bytes give the same text: the nonce is a keyed hash of them, so that an answer with a page token
keeps its ETag. Pure; used by `paging`.
"""

from __future__ import annotations

import base64
import binascii
import hmac

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from models.errors import TokenProblem

NONCE = 12
LONGEST = 16_384
"""Characters; order values are at most a few texts of 1,024."""
PURPOSE = b"crisis-metrics page token 1"


class Sealer:
    """Seals under one key of 32 bytes, the same in all processes of the service."""

    def __init__(self, key: bytes) -> None:
        """Raises ValueError for a key of another length."""
        if len(key) != 32:
            raise ValueError("the key that seals page tokens has 32 bytes")
        self._cipher = AESGCM(_derived(key, b"seal"))
        self._nonces = _derived(key, b"nonce")

    def seal(self, plain: bytes) -> str:
        """Encrypted, authenticated, URL-safe."""
        nonce = _derived(self._nonces, plain)[:NONCE]
        sealed = nonce + self._cipher.encrypt(nonce, plain, PURPOSE)
        return base64.urlsafe_b64encode(sealed).rstrip(b"=").decode("ascii")

    def open(self, text: str) -> bytes:
        """What was sealed. Raises TokenProblem for anything else."""
        try:
            if len(text) > LONGEST:
                raise ValueError("longer than any token of ours")
            sealed = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
            return self._cipher.decrypt(sealed[:NONCE], sealed[NONCE:], PURPOSE)
        except (ValueError, binascii.Error, InvalidTag) as error:
            raise TokenProblem("the page token is not one of ours, or was changed", target="$skiptoken") from error


def _derived(key: bytes, label: bytes) -> bytes:
    return hmac.digest(key, label, "sha256")
