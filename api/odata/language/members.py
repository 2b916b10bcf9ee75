"""What an expression can begin with when it begins with a name: paths, canonical functions, variables, `cast` and the
like.

Names become what paths makes of them, canonical functions a Call; what is not offered is read to its end and becomes a
Foreign node. Called by parser, works on its tokens.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from api.odata.language import paths
from api.odata.language.calls import METHODS, arguments, is_parameters
from api.odata.language.syntax import Call, Expression, Foreign
from api.odata.language.tokens import T, Token
from api.odata.language.vocabulary import TYPES, Role
from models.errors import SyntaxProblem

if TYPE_CHECKING:
    from api.odata.language.parser import Parser


def json_text(text: str) -> str | None:
    """The text in a JSON string; None when its escapes are wrong."""
    try:
        return str(json.loads(text, strict=False))
    except ValueError:
        return None


def member(parser: Parser) -> Expression:
    """What begins with a word, a qualified name, `$it` or `@`."""
    token = parser.token
    if token.type is T.DOLLAR:
        return _from_variable(parser, token)
    if token.type is T.AT:
        return _from_at(parser, token)
    word, called = token.text.lower(), parser.look(1).text == "(" and not parser.look(1).spaced
    if called and word in _SPECIAL and not (word == "isdefined" and token.text != word):
        parser.take()
        return parser.made(*_SPECIAL[word](parser, token))
    if called and word in METHODS:
        return _method(parser, token, METHODS[word])
    if called and token.type is T.WORD and not is_parameters(parser, 1) and _is_unknown(parser):
        begin = parser.index
        parser.take()
        below = arguments(parser)
        if not parser.at("/", tight=True):
            return parser.made(Call(word, below, token.start), *below)
        parser.index = begin  # a collection and a key
    return paths.from_name(parser, token)


def _is_unknown(parser: Parser) -> bool:
    """Whether a name with values in brackets is taken for a misspelt function: nobody said what names there are."""
    return not parser.vocabulary.knows(Role.ENTITIES)


def _method(parser: Parser, token: Token, count: tuple[int, int]) -> Expression:
    parser.take()
    below = arguments(parser)
    if not count[0] <= len(below) <= count[1]:
        wanted = str(count[0]) if count[0] == count[1] else f"{count[0]} or {count[1]}"
        message = f"{token.text} has {len(below)} arguments, it takes {wanted}."
        raise SyntaxProblem(message, target=parser.target, position=token.start)
    return parser.made(Call(token.text.lower(), below, token.start), *below)


def _from_variable(parser: Parser, token: Token) -> Expression:
    parser.take()
    followed = parser.at("/", tight=True)
    if token.text == "$root":
        return paths.from_root(parser, token)
    if token.text == "$it" and followed:
        return paths.from_it(parser, token)
    if token.text in _VARIABLES:
        left, feature = _VARIABLES[token.text]
        return paths.begin(parser, token, frozenset({left}), feature)
    parser.index -= 1
    raise parser.failure("Expected a value, a name or '('")


_VARIABLES = {
    "$it": (paths.Left.ENTITY, "$it on its own"),
    "$this": (paths.Left.ENTITY, "$this"),
    "$these": (paths.Left.THESE, "$these"),
}


def _from_at(parser: Parser, token: Token) -> Expression:
    """`@p`, `@p/Name`, `@Namespace.Term#Qualifier/...`."""
    is_annotation = "." in token.text or "#" in token.text
    if not is_annotation:
        parser.take()
        if not parser.at("/", tight=True):
            return parser.alias(token)
        states = {paths.Left.ENTITY}
        if parser.allowed((Role.TERM,), token.text[1:]):
            states.add(paths.Left.ANNOTATION)
        return paths.begin(parser, token, frozenset(states), "paths behind parameter aliases")
    return paths.from_name(parser, token)


_Made = tuple[Expression, *tuple[Expression, ...]]


def _foreign(parser: Parser, feature: str, start: Token, below: list[Expression]) -> _Made:
    return (Foreign(feature, parser.text[start.start : parser.place], start.start), *below)


def _typed(parser: Parser, token: Token) -> _Made:
    """`cast(type)`, `cast(expression,type)`, and the same for isof."""
    below: list[Expression] = []

    def inside() -> None:
        if not _type_name(parser):
            below.append(parser.expression())
            parser.expect(",")
            if not _type_name(parser):
                raise parser.failure("Expected a type name")

    parser.enclosed(inside)
    return _foreign(parser, token.text.lower(), token, below)


_PRIMITIVE_TYPE = re.compile(
    r"Edm\.(?:Binary|Boolean|Byte|Date|DateTimeOffset|Decimal|Double|Duration|Guid|Int16|Int32|Int64|SByte|Single|Stream"
    r"|String|TimeOfDay|(?:Geography|Geometry)(?:Collection|(?:Multi)?(?:LineString|Point|Polygon))?)"
)


def _type_name(parser: Parser) -> bool:
    """Consume a type name that ends the argument list, if one is next."""
    begin = parser.index
    is_collection = parser.token.text == "Collection" and parser.look(1).text == "("
    if is_collection:
        parser.take()
        parser.take()
        parser.no_space()
    name = parser.take()
    is_type = name.type in (T.WORD, T.QUALIFIED) and _is_type(parser, name.text)
    if is_type and (not is_collection or parser.accept(")", tight=False)) and parser.at(")"):
        return True
    parser.index = begin
    return False


def _is_type(parser: Parser, name: str) -> bool:
    return _PRIMITIVE_TYPE.fullmatch(name) is not None or parser.allowed(TYPES, name)


def _case(parser: Parser, token: Token) -> _Made:
    """`case(condition:value, ...)`."""
    below: list[Expression] = []

    def branch() -> None:
        below.append(parser.expression())
        parser.expect(":")
        below.append(parser.expression())

    parser.enclosed(lambda: parser.separated(branch))
    return _foreign(parser, "case", token, below)


def _outside(parser: Parser, token: Token) -> _Made:
    raise parser.failure(f"{token.text} needs a collection before it", place=token.start)


def _defined(parser: Parser, token: Token) -> _Made:
    """`isdefined(path)`."""
    inner = parser.enclosed(lambda: member(parser))
    return _foreign(parser, "isdefined", token, [inner])


_SPECIAL: dict[str, Callable[[Parser, Token], _Made]] = {
    "any": _outside,
    "all": _outside,
    "cast": _typed,
    "isof": _typed,
    "case": _case,
    "isdefined": _defined,
}
