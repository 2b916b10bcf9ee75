"""The page for bad nights is walked: each code on it is caused, seen where the page says, mended as the page says.

What only a driver, a full disk or the system can bring about is brought about by its error; tests/sqlserver and
tests/drill have the real thing.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import typer
from sqlalchemy import insert, text, update
from sqlalchemy.exc import DBAPIError

from api.freshness import freshness
from jobs.backup.restore import restore
from jobs.backup.take import back_up
from jobs.cli import COMMANDS, command_line
from jobs.commands.doctor import examine
from jobs.refresh import lease
from jobs.refresh.records import INTERRUPTED, RUNS
from jobs.refresh.run import Outcome
from models import errors, keeping_errors, source_errors
from models.clock import parse_instant
from models.crisis.events import StatusEvent
from models.database import engine
from models.errors import CrisisError, JobError
from models.findings import FINDINGS
from models.service import queue
from models.settings import ApiSettings, JobSettings
from models.snapshot import layout
from models.sqlserver import told
from tests.conftest import ROOT
from tests.helpers.nights import QUICK, Town
from tests.helpers.tiny import remove
from tests.jobs.test_causes import CAUSES
from tests.jobs.test_ending import webhook
from tests.unit.test_sqlserver_causes import cases

FIRST, NIGHT, AFTER = "2026-02-01T09:00:00Z", "2026-02-02T09:00:00Z", "2026-02-03T09:00:00Z"
PAGE = (ROOT / "docs/runbook.md").read_text("utf-8")
NAMED = re.compile(r"\b([A-Z][a-z]+[A-Za-z]+) (\d+)\b")
HELD = frozenset({"LeaseHeld"})
"""Runs that never begin leave no record; the code is told by the exit alone."""

Run = Callable[..., Outcome]


def by_code() -> dict[str, tuple[int, str]]:
    """Code -> exit code and what to do, as the page has it."""
    section = PAGE.partition("## By the code of the run")[2].partition("\n## ")[0]
    rows = [
        [cell.strip() for cell in line.strip("|").split(" | ")] for line in section.splitlines() if line[:2] == "| "
    ]
    return {code: (int(number), row[2]) for row in rows[2:] for code, number in NAMED.findall(row[0])}


OF_THE_PAGE = by_code()


@contextmanager
def source(town: Town, *statements: str) -> Iterator[Run]:
    """The source is changed by its own people, and changed back."""
    kept = shutil.copy(town.settings.home / "crisis.db", town.settings.home.parent / "kept.db")
    opened = engine(town.source)
    with opened.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))
    opened.dispose()
    yield town.refresh
    shutil.copy(kept, town.settings.home / "crisis.db")


@contextmanager
def damaged_source(town: Town) -> Iterator[Run]:
    path = town.settings.home / "crisis.db"
    kept = path.read_bytes()
    path.write_bytes(b"no database")
    yield town.refresh
    path.write_bytes(kept)


@contextmanager
def driver(town: Town, code: str) -> Iterator[Run]:
    """What the driver said, as it said it."""
    state, words = next((state, words) for state, words, error, _ in cases() if error == code)

    def prove(_settings: JobSettings) -> None:
        raise told(DBAPIError("SELECT 1", None, Exception(state, words)), "mssql://server/crisis")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("jobs.source.delivery.prove", prove)
        yield town.refresh


@contextmanager
def rows_lost(town: Town) -> Iterator[Run]:
    """Most status events are deleted on purpose; nothing is mended, the next run is told that it is right."""
    opened = engine(town.source)
    with opened.connect() as connection:
        keys = connection.execute(text("SELECT event_id FROM status_event ORDER BY 1")).scalars().all()
    opened.dispose()
    assert len(keys) > 100
    remove(town.source, StatusEvent, *keys[len(keys) // 5 :])
    yield town.refresh


@contextmanager
def another_runs(town: Town) -> Iterator[Run]:
    service = engine(town.settings.service_database)
    hold = lease.take(service, "another", 60)
    yield town.refresh
    hold.release()
    service.dispose()


@contextmanager
def another_takes_over(town: Town) -> Iterator[Run]:
    """The run was silent for too long: its lease is over, and another one takes it."""
    service = engine(town.settings.service_database)
    taken: list[lease.Hold] = []

    def silent(*_given: object) -> None:
        with service.begin() as connection:
            connection.execute(update(lease.TABLE).values(expires_at=parse_instant(FIRST).replace(tzinfo=None)))
        taken.append(lease.take(service, "another", 60))

    yield partial(town.refresh, numbers=replace(QUICK, clean=silent))
    taken[0].release()
    service.dispose()


@contextmanager
def history(town: Town) -> Iterator[Run]:
    """A file of the history is cut short; the home folder is kept aside, and a backup restored into an empty one."""
    folder, _ = back_up(town.settings, town.settings.home.parent / "backups")
    path = next(iter(sorted(town.settings.history.glob("*/team.parquet"))))
    path.write_bytes(path.read_bytes()[:-1])
    yield town.refresh
    home = town.settings.home
    home.rename(home.parent / "aside")
    restore(folder, town.settings)
    shutil.copy(home.parent / "aside" / "crisis.db", home / "crisis.db")


@contextmanager
def system(town: Town, name: str) -> Iterator[Run]:
    """The system's own error, as it comes."""
    made = CAUSES[name][0]

    def fail(*_given: object) -> int:
        raise made()

    yield partial(town.refresh, numbers=replace(QUICK, compute=fail))


