"""A range of the leading order column -> the run of `_row` that it covers, by binary search in the row text.

Rows are stored in that order, so no SQL is needed: some twenty rows are looked at, whatever the view's size.
Pure but for reading the row text; called by `fetch`.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

import msgspec

from api.odata.binding.bound_query import Range
from models.catalogue.types import Edm, View
from models.snapshot.reader import RowText

TYPES: dict[Edm, type] = {
    Edm.STRING: str,  # by code point, which is how DuckDB orders UTF-8
    Edm.BOOLEAN: bool,
    Edm.INT32: int,
    Edm.INT64: int,
    Edm.DECIMAL: Decimal,
    Edm.DOUBLE: float,
    Edm.DATE: date,
    Edm.INSTANT: datetime,
}


def leading_run(text: RowText, view: View, wanted: Range) -> tuple[range, int]:
    """The ordinals of the rows in the range, and how many rows were looked at to find them."""
    read = _reader(view, wanted.column)
    looked = 0

    def value(number: int) -> Any:
        nonlocal looked
        looked += 1
        return read(text.slice(number, number + 1))

    ordinals = range(text.rows)
    start, stop = 0, text.rows
    if wanted.low is not None:
        cut = bisect_left if wanted.low_inclusive else bisect_right
        start = cut(ordinals, _comparable(wanted.low), key=value)
    if wanted.high is not None:
        cut = bisect_right if wanted.high_inclusive else bisect_left
        stop = cut(ordinals, _comparable(wanted.high), lo=start, key=value)
    return range(start, max(start, stop)), looked


@lru_cache(maxsize=256)
def _decoder(view: str, column: str, kind: type) -> msgspec.json.Decoder[Any]:
    """Reads one member of a row and skips the others."""
    return msgspec.json.Decoder(msgspec.defstruct(view, [(column, kind)]))


def _reader(view: View, column: str) -> Callable[[memoryview], Any]:
    decoder = _decoder(view.name, column, TYPES[view.column(column).edm])
    return lambda row: getattr(decoder.decode(row), column)


def _comparable(value: object) -> Any:
    """Instants in queries are naive UTC, those in the row text carry their Z."""
    return value.replace(tzinfo=UTC) if isinstance(value, datetime) and value.tzinfo is None else value
