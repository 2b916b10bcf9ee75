"""Visuals -> what has to be evaluated -> the grid of rows that each visual shows.

A grid has one row a combination of the grouping columns that occurs in the data, as a visual of Power BI has: columns of
related tables are joined, of unrelated ones crossed; a row in which every measure is blank is left out. Measures are
evaluated by `ask`, which the caller gives: nothing here knows DAX.
"""

from __future__ import annotations

import itertools
import operator
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

from powerbi.model.words import Model
from tests.powerbi_check.pictures import expressions
from tests.powerbi_check.pictures.expressions import Field, Unread
from tests.powerbi_check.pictures.filters import Restriction, restrictions
from tests.powerbi_check.pictures.reading import Page, Visual

Rows = Mapping[str, Sequence[Mapping[str, Any]]]
Cell = tuple[tuple[Field, ...], Mapping[tuple[str, str], list[Any]]]
"""Measures, and the values of columns in whose context they are evaluated."""
Ask = Callable[[Sequence[Cell]], Sequence[Mapping[Field, Any]]]


@dataclass(frozen=True)
class Grid:
    """What a visual shows: a value a field in each row, the same without grouping (`total`), and what was left out."""

    columns: tuple[Field, ...]
    rows: tuple[Mapping[Field, Any], ...]
    total: Mapping[Field, Any]
    totals: Mapping[tuple[Any, ...], Mapping[Field, Any]] = field(default_factory=dict)

    @property
    def empty(self) -> bool:
        """Is there nothing to show?"""
        return not self.rows


@dataclass(frozen=True)
class City:
    """The model with its rows, and the moment at which the page is looked at."""

    model: Model
    rows: Rows
    now: datetime

    def related(self, table: str) -> Mapping[str, tuple[str, str]]:
        """Tables that filter this one: name to (own column, their key)."""
        return {
            link.to_table: (link.from_column, link.to_column)
            for link in self.model.relationships
            if link.from_table == table
        }

    def order(self, item: Field) -> dict[Any, Any]:
        """Values of a column to what they are sorted by, where the model sorts it by another column."""
        table = next((table for table in self.model.tables if table.name == item.table), None)
        found = [column.sort_by for column in table.columns if column.name == item.name] if table else []
        if item.kind != "column" or not found or found[0] is None:
            return {}
        return {row.get(item.name): row.get(found[0]) for row in self.rows.get(item.table, ())}

    def sort_key(self, item: Field) -> Callable[[Any], tuple[bool, Any]]:
        """The key by which values of a field are in order; blank comes first."""
        order = self.order(item)
        return lambda value: (value is not None, order.get(value, value) if order else value)

    def values(self, table: str, column: str) -> list[Any]:
        """What occurs in a column, in order of first appearance."""
        return list(dict.fromkeys(row.get(column) for row in self.rows.get(table, ())))


@dataclass
class Query:
    """One visual in work: its groups, measures and restrictions."""

    visual: Visual
    columns: tuple[Field, ...]
    measures: tuple[Field, ...]
    context: dict[tuple[str, str], list[Any]]
    after: tuple[Restriction, ...]
    groups: list[tuple[Any, ...]]


def deciding(objects: Any) -> Iterator[Field]:
    """The measures that decide a text, a colour or a band somewhere in formatting objects."""
    if isinstance(objects, dict):
        for kind, body in objects.items():
            if kind == "Measure" and isinstance(body, dict):
                yield expressions.field({kind: body})
            else:
                yield from deciding(body)
    elif isinstance(objects, list):
        for entry in objects:
            yield from deciding(entry)


def grids(city: City, pages: Iterable[Page], ask: Ask) -> dict[str, Grid]:
    """The grid of every visual of these pages, by the visual's name; one question for all of them."""
    queries = [query for page in pages for query in _queries(city, page)]
    cells = [list(_cells(query)) for query in queries]
    found = iter(ask([cell for own in cells for cell in own]))
    return {
        query.visual.name: _grid(city, query, [next(found) for _ in own])
        for query, own in zip(queries, cells, strict=True)
    }


def _queries(city: City, page: Page) -> Iterator[Query]:
    """A visual is restricted by its own filters, by the page's and by what slicers that reach it have selected."""
    chosen = [(visual, list(selected(visual, city.now))) for visual in page.visuals]
    common = [*restrictions(page.filters, city.now), *_drilled(city, page)]
    for visual in page.visuals:
        others = [
            choice
            for source, choices in chosen
            if source is not visual and (source.name, visual.name) not in page.silent
            for choice in choices
        ]
        yield _query(city, visual, [*common, *others, *restrictions(visual.filters, city.now)])


def _drilled(city: City, page: Page) -> Iterator[Restriction]:
    """A drill-through page as it is reached: for the first of its fields the value with the most rows that it filters."""
    for item in page.drills[:1]:
        counts: Counter[Any] = Counter()
        for link in city.model.relationships:
            if link.to_table == item.table:
                names = {row[link.to_column]: row.get(item.name) for row in city.rows.get(item.table, ())}
                counts.update(names.get(row[link.from_column]) for row in city.rows.get(link.from_table, ()))
        del counts[None]
        most = max(counts, key=lambda value: (counts[value], str(value)))
        yield Restriction(item, partial(operator.eq, most))


def selected(visual: Visual, now: datetime) -> Iterator[Restriction]:
    """What a slicer has selected when the page opens."""
    kept = expressions.settings(visual.objects, "general").get("filter")
    if "licer" in visual.kind and isinstance(kept, dict) and "filter" in kept:
        yield from restrictions([{"filter": kept["filter"]}], now)


