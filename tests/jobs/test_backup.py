"""Everything is lost and comes back: figures, answers and keys; and nothing comes back from what is not whole."""

from __future__ import annotations

import copy
import json
import os
import shutil
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from jobs.backup import layout
from jobs.backup.copying import copied, whole_lines
from jobs.backup.restore import STAGING, prove, restore
from jobs.backup.take import back_up
from jobs.cli import command_line
from jobs.commands.doctor import examine
from jobs.refresh.progress import Begun
from models.clock import now, parse_instant
from models.crisis.reference import Team
from models.database import engine
from models.errors import ConfigurationError, CrisisError, HistoryDamaged
from models.keeping_errors import BackupDamaged, BackupFailed, RestoreRefused
from models.secret_files import PEPPER, secret
from models.service import keys
from models.settings import JobSettings
from models.snapshot import layout as snapshot_layout
from tests.helpers.asking import desk
from tests.helpers.nights import Town
from tests.helpers.tiny import change

MORNING = "2026-02-01T09:00:00Z"
NEXT = "2026-02-02T09:00:00Z"
THEN = "2026-02-03T09:00:00Z"
QUESTIONS = (
    "",
    "Teams",
    "Calls?$top=3&$orderby=CallId desc&$count=true",
    "DailyCalls?$filter=AreaId ne '003'",
    "Snapshots",
)


def answers(snapshots: Path) -> list[tuple[int, bytes]]:
    """Status and bytes of every question."""
    asked = desk(snapshots)
    try:
        found = [asked.get(question) for question in QUESTIONS]
    finally:
        asked.engine.shelf.close()
    return [(answer.status, answer.body) for answer in found]


def give_key(settings: JobSettings) -> tuple[str, str]:
    """A new viewer key: id and secret."""
    made = keys.new_key("dashboard", "viewer", pepper=secret(settings.home, PEPPER, settings.pepper))
    store = engine(settings.service_database)
    keys.store(store, made)
    store.dispose()
    return made.key.key_id, made.secret


def opens(settings: JobSettings, key_id: str, said: str) -> bool:
    """Whether the key is let in with what the home folder holds."""
    store = engine(settings.service_database)
    held = {key.key_id: key for key, _ in keys.listed(store)}
    store.dispose()
    pepper = secret(settings.home, PEPPER, settings.pepper)
    return keys.is_valid(held[key_id], now()) and keys.matches(said, held[key_id].secret_hash, pepper)


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "backups"


def two_nights(town: Town) -> str:
    """A first night, and a second with a changed row; the version published."""
    town.refresh(MORNING)
    change(town.source, Team, "north", name="Far north")
    return town.refresh(NEXT).version


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """One backup of two nights and a key, made once; tests damage copies of it."""
    folder = tmp_path_factory.mktemp("whole")
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("CRISIS_")]:
            patch.delenv(name)
        town = Town(folder / "home", patch)
        two_nights(town)
        give_key(town.settings)
        yield back_up(town.settings, folder / "backups")[0]


@pytest.fixture
def folder(whole: Path, tmp_path: Path) -> Path:
    """A copy of the backup, of this test's own."""
    return shutil.copytree(whole, tmp_path / "backup")


def replace_twice(town: Town) -> str:
    """Two more nights: where nothing is kept, the second removes what was published before the first."""
    change(town.source, Team, "south", name="Deep south")
    town.refresh(THEN)
    change(town.source, Team, "south", name="Deeper south")
    return town.refresh("2026-02-04T09:00:00Z").version


