"""`crisis powerbi`: what it writes, what it says of a folder, what it would publish; fabric-cicd is played by a stand-in.

The library itself is asked in `make powerbi-check` (row `deploy`); here it need not be installed.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import typer
from typer.testing import CliRunner, Result

from jobs import cli
from jobs.commands import powerbi as powerbi_command
from jobs.deployment import fabric
from models.errors import ConfigurationError, DeploymentFailed
from powerbi.audience import AUDIENCES
from powerbi.package import project, templates
from tests.conftest import ROOT

CITY = "https://metrics.city.example"
WORKSPACE = "0b0e4a52-6c1f-4c8e-9d5a-3f1c2b7a9e10"
CONNECTION = "5d0b6f3a-2a51-4f0e-8a57-0d8f5a1c9b42"
SECRET = "swordfish-of-the-application"

COMMANDS = typer.Typer()
powerbi_command.register(COMMANDS)
COMMANDS.callback()(lambda: None)


def run(*words: str) -> Result:
    return CliRunner().invoke(COMMANDS, ["powerbi", *words], catch_exceptions=False)


def files(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


# --- build ------------------------------------------------------------------------------------------------------------


def test_build_writes_what_is_committed_when_nothing_is_said(home: Path) -> None:
    assert run("build").exit_code == 0
    assert files(home / "powerbi") == templates()


def test_build_puts_the_address_of_the_service_into_the_files(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = json.loads(
        run(
            "build", "--audience", "viewer", "--output", str(tmp_path / "x"), "--api-base-url", f"{CITY}/", "--json"
        ).output
    )
    assert files(tmp_path / "x" / "viewer") == project("viewer", CITY)
    assert not (tmp_path / "x" / "analyst").exists()
    assert [each["audience"] for each in said] == ["viewer"]
    assert len(said[0]["changed"]) == said[0]["files"] == len(project("viewer"))
    monkeypatch.setenv("CRISIS_PUBLIC_URL", CITY)
    run("build", "--audience", "viewer")
    assert files(home / "powerbi" / "viewer") == project("viewer", CITY)


def test_a_second_build_changes_nothing(home: Path) -> None:
    run("build")
    assert [each["changed"] for each in json.loads(run("build", "--json").output)] == [[], []]


@pytest.mark.parametrize("words", [("--api-base-url", "http://city.example"), ("--audience", "police")])
def test_what_cannot_be_built_is_refused_with_a_next_step_and_nothing_is_written(
    home: Path, words: tuple[str, ...]
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        run("build", *words)
    assert "https://metrics.city.example" in caught.value.hint or "viewer, analyst" in caught.value.hint
    assert not (home / "powerbi").exists()


# --- check ------------------------------------------------------------------------------------------------------------


def test_check_finds_nothing_in_what_build_wrote_under_any_address(home: Path) -> None:
    run("build", "--api-base-url", CITY)
    done = run("check")
    assert done.exit_code == 0
    assert done.output.count("No findings.") == 2
    said = json.loads(run("check", str(home / "powerbi" / "viewer"), "--json").output)
    assert [(each["audience"], each["findings"]) for each in said] == [("viewer", [])]
    assert said[0]["figures"]["stale files"] == 0
    assert said[0]["figures"]["visuals with alt text"] == said[0]["figures"]["visuals"]


def test_check_names_what_would_break_and_ends_with_1(home: Path) -> None:
    run("build")
    place = (
        home / "powerbi" / "viewer" / "CrisisMetricsViewer.SemanticModel" / "definition" / "tables" / "Snapshots.tmdl"
    )
    place.write_text(place.read_text("utf-8").replace("measure Freshness", "measure Freshnesses"), "utf-8")
    done = run("check")
    assert done.exit_code == 1
    assert "visual" in done.output
    assert "asks for measure Snapshots[Freshness], which is not in the model" in done.output
    said = json.loads(run("check", "--audience", "viewer", "--json").output)[0]["findings"]
    assert {each["kind"] for each in said} == {"reference", "stale", "template"}
    assert {each["file"] for each in said if each["kind"] == "stale"} == {
        str(place.relative_to(home / "powerbi" / "viewer"))
    }
    assert all(each["next_step"] for each in said)


def test_an_edited_folder_is_not_compared_with_the_catalogue(home: Path) -> None:
    run("build", "--audience", "viewer")
    folder = home / "powerbi" / "viewer"
    page = next((folder / "CrisisMetricsViewer.Report").rglob("page.json"))
    page.write_text(
        page.read_text("utf-8").replace("Situation", "Our situation").replace("Trends", "Our trends"), "utf-8"
    )
    page.write_bytes(page.read_bytes() + b"\n")
    (folder / "notes.md").write_text("ours")
    (folder / "CrisisMetricsViewer.pbit").unlink()
    stale = json.loads(run("check", "--json").output)[0]["findings"]
    assert [(each["kind"], each["file"]) for each in stale] == [("stale", page.relative_to(folder).as_posix())]
    assert run("check", "--edited").exit_code == 0


def test_a_folder_without_templates_is_said_so(home: Path) -> None:
    with pytest.raises(ConfigurationError, match="no templates") as caught:
        run("check")
    assert "crisis powerbi build" in caught.value.hint


# --- deploy -----------------------------------------------------------------------------------------------------------


class Library(ModuleType):
    """fabric-cicd as far as it is asked: keeps what it was given and what lay in its folder."""

    def __init__(self, fault: Exception | None = None) -> None:
        super().__init__("fabric_cicd")
        self.fault = fault
        self.given: dict[str, Any] = {}
        self.files: dict[str, bytes] = {}

    def FabricWorkspace(self, **given: Any) -> dict[str, Any]:  # noqa: N802 - the library's name
        self.given = given
        return given

    def publish_all_items(self, workspace: dict[str, Any]) -> None:
        self.files = files(Path(workspace["repository_directory"]))
        if self.fault is not None:
            raise self.fault


class BaseCustomError(Exception):
    """As the library's."""


