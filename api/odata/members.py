"""Paths, calls and lambda expressions: the part of the expression grammar that begins with a name.

`Name` and `A/B` become Name and Path, `function(...)` a Call; casts, bound functions, `$count`, lambda operators,
annotations and `$root` are read to their end and become Foreign nodes. Called by parser, works on its tokens.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING

from api.odata.syntax import Call, Expression, Foreign, Name, Path
from api.odata.tokens import T, Token

if TYPE_CHECKING:
    from api.odata.parser import Parser


def json_text(text: str) -> str | None:
    """The text in a JSON string; None when its escapes are wrong."""
    try:
        value = json.loads(text, strict=False)
        value.encode("utf-8")
    except (ValueError, UnicodeEncodeError):
        return None
    return str(value)


def member(parser: Parser) -> Expression:
    """What begins with a word, a qualified name, `$it` or `@`."""
    token = parser.take()
    word = token.text.lower()
    called = parser.at("(", tight=True)
    if called and word in _SPECIAL:
        return _SPECIAL[word](parser, token)
    if token.type is T.DOLLAR:
        return _from_variable(parser, token)
    if token.type is T.AT:
        return _from_at(parser, token)
    if called:
        return _call(parser, token)
    if token.type is T.QUALIFIED and not parser.at("/", tight=True):
        raise parser.failure("A qualified name needs '(' or '/' after it")
    return _path(parser, token, [token.text], "type casts" if token.type is T.QUALIFIED else None)


def _source(parser: Parser, start: int) -> str:
    return parser.text[start : parser.place]


def _foreign(parser: Parser, feature: str, start: Token, *below: Expression) -> Expression:
    return parser.made(Foreign(feature, _source(parser, start.start), start.start), *below)


def _from_variable(parser: Parser, token: Token) -> Expression:
    if token.text not in ("$it", "$this", "$root"):
        parser.index -= 1
        raise parser.failure("Expected a value, a name or '('")
    if token.text == "$root":
        if not parser.at("/", tight=True):
            raise parser.failure("Expected '/' after $root")
        return _path(parser, token, [], "$root")
    if token.text == "$it" and parser.at("/", tight=True):
        return _path(parser, token, [], None)
    return _path(parser, token, [token.text], f"{token.text} on its own" if token.text == "$it" else token.text)


def _from_at(parser: Parser, token: Token) -> Expression:
    if "." in token.text or "#" in token.text or parser.at("/", tight=True):
        return _path(parser, token, [token.text], "annotations in expressions")
    return parser.alias(token)


def _call(parser: Parser, token: Token) -> Expression:
    """A canonical function; with named parameters, a qualified name or a path behind it a function of a model."""
    arguments, named = _arguments(parser)
    if named or token.type is T.QUALIFIED or parser.at("/", tight=True) or parser.at("(", tight=True):
        feature = token.text.lower() if token.text.lower().startswith("geo.") else f"the function {token.text}"
        return _path(parser, token, [token.text], feature, arguments)
    return parser.made(Call(token.text.lower(), tuple(arguments), token.start), *arguments)


def _arguments(parser: Parser) -> tuple[list[Expression], bool]:
    """`( value, ... )` or `( name=value, ... )`, and whether any was named."""
    parser.expect("(")
    found: list[Expression] = []
    named = False
    while not parser.accept(")"):
        if found:
            parser.expect(",")
        if parser.token.type is T.WORD and parser.peek().text == "=":
            parser.take()
            parser.take()
            named = True
        found.append(parser.value() if named else parser.expression())
    return found, named


def _path(
    parser: Parser, start: Token, segments: list[str], feature: str | None, below: list[Expression] | None = None
) -> Expression:
    """The segments that follow; the first thing in them that is not offered gives the node its feature."""
    inside = below or []
    while parser.at("(", tight=True):
        inside += _arguments(parser)[0]
        feature = feature or "key predicates in expressions"
    while parser.at("/", tight=True):
        parser.take()
        if parser.token.spaced or parser.token.type is T.END:
            raise parser.failure("Expected a path segment without white space before it")
        token = parser.take()
        found = _segment(parser, token, inside)
        feature = feature or found
        segments.append(token.text)
        if found in _LAST:
            break
    if feature is not None:
        return _foreign(parser, feature, start, *inside)
    if len(segments) == 1:
        return parser.made(Name(segments[0], start.start))
    return parser.made(Path(tuple(segments), start.start))


_LAST = ("any", "all", "$count")


def _segment(parser: Parser, token: Token, inside: list[Expression]) -> str | None:
    """Read what belongs to one segment; the feature it needs, or None for a plain name."""
    word, called = token.text.lower(), parser.at("(", tight=True)
    if token.type is T.WORD and called and word in ("any", "all"):
        inside += _lambda(parser, word)
        return word
    if token.type in (T.WORD, T.QUALIFIED):
        feature = "type casts" if token.type is T.QUALIFIED else None
        while parser.at("(", tight=True):
            inside += _arguments(parser)[0]
            feature = f"the function {token.text}"
        return feature
    if token.text == "$count":
        if called:
            _options(parser)
        return "$count"
    if token.text == "$filter" and called:
        inside.append(parser.brackets())
        while parser.at("(", tight=True):
            inside += _arguments(parser)[0]
        return "$filter in paths"
    if token.type is T.AT:
        return "annotations in expressions"
    parser.index -= 1
    raise parser.failure("Expected a path segment")


def _options(parser: Parser) -> None:
    """`($filter=...;$search=...)` after `$count`: brackets that close, and every option has a value."""
    parser.expect("(")
    while True:
        if parser.token.text.lower() not in ("$filter", "filter", "$search", "search"):
            raise parser.failure("Expected $filter or $search")
        is_filter = parser.take().text.lower().endswith("filter")
        parser.expect("=")
        if is_filter:
            parser.expression()
        else:
            _search(parser)
        if not parser.accept(";"):
            break
    parser.expect(")")


def _search(parser: Parser) -> None:
    """A search expression, to the `;` or the bracket that closes its option."""
    open_brackets, read = 0, 0
    while open_brackets or not (parser.at(";") or parser.at(")")):
        if parser.token.type is T.END:
            raise parser.failure("Expected ')'")
        open_brackets += parser.at("(") - parser.at(")")
        parser.take()
        read += 1
    if not read:
        raise parser.failure("Expected a search expression")


def _lambda(parser: Parser, word: str) -> list[Expression]:
    """`any()`, `any(x:predicate)`, `all(x:predicate)`."""
    parser.expect("(")
    if word == "any" and parser.accept(")"):
        return []
    if parser.token.type is not T.WORD:
        raise parser.failure("Expected a variable")
    parser.take()
    parser.expect(":")
    predicate = parser.expression()
    parser.expect(")")
    return [predicate]


def _outside(parser: Parser, token: Token) -> Expression:
    parser.index -= 1
    raise parser.failure(f"{token.text} needs a collection before it")


def _typed(parser: Parser, token: Token) -> Expression:
    """`cast(type)`, `cast(expression,type)`, and the same for isof."""
    parser.expect("(")
    below: list[Expression] = []
    if not _type_name(parser):
        below.append(parser.expression())
        parser.expect(",")
        if not _type_name(parser):
            raise parser.failure("Expected a type name")
    parser.expect(")")
    return _foreign(parser, token.text.lower(), token, *below)


def _type_name(parser: Parser) -> bool:
    """Consume a type name that ends the argument list, if one is next."""
    begin = parser.index
    is_collection = parser.token.text == "Collection" and parser.peek().text == "("
    if is_collection:
        parser.take()
        parser.take()
    is_name = parser.take().type in (T.WORD, T.QUALIFIED) and (not is_collection or parser.accept(")"))
    if is_name and parser.at(")"):
        return True
    parser.index = begin
    return False


def _case(parser: Parser, token: Token) -> Expression:
    """`case(condition:value, ...)`."""
    parser.expect("(")
    below: list[Expression] = []
    while True:
        below.append(parser.expression())
        parser.expect(":")
        below.append(parser.expression())
        if not parser.accept(","):
            break
    parser.expect(")")
    return _foreign(parser, "case", token, *below)


_SPECIAL: dict[str, Callable[[Parser, Token], Expression]] = {
    "any": _outside,
    "all": _outside,
    "cast": _typed,
    "isof": _typed,
    "case": _case,
}
