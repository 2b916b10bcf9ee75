"""Where a page ended -> the next link, and back: keyset paging, sealed and bound to version, query and caller.

A readable position would tell a row-scoped reader how many rows are hidden, so it is sealed. A link made for
one caller, query or version is refused for another. Pure; called by `service` before and after `fetch`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import quote, unquote

import msgspec

from api.odata.binding.bound_query import BoundQuery
from api.odata.exchange import Caller
from api.odata.sealing import Sealer
from models.errors import TokenProblem

KEPT = frozenset({"apply", "compute", "count", "expand", "filter", "format", "orderby", "schemaversion", "search"}) | {
    "select",
    "top",
}
"""Query options that a next link repeats; `$skip` is done, and options that are not OData's may hold a secret."""

AS_WRITTEN = "%/:?@!$&'()*+,;=-._~[]"
"""Characters that stay as the client wrote them; blanks and the like may stand in no address."""


@dataclass(frozen=True)
class Position:
    """The end of a page: its last row's `_row` and order values, what `$top` still allows, the whole count."""

    version: str
    plan: bytes
    row: int
    values: tuple[object, ...] = ()
    left: int | None = None
    count: int | None = None


_TEXTS: dict[str, tuple[type, Callable[[Any], str], Callable[[str], object]]] = {
    "decimal": (Decimal, str, Decimal),
    "instant": (datetime, datetime.isoformat, datetime.fromisoformat),
    "date": (date, date.isoformat, date.fromisoformat),
}
"""Values that msgpack does not carry exactly: kind -> type, to text, from text. A datetime is a date: first."""


def effective_access(caller: Caller) -> tuple[object, ...]:
    """What decides which rows and columns a caller gets; two keys that agree in it see the same bytes."""
    scopes = (None if scope is None else tuple(sorted(scope)) for scope in (caller.areas, caller.teams))
    return (caller.role, caller.purpose, *scopes)


def fingerprint(bound: BoundQuery, caller: Caller) -> bytes:
    """16 bytes that differ when the query, its values, the view or the caller's access differ."""
    query = (
        bound.view.name,
        tuple(column.name for column in bound.columns),
        bound.table,
        bound.shapes,
        bound.where,
        tuple((term.sql, term.descending) for term in bound.order),
        bound.parameters,
        bound.top,
        bound.count,
    )
    return hashlib.sha256(repr((query, effective_access(caller))).encode()).digest()[:16]


def seal(position: Position, sealer: Sealer) -> str:
    """The page token."""
    values = [_plain(value) for value in position.values]
    parts = (position.version, position.plan, position.row, values, position.left, position.count)
    return sealer.seal(msgspec.msgpack.encode(parts))


def unseal(token: str, sealer: Sealer) -> Position:
    """The position in a page token. Raises TokenProblem for a token that is not ours."""
    version, plan, row, values, left, count = msgspec.msgpack.decode(
        sealer.open(token), type=tuple[str, bytes, int, list[Any], int | None, int | None]
    )
    return Position(version, plan, row, tuple(_value(item) for item in values), left, count)


def check(position: Position, plan: bytes) -> None:
    """Raises TokenProblem when the position belongs to another query or another caller."""
    if position.plan != plan:
        raise TokenProblem("the page token belongs to another query or another caller", target="$skiptoken")


def next_link(root: str, path: str, query: str, token: str) -> str:
    """The absolute address of the next page: path and OData options as the client wrote them, and the token."""
    kept = [quote(part, safe=AS_WRITTEN) for part in query.split("&") if part and _is_kept(part)]
    return f"{root}{path}?{'&'.join((*kept, f'$skiptoken={token}'))}"


def _is_kept(part: str) -> bool:
    name = unquote(part.partition("=")[0]).strip()
    return name.startswith("@") or name.removeprefix("$").lower() in KEPT


def _plain(value: object) -> object:
    for kind, (of_type, write, _) in _TEXTS.items():
        if isinstance(value, of_type):
            return [kind, write(value)]
    return value


def _value(item: Any) -> object:
    if isinstance(item, list):
        kind, text = item
        return _TEXTS[kind][2](text)
    return item
