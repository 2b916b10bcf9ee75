"""If-Match and If-None-Match against the tag of an answer -> the answer, 304 or PreconditionFailed (RFC 9110, 13).

`has_it` may be asked before anything is read; `settled` decides when the answer is known, because a condition counts
only where the request would have succeeded without it: an error is raised and never gets here. Pure; called by service,
answers and the exports.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from api.odata.exchange import Response
from models.errors import PreconditionFailed

TAG = re.compile(r'(?:W/)?"[^"]*"')
KEPT = frozenset({"cache-control", "content-location", "etag", "expires", "odata-version", "vary"})
"""What stands on a 304: the fields that RFC 9110 15.4.5 asks for, and the version that OData asks for."""


def has_it(headers: Mapping[str, str], tag: str) -> bool:
    """Whether If-None-Match names the tag and no If-Match stands beside it, so that 304 is the answer."""
    return "if-match" not in headers and _names(headers.get("if-none-match", ""), tag)


def settled(headers: Mapping[str, str], response: Response) -> Response:
    """The response, or what the conditions make of it. Raises PreconditionFailed where If-Match does not hold."""
    if response.status == 304:
        return _unchanged(response)
    tag = next((value for name, value in response.headers if name.lower() == "etag"), None)
    wanted, known = headers.get("if-match"), headers.get("if-none-match")
    if wanted is not None and wanted.strip() != "*" and (tag is None or tag not in TAG.findall(wanted)):
        _close(response)
        raise PreconditionFailed("what you have is not what would be answered now", target="If-Match")
    if known is not None and (known.strip() == "*" or (tag is not None and _names(known, tag))):
        _close(response)
        return _unchanged(response)
    return response


def _names(tags: str, tag: str) -> bool:
    """Weak comparison: `W/` makes no difference."""
    return tag.removeprefix("W/") in [found.removeprefix("W/") for found in TAG.findall(tags)]


def _unchanged(response: Response) -> Response:
    headers = tuple((name, value) for name, value in response.headers if name.lower() in KEPT)
    return Response(304, headers, (), response.trace)


def _close(response: Response) -> None:
    """A body that is not sent gives back what it holds."""
    close = getattr(response.body, "close", None)
    if close is not None:
        close()
