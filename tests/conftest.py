"""Fixtures that every folder may use: where the reference data lies, and a home folder of the test's own."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared"
LACKING = {
    "shared": "the reference data folder beside the checkout",
    "odbc": "an ODBC driver for SQL Server (docs/sqlserver.md)",
}
"""What a test is skipped without, by its marker."""


@pytest.fixture(scope="session")
def shared() -> Path:
    """The reference data folder beside the checkout; tests that need it are skipped, by name, without it."""
    if not SHARED.is_dir():
        pytest.skip("the reference data folder is not beside the checkout")
    return SHARED


@pytest.fixture
def figure(request: pytest.FixtureRequest) -> Callable[[str], None]:
    """Takes a figure that the end of the run shows, also when the tests run in several processes."""
    return lambda text: request.node.user_properties.append(("figure", text))


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """The figures, and how many tests were skipped because something is not there, file by file."""
    reports = [
        each for group in terminalreporter.stats.values() for each in group if isinstance(each, pytest.TestReport)
    ]
    figures = [
        str(text)
        for report in reports
        if report.when == "call"
        for name, text in report.user_properties
        if name == "figure"
    ]
    if figures:
        terminalreporter.section("figures")
        terminalreporter.write_line("\n".join(figures))
    for keyword, lacks in LACKING.items():
        lacking = Counter(
            report.nodeid.partition("::")[0] for report in reports if report.skipped and keyword in report.keywords
        )
        if lacking:
            terminalreporter.section(f"{lacking.total()} tests without {lacks}: skipped")
            terminalreporter.write_line("\n".join(f"{file} {count}" for file, count in sorted(lacking.items())))


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """CRISIS_HOME of this test, empty, with no other CRISIS_ setting in the environment."""
    for name in [name for name in os.environ if name.startswith("CRISIS_")]:
        monkeypatch.delenv(name)
    folder = tmp_path / "home"
    folder.mkdir()
    monkeypatch.setenv("CRISIS_HOME", str(folder))
    return folder
