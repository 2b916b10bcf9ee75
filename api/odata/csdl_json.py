"""A CSDL document as JSON (OData CSDL JSON 4.01). Pure; called by `metadata`."""

from __future__ import annotations

import msgspec

from api.odata.csdl import (
    Annotation,
    Document,
    EntitySet,
    EntityType,
    Member,
    NavigationProperty,
    Property,
    Record,
    Value,
)

Json = dict[str, object]


def json(document: Document) -> bytes:
    """The document in UTF-8."""
    schema: Json = {entity.name: _type(entity) for entity in document.types}
    head: Json = {"$Version": "4.01"}
    if document.sets:  # who may read nothing gets no container: CSDL has no empty one
        head["$EntityContainer"] = f"{document.namespace}.{document.container}"
        schema[document.container] = _container(document)
    head["$Reference"] = {
        reference.uri: {"$Include": [{"$Namespace": reference.namespace, "$Alias": reference.alias}]}
        for reference in document.references
    }
    return msgspec.json.encode({**head, document.namespace: schema})


def _container(document: Document) -> Json:
    made: Json = {"$Kind": "EntityContainer"}
    made |= {entity_set.name: _set(entity_set) for entity_set in document.sets}
    return made | _annotations(document.annotations)


def _type(entity: EntityType) -> Json:
    made: Json = {"$Kind": "EntityType", "$Key": list(entity.key)}
    made |= {item.name: _property(item) for item in entity.properties}
    made |= {navigation.name: _navigation(navigation) for navigation in entity.navigations}
    return made | _annotations(entity.annotations)


def _property(item: Property) -> Json:
    made: Json = {} if item.type == "Edm.String" else {"$Type": item.type}
    if item.nullable:
        made["$Nullable"] = True
    facets = {"$MaxLength": item.max_length, "$Precision": item.precision, "$Scale": item.scale}
    made |= {facet: value for facet, value in facets.items() if value is not None}
    return made | _annotations(item.annotations)


def _navigation(navigation: NavigationProperty) -> Json:
    made: Json = {"$Kind": "NavigationProperty", "$Type": navigation.type}
    if navigation.nullable:
        made["$Nullable"] = True
    return made | {"$ReferentialConstraint": dict(navigation.constraints)}


def _set(entity_set: EntitySet) -> Json:
    made: Json = {"$Collection": True, "$Type": entity_set.type}
    if entity_set.bindings:
        made["$NavigationPropertyBinding"] = dict(entity_set.bindings)
    return made | _annotations(entity_set.annotations)


def _annotations(annotations: tuple[Annotation, ...]) -> Json:
    return {f"@{annotation.term}": _constant(annotation.value) for annotation in annotations}


def _constant(value: Value) -> object:
    match value:
        case Member(name=name):
            return name
        case Record(members=members):
            return {name: _constant(inner) for name, inner in members}
        case tuple():
            return list(value)
        case _:
            return value
