"""What the service can do, as Capabilities annotations: read off the tables that drive the translator.

So `$metadata` cannot promise a function that answers 501, nor hide one that works. Pure; called by `metadata`.
"""

from __future__ import annotations

from api.odata.csdl import Annotation, Member, Record, Value
from api.odata.functions import FUNCTIONS

NAMESPACE = "Org.OData.Capabilities.V1"
CORE = "Org.OData.Core.V1"

DATA_FORMATS = (
    "application/json;odata.metadata=minimal;IEEE754Compatible=false",
    "application/json;odata.metadata=minimal;IEEE754Compatible=true",
    "application/json;odata.metadata=full;IEEE754Compatible=false",
    "application/json;odata.metadata=full;IEEE754Compatible=true",
    "application/json;odata.metadata=none;IEEE754Compatible=false",
    "application/json;odata.metadata=none;IEEE754Compatible=true",
)
METADATA_FORMATS = ("application/xml", "application/json")

SET_RESTRICTIONS: tuple[tuple[str, Value], ...] = (
    ("CountRestrictions", Record((("Countable", True),))),
    ("TopSupported", True),
    ("SkipSupported", True),
    ("SelectSupport", Record((("Supported", True),))),
    ("ComputeSupported", False),
    ("FilterRestrictions", Record((("Filterable", True),))),
    ("SortRestrictions", Record((("Sortable", True),))),
    ("ExpandRestrictions", Record((("Expandable", False),))),
    ("SearchRestrictions", Record((("Searchable", False),))),
    ("NavigationRestrictions", Record((("Navigability", Member(f"{NAMESPACE}.NavigationType", "None")),))),
    ("InsertRestrictions", Record((("Insertable", False),))),
    ("UpdateRestrictions", Record((("Updatable", False),))),
    ("DeleteRestrictions", Record((("Deletable", False),))),
    ("ChangeTracking", Record((("Supported", False),))),
    ("IndexableByKey", True),
)


def of_container() -> tuple[Annotation, ...]:
    """Annotations of the whole service."""
    return (
        Annotation(f"{CORE}.ODataVersions", "4.0 4.01"),
        *(
            Annotation(f"{NAMESPACE}.{term}", value)
            for term, value in (
                ("ConformanceLevel", Member(f"{NAMESPACE}.ConformanceLevelType", "Intermediate")),
                ("SupportedFormats", DATA_FORMATS),
                ("SupportedMetadataFormats", METADATA_FORMATS),
                ("FilterFunctions", tuple(sorted({function.name for function in FUNCTIONS.values()}))),
                ("AsynchronousRequestsSupported", False),
                ("BatchSupported", False),
                ("CrossJoinSupported", False),
                ("KeyAsSegmentSupported", False),
                ("QuerySegmentSupported", False),
            )
        ),
    )


def of_set() -> tuple[Annotation, ...]:
    """Annotations of an entity set; every view can do the same."""
    return tuple(Annotation(f"{NAMESPACE}.{term}", value) for term, value in SET_RESTRICTIONS)
