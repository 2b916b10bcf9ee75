"""Tables of an audience -> the star: facts, items and records to dimensions and code tables, many to one.

None between records (two paths to one day would be ambiguous) and none from dimensions. Pure; called by build.
"""

from __future__ import annotations

from collections.abc import Iterator

from models.catalogue.types import View
from powerbi.audience import Audience
from powerbi.model.code_tables import coded
from powerbi.model.words import Relationship
from powerbi.naming import pascal

DIMENSIONS = frozenset({"Dates", "Areas", "IncidentTypes", "Teams"})


def relationships(audience: Audience) -> tuple[Relationship, ...]:
    """All of them, in the order of the views and their columns."""
    return tuple(relationship for view in audience.views() for relationship in _of(view))


def _of(view: View) -> Iterator[Relationship]:
    for navigation in view.navigations:
        if navigation.target in DIMENSIONS:
            (column,) = navigation.columns
            yield Relationship(view.name, column, navigation.target, column)
    for column_ in coded(view):
        yield Relationship(view.name, column_.name, pascal(column_.codes or ""), "Code")
