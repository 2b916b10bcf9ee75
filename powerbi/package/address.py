"""Text -> the address of the service as templates carry it: https (or this machine), without a slash at its end.

Pure. It is put between quotes into M, into JSON and into file names of nothing, so only plain characters pass.
Called by the writers of this package, by `crisis powerbi` and by the downloads.
"""

from __future__ import annotations

import re

from models.errors import ConfigurationError

ADDRESS = re.compile(
    r"(?P<scheme>https?)://(?P<host>[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?"
    r"(?P<path>(?:/[A-Za-z0-9._~-]+)*)\Z"
)
LOOPBACK = re.compile(r"localhost|127(?:\.[0-9]{1,3}){3}|\[::1\]")
HINT = "Write it as https://metrics.city.example, without a user, a query or a key; http is for this machine only."


def api_base_url(text: str) -> str:
    """The address in the form that the parameter ApiBaseUrl has. Raises ConfigurationError."""
    address = text.strip().rstrip("/")
    found = ADDRESS.match(address)
    if found is None:
        raise ConfigurationError("the address of the service is not one that templates can carry", hint=HINT)
    if found["scheme"] == "http" and not LOOPBACK.fullmatch(found["host"]):
        raise ConfigurationError("plain http carries no keys to another machine", hint=HINT)
    return address


def service_root(base: str) -> str:
    """The OData service below an ApiBaseUrl, as the M of the partitions asks it."""
    return f"{base}/odata/v1"
