"""From `pub` tables to a snapshot folder: order, row text, offsets, identity, what is refused."""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import duckdb
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jobs.refresh import build as building
from jobs.refresh.build import build
from models.catalogue import CATALOGUE
from models.catalogue.types import View
from models.errors import CheckFailed
from models.snapshot import layout, manifest
from models.snapshot.rowtext import quoted, row_object, storage_type
from tests.helpers.published import AS_OF, VERSION, head, publish_rows

AREAS = CATALOGUE.views["Areas"]
CALLS = CATALOGUE.views["Calls"]
OTHER = "20260131T090000Z-ba9876543210"


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as made:
        made.execute("SET TimeZone = 'UTC'")
        yield made


def rows_of(folder: Path, view: View) -> list[bytes]:
    """The row text, cut at its offsets."""
    text = layout.text_path(folder, view.name).read_bytes()
    offsets = array("q", layout.index_path(folder, view.name).read_bytes())
    assert offsets[0] == 0
    assert offsets[-1] == len(text)
    return [text[start:end] for start, end in pairwise(offsets)]


def table_of(folder: Path, sql: str) -> list[tuple[object, ...]]:
    """A query on the snapshot's database."""
    with duckdb.connect(str(layout.database_path(folder)), read_only=True) as opened:
        opened.execute("SET TimeZone = 'UTC'")
        return opened.execute(sql).fetchall()


@pytest.mark.parametrize(
    "view", [view for view in CATALOGUE.views.values() if not view.live], ids=lambda view: view.name
)
def test_every_view_is_stored_as_declared(con: duckdb.DuckDBPyConnection, tmp_path: Path, view: View) -> None:
    publish_rows(con, view, 23)
    made = build(con, tmp_path, head(), [view])
    folder = tmp_path / VERSION
    described = table_of(folder, f"SELECT column_name, column_type FROM (DESCRIBE {quoted(view.name)})")
    assert described == [("_row", "BIGINT"), *((column.name, storage_type(column)) for column in view.columns)]
    order = ", ".join(quoted(name) for name in view.order)
    assert table_of(folder, f"SELECT _row FROM {quoted(view.name)} ORDER BY {order}") == [(row,) for row in range(23)]
    selected = table_of(folder, f"SELECT {row_object(view.columns)} FROM {quoted(view.name)} ORDER BY _row")
    assert rows_of(folder, view) == [text.encode() + b",\n" for (text,) in selected]
    assert made.views[view.name].rows == 23


