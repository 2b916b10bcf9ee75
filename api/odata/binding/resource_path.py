"""The path below the service root -> which resource is meant, for this caller.

Binds the segments that path_parser read to the catalogue. What a caller may not read answers as if it did not exist;
valid OData addresses that are not offered answer 501 and are named; what cannot stand where it stands answers 400.
Called by service.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import NoReturn

from api.odata.binding.binder import Key
from api.odata.binding.rowscope import find_view, may_read, unknown
from api.odata.exchange import Caller
from api.odata.language.parser import Budget
from api.odata.language.path_parser import misplaced, parse_segments, require_options
from api.odata.language.path_syntax import Brackets, Named, PathFilter, Plain, Segment, System
from api.odata.language.suggestions import did_you_mean
from api.odata.language.syntax import Expression
from models.catalogue.types import Catalogue, Column, Navigation, View
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
class Trail:
    """To-one navigation: from the entity of `view` with `key`, along `hops`."""

    view: View
    key: Key
    hops: tuple[Navigation, ...]


@dataclass(frozen=True)
class Resource:
    """`key` goes to bind_key as it is; `column` is the property addressed.

    With a `trail` the key is not known yet: `navigation` follows it, hop by hop.
    """

    kind: ResourceKind
    view: View | None = None
    key: Key = ()
    column: Column | None = None
    trail: Trail | None = None


CASTS = "type casts and operations in paths"
KEYS_AS_SEGMENTS = "keys as path segments"
_BUDGET = (500, 50)
"""Nodes and depth of all that stands in a path's brackets."""


def parse_path(path: str, catalogue: Catalogue, caller: Caller, query: str = "") -> Resource:
    """The resource under a path that is still percent-encoded; a slash at the end is tolerated. Of the query only the
    names of the options count, and only for `$metadata` and the like.

    Raises NotFound (unknown and forbidden alike), SyntaxProblem, NameProblem (in a key) and Unsupported.
    """
    plain = path.strip("/")
    if not plain:
        return Resource(ResourceKind.SERVICE)
    segments = parse_segments(plain, Budget(*_BUDGET))
    require_options(segments, query)
    first, *rest = segments
    if isinstance(first, System) and first.text == "$metadata":
        return Resource(ResourceKind.METADATA)
    if not isinstance(first, Named):
        _not_offered(first.text.partition("(")[0])
    view = find_view(first.name, catalogue, caller)
    if not first.brackets:
        return _below_set(view, first, rest)
    key = _key(first.brackets[0], view)
    if len(first.brackets) > 1:
        raise SyntaxProblem(f"{view.name} has one key, in one pair of brackets.", target=view.name, position=0)
    return _Walk(catalogue, caller, view, key).resource(first, rest)


def _not_offered(feature: str, target: str | None = None) -> NoReturn:
    raise Unsupported(f"This service does not offer {feature}.", target=target or feature)


def _below_set(view: View, first: Segment, rest: Sequence[Segment]) -> Resource:
    if not rest:
        return Resource(ResourceKind.SET, view)
    match rest[0]:
        case System("$count"):
            return Resource(ResourceKind.COUNT, view)
        case System(("$each" | "$query" | "$ref") as text):
            _not_offered(f"{text} in paths", text)
        case PathFilter():
            _not_offered("$filter in paths", "$filter")
        case Plain():
            _not_offered(KEYS_AS_SEGMENTS, view.name)
        case Named(namespace=()) as segment:
            raise unknown(segment.name)
        case Named():
            _not_offered(CASTS, view.name)
    raise misplaced(rest[0].text, first)


@dataclass(frozen=True)
class _Walk:
    """From one entity along to-one navigation to what is addressed."""

    catalogue: Catalogue
    caller: Caller
    view: View
    key: Key

    def resource(self, before: Segment, rest: Sequence[Segment]) -> Resource:
        """Where the segments behind the entity lead."""
        view, hops = self.view, list[Navigation]()
        for place, segment in enumerate(rest):
            name = _name(segment, before)
            if view.has(name):
                return self._property(view, view.column(name), hops, rest[place:])
            hop = self._hop(view, name)
            _without_brackets(segment)
            view, before = self.catalogue.views[hop.target], segment
            hops.append(hop)
        return self._made(ResourceKind.ENTITY, view, None, hops)

    def _hop(self, view: View, name: str) -> Navigation:
        """A navigation property that this caller may follow. Raises NotFound, for the forbidden as for the unknown."""
        targets = self.catalogue.views
        seen = {nav.name: nav for nav in view.navigations if may_read(targets[nav.target], self.caller)}
        if name not in seen:
            raise unknown(name, (*(column.name for column in view.columns), *seen))
        return seen[name]

    def _property(self, view: View, column: Column, hops: list[Navigation], rest: Sequence[Segment]) -> Resource:
        before, *below = rest
        _without_brackets(before)
        if below and below[0] == System("$ref"):
            raise misplaced("$ref", before)
        if below and below[0] != System("$value"):
            raise unknown(_name(below[0], before))
        return self._made(ResourceKind.VALUE if below else ResourceKind.PROPERTY, view, column, hops)

    def _made(self, kind: ResourceKind, view: View, column: Column | None, hops: list[Navigation]) -> Resource:
        if not hops:
            return Resource(kind, view, self.key, column)
        return Resource(kind, view, (), column, Trail(self.view, self.key, tuple(hops)))


def _name(segment: Segment, before: Segment) -> str:
    """The name of a property or navigation property. Raises for what else may or may not stand behind one value."""
    match segment:
        case Named(namespace=()):
            return segment.name
        case Named():
            _not_offered(CASTS, segment.name)
        case System("$value"):
            _not_offered("media streams", "$value")
        case System(("$query" | "$ref") as text):
            _not_offered(f"{text} in paths", text)
    raise misplaced(segment.text, before)


def _without_brackets(segment: Segment) -> None:
    if isinstance(segment, Named) and segment.brackets:
        message = f"{segment.name} is one value: it takes no key and no parameters."
        raise SyntaxProblem(message, target=segment.name, position=segment.brackets[0].position)


def _key(brackets: Brackets, view: View) -> Key:
    """The key predicate: one value, or `Name=value` for each key column, in any order."""
    target, given = view.name, brackets.arguments
    named: dict[str, Expression] = {}
    for argument in given:
        name, position = argument.name, argument.position
        if name is None:
            continue
        if name in named:
            raise SyntaxProblem(f"{name} is given twice in the key.", target=target, position=position)
        if name not in view.key:
            hint = did_you_mean(name, view.key) or f"The key is {', '.join(view.key)}."
            raise NameProblem(f"{name} is no part of the key of {target}.", hint=hint, target=target, position=position)
        named[name] = argument.value
    if not brackets.is_key:
        message = f"This is no key of {target}."
        hint = "A key is a literal that is not null, without white space around it."
        raise SyntaxProblem(message, hint=hint, target=target, position=brackets.position)
    if len(given) == 1 and not named and len(view.key) == 1:
        return ((view.key[0], given[0].value),)
    if set(named) != set(view.key):
        parts = ",".join(f"{name}=..." for name in view.key)
        hint = f"Write {target}({parts if len(view.key) > 1 else '...'})."
        raise SyntaxProblem(f"The key of {target} has {len(view.key)} parts.", hint=hint, target=target)
    return tuple((name, named[name]) for name in view.key)
