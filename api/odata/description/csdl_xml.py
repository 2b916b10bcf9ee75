"""A CSDL document as XML (OData CSDL XML 4.01, section 3). Pure; called by `metadata`."""

from __future__ import annotations

from collections.abc import Iterator

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
    Reference,
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
    references = [line for reference in document.references for line in _reference(reference)]
    yield from element(
        "edmx:Edmx",
        {"xmlns:edmx": EDMX, "Version": VERSION},
        [*references, *element("edmx:DataServices", {}, inner)],
    )


def _reference(reference: Reference) -> Lines:
    include = element("edmx:Include", {"Namespace": reference.namespace, "Alias": reference.alias})
    yield from element("edmx:Reference", {"Uri": f"{reference.uri}.xml"}, [*include])


def _schema(document: Document) -> Lines:
    inner: list[str] = []
    for entity in document.types:
        inner.extend(_type(entity))
    sets = [line for entity_set in document.sets for line in _set(entity_set)]
    if sets:  # who may read nothing gets no container: CSDL has no empty one
        container = [*sets, *_annotations(document.of_container)]
        inner.extend(element("EntityContainer", {"Name": document.container}, container))
    inner.extend(_annotations(document.annotations))
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
        qualifier = {"Qualifier": annotation.qualifier} if annotation.qualifier else {}
        yield from element("Annotation", {"Term": annotation.term, **qualifier, **attributes}, inner)


def constant(value: Value) -> tuple[dict[str, str], list[str]]:
    """Attributes and content that say a value: simple ones as an attribute of their exact type."""
    match value:
        case Record():
            return {}, [*_record(value)]
        case tuple():
            return {}, [*element("Collection", {}, [line for item in value for line in _item(item)])]
        case _:
            return dict([_attribute(value)]), []


def _attribute(value: bool | int | str | Member | Path) -> tuple[str, str]:
    match value:
        case bool():
            return "Bool", boolean(value)
        case int():
            return "Int", str(value)
        case str():
            return "String", value
        case Member(type=kind, name=name):
            return "EnumMember", f"{kind}/{name}"
        case Path(text=text):
            return "PropertyPath", text


def _item(item: str | Path | Record) -> Lines:
    """A member of a collection: an element, where `constant` would write an attribute."""
    match item:
        case Record():
            yield from _record(item)
        case Path(text=text):
            yield f"<PropertyPath>{text.translate(ESCAPES)}</PropertyPath>"
        case _:
            yield f"<String>{item.translate(ESCAPES)}</String>"


def _record(record: Record) -> Lines:
    inner: list[str] = []
    for name, value in record.members:
        attributes, lines = constant(value)
        inner.extend(element("PropertyValue", {"Property": name, **attributes}, lines))
    yield from element("Record", {}, inner)


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
