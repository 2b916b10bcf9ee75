"""Every type of SQL Server that a source may use, written as T-SQL and read through the driver into history's types."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import MetaData, Table

from jobs.source.contract import ContractColumn, ContractTable, Kind
from jobs.source.sqlserver import statements
from jobs.source.sqlserver.convert import Converter
from jobs.source.sqlserver.offers import Offer, tables
from jobs.source.sqlserver.session import session
from models.errors import ContractBroken
from models.sqlserver import Dialling
from tests.sqlserver.places import Place

TYPES = """
column     | declared as      | written                                | kind    | read
text_n     | NVARCHAR(50)     | N'Žofie, 東'                           | TEXT    | Žofie, 東
text_max   | NVARCHAR(MAX)    | N'as long as it likes'                 | TEXT    | as long as it likes
text_v     | VARCHAR(20)      | 'plain'                                | TEXT    | plain
text_c     | CHAR(6)          | 'ab'                                   | TEXT    | ab
guid       | UNIQUEIDENTIFIER | '6f9619ff-8b86-d011-b42d-00c04fc964ff' | TEXT    | 6F9619FF-8B86-D011-B42D-00C04FC964FF
big        | BIGINT           | 9223372036854775807                    | NUMBER  | 9223372036854775807
small      | SMALLINT         | -5                                     | NUMBER  | -5
tiny       | TINYINT          | 255                                    | NUMBER  | 255
whole      | DECIMAL(18,0)    | 123456789012                           | NUMBER  | 123456789012
place      | DECIMAL(9,6)     | -79.383184                             | DECIMAL | -79.383184
ratio      | FLOAT            | 0.125                                  | DECIMAL | 0.125
yes        | BIT              | 1                                      | FLAG    | True
number_yes | TINYINT          | 0                                      | FLAG    | False
fine       | DATETIME2(7)     | '2026-01-31T08:00:00.1234567'          | INSTANT | 2026-01-31 08:00:00.123456
seconds    | DATETIME2(0)     | '2026-01-31T08:00:00'                  | INSTANT | 2026-01-31 08:00:00
old        | DATETIME         | '2026-01-31T08:00:00.003'              | INSTANT | 2026-01-31 08:00:00.003000
minutes    | SMALLDATETIME    | '2026-01-31T08:00:00'                  | INSTANT | 2026-01-31 08:00:00
summer     | DATETIMEOFFSET(7)| '2026-11-01T01:30:00.5-04:00'          | INSTANT | 2026-11-01 05:30:00.500000
winter     | DATETIMEOFFSET(0)| '2026-11-01T01:30:00-05:00'            | INSTANT | 2026-11-01 06:30:00
half_hour  | DATETIMEOFFSET(3)| '2026-01-31T00:10:00+05:30'            | INSTANT | 2026-01-30 18:40:00
day        | DATE             | '2026-01-31'                           | INSTANT | 2026-01-31 00:00:00
"""

LOCAL = """
column     | declared as      | written               | read in UTC         | doubt
plain      | DATETIME2(3)     | '2026-07-01T12:00:00' | 2026-07-01 16:00:00 |
doubled    | DATETIME2(3)     | '2026-11-01T01:30:00' | 2026-11-01 05:30:00 | ambiguous
lost       | DATETIME         | '2026-03-08T02:30:00' | 2026-03-08 07:30:00 | missing
day        | DATE             | '2026-07-01'          | 2026-07-01 04:00:00 | date_only
offset_own | DATETIMEOFFSET(0)| '2026-11-01T01:30:00-05:00' | 2026-11-01 06:30:00 |
"""


def lines(table: str) -> list[dict[str, str]]:
    """An ASCII table as rows by column name."""
    head, *rows = [[cell.strip() for cell in line.split("|")] for line in table.strip().splitlines()]
    return [dict(zip(head, row, strict=True)) for row in rows]


def contract(*columns: tuple[str, Kind]) -> ContractTable:
    """A contract of this test's own."""
    made = [ContractColumn("id", Kind.NUMBER, False, "", None, False)]
    made += [ContractColumn(name, kind, True, "", None, False) for name, kind in columns]
    return ContractTable("thing", "id", tuple(made), "", Table("thing", MetaData()))


