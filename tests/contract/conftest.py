"""One small published snapshot of all views, and a desk to ask for it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.asking import Desk, desk
from tests.helpers.tiny_snapshot import tiny_snapshot


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The snapshots folder; tests that publish make their own."""
    folder = tmp_path_factory.mktemp("contract")
    tiny_snapshot(folder, seed=3, rows=40)
    return folder


@pytest.fixture(scope="session")
def ask(published: Path) -> Iterator[Desk]:
    """A desk over it."""
    made = desk(published)
    yield made
    made.engine.shelf.close()
