"""Which names belong to which name rule of the standard's grammar: entity type, to-many navigation, function, ...

The grammar tells `Sales/Amount` from `Sales/any(...)` by what kind of name `Sales` is. A request is read without that
knowledge (`EVERYTHING`: each name may be anything, the binder says what it is); whoever has a model at hand can give
its names, and what the grammar refuses by kind of name is then refused by the parser. Pure; part of the Budget.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Role(StrEnum):
    """The name rules, with their names in the grammar."""

    NAMESPACE = "namespacePart"
    KEY = "primitiveKeyProperty"
    KEY_ALIAS = "keyPropertyAlias"
    KEY_SEGMENT = "keyPathLiteral"
    PRIMITIVE = "primitiveNonKeyProperty"
    PRIMITIVES = "primitiveColProperty"
    COMPLEX = "complexProperty"
    COMPLEXES = "complexColProperty"
    STREAM = "streamProperty"
    ENTITY = "entityNavigationProperty"
    ENTITIES = "entityColNavigationProperty"
    CUSTOM_AGGREGATE = "customAggregate"
    ENTITY_SET = "entitySetName"
    SINGLETON = "singletonEntity"
    ENTITY_TYPE = "entityTypeName"
    COMPLEX_TYPE = "complexTypeName"
    TYPE_DEFINITION = "typeDefinitionName"
    ENUM_TYPE = "enumerationTypeName"
    ENUM_MEMBER = "enumerationMember"
    TERM = "termName"
    ACTION = "action"
    ACTION_IMPORT = "actionImport"
    PRIMITIVE_FUNCTION = "primitiveFunction"
    PRIMITIVES_FUNCTION = "primitiveColFunction"
    COMPLEX_FUNCTION = "complexFunction"
    COMPLEXES_FUNCTION = "complexColFunction"
    ENTITY_FUNCTION = "entityFunction"
    ENTITIES_FUNCTION = "entityColFunction"
    PRIMITIVE_IMPORT = "primitiveFunctionImport"
    PRIMITIVES_IMPORT = "primitiveColFunctionImport"
    COMPLEX_IMPORT = "complexFunctionImport"
    COMPLEXES_IMPORT = "complexColFunctionImport"
    ENTITY_IMPORT = "entityFunctionImport"
    ENTITIES_IMPORT = "entityColFunctionImport"
    PARAMETER = "parameterName"
    VARIABLE = "lambdaVariableExpr"
    ALIAS = "expressionAlias"
    CUSTOM_OPTION = "customName"
    PRIMITIVE_ANNOTATION = "primitiveAnnotationInQuery"
    PRIMITIVES_ANNOTATION = "primitiveColAnnotationInQuery"
    COMPLEX_ANNOTATION = "complexAnnotationInQuery"
    ENTITY_ANNOTATION = "entityAnnotationInQuery"


TYPES = (Role.ENTITY_TYPE, Role.COMPLEX_TYPE, Role.TYPE_DEFINITION, Role.ENUM_TYPE)
STRUCTURES = (Role.ENTITY_TYPE, Role.COMPLEX_TYPE)
FUNCTIONS = (
    Role.ENTITIES_FUNCTION,
    Role.ENTITY_FUNCTION,
    Role.COMPLEXES_FUNCTION,
    Role.COMPLEX_FUNCTION,
    Role.PRIMITIVES_FUNCTION,
    Role.PRIMITIVE_FUNCTION,
)


@dataclass(frozen=True)
class Vocabulary:
    """The names of each role; a role that is not listed takes every name."""

    names: Mapping[Role, frozenset[str]] = field(default_factory=dict)

    def knows(self, role: Role) -> bool:
        """Whether the names of that role are listed."""
        return role in self.names

    def allows(self, role: Role, name: str) -> bool:
        """Whether the name, or annotation with its `@`, may stand where the grammar wants that role."""
        return role not in self.names or name in self.names[role]

    def any_of(self, roles: Iterable[Role], name: str) -> bool:
        """The same for a name, perhaps with a namespace before it, in one of several roles."""
        if not self.names:
            return True
        *namespace, last = name.split(".")
        if not all(self.allows(Role.NAMESPACE, part) for part in namespace):
            return False
        return any(self.allows(role, last) for role in roles)

    def has_annotation(self, role: Role, text: str) -> bool:
        """Whether `@Namespace.Term#Qualifier` may stand where the grammar wants an annotation of that role."""
        return self.any_of((Role.TERM,), text[1:].partition("#")[0]) and self.allows(role, text)


EVERYTHING = Vocabulary()
