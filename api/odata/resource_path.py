"""The path below the service root -> which resource is meant, for this caller.

Segments are split on `/` before decoding and decoded once each, so `%2F` inside a key is text. What a caller may not
read answers as if it did not exist; valid OData addresses that are not offered answer 501. Called by service.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

from api.odata.binder import Key
from api.odata.exchange import Caller
from api.odata.parser import Budget, Parser
from api.odata.rowscope import find_view, may_read, unknown
from api.odata.suggestions import did_you_mean
from api.odata.syntax import Alias, Expression
from api.odata.tokens import T, decode
from models.catalogue.types import Catalogue, Column, View
from models.errors import NameProblem, SyntaxProblem, Unsupported


class ResourceKind(Enum):
    """What a path leads to."""

    SERVICE = auto()  # the service document
    METADATA = auto()  # $metadata
    SET = auto()  # Areas
    COUNT = auto()  # Areas/$count
    ENTITY = auto()  # Areas('001')
    PROPERTY = auto()  # Areas('001')/AreaName
    VALUE = auto()  # Areas('001')/AreaName/$value


@dataclass(frozen=True)
class Resource:
    """`key` goes to bind_key as it is; `column` is the property addressed."""

    kind: ResourceKind
    view: View | None = None
    key: Key = ()
    column: Column | None = None


_ROOT_FEATURES = ("$batch", "$all", "$entity", "$crossjoin")
_SET_FEATURES = ("$ref", "$each", "$filter", "$query")
_KEY_BUDGET = 64


def parse_path(path: str, catalogue: Catalogue, caller: Caller) -> Resource:
    """The resource under a path that is still percent-encoded; a slash at the end is tolerated.

    Raises NotFound (unknown and forbidden alike), SyntaxProblem, NameProblem (in a key) and Unsupported.
    """
    raw = path.strip("/").split("/") if path.strip("/") else []
    segments = [decode(segment) for segment in raw]
    if not segments:
        return Resource(ResourceKind.SERVICE)
    first = segments[0]
    feature = next((name for name in _ROOT_FEATURES if first == name or first.startswith(f"{name}(")), None)
    if feature is not None:
        raise Unsupported(f"This service does not offer {feature}.", target=feature)
    if first == "$metadata":
        if len(segments) > 1:
            raise unknown("/".join(segments))
        return Resource(ResourceKind.METADATA)
    return _set(segments, catalogue, caller)


def _set(segments: list[str], catalogue: Catalogue, caller: Caller) -> Resource:
    name, bracket, _ = segments[0].partition("(")
    view = find_view(name, catalogue, caller)
    rest = segments[1:]
    if bracket:
        return _entity(view, _key(segments[0], view), rest, catalogue, caller)
    if not rest:
        return Resource(ResourceKind.SET, view)
    if rest == ["$count"]:
        return Resource(ResourceKind.COUNT, view)
    _refuse(rest[0], _SET_FEATURES)
    raise unknown("/".join(segments))


def _refuse(segment: str, features: tuple[str, ...]) -> None:
    feature = segment.partition("(")[0]
    if feature in features:
        raise Unsupported(f"This service does not offer {feature} in paths.", target=feature)


def _entity(view: View, key: Key, rest: list[str], catalogue: Catalogue, caller: Caller) -> Resource:
    if not rest:
        return Resource(ResourceKind.ENTITY, view, key)
    name, below = rest[0], rest[1:]
    _refuse(name, ("$ref", "$query"))
    if view.has(name):
        column = view.column(name)
        if not below:
            return Resource(ResourceKind.PROPERTY, view, key, column)
        if below == ["$value"]:
            return Resource(ResourceKind.VALUE, view, key, column)
        _refuse(below[0], ("$query",))
        raise unknown("/".join(rest))
    if any(nav.name == name and may_read(catalogue.views[nav.target], caller) for nav in view.navigations):
        raise Unsupported(f"This service does not offer the navigation property {name} in paths.", target=name)
    raise unknown(name, tuple(column.name for column in view.columns))


def _key(segment: str, view: View) -> Key:
    """The key predicate: one value, or `Name=value` for each key column, in any order."""
    target = view.name
    parser = Parser(segment, Budget(_KEY_BUDGET, _KEY_BUDGET), target)
    parser.take()
    parser.expect("(")
    named: dict[str, Expression] = {}
    values: list[Expression] = []
    while True:
        if parser.token.type is T.WORD and parser.peek().text == "=":
            name = parser.take()
            parser.expect("=")
            if name.text in named:
                raise SyntaxProblem(f"{name.text} is given twice in the key.", target=target, position=name.start)
            if name.text not in view.key:
                hint = did_you_mean(name.text, view.key) or f"The key is {', '.join(view.key)}."
                message = f"{name.text} is no part of the key of {view.name}."
                raise NameProblem(message, hint=hint, target=target, position=name.start)
            named[name.text] = _key_value(parser)
        else:
            values.append(_key_value(parser))
        if not parser.accept(","):
            break
    parser.expect(")")
    parser.end()
    if len(values) == 1 and not named and len(view.key) == 1:
        return ((view.key[0], values[0]),)
    if values or set(named) != set(view.key):
        parts = ",".join(f"{name}=..." for name in view.key)
        hint = f"Write {view.name}({parts if len(view.key) > 1 else '...'})."
        raise SyntaxProblem(f"The key of {view.name} has {len(view.key)} parts.", hint=hint, target=target)
    return tuple((name, named[name]) for name in view.key)


def _key_value(parser: Parser) -> Expression:
    """A literal or a parameter alias."""
    literal = parser.literal()
    if literal is not None:
        return literal
    token = parser.token
    if token.type is T.AT and "." not in token.text and "#" not in token.text:
        parser.take()
        return Alias(token.text, token.start)
    raise parser.failure("Expected a literal", hint="Text goes in single quotes.")
