"""An opened snapshot: row text is sliced without copying, queries are locked down, stopped and translated."""

from __future__ import annotations

import gc
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import duckdb
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.catalogue import CATALOGUE
from models.errors import Busy, Unavailable, ValueProblem
from models.snapshot import layout
from models.snapshot.live import LiveTables
from models.snapshot.reader import RowText, Snapshot, bound
from tests.helpers.tiny_snapshot import tiny_snapshot

VIEWS = [CATALOGUE.views[name] for name in ("Areas", "Codes", "DailyCalls", "Requests")]
ENDLESS = "SELECT count(*) FROM range(1000000000) AS a(n), range(1000000) AS b(m) WHERE (n * m) % 7 = 3"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a small snapshot."""
    snapshots = tmp_path_factory.mktemp("reader")
    return snapshots / tiny_snapshot(snapshots, rows=40, views=VIEWS).version


@pytest.fixture
def opened(folder: Path) -> Iterator[Snapshot]:
    """The snapshot, open."""
    snapshot = Snapshot.open(folder)
    yield snapshot
    snapshot.close()


def rows_of(piece: bytes | memoryview) -> list[dict[str, object]]:
    """The rows in a piece of row text."""
    return msgspec.json.decode(b"[" + bytes(piece) + b"]", type=list[dict[str, object]])


def text_of(snapshot: Snapshot, view: str) -> RowText:
    text = snapshot.text(view)
    assert text is not None
    return text


def test_a_slice_is_the_rows_between_two_ordinals_as_the_database_has_them(opened: Snapshot) -> None:
    text = text_of(opened, "DailyCalls")
    rows = rows_of(text.slice(0, text.rows))
    assert len(rows) == text.rows == opened.rows("DailyCalls") == 40
    with opened.cursor(5) as cursor:
        stored = cursor.rows('SELECT "AreaId", "CallCount" FROM "DailyCalls" ORDER BY _row')
    assert [(row["AreaId"], row["CallCount"]) for row in rows] == stored


@settings(max_examples=60, deadline=None)
@given(bounds=st.tuples(st.integers(0, 40), st.integers(0, 40)))
def test_any_slice_is_part_of_the_whole(folder: Path, bounds: tuple[int, int]) -> None:
    text = RowText(layout.text_path(folder, "Requests"), layout.index_path(folder, "Requests"))
    lo, hi = bounds
    assert rows_of(text.slice(lo, hi)) == rows_of(text.slice(0, 40))[lo:hi]


@settings(max_examples=60, deadline=None)
@given(ids=st.lists(st.integers(0, 39), max_size=60))
def test_gather_gives_the_rows_asked_for_in_that_order(folder: Path, ids: list[int]) -> None:
    text = RowText(layout.text_path(folder, "Requests"), layout.index_path(folder, "Requests"))
    whole = rows_of(text.slice(0, 40))
    assert rows_of(b",\n".join(text.gather(ids))) == [whole[number] for number in ids]


def test_neighbours_come_as_one_piece(opened: Snapshot) -> None:
    text = text_of(opened, "Codes")
    assert [len(rows_of(piece)) for piece in text.gather([3, 4, 5, 9, 1, 2])] == [3, 1, 2]


def test_row_text_is_not_copied_and_outlives_the_snapshot(tmp_path: Path) -> None:
    made = tiny_snapshot(tmp_path, rows=10, views=VIEWS[:1])
    snapshot = Snapshot.open(tmp_path / made.version)
    piece = text_of(snapshot, "Areas").slice(0, 2)
    expected = bytes(piece)
    snapshot.close()
    shutil.rmtree(tmp_path / made.version)
    del snapshot
    gc.collect()
    assert isinstance(piece, memoryview)
    assert piece.readonly
    assert bytes(piece) == expected


def test_a_view_without_rows_has_an_empty_text(tmp_path: Path) -> None:
    made = tiny_snapshot(tmp_path, rows=0, views=VIEWS[:1])
    snapshot = Snapshot.open(tmp_path / made.version)
    assert text_of(snapshot, "Areas").rows == 0
    assert bytes(text_of(snapshot, "Areas").slice(0, 0)) == b""
    snapshot.close()


def test_a_cut_off_row_text_is_not_served(tmp_path: Path) -> None:
    folder = tmp_path / tiny_snapshot(tmp_path, rows=5, views=VIEWS[:1]).version
    path = layout.text_path(folder, "Areas")
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(Unavailable, match="damaged"):
        RowText(path, layout.index_path(folder, "Areas"))


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM read_text('/etc/hostname')",
        "ATTACH '/tmp/other.duckdb'",
        "SET threads = 8",
        "SET enable_external_access = true",
        "SET TimeZone = 'Asia/Tokyo'",
        "INSTALL httpfs",
        'DELETE FROM "Areas"',
        "COPY (SELECT 1) TO '/tmp/leak.csv'",
    ],
)
def test_a_query_reads_the_snapshot_and_nothing_else(opened: Snapshot, sql: str) -> None:
    with opened.cursor(5) as cursor, pytest.raises(Exception, match=r"cannot be converted|query failed"):
        cursor.rows(sql)


def test_one_thread_and_utc(opened: Snapshot) -> None:
    with opened.cursor(5) as cursor:
        assert cursor.rows("SELECT current_setting('threads'), current_setting('TimeZone')") == [(1, "UTC")]


def test_one_process_may_open_a_snapshot_twice_and_close_it_once(folder: Path) -> None:
    one, two = Snapshot.open(folder), Snapshot.open(folder)
    one.close()
    with two.cursor(5) as cursor:
        assert cursor.rows("SELECT current_setting('lock_configuration'), current_setting('TimeZone')") == [
            (True, "UTC")
        ]
    two.close()


def test_a_query_that_runs_too_long_is_stopped_and_the_next_one_is_answered(opened: Snapshot) -> None:
    with opened.cursor(0.2) as cursor, pytest.raises(Busy):
        cursor.rows(ENDLESS)
    with opened.cursor(5) as cursor:
        assert cursor.rows("SELECT 1") == [(1,)]


def test_stopping_one_query_leaves_the_others_alone(opened: Snapshot) -> None:
    """Another worker's cursor on the same connection goes on after an interrupt."""
    outcome: list[object] = []

    def other() -> None:
        with opened.cursor(60) as cursor:
            outcome.append(cursor.rows("SELECT count(*) FROM range(30000000) AS a(n) WHERE n % 7 = 3"))

    worker = threading.Thread(target=other)
    with opened.cursor(0.05) as cursor:
        worker.start()
        with pytest.raises(Busy):
            cursor.rows(ENDLESS)
    worker.join()
    assert outcome == [[(4285714,)]]


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT CAST('x' AS INTEGER)",
        "SELECT CAST(300 AS TINYINT)",
        "SELECT 9223372036854775807 + CAST(1 AS BIGINT)",
        "SELECT 1 // 0",
        "SELECT CAST(99999 AS DECIMAL(4,0))",
    ],
)
def test_value_errors_are_the_callers_and_carry_no_value(opened: Snapshot, sql: str) -> None:
    with opened.cursor(5) as cursor, pytest.raises(ValueProblem) as caught:
        cursor.rows(sql)
    assert "300" not in caught.value.message
    assert "x'" not in caught.value.message