def test_everything_lost_comes_back(town: Town, target: Path, tmp_path: Path, figure: Callable[[str], None]) -> None:
    version = two_nights(town)
    key = give_key(town.settings)
    audit = town.settings.home / "audit"
    audit.mkdir()
    (audit / "2026-02-02-7.jsonl").write_bytes(b'{"a":1}\n{"half')
    before = (town.identities(version), answers(town.snapshots), [night.name for night in town.history.nights()])
    assert {status for status, _ in before[1]} == {200}
    folder, made = back_up(town.settings, target)
    assert (made.version, made.nights, made.notes) == (version, 2, ())
    source = town.settings.home / "crisis.db"
    shutil.move(source, tmp_path / "crisis.db")
    shutil.rmtree(town.settings.home)

    assert restore(folder, town.settings) == made
    assert (town.identities(version), answers(town.snapshots), [n.name for n in town.history.nights()]) == before
    assert opens(town.settings, *key)
    assert not opens(town.settings, key[0], key[1][::-1])
    assert (audit / "2026-02-02-7.jsonl").read_bytes() == b'{"a":1}\n'
    assert (town.settings.home / PEPPER).stat().st_mode & 0o777 == 0o600
    assert town.leftovers() == []

    shutil.move(tmp_path / "crisis.db", source)
    shutil.rmtree(town.snapshots / version)
    assert town.refresh(NEXT).version == version, "the history alone gives the same figures again"
    assert town.identities(version) == before[0]
    figure(
        f"everything lost, restored from a backup: {len(before[0])} of {len(before[0])} view identities, "
        f"{len(before[1])} of {len(before[1])} answers and the key as before"
    )


@pytest.mark.parametrize("during", ["service", "snapshot", "history", "audit"])
@pytest.mark.parametrize("keep_hours", [48.0, 0.0])
def test_a_refresh_that_runs_meanwhile_harms_nothing(
    town: Town, target: Path, tmp_path: Path, during: str, keep_hours: float
) -> None:
    """Two whole refreshes with changed rows and, in the second form, pruning of what they replace, at each part."""
    two_nights(town)
    town.settings = town.settings.model_copy(update={"keep_snapshots_hours": keep_hours, "keep_snapshots_days": 0})

    def interrupt(event: object) -> None:
        if isinstance(event, Begun) and event.step == during:
            replace_twice(town)

    folder, made = back_up(town.settings, target, interrupt)
    back = town.settings.model_copy(update={"home": tmp_path / "back"})
    restore(folder, back)
    assert made.version == snapshot_layout.current_version(back.snapshots)
    assert made.nights == (4 if during in ("service", "snapshot") else 2)
    version = str(made.version)
    restored = copy.copy(town)
    restored.settings = back
    wanted = restored.identities(version)
    shutil.rmtree(restored.snapshots / version)
    outcome = restored.refresh(as_of=parse_instant(str(made.as_of)).date())
    assert (outcome.version, restored.identities(version)) == (version, wanted)


def test_a_snapshot_pruned_while_it_is_copied_is_left_for_the_new_one(town: Town, target: Path) -> None:
    two_nights(town)
    town.settings = town.settings.model_copy(update={"keep_snapshots_hours": 0.0, "keep_snapshots_days": 0})
    busy: list[str] = []

    def interrupt(event: object) -> None:
        if getattr(event, "label", "") == "Areas.idx" and not busy:
            busy.append("once")
            busy.append(replace_twice(town))

    _, made = back_up(town.settings, target, interrupt)
    assert made.version == busy[1]
    assert {name.split("/")[1] for name in made.files if name.startswith("snapshots/")} == {"current", busy[1]}


DAMAGES: dict[str, Any] = {
    "a changed byte": lambda path: path.write_bytes(path.read_bytes()[:-1] + b"?"),
    "a byte less": lambda path: path.write_bytes(path.read_bytes()[:-1]),
    "no such file": lambda path: path.unlink(),
}
PLACES = ("service.db", "pepper", "snapshots/current", "snapshots/*/rows/Teams.json", "snapshots/*/views.duckdb",
          "history/*/team.parquet", "history/*/night.json", "backup.json")  # fmt: skip


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("place", PLACES)
def test_a_damaged_backup_is_refused_by_the_name_of_the_file(
    folder: Path, home: Path, tmp_path: Path, place: str, damage: str
) -> None:
    path = min(folder.glob(place))
    DAMAGES[damage](path)
    back = JobSettings(home=tmp_path / "back")
    for attempt in (lambda: restore(folder, back), lambda: prove(folder)):
        with pytest.raises(BackupDamaged, match=str(path)) as refused:
            attempt()
        assert refused.value.hint
    assert not list((tmp_path / "back").glob("*"))
    assert not list((tmp_path / "back").glob(".*"))


