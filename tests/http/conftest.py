"""The service that most tests of this folder ask: made once, read-only."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.service import Service, running
from tests.helpers.tiny_snapshot import tiny_snapshot


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A snapshots folder with a tiny snapshot, to be copied."""
    folder = tmp_path_factory.mktemp("published")
    tiny_snapshot(folder)
    return folder


@pytest.fixture
def ready_home(home: Path, published: Path) -> Path:
    """A home folder of the test's own with a snapshot in it."""
    shutil.copytree(published, home / "snapshots")
    return home


@pytest.fixture(scope="session")
def service(published: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service over a tiny snapshot with no CRISIS_ setting of the machine's."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.upper().startswith("CRISIS_")]:
            patch.delenv(name)
        home = tmp_path_factory.mktemp("service")
        shutil.copytree(published, home / "snapshots")
        with running(home, requests_per_minute=1_000_000) as made:
            yield made
