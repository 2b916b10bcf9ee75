"""Source rows -> the same rows as known at as-of and in the catalogue's words (schema `seen`), from declarations.

What can be said column by column is generated here from the source contract: clocks are masked, doubtful ones
made unknown, codes mapped. What a row means is written out in sql/fact. Called by clean.

Of a clock `c`: `c` is for intervals and hours (null where it was typed without a time, if the profile says so),
`typed_c` (call, incident, unit_response) keeps those for attributing a day, `later_c` says that it lies after as-of.
"""

from __future__ import annotations

from collections.abc import Iterator

import duckdb

from jobs.source.contract import TABLES, ContractColumn, ContractTable, Kind
from models.snapshot.rowtext import literal, quoted

PLANS = frozenset({"planned_at", "due_at"})
"""Clocks of the future by intent: never masked."""
FLAGS = "clock_flags"
READ = (
    "area",
    "team",
    "unit",
    "location",
    "incident",
    "call",
    "dispatch",
    "unit_response",
    "person_contact",
    "consent",
    "support",
    "referral",
    "follow_up",
    "request",
)
"""Contract tables that figures are made of."""
WATERMARK = "updated_at"


def table(name: str) -> ContractTable:
    """The contract table of that name. Raises StopIteration for a name that is none."""
    return next(each for each in TABLES if each.name == name)


def events(contract: ContractTable) -> tuple[str, ...]:
    """Clocks of things that happened: no plans, not the watermark."""
    return tuple(name for name in contract.instants() if name not in PLANS and name != WATERMARK)


def plans(contract: ContractTable) -> tuple[str, ...]:
    """Clocks of things that are planned."""
    return tuple(name for name in contract.instants() if name in PLANS)


def coded(contract: ContractTable) -> tuple[ContractColumn, ...]:
    """Columns that hold words of a code list."""
    return tuple(column for column in contract.columns if column.codes is not None)


def flagged(contract: ContractTable) -> bool:
    """Whether the importer can note doubts about the table's clocks."""
    return any(column.name == FLAGS for column in contract.columns)


def load(con: duckdb.DuckDBPyConnection) -> None:
    """Make table `catalogue.word` (every word that the source uses, and what it means) and the `seen` views."""
    words = " UNION ".join(
        f"SELECT {literal(column.codes or '')} AS code_list, {quoted(column.name)} AS raw "
        f"FROM src.{contract.name} WHERE {quoted(column.name)} IS NOT NULL"
        for contract in map(table, READ)
        for column in coded(contract)
    )
    con.execute(WORDS.format(words=words))
    for contract in map(table, READ):
        con.execute(f"CREATE VIEW seen.{contract.name} AS {_select(contract)}")


WORDS = """
-- A word is the code that it equals but for case and blanks, else what the source's own map says, else foreign.
CREATE TABLE catalogue.word AS
WITH used AS ({words}),
own AS (
    SELECT code_list, plain(code) AS word, code FROM catalogue.code
),
mapped AS (
    SELECT v.code_list, plain(v.source_code) AS word, c.code
    FROM src.code_value v
    JOIN catalogue.code c ON c.code_list = v.code_list AND plain(c.code) = plain(v.code)
    WHERE NOT EXISTS (FROM own WHERE own.code_list = v.code_list AND own.word = plain(v.source_code))
    QUALIFY row_number() OVER (PARTITION BY v.code_list, plain(v.source_code) ORDER BY v.code_value_id) = 1
)
SELECT
    u.code_list, u.raw,
    CASE WHEN plain(u.raw) IS NOT NULL THEN COALESCE(m.code, l.unmapped) END AS code,
    plain(u.raw) IS NOT NULL AND m.code IS NULL AS is_foreign
FROM used u
JOIN catalogue.code_list l ON l.code_list = u.code_list
LEFT JOIN (SELECT * FROM own UNION ALL SELECT * FROM mapped) m ON m.code_list = u.code_list AND m.word = plain(u.raw)
"""


def _select(contract: ContractTable) -> str:
    columns = ",\n    ".join(text for column in contract.columns for text in _column(contract, column))
    joins = "".join(
        f"\nLEFT JOIN catalogue.word AS {quoted('word of ' + column.name)} "
        f"ON {quoted('word of ' + column.name)}.code_list = {literal(column.codes or '')} "
        f"AND {quoted('word of ' + column.name)}.raw = s.{quoted(column.name)}"
        for column in coded(contract)
    )
    return f"SELECT\n    {columns},\n    s._first_recorded_at\nFROM src.{contract.name} s{joins}"


def _column(contract: ContractTable, column: ContractColumn) -> Iterator[str]:
    name = quoted(column.name)
    if column.codes is not None:
        yield f"{quoted('word of ' + column.name)}.code AS {name}"
    elif column.kind is not Kind.INSTANT:
        yield f"s.{name}"
    elif column.name == WATERMARK:
        yield f"date_trunc('millisecond', s.{name}) AS {name}"
    elif column.name in PLANS:
        yield f"CASE WHEN NOT too_early(s.{name}) THEN date_trunc('millisecond', s.{name}) END AS {name}"
    elif flagged(contract):
        yield f"timed(s.{name}, s.{FLAGS}, {literal(column.name)}) AS {name}"
        yield f"known(s.{name}) AS {quoted('typed_' + column.name)}"
        yield f"not_yet(s.{name}) AS {quoted('later_' + column.name)}"
    else:
        yield f"known(s.{name}) AS {name}"
        yield f"not_yet(s.{name}) AS {quoted('later_' + column.name)}"
