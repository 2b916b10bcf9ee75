"""A transformation sequence -> its outline for the audit trail: `groupby(AreaId;aggregate(sum))`.

Names of transformations, methods and of the view's own properties; what a caller made up (aliases, numbers, words,
literals) is left out or shown as `*`. Pure; called by binder.
"""

from __future__ import annotations

from api.odata.binding.properties import Properties
from api.odata.language.aggregation import METHODS
from api.odata.language.query_syntax import (
    Aggregate,
    Compute,
    Concat,
    Cut,
    Extremes,
    Filter,
    GroupBy,
    OrderBy,
    Search,
    Sequence,
    Steps,
    Transformation,
)

_NAMES: dict[type, str] = {Compute: "compute", Filter: "filter", OrderBy: "orderby", Search: "search"}


def outline(sequence: Sequence, properties: Properties) -> str:
    """The sequence's outline; `properties` are those of the view's rows."""
    return "/".join(_step(step, properties) for step in sequence)


def _step(step: Transformation, properties: Properties) -> str:
    match step:
        case Aggregate(items=items):
            methods = [item.method if item.method in METHODS else "*" for item in items if item.method]
            return f"aggregate({','.join(map(str, methods))})"
        case GroupBy(groupings=groupings, then=then):
            paths = [_path(path, properties) for grouping in groupings for path in grouping.levels]
            return f"groupby({','.join(paths)}{';' if then else ''}{outline(then, properties)})"
        case Concat(branches=branches):
            return f"concat({','.join(outline(branch, properties) for branch in branches)})"
        case Cut(name=name) | Extremes(name=name):
            return name
        case _:
            return _NAMES.get(type(step), "identity")


def _path(path: Steps, properties: Properties) -> str:
    return "/".join(path) if properties.value(path) is not None else "*"
