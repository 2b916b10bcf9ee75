"""The shapes of a query -> flat columns for a file: one for each value, called by its path (`Area/AreaName`).

Kinds that no file format has (durations, times of day) become their OData text. Pure; called by `selection`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from api.odata.binding.relations import storage
from api.odata.binding.shapes import Members, Shape, Value, json_text
from api.odata.language.literals import Kind
from api.odata.protocol.negotiation import Level, Representation
from models.catalogue.types import Column, Edm

PLAIN = Representation(level=Level.NONE)
_EDM = {Kind(edm.value): edm for edm in Edm}


def leaves(shapes: Sequence[Shape]) -> dict[str, tuple[Column, str]]:
    """Column and SQL by path, in the order in which they first come; absent values are null."""
    found: dict[str, tuple[Column, str]] = {}
    for shape in shapes:
        for path, value in _values(shape.members, ""):
            found.setdefault(path, (_column(path, value), _sql(value)))
    return found


def _values(members: Members, above: str) -> Iterator[tuple[str, Value]]:
    for member in members:
        if isinstance(member, Value):
            yield f"{above}{member.name}", member
        else:
            yield from _values(member.members, f"{above}{member.name}/")


def _column(path: str, value: Value) -> Column:
    return Column(path, _EDM.get(value.kind, Edm.STRING), "Asked for in the query.", nullable=True)


def _sql(value: Value) -> str:
    if value.kind is Kind.NULL:
        return f"CAST(NULL AS {storage(Kind.STRING, 0)})"
    return value.sql if value.kind in _EDM else f"""trim({json_text(value, PLAIN)}, '"')"""
