"""The insides of `aggregate(...)` and of the grouping in `groupby(...)`: what is aggregated how, and by what.

Paths in an aggregate may go through collections, those in a grouping may not; which is which is the binder's to say.
Called by apply_parser, works on its parser.
"""

from __future__ import annotations

from collections.abc import Callable

from api.odata.parser import Parser
from api.odata.query_syntax import AggregateItem, Grouping, Sequence, Steps
from api.odata.syntax import Foreign, Name, Path
from api.odata.tokens import T
from api.odata.unoffered_steps import hierarchy_reference

METHODS = ("sum", "min", "max", "average", "countdistinct")
"""Methods of the standard; others have a qualified name."""


def alias(parser: Parser) -> str:
    """`as Alias`."""
    if not keyword(parser, "as"):
        raise parser.failure("Expected 'as' and a name")
    return parser.identifier()


def keyword(parser: Parser, word: str) -> bool:
    """Consume the word and the white space around it if it is next."""
    token = parser.token
    if token.type is not T.WORD or token.text != word or not token.spaced:
        return False
    parser.take()
    parser.need_space(parser.token)
    return True


def aggregate_items(parser: Parser) -> tuple[AggregateItem, ...]:
    """The terms of `aggregate(...)` between commas."""
    found = [_aggregate_item(parser)]
    while parser.accept(","):
        found.append(_aggregate_item(parser))
    return tuple(found)


def _aggregate_item(parser: Parser) -> AggregateItem:
    parser.spend()
    start = parser.token.start
    steps = _counted_path(parser)
    if steps is not None:
        feature = "from" if _from(parser) else _cast_in(steps)
        return AggregateItem(None, None, alias(parser), steps, feature, start)
    expression = parser.expression()
    if keyword(parser, "with"):
        method = _method(parser)
        feature = "from" if _from(parser) else None
        return AggregateItem(expression, method, alias(parser), (), feature, start)
    if not isinstance(expression, Name | Path | Foreign):
        raise parser.failure("Expected 'with' and an aggregation method")
    while keyword(parser, "from"):
        _grouping_properties(parser)
        if keyword(parser, "with"):
            _method(parser)
    named = parser.token.type is T.WORD and parser.token.text == "as"
    return AggregateItem(expression, None, alias(parser) if named else None, (), "custom aggregates", start)


def _counted_path(parser: Parser) -> Steps | None:
    """The path before `/$count`, if that is next; `()` for `$count` itself."""
    begin, steps = parser.index, list[str]()
    while parser.token.type in (T.WORD, T.QUALIFIED):
        steps.append(parser.take().text)
        if not parser.at("/", tight=True):
            break
        parser.take()
    follower = parser.peek()
    if parser.token.text == "$count" and follower.type is T.WORD and follower.text in ("as", "from"):
        parser.take()
        return tuple(steps)
    parser.index = begin
    return None


def _cast_in(steps: Steps) -> str | None:
    return "type casts" if any("." in step for step in steps) else None


def _method(parser: Parser) -> str:
    token = parser.token
    if token.type is not T.QUALIFIED and token.text not in METHODS:
        hint = f"Methods are {', '.join(METHODS)}, or a qualified name."
        raise parser.failure("Expected an aggregation method", hint=hint)
    return parser.take().text


def _from(parser: Parser) -> bool:
    """`from properties with method`, any number of times."""
    found = False
    while keyword(parser, "from"):
        _grouping_properties(parser)
        if not keyword(parser, "with"):
            raise parser.failure("Expected 'with' and an aggregation method")
        _method(parser)
        found = True
    return found


def _grouping_properties(parser: Parser) -> None:
    grouping_path(parser)
    while parser.accept(","):
        grouping_path(parser)


def grouping_path(parser: Parser) -> Steps:
    """`Property`, `Navigation/Property`, perhaps with casts."""
    steps: list[str] = []
    while True:
        if parser.token.type not in (T.WORD, T.QUALIFIED) or (steps and parser.token.spaced):
            raise parser.failure("Expected a property")
        steps.append(parser.take().text)
        if not parser.at("/", tight=True):
            break
        parser.take()
    if "." in steps[-1]:
        raise parser.failure("Expected '/' and a property after the type")
    return tuple(steps)


def groupings(parser: Parser, hierarchy: Callable[[], Sequence]) -> tuple[Grouping, ...]:
    """`( element, ... )`; `hierarchy` reads the transformations that a recursive hierarchy may have."""
    parser.expect("(")
    found = [_grouping(parser, hierarchy)]
    while parser.accept(","):
        found.append(_grouping(parser, hierarchy))
    parser.expect(")")
    return tuple(found)


def _grouping(parser: Parser, hierarchy: Callable[[], Sequence]) -> Grouping:
    parser.spend()
    token = parser.token
    called = parser.peek().text == "(" and not parser.peek().spaced
    if called and token.text == "rollup":
        parser.take()
        return _rollup(parser, token.start)
    if called and token.text == "rolluprecursive":
        parser.take()
        parser.open()
        hierarchy_reference(parser)
        if parser.accept(","):
            hierarchy()
        parser.expect(")")
        return Grouping((), feature="rolluprecursive", position=token.start)
    steps = grouping_path(parser)
    return Grouping((steps,), feature=_cast_in(steps), position=token.start)


def _rollup(parser: Parser, start: int) -> Grouping:
    parser.open()
    levels = [grouping_path(parser)]
    while parser.accept(","):
        levels.append(grouping_path(parser))
    if len(levels) == 1 and len(levels[0]) > 1:
        raise parser.failure("Expected ',' and another level")
    parser.expect(")")
    feature = next((cast for cast in map(_cast_in, levels) if cast), None)
    if len(levels) == 1:
        feature = "named hierarchies"
    return Grouping(tuple(levels), True, feature, start)
