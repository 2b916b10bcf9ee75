"""Rows for `pub."<View>"` made from the catalogue alone: any view, any number of rows, every time the same."""

from __future__ import annotations

import random
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import duckdb

from jobs.refresh.build import Head, build
from models.catalogue import CATALOGUE
from models.catalogue.types import Column, Edm, View
from models.snapshot import layout
from models.snapshot.manifest import Manifest
from models.snapshot.rowtext import quoted, storage_type

AS_OF = datetime(2026, 1, 31, 9, tzinfo=UTC)
VERSION = "20260131T090000Z-0123456789ab"
WORDS = ("plain", 'with "quotes"', "with 'apostrophe'", "back\\slash", "Ünïcödé 日本", "line\nbreak", "", " % _ ")


def value(column: Column, number: int, *, key: bool) -> object:
    """The value of a column in row `number`; for a column of the order every number gives another value."""
    if column.nullable and not key and number % 5 == 0:
        return None
    return {
        Edm.STRING: lambda: f"{number:06d}" if key else WORDS[number % len(WORDS)],
        Edm.BOOLEAN: lambda: number % 2 == 0,
        Edm.INT32: lambda: number,
        Edm.INT64: lambda: number * 3_000_000_000,
        Edm.DECIMAL: lambda: Decimal(number) / 100,
        Edm.DOUBLE: lambda: number / 7,
        Edm.DATE: lambda: date(2000, 1, 1) + timedelta(days=number),
        Edm.INSTANT: lambda: datetime(2020, 1, 1) + timedelta(minutes=number, milliseconds=number % 1000),  # noqa: DTZ001
    }[column.edm]()


def publish_rows(con: duckdb.DuckDBPyConnection, view: View, rows: int) -> None:
    """Make `pub."<View>"` with `rows` rows in shuffled order."""
    con.execute("CREATE SCHEMA IF NOT EXISTS pub")
    columns = [column for column in view.columns if column.name != "SnapshotId"]
    declared = ", ".join(f"{quoted(column.name)} {storage_type(column)}" for column in columns)
    con.execute(f"CREATE OR REPLACE TABLE pub.{quoted(view.name)} ({declared})")
    numbers = list(range(rows))
    random.Random(view.name).shuffle(numbers)
    marks = ", ".join("?" for _ in columns)
    table = [[value(column, number, key=column.name in view.order) for column in columns] for number in numbers]
    if table:
        con.executemany(f"INSERT INTO pub.{quoted(view.name)} VALUES ({marks})", table)


def head(version: str = VERSION, as_of: datetime = AS_OF, views: Iterable[View] = CATALOGUE.views.values()) -> Head:
    """A head that fits `publish_rows`."""
    return Head(
        version=version,
        as_of=as_of,
        history_until=as_of,
        source_watermark=as_of - timedelta(hours=1),
        synthetic=True,
        attribution="Made up.",
        city_zone="America/Toronto",
        cleaning_profile="product",
        catalogue_version=CATALOGUE.version,
        engine_version="test",
        definitions={view.name: "0" * 64 for view in views},
    )


def snapshot(snapshots: Path, rows: int = 30, version: str = VERSION, as_of: datetime = AS_OF) -> Manifest:
    """Build and publish a snapshot with `rows` made-up rows in every view."""
    with duckdb.connect() as con:
        con.execute("SET TimeZone = 'UTC'")
        for view in CATALOGUE.views.values():
            if not view.live:
                publish_rows(con, view, rows)
        made = build(con, snapshots, head(version, as_of), tuple(CATALOGUE.views.values()))
    layout.point_to(snapshots, made.version)
    return made