def test_what_is_not_of_the_backup_is_refused(folder: Path) -> None:
    made = prove(folder)
    (folder / "history" / "extra.parquet").write_bytes(b"x")
    with pytest.raises(BackupDamaged, match=r"extra\.parquet is not a file of this backup"):
        prove(folder)
    (folder / "history" / "extra.parquet").unlink()
    assert prove(folder) == made
    for name in ("../outside", "/etc/outside", ".."):
        layout.write(
            folder, layout.Backup(1, MORNING, None, None, None, 0, (), {name: made.files["snapshots/current"]})
        )
        with pytest.raises(BackupDamaged, match="outside the backup"):
            prove(folder)
    layout.write(folder, layout.Backup(2, MORNING, None, None, None, 0, (), {}))
    with pytest.raises(BackupDamaged, match="form 2"):
        prove(folder)


def test_a_night_that_follows_no_other_is_no_backup(folder: Path) -> None:
    """Hashes that fit, and a history that does not: the first night is taken out of the list."""
    made = prove(folder)
    first = min(folder.glob("history/*"))
    shutil.rmtree(first)
    kept = {name: facts for name, facts in made.files.items() if first.name not in name}
    layout.write(folder, layout.Backup(1, made.made_at, made.revision, made.version, made.as_of, 1, (), kept))
    with pytest.raises(BackupDamaged, match="does not follow the night before it"):
        prove(folder)


@pytest.mark.parametrize(
    ("held", "service", "says"),
    [
        ("history", None, ("is not empty: it holds history", "empty folder")),
        ("pepper", None, ("is not empty: it holds pepper", "empty folder")),
        (None, "sqlite:///{tmp}/taken.db", ("taken.db is there already", "CRISIS_SERVICE_URL")),
        (None, "postgresql://server/crisis", ("names a server", "Unset CRISIS_SERVICE_URL")),
    ],
)
def test_nothing_is_restored_over_anything(
    folder: Path, home: Path, held: str | None, service: str | None, says: tuple[str, str]
) -> None:
    tmp_path = home.parent
    (tmp_path / "taken.db").write_bytes(b"")
    back = JobSettings(home=tmp_path / "back", service_url=service and service.format(tmp=tmp_path))
    if held:
        (back.home / held).mkdir(parents=True)
    with pytest.raises(RestoreRefused, match=says[0]) as refused:
        restore(folder, back)
    assert says[1] in (refused.value.hint or "")
    assert [path.name for path in back.home.glob("*")] == ([held] if held else [])


def test_a_service_database_of_a_newer_version_is_refused(folder: Path, home: Path, tmp_path: Path) -> None:
    made = prove(folder)
    newer = layout.Backup(1, MORNING, "service_9999", made.version, made.as_of, made.nights, (), made.files)
    layout.write(folder, newer)
    with pytest.raises(RestoreRefused, match="service_9999, which this version does not know"):
        restore(folder, JobSettings(home=tmp_path / "back"))


def test_a_restore_that_was_killed_is_begun_again(folder: Path, home: Path, tmp_path: Path) -> None:
    back = JobSettings(home=tmp_path / "back", service_url=f"sqlite:///{tmp_path}/elsewhere/service.db")
    (back.home / f"{STAGING}1" / "history").mkdir(parents=True)
    restore(folder, back)
    assert not list(back.home.glob(".*"))
    assert (tmp_path / "elsewhere" / "service.db").is_file()
    assert not (back.home / "service.db").exists()


