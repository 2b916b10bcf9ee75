"""`crisis import` as people and scripts meet it: output, exit codes, help."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from jobs.cli import main
from jobs.source.csv.library import ready
from tests.helpers.importing import GOOD, Desk, changed


@pytest.fixture
def desk(home: Path) -> Desk:
    return Desk(home)


@dataclass(frozen=True)
class Done:
    """How a command ended."""

    returncode: int
    stdout: str
    stderr: str


Crisis = Callable[..., Done]


@pytest.fixture
def crisis(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Crisis:
    """The console script with its job edge, in this process."""

    def run(*arguments: str | Path) -> Done:
        monkeypatch.setattr(sys, "argv", ["crisis", "import", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        shown = capsys.readouterr()
        return Done(int(ended.value.code or 0), shown.out, shown.err)

    return run


def test_an_import_says_what_it_took_and_what_comes_next(desk: Desk, crisis: Crisis) -> None:
    desk.mapping()
    file = desk.file(GOOD, changed(GOOD, call="8", police="perhaps", clear="2026-03-01 00:00:00"))
    done = crisis(desk.home / "town.toml", file)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "calls.csv: 2 rows, 1 taken, 1 rejected",
        "  location: 1 new, 0 changed, 0 already there",
        "  call: 1 new, 0 changed, 0 already there",
        "  unit_response: 1 new, 0 changed, 0 already there",
        f"  rejected rows with reasons: {desk.home / 'rejects' / 'calls.csv.town.rejects.csv'}",
        "Next: crisis refresh",
    ]
    assert "calls.csv line 3, column police, value 'perhaps': neither yes nor no; write true or false" in done.stderr


def test_scripts_read_json(desk: Desk, crisis: Crisis) -> None:
    desk.mapping()
    done = crisis(desk.home / "town.toml", desk.file(GOOD), "--json", "--dry-run")
    answer = json.loads(done.stdout)
    assert (answer["mapping"], answer["dry_run"], answer["files"][0]["rows"]) == ("town", True, 1)
    assert answer["files"][0]["tables"]["call"] == {"added": 1, "changed": 0, "unchanged": 0, "disagreeing": 0}
    assert not (desk.home / "crisis.db").exists()


FAILURES = [
    (("town.toml", "nowhere.csv"), 15, "ImportRejected: nowhere.csv cannot be read: No such file or directory"),
    (("towns", "calls.csv"), 2, "ConfigurationError: there is no mapping 'towns'"),
    (("town.toml",), 2, "ConfigurationError: name a mapping and at least one file"),
]


@pytest.mark.parametrize(("arguments", "code", "message"), FAILURES)
def test_a_failure_is_one_line_a_next_step_and_an_exit_code(
    desk: Desk, crisis: Crisis, arguments: tuple[str, ...], code: int, message: str
) -> None:
    desk.mapping()
    done = crisis(*(desk.home / name if name.endswith(".toml") else name for name in arguments))
    assert done.returncode == code
    assert done.stderr.splitlines()[0] == message
    assert done.stderr.splitlines()[1].startswith("Next step: ")


def test_the_list_and_the_explanation_name_what_a_reader_must_know(home: Path, crisis: Crisis) -> None:
    listed = json.loads(crisis("--list", "--json").stdout)
    assert tuple(each["name"] for each in listed) == ready()
    shootings = (
        "toronto_shootings: Toronto, Shootings and firearm discharges; one row is one event; Open Government Licence"
    )
    assert shootings in crisis("--list").stdout.splitlines()
    told = crisis("--explain", "san_francisco_fire").stdout
    for line in (
        "Grain: One row is one unit sent to one call. Calls are told apart by call_number and never counted as rows.",
        "Clock received: received_dttm as iso",
        "call, told apart by call_number:",
        "  call_create <- clock received",
        "  priority <- final_priority",
        "  disposition <- call_final_disposition through the code map disposition",
    ):
        assert line in told.splitlines()