@pytest.fixture
def library(monkeypatch: pytest.MonkeyPatch, home: Path) -> Library:
    """The extra, installed as far as anyone can see."""
    made = Library()
    faults = ModuleType("fabric_cicd._common._exceptions")
    identity = ModuleType("azure.identity")
    faults.BaseCustomError = BaseCustomError  # type: ignore[attr-defined]
    identity.ClientSecretCredential = lambda **given: given  # type: ignore[attr-defined]
    for name, module in (
        ("fabric_cicd", made),
        ("fabric_cicd._common", ModuleType("fabric_cicd._common")),
        ("fabric_cicd._common._exceptions", faults),
        ("azure", ModuleType("azure")),
        ("azure.identity", identity),
    ):
        monkeypatch.setitem(sys.modules, name, module)
    for name, value in (("TENANT", "city"), ("CLIENT", "app"), ("SECRET", SECRET), ("WORKSPACE", WORKSPACE)):
        monkeypatch.setenv(f"CRISIS_FABRIC_{name}", value)
    return made


def test_deploy_hands_the_audiences_files_and_the_address_of_the_environment_to_the_library(library: Library) -> None:
    done = run(
        "deploy", "--audience", "viewer", "--api-base-url", CITY, "--environment", "TEST", "--connection", CONNECTION
    )
    assert done.exit_code == 0
    given = library.given
    assert (given["workspace_id"], given["environment"]) == (WORKSPACE, "TEST")
    assert given["item_type_in_scope"] == ["SemanticModel", "Report"]
    assert given["token_credential"] == {"tenant_id": "city", "client_id": "app", "client_secret": SECRET}
    made = dict(project("viewer"))
    own = library.files.pop("parameter.yml").decode()
    assert library.files == {path: content for path, content in made.items() if path != "parameter.yml"}
    assert f'TEST: "{CITY}"' in own
    assert f'TEST: "{CONNECTION}"' in own
    assert not Path(given["repository_directory"]).exists()
    assert SECRET not in done.output


def test_a_dry_run_says_what_would_be_published_and_needs_no_library_and_no_secret(home: Path) -> None:
    words = ("deploy", "--audience", "analyst", "--workspace", WORKSPACE, "--api-base-url", CITY, "--dry-run")
    said = json.loads(run(*words, "--json").output)
    assert said == {
        "audience": "analyst",
        "workspace": WORKSPACE,
        "environment": "PROD",
        "ApiBaseUrl": CITY,
        "connection": None,
        "items": ["CrisisMetricsAnalyst.SemanticModel", "CrisisMetricsAnalyst.Report"],
        "files": len(project("analyst")),
        "published": False,
    }
    assert run(*words).output.startswith("Would publish:")


