"""Where an Entra access token comes from: a file that someone else keeps fresh, or the Azure identity of this machine.

Asked for each new connection, so that a token never grows old. Called by source; loads azure-identity only when the
settings ask for it.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path

from models.errors import ConfigurationError
from models.settings import JobSettings

SCOPE = "https://database.windows.net/.default"


def token_source(settings: JobSettings) -> Callable[[], str] | None:
    """What gives a token, or None where the address has a login. Raises ConfigurationError."""
    if settings.source_token_file is not None:
        return lambda: _from_file(settings.source_token_file)
    return _from_azure() if settings.source_entra else None


def _from_file(file: Path | None) -> str:
    try:
        token = file.read_text("utf-8").strip() if file else ""
    except OSError as error:
        raise ConfigurationError(
            f"the token file {file} cannot be read", hint="Check CRISIS_SOURCE_TOKEN_FILE and its rights."
        ) from error
    if not token:
        raise ConfigurationError(f"the token file {file} is empty", hint="Have it filled before the refresh starts.")
    return token


def _from_azure() -> Callable[[], str]:
    try:
        identity = import_module("azure.identity")
    except ImportError as error:
        raise ConfigurationError(
            "CRISIS_SOURCE_ENTRA is set and azure-identity is not installed",
            hint="pip install 'crisis-metrics[sqlserver-entra]'",
        ) from error
    credential = identity.DefaultAzureCredential()
    return lambda: str(credential.get_token(SCOPE).token)
