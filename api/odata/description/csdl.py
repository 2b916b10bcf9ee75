"""The words of a CSDL document (OData CSDL 4.01): frozen values, no behaviour.

Made from the catalogue by `metadata`, written as XML by `csdl_xml` and as JSON by `csdl_json`, so that both
forms say the same. Types and terms carry their full namespace: some readers of XML resolve no aliases.
"""

from __future__ import annotations

from dataclasses import dataclass

VERSION = "4.0"
"""Version of the document in both forms: nothing in it is newer, and readers of 4.0 stop at 4.01."""


@dataclass(frozen=True)
class Member:
    """A member of an enumeration: `Member("Org.OData.Capabilities.V1.NavigationType", "None")`."""

    type: str
    name: str


@dataclass(frozen=True)
class Path:
    """A path to a property, from the annotated element's type."""

    text: str


@dataclass(frozen=True)
class Record:
    """A structured annotation value: (property, value) pairs."""

    members: tuple[tuple[str, Value], ...]


Value = bool | int | str | Member | Path | Record | tuple[str, ...] | tuple[Path, ...] | tuple[Record, ...]
"""A constant of an annotation: the term decides its type, so a text is never an enumeration member."""


@dataclass(frozen=True)
class Annotation:
    """`term` with its full namespace; `qualifier` where a term stands more than once. It carries no annotations itself:
    readers of OData 4.0 may stop at them."""

    term: str
    value: Value
    qualifier: str | None = None


@dataclass(frozen=True)
class Property:
    """A structural property; every facet that matters is written out, none is left to a default."""

    name: str
    type: str
    nullable: bool
    max_length: int | None
    precision: int | None
    scale: int | None
    annotations: tuple[Annotation, ...]


@dataclass(frozen=True)
class NavigationProperty:
    """To one entity of `type`; `constraints` pairs this type's properties with the target's key."""

    name: str
    type: str
    nullable: bool
    constraints: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class EntityType:
    """An entity type of our namespace; `name` is unqualified."""

    name: str
    key: tuple[str, ...]
    properties: tuple[Property, ...]
    navigations: tuple[NavigationProperty, ...]
    annotations: tuple[Annotation, ...]


@dataclass(frozen=True)
class EntitySet:
    """An entity set of qualified `type`; `bindings` pairs navigation property and target set."""

    name: str
    type: str
    bindings: tuple[tuple[str, str], ...]
    annotations: tuple[Annotation, ...]


@dataclass(frozen=True)
class Reference:
    """A vocabulary that the document uses; `uri` without the ending, which is that of the form."""

    uri: str
    namespace: str
    alias: str


@dataclass(frozen=True)
class Document:
    """One schema and its one container; `annotations` are the schema's, `of_container` the container's."""

    namespace: str
    container: str
    references: tuple[Reference, ...]
    types: tuple[EntityType, ...]
    sets: tuple[EntitySet, ...]
    annotations: tuple[Annotation, ...]
    of_container: tuple[Annotation, ...]
