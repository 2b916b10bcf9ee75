"""A search term and the searchable columns -> one condition. Pure; called by the binders.

A word or phrase is found where a searchable text contains it, in whatever case; `NOT` keeps the rows where none does,
those without a text included. (OData leaves it to the service what matches, protocol 11.2.6.6.)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from api.odata.binding.bound import Applied, Compared, Constant, Joined, Negated, Node, Stored
from api.odata.language.functions import FUNCTIONS
from api.odata.language.literals import Kind
from api.odata.language.query_syntax import SearchTerm, Together, Without, Words

_CONTAINS = FUNCTIONS["contains"].signatures[0]
_LOWER = FUNCTIONS["tolower"].signatures[0]
_TRUE = Constant(Kind.BOOLEAN, True)


def condition(term: SearchTerm, columns: Sequence[Stored]) -> Node:
    """The condition that the row's texts meet the term; never null. `columns` must not be empty."""
    return _WRITERS[type(term)](term, columns)


def _words(term: Words, columns: Sequence[Stored]) -> Node:
    wanted = Applied(_LOWER, (Constant(Kind.STRING, term.text),), Kind.STRING, 0)
    found = tuple(Compared("eq", _contained(column, wanted), _TRUE) for column in columns)
    return found[0] if len(found) == 1 else Joined("or", found)


def _contained(column: Stored, wanted: Node) -> Node:
    return Applied(_CONTAINS, (Applied(_LOWER, (column,), Kind.STRING, 0), wanted), Kind.BOOLEAN, 0)


def _without(term: Without, columns: Sequence[Stored]) -> Node:
    return Negated(condition(term.operand, columns))


def _together(term: Together, columns: Sequence[Stored]) -> Node:
    return Joined(term.operator, tuple(condition(operand, columns) for operand in term.operands))


_WRITERS: dict[type, Callable[[Any, Sequence[Stored]], Node]] = {
    Words: _words,
    Without: _without,
    Together: _together,
}
