"""The path below the service root, still percent-encoded -> its segments, exactly as the OASIS grammar reads them.

Split on `/` before decoding and decoded once each, so `%2F` inside a key is text; only `$filter(...)` may hold slashes.
No name is resolved: what a name may be decides `path_grammar`, by the budget's vocabulary. Called by
resource_path.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from api.odata.language.parser import Budget, Parser
from api.odata.language.path_grammar import Leads, step
from api.odata.language.path_syntax import Argument, Brackets, CrossJoin, Named, PathFilter, Plain, Segment, System
from api.odata.language.syntax import Expression
from api.odata.language.tokens import T, Token, decode, decode_for_parsers, split_query
from models.errors import CrisisError, LimitProblem, SyntaxProblem

_FILTER = re.compile(r"(?:\$|%24)filter(?:\(|%28)")
_SYSTEM = re.compile(r"\$[a-z]+")
_LONGEST_NAME = 128
_DEEPEST = 100
MOST_SEGMENTS = 100
"""Far more than any navigation here takes."""


def parse_segments(path: str, budget: Budget) -> tuple[Segment, ...]:
    """The segments of a path. Raises SyntaxProblem and LimitProblem; `position` counts in the decoded segment."""
    states = frozenset({Leads.ROOT})
    found: list[Segment] = []
    for raw in split_path(path):
        if len(found) == MOST_SEGMENTS:
            raise LimitProblem(
                f"The path has more than {MOST_SEGMENTS} segments.", target=found[0].text[:_LONGEST_NAME]
            )
        text = decode(raw)
        segment, failure = _segment(text, budget)
        states = step(states, segment, budget.vocabulary)
        if not states:
            raise failure or misplaced(text, found[-1] if found else None)
        found.append(segment)
    return tuple(found)


_ROOT_OPTIONS = {
    "$batch": ("$format",),
    "$metadata": ("$format", "$schemaversion"),
    "$entity": ("$format", "$id"),
    "$entity/": ("$format", "$id", "$expand", "$select"),
}
"""What the grammar lets these take, and `$schemaversion`, which the protocol (11.2.12) lets every request take."""


def require_options(segments: tuple[Segment, ...], query: str) -> None:
    """Raise SyntaxProblem for an option that the root's own resources do not take, and for `$entity` without `$id`."""
    first = segments[0].text if segments else ""
    taken = _ROOT_OPTIONS.get(first if len(segments) < 2 else f"{first}/")
    if taken is None:
        return
    given = [name.lower() for name, _ in split_query(query)]
    for name in given:
        if name.startswith(("$", "@")) and name not in taken:
            raise SyntaxProblem(f"{first} does not take the query option {name[:64]}.", target=name[:64])
    if first == "$entity" and not {"$id", "id"} & set(given):
        raise SyntaxProblem("$entity needs the query option $id.", hint="Write $entity?$id=...", target="$id")


def split_path(path: str) -> Iterator[str]:
    """The raw segments; a slash inside the brackets of `$filter(...)` does not end one."""
    start = 0
    while True:
        inside = _closing(path, start) if _FILTER.match(path, start) else start
        stop = path.find("/", inside)
        yield path[start : stop if stop >= 0 else len(path)]
        if stop < 0:
            return
        start = stop + 1


def _closing(path: str, start: int) -> int:
    """Where the brackets of the `$filter(...)` at `start` end. The end of the path where it is not well written: the
    error is the same then, whatever follows."""
    try:
        text = decode_for_parsers(path[start:])
        parser = Parser(text, Budget(len(text), _DEEPEST), None)
        parser.take()
        _condition(parser)
    except CrisisError:
        return len(path)
    return start + text.raw_place(parser.place)


def misplaced(text: str, before: Segment | None) -> SyntaxProblem:
    """The error for a segment that cannot stand where it stands."""
    shown = text.partition("(")[0][:_LONGEST_NAME]
    where = f"behind {before.text.partition('(')[0][:_LONGEST_NAME]!r}" if before else "at the service root"
    what = f"The path segment {shown!r}" if text else "An empty path segment"
    return SyntaxProblem(f"{what} cannot stand {where}.", target=shown or None, position=0)


def _segment(text: str, budget: Budget) -> tuple[Segment, SyntaxProblem | None]:
    """The segment, and why it is only a plain text where it looks like more."""
    try:
        return _structured(text, budget), None
    except SyntaxProblem as failure:
        return Plain(text), failure


def _structured(text: str, budget: Budget) -> Segment:
    if _SYSTEM.fullmatch(text):
        return System(text)
    parser = Parser(text, budget, text.partition("(")[0][:_LONGEST_NAME] or None)
    token = parser.take()
    if token.text == "$filter" and parser.at("(", tight=True):
        return PathFilter(text, _condition(parser), _all_brackets(parser))
    if token.text == "$crossjoin" and parser.at("(", tight=True):
        return CrossJoin(text, _sets(parser))
    if token.type in (T.WORD, T.QUALIFIED) and parser.token.text in ("", "("):
        *namespace, name = _names(parser, token)
        return Named(name, text, tuple(namespace), _all_brackets(parser))
    return Plain(text)


def _names(parser: Parser, token: Token) -> list[str]:
    parts = token.text.split(".")
    if max(map(len, parts)) > _LONGEST_NAME:
        raise parser.failure("A name is longer than 128 characters", place=token.start)
    return parts


def _condition(parser: Parser) -> Expression:
    parser.expect("(")
    parser.no_space()
    condition = parser.expression()
    _close(parser)
    return condition


def _close(parser: Parser) -> None:
    if parser.token.spaced:
        raise parser.failure("White space at the end")
    parser.expect(")")


def _sets(parser: Parser) -> tuple[str, ...]:
    """`(A,B)`, without white space."""
    parser.expect("(")
    found = []
    while True:
        token = parser.take()
        if token.type is not T.WORD or token.spaced:
            raise parser.failure("Expected the name of an entity set", place=token.start)
        found.append(token.text)
        if not parser.at(",", tight=True):
            break
        parser.take()
    _close(parser)
    parser.end()
    return tuple(found)


def _all_brackets(parser: Parser) -> tuple[Brackets, ...]:
    """All that follow to the end of the segment."""
    found = []
    while parser.at("(", tight=True):
        found.append(_brackets(parser))
    parser.end()
    return tuple(found)


def _brackets(parser: Parser) -> Brackets:
    """`(value)`, `(name=value,...)` or `()`. White space may stand around commas and inside the brackets."""
    start = parser.take()
    begin = parser.index
    arguments: list[Argument] = []
    if not parser.at(")"):
        arguments.append(_argument(parser))
        while parser.accept(","):
            arguments.append(_argument(parser))
    parser.expect(")")
    tight = not any(token.spaced for token in parser.tokens[begin : parser.index])
    return Brackets(tuple(arguments), tight, start.start)


def _argument(parser: Parser) -> Argument:
    token, name = parser.token, None
    if token.type is T.WORD and parser.peek().text == "=":
        name = parser.take().text
        if parser.token.spaced:
            raise parser.failure("White space before '='")
        parser.take()
        if parser.token.spaced:
            raise parser.failure("White space behind '='")
    return Argument(name, _value(parser), token.start)


def _value(parser: Parser) -> Expression:
    literal = parser.literal()
    if literal is not None:
        return literal
    token = parser.token
    if token.type is T.AT and "." not in token.text and "#" not in token.text:
        return parser.alias(parser.take())
    raise parser.failure("Expected a literal", hint="Text goes in single quotes.")
