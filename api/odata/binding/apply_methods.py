"""Aggregation methods -> DuckDB SQL over the values of a group. Pure; called by the apply binder.

`{x}` is the value, null where it does not count. Sums of whole numbers are exact (DuckDB adds them in 128 bits);
averages divide whole numbers, like `divby`; percentiles lie between order statistics at (n - 1) * p, as in the view
ResponsePercentiles.
"""

from __future__ import annotations

from api.odata.binding.relations import Field, storage
from api.odata.language.aggregation import METHODS
from api.odata.language.functions import DECIMALS
from api.odata.language.literals import Kind

_AVERAGE = (
    "CAST(CAST(CAST({digits} AS HUGEINT) * CAST('1e{up}' AS HUGEINT) // (count({x}) * CAST('1e{down}' AS HUGEINT))"
    f" AS DECIMAL(38,0)) * CAST('1e-{DECIMALS + 1}' AS DECIMAL(38,{DECIMALS + 1})) AS DECIMAL(38,{DECIMALS}))"
)
_VALUES = "list_sort(list({x}) FILTER (WHERE ({x}) IS NOT NULL))"
_AT = f"(len({_VALUES}) - 1) * {{tenths}} // 10"
_REST = f"((len({_VALUES}) - 1) * {{tenths}} % 10)"
_LOW = f"{_VALUES}[{_AT} + 1]"
_STEP = f"(coalesce({_VALUES}[{_AT} + 2], {_LOW}) - {_LOW})"
_WHOLE = ("CAST({x} AS HUGEINT)", f"CAST({_LOW} + ({_REST} * {_STEP} + 5) // 10 AS BIGINT)")
_BETWEEN = {
    Kind.INT32: _WHOLE,
    Kind.INT64: _WHOLE,
    Kind.DURATION: _WHOLE,
    Kind.DECIMAL: ("{x}", f"CAST({_LOW} + {_REST} * {_STEP} * CAST('0.1' AS DECIMAL(2,1)) AS DECIMAL(38,{DECIMALS}))"),
    Kind.DOUBLE: ("{x}", f"({_LOW} + {_REST} * {_STEP} / 10)"),
}
_TENTHS = {"CrisisMetrics.p50": 5, "CrisisMetrics.p90": 9}
_PLAIN = {"sum": "sum({x})", "min": "min({x})", "max": "max({x})", "countdistinct": "count(DISTINCT {x})"}
COUNTED = f"CAST({{}} AS {storage(Kind.DECIMAL, 0)})"
"""How a count becomes a decimal."""


def method_sql(name: str, kind: Kind, scale: int, x: str) -> tuple[str, Field]:
    """SQL of a method over the values `x`, and the result's type (its column name is left empty).

    Raises KeyError for a method or kind that is not in the table.
    """
    result = METHODS[name].results[kind]
    digits = result.scale if isinstance(result.scale, int) else scale
    made = Field("", result.kind, name != "countdistinct", digits if result.kind is Kind.DECIMAL else 0)
    return f"CAST({_aggregate(name, kind, scale, x)} AS {storage(made.kind, made.scale)})", made


def _aggregate(name: str, kind: Kind, scale: int, x: str) -> str:
    if name in _PLAIN:
        return _PLAIN[name].format(x=x)
    if name in _TENTHS:
        value, text = _BETWEEN[kind]
        return text.format(x=value.format(x=x), tenths=_TENTHS[name])
    if kind is Kind.DOUBLE:
        return f"avg({x})"
    places = DECIMALS + 1 - scale
    digits = f"replace(CAST(sum({x}) AS VARCHAR), '.', '')" if scale else f"sum({x})"
    return _AVERAGE.format(x=x, digits=digits, up=max(places, 0), down=max(-places, 0))
