"""What a transformation of `$apply` makes: named columns of one step's SQL, and the structures its rows may have.

Frozen values. Made by the apply binder step by step; the last one is what the rest of the query works on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from api.odata.binding.bound import Stored
from api.odata.binding.shapes import PART, Listed, Members, Related, Shape, Value
from api.odata.language.literals import NUMERIC, Kind
from models.catalogue.types import View
from models.snapshot.rowtext import quoted

STORAGE = {
    Kind.NULL: "VARCHAR",
    Kind.BOOLEAN: "BOOLEAN",
    Kind.INT32: "INTEGER",
    Kind.INT64: "BIGINT",
    Kind.DOUBLE: "DOUBLE",
    Kind.STRING: "VARCHAR",
    Kind.DATE: "DATE",
    Kind.INSTANT: "TIMESTAMP",
    Kind.TIME: "BIGINT",
    Kind.DURATION: "BIGINT",
    Kind.GUID: "VARCHAR",
}
"""DuckDB types of computed values; decimals have 38 digits and a scale of their own."""


def storage(kind: Kind, scale: int) -> str:
    """DuckDB type of a computed value."""
    return f"DECIMAL(38,{scale})" if kind is Kind.DECIMAL else STORAGE[kind]


@dataclass(frozen=True)
class Field:
    """One property: its SQL column and its type. `declared`: it is the model's property, with its declared type."""

    column: str
    kind: Kind
    nullable: bool = True
    scale: int = 0
    declared: bool = False

    @property
    def node(self) -> Stored:
        """The column as a node."""
        return Stored(self.column, self.kind, self.nullable, self.scale)

    @property
    def sql(self) -> str:
        """The column's name in SQL."""
        return quoted(self.column)


@dataclass(frozen=True)
class Part:
    """One structure of rows: the paths of its properties, in order; `whole` where the row is an entity of the view."""

    paths: tuple[str, ...]
    whole: bool = False


@dataclass(frozen=True)
class Relation:
    """Rows of one step. `name` is that of its CTE; with several parts the column PART says which a row has.

    Rows are in the order of `_row`, which needs `bits` bits. `lossy`: a group may have lost all its rows.
    """

    name: str
    fields: Mapping[str, Field]
    parts: tuple[Part, ...]
    bits: int = 32
    lossy: bool = False

    @property
    def has_entities(self) -> bool:
        """Whether some rows are still entities, from which navigation leads on."""
        return any(part.whole for part in self.parts)

    @property
    def part_sql(self) -> str:
        """SQL of the number of a row's part."""
        return quoted(PART) if len(self.parts) > 1 else "0"


@dataclass(frozen=True)
class Partition:
    """The groups inside which transformations run: their SQL columns, and a step that has a row of each group."""

    columns: tuple[str, ...]
    ground: str

    @property
    def over(self) -> str:
        """For a window."""
        return f"PARTITION BY {', '.join(self.columns)} "


def merged(fields: Sequence[Field]) -> Field | None:
    """One field for the same path in several relations: its widest number; None where the types do not go together."""
    kinds: list[Kind] = [field.kind for field in fields if field.kind is not Kind.NULL] or [fields[0].kind]
    if len(set(kinds)) > 1 and not set(kinds) <= set(NUMERIC):
        return None
    kind = max(kinds, key=NUMERIC.index) if set(kinds) <= set(NUMERIC) else kinds[0]
    whole_digits = 0 if kind is not Kind.DECIMAL else max(field.scale for field in fields)
    declared = all(field.declared for field in fields)
    return Field(fields[0].column, kind, any(field.nullable for field in fields), whole_digits, declared)


def shape(part: Part, fields: Mapping[str, Field], view: View) -> Shape:
    """How a row of that structure is written."""
    return Shape(_members(part.paths, "", fields), view if part.whole else None)


def _members(paths: Sequence[str], above: str, fields: Mapping[str, Field]) -> Members:
    """Paths below `above` as members, those of one related row together, where the first of them stands."""
    members: list[Value | Related] = []
    for name, below in _by_first(paths, above).items():
        path = f"{above}{name}"
        if below:
            members.append(Related(name, quoted(f"{path}/"), _members(below, f"{path}/", fields)))
        else:
            field = fields[path]
            members.append(Value(name, field.sql, field.kind, field.declared))
    return tuple(members)


def _by_first(paths: Sequence[str], above: str) -> dict[str, list[str]]:
    """First segment behind `above` -> the paths that go on behind it."""
    found: dict[str, list[str]] = {}
    for path in paths:
        first, slash, _ = path.removeprefix(above).partition("/")
        below = found.setdefault(first, [])
        if slash:
            below.append(path)
    return found


def listed(parts: Sequence[Part], view: View, *, selected: bool) -> tuple[Listed, ...]:
    """The select list: what all rows have. `*` stands for a whole entity's own properties."""
    common = [path for path in parts[0].paths if all(path in part.paths for part in parts)] if parts else []
    if parts and all(part.whole for part in parts) and not selected:
        more = [path for path in common if not view.has(path)]
        return (Listed("*"), *_listed(more, "")) if more else ()
    return _listed(common, "") or (Listed("@Core.AnyStructure"),)


def _listed(paths: Sequence[str], above: str) -> tuple[Listed, ...]:
    found = _by_first(paths, above).items()
    return tuple(Listed(name, _listed(below, f"{above}{name}/") if below else None) for name, below in found)
