"""A CSDL document as XML (OData CSDL XML 4.01, version 4.0 content). Pure; called by `metadata`."""

from __future__ import annotations

from collections.abc import Iterator

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

EDMX = "http://docs.oasis-open.org/odata/ns/edmx"
EDM = "http://docs.oasis-open.org/odata/ns/edm"
ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;"})

Lines = Iterator[str]


def xml(document: Document) -> bytes:
    """The document in UTF-8, indented by one blank a level."""
    return "\n".join(('<?xml version="1.0" encoding="UTF-8"?>', *_document(document), "")).encode()


def _document(document: Document) -> Lines:
    inner = [*_schema(document)]
    references = [line for reference in document.references for line in _reference(reference.__dict__)]
    yield from element(
        "edmx:Edmx",
        {"xmlns:edmx": EDMX, "Version": "4.0"},
        [*references, *element("edmx:DataServices", {}, inner)],
    )


def _reference(parts: dict[str, str]) -> Lines:
    include = element("edmx:Include", {"Namespace": parts["namespace"], "Alias": parts["alias"]})
    yield from element("edmx:Reference", {"Uri": parts["uri"]}, [*include])


def _schema(document: Document) -> Lines:
    inner: list[str] = []
    for entity in document.types:
        inner.extend(_type(entity))
    sets = [line for entity_set in document.sets for line in _set(entity_set)]
    if sets:  # who may read nothing gets no container: CSDL has no empty one
        container = [*sets, *_annotations(document.annotations)]
        inner.extend(element("EntityContainer", {"Name": document.container}, container))
    yield from element("Schema", {"xmlns": EDM, "Namespace": document.namespace}, inner)


def _type(entity: EntityType) -> Lines:
    key = [line for name in entity.key for line in element("PropertyRef", {"Name": name})]
    inner = [*element("Key", {}, key)]
    for item in entity.properties:
        inner.extend(_property(item))
    for navigation in entity.navigations:
        inner.extend(_navigation(navigation))
    inner.extend(_annotations(entity.annotations))
    yield from element("EntityType", {"Name": entity.name}, inner)


def _property(item: Property) -> Lines:
    facets = {"MaxLength": item.max_length, "Precision": item.precision, "Scale": item.scale}
    attributes = {"Name": item.name, "Type": item.type, "Nullable": boolean(item.nullable)}
    attributes |= {facet: str(value) for facet, value in facets.items() if value is not None}
    yield from element("Property", attributes, [*_annotations(item.annotations)])


def _navigation(navigation: NavigationProperty) -> Lines:
    constraints = [
        line
        for here, there in navigation.constraints
        for line in element("ReferentialConstraint", {"Property": here, "ReferencedProperty": there})
    ]
    attributes = {"Name": navigation.name, "Type": navigation.type, "Nullable": boolean(navigation.nullable)}
    yield from element("NavigationProperty", attributes, constraints)


def _set(entity_set: EntitySet) -> Lines:
    inner = [
        line
        for path, target in entity_set.bindings
        for line in element("NavigationPropertyBinding", {"Path": path, "Target": target})
    ]
    inner.extend(_annotations(entity_set.annotations))
    yield from element("EntitySet", {"Name": entity_set.name, "EntityType": entity_set.type}, inner)


def _annotations(annotations: tuple[Annotation, ...]) -> Lines:
    for annotation in annotations:
        attributes, inner = constant(annotation.value)
        yield from element("Annotation", {"Term": annotation.term, **attributes}, inner)


def constant(value: Value) -> tuple[dict[str, str], list[str]]:
    """Attributes and content that say a value: simple ones as an attribute of their exact type."""
    match value:
        case bool():
            return {"Bool": boolean(value)}, []
        case int():
            return {"Int": str(value)}, []
        case str():
            return {"String": value}, []
        case Member(type=kind, name=name):
            return {"EnumMember": f"{kind}/{name}"}, []
        case Record(members=members):
            return {}, [*element("Record", {}, [line for member in members for line in _value(*member)])]
        case tuple():
            words = [f"<String>{word.translate(ESCAPES)}</String>" for word in value]
            return {}, [*element("Collection", {}, words)]


def _value(name: str, value: Value) -> Lines:
    attributes, inner = constant(value)
    yield from element("PropertyValue", {"Property": name, **attributes}, inner)


def boolean(value: bool) -> str:
    """`true` or `false`."""
    return "true" if value else "false"


def element(name: str, attributes: dict[str, str], inner: list[str] | None = None) -> Lines:
    """One element; `inner` are the lines inside it."""
    head = name + "".join(f' {key}="{value.translate(ESCAPES)}"' for key, value in attributes.items())
    if not inner:
        yield f"<{head}/>"
        return
    yield f"<{head}>"
    yield from (f" {line}" for line in inner)
    yield f"</{name}>"
