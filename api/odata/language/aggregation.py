"""The transformations and aggregation methods that `$apply` offers: one table each, from which the binder, the SQL,
`$metadata` (Aggregation vocabulary) and the documentation all read. A name that is not here answers 501 or 400.

Pure data, in the terms of OData Data Aggregation 4.0, section 3.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from api.odata.language.functions import DECIMALS, Scale
from api.odata.language.literals import NUMERIC, Kind


@dataclass(frozen=True)
class Result:
    """Kind of an aggregated value; `scale` counts for decimals only: digits after the point, or as the input has."""

    kind: Kind
    scale: Scale | int = Scale.SAME


@dataclass(frozen=True)
class Method:
    """`results` is the result's kind by the input's kind; a kind that is not there is refused.

    `custom` methods carry a namespace (`CrisisMetrics.p90`), as the standard asks of those that it does not define.
    """

    name: str
    doc: str
    results: Mapping[Kind, Result]

    @property
    def custom(self) -> bool:
        """Whether it is ours rather than the standard's."""
        return "." in self.name


TRANSFORMATIONS: dict[str, str] = {
    "aggregate": "One row: methods over values of all rows.",
    "groupby": "One row for each combination of values, with what a sequence makes of its rows.",
    "concat": "The rows of several sequences, one after the other.",
    "identity": "The rows as they are.",
    "filter": "The rows that meet a condition.",
    "search": "The rows whose searchable text has the words.",
    "compute": "The rows with further values.",
    "orderby": "The rows in another order; equal ones keep theirs.",
    "top": "The first rows, at most so many.",
    "skip": "The rows without so many first ones.",
    "topcount": "So many rows with the greatest values.",
    "topsum": "The fewest rows with the greatest values that add up to so much.",
    "toppercent": "The fewest rows with the greatest values that make up such a share of the sum.",
    "bottomcount": "So many rows with the smallest values.",
    "bottomsum": "The fewest rows with the smallest values that add up to so much.",
    "bottompercent": "The fewest rows with the smallest values that make up such a share of the sum.",
}
"""Name -> what comes out. `groupby` takes `rollup(...)` among its groupings."""
TRANSFORMATIONS_NOT_OFFERED = frozenset(
    {"nest", "addnested", "join", "outerjoin", "ancestors", "descendants", "traverse"}
)
"""Transformations of the standard that answer 501; so does the grouping operator `rolluprecursive`."""

ORDERED = (*NUMERIC, Kind.BOOLEAN, Kind.STRING, Kind.DATE, Kind.INSTANT, Kind.TIME, Kind.DURATION)
COUNT = Result(Kind.DECIMAL, 0)
"""What `$count` and `countdistinct` give: no 64-bit overflow, whatever is counted."""

_SUMS = {
    Kind.INT32: Result(Kind.INT64),
    Kind.INT64: Result(Kind.DECIMAL, 0),
    Kind.DECIMAL: Result(Kind.DECIMAL),
    Kind.DOUBLE: Result(Kind.DOUBLE),
}
_SAME = {kind: Result(kind) for kind in ORDERED}
_AVERAGES = {
    Kind.INT32: Result(Kind.DECIMAL, DECIMALS),
    Kind.INT64: Result(Kind.DECIMAL, DECIMALS),
    Kind.DECIMAL: Result(Kind.DECIMAL, DECIMALS),
    Kind.DOUBLE: Result(Kind.DOUBLE),
}
_QUANTILES = {
    Kind.INT32: Result(Kind.INT64),
    Kind.INT64: Result(Kind.INT64),
    Kind.DECIMAL: Result(Kind.DECIMAL, DECIMALS),
    Kind.DOUBLE: Result(Kind.DOUBLE),
}
_METHODS = (
    Method("sum", "Sum of the values; null without any.", _SUMS),
    Method("min", "Smallest value; null without any.", _SAME),
    Method("max", "Greatest value; null without any.", _SAME),
    Method("average", "Sum of the values by their number; null without any.", _AVERAGES),
    Method("countdistinct", "Number of different values.", dict.fromkeys(ORDERED, COUNT)),
    Method(
        "CrisisMetrics.p50",
        "Median, exact: between two values in proportion; of whole numbers rounded half up; null without any.",
        _QUANTILES,
    ),
    Method(
        "CrisisMetrics.p90",
        "90th percentile, exact: between two values in proportion; of whole numbers rounded half up; null without any.",
        _QUANTILES,
    ),
)
METHODS: dict[str, Method] = {method.name: method for method in _METHODS}
"""By name as written. Nulls never take part in a method."""
