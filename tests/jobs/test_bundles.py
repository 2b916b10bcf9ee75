"""Bundles of the history: fewer files for the same rows, never a second truth."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from jobs.refresh import bundles, versions
from jobs.refresh.bundles import FILE, FOLDER
from jobs.refresh.history import History
from models.errors import HistoryDamaged
from tests.jobs.test_history import DAY, FIRST, Keeper

TEAMS = (
    {"north": "North", "south": "South"},
    {"north": "Nord", "south": "South"},
    {"south": "Sud"},
    {"north": "Back", "south": "Sud"},
    {"north": "Back", "east": "East"},
)
NIGHTS = [FIRST + DAY * number for number in range(len(TEAMS))]


@pytest.fixture
def keeper(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Keeper]:
    """Five nights, two to a bundle."""
    monkeypatch.setattr(bundles, "NIGHTS", 2)
    made = Keeper(tmp_path)
    for teams, as_of in zip(TEAMS, NIGHTS, strict=True):
        made.night(teams, as_of)
    yield made
    made.con.close()


def bundle(keeper: Keeper) -> int:
    """What a night does at its end."""
    return History(keeper.history.folder).bundle(keeper.con)


def states(keeper: Keeper) -> list[object]:
    """The teams of every night, with all that the history says about their rows."""
    found: list[object] = []
    for moment in NIGHTS:
        keeper.teams(moment)
        found.append(keeper.con.execute("SELECT * FROM src.team ORDER BY team_code").fetchall())
    return found


def opened(keeper: Keeper, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The files of `team` that the latest state is read from, by their folder."""
    seen: list[Path] = []
    read = versions._versions
    with monkeypatch.context() as patch:
        patch.setattr(versions, "_versions", lambda files, table: (seen.extend(files), read(files, table))[1])
        keeper.teams(NIGHTS[-1])
    return sorted({str(path.parent.relative_to(keeper.history.folder)) for path in seen if path.name == "team.parquet"})


def test_a_bundle_changes_no_state_and_spares_files(keeper: Keeper, monkeypatch: pytest.MonkeyPatch) -> None:
    before = states(keeper)
    assert len(opened(keeper, monkeypatch)) == 5
    assert (bundle(keeper), bundle(keeper)) == (2, 0), "two whole blocks of two nights, made once"
    assert states(keeper) == before
    assert opened(keeper, monkeypatch) == [
        "20260203T090000.000Z",
        "bundles/20260131T090000.000Z",
        "bundles/20260202T090000.000Z",
    ]
    assert [path.name for path in keeper.history.folder.iterdir() if path.name.startswith(".")] == []


@pytest.mark.parametrize("damage", ["file", "index", "gone", "of other nights"])
def test_a_bundle_that_is_not_whole_is_passed_over_and_made_again(keeper: Keeper, damage: str) -> None:
    before = states(keeper)
    bundle(keeper)
    folder = keeper.history.folder / FOLDER / "20260131T090000.000Z"
    if damage == "file":
        (folder / "team.parquet").write_bytes(b"no rows")
    elif damage == "index":
        (folder / FILE).write_text("{")
    elif damage == "gone":
        shutil.rmtree(folder)
    else:
        shutil.rmtree(folder)
        shutil.copytree(folder.with_name("20260202T090000.000Z"), folder)
    assert states(keeper) == before
    assert (bundle(keeper), bundle(keeper)) == (1, 0)
    assert states(keeper) == before


def test_a_nights_own_file_is_missed_although_a_bundle_repeats_it(keeper: Keeper) -> None:
    bundle(keeper)
    (keeper.history.folder / "20260130T090000.000Z" / "team.parquet").unlink()
    with pytest.raises(HistoryDamaged, match=r"20260130T090000\.000Z"):
        keeper.teams(NIGHTS[-1])


def test_large_files_are_not_repeated(keeper: Keeper, monkeypatch: pytest.MonkeyPatch) -> None:
    before = states(keeper)
    monkeypatch.setattr(bundles, "LIMIT", 10)
    bundle(keeper)
    assert [path.name for path in keeper.history.folder.glob(f"{FOLDER}/*/*")] == [FILE, FILE]
    assert states(keeper) == before


def test_a_damaged_night_is_never_bundled(keeper: Keeper) -> None:
    file = keeper.history.folder / "20260130T090000.000Z" / "team.parquet"
    file.write_bytes(file.read_bytes()[:-1] + b"!")
    with pytest.raises(HistoryDamaged, match=r"20260130T090000\.000Z"):
        bundle(keeper)
    assert list(keeper.history.folder.glob(f"{FOLDER}/*")) == []