def test_what_is_damaged_is_not_backed_up_as_if_it_were_whole(town: Town, target: Path) -> None:
    """
    | damaged            | what comes of it                                       |
    | a night            | HistoryDamaged, naming the file; no backup, no remains |
    | the snapshot       | a backup without it that says so: it can be made again |
    | the newest night   | BackupFailed: the snapshot knows more than the history |
    """
    version = two_nights(town)
    database = snapshot_layout.database_path(town.snapshots / version)
    whole = database.read_bytes()
    database.write_bytes(whole[:-1])
    _, made = back_up(town.settings, target)
    assert made.version is None
    assert "missing or damaged" in made.notes[0]
    assert not [name for name in made.files if name.startswith("snapshots")]
    database.write_bytes(whole)
    newest = town.settings.history / town.history.nights()[-1].name
    shutil.move(newest, target / "aside")
    with pytest.raises(BackupFailed, match="knows of a night"):
        back_up(town.at(THEN).settings, target)
    shutil.move(target / "aside", newest)
    path = newest / "team.parquet"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(HistoryDamaged, match=str(path)):
        back_up(town.settings, target)
    assert len(list(target.iterdir())) == 1, "only the first one, and no remains"


def test_a_backup_outlives_its_home(town: Town) -> None:
    for inside in (town.settings.home, town.settings.home / "backups"):
        with pytest.raises(ConfigurationError, match="inside CRISIS_HOME"):
            back_up(town.settings, inside)


def test_a_folder_that_cannot_be_written_is_said(town: Town, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(BackupFailed, match="file"):
        back_up(town.settings, tmp_path / "file" / "below")


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    large = tmp_path / "large"
    with large.open("wb") as file:
        file.truncate(64 << 20)
    tracemalloc.start()
    assert copied(large, tmp_path / "copy").bytes == 64 << 20
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 8 << 20


@pytest.mark.parametrize(
    ("text", "whole"), [(b"", 0), (b"half", 0), (b"a\n", 2), (b"a\nhalf", 2), (b"a\n" + b"x" * (3 << 20), 2)]
)
def test_a_trail_is_copied_to_its_last_whole_line(tmp_path: Path, text: bytes, whole: int) -> None:
    (tmp_path / "trail").write_bytes(text)
    assert whole_lines(tmp_path / "trail") == whole


def test_the_commands_say_what_they_did(
    town: Town, target: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    version = two_nights(town)
    run = CliRunner().invoke
    done = run(command_line(["backup"]), ["backup", str(target), "--json"])
    said = json.loads(done.stdout)
    assert (done.exit_code, said["version"], said["nights"], said["notes"]) == (0, version, 2, [])
    monkeypatch.setenv("CRISIS_BACKUP_FOLDER", str(target))
    town.at(THEN)
    assert "backed up into" in run(command_line(["backup"]), ["backup"]).stdout
    checked = run(command_line(["restore"]), ["restore", said["folder"], "--check"])
    assert f"the backup of {said['made_at']} is whole: 2 nights, {version}" in checked.stdout
    monkeypatch.setenv("CRISIS_HOME", str(tmp_path / "back"))
    restored = json.loads(run(command_line(["restore"]), ["restore", said["folder"], "--json"]).stdout)
    assert (restored["state"], restored["version"]) == ("restored", version)
    monkeypatch.delenv("CRISIS_BACKUP_FOLDER")
    nowhere = run(command_line(["backup"]), ["backup"])
    assert isinstance(nowhere.exception, CrisisError)


@pytest.mark.parametrize(
    ("folder", "moment", "found"),
    [(False, NEXT, "no folder"), (True, NEXT, None), (True, "2026-02-05T09:00:00Z", "2026-02-02T09:00:00")],
)
def test_the_doctor_looks_at_the_age_of_the_newest_backup(
    town: Town, target: Path, folder: bool, moment: str, found: str | None
) -> None:
    two_nights(town)
    back_up(town.settings, target)
    settings = town.at(moment).settings.model_copy(update={"backup_folder": target if folder else None})
    details = [item.detail for item in examine(settings) if item.id == "W010"]
    assert [found in detail for detail in details] == ([] if found is None else [True])
