"""The tables of `make conformance`, `make powerbi-check` and `make drill`: rows are explained on the page of proofs, parts are pinned."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.conformance.installing import CLIENTS, PACKAGES, Judges, Missing
from tests.conformance.table import ROWS
from tests.conftest import ROOT
from tests.drill import table as drill_table
from tests.powerbi_check import installing as powerbi
from tests.powerbi_check import table as powerbi_table
from tests.powerbi_check.__main__ import NOT_RUN, chosen, table
from tests.powerbi_check.rows import AUDIENCES, Outcome, Row

LOCKS = (PACKAGES, powerbi.PACKAGES)
SCRIPTS = (CLIENTS, powerbi.JUDGES)


def test_every_row_is_explained_on_the_page_of_proofs() -> None:
    page = (ROOT / "docs" / "proof.md").read_text("utf-8")
    names = [row.name for row in ROWS]
    assert len(names) == len(set(names))
    assert [name for name in names if not name.startswith("killer-") and f"`{name}`" not in page] == []


def test_every_row_of_the_drill_is_explained_too() -> None:
    page = (ROOT / "docs" / "proof.md").read_text("utf-8")
    names = [row.name for row in drill_table.ROWS]
    assert names
    assert len(names) == len(set(names))
    assert [name for name in names if f"`{name}`" not in page] == []


def test_every_row_of_the_templates_is_explained_too_and_shows_both_audiences() -> None:
    page = (ROOT / "docs" / "proof.md").read_text("utf-8")
    rows = powerbi_table.ROWS
    assert len({row.name for row in rows}) == len(rows)
    kinds: dict[str, set[str | None]] = {}
    for row in rows:
        kinds.setdefault(row.name.removesuffix(f" {row.audience}"), set()).add(row.audience)
    assert [kind for kind in kinds if f"`{kind}`" not in page] == []
    assert {kind: seen for kind, seen in kinds.items() if seen not in ({None}, set(AUDIENCES))} == {}


def test_the_table_of_the_templates_says_that_desktop_did_not_run(capsys: pytest.CaptureFixture[str]) -> None:
    good = Row("tom viewer", "the model loads", lambda _: Outcome("", good=True))
    bad = Row("drill", "each is caught", lambda _: Outcome("", good=True))
    assert table({good: Outcome("0 errors", good=True), bad: Outcome("6 of 7", good=False)}) == 1
    assert capsys.readouterr().out.splitlines() == [
        "",
        "viewer model and report: 1 of 1 rows",
        "tom viewer  ok    0 errors",
        "",
        "both: 0 of 1 rows",
        "drill  FAIL  6 of 7",
        "",
        NOT_RUN,
        "1 of 2 rows as they must be",
    ]


def test_a_row_is_asked_for_by_name_with_or_without_audience(monkeypatch: pytest.MonkeyPatch) -> None:
    names = ("tom viewer", "tom analyst", "m-parse viewer", "drill")
    rows = tuple(Row(name, "", lambda _: Outcome("", good=True), short=name != "m-parse viewer") for name in names)
    monkeypatch.setattr("tests.powerbi_check.__main__.ROWS", rows)
    cases = {
        "tom": ["tom viewer", "tom analyst"],
        "tom-viewer": ["tom viewer"],
        "tom analyst": ["tom analyst"],
        "m-parse": ["m-parse viewer"],
        "drill": ["drill"],
        "viewer": [],
    }
    assert {word: [row.name for row in chosen([word], short=False)] for word in cases} == cases
    assert [row.name for row in chosen(None, short=True)] == ["tom viewer", "tom analyst", "drill"]


@pytest.mark.parametrize(
    "folder", [path for lock in LOCKS for path in lock.iterdir() if path.is_dir()], ids=lambda path: path.name
)
def test_npm_packages_are_pinned_with_hashes_and_no_address(folder: Path) -> None:
    wanted = json.loads((folder / "package.json").read_text())["dependencies"]
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in wanted.values()), wanted
    text = (folder / "package-lock.json").read_text()
    assert "://" not in text, "delete what is said of funding: npm writes it, nothing reads it"
    locked = json.loads(text)["packages"]
    for place, package in locked.items():
        assert "resolved" not in package
        assert not place or package["integrity"].startswith("sha512-"), place


def test_python_packages_are_pinned_with_hashes_and_no_address() -> None:
    for lock in (file for folder in LOCKS for file in folder.glob("*.txt")):
        text = lock.read_text()
        assert "://" not in text
        assert re.fullmatch(
            r"(?:[\w.-]+==[\w.+]+(?: ; [^\\\n]*)? \\\n(?:    --hash=sha256:[0-9a-f]{64}(?: \\)?\n)+)+", text
        )


def test_judges_that_need_an_older_python_look_for_one_and_say_so(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    judges = Judges(tmp_path, tmp_path, newest=(3, 10))
    with pytest.raises(Missing, match=r"need Python 3\.10 or older on the path"):
        judges.interpreter()
    monkeypatch.setattr("tests.conformance.installing.sys.version_info", (3, 14, 0))
    monkeypatch.setattr(
        "tests.conformance.installing.shutil.which", lambda name: f"/bin/{name}" if "3.11" in name else None
    )
    assert Judges(tmp_path, tmp_path, newest=(3, 12)).interpreter() == "/bin/python3.11"


def test_every_client_script_says_what_it_does() -> None:
    for script in (file for folder in SCRIPTS for file in folder.iterdir()):
        if script.is_file():
            assert script.read_text("utf-8").lstrip().startswith(('"""', "//")), script.name
