"""Transformations of `$apply` that are valid and not offered: read to their end, so that only what is well written
answers 501.

Nested and joined collections, hierarchies, functions of a model. Called by apply_parser and aggregate_parser.
"""

from __future__ import annotations

from collections.abc import Callable

from api.odata.parser import Parser, order_items
from api.odata.query_syntax import ForeignStep, Sequence
from api.odata.tokens import T, Token

_Sequence = Callable[[], Sequence]


def custom_function(parser: Parser) -> ForeignStep:
    """`Namespace.function(name=value,...)`."""
    token = parser.token
    parser.expression()
    return ForeignStep(f"the function {token.text}", token.start)


def nested(parser: Parser, token: Token, sequence: _Sequence) -> None:
    """Inside of `nest(sequence as Alias,...)` and `addnested(path,sequence as Alias,...)`."""
    if token.text == "addnested":
        _path(parser)
        parser.expect(",")
    while True:
        sequence()
        _alias(parser)
        if not parser.accept(","):
            break


def joined(parser: Parser, sequence: _Sequence) -> None:
    """Inside of `join(collection as Alias,sequence)`."""
    _path(parser)
    _alias(parser)
    if parser.accept(","):
        sequence()


def _alias(parser: Parser) -> None:
    token = parser.token
    if token.type is not T.WORD or token.text != "as":
        raise parser.failure("Expected 'as' and a name")
    parser.need_space(parser.take())
    parser.need_space(parser.token)
    parser.identifier()


def _path(parser: Parser) -> None:
    if parser.token.type not in (T.WORD, T.QUALIFIED, T.AT):
        raise parser.failure("Expected a property")
    parser.take()
    while parser.at("/", tight=True):
        parser.take()
        if parser.token.type not in (T.WORD, T.QUALIFIED) or parser.token.spaced:
            raise parser.failure("Expected a property")
        parser.take()


def hierarchy_reference(parser: Parser) -> None:
    """`$root/Set,Qualifier,path`: which hierarchy, and which property names its nodes."""
    if parser.token.text != "$root":
        raise parser.failure("Expected $root")
    parser.expression()
    parser.expect(",")
    parser.identifier()
    parser.expect(",")
    _path(parser)


def _related(parser: Parser, sequence: _Sequence) -> None:
    """Inside of `ancestors` and `descendants`: hierarchy, start, distance, `keep start`."""
    hierarchy_reference(parser)
    parser.expect(",")
    sequence()
    if not parser.accept(","):
        return
    if parser.token.type is T.LITERAL:
        parser.whole_number()
        if not parser.accept(","):
            return
    keep = parser.token
    if parser.text[keep.start : keep.start + 10] != "keep start":
        raise parser.failure("Expected a distance or 'keep start'")
    parser.take()
    parser.take()


def _traverse(parser: Parser, sequence: _Sequence) -> None:
    """Inside of `traverse`: hierarchy, order, transformations, order of siblings."""
    hierarchy_reference(parser)
    parser.expect(",")
    if parser.token.text not in ("preorder", "postorder"):
        raise parser.failure("Expected preorder or postorder")
    parser.take()
    if not parser.accept(","):
        return
    follower = parser.peek()
    if follower.text == "(" and not follower.spaced and not _is_order(parser):
        sequence()
        if not parser.accept(","):
            return
    order_items(parser)


def _is_order(parser: Parser) -> bool:
    return parser.token.text not in _STEPS


_STEPS = (
    *("filter", "orderby", "search", "skip", "top", "topcount", "topsum", "toppercent"),
    *("bottomcount", "bottomsum", "bottompercent", "ancestors", "descendants", "traverse"),
)
HIERARCHIES: dict[str, Callable[[Parser, _Sequence], None]] = {
    "ancestors": _related,
    "descendants": _related,
    "traverse": _traverse,
}
