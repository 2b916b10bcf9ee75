"""What jobs write for a log: one JSON object a line, whatever happens, and no value of a row in any of them.

Every text of the source that names people, places or cases is marked, and one code is a word that nobody knows; then a
night that publishes, one that fails as foreseen and one that fails in a way that nobody foresaw, in real processes.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from jobs.migrate import upgrade_service
from jobs.source.contract import TABLES, Kind
from models.database import engine
from models.settings import JobSettings
from tests.helpers.tiny import tiny_source

MARK = "Qzx7Marked"
FREE = ("name", "_no", "_word", "_flags", "_value", "recorded_by", "version")
"""Ends of the names of columns that hold words of people and places, numbers of cases, or what somebody typed."""
RUN = "import sys; sys.argv = ['crisis', {words}]; from jobs.cli import main; main()"
UNFORESEEN = """
import sys
from functools import partial
from jobs import cli
from jobs.commands import refresh as command
from jobs.refresh.run import refresh
from jobs.refresh.steps import Numbers
from tests.helpers.nights import QUICK
from tests.jobs.test_logs import bursts

command.run_refresh = partial(refresh, numbers=Numbers(bursts, QUICK.compute, QUICK.check))
sys.argv = ["crisis", "refresh", "--json"]
cli.main()
"""


def bursts(con: Any, _parameters: object) -> None:
    """Stand-in for clean: an error whose own words hold a value of a row."""
    con.execute("SELECT CAST(name AS INTEGER) FROM src.team")


def marked(home: Path) -> tuple[JobSettings, int]:
    """A source with marks, and in how many columns."""
    settings = JobSettings(home=home)
    tiny_source(settings.source_database, 40)
    upgrade_service(settings.service_database)
    opened, columns = engine(settings.source_database), 0
    with opened.begin() as connection:
        named = {
            (table.name, column.name)
            for table in TABLES
            for column in table.columns
            if column.kind is Kind.TEXT and column.codes is None and column.name.endswith(FREE)
        }
        for table, column in sorted(named):
            done = connection.execute(text(f"UPDATE {table} SET {column} = :mark || rowid"), {"mark": MARK})
            columns += done.rowcount > 0
        connection.execute(text("UPDATE incident SET type_code = :mark WHERE incident_id = 3"), {"mark": f"{MARK}Code"})
    opened.dispose()
    return settings, columns


def lines(program: str, home: Path) -> tuple[int, list[dict[str, Any]]]:
    """Exit code and every line of both streams as JSON; what is none fails here."""
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=os.environ | {"CRISIS_HOME": str(home)},
        capture_output=True,
        text=True,
        check=False,
    )
    said = [*done.stderr.splitlines(), *done.stdout.splitlines()]
    assert said
    return done.returncode, [json.loads(line) for line in said]


def test_a_log_is_one_object_a_line_and_holds_no_value_of_a_row(
    home: Path, monkeypatch: pytest.MonkeyPatch, figure: Callable[[str], None]
) -> None:
    settings, columns = marked(home)
    assert columns > 8
    refresh = RUN.format(words="'refresh', '--json'")
    monkeypatch.setenv("CRISIS_NOW", "2026-01-04T15:00:00Z")
    every = []
    code, said = lines(refresh, home)
    assert (code, said[-1]["state"]) == (0, "published"), said[-1]
    steps = [each["step"] for each in said if each.get("event") == "Done"]
    assert steps == ["contract", "extract", "history", "clean", "compute", "check", "build", "publish", "prune"]
    assert all(each["seconds"] >= 0 for each in said if each.get("event") == "Done")
    every += said

    monkeypatch.setenv("CRISIS_NOW", "2026-01-05T07:00:00Z")
    code, said = lines(UNFORESEEN, home)
    assert code == 1
    (failed,) = [each for each in said if each.get("event") == "Failed"]
    assert (failed["error_code"], failed["message"]) == ("InternalError", "ConversionException")
    assert (said[-1]["state"], said[-1]["error_code"]) == ("failed", "InternalError")
    every += said

    opened = engine(settings.source_database)
    with opened.begin() as connection:
        connection.execute(text("ALTER TABLE team RENAME COLUMN kind TO sort"))
    opened.dispose()
    code, said = lines(refresh, home)
    assert code == 11
    assert [each["error_code"] for each in said if each.get("event") == "Failed"] == ["ContractBroken"]
    every += said
    assert MARK not in json.dumps(every)
    service = engine(settings.service_database)
    with service.connect() as connection:
        kept = [
            tuple(row)
            for table in ("refresh_run", "refresh_step", "refresh_check")
            for row in connection.execute(text(f"SELECT * FROM {table}"))
        ]
    service.dispose()
    assert MARK not in str(kept)
    figure(
        f"log lines of three nights: {len(every)} of {len(every)} are JSON, none holds one of {columns} marked columns"
    )
