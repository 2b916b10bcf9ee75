"""What rows consist of where they are not a view's columns: computed values, related rows, results of `$apply`.

From these the DuckDB SQL that writes a row as OData JSON, and the select list of the context URL. Text is put together
member by member, because a member may be absent (rolled up, omit-values) and decimals keep every digit. Pure; made by
the binder, written by `plan`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from api.odata.binding import objects
from api.odata.language.literals import Kind
from api.odata.protocol.negotiation import Level, Representation
from models.catalogue.types import Edm, View
from models.snapshot.rowtext import json_value, literal

PART = "/part"
"""Column that says which of several shapes a row has."""


@dataclass(frozen=True)
class Value:
    """One value: its name in the answer and its SQL. A `declared` one is the model's property, whose type is known."""

    name: str
    sql: str
    kind: Kind
    declared: bool = False


@dataclass(frozen=True)
class Related:
    """One related row, null where `present` is not true. `entity` is its view and the path of its columns where it is
    a whole or selected entity; None where only some values of many rows are left of it."""

    name: str
    present: str
    members: tuple[Value | Related, ...]
    entity: tuple[View, str] | None = None


Members = tuple[Value | Related, ...]


@dataclass(frozen=True)
class Shape:
    """The members of one kind of row. `entity` is the view where the row is one of its entities, else None."""

    members: Members
    entity: View | None = None


@dataclass(frozen=True)
class Listed:
    """One name of a select list. `inside` is None for a plain name, else what was selected of a related row."""

    name: str
    inside: tuple[Listed, ...] | None = None


def select_list(items: Sequence[Listed], version: str) -> str:
    """`(AreaId,Area(AreaName))`; empty where nothing needs to be said (protocol 10.7 to 10.10).

    What is expanded without a selection inside is left out for 4.0 clients and ends in `()` for 4.01 ones.
    """
    texts = []
    for item in items:
        inside = None if item.inside is None else select_list(item.inside, version)
        if inside is None or inside:
            texts.append(f"{item.name}{inside or ''}")
        elif version != "4.0":
            texts.append(f"{item.name}()")
    return f"({','.join(dict.fromkeys(texts))})" if texts else ""


def row(shapes: Sequence[Shape], view: View, form: Representation, root: str) -> str:
    """SQL of one row's JSON object, as VARCHAR; with several shapes the column PART says which."""
    texts = [_object(shape.members, _head(shape, view, form, root), form, root) for shape in shapes]
    if len(texts) == 1:
        return texts[0]
    cases = " ".join(f"WHEN {number} THEN {text}" for number, text in enumerate(texts))
    return f'CASE "{PART}" {cases} END'


def _head(shape: Shape, view: View, form: Representation, root: str) -> list[str]:
    if shape.entity is not None:
        return _identity(view, "", form, root)
    transient = [f'"{form.control}type":"#{objects.NAMESPACE}.{view.entity}"', f'"{form.control}id":null']
    return [literal(text) for text in transient] if form.level is Level.FULL else []


def _identity(view: View, path: str, form: Representation, root: str) -> list[str]:
    """Type and id of an entity, which full metadata shows."""
    if form.level is not Level.FULL:
        return []
    kind = f'"{form.control}type":"#{objects.NAMESPACE}.{view.entity}"'
    name = literal(f'"{form.control}id":')
    address = f"{literal(f'{root}{view.name}')} || {objects.key(view, path)}"
    return [literal(kind), f"{name} || CAST(to_json({address}) AS VARCHAR)"]


def _object(members: Members, head: Sequence[str], form: Representation, root: str) -> str:
    parts = [*head, *(text for member in members for text in _member(member, form, root))]
    return f"'{{' || concat_ws(',', {', '.join(parts)}) || '}}'" if parts else "'{}'"


def _member(member: Value | Related, form: Representation, root: str) -> list[str]:
    """The texts of a member, null where it is left out."""
    name = f'"{member.name}":'
    if isinstance(member, Related):
        head = _identity(*member.entity, form, root) if member.entity is not None else []
        inner = f"CASE WHEN {member.present} THEN {_object(member.members, head, form, root)} END"
        return [_named(name, inner, form)]
    texts = [_named(name, json_text(member, form), form)]
    kind = _type(member, form)
    if kind is not None:
        annotation = literal(f'"{member.name}{form.control}type":"{form.primitive_type(kind)}"')
        left_out = form.preferences.omit_nulls or (form.level is Level.FULL and not member.declared)
        texts.insert(0, f"CASE WHEN {member.sql} IS NOT NULL THEN {annotation} END" if left_out else annotation)
    return texts


def _named(name: str, text: str, form: Representation) -> str:
    if form.preferences.omit_nulls:
        return f"{literal(name)} || {text}"
    return f"{literal(name)} || coalesce({text}, 'null')"


_EDM = {Kind(edm.value): edm for edm in Edm}
_TOLD_APART = (Kind.STRING, Kind.BOOLEAN)
"""What a reader takes a JSON text or truth value for, unless it is told; a number it takes for a double (OData JSON
4.01, section 4.6.3)."""


def _type(value: Value, form: Representation) -> str | None:
    """The type to write beside a value; that of a dynamic property is said unless the JSON tells it."""
    if form.level is Level.NONE or value.kind is Kind.NULL or (value.declared and form.level is not Level.FULL):
        return None
    return None if value.kind in _TOLD_APART else f"#{value.kind.value.removeprefix('Edm.')}"


def json_text(value: Value, form: Representation) -> str:
    """SQL of a value's JSON as VARCHAR, null for null."""
    sql, kind = value.sql, value.kind
    if kind is Kind.NULL:
        return "CAST(NULL AS VARCHAR)"
    if value.declared:
        made = json_value(_EDM[kind], sql, numbers_as_text=form.numbers_as_text)
        return f"CASE WHEN {sql} IS NOT NULL THEN CAST(to_json({made}) AS VARCHAR) END"
    if kind in (Kind.DECIMAL, Kind.INT64):
        text = f"CAST({sql} AS VARCHAR)"
        return f"""'"' || {text} || '"'""" if form.numbers_as_text else text
    return _TEXTS[kind].format(sql) if kind in _TEXTS else f"CAST(to_json({sql}) AS VARCHAR)"


_FRACTION = "rtrim(rtrim('.' || lpad(CAST(abs({0}) % 1000000 AS VARCHAR), 6, '0'), '0'), '.')"
_SECONDS = f"CAST(abs({{0}}) // 1000000 AS VARCHAR) || {_FRACTION}"
_EXISTS = "CASE WHEN year({0}) NOT BETWEEN 1 AND 9999 THEN error('no such moment') ELSE "
_TEXTS = {
    Kind.DOUBLE: """CASE WHEN isfinite({0}) THEN CAST(to_json({0}) AS VARCHAR) WHEN isnan({0}) THEN '"NaN"'"""
    """ WHEN {0} > 0 THEN '"INF"' WHEN {0} < 0 THEN '"-INF"' END""",
    Kind.INSTANT: _EXISTS + """replace(strftime({0}, '"%Y-%m-%dT%H:%M:%S.%fZ"'), '000Z"', 'Z"') END""",
    Kind.DATE: _EXISTS + "strftime({0}, '\"%Y-%m-%d\"') END",
    Kind.TIME: """strftime(make_timestamp({0}), '"%H:%M:%S.%f"')""",
    Kind.DURATION: f"CASE WHEN {{0}} < 0 THEN '\"-PT' ELSE '\"PT' END || {_SECONDS} || 'S\"'",
}
"""Kinds that need more than `to_json`; computed moments may lie outside of the years that OData has."""
