"""Code lists that an audience's tables use -> one small table each: the label for people, the code hidden.

Dimensions and most of trust carry their own words: facts, items, records and what is counted by table lead to lists.
Pure; called by build, relationships and french.
"""

from __future__ import annotations

from models.catalogue import CATALOGUE
from models.catalogue.types import CodeList, Column, View
from powerbi.audience import Audience
from powerbi.model import sources, words
from powerbi.naming import pascal

COUNTED = frozenset({"DataQuality", "Revisions", "Completeness"})
"""Views of trust that count records by table of the source contract."""
DIMENSIONS = frozenset({"incident_type", "family"})
"""Lists that a dimension carries already: a second table would be a second path to the same row."""


def coded(view: View) -> tuple[Column, ...]:
    """The columns of a view that lead to a code table."""
    if view.group in ("dimensions", "trust") and view.name not in COUNTED:
        return ()
    return tuple(column for column in view.columns if column.codes and column.codes not in DIMENSIONS)


def lists(audience: Audience) -> tuple[CodeList, ...]:
    """The code lists that become tables, in the catalogue's order."""
    used = {column.codes for view in audience.views() for column in coded(view)}
    return tuple(codes for name, codes in CATALOGUE.codes.items() if name in used)


def table(codes: CodeList) -> words.Table:
    """The table of one list, from the view `Codes`."""
    name = pascal(codes.name)
    text, whole = words.DataType.STRING, words.DataType.WHOLE
    return words.Table(
        name=name,
        description=f"{codes.title}: the words of the code list {codes.name}.",
        columns=(
            words.Column("Code", text, "Code", "The word as it stands in the views.", hidden=True, key=True),
            words.Column(name, text, name, f"{codes.title}.", sort_by="SortOrder"),
            words.Column("Description", text, "Description", "What the word means."),
            words.Column("SortOrder", whole, "SortOrder", "Order of display.", hidden=True, format="0"),
            words.Column("SnapshotId", text, "SnapshotId", "Version of the snapshot that was read.", hidden=True),
        ),
        source=sources.code_list(codes.name, name),
    )
