"""The text of `$expand` and `$select` -> items, with the options in their brackets.

A path is followed with everything that its beginning may be, as in expressions: without a vocabulary each name may be
anything. Called by options; nested options have their readers in nested_options.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

from api.odata.language import nested_options
from api.odata.language.parser import Budget, Parser
from api.odata.language.query_syntax import ExpandItem, NestedOptions
from api.odata.language.syntax import SelectItem
from api.odata.language.tokens import T
from api.odata.language.vocabulary import FUNCTIONS, Role


def parse_expand(text: str, budget: Budget, target: str | None = None) -> tuple[ExpandItem, ...]:
    """The whole of `$expand`. Raises SyntaxProblem and LimitProblem with the place."""
    parser = Parser(text, budget, target)
    found = expand_items(parser)
    parser.end()
    return found


def parse_select(text: str, budget: Budget, target: str | None = None) -> tuple[SelectItem, ...]:
    """The whole of `$select`; white space around the commas is tolerated."""
    parser = Parser(text, budget, target)
    found = select_items(parser)
    parser.end()
    return found


class _Left(Enum):
    """What the path of an item, as far as it has been read, leads to."""

    START = auto()
    TYPE = auto()  # of the entities themselves: `Namespace.Type/`
    NAVIGATION = auto()
    TYPED_NAVIGATION = auto()
    COMPLEX = auto()
    TYPED_COMPLEX = auto()
    VALUES = auto()  # a collection of primitive values
    VALUE = auto()
    OPERATION = auto()


_Rows = tuple[tuple[Role, _Left], ...]
_EXPANDED: _Rows = (
    (Role.ENTITY, _Left.NAVIGATION),
    (Role.ENTITIES, _Left.NAVIGATION),
    (Role.ENTITY_ANNOTATION, _Left.NAVIGATION),
    (Role.COMPLEX, _Left.COMPLEX),
    (Role.COMPLEXES, _Left.COMPLEX),
    (Role.COMPLEX_ANNOTATION, _Left.COMPLEX),
    (Role.COMPLEX_TYPE, _Left.COMPLEX),
    (Role.STREAM, _Left.VALUE),
)
_EXPAND: dict[_Left, _Rows] = {
    _Left.START: (*_EXPANDED, (Role.ENTITY_TYPE, _Left.TYPE)),
    _Left.TYPE: _EXPANDED,
    _Left.NAVIGATION: ((Role.ENTITY_TYPE, _Left.TYPED_NAVIGATION),),
    _Left.COMPLEX: _EXPANDED,
}
_PROPERTIES: _Rows = (
    (Role.KEY, _Left.VALUE),
    (Role.PRIMITIVE, _Left.VALUE),
    (Role.CUSTOM_AGGREGATE, _Left.VALUE),
    (Role.PRIMITIVE_ANNOTATION, _Left.VALUE),
    (Role.PRIMITIVES, _Left.VALUES),
    (Role.PRIMITIVES_ANNOTATION, _Left.VALUES),
    (Role.ENTITY, _Left.VALUE),
    (Role.ENTITIES, _Left.VALUE),
    (Role.COMPLEX, _Left.COMPLEX),
    (Role.COMPLEXES, _Left.COMPLEX),
    (Role.COMPLEX_ANNOTATION, _Left.COMPLEX),
)
_OPERATIONS: _Rows = ((Role.ACTION, _Left.VALUE), *((role, _Left.OPERATION) for role in FUNCTIONS))
_SELECT: dict[_Left, _Rows] = {
    _Left.START: (*_PROPERTIES, *_OPERATIONS, (Role.ENTITY_TYPE, _Left.TYPE), (Role.COMPLEX_TYPE, _Left.TYPE)),
    _Left.TYPE: (*_PROPERTIES, *_OPERATIONS),
    _Left.COMPLEX: (*_PROPERTIES, (Role.COMPLEX_TYPE, _Left.TYPED_COMPLEX)),
    _Left.TYPED_COMPLEX: _PROPERTIES,
}
"""Names that may follow, and what the path leads to then."""
_QUALIFIED = frozenset({Role.ENTITY_TYPE, Role.COMPLEX_TYPE, Role.ACTION, *FUNCTIONS})
_ANNOTATIONS = frozenset(
    {Role.PRIMITIVE_ANNOTATION, Role.PRIMITIVES_ANNOTATION, Role.COMPLEX_ANNOTATION, Role.ENTITY_ANNOTATION}
)


@dataclass
class _Walk:
    """An item's path on its way."""

    states: frozenset[_Left] = frozenset({_Left.START})
    steps: int = 0
    feature: str | None = None

    def step(self, parser: Parser, table: dict[_Left, _Rows], what: str) -> None:
        """One segment, which has no white space before it."""
        token = parser.token
        rows = tuple(row for state in self.states for row in table.get(state, ()))
        if token.type is T.QUALIFIED:
            rows = tuple(row for row in rows if row[0] in _QUALIFIED)
        rows = tuple(row for row in rows if (row[0] in _ANNOTATIONS) is (token.type is T.AT))
        states = frozenset[_Left]()
        if token.type is T.AT:
            states = frozenset(left for role, left in rows if parser.vocabulary.has_annotation(role, token.text))
        elif token.type in (T.WORD, T.QUALIFIED):
            states = frozenset(left for role, left in rows if parser.allowed((role,), token.text))
        if not states:
            raise parser.failure(f"Expected {what}")
        parser.take()
        self.states = states
        self.steps += 1


