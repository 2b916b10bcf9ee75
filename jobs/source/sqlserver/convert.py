"""Rows as a driver gives them -> Arrow columns of the contract: instants in UTC, doubts about clocks flagged.

DATETIMEOFFSET is converted by its own offset; a naive clock by the zone that is declared for it, and flagged where that
hour happens twice or never. Pure; called by extract and orphans.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, time
from typing import Any

import pyarrow as pa

from jobs.source.contract import ContractTable, Kind
from jobs.source.csv.clocks import DATE_ONLY, Zone
from jobs.source.extract import ARROW
from jobs.source.sqlserver.offers import FLAGS, Offer
from models.errors import ContractBroken

WATERMARK = "updated_at"
UNFLAGGED = (WATERMARK,)
"""Clocks about which a row says nothing: they order changes and are no event."""


class Converter:
    """Makes chunks of one table; counts doubts of clocks where a row has no place for them, by column."""

    def __init__(self, offer: Offer) -> None:
        self.table = offer.table
        self.schema = schema(offer.table)
        self.columns = tuple(column.name for column in offer.table.columns)
        self.unsaid: Counter[str] = Counter()
        self._flags = self.columns.index(FLAGS) if FLAGS in self.columns else None
        self._zone = None if offer.zone == "UTC" else Zone(offer.zone, "first")
        self._ways = [_way(column.kind, offer.types[column.name]) for column in offer.table.columns]

    def table_of(self, given: Sequence[list[Any]]) -> pa.Table:
        """Columns of some rows. Raises ContractBroken naming the column of a value that does not fit, not the value."""
        columns = list(given)
        doubts: dict[int, list[str]] = {}
        arrays = []
        for place, column in enumerate(self.table.columns):
            values = columns[place]
            try:
                if column.kind is Kind.INSTANT:
                    values = self._clocks(column.name, values, self._ways[place], doubts)
                elif (way := self._ways[place]) is not None:
                    values = [None if value is None else way(value) for value in values]
            except (TypeError, ValueError, OverflowError, AttributeError) as error:
                raise self._broken(column.name, column.kind) from error
            columns[place] = values
        if doubts and self._flags is not None:
            columns[self._flags] = _flagged(columns[self._flags], doubts)
        for column, values in zip(self.table.columns, columns, strict=True):
            try:
                arrays.append(pa.array(values, type=ARROW[column.kind]))
            except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError) as error:
                raise self._broken(column.name, column.kind) from error
        return pa.Table.from_arrays(arrays, schema=self.schema)

    def _broken(self, column: str, kind: Kind) -> ContractBroken:
        return ContractBroken(f"{self.table.name}.{column} holds a value that is no {kind.words}")

    def _clocks(
        self, name: str, values: list[Any], way: Callable[[Any], Any] | None, doubts: dict[int, list[str]]
    ) -> list[Any]:
        """Instants in UTC; doubts go to `doubts` by row, or are counted where rows have no place for them."""
        if way is _by_offset:
            return [None if value is None else _by_offset(value) for value in values]
        days = way is _midnight
        if self._zone is None and not days:
            return values
        made: list[Any] = []
        for row, value in enumerate(values):
            if value is None:
                made.append(None)
                continue
            found = self._moment(_midnight(value) if days else value, days)
            made.append(found[0])
            if found[1] and name not in UNFLAGGED:
                if self._flags is None:
                    self.unsaid[name] += 1
                else:
                    doubts.setdefault(row, []).extend(f"{name}:{doubt}" for doubt in found[1])
        return made

    def _moment(self, wall: datetime, day_only: bool) -> tuple[datetime | None, tuple[str, ...]]:
        given = (DATE_ONLY,) if day_only else ()
        if self._zone is None:
            return wall, given
        moment = self._zone.moment(wall, *given)
        return moment.at, moment.doubts


def schema(table: ContractTable) -> pa.Schema:
    """The Arrow schema of a contract table."""
    return pa.schema([(column.name, ARROW[column.kind]) for column in table.columns])


def _flagged(flags: Sequence[str | None], doubts: Mapping[int, Sequence[str]]) -> list[str | None]:
    """What rows say about their clocks, with what was found here."""
    return [";".join(part for part in (text, *doubts.get(row, ())) if part) or None for row, text in enumerate(flags)]


def _by_offset(value: datetime) -> datetime:
    return value.astimezone(UTC).replace(tzinfo=None)


def _midnight(value: Any) -> datetime:
    return datetime.combine(value, time.min)


def _whole(value: Any) -> int:
    number = int(value)
    if number != value:
        raise ValueError("a fraction in a whole number")
    return number


def _truth(value: Any) -> bool:
    if value not in (0, 1):
        raise ValueError("neither 0 nor 1")
    return bool(value)


def _way(kind: Kind, found: str) -> Callable[[Any], Any] | None:
    """How a value of one of SQL Server's types becomes one of the contract's; None where it is one already."""
    base = found.partition("(")[0]
    if kind is Kind.INSTANT:
        return {"datetimeoffset": _by_offset, "date": _midnight}.get(base)
    if kind is Kind.NUMBER:
        return _whole if base in ("decimal", "numeric") else None
    if kind is Kind.FLAG:
        return None if base == "bit" else _truth
    if kind is Kind.DECIMAL:
        return float if base in ("decimal", "numeric", "money", "smallmoney") else None
    if base == "uniqueidentifier":
        return lambda value: str(value).upper()  # drivers differ in case
    return str.rstrip if base in ("char", "nchar") else None
