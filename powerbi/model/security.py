"""Scope declarations of the catalogue -> one dynamic role over `ScopeMembers`: the service's own row scope, in DAX.

An imported model answers its reader, not the service, so the rule of the service's row scope is said here once more:
`all` sees everything; area rows restrict areas, team rows restrict teams; a view that lacks the column follows its
declared scope. One thing differs: a restriction to teams hides no names of areas, for a dimension without rows would
take its facts along. Whoever is not in `ScopeMembers` sees reference and trust only.
"""

from __future__ import annotations

from models.catalogue.types import Scope, View
from powerbi.audience import Audience
from powerbi.model.words import Role
from powerbi.naming import dax_column, dax_table, dax_text

NAME = "ScopedStaff"
MEMBERS = dax_table("ScopeMembers")
USER = dax_column("ScopeMembers", "UserPrincipalName")
KIND = dax_column("ScopeMembers", "ScopeKindCode")
VALUE = dax_column("ScopeMembers", "ScopeValue")


def role(audience: Audience) -> Role:
    """The role with a filter for each table that the related dimensions do not restrict already."""
    filters = ((view.name, _filter(view)) for view in audience.views())
    return Role(
        NAME,
        "Each person sees the rows of the areas and teams that ScopeMembers names for the sign-in name.",
        tuple((table, expression) for table, expression in filters if expression),
    )


def _filter(view: View) -> str | None:
    if view.name == "ScopeMembers":
        return f"{USER} = USERPRINCIPALNAME()"
    if view.name == "Areas":
        return _allowed("area", dax_column("Areas", "AreaId"))
    if view.name == "Teams":
        return _allowed("team", dax_column("Teams", "TeamCode"))
    if view.group in ("dimensions", "trust"):
        return None
    return _closed(view)


def _holds(kind: str | None = None, named: str | None = None) -> str:
    """Whether the reader has a row in `ScopeMembers`: any, one of a kind, one that names a value."""
    pairs = [f"{USER}, USERPRINCIPALNAME()"]
    if kind:
        pairs.append(f"{KIND}, {dax_text(kind)}")
    if named:
        pairs.append(f"{VALUE}, {named}")
    return f"CONTAINS({MEMBERS}, {', '.join(pairs)})"


def _allowed(kind: str, column: str) -> str:
    """Rows of a dimension: no restriction of this kind, or named by one."""
    unrestricted = f"({_holds()} && NOT {_holds(kind)})"
    return f"{_holds('all')}\n    || {_holds(kind, column)}\n    || {unrestricted}"


def _closed(view: View) -> str | None:
    """Rows of a view for people whom a dimension does not hold back: by a kind of scope without a column here."""
    lacking = [kind for kind, column in (("area", view.area), ("team", view.team)) if column is None]
    if view.scope is Scope.CLOSED and lacking:
        (kind,) = lacking
        return f"{_holds('all')}\n    || NOT {_holds(kind)}"
    return _holds() if len(lacking) == 2 else None
