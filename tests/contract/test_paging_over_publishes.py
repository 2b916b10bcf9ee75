"""A client that follows next links while new snapshots are published sees every row of one version exactly once."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from api.odata.service import Engine
from models.catalogue import CATALOGUE
from models.snapshot.manifest import Manifest
from models.snapshot.pinning import Shelf
from tests.helpers.asking import Desk, desk
from tests.helpers.tiny_snapshot import tiny_snapshot

VIEWS = [CATALOGUE.views[name] for name in ("Areas", "Calls", "DailyCalls")]
SMALL = {"Prefer": "odata.maxpagesize=4"}
SHAPES = (
    "Calls",
    "Calls?$filter=AreaId ne '001'",
    "Calls?$filter=OperationalDate ge 2025-12-10",
    "Calls?$orderby=ReadyAt desc,AreaId",
    "Calls?$select=AreaId,ReadyAt&$count=true",
    "Calls?$top=25&$skip=2",
    "DailyCalls",
)


def publish(folder: Path, *, seed: int, rows: int) -> Manifest:
    """Publish a snapshot of the views that are read here."""
    return tiny_snapshot(folder, seed=seed, rows=rows, views=VIEWS)


@pytest.mark.parametrize("shape", SHAPES)
def test_every_row_of_one_version_exactly_once(tmp_path: Path, shape: str) -> None:
    publish(tmp_path, seed=1, rows=30)
    ask = desk(tmp_path)
    expected = ask.get(shape).rows
    found: list[dict[str, Any]] = []
    versions = []
    for number, page in enumerate(ask.pages(shape, headers=SMALL)):
        found += page.rows
        versions.append(page.trace.version)
        if number in (1, 3):
            publish(tmp_path, seed=number + 1, rows=30 + number)
    assert found == expected
    assert len(set(versions)) == 1
    assert len(versions) >= 5
    fresh = ask.get(shape)
    assert fresh.trace.version != versions[0]
    assert fresh.rows != expected
    ask.engine.shelf.close()


def test_each_new_walk_reads_what_is_published_then(tmp_path: Path) -> None:
    ask = desk(tmp_path)
    assert ask.get("Calls").status == 503
    seen = []
    for seed in (1, 2, 3):
        made = publish(tmp_path, seed=seed, rows=10)
        rows = ask.all_rows("Calls", headers=SMALL)
        assert {row["SnapshotId"] for row in rows} == {made.version}
        assert len(rows) == 10
        seen.append(rows)
    assert seen[0] != seen[1] != seen[2]
    ask.engine.shelf.close()


class Clock:
    """Seconds that pass when the test says so."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_version_that_was_pruned_answers_410_with_the_next_step(tmp_path: Path) -> None:
    first = publish(tmp_path, seed=1, rows=30).version
    made = desk(tmp_path)
    clock = Clock()
    shelf = Shelf(tmp_path, idle_seconds=60, tick=clock)
    ask = Desk(Engine(shelf, made.engine.sealer, made.engine.live))
    link = ask.get("Calls", headers=SMALL).json["@odata.nextLink"]
    publish(tmp_path, seed=2, rows=30)
    shutil.rmtree(tmp_path / first)
    assert ask.get(link, headers=SMALL).status == 200  # still open here
    clock.now = 61
    ask.get("Areas")
    gone = ask.get(link, headers=SMALL)
    assert (gone.status, gone.code) == (410, "SnapshotGone")
    assert "start again" in gone.body.decode()
    shelf.close()


def test_a_link_works_at_another_process_of_the_service(tmp_path: Path) -> None:
    """Same key, same snapshots: a load balancer may send each page elsewhere."""
    publish(tmp_path, seed=1, rows=30)
    one, two = desk(tmp_path), desk(tmp_path)
    link: str | None = "Calls?$orderby=AreaId,ReadyAt"
    found: list[dict[str, Any]] = []
    for number in range(100):
        if link is None:
            break
        page = (one, two)[number % 2].get(link, headers=SMALL)
        found += page.rows
        link = page.json.get("@odata.nextLink")
    assert found == one.get("Calls?$orderby=AreaId,ReadyAt").rows
    one.engine.shelf.close()
    two.engine.shelf.close()


def test_a_next_link_carries_no_secret(tmp_path: Path) -> None:
    publish(tmp_path, seed=1, rows=30)
    ask = desk(tmp_path)
    secrets = "subscription-key=hush1&api_key=hush2&token=hush3&code=hush4&$filter=CallId ge 0&sig=hush5&x=hush6"
    for page in ask.pages(f"Calls?{secrets}", headers=SMALL):
        assert b"hush" not in page.body
        assert all("hush" not in value for _, value in page.headers)
        assert "hush" not in str(page.trace)
    ask.engine.shelf.close()
