"""A plan and a place to go on from -> one page: pieces of bytes, and where the page ended.

Reads the snapshot through models.snapshot.reader and counts the rows it had to look at. A page deep in a
view looks at as few as the first: nothing before the last row of the page before is read again, and there
is no OFFSET but a caller's own `$skip`. Called by `service`.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import Any, Protocol

from api.odata.binding import objects
from api.odata.binding.bound_query import BoundQuery
from api.odata.paging import Position
from api.odata.plan import Plan, Walk, ordered
from api.odata.ranges import leading_run
from models.errors import CrisisError
from models.snapshot.reader import Cursor, RowText
from models.snapshot.rowtext import ROW

FIRST_WINDOW = 8_192
"""Rows of the shortest stretch."""


class Tables(Protocol):
    """An opened snapshot, or a live view's rows."""

    def rows(self, view: str) -> int:
        """Rows of a view."""
        ...

    def text(self, view: str, /) -> RowText | None:
        """Row text of a view; None where there is none."""
        ...

    def cursor(self, seconds: float) -> AbstractContextManager[Cursor]:
        """A way into DuckDB for one request."""
        ...


@dataclass(frozen=True)
class Page:
    """`pieces` joined by `,\\n` are the rows. `last` is `_row` and order values of the last one, when more follow."""

    pieces: tuple[bytes | memoryview, ...]
    rows: int
    rows_read: int
    last: tuple[int, tuple[object, ...]] | None = None


@dataclass(frozen=True)
class _Found:
    """Ids in order (or a run of neighbours), and what else the query selected."""

    ids: Sequence[int]
    made: tuple[bytes, ...] | None
    values: tuple[object, ...]
    more: bool
    rows_read: int


def page(plan: Plan, tables: Tables, cursor: Cursor, after: Position | None) -> Page:
    """The rows after `after`, or the first ones. Raises ValueProblem and Busy."""
    left = plan.bound.top if after is None else after.left
    limit = plan.page_size if left is None else min(plan.page_size, left)
    if limit <= 0:
        return Page((), 0, 0)
    found = _WALKS[plan.walk](plan, tables, cursor, after, limit)
    if not found.ids:
        return Page((), 0, found.rows_read)
    more = found.more and (left is None or left > limit)
    last = (found.ids[-1], found.values) if more else None
    return Page(_pieces(plan, tables, found), len(found.ids), found.rows_read, last)


@dataclass(frozen=True)
class Found:
    """One row: its JSON, its key segment, and, where a property was asked for, that value's JSON (None: null)."""

    piece: bytes | memoryview
    key: str
    value: bytes | None
    rows_read: int


def one(plan: Plan, tables: Tables, cursor: Cursor, value_sql: str | None) -> Found | None:
    """The row of a bound key, None when there is none. Raises ValueProblem and Busy."""
    bound = plan.bound
    value = "NULL" if value_sql is None else f"CASE WHEN ({value_sql}) IS NOT NULL THEN to_json({value_sql}) END"
    wanted = f"{ROW}, {plan.row_sql or 'NULL'}, {objects.key(bound.view)}, CAST({value} AS VARCHAR)"
    found = cursor.rows(f"SELECT {wanted} FROM {plan.table} WHERE {bound.where} LIMIT 1", bound.parameters)
    if not found:
        return None
    row, made, key, value = found[0]
    text = tables.text(bound.view.name)
    piece = made.encode() if made is not None or text is None else text.slice(row, row + 1)
    return Found(piece, key, None if value is None else value.encode(), tables.rows(bound.view.name))


def count(bound: BoundQuery, tables: Tables, cursor: Cursor) -> int:
    """Rows that the filter keeps, whatever `$top` and `$skip` say; the manifest knows it where there is no filter."""
    if bound.where is None and not bound.derived:
        return tables.rows(bound.view.name)
    text = tables.text(bound.view.name) if bound.range is not None else None
    if text is not None and bound.range is not None:
        run, _ = leading_run(text, bound.view, bound.range)
        return len(run)
    where = "" if bound.where is None else f" WHERE {bound.where}"
    return int(cursor.rows(f"SELECT count(*) FROM {bound.table}{where}", bound.parameters)[0][0])


def _pieces(plan: Plan, tables: Tables, found: _Found) -> tuple[bytes | memoryview, ...]:
    if found.made is not None:
        return found.made
    text = _text(tables, plan)
    if isinstance(found.ids, range):
        return (text.slice(found.ids.start, found.ids.stop),)
    return tuple(text.gather(found.ids))


def _text(tables: Tables, plan: Plan) -> RowText:
    """The row text that the plan counts on: live views have none, and `plan` knows it."""
    text = tables.text(plan.bound.view.name)
    if text is None:
        raise CrisisError(f"{plan.bound.view.name} has no row text")
    return text