def test_chunks_leave_no_seam(con: duckdb.DuckDBPyConnection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    publish_rows(con, CALLS, 23)
    whole = build(con, tmp_path / "whole", head(), [CALLS])
    monkeypatch.setattr(building, "CHUNK", 7)
    pieces = build(con, tmp_path / "pieces", head(), [CALLS])
    assert pieces.views == whole.views
    assert rows_of(tmp_path / "pieces" / VERSION, CALLS) == rows_of(tmp_path / "whole" / VERSION, CALLS)


def test_identity_is_the_hash_of_the_rows_without_the_version(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    publish_rows(con, AREAS, 5)
    first = build(con, tmp_path, head(VERSION), [AREAS])
    second = build(con, tmp_path, head(OTHER), [AREAS])
    digest = hashlib.sha256()
    for row in rows_of(tmp_path / VERSION, AREAS):
        values = msgspec.json.decode(row[:-2])
        assert list(values)[-1] == "SnapshotId"
        assert values["SnapshotId"] == VERSION
        digest.update(row[:-2].replace(f',"SnapshotId":"{VERSION}"'.encode(), b""))
    assert first.views["Areas"].identity == digest.hexdigest() == second.views["Areas"].identity
    con.execute("""UPDATE pub."Areas" SET "AreaName" = 'moved' WHERE "AreaId" = '000003'""")
    third = build(con, tmp_path / "third", head(VERSION), [AREAS])
    assert third.views["Areas"].identity != first.views["Areas"].identity


def test_text_sorts_by_its_bytes(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    publish_rows(con, AREAS, 5)
    words = ["Zoo", "aerie", "Éire", "éire", "zoo", "10", "9", ""]
    con.execute('DELETE FROM pub."Areas" WHERE "AreaId" > \'000000\'')
    for word in words:
        con.execute(
            'INSERT INTO pub."Areas" SELECT * REPLACE (? AS "AreaId") FROM pub."Areas" WHERE "AreaId" = \'000000\'',
            [word],
        )
    build(con, tmp_path, head(), [AREAS])
    found = [row[0] for row in table_of(tmp_path / VERSION, 'SELECT "AreaId" FROM "Areas" ORDER BY _row')]
    assert found == sorted([*words, "000000"], key=lambda word: word.encode())


def test_the_manifest_says_what_the_head_said(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    publish_rows(con, AREAS, 1)
    made = build(con, tmp_path, replace(head(), source_watermark=None), [AREAS])
    assert manifest.read(tmp_path / VERSION) == made
    assert made.as_of == "2026-01-31T09:00:00.000Z"
    assert made.source_watermark is None
    assert made.database_hash == hashlib.sha256(layout.database_path(tmp_path / VERSION).read_bytes()).hexdigest()


def test_live_views_and_the_pointer_are_left_alone(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    publish_rows(con, AREAS, 1)
    made = build(con, tmp_path, head(), [AREAS, CATALOGUE.views["RefreshStatus"]])
    assert list(made.views) == ["Areas"]
    assert layout.current_version(tmp_path) is None
    assert [path.name for path in tmp_path.iterdir()] == [VERSION]


def test_an_empty_view_is_a_view(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    publish_rows(con, AREAS, 0)
    made = build(con, tmp_path, head(), [AREAS])
    assert made.views["Areas"].rows == 0
    assert made.views["Areas"].identity == hashlib.sha256().hexdigest()
    assert rows_of(tmp_path / VERSION, AREAS) == []


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        ('INSERT INTO pub."Areas" SELECT * FROM pub."Areas" LIMIT 1', "repeat a key"),
        ('UPDATE pub."Areas" SET "AreaId" = NULL WHERE "AreaId" = \'000001\'', "null in AreaId"),
        ('UPDATE pub."Areas" SET "AreaName" = NULL WHERE "AreaId" = \'000001\'', "null in AreaName"),
    ],
)
def test_rows_that_would_break_paging_are_refused(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, damage: str, says: str
) -> None:
    publish_rows(con, AREAS, 4)
    con.execute(damage)
    with pytest.raises(CheckFailed, match=says):
        build(con, tmp_path, head(), [AREAS])
    assert list(tmp_path.iterdir()) == []
    publish_rows(con, AREAS, 4)
    build(con, tmp_path, head(), [AREAS])  # the connection is as usable as before


def test_the_same_version_twice_keeps_the_first_folder(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    publish_rows(con, AREAS, 4)
    first = build(con, tmp_path, head(), [AREAS])
    made_at = layout.manifest_path(tmp_path / VERSION).stat().st_mtime_ns
    assert build(con, tmp_path, head(), [AREAS]) == first
    assert layout.manifest_path(tmp_path / VERSION).stat().st_mtime_ns == made_at


def test_the_same_version_with_other_rows_is_a_defect(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    publish_rows(con, AREAS, 4)
    first = build(con, tmp_path, head(), [AREAS])
    publish_rows(con, AREAS, 5)
    with pytest.raises(CheckFailed, match="differs in Areas"):
        build(con, tmp_path, head(as_of=AS_OF + timedelta(days=0)), [AREAS])
    assert manifest.read(tmp_path / VERSION) == first


@pytest.mark.parametrize("part", ["text", "index", "table"])
def test_a_folder_that_does_not_hold_together_gets_no_name(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    def spoil(folder: Path) -> None:
        if part == "table":
            with duckdb.connect(str(layout.database_path(folder))) as opened:
                opened.execute('UPDATE "Areas" SET "AreaName" = \'other\' WHERE _row = 0')
            return
        path = layout.text_path(folder, "Areas") if part == "text" else layout.index_path(folder, "Areas")
        path.write_bytes(path.read_bytes()[:-8])

    publish_rows(con, AREAS, 4)
    monkeypatch.setattr(building, "_sync", spoil)
    with pytest.raises(CheckFailed, match="Areas"):
        build(con, tmp_path, head(), [AREAS])
    assert list(tmp_path.iterdir()) == []


@settings(max_examples=12, deadline=None)
@given(
    words=st.lists(
        st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=12),
        unique=True,
        max_size=30,
    )
)
def test_any_text_survives(tmp_path_factory: pytest.TempPathFactory, words: list[str]) -> None:
    folder = tmp_path_factory.mktemp("any")
    with duckdb.connect() as con:
        publish_rows(con, AREAS, 1)
        for word in words:
            con.execute(
                'INSERT INTO pub."Areas" SELECT * REPLACE (? AS "AreaId", ? AS "AreaName") FROM pub."Areas" LIMIT 1',
                [f"x{word}", word],
            )
        build(con, folder, head(), [AREAS])
    found = [msgspec.json.decode(row[:-2]) for row in rows_of(folder / VERSION, AREAS)]
    assert [row["AreaId"] for row in found] == sorted(
        ["000000", *(f"x{word}" for word in words)], key=lambda word: word.encode()
    )
    assert {row["AreaId"]: row["AreaName"] for row in found if row["AreaId"] != "000000"} == {
        f"x{word}": word for word in words
    }
