"""Fixtures that every folder may use: where the reference data lies, and a home folder of the test's own."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared"


@pytest.fixture(scope="session")
def shared() -> Path:
    """The reference data folder beside the checkout; tests that need it are skipped, by name, without it."""
    if not SHARED.is_dir():
        pytest.skip("the reference data folder is not beside the checkout")
    return SHARED


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """CRISIS_HOME of this test, empty, with no other CRISIS_ setting in the environment."""
    for name in [name for name in os.environ if name.startswith("CRISIS_")]:
        monkeypatch.delenv(name)
    folder = tmp_path / "home"
    folder.mkdir()
    monkeypatch.setenv("CRISIS_HOME", str(folder))
    return folder
