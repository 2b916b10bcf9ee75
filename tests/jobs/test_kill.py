"""Killed at any point: readers never notice, the next run makes good, and nothing is left behind."""

from __future__ import annotations

import os
import re
import shutil
import signal
import time
from pathlib import Path

import pytest

from jobs.refresh import crash
from models.snapshot import layout
from tests.helpers.drill import drill, reading
from tests.helpers.nights import QUICK, Town

JOBS = Path(crash.__file__).resolve().parents[1]


def test_nobody_is_harmed_at_any_point(tmp_path: Path, home: Path) -> None:
    results = list(drill(tmp_path / "drill", QUICK))
    assert [result.point for result in results] == list(crash.POINTS)
    assert [result for result in results if not result.good] == []
    assert {result.point for result in results if result.rerun == "unchanged"} == {
        "publish.after_pointer",
        "prune.midway",
        "prune.done",
    }, "only what was killed after the pointer moved has been published already"


def test_every_declared_point_stands_in_the_code_once() -> None:
    passed = [
        name
        for path in sorted(JOBS.rglob("*.py"))
        for name in re.findall(r'crash\.point\("([a-z_.]+)"\)', path.read_text("utf-8"))
    ]
    assert sorted(passed) == sorted(crash.POINTS)
    assert len(crash.POINTS) >= 10
    with pytest.raises(ValueError, match="no point"):
        crash.point("somewhere")


@pytest.mark.parametrize(
    ("drilling", "at", "dies"),
    [
        ("1", "build.midway", True),
        ("0", "build.midway", False),
        ("", "build.midway", False),
        ("1", "prune.done", False),
    ],
)
def test_a_point_kills_only_in_a_drill(monkeypatch: pytest.MonkeyPatch, drilling: str, at: str, dies: bool) -> None:
    killed: list[tuple[int, int]] = []
    monkeypatch.setattr(os, "kill", lambda process, number: killed.append((process, number)))
    monkeypatch.setenv("CRISIS_DRILL", drilling)
    monkeypatch.setenv("CRISIS_CRASH_AT", at)
    crash.point("build.midway")
    assert killed == ([(os.getpid(), signal.SIGKILL)] if dies else [])


@pytest.mark.parametrize("damage", ["text", "index", "pointer", "folder", "database"])
def test_the_drills_reader_would_notice(town: Town, damage: str) -> None:
    folder = town.snapshots / town.refresh("2026-02-01T09:00:00Z").version
    if damage == "pointer":
        (town.snapshots / layout.CURRENT).unlink()
    elif damage == "folder":
        shutil.rmtree(folder)
    elif damage == "database":
        layout.database_path(folder).unlink()
    else:
        path = layout.text_path(folder, "Calls") if damage == "text" else layout.index_path(folder, "Calls")
        path.write_bytes(path.read_bytes()[:-8])
    with reading(town.snapshots) as reader:
        while not reader.reads:
            time.sleep(0.01)
    assert reader.torn
