"""Small files and mappings for the import tests, and what stands in the database afterwards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import text

from jobs.source.csv.library import load
from jobs.source.csv.mapping import Mapping
from jobs.source.csv.run import FileOutcome, import_files
from models.database import engine
from models.settings import JobSettings

CALLS = """
title = "Calls of a town"
publisher = "A town"
licence = "Open"
attribution = "Calls: a town."
city = "Town"
zone = "America/Toronto"
grain = "unit_response"
grain_note = "One row is one unit."
natural_key = ["call", "unit"]
null_words = ["NA"]
midnight = "no_time"

[clocks.received]
column = "received"

[clocks.arrived]
column = "arrived"
formats = ["iso", "%d/%m/%Y %H:%M"]

[clocks.clear]
column = "clear"

[codes.outcome]
closed = true
words = { "Met" = "engaged", "Gone away" = "gone_on_arrival" }

[codes.priority.words]
"High" = "1"
"Low" = "4"

[[rows.team]]
team_code = "mobile"
name = "Mobile team"
kind = "mobile"

[tables.location]
key = ["call"]
[tables.location.columns]
area_word = { column = "area", style = "three_digits" }
latitude = "latitude"

[tables.call]
key = ["call"]
latest = ["closed_at"]
[tables.call.columns]
call_no = "call"
kind = { value = "service" }
priority = { column = "priority", codes = "priority" }
call_arrival = { clock = "received" }
call_create = { clock = "received" }
closed_at = { clock = "clear" }
location_id = { link = "location" }

[tables.unit_response]
[tables.unit_response.columns]
call_id = { link = "call" }
unit_id = "unit"
team_code = { value = "mobile" }
time_on_scene = { clock = "arrived" }
time_unit_clear = { clock = "clear" }
contact_outcome = { column = "outcome", codes = "outcome" }
police_requested = { column = "police", default = false }
"""

HEADER = "call,unit,received,arrived,clear,area,latitude,priority,outcome,police"
GOOD = "7,A1,2026-03-01 10:00:00,2026-03-01 10:20:00,2026-03-01 11:00:00,14,43.7,High,Met,yes"


@dataclass(frozen=True)
class Desk:
    """A folder with a mapping, and a crisis database to import into."""

    home: Path

    @property
    def settings(self) -> JobSettings:
        return JobSettings()

    def mapping(self, content: str = CALLS, name: str = "town") -> Mapping:
        path = self.home / f"{name}.toml"
        path.write_text(content, "utf-8")
        return load(str(path))

    def file(self, *rows: str, header: str = HEADER, name: str = "calls.csv") -> Path:
        path = self.home / name
        path.write_text("\n".join((header, *rows)) + "\n", "utf-8")
        return path

    def take(self, *rows: str, mapping: Mapping | None = None, **options: Any) -> FileOutcome:
        """Import rows under the usual header."""
        (outcome,) = import_files(mapping or self.mapping(), [self.file(*rows)], self.settings, **options)
        return outcome

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        made = engine(self.settings.source_database, read_only=True)
        with made.connect() as connection:
            found = [tuple(row) for row in connection.execute(text(query))]
        made.dispose()
        return found

    def write(self, statement: str) -> None:
        made = engine(self.settings.source_database)
        with made.begin() as connection:
            connection.execute(text(statement))
        made.dispose()

    def one(self, query: str) -> Any:
        """The single value of a query."""
        ((value,),) = self.rows(query)
        return value

    def rejected(self, outcome: FileOutcome) -> list[str]:
        """The lines of the rejects file, without its header and file name."""
        assert outcome.rejects_file is not None
        return [line.split(",", 1)[1] for line in Path(outcome.rejects_file).read_text("utf-8").splitlines()[1:]]


def counted(outcome: FileOutcome) -> dict[str, tuple[int, int, int]]:
    """New, changed and unchanged records by table."""
    return {name: (tally.added, tally.changed, tally.unchanged) for name, tally in outcome.tables.items()}


def changed(row: str, **cells: str) -> str:
    """A row with other cells, by column name."""
    names: Sequence[str] = HEADER.split(",")
    values = dict(zip(names, row.split(","), strict=True)) | cells
    return ",".join(values[name] for name in names)