REFUSED = """
words                                                              | says
--workspace WORKSPACE                                              | needs an address
--api-base-url CITY                                                | no workspace is named
--workspace mine --api-base-url CITY                               | not named by its id
--workspace WORKSPACE --api-base-url CITY --connection x           | the connection is not named by its id
--workspace WORKSPACE --api-base-url http://city.example           | plain http
--workspace WORKSPACE --api-base-url CITY --environment a.b        | an environment is named by
--workspace WORKSPACE --api-base-url CITY                          | fabric_cicd is not installed
"""


@pytest.mark.parametrize("line", REFUSED.strip().splitlines()[1:])
def test_what_cannot_be_published_is_said_before_anything_is_sent(
    home: Path, line: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "fabric_cicd", None)
    words, says = (cell.strip() for cell in line.split(" | "))
    given = words.replace("WORKSPACE", WORKSPACE).replace("CITY", CITY).split()
    with pytest.raises(ConfigurationError, match=says) as caught:
        run("deploy", "--audience", "viewer", *given)
    assert caught.value.hint


def test_without_a_principal_the_missing_settings_are_named(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CRISIS_FABRIC_SECRET")
    monkeypatch.delenv("CRISIS_FABRIC_TENANT")
    with pytest.raises(ConfigurationError, match="CRISIS_FABRIC_TENANT, CRISIS_FABRIC_SECRET not set"):
        run("deploy", "--audience", "viewer", "--api-base-url", CITY)
    assert library.given == {}


def test_a_fault_of_the_library_becomes_one_line_without_the_secret(library: Library) -> None:
    library.fault = BaseCustomError(f"the token of {SECRET} was refused\nand more")
    with pytest.raises(DeploymentFailed) as caught:
        run("deploy", "--audience", "viewer", "--api-base-url", CITY)
    assert caught.value.message == "BaseCustomError: the token of (hidden) was refused and more"
    assert SECRET not in repr(fabric.ServicePrincipal("t", "c", SECRET))


def test_the_librarys_hook_for_unforeseen_errors_does_not_take_the_place_of_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "fabric_cicd.py").write_text("import sys\nsys.excepthook = lambda *_: None\n")
    (tmp_path / "azure").mkdir()
    (tmp_path / "azure" / "identity.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path)
    for name in ("fabric_cicd", "azure", "azure.identity"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    before = sys.excepthook
    fabric.require()
    assert sys.excepthook is before
    for name in ("fabric_cicd", "azure", "azure.identity"):
        sys.modules.pop(name, None)


def test_templates_with_a_fault_are_not_published(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = {path: content for path, content in project("viewer").items() if not path.endswith("tables/Dates.tmdl")}
    monkeypatch.setattr("jobs.deployment.plan.project", lambda _: broken)
    with pytest.raises(ConfigurationError, match=r"faults; the first: ") as caught:
        run("deploy", "--audience", "viewer", "--api-base-url", CITY)
    assert "crisis powerbi check" in caught.value.hint
    assert library.given == {}


def test_the_next_step_names_the_extra_with_its_brackets(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "fabric_cicd", None)
    words = ["deploy", "--audience", "viewer", "--workspace", WORKSPACE, "--api-base-url", CITY]
    monkeypatch.setattr("sys.argv", ["crisis", "powerbi", *words])
    with pytest.raises(SystemExit) as caught:
        cli.main()
    assert caught.value.code == ConfigurationError.exit_code
    assert "'.[powerbi-deploy]'" in capsys.readouterr().err


PUBLISH = (ROOT / "docs" / "powerbi" / "publish.md").read_text("utf-8")


def test_the_commands_on_the_page_about_publishing_are_taken(library: Library) -> None:
    commands = [
        line.removeprefix("crisis powerbi ").split()
        for line in PUBLISH.splitlines()
        if line.startswith("crisis powerbi ")
    ]
    assert [command[0] for command in commands] == ["deploy", "deploy"]
    for command in commands:
        assert run(*command).exit_code == 0
    assert library.given["workspace_id"] == commands[1][4]


def test_the_page_about_publishing_names_every_setting_and_shows_messages_that_exist(library: Library) -> None:
    for name in ("TENANT", "CLIENT", "SECRET"):
        assert f"CRISIS_FABRIC_{name}" in PUBLISH
    source = "".join(file.read_text("utf-8") for file in (ROOT / "jobs").rglob("*.py"))
    for words in ("nobody to publish as", " is not installed", "the templates have"):
        assert words in source
        assert words.strip() in PUBLISH


def test_every_audience_has_names_that_the_command_takes() -> None:
    assert set(AUDIENCES) == {"viewer", "analyst"}
