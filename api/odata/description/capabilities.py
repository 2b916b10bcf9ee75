"""What the service can do, as Capabilities and Aggregation annotations: read off the tables that drive the engine.

So `$metadata` cannot promise what answers 501, nor hide what works. Power Query reads these terms strictly: a value has
exactly its term's type, and nothing is written that a reader of OData 4.0 has no word for. Pure; called by `metadata`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from api.odata.description.csdl import Annotation, Member, Record, Value
from api.odata.language.aggregation import METHODS, TRANSFORMATIONS
from api.odata.language.functions import FUNCTIONS, OPERATORS
from api.odata.language.options import NOT_OFFERED
from api.odata.protocol.batch import Form
from api.odata.protocol.negotiation import JSON, XML, Level
from api.odata.protocol.preferences import OFFERED_TO_BATCHES
from models.catalogue.types import Additivity, Edm, Navigation, View

CAPABILITIES = "Org.OData.Capabilities.V1"
AGGREGATION = "Org.OData.Aggregation.V1"
CORE = "Org.OData.Core.V1"

DATA_FORMATS = tuple(
    f"{JSON};odata.metadata={level};IEEE754Compatible={flag}"
    for level in (Level.MINIMAL, Level.FULL, Level.NONE)
    for flag in ("false", "true")
)
METADATA_FORMATS = (XML, JSON)
FILTER_FUNCTIONS = (*OPERATORS, *sorted(FUNCTIONS))
"""The vocabulary asks for operators and functions in one list."""

READ_ONLY = Record(
    (
        ("Readable", True),
        ("TypecastSegmentSupported", False),
        ("ReadByKeyRestrictions", Record((("Readable", True),))),
    )
)


_BATCH = Record(
    (
        ("Supported", True),
        ("ContinueOnErrorSupported", "continue-on-error" in OFFERED_TO_BATCHES),
        ("ReferencesInRequestBodiesSupported", False),
        ("ReferencesAcrossChangeSetsSupported", False),
        ("EtagReferencesSupported", False),
        ("RequestDependencyConditionsSupported", False),
        ("SupportedFormats", tuple(form.value for form in Form)),
    )
)


def of_container() -> tuple[Annotation, ...]:
    """Annotations of the whole service."""
    return (
        Annotation(f"{CORE}.ODataVersions", "4.0 4.01"),
        Annotation(f"{CORE}.ConventionalIDs", True),
        Annotation(f"{CORE}.DereferenceableIDs", True),
        *_terms(
            CAPABILITIES,
            ("ConformanceLevel", Member(f"{CAPABILITIES}.ConformanceLevelType", "Intermediate")),
            ("SupportedFormats", DATA_FORMATS),
            ("SupportedMetadataFormats", METADATA_FORMATS),
            ("FilterFunctions", FILTER_FUNCTIONS),
            ("AsynchronousRequestsSupported", False),
            ("IsolationSupported", Member(f"{CAPABILITIES}.IsolationLevel", "Snapshot")),
            ("AcceptableEncodings", ("identity",)),
            ("BatchSupported", True),
            ("BatchSupport", _BATCH),
            ("CrossJoinSupported", False),
            ("KeyAsSegmentSupported", False),
            ("QuerySegmentSupported", False),
            ("AnnotationValuesInQuerySupported", False),
        ),
    )


def of_set(view: View, navigations: Sequence[Navigation]) -> tuple[Annotation, ...]:
    """Annotations of an entity set; `navigations` are those that the caller may follow."""
    expandable = offered("$expand") and bool(navigations)
    walks = "Recursive" if navigations else "None"
    searchable = offered("$search") and any(column.searchable for column in view.columns)
    return (
        Annotation(f"{CORE}.Permissions", Member(f"{CORE}.Permission", "Read")),
        *_terms(
            CAPABILITIES,
            ("ReadRestrictions", READ_ONLY),
            ("IndexableByKey", True),
            ("CountRestrictions", Record((("Countable", True),))),
            ("TopSupported", True),
            ("SkipSupported", True),
            ("SelectSupport", Record((("Supported", True),))),
            ("ComputeSupported", offered("$compute")),
            ("FilterRestrictions", Record((("Filterable", True),))),
            ("SortRestrictions", Record((("Sortable", True),))),
            ("ExpandRestrictions", Record((("Expandable", expandable),))),
            ("SearchRestrictions", _search(searchable=searchable)),
            ("NavigationRestrictions", Record((("Navigability", Member(f"{CAPABILITIES}.NavigationType", walks)),))),
            ("ChangeTracking", Record((("Supported", False),))),
            ("InsertRestrictions", Record((("Insertable", False),))),
            ("UpdateRestrictions", Record((("Updatable", False),))),
            ("DeleteRestrictions", Record((("Deletable", False),))),
        ),
        *(_terms(AGGREGATION, ("ApplySupported", _APPLY)) if offered("$apply") else ()),
        *(_custom_aggregates(view) if offered("$apply") else ()),
    )


def _custom_aggregates(view: View) -> Iterator[Annotation]:
    """An additive column is also the custom aggregate of its name, of the type that its sum has."""
    for column in view.columns:
        if column.additivity is Additivity.ADDITIVE:
            yield Annotation(f"{AGGREGATION}.CustomAggregate", Edm.DECIMAL.value, column.name)


def offered(option: str) -> bool:
    """Whether the engine answers a system query option."""
    return option not in NOT_OFFERED


def _search(*, searchable: bool) -> Record:
    if not searchable:
        return Record((("Searchable", False),))
    return Record(
        (("Searchable", True), ("UnsupportedExpressions", Member(f"{CAPABILITIES}.SearchExpressions", "none")))
    )


_APPLY = Record(
    (
        ("Transformations", tuple(TRANSFORMATIONS)),
        ("CustomAggregationMethods", tuple(name for name, method in METHODS.items() if method.custom)),
        ("Rollup", Member(f"{AGGREGATION}.RollupType", "MultipleHierarchies")),
        ("From", False),
    )
)
"""Every property can be grouped by and aggregated, so there are no lists of properties: an absent list means all."""


def _terms(namespace: str, *terms: tuple[str, Value]) -> tuple[Annotation, ...]:
    return tuple(Annotation(f"{namespace}.{term}", value) for term, value in terms)