def _run(plan: Plan, tables: Tables, cursor: Cursor, after: Position | None, limit: int) -> _Found:
    """Neighbours: `_row` arithmetic alone decides; SQL runs only when it has to make the JSON."""
    bound = plan.bound
    whole, looked = range(tables.rows(bound.view.name)), 0
    if bound.where is not None and bound.range is not None:
        whole, looked = leading_run(_text(tables, plan), bound.view, bound.range)
    start = whole.start + bound.skip if after is None else after.row + 1
    ids = range(start, max(start, min(start + limit, whole.stop)))
    made = None
    if plan.row_sql is not None:
        low, high = f"${len(bound.parameters) + 1}", f"${len(bound.parameters) + 2}"
        sql = f"SELECT {plan.row_sql} FROM {plan.table} WHERE {ROW} >= {low} AND {ROW} < {high} ORDER BY {ROW}"
        made = tuple(text.encode() for (text,) in cursor.rows(sql, (*bound.parameters, ids.start, ids.stop)))
    return _Found(ids, made, (), ids.stop < whole.stop, len(ids) + looked)


def _windows(plan: Plan, tables: Tables, cursor: Cursor, after: Position | None, limit: int) -> _Found:
    """Stretch after stretch of `_row`, until one row more than the page was found or the view ends."""
    bound = plan.bound
    start = first = 0 if after is None else after.row + 1
    width, total, found = limit + FIRST_WINDOW, tables.rows(bound.view.name), list[tuple[Any, ...]]()
    low, high = f"${len(bound.parameters) + 1}", f"${len(bound.parameters) + 2}"
    while start < total and len(found) <= limit:
        stop = min(start + width, total)
        sql = (
            f"SELECT * FROM {plan.table} WHERE ({bound.where}) AND {ROW} >= {low} AND {ROW} < {high} "
            f"ORDER BY {ROW} LIMIT {limit + 1 - len(found)}"
        )
        sql = f"SELECT {_selected(plan, ())} FROM ({sql}) ORDER BY {ROW}"
        found.extend(cursor.rows(sql, (*bound.parameters, start, stop)))
        start, width = stop, _next_width(stop - first, len(found), limit + 1 - len(found))
    return _found(plan, found, limit, start - first)


def _next_width(looked: int, found: int, missing: int) -> int:
    """As many rows as the share kept so far says that it takes, and a tenth more; at most eight times those before."""
    return min(8 * looked, missing * looked * 11 // (10 * max(found, 1)) + FIRST_WINDOW)


def _sorted(plan: Plan, tables: Tables, cursor: Cursor, after: Position | None, limit: int) -> _Found:
    """DuckDB sorts; the next page starts behind the last order values. Every page looks at every row once."""
    bound = plan.bound
    parameters = list(bound.parameters)
    conditions = [f"({bound.where})"] if bound.where is not None else []
    if after is not None:
        conditions.append(_behind(plan, after, parameters))
    order = ordered(plan.order)
    where = f"WHERE {' AND '.join(conditions)} " if conditions else ""
    skip = f" OFFSET {bound.skip}" if bound.skip and after is None else ""
    values = tuple(f"({term.sql})" for term in plan.order)
    inner = f"SELECT * FROM {plan.table} {where}ORDER BY {order} LIMIT {limit + 1}{skip}"
    sql = f"SELECT {_selected(plan, values)} FROM ({inner}) ORDER BY {order}"
    return _found(plan, cursor.rows(sql, parameters), limit, tables.rows(bound.view.name))


def _selected(plan: Plan, values: tuple[str, ...]) -> str:
    """`_row`, then the row's JSON where the row text does not have it, then the order values."""
    return ", ".join((ROW, *([plan.row_sql] if plan.row_sql is not None else []), *values))


def _found(plan: Plan, rows: list[tuple[Any, ...]], limit: int, rows_read: int) -> _Found:
    kept = rows[:limit]
    made = None if plan.row_sql is None else tuple(row[1].encode() for row in kept)
    values = kept[-1][1 if plan.row_sql is None else 2 :] if kept else ()
    return _Found([row[0] for row in kept], made, values, len(rows) > limit, rows_read)


def _behind(plan: Plan, after: Position, parameters: list[object]) -> str:
    """The rows behind the last one, spelled out term by term; appends to `parameters`.

    Not as one row comparison: that would lose the rows that hold a null, and is slower deep in a set.
    """
    ways: list[str] = []
    same: list[str] = []
    for term, value in zip(plan.order, after.values, strict=True):
        sql = f"({term.sql})"
        if value is None:
            beyond, equal = ("FALSE" if term.descending else f"{sql} IS NOT NULL"), f"{sql} IS NULL"
        else:
            parameters.append(value)
            mark = f"${len(parameters)}"
            beyond = f"({sql} < {mark} OR {sql} IS NULL)" if term.descending else f"{sql} > {mark}"
            equal = f"{sql} = {mark}"
        ways.append(" AND ".join((*same, beyond)))
        same.append(equal)
    parameters.append(after.row)
    ways.append(" AND ".join((*same, f"{ROW} > ${len(parameters)}")))
    return "(" + " OR ".join(f"({way})" for way in ways) + ")"


_WALKS = {Walk.RUN: _run, Walk.WINDOWS: _windows, Walk.SORTED: _sorted}


def after_page(page: Page, before: Position) -> Position | None:
    """The position from which the next page goes on; None after the last page. `before` holds what stays."""
    if page.last is None:
        return None
    row, values = page.last
    left = None if before.left is None else before.left - page.rows
    return replace(before, row=row, values=values, left=left)
