"""The table of `make conformance`: every row is explained on the page of proofs, and its parts are pinned."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.conformance.installing import CLIENTS, PACKAGES
from tests.conformance.table import ROWS
from tests.conftest import ROOT


def test_every_row_is_explained_on_the_page_of_proofs() -> None:
    page = (ROOT / "docs" / "proof.md").read_text("utf-8")
    names = [row.name for row in ROWS]
    assert len(names) == len(set(names))
    assert [name for name in names if not name.startswith("killer-") and f"`{name}`" not in page] == []


@pytest.mark.parametrize("folder", [path for path in PACKAGES.iterdir() if path.is_dir()], ids=lambda path: path.name)
def test_npm_packages_are_pinned_with_hashes_and_no_address(folder: Path) -> None:
    wanted = json.loads((folder / "package.json").read_text())["dependencies"]
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in wanted.values()), wanted
    locked = json.loads((folder / "package-lock.json").read_text())["packages"]
    for place, package in locked.items():
        assert "resolved" not in package
        assert not place or package["integrity"].startswith("sha512-"), place


def test_python_packages_are_pinned_with_hashes_and_no_address() -> None:
    for lock in PACKAGES.glob("*.txt"):
        text = lock.read_text()
        assert "://" not in text
        assert re.fullmatch(
            r"(?:[\w.-]+==[\w.+]+(?: ; [^\\\n]*)? \\\n(?:    --hash=sha256:[0-9a-f]{64}(?: \\)?\n)+)+", text
        )


def test_every_client_script_says_what_it_does() -> None:
    for script in CLIENTS.iterdir():
        if script.is_file():
            assert script.read_text("utf-8").lstrip().startswith(('"""', "//")), script.name
