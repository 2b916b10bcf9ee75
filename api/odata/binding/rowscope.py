"""Which views a caller may read, and which of their rows: the one place that decides. Deny by default.

A view that may not be read looks exactly like one that does not exist. Pure; called by binder, resource_path,
metadata and exports.
"""

from __future__ import annotations

from collections.abc import Iterator

from api.odata.exchange import Caller
from api.odata.language.suggestions import did_you_mean
from models.catalogue.types import Catalogue, Scope, View
from models.errors import NotFound


def may_read(view: View, caller: Caller) -> bool:
    """Whether the role reads the view, and each restriction of the caller can be applied to it or is not needed."""
    if caller.role not in view.roles:
        return False
    restricted = ((caller.areas, view.area), (caller.teams, view.team))
    return all(allowed is None or column or view.scope is Scope.OPEN for allowed, column in restricted)


def readable(catalogue: Catalogue, caller: Caller) -> tuple[View, ...]:
    """The views that the caller may read, in declared order."""
    return tuple(view for view in catalogue.views.values() if may_read(view, caller))


def find_view(name: str, catalogue: Catalogue, caller: Caller) -> View:
    """The view of that name. Raises NotFound, the same for unknown and forbidden ones."""
    view = catalogue.views.get(name)
    if view is None or not may_read(view, caller):
        raise unknown(name, (other.name for other in readable(catalogue, caller)))
    return view


def unknown(name: str, others: Iterator[str] | tuple[str, ...] = ()) -> NotFound:
    """The answer for a resource that does not exist, or not for this caller."""
    return NotFound(f"There is no resource {name[:128]!r}.", hint=did_you_mean(name, others), target=name[:128])


def restrictions(view: View, caller: Caller) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """(column, allowed values, sorted) for each restriction that applies; no values = no rows."""
    pairs = ((view.area, caller.areas), (view.team, caller.teams))
    return tuple((column, tuple(sorted(allowed))) for column, allowed in pairs if column and allowed is not None)
