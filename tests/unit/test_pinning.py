"""Which version a request reads: the one published at its start, to its end, whatever happens meanwhile."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from models.catalogue import CATALOGUE
from models.errors import NoSnapshot, SnapshotGone
from models.snapshot import layout
from models.snapshot.pinning import Shelf
from models.snapshot.reader import Snapshot
from tests.helpers.tiny_snapshot import tiny_snapshot

VIEWS = [CATALOGUE.views["Areas"]]


class Clock:
    """Seconds that pass when the test says so."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def versions(tmp_path: Path) -> list[str]:
    """Three versions; the first is published."""
    made = [tiny_snapshot(tmp_path, seed=seed, views=VIEWS, publish=False).version for seed in (1, 2, 3)]
    layout.point_to(tmp_path, made[0])
    return made


@pytest.fixture
def shelf(tmp_path: Path, versions: list[str], clock: Clock) -> Iterator[Shelf]:
    shelf = Shelf(tmp_path, idle_seconds=60, tick=clock)
    yield shelf
    shelf.close()


def test_a_request_reads_the_version_published_at_its_start(shelf: Shelf, tmp_path: Path, versions: list[str]) -> None:
    with shelf.pin() as before:
        layout.point_to(tmp_path, versions[1])
        with shelf.pin() as after:
            assert before.snapshot.version == versions[0]
            assert after.snapshot.version == versions[1]
            with before.snapshot.cursor(5) as cursor:
                assert cursor.rows('SELECT DISTINCT "SnapshotId" FROM "Areas"') == [(versions[0],)]


def test_a_named_version_is_read_as_long_as_it_is_kept(shelf: Shelf, tmp_path: Path, versions: list[str]) -> None:
    with shelf.pin(versions[2]) as pin:
        assert pin.snapshot.version == versions[2]
    shutil.rmtree(tmp_path / versions[1])
    with pytest.raises(SnapshotGone):
        shelf.pin(versions[1])


@pytest.mark.parametrize("version", ["../../etc", "", "current", "20260101T000000Z-0123456789zz"])
def test_a_name_that_is_no_version_is_gone_not_looked_up(shelf: Shelf, version: str) -> None:
    with pytest.raises(SnapshotGone):
        shelf.pin(version)


def test_before_the_first_publish_there_is_nothing(tmp_path: Path) -> None:
    with pytest.raises(NoSnapshot):
        Shelf(tmp_path / "empty").pin()


def test_a_pointer_to_a_missing_folder_is_no_snapshot(shelf: Shelf, tmp_path: Path, versions: list[str]) -> None:
    shutil.rmtree(tmp_path / versions[0])
    with pytest.raises(NoSnapshot):
        shelf.pin()
    assert shelf.open_versions() == frozenset()


def test_an_open_version_stays_readable_after_it_was_pruned(
    shelf: Shelf, tmp_path: Path, versions: list[str], clock: Clock
) -> None:
    shelf.pin().release()
    layout.point_to(tmp_path, versions[1])
    shutil.rmtree(tmp_path / versions[0])
    clock.now = 59
    with shelf.pin(versions[0]) as pin, pin.snapshot.cursor(5) as cursor:
        assert cursor.rows('SELECT count(*) FROM "Areas"') == [(4,)]
        text = pin.snapshot.text("Areas")
        assert text is not None
        assert text.rows == 4
    clock.now = 59 + 60  # nobody came back for 60 seconds
    shelf.pin().release()
    assert shelf.open_versions() == {versions[1]}
    with pytest.raises(SnapshotGone):
        shelf.pin(versions[0])


def test_a_pinned_version_is_not_closed_however_long_it_takes(
    shelf: Shelf, tmp_path: Path, versions: list[str], clock: Clock
) -> None:
    with shelf.pin() as pin:
        layout.point_to(tmp_path, versions[1])
        clock.now = 10_000
        shelf.pin().release()
        with pin.snapshot.cursor(5) as cursor:
            assert cursor.rows("SELECT 1") == [(1,)]


def test_the_current_version_is_never_closed(shelf: Shelf, versions: list[str], clock: Clock) -> None:
    shelf.warm()
    clock.now = 10_000
    shelf.pin(versions[1]).release()
    assert shelf.open_versions() == {versions[0], versions[1]}


def test_releasing_twice_counts_once(shelf: Shelf, tmp_path: Path, versions: list[str], clock: Clock) -> None:
    first, second = shelf.pin(), shelf.pin()
    first.release()
    first.release()
    layout.point_to(tmp_path, versions[1])
    clock.now = 10_000
    shelf.pin().release()
    with second.snapshot.cursor(5) as cursor:
        assert cursor.rows("SELECT 1") == [(1,)]
    second.release()


def test_many_threads_open_a_version_once(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[Path] = []
    really_open = Snapshot.open.__func__  # type: ignore[attr-defined]

    def counted(cls: type[Snapshot], folder: Path, *, temp: Path | None = None) -> Snapshot:
        opened.append(folder)
        made: Snapshot = really_open(cls, folder, temp=temp)
        return made

    monkeypatch.setattr(Snapshot, "open", classmethod(counted))
    gate = threading.Barrier(8)
    read: list[int] = []

    def work() -> None:
        gate.wait()
        with shelf.pin() as pin, pin.snapshot.cursor(10) as cursor:
            read.append(cursor.rows('SELECT count(*) FROM "Areas"')[0][0])

    workers = [threading.Thread(target=work) for _ in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert read == [4] * 8
    assert len(opened) == 1
