"""The settings CRISIS_POWERBI_... and CRISIS_WEBHOOK_... as checked values, or what is wrong with them. Asks nobody.

Called by jobs.following and by `crisis doctor`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import httpx

from models.errors import ConfigurationError
from models.settings import JobSettings
from powerbi.audience import AUDIENCES

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
NEEDED = ("tenant", "client", "secret_file", "datasets")
ID = re.compile(r"[0-9A-Za-z-]{1,64}\Z")
HINT = "docs/operations.md lists the settings for Power BI; `crisis doctor` shows those in force."


@dataclass(frozen=True)
class Place:
    """A semantic model: the id of its workspace, which is another one for each audience, and its own."""

    workspace: str
    dataset: str


@dataclass(frozen=True)
class PowerBi:
    """What a refresh of the models takes. `models`: audience -> where its semantic model is."""

    tenant: str
    client: str
    secret_file: Path
    models: dict[str, Place]
    mode: str
    seconds: float
    narrowed: bool
    api: str
    login: str
    scope: str

    def secret(self) -> str:
        """The application's secret, read anew. Raises ConfigurationError."""
        try:
            return self.secret_file.read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigurationError(f"{self.secret_file} cannot be read", hint=HINT) from error


def power_bi(settings: JobSettings) -> PowerBi | None:
    """The settings for Power BI; None where none is set. Raises ConfigurationError for half a set, or a bad one."""
    given = {name: getattr(settings, f"powerbi_{name}") for name in NEEDED}
    missing = [f"CRISIS_POWERBI_{name.upper()}" for name, value in given.items() if not value]
    if len(missing) == len(NEEDED):
        return None
    if missing:
        raise ConfigurationError(f"{', '.join(missing)} not set, and other settings for Power BI are", hint=HINT)
    return PowerBi(
        tenant=str(settings.powerbi_tenant),
        client=str(settings.powerbi_client),
        secret_file=Path(str(settings.powerbi_secret_file)),
        models=_models(settings.powerbi_datasets, settings.powerbi_workspace or ""),
        mode=settings.powerbi_mode,
        seconds=settings.powerbi_wait_minutes * 60,
        narrowed=settings.powerbi_narrowed,
        api=secure(settings.powerbi_api, "CRISIS_POWERBI_API"),
        login=secure(settings.powerbi_login, "CRISIS_POWERBI_LOGIN"),
        scope=settings.powerbi_scope,
    )


def webhooks(settings: JobSettings) -> dict[bool, str]:
    """Where to tell of success (True) and of failure (False). Raises ConfigurationError for an address not secure."""
    found: dict[bool, str] = {}
    if settings.webhook_url is not None:
        found[True] = secure(settings.webhook_url.get_secret_value(), "CRISIS_WEBHOOK_URL")
        found[False] = found[True]
    if settings.webhook_failure_url is not None:
        found[False] = secure(settings.webhook_failure_url.get_secret_value(), "CRISIS_WEBHOOK_FAILURE_URL")
    return found


def secure(address: str, setting: str) -> str:
    """The address without a slash at its end. Raises ConfigurationError unless it is https, or on this machine."""
    try:
        url = httpx.URL(address)
    except httpx.InvalidURL:
        url = httpx.URL("")
    if url.scheme != "https" and not (url.scheme == "http" and url.host in LOOPBACK):
        raise ConfigurationError(f"{setting} is not an https address", hint="Write it as https://server/path.")
    return address.rstrip("/")


def _models(words: tuple[str, ...], workspace: str) -> dict[str, Place]:
    """`viewer:MODEL` and `analyst:WORKSPACE/MODEL`, taken apart. Raises ConfigurationError naming what is neither."""
    found: dict[str, Place] = {}
    for word in words:
        name, _, ids = (part.strip() for part in word.partition(":"))
        first, _, second = ids.rpartition("/")
        place = Place(first or workspace, second)
        if name not in AUDIENCES or not (ID.match(place.workspace) and ID.match(place.dataset)):
            known = " or ".join(f"{audience}:WORKSPACE/MODEL" for audience in AUDIENCES)
            hint = f"Write {known}, by commas; without WORKSPACE it is that of CRISIS_POWERBI_WORKSPACE."
            raise ConfigurationError(f"CRISIS_POWERBI_DATASETS holds {word!r}", hint=hint)
        found[name] = place
    return found
