"""The shape of the house: import contracts, file lengths, module heads, no foreign words, documents current."""

from __future__ import annotations

import ast
import importlib.metadata
import re
import subprocess
from pathlib import Path

import pytest
from importlinter.cli import lint_imports

from models import documents, errors
from models.catalogue import CATALOGUE
from models.settings import ApiSettings, JobSettings
from models.snapshot import silent
from tests.conftest import ROOT

PACKAGES = ("api", "jobs", "models", "powerbi", "migrations")
LONGEST = 400
GENERATED_VERSIONS = "versions"


def modules() -> list[Path]:
    """Every Python file of the product."""
    return sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))


def tracked() -> list[Path]:
    """Every file under version control, or in a bare copy every file outside the usual made folders."""
    done = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    names = [name for name in done.stdout.split("\0") if name]
    return [ROOT / name for name in names if (ROOT / name).is_file()]


def test_imports_keep_their_direction() -> None:
    assert lint_imports() == 0


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_every_module_opens_with_what_it_does_and_stays_short(path: Path) -> None:
    text = path.read_text("utf-8")
    assert len(text.splitlines()) <= LONGEST, "split it: a module does one stage"
    assert ast.get_docstring(ast.parse(text)), "open with what it turns into what"


def test_top_level_names_belong_to_this_project_alone() -> None:
    owners = importlib.metadata.packages_distributions()
    foreign = {name: set(owners[name]) - {"crisis-metrics"} for name in PACKAGES if name in owners}
    assert not any(foreign.values()), foreign


def test_generated_documents_are_current() -> None:
    assert [path.name for path in documents.stale()] == []


def test_every_setting_view_role_and_error_code_is_documented() -> None:
    text = "\n".join(page.read_text("utf-8") for page in documents.FOLDER.glob("*.md"))
    wanted = [f"CRISIS_{name.upper()}" for kind in (ApiSettings, JobSettings) for name in kind.model_fields]
    wanted += [f"## {name}" for name in CATALOGUE.views]
    wanted += [f"| {name} |" for name in CATALOGUE.roles]
    wanted += [f"| {cls.code} |" for cls in errors.all_errors()]
    wanted += [f"(`{name}`)" for name in CATALOGUE.metrics]
    assert [name for name in wanted if name not in text] == []


def test_error_codes_and_exit_codes_are_told_apart() -> None:
    codes = [cls.code for cls in errors.all_errors()]
    exits = [cls.exit_code for cls in errors.all_errors() if cls.exit_code not in (1, 2)]
    assert len(codes) == len(set(codes))
    assert len(exits) == len(set(exits))


def test_every_duckdb_connection_is_a_silent_one() -> None:
    """A bar for slow queries would stand in the midst of what `--json` prints."""
    making = {path.relative_to(ROOT).as_posix() for path in modules() if "duckdb.connect(" in path.read_text("utf-8")}
    assert making == {"models/snapshot/silent.py"}
    con = silent.connect()
    assert con.cursor().execute("SELECT current_setting('enable_progress_bar')").fetchone() == (False,)
    con.close()


MACHINE_PATHS = re.compile(r"(?<![\w.])/(?:work|home/\w+|root|Users/\w+)/\w")
INDEX_HOSTS = re.compile(r"(?:pypi|pythonhosted|npmjs)\.(?:org|com)")


def test_no_file_names_a_machine_or_a_package_index() -> None:
    found = []
    for path in tracked():
        if path.suffix in (".png", ".gz", ".parquet", ".pbit", ".xlsx"):
            continue
        text = path.read_text("utf-8")
        if MACHINE_PATHS.search(text) or (INDEX_HOSTS.search(text) and path != Path(__file__)):
            found.append(str(path.relative_to(ROOT)))
    assert found == []


def test_locks_name_versions_and_hashes_only() -> None:
    for name in ("requirements.lock", "requirements-test.lock"):
        lines = (ROOT / name).read_text("ascii").splitlines()
        assert lines
        bad = [
            line
            for line in lines
            if not re.match(
                r"[a-z0-9][\w.-]*(\[[\w,-]+\])?==[\w.+!]+( ; .*)? \\$|    --hash=sha256:[0-9a-f]{64}( \\)?$", line
            )
        ]
        assert bad == []


def test_only_the_edges_swallow_everything() -> None:
    edges = {"jobs/cli.py", "jobs/schedule/process.py"}
    catching = set()
    for path in modules():
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ExceptHandler) and _is_broad(node):
                catching.add(path.relative_to(ROOT).as_posix())
    assert {name for name in catching if not name.startswith("api/edge/")} <= edges, catching


def _is_broad(node: ast.ExceptHandler) -> bool:
    """Catches everything and does not raise it again: tidying up on the way is no catch."""
    if isinstance(node.body[-1], ast.Raise) and node.body[-1].exc is None:
        return False
    return node.type is None or (isinstance(node.type, ast.Name) and node.type.id in ("Exception", "BaseException"))


NAMED_FILE = re.compile(r"`((?:[a-z]+/)+[A-Za-z0-9_.-]+\.(?:py|md|sql))`|\]\(([\w./-]+)\)")


def test_every_file_that_a_document_names_is_there() -> None:
    """`folder/file.py` counts from the checkout, a link from the document's own folder."""
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    named = [(page, *found) for page in pages for found in NAMED_FILE.findall(page.read_text("utf-8"))]
    assert len(named) > 20
    missing = [
        f"{page.relative_to(ROOT)}: {path or link}"
        for page, path, link in named
        if not ((ROOT / path) if path else (page.parent / link)).exists()
    ]
    assert missing == []
