"""Fields, literals and filters -> the expressions that PBIR writes for them.

Pure; used by `powerbi.report.pbir` and `powerbi.report.formats`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from powerbi.report.words import Above, Among, Between, Field, Filter, IsTrue

Json = dict[str, Any]

_, MORE, NOT_LESS, _, NOT_MORE = range(5)
"""Kinds of comparison, in the order in which semantic queries number them."""


def text(value: str) -> Json:
    """A text literal, quotes doubled."""
    return {"Literal": {"Value": "'" + value.replace("'", "''") + "'"}}


def whole(value: int) -> Json:
    """A whole number literal."""
    return {"Literal": {"Value": f"{value}L"}}


def decimal(value: float) -> Json:
    """A number as formatting properties want it."""
    return {"Literal": {"Value": f"{value:g}D"}}


def truth(value: bool) -> Json:
    """A boolean literal."""
    return {"Literal": {"Value": "true" if value else "false"}}


def prop(value: str | int | float | bool) -> Json:
    """A formatting property."""
    if isinstance(value, bool):
        return {"expr": truth(value)}
    return {"expr": text(value) if isinstance(value, str) else decimal(value)}


def colour(value: str | Json) -> Json:
    """A colour property: a hex text or an expression."""
    return {"solid": {"color": {"expr": text(value) if isinstance(value, str) else value}}}


def field(item: Field, source: str | None = None) -> Json:
    """A reference to a column or measure; `source` is the alias inside a filter."""
    reference = {"Source": source} if source else {"Entity": item.table}
    return {
        "Measure" if item.measure else "Column": {"Expression": {"SourceRef": reference}, "Property": item.name},
    }


def projection(item: Field, *, active: bool = False) -> Json:
    """A field in a well."""
    made: Json = {"field": field(item), "queryRef": item.reference, "nativeQueryRef": item.name}
    if item.caption:
        made["displayName"] = item.caption
    if active:
        made["active"] = True
    return made


def comparison(kind: int, left: Json, right: Json) -> Json:
    """left <kind> right."""
    return {"Comparison": {"ComparisonKind": kind, "Left": left, "Right": right}}


def contains(left: Json, right: Json) -> Json:
    """A text that holds another."""
    return {"Contains": {"Left": left, "Right": right}}


def _among(item: Among) -> Json:
    return {"In": {"Expressions": [field(item.field, "t")], "Values": [[text(value)] for value in item.values]}}


def _between(item: Between) -> Json:
    left = field(item.field, "t")
    low, high = comparison(NOT_LESS, left, whole(item.low)), comparison(NOT_MORE, left, whole(item.high))
    return {"And": {"Left": low, "Right": high}}


def _above(item: Above) -> Json:
    return comparison(MORE, field(item.field, "t"), decimal(item.limit))


def _is_true(item: IsTrue) -> Json:
    return {"In": {"Expressions": [field(item.field, "t")], "Values": [[truth(True)]]}}


_CONDITIONS: dict[type, tuple[str, Callable[[Any], Json]]] = {
    Among: ("Categorical", _among),
    Between: ("Advanced", _between),
    Above: ("Advanced", _above),
    IsTrue: ("Categorical", _is_true),
}


def filtering(name: str, item: Filter) -> Json:
    """A filter of a visual, unchangeable by the reader, under a name that is unique in the report."""
    kind, condition = _CONDITIONS[type(item)]
    return {
        "name": name,
        "field": field(item.field),
        "type": kind,
        "filter": {
            "Version": 2,
            "From": [{"Name": "t", "Entity": item.field.table, "Type": 0}],
            "Where": [{"Condition": condition(item)}],
        },
        "howCreated": "User",
    }
