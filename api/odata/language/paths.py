"""Paths in expressions: what may follow what, as the standard's grammar has it (section 4).

A path is followed with everything that its beginning may be: without a vocabulary each name may be a property, a
navigation or a type, with one the grammar's own distinctions hold. Plain names become Name and Path, everything else a
Foreign node named after the first thing in it that is not offered. Called by members, works on the parser.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, auto
from functools import lru_cache
from typing import TYPE_CHECKING

from api.odata.language.calls import aggregation, is_parameters, key, lambda_predicate, parameters
from api.odata.language.search_parser import search_within
from api.odata.language.syntax import Expression, Foreign, Name, Path
from api.odata.language.tokens import T, Token
from api.odata.language.vocabulary import FUNCTIONS, STRUCTURES, Role

if TYPE_CHECKING:
    from api.odata.language.parser import Parser


class Left(Enum):
    """What the path, as far as it has been read, leads to."""

    START = auto()  # nothing yet
    ENTITY = auto()
    TYPED = auto()  # a type before a member: `Namespace.Type/`
    ENTITIES = auto()
    TYPED_ENTITIES = auto()
    COMPLEX = auto()
    TYPED_COMPLEX = auto()
    COMPLEXES = auto()
    COLLECTION = auto()  # of anything, with nothing but the operators of collections behind it
    THESE = auto()  # $these
    VALUE = auto()
    ANNOTATION = auto()  # of any type
    END = auto()


Rows = tuple[tuple[Role, Left], ...]
_PROPERTIES: Rows = (
    (Role.ENTITIES, Left.ENTITIES),
    (Role.ENTITY, Left.ENTITY),
    (Role.COMPLEXES, Left.COMPLEXES),
    (Role.COMPLEX, Left.COMPLEX),
    (Role.PRIMITIVES, Left.COLLECTION),
    (Role.KEY, Left.VALUE),
    (Role.PRIMITIVE, Left.VALUE),
    (Role.CUSTOM_AGGREGATE, Left.VALUE),
    (Role.STREAM, Left.VALUE),
)
_MEMBERS: Rows = (*_PROPERTIES, (Role.ENTITY_TYPE, Left.TYPED), (Role.COMPLEX_TYPE, Left.TYPED))
_NAMES: dict[Left, Rows] = {
    Left.START: (*_MEMBERS, (Role.VARIABLE, Left.ENTITY)),
    Left.ENTITY: _MEMBERS,
    Left.TYPED: _PROPERTIES,
    Left.ENTITIES: ((Role.ENTITY_TYPE, Left.TYPED_ENTITIES),),
    Left.COMPLEX: (*_PROPERTIES, (Role.COMPLEX_TYPE, Left.TYPED_COMPLEX)),
    Left.TYPED_COMPLEX: _PROPERTIES,
    Left.COMPLEXES: ((Role.COMPLEX_TYPE, Left.COLLECTION),),
    Left.ANNOTATION: (*_MEMBERS, (Role.COMPLEX_TYPE, Left.TYPED_COMPLEX)),
}
"""Names that may follow, and what the path leads to then. Functions and annotations may follow everything."""
_RETURNS = (Left.ENTITIES, Left.ENTITY, Left.COMPLEXES, Left.COMPLEX, Left.COLLECTION, Left.VALUE)
_CALLS: Rows = tuple(zip(FUNCTIONS, _RETURNS, strict=True))
_IMPORTS: Rows = tuple(
    zip(
        (
            *(Role.ENTITIES_IMPORT, Role.ENTITY_IMPORT, Role.COMPLEXES_IMPORT),
            *(Role.COMPLEX_IMPORT, Role.PRIMITIVES_IMPORT, Role.PRIMITIVE_IMPORT),
        ),
        _RETURNS,
        strict=True,
    )
)
_ROOTS: Rows = ((Role.ENTITY_SET, Left.ENTITIES), (Role.SINGLETON, Left.ENTITY))
_MANY = frozenset({Left.ENTITIES, Left.TYPED_ENTITIES, Left.COMPLEXES, Left.COLLECTION, Left.THESE, Left.ANNOTATION})
_KEYED = frozenset({Left.ENTITIES, Left.TYPED_ENTITIES})
_UNFINISHED = frozenset({Left.START, Left.TYPED, Left.TYPED_ENTITIES, Left.THESE})
_SLASH_MAY_END = frozenset({Left.VALUE, Left.ANNOTATION})
_TYPED = frozenset({Left.TYPED, Left.TYPED_ENTITIES, Left.TYPED_COMPLEX})


@dataclass
class Walk:
    """A path on its way. `below` are the expressions inside of it."""

    start: Token
    states: frozenset[Left]
    segments: list[str] = field(default_factory=list)
    feature: str | None = None
    below: list[Expression] = field(default_factory=list)

    def needs(self, feature: str | None) -> None:
        """The first thing that is not offered names the whole path."""
        self.feature = self.feature or feature


def begin(parser: Parser, start: Token, states: frozenset[Left], feature: str | None = None) -> Expression:
    """The path behind something that has been read: `$it`, `@p`, `$these`."""
    return _finish(parser, Walk(start, states, [start.text], feature))


def from_it(parser: Parser, start: Token) -> Expression:
    """`$it/Name`, of which `$it` has been read: it is `Name`."""
    walk = Walk(start, frozenset({Left.ENTITY}))
    parser.accept("/", tight=True)
    _segment(parser, walk)
    return _finish(parser, walk)


def from_name(parser: Parser, start: Token) -> Expression:
    """A path whose first name is next."""
    walk = Walk(start, frozenset({Left.START}))
    _segment(parser, walk)
    return _finish(parser, walk)


def from_root(parser: Parser, start: Token) -> Expression:
    """`$root/Set...`, of which `$root` has been read."""
    walk = Walk(start, frozenset({Left.END}), [], "$root")
    parser.expect("/", tight=True)
    name = parser.token
    parser.no_space()
    called = parser.peek().text == "(" and is_parameters(parser, 1)
    parser.identifier()
    found = _after(parser, _IMPORTS, name.text) if called else frozenset[Left]()
    walk.states = found or _after(parser, _ROOTS, name.text)
    if not walk.states:
        raise parser.failure("Expected an entity set after $root/", place=name.start)
    if found:
        walk.below += parameters(parser)
    return _finish(parser, walk)


def _after(parser: Parser, rows: Rows, name: str) -> frozenset[Left]:
    if not parser.vocabulary.names:
        return _all_of(rows)
    return frozenset(left for role, left in rows if parser.allowed((role,), name))


@lru_cache(maxsize=256)
def _all_of(rows: Rows) -> frozenset[Left]:
    return frozenset(left for _, left in rows)


def _finish(parser: Parser, walk: Walk) -> Expression:
    """The segments that follow, and the node."""
    while True:
        if parser.at("(", tight=True) and walk.states & _KEYED:
            walk.below += key(parser)
            walk.states = frozenset({Left.ENTITY})
            walk.needs("key predicates in expressions")
            continue
        if not parser.at("/", tight=True) or walk.states <= {Left.END}:
            break
        parser.take()
        if not _goes_on(parser, walk):
            break
        _segment(parser, walk)
    if walk.states <= _UNFINISHED:
        raise parser.failure("Expected '/' and a name")
    if walk.feature is not None:
        source = parser.text[walk.start.start : parser.place]
        return parser.made(Foreign(walk.feature, source, walk.start.start), *walk.below)
    if len(walk.segments) == 1:
        return parser.made(Name(walk.segments[0], walk.start.start))
    return parser.made(Path(tuple(walk.segments), walk.start.start))


def _goes_on(parser: Parser, walk: Walk) -> bool:
    """Whether a segment comes; the grammar lets a slash end the path of a value."""
    if not parser.blank and parser.token.type in (T.WORD, T.QUALIFIED, T.AT, T.DOLLAR):
        return True
    if not walk.states & _SLASH_MAY_END:
        raise parser.failure("Expected a path segment without white space before it")
    return False


def _segment(parser: Parser, walk: Walk) -> None:
    """One segment; `walk` then says what the path leads to."""
    token = parser.token
    called = parser.peek().text == "(" and not parser.peek().spaced
    if token.type is T.DOLLAR:
        _of_collection(parser, walk)
    elif token.type is T.AT:
        annotation(parser, walk)
    elif called and token.type is T.WORD and walk.states & _MANY and _operator(parser, walk):
        pass
    elif called and is_parameters(parser, 1) and (found := _after(parser, _CALLS, token.text)):
        parser.take()
        walk.states = found
        walk.below += parameters(parser)
        walk.needs(f"the function {token.text}")
    else:
        _name(parser, walk)


@lru_cache(maxsize=256)
def _names_after(states: frozenset[Left], qualified: bool) -> Rows:
    """The names that may follow, those with a namespace or those without; once for each set of states."""
    rows = (row for state in states for row in _NAMES.get(state, ()))
    return tuple(dict.fromkeys(row for row in rows if not qualified or row[0] in STRUCTURES))


def _name(parser: Parser, walk: Walk) -> None:
    token = parser.token
    found = _after(parser, _names_after(walk.states, token.type is T.QUALIFIED), token.text)
    if not found:
        raise parser.failure("Expected another path segment" if walk.segments else "Expected a property")
    if token.type is T.QUALIFIED or found <= _TYPED:
        walk.needs("type casts")
    parser.take()
    walk.states = found
    walk.segments.append(token.text)


def annotation(parser: Parser, walk: Walk) -> None:
    """`@Namespace.Term#Qualifier`."""
    token = parser.token
    if not parser.allowed((Role.TERM,), token.text[1:].partition("#")[0]):
        raise parser.failure("Expected a term")
    parser.take()
    walk.states = frozenset({Left.ANNOTATION})
    walk.segments.append(token.text)
    walk.needs("annotations in expressions")


def _of_collection(parser: Parser, walk: Walk) -> None:
    """`$count` and `$filter(...)`."""
    token = parser.token
    if not walk.states & _MANY or token.text not in ("$count", "$filter"):
        raise parser.failure("Expected another path segment")
    parser.take()
    if token.text == "$count":
        walk.states = frozenset({Left.END})
        walk.needs("$count")
        if parser.at("(", tight=True):
            parser.enclosed(lambda: parser.separated(lambda: _option(parser, walk), ";", tight=True), tight=True)
        return
    walk.states = frozenset({Left.ENTITIES if walk.states & _KEYED else Left.COLLECTION})
    walk.needs("$filter in paths")
    walk.below.append(parser.enclosed(parser.expression, tight=True))


def _option(parser: Parser, walk: Walk) -> None:
    """`$filter=...` or `$search=...` in the brackets behind `$count`."""
    name = parser.token.text.lower().removeprefix("$")
    if name not in ("filter", "search") or parser.token.type not in (T.WORD, T.DOLLAR):
        raise parser.failure("Expected $filter or $search")
    parser.take()
    parser.expect("=", tight=True)
    if name == "search":
        search_within(parser)
    else:
        parser.no_space()
        with parser.deeper():
            walk.below.append(parser.expression())


def _operator(parser: Parser, walk: Walk) -> bool:
    """`any(...)`, `all(...)` and `aggregate(...)`, if one of them is next."""
    token = parser.token
    word = token.text.lower()
    if word not in ("any", "all") and token.text != "aggregate":
        return False
    parser.take()
    walk.states = frozenset({Left.END})
    if word == "aggregate":
        walk.needs("aggregate in expressions")
        walk.below += aggregation(parser)
    else:
        walk.needs(word)
        walk.below += lambda_predicate(parser, word)
    return True
