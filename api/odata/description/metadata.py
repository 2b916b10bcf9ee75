"""The catalogue as a caller may see it -> `$metadata` (XML and JSON) and the service document.

Pure, and the same for all callers who may read the same views, so it is made once for each such set.
Called by `service`; the views come in already restricted, a forbidden view never gets here.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import msgspec

from api.odata.description import capabilities, csdl_json, csdl_xml
from api.odata.description.capabilities import AGGREGATION, CAPABILITIES, CORE
from api.odata.description.csdl import (
    Annotation,
    Document,
    EntitySet,
    EntityType,
    NavigationProperty,
    Path,
    Property,
    Record,
    Reference,
)
from models.catalogue import CATALOGUE
from models.catalogue.types import Additivity, Column, Edm, Navigation, View

NAMESPACE = "CrisisMetrics"
CONTAINER = "Container"
MEASURES = "Org.OData.Measures.V1"
VALIDATION = "Org.OData.Validation.V1"
VOCABULARIES = "https://oasis-tcs.github.io/odata-vocabularies/vocabularies"
REFERENCES = tuple(
    Reference(f"{VOCABULARIES}/{namespace}", namespace, namespace.split(".")[2])
    for namespace in (CORE, CAPABILITIES, AGGREGATION, MEASURES, VALIDATION)
)
LONGEST_LIST = 40
"""Codes of the longest list that is written out as allowed values; a longer one is left to the view Codes."""
ADDED_UP = ("facts", "records", "items")
"""Groups of views whose numbers are summed; those of dimensions and definitions are not."""

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
def service_document(names: Names, root: str, context: str | None) -> bytes:
    """The list of entity sets; `root` is the absolute public root, ending in `/`, `context` the name of its member."""
    sets = [{"name": name, "kind": "EntitySet", "url": name, "title": CATALOGUE.views[name].title} for name in names]
    head = {context: f"{root}$metadata"} if context else {}
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
        annotations=(
            Annotation(f"{CORE}.SchemaVersion", CATALOGUE.version),
            Annotation(f"{CORE}.Description", "Daily critical-incident figures of a city's community crisis team."),
        ),
        of_container=capabilities.of_container(),
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
        properties=tuple(_property(view, column) for column in view.columns),
        navigations=tuple(_navigation(view, navigation) for navigation in _navigations(view, seen)),
        annotations=(
            Annotation(f"{CORE}.Description", view.title),
            Annotation(f"{CORE}.LongDescription", f"{view.grain} Freshness: {view.freshness}."),
        ),
    )


def _property(view: View, column: Column) -> Property:
    return Property(
        name=column.name,
        type=column.edm.value,
        nullable=column.nullable,
        max_length=column.max_length,
        precision=column.precision,
        scale=column.scale,
        annotations=tuple(_about(view, column)),
    )


def _about(view: View, column: Column) -> Iterator[Annotation]:
    """What the catalogue knows of a column beyond its type: meaning, unit, limits, what it is not summed over."""
    yield Annotation(f"{CORE}.Description", column.description)
    if column.unit:
        yield Annotation(f"{MEASURES}.Unit", column.unit)
    if column.edm is Edm.DECIMAL and column.scale is not None:
        yield Annotation(f"{MEASURES}.Scale", column.scale)
    if column.minimum is not None:
        yield Annotation(f"{VALIDATION}.Minimum", column.minimum)
    codes = CATALOGUE.codes[column.codes].codes if column.codes else ()
    if codes and len(codes) <= LONGEST_LIST:
        allowed = tuple(Record((("Value", code.code),)) for code in codes)
        yield Annotation(f"{VALIDATION}.AllowedValues", allowed)
    context = tuple(Path(name) for name in _context(view, column))
    if context:
        yield Annotation(f"{AGGREGATION}.ContextDefiningProperties", context)


def _context(view: View, column: Column) -> Iterator[str]:
    """Columns that must be held fixed, or grouped by, for a sum of this one to mean something."""
    if view.group not in ADDED_UP or column.unit is None or column.edm not in (Edm.INT32, Edm.INT64, Edm.DECIMAL):
        return
    if view.has("FamilyCode"):
        yield "FamilyCode"  # the two families are never added up
    if (view.name, column.name) in _STOCKS:
        yield "OperationalDate"  # a closing value of each day


_STOCKS = frozenset(
    (metric.view, name)
    for metric in CATALOGUE.metrics.values()
    if metric.additivity is Additivity.LAST_VALUE
    for name in (metric.numerator, *metric.breakdown)
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
        annotations=(
            Annotation(f"{CORE}.Description", view.title),
            *capabilities.of_set(view, _navigations(view, seen)),
        ),
    )
