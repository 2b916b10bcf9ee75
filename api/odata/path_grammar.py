"""Which segment may follow which: the rules below `odataRelativeUri` of the OASIS grammar as one table of moves.

A path is read with all readings at once: the set of what it may lead to so far. Each segment is looked at once, so
that no path costs more than its length. Pure; called by path_parser.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum, auto

from api.odata.path_syntax import Brackets, CrossJoin, Named, PathFilter, Plain, Segment, System

Allows = Callable[[str, str], bool]
"""Whether a name rule of the grammar (`entitySetName`) may match a text."""


def any_name(rule: str, text: str) -> bool:
    """The model is not known: every name may be anything; what begins with `$` is never a key (4.3.6)."""
    return rule != "keyPathLiteral" or not (text == "" or text.startswith("$"))


class Leads(Enum):
    """What a path leads to; the grammar's rule for what may follow."""

    ROOT = auto()
    NOWHERE = auto()  # nothing may follow
    QUERY = auto()  # querySegment
    ALL = auto()  # $all, $entity: an entity type
    SET = auto()  # collectionNavigation
    SET_CAST = auto()  # collectionNavPath
    KEYS = auto()  # keyPathSegments, then singleNavigation
    ENTITY = auto()  # singleNavigation
    ENTITY_CAST = auto()  # singleNavPath
    COMPLEXES = auto()  # complexColPath
    PRIMITIVES = auto()  # collectionPath
    COMPLEX = auto()  # complexPath
    COMPLEX_CAST = auto()  # complexNavPath
    PRIMITIVE = auto()  # primitivePath
    OPERATION = auto()  # boundOperation


class Form(Enum):
    """How a segment is written."""

    PLAIN = auto()  # a name without namespace
    NAME = auto()  # a name, perhaps with a namespace
    PLAIN_CALL = auto()  # a name without namespace, and parameters
    CALL = auto()  # a name, perhaps with a namespace, and parameters
    KEY = auto()  # brackets with a key, within the segment
    SYSTEM = auto()
    FILTER = auto()
    CROSSJOIN = auto()
    LITERAL = auto()  # a key as a segment
    ORDINAL = auto()


@dataclass(frozen=True)
class Move:
    """`rule` is the name rule, for SYSTEM the segment itself."""

    form: Form
    rule: str
    to: Leads


RESULTS = {
    "entityCol": Leads.SET,
    "entity": Leads.ENTITY,
    "complexCol": Leads.COMPLEXES,
    "complex": Leads.COMPLEX,
    "primitiveCol": Leads.PRIMITIVES,
    "primitive": Leads.PRIMITIVE,
}
"""What functions return, by the beginning of their name rule."""


def _systems(*names: str) -> tuple[Move, ...]:
    return tuple(Move(Form.SYSTEM, name, Leads.NOWHERE) for name in names)


_QUERY = _systems("$query")
_OPERATION = (
    Move(Form.NAME, "action", Leads.NOWHERE),
    *(Move(Form.CALL, f"{kind}Function", to) for kind, to in RESULTS.items()),
    *(Move(Form.NAME, f"{kind}Function", Leads.QUERY) for kind in RESULTS),
)
_PROPERTIES = (
    Move(Form.PLAIN, "entityColNavigationProperty", Leads.SET),
    Move(Form.PLAIN, "entityNavigationProperty", Leads.ENTITY),
    Move(Form.PLAIN, "complexColProperty", Leads.COMPLEXES),
    Move(Form.PLAIN, "complexProperty", Leads.COMPLEX),
    Move(Form.PLAIN, "primitiveColProperty", Leads.PRIMITIVES),
    Move(Form.PLAIN, "primitiveKeyProperty", Leads.PRIMITIVE),
    Move(Form.PLAIN, "primitiveNonKeyProperty", Leads.PRIMITIVE),
    Move(Form.PLAIN, "streamProperty", Leads.OPERATION),
)
_ENTITY_CAST = (*_PROPERTIES, *_OPERATION, *_systems("$ref", "$value"), *_QUERY)
_ENTITY = (*_ENTITY_CAST, Move(Form.NAME, "entityTypeName", Leads.ENTITY_CAST))
_KEY_SEGMENT = Move(Form.LITERAL, "keyPathLiteral", Leads.KEYS)
_SET_CAST = (
    Move(Form.KEY, "", Leads.ENTITY),
    _KEY_SEGMENT,
    Move(Form.FILTER, "", Leads.SET),
    Move(Form.SYSTEM, "$each", Leads.OPERATION),
    *_OPERATION,
    *_systems("$count", "$ref"),
    *_QUERY,
)
_PRIMITIVES = (*_systems("$count"), *_OPERATION, Move(Form.ORDINAL, "", Leads.NOWHERE), *_QUERY)
_COMPLEX_CAST = (*_PROPERTIES, *_OPERATION, *_QUERY)