@contextmanager
def too_long(town: Town) -> Iterator[Run]:
    usual = town.settings
    town.settings = usual.model_copy(update={"run_hours": 1e-9})
    yield town.refresh
    town.settings = usual


@contextmanager
def cancelled(town: Town) -> Iterator[Run]:
    service = engine(town.settings.service_database)

    def cancel(*_given: object) -> None:
        queue.cancel(service, "asked", "cm_abcdefghijkl")

    yield partial(town.refresh, numbers=replace(QUICK, clean=cancel), run_id="asked")
    service.dispose()


@contextmanager
def stopped(town: Town) -> Iterator[Run]:
    yield partial(town.refresh, told=lambda: True)


BROUGHT_ABOUT: dict[str, Callable[[Town], Any]] = {
    "SourceUnreachable": damaged_source,
    **{
        code: partial(driver, code=code)
        for code in ("SourceConnectionLost", "SourceBusy", "SourceTooSlow", "SourceLoginRefused", "SourceTlsRefused",
                     "SourceDenied", "SourceDriverMissing")
    },
    "ContractBroken": lambda town: source(town, "ALTER TABLE team DROP COLUMN kind"),
    "CheckFailed": rows_lost,
    "LeaseHeld": another_runs,
    "LeaseLost": another_takes_over,
    "HistoryDamaged": history,
    "FolderNotWritable": partial(system, name="read-only"),
    "DiskFull": partial(system, name="disk full"),
    "OutOfMemory": partial(system, name="memory under DuckDB"),
    "ServiceDatabaseGone": partial(system, name="service database"),
    "RunTooLong": too_long,
    "RunCancelled": cancelled,
    "RunStopped": stopped,
}  # fmt: skip
"""How each code comes about; leaving the block mends it."""


def test_every_code_that_can_end_a_run_is_on_the_page_and_none_that_cannot() -> None:
    elsewhere = {
        "JobError", "ImportRejected", "NothingToReplay", "MigrationRefused", "PortInUse", "DeploymentFailed",
        *(cls.code for cls in vars(keeping_errors).values() if isinstance(cls, type) and issubclass(cls, CrisisError)
          and cls.__module__ == keeping_errors.__name__),
    }  # fmt: skip
    of_runs = {cls.code: cls.exit_code for cls in errors.all_errors() if issubclass(cls, JobError)}
    wanted = {code: number for code, number in of_runs.items() if code not in elsewhere}
    assert {code: number for code, (number, _) in OF_THE_PAGE.items()} == wanted
    assert set(BROUGHT_ABOUT) == set(wanted)
    assert source_errors.__doc__