def read(place: Place, table: ContractTable, zone: str) -> tuple[list[dict[str, Any]], Converter]:
    """The rows as they go to the history."""
    with session(place.address, Dialling()) as reader:
        offer = Offer(table, "[thing]", tables(reader)["thing"], zone)
        converter = Converter(offer)
        query = statements.chunk(offer.source, converter.columns, "id", "bigint", 10, first=True)
        parts = reader.taken(query, (), lambda rows: [converter.part(columns) for columns in rows])
        return converter.whole(parts).to_pylist(), converter


def test_every_type_goes_through_the_driver_whole(place: Place) -> None:
    rows = lines(TYPES)
    place.make(
        "thing", "id BIGINT NOT NULL, " + ", ".join(f"{row['column']} {row['declared as']} NULL" for row in rows)
    )
    place.run(
        f"INSERT INTO thing (id, {', '.join(row['column'] for row in rows)}) "
        f"VALUES (1, {', '.join(row['written'] for row in rows)})",
        "INSERT INTO thing (id) VALUES (2)",
    )
    full, empty = read(place, contract(*((row["column"], Kind[row["kind"]]) for row in rows)), "UTC")[0]
    assert {name: str(value) for name, value in full.items()} == {"id": "1"} | {
        row["column"]: row["read"] for row in rows
    }
    assert [value for name, value in empty.items() if name != "id"] == [None] * len(rows)


@pytest.mark.parametrize("flagged", [True, False])
def test_naive_clocks_are_of_the_declared_zone_and_doubts_are_said(place: Place, flagged: bool) -> None:
    rows = lines(LOCAL)
    clocks = [(row["column"], Kind.INSTANT) for row in rows]
    place.make(
        "thing",
        "id BIGINT NOT NULL, clock_flags NVARCHAR(512) NULL, "
        + ", ".join(f"{row['column']} {row['declared as']} NULL" for row in rows),
    )
    place.run(
        f"INSERT INTO thing (id, clock_flags, {', '.join(row['column'] for row in rows)}) "
        f"VALUES (1, 'plain:day_unknown', {', '.join(row['written'] for row in rows)})"
    )
    table = contract(*clocks, *([("clock_flags", Kind.TEXT)] if flagged else []))
    (found,), converter = read(place, table, "America/Toronto")
    assert {row["column"]: str(found[row["column"]]) for row in rows} == {
        row["column"]: row["read in UTC"] for row in rows
    }
    doubts = {row["column"]: row["doubt"] for row in rows if row["doubt"]}
    if flagged:
        said = [f"{name}:{doubt}" for name, doubt in doubts.items()]
        assert found["clock_flags"].split(";") == ["plain:day_unknown", *said]
    else:
        assert dict(converter.unsaid) == dict.fromkeys(doubts, 1)


def test_a_value_that_does_not_fit_is_named_by_its_column_alone(place: Place) -> None:
    place.make("thing", "id BIGINT NOT NULL, yes INT NULL")
    place.run("INSERT INTO thing VALUES (1, 4711)")
    with pytest.raises(ContractBroken, match=r"^thing\.yes holds a value that is no true or false$"):
        read(place, contract(("yes", Kind.FLAG)), "UTC")


def test_a_moment_as_parameter_keeps_its_fraction(place: Place) -> None:
    place.make("thing", "id BIGINT NOT NULL, fine DATETIME2(6) NULL")
    at = datetime(2026, 1, 31, 8, 0, 0, 123456)  # noqa: DTZ001
    with place.engine.begin() as connection:
        connection.exec_driver_sql("INSERT INTO thing (id, fine) VALUES (1, ?)", (at,))
    with session(place.address, Dialling()) as reader:
        assert reader.rows("SELECT [id] FROM [thing] WHERE [fine] = ?", [at])[0][0] == 1