def expand_items(parser: Parser) -> tuple[ExpandItem, ...]:
    """Items between commas, to the first thing that is neither."""
    return parser.separated(lambda: _expand_item(parser))


_ENDS = frozenset({_Left.NAVIGATION, _Left.TYPED_NAVIGATION, _Left.VALUE})
_NAVIGATIONS = frozenset({_Left.NAVIGATION, _Left.TYPED_NAVIGATION})


def _expand_item(parser: Parser) -> ExpandItem:
    """`Area`, `Area($select=...)`, `*`; paths, types, `/$ref`, `/$count` and annotations are read, and not offered."""
    parser.spend()
    start = parser.token
    if start.type is T.DOLLAR and start.text.lower() == "$value":
        parser.take()
        return ExpandItem("$value", feature="$value in $expand", position=start.start)
    walk = _Walk()
    options, last = NestedOptions(), None
    while last is None:
        last = _expand_step(parser, walk)
        if last is None and not parser.accept("/", tight=True):
            break
    if last is None and not walk.states & _ENDS:
        raise parser.failure("Expected '/' and a navigation property")
    name = parser.text[start.start : parser.place]
    allowed = nested_options.ALLOWED[last or "entities"]
    if parser.at("(", tight=True) and (last is not None or walk.states & _NAVIGATIONS):
        options = nested_options.read(parser, allowed, _ITEMS)
        if last == "*":
            walk.feature = walk.feature or "$levels"
    return ExpandItem(name, options, walk.feature, start.start)


def _expand_step(parser: Parser, walk: _Walk) -> str | None:
    """One segment; the name of what ends the path: `*`, `$ref`, `$count`."""
    token = parser.token
    features = {T.QUALIFIED: "type casts in $expand", T.AT: "annotations in $expand"}
    if walk.states & _NAVIGATIONS and token.type is T.DOLLAR and token.text in ("$ref", "$count"):
        parser.take()
        walk.feature = walk.feature or f"{token.text} in $expand"
        return token.text
    if token.text == "*" and walk.states & {_Left.START, _Left.TYPE, _Left.COMPLEX}:
        parser.take()
        if parser.at("/", tight=True):
            parser.accept("/", tight=True)
            if parser.take().text != "$ref":
                parser.index -= 1
                raise parser.failure("Expected $ref")
            walk.feature = "$ref in $expand"
            return "*/$ref"
        walk.feature = walk.feature or ("paths in $expand" if walk.steps else None)
        return "*"
    feature = features.get(token.type) or ("paths in $expand" if walk.steps else None)
    walk.step(parser, _EXPAND, "a navigation property")
    walk.feature = walk.feature or feature
    return None


def select_items(parser: Parser) -> tuple[SelectItem, ...]:
    """Items between commas, to the first thing that is neither."""
    return parser.separated(lambda: _select_item(parser))


def _select_item(parser: Parser) -> SelectItem:
    """`Name`, `*`, or a path, qualified name, annotation or nested options: read to its end, and not offered."""
    parser.spend()
    start = parser.token.start
    if parser.accept("*"):
        return SelectItem("*", None, start)
    if _all_operations(parser):
        return SelectItem(parser.text[start : parser.place], "operations in $select", start)
    walk = _Walk()
    while True:
        token = parser.token
        walk.step(parser, _SELECT, "a property name or '*'")
        if token.type is not T.WORD:
            walk.feature = "qualified names and annotations in $select"
        if not parser.accept("/", tight=True):
            break
    if walk.states <= {_Left.TYPE}:
        raise parser.failure("Expected '/' and a property name")
    if parser.at("(", tight=True):
        _brackets(parser, walk)
        walk.feature = "options inside $select"
    elif walk.steps > 1:
        walk.feature = walk.feature or "paths in $select"
    return SelectItem(parser.text[start : parser.place], walk.feature, start)


def _brackets(parser: Parser, walk: _Walk) -> None:
    """Options of a collection or complex value, or the parameter names of a function."""
    if _Left.OPERATION in walk.states and _is_names(parser):
        parser.enclosed(lambda: parser.separated(lambda: parser.identifier(Role.PARAMETER), tight=True), tight=True)
    elif walk.states & {_Left.COMPLEX, _Left.TYPED_COMPLEX}:
        nested_options.read(parser, nested_options.ALLOWED["complex"], _ITEMS)
    elif _Left.VALUES in walk.states:
        nested_options.read(parser, nested_options.ALLOWED["values"], _ITEMS)
    else:
        raise parser.failure("Expected ',' or the end")


def _is_names(parser: Parser) -> bool:
    return parser.look(1).type is T.WORD and parser.look(2).text in (",", ")")


def _all_operations(parser: Parser) -> bool:
    """`Namespace.*`, if that is next."""
    token = parser.token
    dot, star = parser.look(1), parser.look(2)
    tight = not (dot.spaced or star.spaced)
    if token.type not in (T.WORD, T.QUALIFIED) or dot.text != "." or star.text != "*" or not tight:
        return False
    if not parser.allowed((Role.NAMESPACE,), token.text):
        raise parser.failure("Expected a namespace")
    for _ in range(3):
        parser.take()
    return True


_ITEMS: dict[str, nested_options.Reader] = {"select": select_items, "expand": expand_items}
