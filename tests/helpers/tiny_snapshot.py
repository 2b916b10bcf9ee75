"""Small real snapshots for tests: seeded rows typed by the catalogue, built by the same code as every night's.

`tiny_snapshot(folder)` gives a published snapshot of all views whose areas, teams and days agree between
views; `big_snapshot(folder, "Calls", 1_000_000)` makes one long view in seconds, inside DuckDB.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator
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
AREAS = ("001", "002", "003", "nsa")
TEAMS = ("east", "west", "none")
WORDS = (
    "plain",
    "O'Brien",
    'said "no"',
    "back\\slash",
    "50% off_",
    "Ünïcödé 日本 🚑",
    "two\nlines\tand a tab",
    "",
    "a&b=c#d?e/f+g",
)
FIRST_DAY = date(2025, 12, 1)

PUBLISHED = tuple(view for view in CATALOGUE.views.values() if not view.live)


def version_as_of(moment: datetime = AS_OF, number: int = 1) -> str:
    """A well-formed version name."""
    return f"{moment.astimezone(UTC):%Y%m%dT%H%M%SZ}-{number:012x}"


def tiny_snapshot(
    folder: Path,
    *,
    seed: int = 1,
    rows: int = 50,
    views: Iterable[View] = PUBLISHED,
    as_of: datetime = AS_OF,
    publish: bool = True,
) -> Manifest:
    """Build `folder/<version>/` with about `rows` rows in each of `views` and point to it.

    The same seed gives the same rows; another seed another version. Views of few possible keys get as many
    rows as they have keys.
    """
    chosen = tuple(view for view in views if not view.live)
    with duckdb.connect() as con:
        con.execute("SET TimeZone = 'UTC'")
        con.execute("CREATE SCHEMA pub")
        for view in chosen:
            _fill(con, view, random.Random(f"{seed} {view.name}"), rows)
        made = build(con, folder, head(version_as_of(as_of, seed), as_of, chosen), chosen)
    if publish:
        layout.point_to(folder, made.version)
    return made


def big_snapshot(folder: Path, view: str, rows: int, *, as_of: datetime = AS_OF, publish: bool = True) -> Manifest:
    """Build a snapshot that holds only `view`, with exactly `rows` rows, made inside DuckDB.

    Row n (0-based, in key order where the order is a day and a number): day n // 1000, area n % 158 in three
    digits, numbers n, texts `w0` to `w9`; nullable columns are null in every seventh row.
    """
    declared = CATALOGUE.views[view]
    columns = ", ".join(f"{_formula(declared, column)} AS {quoted(column.name)}" for column in _values(declared))
    with duckdb.connect() as con:
        con.execute("SET TimeZone = 'UTC'")
        con.execute("CREATE SCHEMA pub")
        con.execute(f"CREATE TABLE pub.{quoted(view)} AS SELECT {columns} FROM range({rows}) AS made(n)")
        made = build(con, folder, head(version_as_of(as_of, rows), as_of, [declared]), [declared])
    if publish:
        layout.point_to(folder, made.version)
    return made


def head(version: str, as_of: datetime, views: Iterable[View]) -> Head:
    """What such a snapshot says about itself."""
    return Head(
        version=version,
        as_of=as_of,
        history_until=as_of,
        source_watermark=as_of - timedelta(hours=1),
        synthetic=True,
        attribution="Made up for a test.",
        city_zone="America/Toronto",
        cleaning_profile="product",
        catalogue_version=CATALOGUE.version,
        engine_version="test",
        definitions={view.name: "0" * 64 for view in views},
    )


def _values(view: View) -> tuple[Column, ...]:
    return tuple(column for column in view.columns if column.name != "SnapshotId")


def _fill(con: duckdb.DuckDBPyConnection, view: View, dice: random.Random, rows: int) -> None:
    columns = _values(view)
    declared = ", ".join(f"{quoted(column.name)} {storage_type(column)}" for column in columns)
    con.execute(f"CREATE TABLE pub.{quoted(view.name)} ({declared})")
    made = list(_rows(view, columns, dice, rows))
    marks = ", ".join([f"({', '.join('?' for _ in columns)})"] * len(made))
    if made:  # one statement: many times faster than one for each row
        con.execute(f"INSERT INTO pub.{quoted(view.name)} VALUES {marks}", [value for row in made for value in row])


def _rows(view: View, columns: tuple[Column, ...], dice: random.Random, rows: int) -> Iterator[tuple[object, ...]]:
    """Up to `rows` rows with distinct keys; a repeated key is drawn again a few times, then left out."""
    seen = set()
    for number in range(rows * 4):
        row = {column.name: _draw(view, column, dice, number) for column in columns}
        key = tuple(row[name] for name in view.key)
        if key not in seen:
            seen.add(key)
            yield tuple(row.values())
        if len(seen) == rows:
            return


def _draw(view: View, column: Column, dice: random.Random, number: int) -> object:
    if column.nullable and dice.random() < 0.2:
        return None
    if column.codes:
        return dice.choice(CATALOGUE.codes[column.codes].codes).code
    if column.name == "AreaId":
        return dice.choice(AREAS)
    if column.name == "TeamCode":
        return dice.choice(TEAMS)
    if column.edm is Edm.STRING:
        return _text(view, column, dice, number)
    makers: dict[Edm, Callable[[], object]] = {
        Edm.BOOLEAN: lambda: dice.random() < 0.5,
        Edm.INT32: lambda: dice.choice((0, 1, 7, -3, 2_147_483_647, dice.randrange(1000))),
        Edm.INT64: lambda: number if column.name in view.key else dice.choice((0, 1, 2**53 + 1, dice.randrange(10**6))),
        Edm.DECIMAL: lambda: Decimal(dice.randrange(-(10**6), 10**6)).scaleb(-(column.scale or 0)),
        Edm.DOUBLE: lambda: dice.uniform(-180, 180),
        Edm.DATE: lambda: FIRST_DAY + timedelta(days=dice.randrange(60)),
        Edm.INSTANT: lambda: _instant(dice),
    }
    return makers[column.edm]()


def _text(view: View, column: Column, dice: random.Random, number: int) -> str:
    text = dice.choice(WORDS)
    if column.name in view.key:
        text = f"{text}{number}"
    return text[: column.max_length]


def _instant(dice: random.Random) -> datetime:
    midnight = datetime(2025, 12, 1, tzinfo=UTC).replace(tzinfo=None)
    return midnight + timedelta(milliseconds=dice.randrange(60 * 86_400_000))


def _formula(view: View, column: Column) -> str:
    """SQL of a column's value in row n of a long view."""
    formula = {
        Edm.STRING: "lpad(CAST(n % 158 AS VARCHAR), 3, '0')"
        if column.name == "AreaId"
        else "'w' || CAST(n AS VARCHAR)"
        if column.name in view.key
        else "'w' || CAST(n % 10 AS VARCHAR)",
        Edm.BOOLEAN: "n % 2 = 0",
        Edm.INT32: "CAST(n % 1000 AS INTEGER)",
        Edm.INT64: "n",
        Edm.DECIMAL: f"CAST(n % 1000 AS DECIMAL({column.precision},{column.scale}))",
        Edm.DOUBLE: "n / 7",
        Edm.DATE: "DATE '2020-01-01' + CAST(n // 1000 AS INTEGER)",
        Edm.INSTANT: "TIMESTAMP '2020-01-01' + to_seconds(n)",
    }[column.edm]
    if column.nullable:
        formula = f"CASE WHEN n % 7 = 3 THEN NULL ELSE {formula} END"
    return f"CAST({formula} AS {storage_type(column)})"
