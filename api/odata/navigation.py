"""To-one navigation in a path: the entity it begins with -> the key of the one it leads to, hop by hop.

Each row on the way is read under the caller's role and row scope, so that a row that may not be seen leads nowhere,
as one that is not there. The last hop is then an ordinary request for one entity (answers). Called by service.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from api.odata import answers
from api.odata.answers import Answer, Asked
from api.odata.binding.binder import Key, bind_key
from api.odata.binding.bound_query import BoundQuery
from api.odata.binding.resource_path import ResourceKind, Trail
from api.odata.binding.rowscope import unknown
from api.odata.language.literals import Kind, number_kind
from api.odata.language.options import QueryOptions
from api.odata.language.syntax import Literal
from models.catalogue.types import Column, View
from models.snapshot.reader import Cursor
from models.snapshot.rowtext import quoted


def answer(asked: Asked) -> Answer:
    """The answer to a parsed request, wherever its path leads. Raises NotFound."""
    resource = asked.resource
    if resource.trail is None:
        return answers.OF[resource.kind](asked)
    with asked.watch.stage("follow"), asked.tables.cursor(asked.request.limits.query_seconds) as cursor:
        key = _followed(resource.trail, asked, cursor)
    if key is not None:
        return answers.OF[resource.kind](replace(asked, resource=replace(resource, key=key, trail=None)))
    if resource.kind is not ResourceKind.ENTITY:
        raise unknown(asked.request.path)
    return _nothing(asked)


def _followed(trail: Trail, asked: Asked, cursor: Cursor) -> Key | None:
    """The key at the end of the trail, None where it ends before. Raises NotFound when there is no beginning."""
    view, key = trail.view, trail.key
    for number, hop in enumerate(trail.hops):
        target = asked.catalogue.views[hop.target]
        columns = [view.column(name) for name in hop.columns]
        values = _row(view, key, columns, asked, cursor)
        if values is None and not number:
            raise unknown(asked.request.path)
        if values is None or None in values:
            return None
        key = _key(target, values)
        view = target
    there = _row(view, key, [view.column(name) for name in view.key], asked, cursor)
    return None if there is None else key


def _row(view: View, key: Key, columns: Iterable[Column], asked: Asked, cursor: Cursor) -> tuple[object, ...] | None:
    """Values of one row, None where there is none or the caller may not see it."""
    bound = _bound(view, key, QueryOptions(aliases=asked.options.aliases), asked)
    names = ", ".join(quoted(column.name) for column in columns)
    found = cursor.rows(f"SELECT {names} FROM {bound.table} WHERE {bound.where} LIMIT 1", bound.parameters)
    return tuple(found[0]) if found else None


def _bound(view: View, key: Key, options: QueryOptions, asked: Asked) -> BoundQuery:
    request = asked.request
    return bind_key(view, key, options, request.caller, request.limits, as_of=asked.as_of, catalogue=asked.catalogue)


def _key(view: View, values: Iterable[object]) -> Key:
    """Stored values (texts, whole numbers and days) as the literals of a key."""
    pairs = zip(view.key, values, strict=True)
    return tuple((name, _literal(view.column(name), value)) for name, value in pairs)


def _literal(column: Column, value: object) -> Literal:
    text = str(value)
    return Literal(number_kind(text) if isinstance(value, int) else Kind(column.edm.value), text)


def _nothing(asked: Asked) -> Answer:
    """204: a navigation property that leads nowhere. What is wrong with the options is said all the same."""
    nowhere = tuple((name, Literal(Kind.NULL, "null")) for name in asked.view.key)
    bound = _bound(asked.view, nowhere, asked.options, asked)
    return Answer(204, (), answers.etag(asked, bound), bound.shape)
