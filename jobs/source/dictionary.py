"""The source contract as a page for the people who run the crisis database: models.crisis -> docs/source-contract.md.

Pure text. Run `python -m jobs.source.dictionary` to write the page anew; a test proves that it is current.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from jobs.source.contract import TABLES, ContractColumn, ContractTable
from models.catalogue import CATALOGUE

PAGE = Path(__file__).resolve().parents[2] / "docs" / "source-contract.md"
OPENING = """\
# Source contract

What a crisis database must offer so that the nightly refresh can read it: these tables, or read-only views of the
same names, with at least these columns. This page is generated from `models/crisis`; write it anew with
`python -m jobs.source.dictionary`.

- The job reads; it never writes, and it reads each table once a night, by key, in one transaction where the
  database can show one moment to a whole transaction.
- Clocks are UTC without an offset. Durations are worked out from clocks; do not send durations.
- Every table has one key column, unique and never null, and `updated_at`, when the row last changed.
- Code columns may hold words of the catalogue's code lists, or your own words with an entry each in `code_value`.
  Words that neither knows are counted and shown as `unknown`, never dropped.
- Links between tables need not hold: a broken one is counted in `DataQuality`.
- `crisis_marker` is optional; a city's own database has none. It says that the content is synthetic and names the
  zone and the licences of a demonstration or an import.

Before a row is read, the refresh proves every table, column and type, and names everything that is missing or wrong
at once (`ContractBroken`, exit code 11); `crisis refresh --check-only` does only that. After the extract it warns of
clocks in the future, words of no code list and a missing half day, and stops when a table lost more than half of its
rows (`crisis refresh --accept rows_lost` goes on).

| type | in SQL Server | in PostgreSQL | in SQLite |
|---|---|---|---|
| whole number | bigint, int, smallint | bigint, integer | BIGINT, INTEGER |
| text | nvarchar, varchar | text, varchar | VARCHAR, TEXT |
| date and time | datetime2, datetime | timestamp without time zone | DATETIME |
| true or false | bit | boolean | BOOLEAN, INTEGER |
| number | float, decimal | double precision, numeric | FLOAT, REAL, NUMERIC |
"""


def page() -> str:
    """The whole page as Markdown."""
    return "\n".join((OPENING, *(line for table in TABLES for line in _table(table)), *_codes())) + "\n"


def _table(table: ContractTable) -> Iterator[str]:
    yield f"## {table.name}\n"
    if table.note:
        yield f"{table.note}\n"
    yield "| column | type | null | meaning |"
    yield "|---|---|---|---|"
    yield from (_row(column, column.name == table.key) for column in table.columns)
    yield ""


def _row(column: ContractColumn, key: bool) -> str:
    name = f"`{column.name}`" + (" (key)" if key else "")
    return f"| {name} | {column.kind.words} | {'yes' if column.nullable else 'no'} | {column.description} |"


def _codes() -> Iterator[str]:
    yield "## Code lists\n"
    yield "| code list | words |"
    yield "|---|---|"
    named = sorted({column.codes for table in TABLES for column in table.columns if column.codes})
    yield from (f"| {name} | {', '.join(f'`{word}`' for word in CATALOGUE.codes[name].labels())} |" for name in named)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
