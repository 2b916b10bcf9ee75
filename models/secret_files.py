"""Secrets that a home folder makes once for itself: the pepper of the key hashes, the key of the page tokens.

A setting wins over the file. The file is made with O_EXCL and mode 0600, so that processes that start at the
same moment agree on one value. Called by api and jobs; writes only to the home folder.
"""

from __future__ import annotations

import os
import secrets
import time
from pathlib import Path

from pydantic import SecretStr

from models.errors import ConfigurationError, FolderNotWritable

LENGTH = 32
PEPPER = "pepper"
TOKEN_KEY = "token-key"  # noqa: S105 - the name of a file


def secret(home: Path, name: str, configured: SecretStr | None) -> bytes:
    """32 bytes: `configured` (64 hex digits) or what `home/name` holds, made now if there is no such file.

    Raises ConfigurationError for a value that is not 64 hex digits, FolderNotWritable for a closed folder.
    """
    if configured is not None:
        return _bytes(configured.get_secret_value(), f"the setting for {name}")
    path = home / name
    _make(path)
    return _bytes(_read(path), str(path))


def _make(path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return
    except OSError as error:
        raise FolderNotWritable(f"cannot make the file {path}") from error
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(secrets.token_hex(LENGTH))
        file.flush()
        os.fsync(file.fileno())


def _read(path: Path) -> str:
    # Another process may have made the file a moment ago and not have written it yet.
    for _ in range(100):
        text = path.read_text("ascii").strip()
        if text:
            return text
        time.sleep(0.02)
    return ""


def _bytes(text: str, where: str) -> bytes:
    try:
        value = bytes.fromhex(text)
    except ValueError:
        value = b""
    if len(value) != LENGTH:
        raise ConfigurationError(
            f"{where} does not hold {2 * LENGTH} hexadecimal digits",
            hint="Make one with: python -c 'import secrets; print(secrets.token_hex(32))'",
        )
    return value