def _query(city: City, visual: Visual, limits: list[Restriction]) -> Query:
    fields = [item.field for item in visual.projections]
    columns = tuple(dict.fromkeys(item for item in fields if not item.measured))
    deciders = [*deciding(visual.objects), *deciding(visual.container), *(limit.by for limit in limits if limit.by)]
    limiting = [limit.field for limit in limits if limit.field.measured]
    measures = tuple(dict.fromkeys([*(item for item in fields if item.measured), *deciders, *limiting]))
    context: dict[tuple[str, str], list[Any]] = {}
    for limit in limits:
        key = (limit.field.table, limit.field.name)
        if not limit.field.measured and limit.top is None:
            known = context.get(key, city.values(*key))
            context[key] = [value for value in known if limit.passes(value)]
    after = tuple(limit for limit in limits if limit.field.measured or limit.top)
    return Query(visual, columns, measures, context, after, list(combinations(city, columns, context)))


def combinations(
    city: City, columns: Sequence[Field], context: Mapping[tuple[str, str], list[Any]]
) -> Iterable[tuple[Any, ...]]:
    """The combinations of values of these columns that occur under the context."""
    tables = list(dict.fromkeys(column.table for column in columns))
    if not tables:
        return [()]
    for base in tables:
        related = city.related(base)
        if all(table == base or table in related for table in tables):
            return _joined(city, base, columns, context)
    parts = [
        list(combinations(city, [column for column in columns if column.table == table], context)) for table in tables
    ]
    order = [column for table in tables for column in columns if column.table == table]
    back = [order.index(column) for column in columns]
    crossed = (tuple(itertools.chain(*chosen)) for chosen in itertools.product(*parts))
    return [tuple(row[at] for at in back) for row in crossed]


def _joined(
    city: City, base: str, columns: Sequence[Field], context: Mapping[tuple[str, str], list[Any]]
) -> Iterable[tuple[Any, ...]]:
    related = city.related(base)
    look: dict[str, dict[Any, Mapping[str, Any]]] = {}
    needed = {column.table for column in columns} | {table for table, _ in context}
    for table, (_, key) in related.items():
        if table in needed:
            look[table] = {row[key]: row for row in city.rows.get(table, ())}
    limits = {key: set(values) for key, values in context.items() if key[0] == base or key[0] in look}

    def at(row: Mapping[str, Any], table: str, column: str) -> Any:
        if table == base:
            return row.get(column)
        return look[table].get(row.get(related[table][0]), {}).get(column)

    kept = (row for row in city.rows.get(base, ()) if all(at(row, *key) in among for key, among in limits.items()))
    return list(dict.fromkeys(tuple(at(row, column.table, column.name) for column in columns) for row in kept))


def _cells(query: Query) -> Iterator[Cell]:
    """The whole first, then subtotals of a matrix (each level of rows and of columns), then each row."""
    yield query.measures, query.context
    for columns, values in [*_subtotals(query), *((query.columns, group) for group in query.groups if query.columns)]:
        own = {(c.table, c.name): [v] for c, v in zip(columns, values, strict=True)}
        yield query.measures, {**query.context, **own}


def _subtotals(query: Query) -> list[tuple[tuple[Field, ...], tuple[Any, ...]]]:
    if query.visual.kind != "pivotTable":
        return []
    across = tuple(item.field for item in query.visual.of("Columns") if not item.field.measured)
    down = tuple(item.field for item in query.visual.of("Rows"))
    found: dict[tuple[tuple[Field, ...], tuple[Any, ...]], None] = {}
    for some in (across, down):
        at = [query.columns.index(column) for column in some]
        for group in query.groups:
            if some and some != query.columns:
                found[some, tuple(group[place] for place in at)] = None
    return list(found)


def _grid(city: City, query: Query, answers: Sequence[Mapping[Field, Any]]) -> Grid:
    subtotals = _subtotals(query)
    total = dict(answers[0])
    if not query.columns:
        rows: list[dict[Field, Any]] = [total] if query.measures else []
    else:
        given = answers[1 + len(subtotals) :]
        rows = [
            {**dict(zip(query.columns, group, strict=True)), **answer}
            for group, answer in zip(query.groups, given, strict=True)
        ]
        shown = [item.field for item in query.visual.projections if item.field.measured]
        if shown:
            rows = [row for row in rows if any(row[item] is not None for item in shown)]
    for limit in query.after:
        rows = _limited(rows, limit)
    rows = _sorted(city, rows, query)
    totals = {
        (*columns, *values): answer
        for (columns, values), answer in zip(subtotals, answers[1 : 1 + len(subtotals)], strict=True)
    }
    return Grid(query.columns, tuple(rows), total, totals)


def _limited(rows: list[dict[Field, Any]], limit: Restriction) -> list[dict[Field, Any]]:
    if limit.top is None:
        return [row for row in rows if limit.passes(row[limit.field])]
    by = limit.by
    if by is None or any(limit.field not in row for row in rows):
        raise Unread(f"the first {limit.top} of a column that is not shown")
    best = [row for row in rows if row[by] is not None]
    best.sort(key=lambda row: row[by], reverse=not limit.last)
    kept = {row[limit.field] for row in best[: limit.top]}
    return [row for row in rows if row[limit.field] in kept]


def _sorted(city: City, rows: list[dict[Field, Any]], query: Query) -> list[dict[Field, Any]]:
    """By the visual's own sort; otherwise by its columns."""
    by = query.visual.sort or tuple((column, False) for column in query.columns)
    for item, descending in reversed(by):
        if rows and item in rows[0]:
            rows = _by(rows, item, city.sort_key(item), descending=descending)
    return rows


def _by(
    rows: list[dict[Field, Any]], item: Field, key: Callable[[Any], tuple[bool, Any]], *, descending: bool
) -> list[dict[Field, Any]]:
    return sorted(rows, key=lambda row: key(row[item]), reverse=descending)