@pytest.mark.parametrize("code", OF_THE_PAGE)
def test_each_code_is_caused_seen_and_mended_as_the_page_says(
    code: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit code, record, start page's reason, webhook; yesterday stays; then what the page says, and all is well."""
    exit_code, do = OF_THE_PAGE[code]
    town = Town(home, monkeypatch, calls=120)
    first = town.refresh(FIRST)
    with webhook() as (address, said):
        town.settings = town.settings.model_copy(update={"webhook_url": JobSettings(webhook_url=address).webhook_url})  # type: ignore[arg-type]
        with BROUGHT_ABOUT[code](town) as run:
            with pytest.raises(CrisisError) as caught:
                run(NIGHT)
            assert (caught.value.code, caught.value.exit_code) == (code, exit_code)
            assert caught.value.hint
            assert layout.current_version(town.snapshots) == first.version, "yesterday stays"
            assert [each["error_code"] for each in said] == ([] if code in HELD else [code])
            if code not in HELD:
                service = engine(town.settings.service_database)
                assert f"({code}" in str(freshness(ApiSettings(home=home), service).reason), "the start page names it"
                service.dispose()
                assert {"W002"} <= {found.id for found in examine(town.settings)}
        accept = {"accept": ("rows_lost",)} if code == "CheckFailed" else {}
        assert bool(accept) == ("--accept" in do)
        assert town.refresh(AFTER, **accept).state == "published", "what the page says makes it right"
        assert (said[-1]["ok"], said[-1]["as_of"]) == (True, "2026-02-03T09:00:00.000Z")
    left = {found.id for found in examine(town.settings)} - {"W003", "W005", "W010"}
    assert not {name for name in left if name[0] == "E" or name in ("W001", "W002", "W011")}, left
    assert town.leftovers() == []


def test_a_killed_run_is_called_interrupted_after_the_next_one(town: Town) -> None:
    """As the page says: doctor finds it (W007), `crisis refresh` closes its record, and nothing has to be cleaned up."""
    assert f"| {INTERRUPTED} |" in PAGE
    town.refresh(FIRST)
    service = engine(town.settings.service_database)
    with service.begin() as connection:
        began = {"started_at": parse_instant(NIGHT).replace(tzinfo=None), "trigger": "cli", "fence": 9}
        connection.execute(insert(RUNS).values(run_id="killed", state="running", **began))
    assert "W007" in {found.id for found in examine(town.at(NIGHT).settings)}
    assert town.refresh(AFTER).state == "published"
    with service.connect() as connection:
        row = connection.execute(text("SELECT state, error_code FROM refresh_run WHERE run_id = 'killed'")).one()
    service.dispose()
    assert tuple(row) == ("failed", INTERRUPTED)
    assert "W007" not in {found.id for found in examine(town.settings)}


def test_every_command_setting_and_finding_that_the_pages_name_exists() -> None:
    pages = [
        PAGE,
        (ROOT / "docs/operations.md").read_text("utf-8"),
        (ROOT / "docs/reference/checks.md").read_text("utf-8"),
    ]
    named = {line for page in pages for line in re.findall(r"`(crisis [^`\n]+)`", page)}
    assert len(named) > 10
    for line in sorted(named):
        words = [word for word in line.split()[1:] if word != "--debug"]
        assert words[0] in COMMANDS, line
        options = {word for word in words if word.startswith("--")}
        assert options <= _options(words), line
    settings = {f"CRISIS_{name.upper()}" for kind in (ApiSettings, JobSettings) for name in kind.model_fields}
    assert set(re.findall(r"\bCRISIS_[A-Z_]+[A-Z]\b", "".join(pages))) <= settings | {
        "CRISIS_SETTINGS_FILE",
        "CRISIS_POWERBI",
    }
    assert set(re.findall(r"\b[EW]0\d\d\b", "".join(pages))) <= set(FINDINGS)


def _options(words: list[str]) -> set[str]:
    """The options of the command that the words name, of its group too."""
    command = typer.main.get_command(command_line(words))
    found = {"--help"}
    for word in words:
        commands = getattr(command, "commands", {})
        if word in commands:
            command = commands[word]
            found |= {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
    return found
