"""What docs/powerbi tells people: names that exist, figures that can be asked for, refusals in the words that it quotes."""

from __future__ import annotations

import base64
import json
import re
import shlex

import pytest
from typer.main import get_command

from jobs.cli import command_line
from models import errors
from models.settings import ApiSettings, JobSettings
from powerbi.audience import AUDIENCES
from powerbi.model.build import model
from tests.conftest import ROOT
from tests.helpers.asking import POWER_QUERY
from tests.helpers.replaying import entries, verdicts
from tests.helpers.service import Service

FOLDER = ROOT / "docs" / "powerbi"
PAGES = {page.stem: page.read_text("utf-8") for page in sorted(FOLDER.glob("*.md"))}
TEXT = "\n".join(PAGES.values())


def test_the_acceptance_sheet_says_that_desktop_has_not_run() -> None:
    assert "**Desktop: not run**" in PAGES["acceptance"].splitlines()


def test_every_setting_error_and_command_that_is_named_exists() -> None:
    settings = {f"CRISIS_{name.upper()}" for kind in (ApiSettings, JobSettings) for name in kind.model_fields}
    assert set(re.findall(r"CRISIS_[A-Z_]+", TEXT)) <= settings | {"CRISIS_HOME"}
    known = {(str(cls.status), cls.code) for cls in errors.all_errors()}
    coded = set(re.findall(r"\b(\d{3}) `(\w+)`", PAGES["errors"]))
    coded |= {("503", code) for code in re.findall(r"\(`([A-Z]\w+[a-z])`\)", PAGES["errors"])}
    assert len(coded) == 8
    assert coded <= known


def test_the_sheet_shows_every_page_once() -> None:
    """The viewer's pages, and those that only the analyst has; the analyst's others look the same."""
    shown = re.findall(r"\]\(([a-z-]+\.png)\)", PAGES["acceptance"])
    drawn = {path.name for path in FOLDER.glob("*.png")}
    viewer = {name for name in drawn if name.startswith("viewer-")}
    extra = {name for name in drawn - viewer if name.replace("analyst-", "viewer-", 1) not in viewer}
    assert len(viewer) > 8
    assert sorted(shown) == sorted(viewer | extra)


def test_tables_roles_and_parameters_are_called_as_in_the_models() -> None:
    built = [model(name) for name in AUDIENCES]
    connect = PAGES["connect"]
    assert all(f"`{each.name}`" in connect for each in built)
    assert {role.name for each in built for role in each.roles} == {"ScopedStaff"}
    assert all(f"`{parameter.name}`" in connect for each in built for parameter in each.parameters)
    policies = {table.refresh.incremental_years for each in built for table in each.tables if table.refresh}
    assert policies == {30}
    files = {f"{table.name}.tmdl" for each in built for table in each.tables if table.refresh}
    assert set(re.findall(r"`(\w+\.tmdl)`", connect)) <= files


FIGURES = re.findall(r"http://127\.0\.0\.1:8000(/odata/v1/\S+?)`", PAGES["acceptance"])


@pytest.mark.parametrize("url", FIGURES)
def test_a_figure_that_the_sheet_compares_can_be_asked_for(service: Service, url: str) -> None:
    answer = service.get(url, "viewer")
    assert answer.status_code == 200, answer.text
    assert len(FIGURES) == 2


def test_downloads_are_where_the_pages_say(service: Service) -> None:
    named = set(re.findall(r"/v1/powerbi/((?:viewer|analyst)/\w+\.\w+)", TEXT))
    named |= {f"{name}/{AUDIENCES[name].model}.{ending}" for name in AUDIENCES for ending in ("pbids", "odc", "zip")}
    assert len(named) == 7
    for file in sorted(named):
        assert service.get(f"/v1/powerbi/{file}", file.partition("/")[0]).status_code == 200, file


def token() -> str:
    """What Entra would send, as far as a reader without its keys can tell."""
    parts = ({"alg": "RS256", "typ": "JWT"}, {"aud": "https://metrics.city.example", "roles": ["viewer"]})
    made = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts]
    return ".".join((*made, "c2lnbmF0dXJl"))


def test_a_work_account_is_refused_as_the_page_says(service: Service) -> None:
    """The page has to change on the day on which this does."""
    asked = service.get("/odata/v1/", headers={**POWER_QUERY, "Authorization": "Bearer"})
    assert asked.headers.get_list("www-authenticate")[0].startswith("Bearer authorization_uri=https://login.")
    back = service.get("/odata/v1/", headers={**POWER_QUERY, "Authorization": f"Bearer {token()}"})
    assert (back.status_code, back.json()["error"]["code"]) == (401, "Unauthenticated")
    assert "**The service does not accept sign-ins with a work account" in PAGES["connect"]


@pytest.mark.parametrize("name", ["key", "apikey", "api-key", "code", "subscription-key", "anything"])
def test_a_key_in_the_address_is_refused_as_the_page_says(service: Service, name: str) -> None:
    answer = service.get(f"/odata/v1/Areas?{name}={service.logins['viewer'].token}")
    assert answer.status_code == 401
    assert answer.json()["error"]["message"] == "a key must never stand in a URL"
    assert "`a key must never stand in a URL`" in PAGES["connect"]


def test_a_viewers_key_has_no_row_for_a_record_table(service: Service) -> None:
    """So the analyst's template with it ends in `The key didn't match any rows in the table`."""
    tables = {each["name"] for each in service.get("/odata/v1/", "viewer").json()["value"]}
    assert "Calls" not in tables
    assert {table.name for table in model("viewer").tables if "Codes" not in table.source} <= tables


def test_the_line_of_a_recording_that_is_shown_can_be_replayed(service: Service) -> None:
    (shown,) = re.findall(r"```json\n(.*?)\n```", PAGES["acceptance"], re.DOTALL)
    (verdict,) = verdicts(entries(shown), service)
    assert (verdict.got, verdict.fault, verdict.skipped) == (200, None, None)


def test_commands_are_written_as_they_are_typed() -> None:
    """Every `crisis ...` line of the pages names a command and options that exist."""
    lines = re.findall(r"^(?:CRISIS_\S+ )?crisis (.*)$", TEXT, re.MULTILINE) + re.findall(r"`crisis ([^`]+)`", TEXT)
    assert len(lines) > 8
    for line in lines:
        words = shlex.split(line, comments=True)
        command = get_command(command_line(words))
        while words and words[0] in getattr(command, "commands", {}):
            command = command.commands[words.pop(0)]
        assert not hasattr(command, "commands"), line
        known = {option for parameter in command.params for option in parameter.opts}
        assert {word for word in words if word.startswith("--")} <= known, line