MOVES: dict[Leads, tuple[Move, ...]] = {
    Leads.ROOT: (
        *_systems("$batch", "$metadata"),
        Move(Form.SYSTEM, "$all", Leads.ALL),
        Move(Form.SYSTEM, "$entity", Leads.ALL),
        Move(Form.CROSSJOIN, "entitySetName", Leads.QUERY),
        Move(Form.PLAIN, "entitySetName", Leads.SET),
        Move(Form.PLAIN, "singletonEntity", Leads.ENTITY),
        Move(Form.PLAIN, "actionImport", Leads.NOWHERE),
        *(Move(Form.PLAIN_CALL, f"{kind}FunctionImport", to) for kind, to in RESULTS.items()),
        *(Move(Form.PLAIN, f"{kind}FunctionImport", Leads.QUERY) for kind in RESULTS),
    ),
    Leads.NOWHERE: (),
    Leads.QUERY: _QUERY,
    Leads.ALL: (Move(Form.NAME, "entityTypeName", Leads.NOWHERE),),
    Leads.SET: (*_SET_CAST, Move(Form.NAME, "entityTypeName", Leads.SET_CAST)),
    Leads.SET_CAST: _SET_CAST,
    Leads.KEYS: (_KEY_SEGMENT, *_ENTITY),
    Leads.ENTITY: _ENTITY,
    Leads.ENTITY_CAST: _ENTITY_CAST,
    Leads.COMPLEXES: (*_PRIMITIVES, Move(Form.NAME, "complexTypeName", Leads.PRIMITIVES)),
    Leads.PRIMITIVES: _PRIMITIVES,
    Leads.COMPLEX: (*_COMPLEX_CAST, Move(Form.NAME, "complexTypeName", Leads.COMPLEX_CAST)),
    Leads.COMPLEX_CAST: _COMPLEX_CAST,
    Leads.PRIMITIVE: (*_systems("$value"), *_OPERATION, *_QUERY),
    Leads.OPERATION: _OPERATION,
}
_ORDINAL = re.compile(r"-?\d+", re.ASCII)


def step(states: frozenset[Leads], segment: Segment, allows: Allows) -> frozenset[Leads]:
    """What the path may lead to behind one more segment; empty when it may not stand there."""
    match segment:
        case System():
            found = _targets(states, {Form.SYSTEM}, lambda rule: rule == segment.text)
        case CrossJoin():
            found = _targets(states, {Form.CROSSJOIN}, lambda rule: all(allows(rule, name) for name in segment.sets))
        case PathFilter():
            found = _keyed(_targets(states, {Form.FILTER}, lambda _: True), segment.brackets, allows)
        case Named():
            found = _named(states, segment, allows)
        case Plain():
            is_ordinal = _ORDINAL.fullmatch(segment.text) is not None
            found = _targets(states, {Form.ORDINAL}, lambda _: is_ordinal)
    return found | _targets(states, {Form.LITERAL}, lambda rule: allows(rule, segment.text))


def _targets(states: Iterable[Leads], forms: set[Form], fits: Callable[[str], bool]) -> frozenset[Leads]:
    return frozenset(move.to for state in states for move in MOVES[state] if move.form in forms and fits(move.rule))


def _named(states: frozenset[Leads], segment: Named, allows: Allows) -> frozenset[Leads]:
    if not all(allows("namespacePart", part) for part in segment.namespace):
        return frozenset()
    names, calls = {Form.NAME}, {Form.CALL}
    if not segment.namespace:
        names, calls = names | {Form.PLAIN}, calls | {Form.PLAIN_CALL}
    found = _keyed(_targets(states, names, lambda rule: allows(rule, segment.name)), segment.brackets, allows)
    if segment.brackets and _is_call(segment.brackets[0], allows):
        called = _targets(states, calls, lambda rule: allows(rule, segment.name))
        found |= _keyed(called, segment.brackets[1:], allows)
    return found


def _is_call(brackets: Brackets, allows: Allows) -> bool:
    names = [argument.name for argument in brackets.arguments if argument.name is not None]
    return brackets.is_parameters and all(allows("parameterName", name) for name in names)


def _keyed(states: frozenset[Leads], brackets: Iterable[Brackets], allows: Allows) -> frozenset[Leads]:
    """Behind keys in brackets: they end what else the name could have led to."""
    for one in brackets:
        names = [argument.name for argument in one.arguments if argument.name is not None]
        fits = one.is_key and all(allows("primitiveKeyProperty", n) or allows("keyPropertyAlias", n) for n in names)
        states = _targets(states, {Form.KEY}, lambda _: True) if fits else frozenset()
    return states