def test_only_the_parameters_that_a_text_names_are_bound() -> None:
    assert bound("a > $2 AND b = $2 OR c < $10", list("abcdefghij")) == {"2": "b", "10": "j"}


def test_batches_are_the_same_rows_in_the_same_order(opened: Snapshot) -> None:
    sql = 'SELECT _row FROM "Codes" WHERE _row >= $1 ORDER BY _row'
    with opened.cursor(5) as cursor:
        batches = list(cursor.stream(sql, (3,), size=7))
        assert [len(batch) for batch in batches] == [7, 7, 7, 7, 7, 2]
        assert [row for batch in batches for row in batch] == cursor.rows(sql, (3,))
        assert cursor.arrow(sql, (3,)).read_all().column(0).to_pylist() == list(range(3, 40))


def test_live_rows_answer_like_a_snapshots() -> None:
    view = CATALOGUE.views["RefreshStatus"]
    row = {column.name: None for column in view.columns} | {"StatusId": 1, "IsStale": True, "IsSynthetic": False}
    tables = LiveTables(view, [row | {"LastRunOutcomeCode": "published", "SnapshotId": "v"}])
    with tables.cursor(5) as cursor:
        assert cursor.rows('SELECT "StatusId", "IsStale" FROM "RefreshStatus" WHERE "LastRunEndedAt" IS NULL') == [
            (1, True)
        ]
    assert tables.rows("RefreshStatus") == 1
    assert tables.text("RefreshStatus") is None
    tables.close()


def test_the_file_is_opened_read_only(opened: Snapshot, folder: Path) -> None:
    """A second process may open it too, and nothing but the built files lies there afterwards."""
    with opened.cursor(5) as cursor:
        cursor.rows('SELECT count(*) FROM "Codes"')
    assert sorted(path.name for path in folder.iterdir()) == ["manifest.json", "rows", "views.duckdb"]
    assert duckdb.__version__.startswith("2.")
