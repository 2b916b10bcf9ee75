"""Transformations of `$apply` that are valid and not offered: read to their end, so that only what is well written
answers 501.

Nested and joined collections, hierarchies, functions of a model. Called by apply_parser and grouping_parser.
"""

from __future__ import annotations

from collections.abc import Callable

from api.odata.language.aggregate_parser import alias, node_path
from api.odata.language.calls import is_parameters, parameters
from api.odata.language.parser import Parser, order_items
from api.odata.language.paths import from_root
from api.odata.language.query_syntax import ForeignStep, Sequence
from api.odata.language.tokens import T, Token
from api.odata.language.vocabulary import STRUCTURES, Role

Transformations = Callable[[], Sequence]
"""Reads a sequence of transformations."""
_FUNCTIONS = (Role.ENTITIES_FUNCTION, Role.COMPLEXES_FUNCTION, Role.PRIMITIVES_FUNCTION)
_NAVIGATIONS = (Role.ENTITY, Role.ENTITIES)
_COMPLEX = (Role.COMPLEX, Role.COMPLEXES)


def custom_function(parser: Parser) -> ForeignStep:
    """`Namespace.function(name=value,...)`."""
    token = parser.token
    if not parser.allowed(_FUNCTIONS, token.text) or parser.look(1).text != "(" or not is_parameters(parser, 1):
        raise parser.failure("Expected a transformation")
    parser.take()
    parameters(parser)
    return ForeignStep(f"the function {token.text}", token.start)


def nested(parser: Parser, token: Token, sequence: Transformations) -> None:
    """Inside of `nest(sequence as Alias,...)` and `addnested(path,sequence as Alias,...)`."""
    if token.text == "addnested":
        _nest_path(parser)
        parser.expect(",")
    parser.separated(lambda: (sequence(), alias(parser)))


def joined(parser: Parser, sequence: Transformations) -> None:
    """Inside of `join(collection as Alias,sequence)`."""
    token = parser.token
    found = list[Role]()
    if token.type is T.AT:
        roles = (Role.COMPLEX_ANNOTATION, Role.ENTITY_ANNOTATION)
        found = [role for role in roles if parser.vocabulary.has_annotation(role, token.text)]
    elif token.type is T.WORD:
        found = [role for role in (Role.COMPLEXES, Role.ENTITIES) if parser.vocabulary.allows(role, token.text)]
    if not found:
        raise parser.failure("Expected a collection")
    parser.take()
    if Role.ENTITIES in found and parser.accept("/", tight=True):
        _step(parser, _NEST["navigation"])
    alias(parser)
    if parser.accept(","):
        sequence()


_Row = tuple[tuple[Role, ...], str]
_NEST: dict[str, tuple[_Row, ...]] = {
    "start": ((STRUCTURES, "typed"), (_NAVIGATIONS, "navigation"), (_COMPLEX, "complex")),
    "typed": ((_NAVIGATIONS, "navigation"), (_COMPLEX, "complex")),
    "complex": (((Role.COMPLEX_TYPE,), "typed complex"), (_NAVIGATIONS, "navigation"), (_COMPLEX, "complex")),
    "typed complex": ((_COMPLEX, "complex"),),
    "navigation": (((Role.ENTITY_TYPE,), "typed navigation"),),
}
"""Where a path leads -> what may follow, and where that leads."""


def _step(parser: Parser, rows: tuple[_Row, ...]) -> set[str]:
    """One segment of a path; where it may lead."""
    token = parser.token
    found = set[str]()
    if token.type in (T.WORD, T.QUALIFIED):
        found = {
            left
            for roles, left in rows
            if parser.allowed(roles, token.text) and (token.type is T.WORD or set(roles) <= set(STRUCTURES))
        }
    if not found:
        raise parser.failure("Expected a property")
    parser.take()
    return found


def _nest_path(parser: Parser) -> None:
    """Complex properties to a navigation property, or to a collection of complex values; types between them."""
    found = _step(parser, _NEST["start"])
    while parser.accept("/", tight=True):
        found = _step(parser, tuple(row for left in found for row in _NEST.get(left, ())))
    if found <= {"typed", "typed complex"}:
        raise parser.failure("Expected '/' and a property after the type")


def hierarchy_reference(parser: Parser) -> None:
    """`$root/Set,Qualifier,path`: which hierarchy, and which property names its nodes."""
    start = parser.token
    if start.text != "$root":
        raise parser.failure("Expected $root")
    parser.take()
    from_root(parser, start)
    parser.expect(",")
    parser.identifier()
    parser.expect(",")
    node_path(parser)


def _related(parser: Parser, preserving: Transformations) -> None:
    """Inside of `ancestors` and `descendants`: hierarchy, start, distance, `keep start`."""
    hierarchy_reference(parser)
    parser.expect(",")
    preserving()
    if parser.at(",") and parser.look(1).type is T.LITERAL:
        parser.take()
        parser.whole_number()
    if parser.accept(","):
        keep = parser.token
        if parser.text[keep.start : keep.start + 10] != "keep start" or parser.look(1).text != "start":
            raise parser.failure("Expected a distance or 'keep start'")
        parser.take()
        parser.take()


def _traverse(parser: Parser, preserving: Transformations) -> None:
    """Inside of `traverse`: hierarchy, order, transformations, order of siblings."""
    hierarchy_reference(parser)
    parser.expect(",")
    if parser.token.text not in ("preorder", "postorder"):
        raise parser.failure("Expected preorder or postorder")
    parser.take()
    if parser.at(",") and _is_transformation(parser):
        parser.take()
        preserving()
    if parser.accept(","):
        order_items(parser)


def _is_transformation(parser: Parser) -> bool:
    """Whether a transformation follows the comma, not a term of an order."""
    name, bracket = parser.look(1), parser.look(2)
    if name.type is T.QUALIFIED:
        return bracket.text == "(" and is_parameters(parser, 2) and parser.allowed(_FUNCTIONS, name.text)
    return name.text == "identity" or (name.text in PRESERVING and bracket.text == "(")


HIERARCHIES: dict[str, Callable[[Parser, Transformations], None]] = {
    "ancestors": _related,
    "descendants": _related,
    "traverse": _traverse,
}
EXTREMES = ("topcount", "topsum", "toppercent", "bottomcount", "bottomsum", "bottompercent")
PRESERVING = ("filter", "orderby", "search", "skip", "top", *EXTREMES, *HIERARCHIES)
