"""The segments of a resource path: frozen values, no names resolved.

Made by path_parser, told apart by path_grammar (which segment may follow which), bound to the catalogue by
resource_path. Places are characters in the decoded segment; they do not count in comparisons.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from api.odata.language.literals import Kind
from api.odata.language.syntax import Alias, Expression, Foreign, Literal


@dataclass(frozen=True, slots=True)
class Argument:
    """One value in brackets, with its name if it has one: a literal or a parameter alias."""

    name: str | None
    value: Expression
    position: int = field(default=0, compare=False)


_NO_KEY = (Kind.NULL,)
_NO_KEY_FEATURES = ("binary literals", "geography literals", "geometry literals")


@dataclass(frozen=True, slots=True)
class Brackets:
    """`(...)` behind a name: a key or parameters. `tight`: no white space inside."""

    arguments: tuple[Argument, ...]
    tight: bool = True
    position: int = field(default=0, compare=False)

    @property
    def names(self) -> tuple[str, ...]:
        """The names that are given."""
        return tuple(argument.name for argument in self.arguments if argument.name is not None)

    @property
    def is_key(self) -> bool:
        """Whether they may be a key: one value, or named ones, of a type that keys can have."""
        named = [argument.name is not None for argument in self.arguments]
        shaped = all(named) or len(named) == 1
        return bool(named) and shaped and self.tight and all(_may_be_key(item.value) for item in self.arguments)

    @property
    def is_parameters(self) -> bool:
        """Whether they may be the parameters of a function."""
        return all(argument.name is not None for argument in self.arguments)


def _may_be_key(value: Expression) -> bool:
    if isinstance(value, Literal):
        return value.kind not in _NO_KEY
    return isinstance(value, Alias) or (isinstance(value, Foreign) and value.feature not in _NO_KEY_FEATURES)


@dataclass(frozen=True, slots=True)
class Named:
    """`Areas`, `Area('001')`, `Model.Area`, `Model.Best(Rank=1)(2)`; `text` is the whole segment."""

    name: str
    text: str
    namespace: tuple[str, ...] = ()
    brackets: tuple[Brackets, ...] = ()


@dataclass(frozen=True, slots=True)
class System:
    """`$count`, `$metadata` and the like."""

    text: str


@dataclass(frozen=True, slots=True)
class CrossJoin:
    """`$crossjoin(A,B)`."""

    text: str
    sets: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PathFilter:
    """`$filter(condition)`, perhaps with a key behind it."""

    text: str
    condition: Expression
    brackets: tuple[Brackets, ...] = ()


@dataclass(frozen=True, slots=True)
class Plain:
    """Any other text: a key as a path segment, or an ordinal."""

    text: str


Segment = Named | System | CrossJoin | PathFilter | Plain
