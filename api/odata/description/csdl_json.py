"""A CSDL document as JSON (OData CSDL JSON 4.01). Pure; called by `metadata`.

Terms are written with the vocabularies' aliases and the references lead to their JSON forms, as OASIS's own
converter makes it of the XML.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from api.odata.description.csdl import (
    VERSION,
    Annotation,
    Document,
    EntitySet,
    EntityType,
    Member,
    NavigationProperty,
    Path,
    Property,
    Record,
    Value,
)

Json = dict[str, object]


def json(document: Document) -> bytes:
    """The document in UTF-8."""
    writer = _Writer({reference.namespace: reference.alias for reference in document.references})
    schema: Json = {entity.name: writer.type(entity) for entity in document.types}
    head: Json = {"$Version": VERSION}
    if document.sets:  # who may read nothing gets no container: CSDL has no empty one
        head["$EntityContainer"] = f"{document.namespace}.{document.container}"
        schema[document.container] = writer.container(document)
    head["$Reference"] = {
        f"{reference.uri}.json": {"$Include": [{"$Namespace": reference.namespace, "$Alias": reference.alias}]}
        for reference in document.references
    }
    return msgspec.json.encode({**head, document.namespace: schema | writer.annotations(document.annotations)})


@dataclass(frozen=True)
class _Writer:
    """`aliases`: namespace of a vocabulary -> its alias."""

    aliases: Mapping[str, str]

    def container(self, document: Document) -> Json:
        made: Json = {"$Kind": "EntityContainer"}
        made |= {entity_set.name: self.set(entity_set) for entity_set in document.sets}
        return made | self.annotations(document.of_container)

    def type(self, entity: EntityType) -> Json:
        made: Json = {"$Kind": "EntityType", "$Key": list(entity.key)}
        made |= {item.name: self.property(item) for item in entity.properties}
        made |= {navigation.name: _navigation(navigation) for navigation in entity.navigations}
        return made | self.annotations(entity.annotations)

    def property(self, item: Property) -> Json:
        made: Json = {} if item.type == "Edm.String" else {"$Type": item.type}
        if item.nullable:
            made["$Nullable"] = True
        facets = {"$MaxLength": item.max_length, "$Precision": item.precision, "$Scale": item.scale}
        made |= {facet: value for facet, value in facets.items() if value is not None}
        return made | self.annotations(item.annotations)

    def set(self, entity_set: EntitySet) -> Json:
        made: Json = {"$Collection": True, "$Type": entity_set.type}
        if entity_set.bindings:
            made["$NavigationPropertyBinding"] = dict(entity_set.bindings)
        return made | self.annotations(entity_set.annotations)

    def annotations(self, annotations: tuple[Annotation, ...]) -> Json:
        made: Json = {}
        for annotation in annotations:
            namespace, _, term = annotation.term.rpartition(".")
            qualified = term if annotation.qualifier is None else f"{term}#{annotation.qualifier}"
            made[f"@{self.aliases[namespace]}.{qualified}"] = _constant(annotation.value)
        return made


def _navigation(navigation: NavigationProperty) -> Json:
    made: Json = {"$Kind": "NavigationProperty", "$Type": navigation.type}
    if navigation.nullable:
        made["$Nullable"] = True
    return made | {"$ReferentialConstraint": dict(navigation.constraints)}


def _constant(value: Value) -> object:
    match value:
        case Member(name=name):
            return name
        case Path(text=text):
            return text
        case Record(members=members):
            return {name: _constant(inner) for name, inner in members}
        case tuple():
            return [_constant(item) for item in value]
        case _:
            return value
