"""Nights that ask for changes alone: the same history as full nights would make, with few rows read; deletes on full nights.

That MIN_ACTIVE_ROWVERSION() behaves as documented is not proved by the small server: only that it is asked for before the
first row, and what is done with it.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from jobs.migrate import upgrade_service
from jobs.refresh.history import History
from jobs.refresh.run import Outcome, refresh
from jobs.source.contract import TABLES
from jobs.source.marks import FILE
from models.settings import JobSettings
from tests.helpers.nights import QUICK
from tests.helpers.tds_server import Fault, Properties, Server, serving
from tests.helpers.tiny import tiny_source
from tests.sqlserver.drivers import Driver

DAYS = ("2026-02-01", "2026-02-02", "2026-02-03", "2026-02-12")


class Nights:
    """A served city and two homes: one refreshed by changes, one in full every night."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, server: Server, address: str, home: Path) -> None:
        self.monkeypatch = monkeypatch
        self.server = server
        self.changes = JobSettings(home=home / "changes", source_url=address, source_full_days=7)
        self.full = JobSettings(home=home / "full", source_url=address)
        for each in (self.changes, self.full):
            each.home.mkdir()
            upgrade_service(each.service_database)

    def run(self, day: str, settings: JobSettings | None = None) -> Outcome:
        """One night."""
        self.monkeypatch.setenv("CRISIS_NOW", f"{day}T09:00:00Z")
        return refresh(settings or self.changes, numbers=QUICK)

    def read(self, day: str) -> int:
        """Rows that a night of changes asked for."""
        outcome = self.run(day)
        detail = next(check.detail for check in outcome.checks if check.check == "source_reach")
        return int((re.search(r"(\d+) rows were read|read: (\d+)", detail) or [""])[0].translate(DIGITS))

    def write(self, *statements: str) -> None:
        """What the city's staff does."""
        with closing(sqlite3.connect(self.server.file)) as connection:
            connection.executescript(";".join(statements))

    def stored(self, settings: JobSettings) -> list[tuple[str, int, int, int]]:
        """Each night of a history: added, changed, deleted."""
        return [(night.name, night.added, night.changed, night.deleted) for night in History(settings.history).nights()]


DIGITS = {code: None for code in range(0x3000) if not chr(code).isdigit()}


