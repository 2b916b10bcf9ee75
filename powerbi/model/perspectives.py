"""Tables of a model -> perspectives: what a reader of daily figures, of trust, of records needs to see.

A perspective is a shorter list of fields, never a protection: that is what roles are for.
Pure; called by build.
"""

from __future__ import annotations

from powerbi.audience import Audience
from powerbi.model.words import Perspective, Relationship, Table

PERSPECTIVES = (
    ("Daily figures", frozenset({"dimensions", "facts", "items"})),
    ("Trust", frozenset({"trust"})),
    ("Records", frozenset({"dimensions", "records"})),
)
"""A name and the groups of views that it shows, with all that these are related to."""


def perspectives(
    audience: Audience, tables: tuple[Table, ...], relationships: tuple[Relationship, ...]
) -> tuple[Perspective, ...]:
    """Those that have more to show than dimensions."""
    groups = {view.name: view.group for view in audience.views()}
    present = set(groups.values())
    made = []
    for name, wanted in PERSPECTIVES:
        if not wanted <= present:
            continue
        chosen = {table for table, group in groups.items() if group in wanted}
        chosen |= {each.to_table for each in relationships if each.from_table in chosen}
        members = ((table.name, _members(table)) for table in tables if table.name in chosen)
        made.append(Perspective(name, tuple((table, shown) for table, shown in members if shown)))
    return tuple(made)


def _members(table: Table) -> tuple[str, ...]:
    """All that is shown, in the order in which the model's spellings list it."""
    if table.hidden:
        return ()
    return (
        *(measure.name for measure in table.measures if not measure.hidden),
        *(column.name for column in table.columns if not column.hidden),
        *(hierarchy.name for hierarchy in table.hierarchies),
    )
