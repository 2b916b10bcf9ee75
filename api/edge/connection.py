"""How a request reached us: ASGI scope -> Connection (secure? from this machine?), and the public root for links.

Forwarded headers count only from a trusted proxy. From anyone else they mean that an unknown proxy stands between,
so the connection is not taken for a local one. Pure; called by the guard of the routes.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from models.errors import ConfigurationError
from models.settings import ApiSettings

Scope = Mapping[str, Any]
FORWARDED = ("x-forwarded-proto", "x-forwarded-for", "x-forwarded-host", "forwarded")
LOCAL_HOST = re.compile(r"(localhost|127(\.[0-9]{1,3}){3}|\[::1\])(:[0-9]{1,5})?\Z")
ANY_HOST = re.compile(r"([A-Za-z0-9.-]{1,253}|\[[0-9a-fA-F:.]{2,45}\])(:[0-9]{1,5})?\Z")


@dataclass(frozen=True)
class Connection:
    """`scheme` is what the client used; `local` means that both ends are on this machine, with nothing between."""

    scheme: str
    local: bool

    @property
    def private(self) -> bool:
        """Whether credentials may travel on it."""
        return self.scheme == "https" or self.local


def headers_of(scope: Scope) -> dict[str, str]:
    """Header fields by lower-case name; repeated fields joined by commas (RFC 9110, 5.3)."""
    found: dict[str, str] = {}
    for name, value in scope["headers"]:
        key = name.decode("latin-1").lower()
        text = value.decode("latin-1")
        found[key] = f"{found[key]},{text}" if key in found else text
    return found


def connection_of(scope: Scope, headers: Mapping[str, str], trusted: tuple[str, ...]) -> Connection:
    """What is known of the way from the client to us."""
    peer = scope["client"][0] if scope.get("client") else None
    if peer is not None and peer in trusted:
        # Every proxy on the way has to have seen https; a client that writes the header itself gains nothing.
        protocols = [part.strip().lower() for part in headers.get("x-forwarded-proto", "").split(",")]
        secure = all(protocol == "https" for protocol in protocols)
        return Connection("https" if secure else "http", local=False)
    forwarded = any(name in headers for name in FORWARDED)
    ends = (peer, scope["server"][0] if scope.get("server") else None)
    return Connection(scope.get("scheme", "http"), local=not forwarded and all(map(_loopback, ends)))


def public_root(settings: ApiSettings, connection: Connection, headers: Mapping[str, str]) -> str:
    """Root of all links, ending in `/`: the setting, else the Host header where that is harmless.

    A Host that anyone can choose would put foreign links into answers, so it counts only when it names this machine
    or in the demonstration.
    """
    if settings.public_url:
        return settings.public_url.rstrip("/") + "/"
    host = headers.get("host", "")
    if (LOCAL_HOST if not settings.demo else ANY_HOST).match(host):
        return f"{connection.scheme}://{host}/"
    return f"{connection.scheme}://{_bracketed(settings.host)}:{settings.port}/"


def require_public_url(settings: ApiSettings) -> None:
    """Raises ConfigurationError when clients elsewhere will come and nothing says under which address."""
    if settings.public_url is None:
        if not settings.demo and not _loopback(settings.host):
            raise ConfigurationError(
                f"listening on {settings.host} needs the address under which clients reach the service",
                hint="Set CRISIS_PUBLIC_URL, for example https://metrics.city.example",
            )
    elif not re.match(r"https?://[^/?#\s]+(/[^?#\s]*)?\Z", settings.public_url):
        raise ConfigurationError(
            "CRISIS_PUBLIC_URL is no absolute address", hint="Write it as https://metrics.city.example"
        )


def _loopback(address: str | None) -> bool:
    if address == "localhost":
        return True
    try:
        return address is not None and ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
