"""Walking through a view page by page: every row once, in order, and no page reads more than the first.

Queries are bound by hand here, so that the walk is judged apart from the parser; the expected rows are
computed in Python from all rows.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.odata import fetch
from api.odata.binding.bound_query import BoundQuery, OrderTerm, Range
from api.odata.exchange import Limits
from api.odata.paging import Position
from api.odata.plan import Plan, Walk, plan
from api.odata.protocol.negotiation import Level, Preferences, Representation
from models.catalogue import CATALOGUE
from models.catalogue.types import Column, Edm, View
from models.snapshot import layout
from models.snapshot.reader import Snapshot
from models.snapshot.rowtext import quoted
from tests.helpers.asking import desk
from tests.helpers.tiny_snapshot import big_snapshot, tiny_snapshot

ROOT = "https://metrics.example/odata/v1/"
NAMES = ("Calls", "DailyCalls", "Codes", "HourlyActivity")
MILLION = 1_000_000
PAGE = 10_000
ROW_GROUP = 122_880
"""Rows that DuckDB stores, and counts as read, together."""


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Snapshot]:
    """A small snapshot with nulls, ties and awkward texts."""
    folder = tmp_path_factory.mktemp("fetch")
    made = tiny_snapshot(folder, seed=7, rows=90, views=[CATALOGUE.views[name] for name in NAMES])
    snapshot = Snapshot.open(folder / made.version)
    yield snapshot
    snapshot.close()


@pytest.fixture(scope="module")
def million(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Snapshot, Path]]:
    """A view of a million rows, and its folder."""
    folder = tmp_path_factory.mktemp("million")
    made = big_snapshot(folder, "DailyFunnel", MILLION)
    snapshot = Snapshot.open(folder / made.version)
    yield snapshot, folder / made.version
    snapshot.close()


def query(view: str, **changes: Any) -> BoundQuery:
    declared = CATALOGUE.views[view]
    plain = BoundQuery(declared, declared.columns, True, None, (), (), None, 0, False, "", False)
    return replace(plain, **changes)


def term(column: str, *, descending: bool = False) -> OrderTerm:
    return OrderTerm(quoted(column), Edm.STRING, descending)


def planned(bound: BoundQuery, size: int, form: Representation = Representation()) -> Plan:  # noqa: B008
    return plan(bound, form, Limits(page_size=size), ROOT)


@dataclass(frozen=True)
class Walked:
    """All pages of a query."""

    pages: list[list[dict[str, Any]]]
    read: list[int]

    @property
    def rows(self) -> list[dict[str, Any]]:
        return [row for page in self.pages for row in page]


def walk(tables: Snapshot, made: Plan) -> Walked:
    """Follow the pages to the last one, as a client follows next links: later pages skip nothing."""
    pages, read = [], []
    here, after = made, None
    for _ in range(1_000):
        with tables.cursor(30) as cursor:
            page = fetch.page(here, tables, cursor, after)
        pages.append(msgspec.json.decode(b"[" + b",".join(map(bytes, page.pieces)) + b"]"))
        assert len(pages[-1]) == page.rows
        read.append(page.rows_read)
        before = after or Position("v", b"", 0, left=made.bound.top)
        after = fetch.after_page(page, before)
        if after is None:
            return Walked(pages, read)
        if here.bound.skip:
            bound = replace(made.bound, skip=0)
            here = replace(made, bound=bound, walk=plan(bound, Representation(), Limits(), ROOT).walk)
    raise AssertionError("the pages do not come to an end")


def everything(tables: Snapshot, view: str) -> list[dict[str, Any]]:
    text = tables.text(view)
    assert text is not None
    rows: list[dict[str, Any]] = msgspec.json.decode(b"[" + bytes(text.slice(0, text.rows)) + b"]")
    return rows


def lowest_null(value: Any) -> tuple[bool, Any]:
    """Sort key: null before everything."""
    return (value is not None, value)


def expected_order(rows: list[dict[str, Any]], terms: tuple[tuple[Column, bool], ...]) -> list[dict[str, Any]]:
    """Stable sorts, last term first: what ORDER BY terms, `_row` means."""
    for column, descending in reversed(terms):
        rows = sorted(rows, key=lambda row, name=column.name: lowest_null(row[name]), reverse=descending)  # type: ignore[misc]
        if descending:  # a reversed stable sort keeps equal rows in their order
            continue
    return rows


def orderable(view: View) -> list[Column]:
    return [column for column in view.columns if column.name != "SnapshotId"]


@st.composite
def ordered_queries(draw: st.DrawFn) -> tuple[str, tuple[tuple[Column, bool], ...], bool, int, int | None, int]:
    view = draw(st.sampled_from(NAMES))
    columns = orderable(CATALOGUE.views[view])
    terms = draw(
        st.lists(st.tuples(st.sampled_from(columns), st.booleans()), max_size=3, unique_by=lambda t: t[0].name)
    )
    filtered = draw(st.booleans())
    return (
        view,
        tuple(terms),
        filtered,
        draw(st.integers(1, 40)),
        draw(st.none() | st.integers(0, 100)),
        draw(st.sampled_from((0, 0, 1, 17, 200))),
    )


@settings(max_examples=80, deadline=None)
@given(made=ordered_queries())
def test_pages_put_together_are_the_ordered_rows_whatever_the_page_size(tables: Snapshot, made: Any) -> None:
    """Nulls, ties, $top and $skip: all rows once and in order, compared with sorting in Python."""
    view, terms, filtered, size, top, skip = made
    rows = everything(tables, view)
    changes: dict[str, Any] = {"top": top, "skip": skip}
    if filtered:
        name = orderable(CATALOGUE.views[view])[0].name
        chosen = sorted({row[name] for row in rows}, key=str)[::2]
        marks = ", ".join(f"${number + 1}" for number in range(len(chosen)))
        changes |= {"where": f'CAST("{name}" AS VARCHAR) IN ({marks})', "parameters": tuple(map(str, chosen))}
        rows = [row for row in rows if row[name] in chosen]
    changes["order"] = tuple(term(column.name, descending=descending) for column, descending in terms)
    expected = expected_order(rows, terms)[skip:][:top]
    walked = walk(tables, planned(query(view, **changes), size))
    assert walked.rows == expected
    assert all(len(page) == size for page in walked.pages[:-1])


FORMS = {
    "full": Representation(Level.FULL),
    "none": Representation(Level.NONE),
    "numbers as text": Representation(numbers_as_text=True),
    "without nulls": Representation(preferences=Preferences(omit_nulls=True)),
    "without nulls, numbers as text": Representation(numbers_as_text=True, preferences=Preferences(omit_nulls=True)),
}


@pytest.mark.parametrize("name", FORMS)
@pytest.mark.parametrize("view", NAMES)
@pytest.mark.parametrize("order", [(), ("SnapshotId",)], ids=["key order", "other order"])
def test_every_form_has_the_same_rows(tables: Snapshot, view: str, name: str, order: tuple[str, ...]) -> None:
    form = FORMS[name]
    bound = query(view, order=tuple(map(term, order)))
    found = walk(tables, planned(bound, 11, form)).rows
    for row, plain in zip(found, everything(tables, view), strict=True):
        values = {key: value for key, value in row.items() if "@" not in key}
        wanted = dict(plain)
        if form.preferences.omit_nulls:
            wanted = {key: value for key, value in wanted.items() if value is not None}
        assert list(values) == list(wanted)
        for column in CATALOGUE.views[view].columns:
            value = values.get(column.name)
            if form.numbers_as_text and column.edm in (Edm.INT64, Edm.DECIMAL) and value is not None:
                assert isinstance(value, str)
                assert float(value) == float(wanted[column.name])
            else:
                assert value == wanted.get(column.name)


def test_selected_columns_only(tables: Snapshot) -> None:
    view = CATALOGUE.views["Calls"]
    columns = tuple(view.column(name) for name in ("CallId", "AreaId", "ReadyAt"))
    found = walk(tables, planned(query("Calls", columns=columns, all_columns=False), 25)).rows
    assert found == [{column.name: row[column.name] for column in columns} for row in everything(tables, "Calls")]


def days(low: int | None, high: int | None) -> tuple[date | None, date | None]:
    first = date(2025, 11, 25)
    return tuple(None if day is None else first + timedelta(days=day) for day in (low, high))  # type: ignore[return-value]


@settings(max_examples=120, deadline=None)
@given(
    low=st.none() | st.integers(0, 75),
    high=st.none() | st.integers(0, 75),
    ends=st.tuples(st.booleans(), st.booleans()),
    size=st.integers(1, 50),
)
def test_a_range_of_the_leading_column_is_a_run(
    tables: Snapshot, low: int | None, high: int | None, ends: tuple[bool, bool], size: int
) -> None:
    start, stop = days(low, high)
    bound = query("Calls", where="false", range=Range("OperationalDate", start, stop, *ends))
    made = planned(bound, size)
    assert made.walk is Walk.RUN

    def inside(row: dict[str, Any]) -> bool:
        day = date.fromisoformat(row["OperationalDate"])
        above = start is None or (day >= start if ends[0] else day > start)
        return above and (stop is None or (day <= stop if ends[1] else day < stop))

    expected = [row for row in everything(tables, "Calls") if inside(row)]
    assert walk(tables, made).rows == expected
    with tables.cursor(5) as cursor:
        assert fetch.count(bound, tables, cursor) == len(expected)


def test_rows_of_the_row_text_are_not_copied_on_a_run(tables: Snapshot) -> None:
    with tables.cursor(5) as cursor:
        page = fetch.page(planned(query("Calls"), 50), tables, cursor, None)
    (piece,) = page.pieces
    assert isinstance(piece, memoryview)


@pytest.mark.parametrize("top", [0, 1, 89, 90, 91])
def test_top_ends_the_walk_without_a_link_behind_the_last_row(tables: Snapshot, top: int) -> None:
    for changes in ({}, {"where": "true"}, {"order": (term("AreaId"),)}):
        walked = walk(tables, planned(query("Calls", top=top, **changes), 10))
        assert len(walked.rows) == min(top, 90)
        assert len(walked.pages) == max(1, -(-min(top, 90) // 10))


def test_the_order_in_which_rows_are_stored_needs_no_sorting(tables: Snapshot) -> None:
    stored = tuple(map(term, CATALOGUE.views["DailyCalls"].order))
    assert planned(query("DailyCalls", order=stored[:2]), 5).walk is Walk.RUN
    assert planned(query("DailyCalls", order=stored), 5).walk is Walk.RUN
    assert planned(query("DailyCalls", order=stored[1:2]), 5).walk is Walk.SORTED
    down = (replace(stored[0], descending=True),)
    assert planned(query("DailyCalls", order=down), 5).walk is Walk.SORTED


class Spy:
    """A cursor that keeps what it was asked."""

    def __init__(self, cursor: Any) -> None:
        self.asked: list[tuple[str, tuple[object, ...]]] = []
        self._cursor = cursor

    def rows(self, sql: str, parameters: Any = ()) -> Any:
        self.asked.append((sql, tuple(parameters)))
        return self._cursor.rows(sql, parameters)


def scanned(folder: Path, asked: list[tuple[str, tuple[object, ...]]]) -> int:
    """Rows that DuckDB itself says it read for these statements."""
    total = 0
    other_name = folder / "profiled.duckdb"  # DuckDB opens one file under one name with one configuration
    if not other_name.exists():
        os.link(layout.database_path(folder), other_name)
    with duckdb.connect(str(other_name), read_only=True, config={"threads": "1"}) as con:
        con.execute("PRAGMA enable_profiling = 'no_output'")
        con.execute("SET profiling_mode = 'detailed'")
        for sql, parameters in asked:
            used = {str(number + 1): value for number, value in enumerate(parameters) if f"${number + 1}" in sql}
            con.execute(sql, used).fetchall()
            report = msgspec.json.decode(con.get_profiling_information(format="json").encode())
            total += report["query"]["total_rows_scanned"]
    return total


DEEP: dict[str, dict[str, Any]] = {
    "whole feed": {},
    "filter that keeps a seventh": {"where": '"StoppedCount" % $1 = $2', "parameters": (7, 3)},
    "filter that keeps nine tenths": {"where": '"StageCode" <> $1', "parameters": ("w3",)},
}


@pytest.mark.slow
@pytest.mark.parametrize("name", DEEP)
@pytest.mark.parametrize("selected", [False, True], ids=["all columns", "selected"])
def test_a_page_deep_in_a_million_rows_reads_as_few_rows_as_the_first(
    million: tuple[Snapshot, Path], name: str, selected: bool
) -> None:
    tables, folder = million
    columns = CATALOGUE.views["DailyFunnel"].columns[:5]
    changes = DEEP[name] | ({"columns": columns, "all_columns": False} if selected else {})
    made = planned(query("DailyFunnel", **changes), PAGE)
    share = {"whole feed": 1.0, "filter that keeps a seventh": 1 / 7, "filter that keeps nine tenths": 0.9}[name]
    per_page = PAGE / share
    deep_row = int(per_page * min(99, MILLION / per_page - 2)) - 1
    counts, by_duckdb = [], []
    for after in (None, Position("v", b"", deep_row)):
        with tables.cursor(60) as cursor:
            spy = Spy(cursor)
            page = fetch.page(made, tables, spy, after)  # type: ignore[arg-type]
        assert page.rows == PAGE
        assert page.last is not None
        counts.append(page.rows_read)
        by_duckdb.append(scanned(folder, spy.asked))
    print(f"{name}: rows read on the first page {counts[0]:,}, deep in a million rows {counts[1]:,}")
    assert counts[1] <= counts[0] * 1.1
    assert counts[0] <= per_page * 5 + fetch.FIRST_WINDOW
    # DuckDB reads whole row groups: a page may touch one more of them at either end of each statement
    assert by_duckdb[1] <= by_duckdb[0] + 2 * ROW_GROUP * len(spy.asked)


LINK = re.compile(rb'"@odata.nextLink":"([^"]+)"}\s*\Z')


@pytest.mark.slow
@pytest.mark.parametrize(
    ("address", "rows", "most"),
    [
        ("DailyFunnel", MILLION, PAGE),
        ("DailyFunnel?$filter=StoppedCount mod 7 eq 3", MILLION // 7, 90_000),
        ("DailyFunnel?$filter=OperationalDate ge 2021-01-01", MILLION - 366_000, PAGE + 40),
    ],
)
def test_a_whole_walk_through_a_million_rows_reads_no_page_dearer_than_the_first(
    million: tuple[Snapshot, Path], address: str, rows: int, most: int
) -> None:
    """Through the whole service, by next links."""
    ask = desk(million[1].parent)
    link: str | None = address
    seen, read = 0, []
    while link is not None:
        page = ask.get(link)
        assert page.status == 200
        seen += page.body.count(b'{"OperationalDate"')
        read.append(page.trace.rows_read or 0)
        found = LINK.search(page.body)
        link = found[1].decode() if found else None
    assert seen == rows
    assert len(read) == -(-rows // PAGE)
    assert max(read) <= most
    assert max(read[:-1]) <= read[0] * 1.1
    ask.engine.shelf.close()


@pytest.mark.slow
def test_a_filter_of_few_rows_gives_up_no_earlier_than_the_end(million: tuple[Snapshot, Path]) -> None:
    tables, _ = million
    made = planned(query("DailyFunnel", where='"StoppedCount" >= $1', parameters=(MILLION - 3,)), PAGE)
    walked = walk(tables, made)
    assert len(walked.rows) == 3
    assert len(walked.pages) == 1
    assert walked.read == [MILLION]
