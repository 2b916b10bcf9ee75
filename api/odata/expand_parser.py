"""The text of `$expand` and `$select` -> items, with the options in their brackets.

Options in brackets stand between semicolons and may be written as those of the query string: in any case, with or
without `$`. Called by options; the readers of the nested options are those of the options themselves.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from api.odata.apply_parser import compute_items, sequence
from api.odata.parser import Budget, Parser, order_items
from api.odata.query_syntax import ExpandItem, NestedOptions
from api.odata.search_parser import search_within
from api.odata.syntax import Expression, SelectItem
from api.odata.tokens import T, Token
from models.errors import SyntaxProblem


def parse_expand(text: str, budget: Budget, target: str | None = None) -> tuple[ExpandItem, ...]:
    """The whole of `$expand`. Raises SyntaxProblem and LimitProblem with the place."""
    parser = Parser(text, budget, target)
    found = _expand_items(parser)
    parser.end()
    return found


def parse_select(text: str, budget: Budget, target: str | None = None) -> tuple[SelectItem, ...]:
    """The whole of `$select`; white space around the commas is tolerated."""
    parser = Parser(text, budget, target)
    found = _select_items(parser)
    parser.end()
    return found


def _expand_items(parser: Parser) -> tuple[ExpandItem, ...]:
    found = [_expand_item(parser)]
    while parser.accept(","):
        found.append(_expand_item(parser))
    return tuple(found)


def _expand_item(parser: Parser) -> ExpandItem:
    """`Area`, `Area($select=...)`, `*`; paths, casts, `/$ref`, `/$count` and annotations are read, and not offered."""
    parser.spend()
    start, first = parser.token.start, parser.token
    segments, feature = 0, None
    if first.text == "$value" and first.type is T.DOLLAR:
        parser.take()
        return ExpandItem("$value", feature="$value in $expand", position=start)
    while True:
        token = parser.token
        if segments and token.spaced:
            raise parser.failure("Expected a path segment without white space before it")
        if token.text in ("$ref", "$count") and token.type is T.DOLLAR and segments:
            parser.take()
            feature = feature or f"{token.text} in $expand"
            break
        is_star = parser.accept("*")
        if not is_star and token.type not in (T.WORD, T.QUALIFIED, T.AT):
            raise parser.failure("Expected a navigation property")
        if not is_star:
            parser.take()
        feature = feature or _SEGMENTS.get(token.type) or ("paths in $expand" if segments else None)
        segments += 1
        if not parser.at("/", tight=True):
            break
        parser.take()
    name = parser.text[start : parser.place]
    allowed = _allowed(token)
    options = _nested(parser, allowed) if parser.at("(", tight=True) else NestedOptions()
    if token.text == "*" and options.features:
        feature = feature or "$levels"
    return ExpandItem(name, options, feature, start)


_SEGMENTS = {T.QUALIFIED: "type casts in $expand", T.AT: "annotations in $expand"}
_ON_COUNT = ("filter", "search")
_ON_REF = (*_ON_COUNT, "orderby", "skip", "top", "count")
_ON_ENTITIES = (*_ON_REF, "select", "expand", "compute", "levels", "apply")
_IN_SELECT = (*_ON_REF, "compute", "select")


def _allowed(last: Token) -> tuple[str, ...]:
    return {"$count": _ON_COUNT, "$ref": _ON_REF, "*": ("levels",)}.get(last.text, _ON_ENTITIES)


@dataclass
class _Found:
    """Nested options as they are read."""

    options: dict[str, Any] = field(default_factory=dict)
    aliases: dict[str, Expression] = field(default_factory=dict)
    features: list[tuple[str, int]] = field(default_factory=list)


def _nested(parser: Parser, allowed: tuple[str, ...]) -> NestedOptions:
    """`( option; option )`."""
    found = _Found()
    with parser.deeper():
        parser.open()
        while True:
            _option(parser, allowed, found)
            if not parser.accept(";"):
                break
        parser.expect(")")
    return NestedOptions(aliases=found.aliases, features=tuple(found.features), **found.options)


def _option(parser: Parser, allowed: tuple[str, ...], found: _Found) -> None:
    token = parser.token
    name = token.text.lower().removeprefix("$")
    is_alias = token.type is T.AT and len(allowed) > len(_ON_REF)
    if not is_alias and (name not in allowed or token.type not in (T.WORD, T.DOLLAR)):
        hint = f"Options here are {', '.join(f'${one}' for one in allowed)}."
        raise parser.failure("Expected an option", hint=hint)
    parser.take()
    if not parser.at("=", tight=True):
        raise parser.failure("Expected '='")
    parser.take()
    if parser.token.spaced and name != "search":
        raise parser.failure("White space after '='")
    if is_alias:
        _once(parser, token, token.text in found.aliases)
        found.aliases[token.text] = parser.value()
        return
    names = (*found.options, *(feature.removeprefix("$") for feature, _ in found.features))
    _once(parser, token, name in names)
    value = _READERS[name](parser)
    if name in ("select", "expand", "compute"):
        found.options[name] = value
    else:
        found.features.append((f"${name}", token.start))


def _once(parser: Parser, token: Token, given: bool) -> None:
    if given:
        message = f"{token.text} is given twice in the same brackets."
        raise SyntaxProblem(message, target=parser.target, position=token.start)


def _flag(parser: Parser) -> None:
    if parser.token.type is not T.WORD or parser.token.text.lower() not in ("true", "false"):
        raise parser.failure("Expected true or false")
    parser.take()


def _levels(parser: Parser) -> None:
    """`max`, or a number from 1."""
    if parser.token.type is T.WORD and parser.token.text.lower() == "max":
        parser.take()
    elif parser.token.text.startswith("0"):
        raise parser.failure("Expected a number from 1, or max")
    else:
        parser.whole_number()


def _select_items(parser: Parser) -> tuple[SelectItem, ...]:
    found = [_select_item(parser)]
    while parser.accept(","):
        found.append(_select_item(parser))
    return tuple(found)


def _select_item(parser: Parser) -> SelectItem:
    """`Name`, `*`, or a path, qualified name, annotation or nested options: read to its end, and not offered."""
    parser.spend()
    start = parser.token.start
    if parser.accept("*"):
        return SelectItem("*", None, start)
    segments, feature = 0, None
    while True:
        token = parser.token
        if token.type not in (T.WORD, T.QUALIFIED, T.AT) or (segments and token.spaced):
            raise parser.failure("Expected a property name or '*'")
        parser.take()
        segments += 1
        if token.type is not T.WORD:
            feature = "qualified names and annotations in $select"
        if not parser.at("/", tight=True):
            break
        parser.take()
    if parser.at(".", tight=True) and parser.peek().text == "*":
        parser.take()
        parser.take()
        feature = "operations in $select"
    elif parser.at("(", tight=True):
        feature = "options inside $select"
        if not _parameter_names(parser):
            _nested(parser, _IN_SELECT)
    elif segments > 1:
        feature = feature or "paths in $select"
    name = parser.text[start : parser.place]
    return SelectItem(name, feature, start)


def _parameter_names(parser: Parser) -> bool:
    """`(name,name)` of a function, if that is next."""
    begin = parser.index
    parser.open()
    while parser.token.type is T.WORD and parser.peek().text in (",", ")"):
        parser.take()
        if parser.accept(")"):
            return True
        parser.take()
    parser.index = begin
    return False


_READERS: dict[str, Callable[[Parser], Any]] = {
    "filter": Parser.expression,
    "search": search_within,
    "orderby": order_items,
    "skip": Parser.whole_number,
    "top": Parser.whole_number,
    "count": _flag,
    "select": _select_items,
    "expand": _expand_items,
    "compute": compute_items,
    "levels": _levels,
    "apply": sequence,
}