@pytest.fixture(params=["updated_at", "rowversion"])
def nights(
    request: pytest.FixtureRequest, driver: Driver, tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> object:
    """The tiny city, by one clock or with a rowversion in each table."""
    file = tmp_path / "crisis.db"
    tiny_source(f"sqlite:///{file}")
    with closing(sqlite3.connect(file)) as connection:
        for table in TABLES:  # each row an hour after the one before
            connection.execute(
                f"UPDATE {table.name} SET updated_at = strftime('%Y-%m-%d %H:%M:%S.000000', '2026-01-01', '+' || rowid || ' hours')"
            )
        if request.param == "rowversion":
            connection.execute("ALTER TABLE call ADD COLUMN row_version ROWVERSION")
            connection.execute("UPDATE call SET row_version = x'0000000000000010'")
        connection.commit()
    properties = Properties(types={"DATETIME": "DATETIME2(6)"}, oldest_active_rowversion=0x20)
    with serving(file, properties=properties) as server:
        yield Nights(monkeypatch, server, driver.address(server.port), home)


CHANGE = (
    "UPDATE call SET priority = 'P1', updated_at = '2026-02-01 12:00:00.000000' WHERE call_id = 7",
    "INSERT INTO team SELECT 'new', name, kind, '2026-02-01 12:00:00.000000' FROM team LIMIT 1",
)
STAMP = "UPDATE call SET row_version = x'0000000000000021' WHERE call_id = 7"


def changed(nights: Nights) -> None:
    """One call and one team differ, as a source with that kind of mark writes it."""
    nights.write(*CHANGE)
    with closing(sqlite3.connect(nights.server.file)) as connection:
        if any(row[1] == "row_version" for row in connection.execute("PRAGMA table_info(call)")):
            connection.execute(STAMP)
            connection.commit()


def test_changes_make_the_same_history_as_full_nights_with_fewer_rows_read(
    nights: Nights, figure: Callable[[str], None]
) -> None:
    whole = nights.read(DAYS[0])
    changed(nights)
    few = nights.read(DAYS[1])
    nights.run(DAYS[0], nights.full)
    assert nights.stored(nights.changes)[1][1:] == (1, 1, 0)
    assert whole == 728
    assert few <= 2 + 3 * len(TABLES), "what changed, and the rows of each table's two hours of overlap"
    figure(f"driver path: 2 of {whole} rows changed, {few} read with the overlap")


def test_a_history_by_changes_equals_one_by_full_nights(nights: Nights) -> None:
    for day in DAYS[:3]:
        nights.run(day)
        nights.run(day, nights.full)
        changed(nights) if day == DAYS[0] else None
    nights.write("DELETE FROM call WHERE call_id = 60")
    assert (nights.run(DAYS[2]).state, nights.run(DAYS[3]).state) == ("unchanged", "published")
    nights.run(DAYS[3], nights.full)
    assert nights.stored(nights.changes) == nights.stored(nights.full)
    assert nights.stored(nights.full)[-1][1:] == (0, 0, 1), "the delete, found by the full night"


def test_full_reads_everything(nights: Nights) -> None:
    nights.run(DAYS[0])
    assert nights.read(DAYS[1]) < 728
    outcome = nights.run(DAYS[2], nights.changes.model_copy(update={"source_full_days": 0}))
    assert [check.detail for check in outcome.checks if check.check == "source_reach"] == [
        "everything was read: 728 rows"
    ]


@pytest.mark.parametrize("damage", ["gone", "broken", "of another night"])
def test_marks_that_are_not_of_the_latest_night_count_for_nothing(nights: Nights, damage: str) -> None:
    nights.run(DAYS[0])
    file = nights.changes.home / FILE
    if damage == "gone":
        file.unlink()
    else:
        file.write_text("{" if damage == "broken" else file.read_text().replace("20260201", "20260131"))
    assert nights.read(DAYS[1]) == 728


def test_a_failed_night_moves_no_mark(nights: Nights) -> None:
    nights.run(DAYS[0])
    before = (nights.changes.home / FILE).read_bytes()
    changed(nights)
    nights.server.faults.append(Fault(r"FROM \[request\]", error=229))
    with pytest.raises(Exception, match="does not let this login read"):
        nights.run(DAYS[1])
    assert (nights.changes.home / FILE).read_bytes() == before
    nights.run(DAYS[1])
    assert nights.stored(nights.changes)[1][1:] == (1, 1, 0)


def test_a_change_dated_in_the_future_hides_no_later_change(nights: Nights) -> None:
    nights.write("UPDATE team SET updated_at = '2099-01-01 00:00:00.000000' WHERE team_code = 'north'")
    nights.run(DAYS[0])
    changed(nights)
    nights.run(DAYS[1])
    assert nights.stored(nights.changes)[1][1:] == (1, 1, 0)


LATE = """
committed how late | found by a night of changes
1 hour             | yes
119 minutes        | yes
3 hours            | no
"""


@pytest.mark.parametrize("line", LATE.strip().splitlines()[1:])
@pytest.mark.parametrize("nights", ["updated_at"], indirect=True)
def test_a_change_that_was_committed_late_is_found_within_the_overlap_and_else_by_a_full_night(
    nights: Nights, line: str
) -> None:
    late, found = (cell.strip() for cell in line.split("|"))
    nights.run(DAYS[0])
    nights.write(
        "UPDATE call SET priority = 'P1', updated_at = strftime('%Y-%m-%d %H:%M:%S.000000', "
        f"(SELECT max(updated_at) FROM call), '-{late}') WHERE call_id = 7"
    )
    nights.run(DAYS[1])
    assert nights.stored(nights.changes)[1][1:] == (0, int(found == "yes"), 0)
    nights.run(DAYS[3])
    assert sum(changed for _name, _added, changed, _deleted in nights.stored(nights.changes)) == 1


def test_the_oldest_open_transaction_is_asked_for_before_the_first_row(nights: Nights) -> None:
    nights.run(DAYS[0])
    texts = nights.server.statements
    asked = [place for place, text in enumerate(texts) if "MIN_ACTIVE_ROWVERSION" in text]
    rows = next(place for place, text in enumerate(texts) if text.startswith("SELECT TOP (10001)"))
    assert all(place < rows for place in asked)


@pytest.mark.parametrize(
    ("database", "snapshot", "version"),
    [
        ("READ_WRITE", 0, "0000000000000020"),
        ("READ_WRITE", 1, "0000000000000020"),
        ("READ_ONLY", 0, None),
        ("READ_ONLY", 1, None),
    ],
)
def test_a_read_only_copy_gives_no_bound_of_rowversions(
    driver: Driver, tmp_path: Path, home: Path, *, monkeypatch: pytest.MonkeyPatch, database: str, snapshot: int,
    version: str | None,
) -> None:  # fmt: skip
    file = tmp_path / "crisis.db"
    tiny_source(f"sqlite:///{file}")
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("ALTER TABLE call ADD COLUMN row_version ROWVERSION")
        connection.execute("UPDATE call SET row_version = x'0000000000000010'")
        connection.commit()
    properties = Properties(database, snapshot, 0x20, {"DATETIME": "DATETIME2(6)"})
    with serving(file, properties=properties) as server:
        nights = Nights(monkeypatch, server, driver.address(server.port), home)
        nights.run(DAYS[0])
        kept = json.loads((nights.changes.home / FILE).read_text("utf-8"))["tables"]["call"]
        assert kept["version"] == version
        changed(nights)
        nights.run(DAYS[1])
    assert nights.stored(nights.changes)[-1][1:] == (1, 1, 0)
