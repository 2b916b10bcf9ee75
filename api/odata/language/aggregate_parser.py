"""What is aggregated and how: the terms of `aggregate(...)`, in $apply and behind a path in an expression.

Paths here may lead through collections, unlike those of expressions; without a vocabulary that makes no difference.
Called by apply_parser and calls, works on their parser.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from api.odata.language.query_syntax import AggregateItem, Steps
from api.odata.language.syntax import Expression, Name, Path
from api.odata.language.tokens import T
from api.odata.language.vocabulary import STRUCTURES, Role

if TYPE_CHECKING:
    from api.odata.language.parser import Parser

METHODS = ("sum", "min", "max", "average", "countdistinct")
"""Methods of the standard; others have a qualified name."""
_SINGLE = (Role.COMPLEX, Role.ENTITY)
_STEPS = (*_SINGLE, Role.COMPLEXES, Role.ENTITIES)
_SINGLE_VALUES = (Role.KEY, Role.PRIMITIVE, Role.CUSTOM_AGGREGATE, Role.STREAM)
_VALUES = (*_SINGLE_VALUES, Role.PRIMITIVES)


@dataclass(frozen=True)
class _Reached:
    """A path, and what its end may be."""

    steps: Steps
    start: int
    is_value: bool  # as opposed to an instance: a navigation or complex property, or a type
    is_type: bool
    is_custom: bool  # may be a custom aggregate

    @property
    def feature(self) -> str | None:
        """What the path needs that is not offered."""
        return "type casts" if any("." in step for step in self.steps) else None

    @property
    def expression(self) -> Expression:
        """The path as an expression."""
        return Path(self.steps, self.start) if len(self.steps) > 1 else Name(self.steps[0], self.start)


def alias(parser: Parser) -> str:
    """`as Alias`."""
    if not parser.keyword("as"):
        raise parser.failure("Expected 'as' and a name")
    return parser.identifier(Role.ALIAS)


def aggregate_items(parser: Parser) -> tuple[AggregateItem, ...]:
    """The terms of `aggregate(...)`."""
    return parser.separated(lambda: _item(parser, needs_alias=True))


def aggregate_function(parser: Parser) -> list[Expression]:
    """The one term of `/aggregate(...)` in an expression."""
    item = _item(parser, needs_alias=False)
    return [item.expression] if item.expression is not None else []


def _item(parser: Parser, *, needs_alias: bool) -> AggregateItem:
    parser.spend()
    begin, start = parser.index, parser.token.start
    if parser.token.text == "$count" and _follows(parser, 1):
        parser.take()
        return _named(parser, needs_alias, AggregateItem(None, None, None, (), _from(parser), start))
    path = _path(parser)
    counted = parser.look(1).text == "$count" and not parser.look(1).spaced and _follows(parser, 2)
    if path is not None and parser.at("/", tight=True) and counted:
        parser.take()
        parser.take()
        feature = _from(parser) or path.feature
        return _named(parser, needs_alias, AggregateItem(None, None, None, path.steps, feature, start))
    if path is not None and _is_next(parser, "with") and _takes(parser, path, needs_alias):
        method = _method(parser)
        feature = _from(parser) or path.feature
        return _named(parser, needs_alias, AggregateItem(path.expression, method, None, (), feature, start))
    if path is not None and path.is_custom and _ends(parser):
        has_from = _custom_from(parser)
        named = alias(parser) if needs_alias and (has_from or _is_next(parser, "as")) else None
        feature = "custom aggregates" if has_from else path.feature
        return AggregateItem(path.expression, None, named, (), feature, start)
    parser.index = begin
    expression = parser.expression()
    method = _method(parser)
    return _named(parser, needs_alias, AggregateItem(expression, method, None, (), _from(parser), start))


def _takes(parser: Parser, path: _Reached, needs_alias: bool) -> bool:
    """Whether the path may stand before `with`: instances can only be counted or given to a method of a model."""
    method = parser.look(1)
    is_type = path.is_type and len(path.steps) == 1
    if not path.is_value and (is_type and not needs_alias):
        return False
    return path.is_value or method.text == "countdistinct" or method.type is T.QUALIFIED


def _named(parser: Parser, needs_alias: bool, item: AggregateItem) -> AggregateItem:
    if not needs_alias:
        return item
    return AggregateItem(item.expression, item.method, alias(parser), item.path, item.feature, item.position)


def _is_next(parser: Parser, *words: str) -> bool:
    return parser.token.type is T.WORD and parser.token.text in words and parser.token.spaced


def _ends(parser: Parser) -> bool:
    """Whether an item ends here, or goes on with `from` or `as`."""
    return parser.at(",") or parser.at(")") or _is_next(parser, "from", "as")


def _follows(parser: Parser, ahead: int) -> bool:
    """Whether what follows `$count` is of an aggregation; else it is part of an expression."""
    return parser.look(ahead).text in ("as", "from", ",", ")")


def node_path(parser: Parser) -> None:
    """A path that ends at a value: which property names the node of a hierarchy."""
    path = _path(parser)
    if path is None or not path.is_value:
        raise parser.failure("Expected a property")


def _path(parser: Parser) -> _Reached | None:
    """The longest aggregation path that is next, without `/$count`."""
    steps = list[str]()
    start, roles = parser.token.start, tuple[Role, ...]()
    wanted: Iterable[Role] = (*STRUCTURES, *_STEPS, *_VALUES)
    if parser.named_literal(parser.token) is not None:
        return None
    while parser.token.type in (T.WORD, T.QUALIFIED):
        name = parser.token.text
        found = tuple(role for role in wanted if _may_be(parser, role, name))
        if not found or (parser.look(1).text == "(" and not parser.look(1).spaced):
            break
        roles = found
        steps.append(parser.take().text)
        follower = parser.look(1)
        if not parser.at("/", tight=True) or follower.type not in (T.WORD, T.QUALIFIED) or follower.spaced:
            break
        wanted = _after(roles)
        parser.take()
    if not steps:
        return None
    if parser.tokens[parser.index - 1].text == "/":
        parser.index -= 1
    return _Reached(
        steps=tuple(steps),
        start=start,
        is_value=not set(roles).isdisjoint(_VALUES),
        is_type=set(roles) <= set(STRUCTURES),
        is_custom=Role.CUSTOM_AGGREGATE in roles,
    )


def _may_be(parser: Parser, role: Role, name: str) -> bool:
    return parser.allowed((role,), name) and ("." not in name or role in STRUCTURES)


def _after(roles: Iterable[Role]) -> tuple[Role, ...]:
    """What may stand behind a step."""
    steps: tuple[Role, ...] = ()
    if not set(roles).isdisjoint(_STEPS):
        steps = (*STRUCTURES, *_STEPS, *_VALUES)
    elif not set(roles).isdisjoint(STRUCTURES):
        steps = (*_STEPS, *_VALUES)
    return steps


def _method(parser: Parser) -> str:
    """`with method`."""
    if not parser.keyword("with"):
        raise parser.failure("Expected 'with' and an aggregation method")
    token = parser.token
    is_custom = token.type is T.QUALIFIED and parser.vocabulary.any_of((Role.NAMESPACE,), _namespace(token.text))
    if not is_custom and token.text not in METHODS:
        raise parser.failure("Expected an aggregation method", hint=f"Methods are {', '.join(METHODS)}.")
    return parser.take().text


def _namespace(name: str) -> str:
    return name.rpartition(".")[0]


def _from(parser: Parser) -> str | None:
    """`from properties with method`, any number of times."""
    feature = None
    while parser.keyword("from"):
        grouping_properties(parser)
        _method(parser)
        feature = "from"
    return feature


def _custom_from(parser: Parser) -> bool:
    """`from properties`, perhaps `with method`, any number of times; whether there was any."""
    found = False
    while parser.keyword("from"):
        grouping_properties(parser)
        if _is_next(parser, "with"):
            _method(parser)
        found = True
    return found


def grouping_properties(parser: Parser) -> tuple[Steps, ...]:
    """Paths between commas."""
    return parser.separated(lambda: grouping_path(parser))


def grouping_path(parser: Parser) -> Steps:
    """`Property`, `Navigation/Property`, perhaps with types: everything on it single-valued."""
    steps = list[str]()
    wanted: tuple[Role, ...] = (*STRUCTURES, *_SINGLE, *_SINGLE_VALUES)
    while True:
        token = parser.token
        roles = set()
        if token.type in (T.WORD, T.QUALIFIED) and not (steps and parser.blank):
            roles = {role for role in wanted if _may_be(parser, role, token.text)}
        if not roles:
            raise parser.failure("Expected a property")
        steps.append(parser.take().text)
        ends = not roles.isdisjoint((*_SINGLE, *_SINGLE_VALUES))
        if not parser.at("/", tight=True) or roles.isdisjoint((*STRUCTURES, *_SINGLE)):
            break
        wanted = (*_SINGLE, *_SINGLE_VALUES) if roles.isdisjoint(_SINGLE) else (*STRUCTURES, *_SINGLE, *_SINGLE_VALUES)
        parser.take()
    if not ends:
        raise parser.failure("Expected '/' and a property after the type")
    return tuple(steps)
