"""The text of `$apply` and `$compute` -> transformations (OData Data Aggregation 4.0, grammar of section 2).

Names of transformations are case-sensitive, as the standard's grammar has them. What is valid and not offered is read
to its end and becomes a `feature`. Called by options and, for nested options, by expand_parser.
"""

from __future__ import annotations

from collections.abc import Callable

from api.odata.language import aggregate_parser, unoffered_steps
from api.odata.language.grouping_parser import groupings
from api.odata.language.parser import Budget, Parser, order_items
from api.odata.language.query_syntax import (
    Aggregate,
    Compute,
    ComputeItem,
    Concat,
    Cut,
    Extremes,
    Filter,
    ForeignStep,
    GroupBy,
    Identity,
    OrderBy,
    Search,
    Sequence,
    Transformation,
)
from api.odata.language.search_parser import search_within
from api.odata.language.tokens import T, Token


def parse_apply(text: str, budget: Budget, target: str | None = None) -> Sequence:
    """The whole of `$apply`. Raises SyntaxProblem and LimitProblem with the place."""
    parser = Parser(text, budget, target)
    found = sequence(parser)
    parser.end()
    return found


def parse_compute(text: str, budget: Budget, target: str | None = None) -> tuple[ComputeItem, ...]:
    """The whole of `$compute`."""
    parser = Parser(text, budget, target)
    found = compute_items(parser)
    parser.end()
    return found


def compute_items(parser: Parser) -> tuple[ComputeItem, ...]:
    """The items of `$compute` between commas, to the first thing that is neither."""
    return parser.separated(lambda: _computed(parser, as_option=True), tight=True)


def _computed(parser: Parser, *, as_option: bool) -> ComputeItem:
    """`expression as Alias`; the option takes `AS` in any case and every name."""
    parser.spend()
    start = parser.token.start
    expression = parser.expression()
    if not as_option:
        return ComputeItem(expression, aggregate_parser.alias(parser), start)
    if not parser.keyword("as", any_case=True):
        raise parser.failure("Expected 'as' and a name")
    return ComputeItem(expression, parser.identifier(), start)


def sequence(parser: Parser, *, preserving: bool = False) -> Sequence:
    """Transformations between slashes; `preserving`: only those that keep the structure of the input.

    White space around a slash is tolerated: a refresh of the Power BI service was seen to send it.
    """
    with parser.deeper():
        return parser.separated(lambda: _transformation(parser, preserving=preserving), "/")


def _transformation(parser: Parser, *, preserving: bool) -> Transformation:
    token = parser.token
    parser.spend()
    if token.type is T.QUALIFIED:
        return unoffered_steps.custom_function(parser)
    table = _PRESERVING if preserving else _ALL
    read = table.get(token.text) if token.type is T.WORD else None
    if read is None:
        hint = f"Transformations are {', '.join(sorted(table))}; their names are case-sensitive."
        raise parser.failure("Expected a transformation", hint=hint)
    parser.take()
    return read(parser, token)


def _bracketed(read: Callable[[Parser, Token], Transformation]) -> Callable[[Parser, Token], Transformation]:
    """`( ... )` around what `read` reads; no white space before the bracket."""

    return lambda parser, token: parser.enclosed(lambda: read(parser, token))


def _aggregate(parser: Parser, token: Token) -> Transformation:
    return Aggregate(aggregate_parser.aggregate_items(parser), token.start)


def _compute(parser: Parser, token: Token) -> Transformation:
    return Compute(parser.separated(lambda: _computed(parser, as_option=False)), token.start)


def _concat(parser: Parser, token: Token) -> Transformation:
    branches = [sequence(parser)]
    while not branches[1:] or parser.at(","):
        parser.expect(",")
        branches.append(sequence(parser))
    return Concat(tuple(branches), token.start)


def _group_by(parser: Parser, token: Token) -> Transformation:
    grouped = groupings(parser, lambda: sequence(parser, preserving=True))
    then = sequence(parser) if parser.accept(",") else ()
    return GroupBy(grouped, then, token.start)


def _filter(parser: Parser, token: Token) -> Transformation:
    return Filter(parser.expression(), token.start)


def _search(parser: Parser, token: Token) -> Transformation:
    return Search(search_within(parser), token.start)


def _order_by(parser: Parser, token: Token) -> Transformation:
    return OrderBy(parser.enclosed(lambda: order_items(parser), tight=True), token.start)


def _cut(parser: Parser, token: Token) -> Transformation:
    return Cut(token.text, parser.whole_number(), token.start)


def _extremes(parser: Parser, token: Token) -> Transformation:
    amount = parser.expression()
    parser.expect(",")
    return Extremes(token.text, amount, parser.expression(), token.start)


def _identity(_parser: Parser, token: Token) -> Transformation:
    return Identity(token.start)


def _nested(parser: Parser, token: Token) -> Transformation:
    unoffered_steps.nested(parser, token, lambda: sequence(parser))
    return ForeignStep(token.text, token.start)


def _joined(parser: Parser, token: Token) -> Transformation:
    unoffered_steps.joined(parser, lambda: sequence(parser))
    return ForeignStep(token.text, token.start)


def _hierarchical(parser: Parser, token: Token) -> Transformation:
    unoffered_steps.HIERARCHIES[token.text](parser, lambda: sequence(parser, preserving=True))
    return ForeignStep(token.text, token.start)


_PRESERVING: dict[str, Callable[[Parser, Token], Transformation]] = {
    "filter": _bracketed(_filter),
    "identity": _identity,
    "orderby": _order_by,
    "search": _bracketed(_search),
    "skip": _bracketed(_cut),
    "top": _bracketed(_cut),
    **dict.fromkeys(unoffered_steps.EXTREMES, _bracketed(_extremes)),
    **dict.fromkeys(unoffered_steps.HIERARCHIES, _bracketed(_hierarchical)),
}
_ALL: dict[str, Callable[[Parser, Token], Transformation]] = {
    **_PRESERVING,
    "aggregate": _bracketed(_aggregate),
    "compute": _bracketed(_compute),
    "concat": _bracketed(_concat),
    "groupby": _bracketed(_group_by),
    "nest": _bracketed(_nested),
    "addnested": _bracketed(_nested),
    "join": _bracketed(_joined),
    "outerjoin": _bracketed(_joined),
}
