"""The history: only what changed is stored, nothing is ever rewritten, and every past state can be had again."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jobs.refresh import history as keeping
from jobs.refresh import versions
from jobs.refresh.history import History
from jobs.refresh.night import NIGHT_FILE, Night
from jobs.source.contract import TABLES, ContractTable, SourceFacts
from jobs.source.extract import ARROW
from models.errors import ContractBroken, HistoryDamaged

FACTS = SourceFacts(synthetic=True, city="Tiny", zone="America/Toronto", attribution="Made up.")
FIRST = datetime(2026, 1, 30, 9, tzinfo=UTC)
DAY = timedelta(days=1)
Rows = dict[str, str]
"""Team code -> name: the one table that these nights fill."""


def schema(table: ContractTable) -> pa.Schema:
    return pa.schema([(column.name, ARROW[column.kind]) for column in table.columns])


class Keeper:
    """Plays nights into a history from literal rows of the table `team`."""

    def __init__(self, folder: Path) -> None:
        self.staged = folder / "staged"
        self.staged.mkdir(parents=True)
        self.history = History(folder / "history")
        self.con = duckdb.connect()
        self.con.execute("SET TimeZone = 'UTC'")

    def night(self, teams: Rows, as_of: datetime) -> Night:
        """One extract with these teams, committed."""
        updated = datetime(2026, 1, 1)  # noqa: DTZ001  the source keeps naive UTC
        self.stage(
            {
                "team": [
                    {"team_code": code, "name": name, "kind": "mobile", "updated_at": updated}
                    for code, name in teams.items()
                ]
            }
        )
        found = self.history.compare(self.con, self.staged)
        return self.history.commit(self.con, self.staged, found, source=FACTS, checks=(), as_of=as_of)

    def stage(self, rows: dict[str, list[dict[str, object]]]) -> None:
        """Write an extract: contract table -> rows; the others are empty."""
        for table in TABLES:
            made = pa.Table.from_pylist(rows.get(table.name, []), schema=schema(table))
            pq.write_table(made, self.staged / f"{table.name}.parquet")

    def teams(self, until: datetime) -> list[tuple[object, ...]]:
        """(code, name, revised) of the teams in force at `until`."""
        History(self.history.folder).in_force(self.con, until)
        return self.con.execute("SELECT team_code, name, _revised FROM src.team ORDER BY team_code").fetchall()


@pytest.fixture
def keeper(tmp_path: Path) -> Iterator[Keeper]:
    made = Keeper(tmp_path)
    yield made
    made.con.close()


def test_each_night_can_be_had_again(keeper: Keeper) -> None:
    """
    | night | north | south | east | added | changed | deleted |
    | 1     | North | South |      | 2     |         |         |
    | 2     | North | Sud   | East | 1     | 1       |         |
    | 3     |       | Sud   | East |       |         | 1       |
    | 4     | Back  | Sud   | East | 1     |         |         |
    """
    nights = [
        keeper.night(teams, FIRST + DAY * number)
        for number, teams in enumerate(
            (
                {"north": "North", "south": "South"},
                {"north": "North", "south": "Sud", "east": "East"},
                {"south": "Sud", "east": "East"},
                {"north": "Back", "south": "Sud", "east": "East"},
            )
        )
    ]
    assert [(night.added, night.changed, night.deleted) for night in nights] == [
        (2, 0, 0),
        (1, 1, 0),
        (0, 0, 1),
        (1, 0, 0),
    ]
    assert [night.tables["team"].rows for night in nights] == [2, 2, 1, 1]
    assert keeper.teams(FIRST) == [("north", "North", False), ("south", "South", False)]
    assert keeper.teams(FIRST + DAY) == [("east", "East", False), ("north", "North", False), ("south", "Sud", True)]
    assert keeper.teams(FIRST + 2 * DAY) == [("east", "East", False), ("south", "Sud", False)]
    assert keeper.con.execute("SELECT deleted_count FROM src._deleted WHERE contract_table = 'team'").fetchall() == [
        (1,)
    ]
    assert keeper.teams(FIRST + 3 * DAY) == [("east", "East", False), ("north", "Back", True), ("south", "Sud", False)]
    assert keeper.con.execute("SELECT recorded_at, added, changed, deleted FROM src._nights").fetchall() == [
        ((FIRST + DAY * number).replace(tzinfo=None), night.added, night.changed, night.deleted)
        for number, night in enumerate(nights)
    ]
    assert keeper.con.execute(
        "SELECT _first_recorded_at, _recorded_at FROM src.team WHERE team_code = 'north'"
    ).fetchall() == [(FIRST.replace(tzinfo=None), (FIRST + 3 * DAY).replace(tzinfo=None))]


def test_the_versions_of_what_later_nights_touched_can_be_had_for_any_night(tmp_path: Path) -> None:
    """
    | night | call 1 | call 2 | call 3 | call 4 |
    | 1     | put    | put    |        |        |
    | 2     | put    |        | put    |        |
    | 3     | gone   |        |        | put    |
    Call 2 came with the first night and never changed: nobody asks for it.
    """
    keeper = Keeper(tmp_path)
    nine = datetime(2026, 1, 30, 8)  # noqa: DTZ001
    for number, calls in enumerate(({1: "1", 2: "1"}, {1: "2", 2: "1", 3: "1"}, {2: "1", 3: "1", 4: "1"})):
        rows = {
            "call": [
                {"call_id": key, "call_no": f"C{key}", "priority": word, "call_arrival": nine, "updated_at": nine}
                for key, word in calls.items()
            ]
        }
        keeper.stage(rows)
        found = keeper.history.compare(keeper.con, keeper.staged)
        keeper.history.commit(keeper.con, keeper.staged, found, source=FACTS, checks=(), as_of=FIRST + DAY * number)
    every = []
    for number in range(3):
        keeper.history.in_force(keeper.con, FIRST + DAY * number)
        every.append(
            keeper.con.execute(
                "SELECT key, day(recorded_at), op, clock FROM src._version ORDER BY key, recorded_at"
            ).fetchall()
        )
    changed = [(1, 30, "put", nine), (1, 31, "put", nine)]
    assert every == [
        [],
        [*changed, (3, 31, "put", nine)],
        [*changed, (1, 1, "gone", None), (3, 31, "put", nine), (4, 1, "put", nine)],
    ]
    keeper.con.close()


def test_what_was_written_is_never_touched_again(keeper: Keeper) -> None:
    def content() -> dict[str, tuple[str, int]]:
        return {
            str(path): (hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_mtime_ns)
            for path in keeper.history.folder.rglob("*")
            if path.is_file()
        }

    keeper.night({"north": "North"}, FIRST)
    before = content()
    keeper.night({"north": "Nord"}, FIRST + DAY)
    assert before.items() <= content().items()
    assert [path.name for path in (keeper.history.folder / "20260131T090000.000Z").iterdir()] != []


def test_a_night_without_news_stores_no_rows(keeper: Keeper) -> None:
    keeper.night({"north": "North"}, FIRST)
    night = keeper.night({"north": "North"}, FIRST + DAY)
    assert [path.name for path in (keeper.history.folder / night.name).iterdir()] == [NIGHT_FILE]


def test_recorded_times_grow_whatever_the_clock_does(keeper: Keeper) -> None:
    nights = [keeper.night({"north": str(number)}, as_of) for number, as_of in enumerate((FIRST, FIRST, FIRST - DAY))]
    assert [night.recorded_at for night in nights] == [
        "2026-01-30T09:00:00.000Z",
        "2026-01-30T09:00:00.001Z",
        "2026-01-30T09:00:00.002Z",
    ]
    assert [night.as_of for night in nights][1:] == ["2026-01-30T09:00:00.000Z", "2026-01-29T09:00:00.000Z"]


@pytest.mark.parametrize(
    "damage", ["changed file", "missing file", "changed night", "missing night", "unreadable night"]
)
def test_damage_is_found_and_named(keeper: Keeper, damage: str) -> None:
    first = keeper.night({"north": "North"}, FIRST)
    keeper.night({"north": "Nord"}, FIRST + DAY)
    folder = keeper.history.folder / first.name
    file = folder / "team.parquet"
    if damage == "changed file":
        file.write_bytes(file.read_bytes()[:-1] + b"!")
    elif damage == "missing file":
        file.unlink()
    elif damage == "changed night":
        (folder / NIGHT_FILE).write_text((folder / NIGHT_FILE).read_text().replace('"Tiny"', '"Toy"'))
    elif damage == "missing night":
        folder.rename(folder.with_name("aside"))
    else:
        (folder / NIGHT_FILE).write_text("{")
    named = {"changed file": "team.parquet", "missing file": "team.parquet", "unreadable night": first.name}
    with pytest.raises(HistoryDamaged, match=named.get(damage, "20260131T090000.000Z")):
        keeper.teams(FIRST + DAY)
    with pytest.raises(HistoryDamaged):
        History(keeper.history.folder).compare(keeper.con, keeper.staged)


def test_a_commit_that_fails_leaves_nothing(keeper: Keeper, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_arguments: object) -> None:
        raise OSError("disk full")

    keeper.night({"north": "North"}, FIRST)
    monkeypatch.setattr(keeping, "store", fail)
    with pytest.raises(OSError, match="disk full"):
        keeper.night({"north": "Nord"}, FIRST + DAY)
    assert [path.name for path in keeper.history.folder.iterdir()] == ["20260130T090000.000Z"]


@pytest.mark.parametrize("codes", [["north", "north"], ["north", None]])
def test_keys_that_are_none_are_refused(keeper: Keeper, codes: list[str | None]) -> None:
    keeper.night({}, FIRST)
    table = next(table for table in TABLES if table.name == "team")
    rows = [{"team_code": code, "name": "North", "kind": "mobile"} for code in codes]
    pq.write_table(pa.Table.from_pylist(rows, schema=schema(table)), keeper.staged / "team.parquet")
    with pytest.raises(ContractBroken, match=r"team\.team_code is null or not unique in 1 rows"):
        keeper.history.compare(keeper.con, keeper.staged)


def test_files_of_an_older_contract_are_read_with_nulls(keeper: Keeper, monkeypatch: pytest.MonkeyPatch) -> None:
    older = tuple(
        replace(table, columns=tuple(column for column in table.columns if column.name != "kind"))
        if table.name == "team"
        else table
        for table in TABLES
    )
    with monkeypatch.context() as patch:
        patch.setattr(keeping, "TABLES", older)
        patch.setattr(versions, "TABLES", older)
        updated = datetime(2026, 1, 1)  # noqa: DTZ001
        for table in older:
            rows = [{"team_code": "north", "name": "North", "updated_at": updated}] if table.name == "team" else []
            pq.write_table(pa.Table.from_pylist(rows, schema=schema(table)), keeper.staged / f"{table.name}.parquet")
        found = keeper.history.compare(keeper.con, keeper.staged)
        keeper.history.commit(keeper.con, keeper.staged, found, source=FACTS, checks=(), as_of=FIRST)
    keeper.teams(FIRST)
    assert keeper.con.execute("SELECT team_code, kind FROM src.team").fetchall() == [("north", None)]


NAMES = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), min_size=1, max_size=4)
NIGHTS = st.lists(st.dictionaries(st.sampled_from("abcde"), NAMES, max_size=4), min_size=1, max_size=5)


@settings(max_examples=6, deadline=None)
@given(nights=NIGHTS)
def test_any_sequence_of_nights_comes_back(tmp_path_factory: pytest.TempPathFactory, nights: list[Rows]) -> None:
    keeper = Keeper(tmp_path_factory.mktemp("any"))
    before: Rows = {}
    for number, teams in enumerate(nights):
        night = keeper.night(teams, FIRST + DAY * number)
        assert night.added == len(teams.keys() - before.keys())
        assert night.deleted == len(before.keys() - teams.keys())
        assert night.changed == sum(before[code] != teams[code] for code in teams.keys() & before.keys())
        before = teams
    for number, teams in enumerate(nights):
        found = keeper.teams(FIRST + DAY * number)
        assert {code: name for code, name, _revised in found} == teams
    keeper.con.close()
