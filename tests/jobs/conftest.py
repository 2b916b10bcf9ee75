"""Fixtures of the job tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.helpers.nights import Town


@pytest.fixture
def town(home: Path, monkeypatch: pytest.MonkeyPatch) -> Town:
    """A tiny city with its source, before its first night."""
    return Town(home, monkeypatch)
