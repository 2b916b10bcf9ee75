"""The options in the brackets of an item of `$expand` or `$select`: between semicolons, in any case, with or without
`$`, each at most once.

What is valid and of no use there is kept as a feature, so that the answer names it. Called by expand_parser.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from api.odata.language.apply_parser import compute_items, sequence
from api.odata.language.parser import Parser, order_items
from api.odata.language.query_syntax import NestedOptions
from api.odata.language.search_parser import search_within
from api.odata.language.syntax import Expression
from api.odata.language.tokens import T, Token
from models.errors import SyntaxProblem

_ON_COUNT = ("filter", "search")
_ON_REF = (*_ON_COUNT, "orderby", "skip", "top", "count")
_ALIASES = "@"
ALLOWED: dict[str, tuple[str, ...]] = {
    "$count": _ON_COUNT,
    "$ref": _ON_REF,
    "*": ("levels",),
    "*/$ref": (),
    "entities": (*_ON_REF, "select", "expand", "compute", "levels", "apply", _ALIASES),
    "values": _ON_REF,
    "complex": (*_ON_REF, "compute", "select", _ALIASES),
}
"""What the brackets belong to -> options that the grammar allows in them."""


@dataclass
class _Found:
    """Nested options as they are read."""

    readers: Mapping[str, Reader]
    options: dict[str, Any] = field(default_factory=dict)
    aliases: dict[str, Expression] = field(default_factory=dict)
    features: list[tuple[str, int]] = field(default_factory=list)


Reader = Callable[[Parser], Any]


def read(parser: Parser, allowed: tuple[str, ...], readers: Mapping[str, Reader]) -> NestedOptions:
    """`( option; option )`; `readers` read the options that are items of the caller's."""
    found = _Found({**_READERS, **readers})
    with parser.deeper():
        parser.enclosed(lambda: parser.separated(lambda: _option(parser, allowed, found), ";", tight=True), tight=True)
    return NestedOptions(aliases=found.aliases, features=tuple(found.features), **found.options)


def _option(parser: Parser, allowed: tuple[str, ...], found: _Found) -> None:
    parser.spend()
    token = parser.token
    name = token.text.lower().removeprefix("$")
    is_alias = token.type is T.AT and _ALIASES in allowed and "." not in token.text and "#" not in token.text
    if not is_alias and (name not in allowed or token.type not in (T.WORD, T.DOLLAR)):
        hint = f"Options here are {', '.join(f'${one}' for one in allowed if one != _ALIASES)}."
        raise parser.failure("Expected an option", hint=hint)
    parser.take()
    parser.expect("=", tight=True)
    if name != "search":
        parser.no_space()
    if is_alias:
        _once(parser, token, token.text in found.aliases)
        found.aliases[token.text] = parser.expression()
        return
    _once(parser, token, name in found.options or any(f"${name}" == feature for feature, _ in found.features))
    value = found.readers[name](parser)
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


_READERS: dict[str, Reader] = {
    "filter": Parser.expression,
    "search": search_within,
    "orderby": order_items,
    "skip": Parser.whole_number,
    "top": Parser.whole_number,
    "count": _flag,
    "compute": compute_items,
    "levels": _levels,
    "apply": sequence,
}
