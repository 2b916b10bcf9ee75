"""One request -> one response: parse -> bind -> plan -> fetch -> serialize, each a value in and a value out, timed.

Called by the edge in a worker thread with a caller that it has authenticated. Whatever is wrong is raised as a
CrisisError before the first byte; `error_response` gives it the OData error shape. The body of a HEAD request is
that of the GET: the edge takes its length and sends nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from api.odata import navigation, serialize
from api.odata.answers import Answer, Asked
from api.odata.binding.resource_path import Resource, ResourceKind, parse_path
from api.odata.binding.rowscope import readable
from api.odata.description import metadata
from api.odata.exchange import Request, Response, Trace
from api.odata.fetch import Tables
from api.odata.language.options import QueryOptions, read_options
from api.odata.paging import Position, effective_access, unseal
from api.odata.protocol import conditional, negotiation
from api.odata.sealing import Sealer
from api.odata.stopwatch import Stopwatch
from models.catalogue import CATALOGUE
from models.catalogue.types import Catalogue, View
from models.clock import now, parse_instant
from models.errors import CrisisError, MethodProblem, NotFound, PreconditionFailed
from models.snapshot.live import LiveTables
from models.snapshot.pinning import Shelf

Rows = Callable[[], Sequence[Mapping[str, object]]]
PRIVATE = ("Cache-Control", "private, no-cache")
NEVER = ("Cache-Control", "no-store")
HONOURED = {ResourceKind.SET: negotiation.OFFERED, ResourceKind.ENTITY: frozenset({"omit-values"})}
"""Preferences that mean something for an address; elsewhere they are ignored."""


@dataclass(frozen=True)
class Engine:
    """What a process needs to answer: its snapshots, the seal of page tokens, the rows of its live views.

    `catalogue` is another one than the service's in tests only; `$metadata` always describes the service's.
    """

    shelf: Shelf
    sealer: Sealer
    live: Mapping[str, Rows]
    catalogue: Catalogue = CATALOGUE


def answer(request: Request, engine: Engine) -> Response:
    """The answer to one request. Raises CrisisError for everything that is wrong with it."""
    return conditional.settled(request.headers, _answer(request, engine))


def _answer(request: Request, engine: Engine) -> Response:
    if request.method not in ("GET", "HEAD"):
        raise MethodProblem(f"{request.method[:20]} is not offered: the views are read-only")
    watch = Stopwatch()
    with watch.stage("parse"):
        resource = parse_path(request.path, engine.catalogue, request.caller, request.query)
        options = read_options(request.query, request.limits)
        require_schema(options, engine.catalogue)
    if resource.view is None:
        return _document(request, resource, options, watch)
    form = _form(request, resource, options)
    position = unseal(options.skiptoken, engine.sealer) if options.skiptoken is not None else None
    with _held(engine, request, resource.view, position, watch) as held:
        asked = Asked(
            request, resource, resource.view, options, form, position, engine.sealer, watch, *held, engine.catalogue
        )
        made = navigation.answer(asked)
    return _response(asked, made)


def require_schema(options: QueryOptions, catalogue: Catalogue) -> None:
    """Raises NotFound for a $schemaversion other than the one published as Core.SchemaVersion (OData protocol 11.2.12).

    `*` is the current one, and there is no other: an older model is not kept.
    """
    if options.schemaversion not in (None, "*", catalogue.version):
        hint = f"The current version is {catalogue.version}; $schemaversion=* always names it."
        raise NotFound("there is no such version of the schema", hint=hint, target="$schemaversion")


@contextmanager
def _held(
    engine: Engine, request: Request, view: View, position: Position | None, watch: Stopwatch
) -> Iterator[tuple[Tables, str, datetime]]:
    """The rows of one version, held until the answer is made; its name; its as-of.

    So `Isolation: snapshot` is what every answer has. Raises PreconditionFailed where it cannot be given.
    """
    isolation = request.headers.get("isolation", request.headers.get("odata-isolation"))
    if isolation is not None and (view.live or isolation.strip().lower() != "snapshot"):
        hint = "Send `Isolation: snapshot`, or leave it out; a live view has no snapshot."
        raise PreconditionFailed("this isolation is not offered here", hint=hint, target="Isolation")
    if view.live:
        tables = LiveTables(view, engine.live[view.name](), engine.shelf.current() or "")
        try:
            yield tables, tables.version, now()
        finally:
            tables.close()
        return
    with watch.stage("pin"):
        pin = engine.shelf.pin(position.version if position else request.version)
    with pin:
        yield pin.snapshot, pin.snapshot.version, parse_instant(pin.snapshot.manifest.as_of)


def _form(request: Request, resource: Resource, options: QueryOptions) -> negotiation.Representation:
    """How the answer is written. `/$count` and `/$value` are plain text, whatever the client would like."""
    wanted = "json" if resource.kind in (ResourceKind.COUNT, ResourceKind.VALUE) else options.format
    honoured = HONOURED.get(resource.kind, frozenset())
    return negotiation.data(request.headers, wanted, request.limits.max_page_size, honoured)


def _response(asked: Asked, made: Answer) -> Response:
    """Headers around what was made; 304 when the client has it already."""
    form = asked.form
    headers = [("OData-Version", form.version)]
    if made.status == 200:
        headers.append(("Content-Type", made.content_type or form.content_type))
    if form.preferences.applied:
        headers.append(("Preference-Applied", form.preferences.applied))
    headers.append(NEVER if asked.view.live else PRIVATE)
    if not asked.view.live:
        headers.append(("ETag", made.etag))
    headers.append(("Server-Timing", asked.watch.header()))
    trace = Trace(
        view=asked.view.name,
        shape=made.shape,
        rows=made.rows,
        version=asked.version,
        rows_read=made.rows_read,
        timings=asked.watch.timings(),
    )
    return Response(made.status, tuple(headers), made.body, trace)


def _document(request: Request, resource: Resource, options: QueryOptions, watch: Stopwatch) -> Response:
    """`$metadata` or the service document, of the views that this caller may read."""
    names = tuple(view.name for view in readable(CATALOGUE, request.caller))
    if resource.kind is ResourceKind.METADATA:
        content_type = negotiation.metadata(request.headers, options.format)
        version = negotiation.version(request.headers)
        body = metadata.xml(names) if content_type == negotiation.XML else metadata.json(names)
    else:
        form = negotiation.data(request.headers, options.format, request.limits.max_page_size)
        content_type, version = form.content_type, form.version
        context = f"{form.control}context" if form.level is not negotiation.Level.NONE else None
        body = metadata.service_document(names, request.root, context)
    seed = (content_type, version, effective_access(request.caller))
    etag = f'"{hashlib.sha256(repr(seed).encode() + body).hexdigest()[:32]}"'
    headers = [("OData-Version", version), PRIVATE, ("ETag", etag), ("Server-Timing", watch.header())]
    trace = Trace(shape=resource.kind.name.lower(), timings=watch.timings())
    return Response(200, (("Content-Type", content_type), *headers), (body,), trace)


def error_response(error: CrisisError, *, request_id: str | None = None, version: str = "4.0") -> Response:
    """The OData error object with the error's status; `request_id` leads to it in the log.

    `details` say where (code `Position`: the 0-based character in `target`), what next (code `Hint`) and under
    which id to ask (code `RequestId`).
    """
    body = serialize.error(error, request_id)
    headers = (
        ("OData-Version", version),
        ("Content-Type", negotiation.JSON),
        ("Content-Language", "en"),
        NEVER,
    )
    return Response(error.status, headers, (body,), Trace(code=error.code))
