"""Which segment may follow which: the rules below `odataRelativeUri` of the OASIS grammar as one table of moves.

A path is read with all readings at once: the set of what it may lead to so far. Each segment is looked at once, so
that no path costs more than its length. Pure; called by path_parser.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum, auto

from api.odata.language.path_syntax import Brackets, CrossJoin, Named, PathFilter, Plain, Segment, System
from api.odata.language.vocabulary import Role, Vocabulary


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
    """`role` is the rule for the name, `text` the segment itself."""

    form: Form
    to: Leads
    role: Role | None = None
    text: str = ""


FUNCTIONS = (
    (Role.ENTITIES_FUNCTION, Role.ENTITIES_IMPORT, Leads.SET),
    (Role.ENTITY_FUNCTION, Role.ENTITY_IMPORT, Leads.ENTITY),
    (Role.COMPLEXES_FUNCTION, Role.COMPLEXES_IMPORT, Leads.COMPLEXES),
    (Role.COMPLEX_FUNCTION, Role.COMPLEX_IMPORT, Leads.COMPLEX),
    (Role.PRIMITIVES_FUNCTION, Role.PRIMITIVES_IMPORT, Leads.PRIMITIVES),
    (Role.PRIMITIVE_FUNCTION, Role.PRIMITIVE_IMPORT, Leads.PRIMITIVE),
)
"""Bound functions and function imports, and what they return."""


def _systems(*names: str) -> tuple[Move, ...]:
    return tuple(Move(Form.SYSTEM, Leads.NOWHERE, text=name) for name in names)


_QUERY = _systems("$query")
_OPERATION = (
    Move(Form.NAME, Leads.NOWHERE, Role.ACTION),
    *(Move(Form.CALL, to, role) for role, _, to in FUNCTIONS),
    *(Move(Form.NAME, Leads.QUERY, role) for role, _, _ in FUNCTIONS),
)
_PROPERTIES = (
    Move(Form.PLAIN, Leads.SET, Role.ENTITIES),
    Move(Form.PLAIN, Leads.ENTITY, Role.ENTITY),
    Move(Form.PLAIN, Leads.COMPLEXES, Role.COMPLEXES),
    Move(Form.PLAIN, Leads.COMPLEX, Role.COMPLEX),
    Move(Form.PLAIN, Leads.PRIMITIVES, Role.PRIMITIVES),
    Move(Form.PLAIN, Leads.PRIMITIVE, Role.KEY),
    Move(Form.PLAIN, Leads.PRIMITIVE, Role.PRIMITIVE),
    Move(Form.PLAIN, Leads.PRIMITIVE, Role.CUSTOM_AGGREGATE),
    Move(Form.PLAIN, Leads.OPERATION, Role.STREAM),
)
_ENTITY_CAST = (*_PROPERTIES, *_OPERATION, *_systems("$ref", "$value"), *_QUERY)
_ENTITY = (*_ENTITY_CAST, Move(Form.NAME, Leads.ENTITY_CAST, Role.ENTITY_TYPE))
_KEY_SEGMENT = Move(Form.LITERAL, Leads.KEYS, Role.KEY_SEGMENT)
_SET_CAST = (
    Move(Form.KEY, Leads.ENTITY),
    _KEY_SEGMENT,
    Move(Form.FILTER, Leads.SET),
    Move(Form.SYSTEM, Leads.OPERATION, text="$each"),
    *_OPERATION,
    *_systems("$count", "$ref"),
    *_QUERY,
)
_PRIMITIVES = (*_systems("$count"), *_OPERATION, Move(Form.ORDINAL, Leads.NOWHERE), *_QUERY)
_COMPLEX_CAST = (*_PROPERTIES, *_OPERATION, *_QUERY)

MOVES: dict[Leads, tuple[Move, ...]] = {
    Leads.ROOT: (
        *_systems("$batch", "$metadata"),
        Move(Form.SYSTEM, Leads.ALL, text="$all"),
        Move(Form.SYSTEM, Leads.ALL, text="$entity"),
        Move(Form.CROSSJOIN, Leads.QUERY, Role.ENTITY_SET),
        Move(Form.PLAIN, Leads.SET, Role.ENTITY_SET),
        Move(Form.PLAIN, Leads.ENTITY, Role.SINGLETON),
        Move(Form.PLAIN, Leads.NOWHERE, Role.ACTION_IMPORT),
        *(Move(Form.PLAIN_CALL, to, role) for _, role, to in FUNCTIONS),
        *(Move(Form.PLAIN, Leads.QUERY, role) for _, role, _ in FUNCTIONS),
    ),
    Leads.NOWHERE: (),
    Leads.QUERY: _QUERY,
    Leads.ALL: (Move(Form.NAME, Leads.NOWHERE, Role.ENTITY_TYPE),),
    Leads.SET: (*_SET_CAST, Move(Form.NAME, Leads.SET_CAST, Role.ENTITY_TYPE)),
    Leads.SET_CAST: _SET_CAST,
    Leads.KEYS: (_KEY_SEGMENT, *_ENTITY),
    Leads.ENTITY: _ENTITY,
    Leads.ENTITY_CAST: _ENTITY_CAST,
    Leads.COMPLEXES: (*_PRIMITIVES, Move(Form.NAME, Leads.PRIMITIVES, Role.COMPLEX_TYPE)),
    Leads.PRIMITIVES: _PRIMITIVES,
    Leads.COMPLEX: (*_COMPLEX_CAST, Move(Form.NAME, Leads.COMPLEX_CAST, Role.COMPLEX_TYPE)),
    Leads.COMPLEX_CAST: _COMPLEX_CAST,
    Leads.PRIMITIVE: (*_systems("$value"), *_OPERATION, *_QUERY),
    Leads.OPERATION: _OPERATION,
}
"""In the grammar's order of alternatives: the first rule that lists a name has it."""
_ORDINAL = re.compile(r"-?\d+", re.ASCII)
States = frozenset[Leads]


