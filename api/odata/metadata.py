"""The catalogue as a caller may see it -> `$metadata` (XML and JSON) and the service document.

Pure, and the same for all callers who may read the same views, so it is made once for each such set.
Called by `service`; the views come in already restricted, a forbidden view never gets here.
"""

from __future__ import annotations

from functools import lru_cache

import msgspec

from api.odata import capabilities, csdl_json, csdl_xml
from api.odata.csdl import Annotation, Document, EntitySet, EntityType, NavigationProperty, Property, Reference
from models.catalogue import CATALOGUE
from models.catalogue.types import Column, Navigation, View

NAMESPACE = "CrisisMetrics"
CONTAINER = "Container"
CORE = "Org.OData.Core.V1"
MEASURES = "Org.OData.Measures.V1"
VOCABULARIES = "https://oasis-tcs.github.io/odata-vocabularies/vocabularies"
REFERENCES = tuple(
    Reference(f"{VOCABULARIES}/{namespace}.xml", namespace, alias)
    for namespace, alias in ((CORE, "Core"), (capabilities.NAMESPACE, "Capabilities"), (MEASURES, "Measures"))
)

Names = tuple[str, ...]
"""Names of the views that a caller may read, in the catalogue's order."""


@lru_cache(maxsize=64)
def xml(names: Names) -> bytes:
    """`$metadata` as CSDL XML."""
    return csdl_xml.xml(document(names))


@lru_cache(maxsize=64)
def json(names: Names) -> bytes:
    """`$metadata` as CSDL JSON."""
    return csdl_json.json(document(names))


@lru_cache(maxsize=64)
def service_document(names: Names, root: str, *, with_context: bool) -> bytes:
    """The list of entity sets; `root` is the absolute public root, ending in `/`."""
    sets = [{"name": name, "kind": "EntitySet", "url": name, "title": CATALOGUE.views[name].title} for name in names]
    head = {"@odata.context": f"{root}$metadata"} if with_context else {}
    return msgspec.json.encode({**head, "value": sets})


@lru_cache(maxsize=64)
def document(names: Names) -> Document:
    """The CSDL document of these views."""
    views = tuple(CATALOGUE.views[name] for name in names)
    seen = frozenset(names)
    return Document(
        namespace=NAMESPACE,
        container=CONTAINER,
        references=REFERENCES,
        types=tuple(_type(view, seen) for view in views),
        sets=tuple(_set(view, seen) for view in views),
        annotations=capabilities.of_container(),
    )


def qualified(view: View) -> str:
    """Qualified name of a view's entity type."""
    return f"{NAMESPACE}.{view.entity}"


def _navigations(view: View, seen: frozenset[str]) -> tuple[Navigation, ...]:
    """Only to views that the caller may read: a link to a hidden view would name it."""
    return tuple(navigation for navigation in view.navigations if navigation.target in seen)


def _type(view: View, seen: frozenset[str]) -> EntityType:
    return EntityType(
        name=view.entity,
        key=view.key,
        properties=tuple(_property(column) for column in view.columns),
        navigations=tuple(_navigation(view, navigation) for navigation in _navigations(view, seen)),
        annotations=(
            Annotation(f"{CORE}.Description", view.title),
            Annotation(f"{CORE}.LongDescription", f"{view.grain} Freshness: {view.freshness}."),
        ),
    )


def _property(column: Column) -> Property:
    annotations = [Annotation(f"{CORE}.Description", column.description)]
    if column.unit:
        annotations.append(Annotation(f"{MEASURES}.Unit", column.unit))
    return Property(
        name=column.name,
        type=column.edm.value,
        nullable=column.nullable,
        max_length=column.max_length,
        precision=column.precision,
        scale=column.scale,
        annotations=tuple(annotations),
    )


def _navigation(view: View, navigation: Navigation) -> NavigationProperty:
    target = CATALOGUE.views[navigation.target]
    return NavigationProperty(
        name=navigation.name,
        type=qualified(target),
        nullable=any(view.column(name).nullable for name in navigation.columns),
        constraints=tuple(zip(navigation.columns, target.key, strict=True)),
    )


def _set(view: View, seen: frozenset[str]) -> EntitySet:
    return EntitySet(
        name=view.name,
        type=qualified(view),
        bindings=tuple((navigation.name, navigation.target) for navigation in _navigations(view, seen)),
        annotations=(Annotation(f"{CORE}.Description", view.title), *capabilities.of_set()),
    )
