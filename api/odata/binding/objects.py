"""Columns and a representation -> the DuckDB SQL that writes a row, a value or a key as OData JSON.

Uses the same expressions as the row text (models.snapshot.rowtext), so that a value has one spelling.
Pure text; called by `plan` and `single`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from api.odata.protocol.negotiation import Level, Representation
from models.catalogue.types import Column, Edm, View
from models.snapshot.rowtext import json_object, json_value, literal, quoted

NAMESPACE = "CrisisMetrics"
SPELLED_OUT = {
    Edm.INT32: "#Int32",
    Edm.INT64: "#Int64",
    Edm.DECIMAL: "#Decimal",
    Edm.DATE: "#Date",
    Edm.INSTANT: "#DateTimeOffset",
}
"""Types that a reader cannot tell from the JSON value (OData JSON 4.01, section 4.6.3)."""


@dataclass(frozen=True)
class _Member:
    """A name and the SQL of its value; `absent` is the SQL that is null where the member may be left out."""

    name: str
    sql: str
    absent: str | None = None


def row(view: View, columns: Sequence[Column], form: Representation, root: str) -> str:
    """SQL of one row's JSON object, as VARCHAR."""
    members = []
    if form.level is Level.FULL:
        members.append(_Member(f"{form.control}type", literal(f"#{NAMESPACE}.{view.entity}")))
        members.append(_Member(f"{form.control}id", f"{literal(f'{root}{view.name}')} || {key(view)}"))
    for column in columns:
        absent = quoted(column.name) if column.nullable else None
        if form.level is Level.FULL and column.edm in SPELLED_OUT:
            spelled = literal(form.primitive_type(SPELLED_OUT[column.edm]))
            members.append(_Member(f"{column.name}{form.control}type", spelled, absent))
        members.append(_Member(column.name, value(column, form), absent))
    if form.preferences.omit_nulls and any(member.absent for member in members):
        return _without_nulls(members)
    return json_object([(member.name, member.sql) for member in members])


def value(column: Column, form: Representation) -> str:
    """SQL whose `to_json` is the value of a column."""
    return json_value(column.edm, quoted(column.name), numbers_as_text=form.numbers_as_text)


def _without_nulls(members: Sequence[_Member]) -> str:
    """The object without the members that are null: `concat_ws` leaves out what is NULL."""
    parts = []
    for member in members:
        part = f"""{literal(f'"{member.name}":')} || CAST(to_json({member.sql}) AS VARCHAR)"""
        parts.append(f"CASE WHEN {member.absent} IS NOT NULL THEN {part} END" if member.absent else part)
    return f"'{{' || concat_ws(',', {', '.join(parts)}) || '}}'"


def key(view: View, path: str = "") -> str:
    """SQL of the key segment, percent-encoded: `('001')`, `(OperationalDate=2026-01-31,AreaId='001')`.

    `path` stands before the names of the columns (`Area/`).
    """
    parts = []
    for name in view.key:
        label = "" if len(view.key) == 1 else f"{name}="
        parts.append(f"{literal(label)} || {_key_value(view.column(name), path)}")
    return "'(' || " + " || ',' || ".join(parts) + " || ')'"


def _key_value(column: Column, path: str) -> str:
    sql = quoted(path + column.name)
    if column.edm is Edm.STRING:
        return f"'''' || url_encode(replace({sql}, '''', '''''')) || ''''"
    return f"url_encode(CAST({json_value(column.edm, sql)} AS VARCHAR))"