def step(states: States, segment: Segment, known: Vocabulary) -> States:
    """What the path may lead to behind one more segment; empty when it may not stand there."""
    found: States = frozenset()
    match segment:
        case System():
            found = frozenset(move.to for move in _moves(states, Form.SYSTEM) if move.text == segment.text)
        case CrossJoin():
            if all(known.allows(Role.ENTITY_SET, name) for name in segment.sets):
                found = _targets(states, Form.CROSSJOIN)
        case PathFilter():
            found = _keyed(_targets(states, Form.FILTER), segment.brackets, known)
        case Named():
            found = frozenset(target for state in states for target in _named(state, segment, known))
        case Plain() if _ORDINAL.fullmatch(segment.text):
            found = _targets(states, Form.ORDINAL)
    return found | _targets(states, Form.LITERAL) if _may_be_key(segment.text, known) else found


def _moves(states: Iterable[Leads], form: Form) -> Iterable[Move]:
    return (move for state in states for move in MOVES[state] if move.form is form)


def _targets(states: Iterable[Leads], form: Form) -> States:
    return frozenset(move.to for move in _moves(states, form))


def _may_be_key(text: str, known: Vocabulary) -> bool:
    """Where keys are not known, what begins with `$` is never one (URL Conventions 4.3.6)."""
    if known.knows(Role.KEY_SEGMENT):
        return known.allows(Role.KEY_SEGMENT, text)
    return text != "" and not text.startswith("$")


def _named(state: Leads, segment: Named, known: Vocabulary) -> States:
    """By every rule that may match the name, up to the first one that lists it: a name of a model means one thing."""
    found: States = frozenset()
    if not all(known.allows(Role.NAMESPACE, part) for part in segment.namespace):
        return found
    names, calls = {Form.NAME}, {Form.CALL}
    if not segment.namespace:
        names, calls = names | {Form.PLAIN}, calls | {Form.PLAIN_CALL}
    is_call = bool(segment.brackets) and _is_call(segment.brackets[0], known)
    for move in MOVES[state]:
        called = move.form in calls and is_call
        if move.role is None or not (called or move.form in names) or not known.allows(move.role, segment.name):
            continue
        found |= _keyed(frozenset({move.to}), segment.brackets[1:] if called else segment.brackets, known)
        if known.knows(move.role):
            break
    return found


def _is_call(brackets: Brackets, known: Vocabulary) -> bool:
    return brackets.is_parameters and all(known.allows(Role.PARAMETER, name) for name in brackets.names)


def _keyed(states: States, brackets: Iterable[Brackets], known: Vocabulary) -> States:
    """Behind keys in brackets: they end what else the name could have led to."""
    for one in brackets:
        names = all(known.allows(Role.KEY, name) or known.allows(Role.KEY_ALIAS, name) for name in one.names)
        states = _targets(states, Form.KEY) if one.is_key and names else frozenset()
    return states
