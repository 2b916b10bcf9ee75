"""Edm type -> DuckDB type and -> the SQL that writes a row as OData JSON. Pure text; publish and API both use it,
so that a row has the same bytes whether it is sliced from the row text or selected.

Source of the formats: OData JSON 4.01, section 7.1. Decimals keep their scale and never get an exponent;
instants always carry Z and milliseconds.
"""

from __future__ import annotations

from collections.abc import Sequence

from models.catalogue.types import Column, Edm

ROW = "_row"


def quoted(name: str) -> str:
    """A name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A text as an SQL literal; for names of ours, never for a caller's values (those are bound)."""
    return "'" + text.replace("'", "''") + "'"


def storage_type(column: Column) -> str:
    """DuckDB type of a published column."""
    if column.edm is Edm.DECIMAL:
        return f"DECIMAL({column.precision},{column.scale})"
    return {
        Edm.STRING: "VARCHAR",
        Edm.BOOLEAN: "BOOLEAN",
        Edm.INT32: "INTEGER",
        Edm.INT64: "BIGINT",
        Edm.DOUBLE: "DOUBLE",
        Edm.DATE: "DATE",
        Edm.INSTANT: "TIMESTAMP",
    }[column.edm]


def json_value(edm: Edm, sql: str, *, numbers_as_text: bool = False) -> str:
    """SQL whose `to_json` is the OData JSON of the value of type `edm` that `sql` computes.

    `numbers_as_text` is IEEE754Compatible=true: Int64 and Decimal as strings.
    """
    if edm is Edm.INSTANT:
        return f"strftime({sql}, '%Y-%m-%dT%H:%M:%S.%gZ')"
    if numbers_as_text and edm in (Edm.INT64, Edm.DECIMAL):
        return f"CAST({sql} AS VARCHAR)"
    return sql


def json_object(members: Sequence[tuple[str, str]]) -> str:
    """SQL that yields one JSON object as VARCHAR from (member name, prepared value SQL) pairs."""
    if not members:
        return "'{}'"
    inner = ", ".join(f"{literal(name)}: {sql}" for name, sql in members)
    return f"CAST(to_json({{{inner}}}) AS VARCHAR)"


def row_object(columns: Sequence[Column], *, numbers_as_text: bool = False) -> str:
    """SQL of the whole row text of a view's table."""
    return json_object(
        [
            (column.name, json_value(column.edm, quoted(column.name), numbers_as_text=numbers_as_text))
            for column in columns
        ]
    )
