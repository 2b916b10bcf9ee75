"""What each kind of address under a view answers: rows, a number, an entity, a property, a raw value.

One function a kind, from the parsed request with its pinned rows to a body; `OF` is the table of them. Called by
`service`, which pins, times and writes the headers.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from api.odata import fetch, serialize
from api.odata.binding import objects
from api.odata.binding.binder import BoundQuery, bind, bind_key
from api.odata.binding.resource_path import Resource, ResourceKind
from api.odata.binding.rowscope import unknown
from api.odata.exchange import Request
from api.odata.fetch import Tables
from api.odata.language.options import QueryOptions
from api.odata.paging import Position, check, effective_access, fingerprint, next_link, seal
from api.odata.plan import plan
from api.odata.protocol import conditional, negotiation
from api.odata.protocol.negotiation import Representation
from api.odata.sealing import Sealer
from api.odata.serialize import Bytes
from api.odata.stopwatch import Stopwatch
from models.catalogue.types import Catalogue, View
from models.errors import TokenProblem
from models.snapshot.reader import Cursor


@dataclass(frozen=True)
class Asked:
    """A parsed request and the rows it is about. `as_of` is what now() means, aware."""

    request: Request
    resource: Resource
    view: View
    options: QueryOptions
    form: Representation
    position: Position | None
    sealer: Sealer
    watch: Stopwatch
    tables: Tables
    version: str
    as_of: datetime
    catalogue: Catalogue


@dataclass(frozen=True)
class Answer:
    """A body and what headers and trace need to know of it. `content_type` None: JSON as negotiated."""

    status: int
    body: tuple[Bytes, ...]
    etag: str
    shape: str
    rows: int = 0
    rows_read: int = 0
    content_type: str | None = None


def rows(asked: Asked) -> Answer:
    """A page of an entity set."""
    request, form = asked.request, asked.form
    with asked.watch.stage("bind"):
        bound = _bound_set(asked)
        mark = fingerprint(bound, request.caller)
        if asked.position is not None:
            check(asked.position, mark)
    tag = etag(asked, bound)
    if _unchanged(asked, tag):
        return Answer(304, (), tag, bound.shape)
    with asked.watch.stage("plan"):
        made = plan(bound, form, request.limits, request.root)
    with asked.watch.stage("fetch"), asked.tables.cursor(request.limits.query_seconds) as cursor:
        page = fetch.page(made, asked.tables, cursor, asked.position)
        before = asked.position or Position(asked.version, mark, 0, left=bound.top, count=_count(asked, bound, cursor))
    with asked.watch.stage("serialize"):
        after = fetch.after_page(page, before)
        link = next_link(request.root, request.path, request.query, seal(after, asked.sealer)) if after else None
        context = serialize.context(request.root, asked.view, bound.listed, form.version)
        body = serialize.collection(page, form, context, before.count, link)
    return Answer(200, body, tag, bound.shape, page.rows, page.rows_read)


def _count(asked: Asked, bound: BoundQuery, cursor: Cursor) -> int | None:
    """@odata.count: counted for the first page, carried by the token from there."""
    return fetch.count(bound, asked.tables, cursor) if bound.count else None


def number(asked: Asked) -> Answer:
    """`/$count`: how many rows the filter keeps, as plain text."""
    _no_token(asked)
    with asked.watch.stage("bind"):
        bound = _bound_set(asked)
    tag = etag(asked, bound)
    if _unchanged(asked, tag):
        return Answer(304, (), tag, bound.shape)
    with asked.watch.stage("fetch"), asked.tables.cursor(asked.request.limits.query_seconds) as cursor:
        body = str(fetch.count(bound, asked.tables, cursor)).encode()
    return Answer(200, (body,), tag, bound.shape, content_type=negotiation.text(body))


def entity(asked: Asked) -> Answer:
    """`Set(key)`: one row."""
    bound, tag, found = _one(asked)
    if found is None:
        return Answer(304, (), tag, bound.shape)
    context = serialize.context(asked.request.root, asked.view, bound.listed, asked.form.version, entity=True)
    body = serialize.entity(found.piece, asked.form, context)
    return Answer(200, body, tag, bound.shape, 1, found.rows_read)


def value(asked: Asked) -> Answer:
    """`Set(key)/Property`: its value in an object; 204 when it is null."""
    bound, tag, found = _one(asked)
    if found is None:
        return Answer(304, (), tag, bound.shape)
    column = asked.resource.column
    if column is None or found.value is None:
        return Answer(204, (), tag, bound.shape, 1, found.rows_read)
    context = serialize.property_context(asked.request.root, asked.view, found.key, column)
    body = serialize.single_value(found.value, asked.form, context, column)
    return Answer(200, body, tag, bound.shape, 1, found.rows_read)


def raw_value(asked: Asked) -> Answer:
    """`Set(key)/Property/$value`: the value as plain text; 204 when it is null."""
    bound, tag, found = _one(asked)
    if found is None:
        return Answer(304, (), tag, bound.shape)
    if found.value is None:
        return Answer(204, (), tag, bound.shape, 1, found.rows_read)
    body = serialize.raw_value(found.value)
    return Answer(200, (body,), tag, bound.shape, 1, found.rows_read, content_type=negotiation.text(body))


def _one(asked: Asked) -> tuple[BoundQuery, str, fetch.Found | None]:
    """The one row of a key, None when the client has it. Raises NotFound, for hidden rows as for missing ones."""
    _no_token(asked)
    request, form, column = asked.request, asked.form, asked.resource.column
    with asked.watch.stage("bind"):
        bound = bind_key(
            asked.view,
            asked.resource.key,
            asked.options,
            request.caller,
            request.limits,
            as_of=asked.as_of,
            catalogue=asked.catalogue,
        )
    tag = etag(asked, bound)
    if _unchanged(asked, tag):
        return bound, tag, None
    with asked.watch.stage("plan"):
        made = plan(bound, form, request.limits, request.root)
        single = objects.value(column, form) if column is not None else None
    with asked.watch.stage("fetch"), asked.tables.cursor(request.limits.query_seconds) as cursor:
        found = fetch.one(made, asked.tables, cursor, single)
    if found is None:
        raise unknown(request.path)
    return bound, tag, found


def _bound_set(asked: Asked) -> BoundQuery:
    request = asked.request
    return bind(asked.view, asked.options, request.caller, request.limits, asked.as_of, catalogue=asked.catalogue)


def _no_token(asked: Asked) -> None:
    if asked.position is not None:
        raise TokenProblem("page tokens belong to entity sets", target="$skiptoken")


def etag(asked: Asked, bound: BoundQuery) -> str:
    """Version + effective access + query + representation: equal tags mean equal bytes. Live rows have none."""
    request, form = asked.request, asked.form
    seed = (
        asked.version,
        asked.catalogue.version,
        effective_access(request.caller),
        fingerprint(bound, request.caller),
        bound.skip,
        asked.position,
        request.path,
        request.query,
        request.root,
        asked.resource.kind,
        form,
    )
    return f'"{hashlib.sha256(repr(seed).encode()).hexdigest()[:32]}"'


def _unchanged(asked: Asked, tag: str) -> bool:
    return not asked.view.live and conditional.has_it(asked.request.headers, tag)


OF: dict[ResourceKind, Callable[[Asked], Answer]] = {
    ResourceKind.SET: rows,
    ResourceKind.COUNT: number,
    ResourceKind.ENTITY: entity,
    ResourceKind.PROPERTY: value,
    ResourceKind.VALUE: raw_value,
}
