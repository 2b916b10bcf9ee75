"""What stands in brackets behind a name: parameters, keys, lambda predicates, arguments of canonical functions.

Called by members and paths, works on the parser.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from api.odata.language.aggregate_parser import aggregate_function
from api.odata.language.literals import Kind
from api.odata.language.syntax import Alias, Expression, Foreign, Literal
from api.odata.language.tokens import T
from api.odata.language.vocabulary import Role

if TYPE_CHECKING:
    from api.odata.language.parser import Parser

METHODS: dict[str, tuple[int, int]] = {
    **dict.fromkeys(("mindatetime", "maxdatetime", "now"), (0, 0)),
    **dict.fromkeys(("length", "tolower", "toupper", "trim"), (1, 1)),
    **dict.fromkeys(("year", "month", "day", "hour", "minute", "second"), (1, 1)),
    **dict.fromkeys(("fractionalseconds", "totalseconds", "date", "time", "totaloffsetminutes"), (1, 1)),
    **dict.fromkeys(("round", "floor", "ceiling", "geo.length"), (1, 1)),
    **dict.fromkeys(("concat", "contains", "endswith", "indexof", "startswith", "matchespattern"), (2, 2)),
    **dict.fromkeys(("hassubset", "hassubsequence", "geo.distance", "geo.intersects"), (2, 2)),
    "substring": (2, 3),
}
"""Canonical functions, and how many arguments the grammar gives them."""


def is_parameters(parser: Parser, ahead: int = 0) -> bool:
    """Whether the brackets that open `ahead` tokens from here hold `name=value` or nothing."""
    first, second = (parser.look(ahead + further) for further in (1, 2))
    return first.text == ")" or (first.type is T.WORD and second.text == "=")


def parameters(parser: Parser) -> list[Expression]:
    """`(name=value, ...)`."""
    if parser.look(1).text == ")":
        return list(parser.enclosed(tuple))
    return list(parser.enclosed(lambda: parser.separated(lambda: _parameter(parser))))


def _parameter(parser: Parser) -> Expression:
    parser.identifier(Role.PARAMETER)
    parser.expect("=", tight=True)
    parser.no_space()
    return parser.expression()


def key(parser: Parser) -> list[Expression]:
    """`(value)` or `(name=value,name=value)`, without white space."""
    return list(parser.enclosed(lambda: _keys(parser), tight=True))


def _keys(parser: Parser) -> tuple[Expression, ...]:
    if parser.peek().text != "=":
        return (key_value(parser),)
    return parser.separated(lambda: _named_key(parser), tight=True)


def _named_key(parser: Parser) -> Expression:
    parser.identifier(Role.KEY, Role.KEY_ALIAS)
    parser.expect("=", tight=True)
    parser.no_space()
    return key_value(parser)


def key_value(parser: Parser) -> Expression:
    """A literal that a key may have, or a parameter alias."""
    token = parser.token
    if token.type is T.AT and "." not in token.text and "#" not in token.text:
        parser.take()
        return parser.made(Alias(token.text, token.start))
    literal = parser.literal()
    is_null = isinstance(literal, Literal) and literal.kind is Kind.NULL
    if literal is None or is_null or (isinstance(literal, Foreign) and literal.feature != "enumeration literals"):
        parser.index -= literal is not None
        raise parser.failure("Expected a literal", hint="Text goes in single quotes.")
    return literal


def lambda_predicate(parser: Parser, word: str) -> list[Expression]:
    """`()` of `any`, `(x:predicate)` of `any` and `all`."""
    if word == "any" and parser.look(1).text == ")":
        return list(parser.enclosed(tuple))
    return [parser.enclosed(lambda: _predicate(parser))]


def _predicate(parser: Parser) -> Expression:
    parser.identifier(Role.VARIABLE)
    parser.expect(":")
    return parser.expression()


def aggregation(parser: Parser) -> list[Expression]:
    """`(...)` behind `/aggregate`. It costs two levels of nesting, as many more calls lie between two of them."""
    with parser.deeper():
        return parser.enclosed(lambda: aggregate_function(parser))


def arguments(parser: Parser) -> tuple[Expression, ...]:
    """`(value, ...)` of a canonical function."""
    if parser.look(1).text == ")":
        return parser.enclosed(tuple)
    return parser.enclosed(lambda: parser.separated(parser.expression))
