"""By what is grouped: the elements of the first argument of `groupby(...)`.

Called by apply_parser, works on its parser.
"""

from __future__ import annotations

from api.odata.language.aggregate_parser import grouping_path
from api.odata.language.parser import Parser
from api.odata.language.query_syntax import Grouping, Steps
from api.odata.language.unoffered_steps import Transformations, hierarchy_reference


def groupings(parser: Parser, preserving: Transformations) -> tuple[Grouping, ...]:
    """`( element, ... )`; `preserving` reads the transformations that a recursive hierarchy may have."""
    parser.expect("(")
    found = parser.separated(lambda: _grouping(parser, preserving))
    parser.expect(")")
    return found


def _grouping(parser: Parser, preserving: Transformations) -> Grouping:
    parser.spend()
    token = parser.token
    called = parser.look(1).text == "(" and not parser.look(1).spaced
    if called and token.text == "rollup":
        parser.take()
        return parser.enclosed(lambda: _rollup(parser, token.start))
    if called and token.text == "rolluprecursive":
        parser.take()
        parser.enclosed(lambda: _recursive(parser, preserving))
        return Grouping((), feature="rolluprecursive", position=token.start)
    steps = grouping_path(parser)
    return Grouping((steps,), feature=_cast_in(steps), position=token.start)


def _cast_in(steps: Steps) -> str | None:
    return "type casts" if any("." in step for step in steps) else None


def _rollup(parser: Parser, start: int) -> Grouping:
    """Levels, or the name of a hierarchy."""
    if parser.look(1).text == ")":
        return Grouping(((parser.identifier(),),), True, "named hierarchies", start)
    levels = [grouping_path(parser)]
    while not levels[1:] or parser.at(","):
        parser.expect(",")
        levels.append(grouping_path(parser))
    feature = next((cast for cast in map(_cast_in, levels) if cast), None)
    return Grouping(tuple(levels), True, feature, start)


def _recursive(parser: Parser, preserving: Transformations) -> None:
    hierarchy_reference(parser)
    if parser.accept(","):
        preserving()
