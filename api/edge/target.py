"""The request line: raw bytes -> Target (path and query, undecoded), its length limit, and what a log may show of it.

A secret in a URL ends up in histories and logs everywhere, so such a request is refused, whether the option's name
or the value's form gives it away. Pure; called by the frame and the guard.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_plus

from models.catalogue import CATALOGUE
from models.errors import SyntaxProblem, UrlTooLong
from models.service.keys import SECRET_FORM
from powerbi.audience import AUDIENCES

SECRET_NAMES = re.compile(
    r"(?:x[-_]?)?(?:api|app|access|auth|subscription|client|function|account|shared|sas|ocp[-_]apim[-_]subscription)?"
    r"[-_]?(?:key|token|secret|password|passwd|pwd|credentials?|sig|signature|code|apikey|authorization|bearer)\Z",
    re.IGNORECASE,
)
"""Names under which connectors and people put keys into URLs (Power Query's Web API kind lets anyone choose)."""

OPTIONS = frozenset(
    name
    for word in (
        "filter",
        "select",
        "orderby",
        "top",
        "skip",
        "skiptoken",
        "count",
        "format",
        "expand",
        "search",
        "apply",
        "compute",
        "schemaversion",
    )
    for name in (word, f"${word}")
)
"""Option names that a log may show; any other may be a secret that lost its name."""

_ROUTES = ("odata", "v1", "views", "refresh-runs", "healthz", "readyz", "metrics", "docs", "openapi.json", "$metadata")
_TEMPLATES = ("powerbi", *AUDIENCES, *(audience.model for audience in AUDIENCES.values()))
_WORDS = frozenset((*_ROUTES, *_TEMPLATES, "$count", "$batch", "$value", *CATALOGUE.views))


@dataclass(frozen=True)
class Target:
    """Path and query as they came, still percent-encoded. `names` are the decoded names of the query options."""

    path: str
    query: str
    names: tuple[str, ...]

    @property
    def carries_secret(self) -> bool:
        """Whether an option is called like a secret, or anything looks like one of ours."""
        if any(SECRET_NAMES.match(name) for name in self.names):
            return True
        return any(SECRET_FORM.search(unquote_plus(text)) for text in (self.path, self.query))

    @property
    def redacted(self) -> str:
        """What a log may show: path segments that are words of ours, and option names; never a value or a key."""
        shown = [_shown(part) for part in self.path.split("/") if part]
        names = [name if name in OPTIONS else "*" for name in self.names]
        return "/" + "/".join(shown) + ("?" + "&".join(sorted(set(names))) if names else "")


def target_of(scope: Mapping[str, Any]) -> Target:
    """The request line of an ASGI scope. Never raises: bytes outside UTF-8 are replaced."""
    raw = scope.get("raw_path") or scope["path"].encode()
    path = raw.split(b"?", 1)[0].decode("utf-8", "replace")
    query = scope.get("query_string", b"").decode("utf-8", "replace")
    names = tuple(unquote_plus(part.split("=", 1)[0]).strip() for part in query.split("&") if part)
    return Target(path, query, names)


def require_readable(target: Target, most: int) -> None:
    """Raises UrlTooLong over `most` characters, SyntaxProblem for bytes that are not UTF-8."""
    length = len(target.path) + len(target.query) + 1
    if length > most:
        raise UrlTooLong(f"the URL has {length} characters; the limit is {most}")
    if "\ufffd" in target.path or "\ufffd" in target.query:
        raise SyntaxProblem("the URL holds bytes that are not UTF-8")


def _shown(part: str) -> str:
    known = (word for word in (part, part.split("(", maxsplit=1)[0], part.rpartition(".")[0]) if word in _WORDS)
    return next(known, "*")
