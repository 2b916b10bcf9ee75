"""Rows as a driver gives them -> Arrow columns of the contract: instants in UTC, doubts about clocks flagged.

DATETIMEOFFSET is converted by its own offset; a naive clock by the zone that is declared for it, and flagged where that
hour happens twice or never. Pure; called by extract and orphans.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, time
from functools import partial
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from jobs.source.contract import ContractColumn, ContractTable, Kind
from jobs.source.csv.clocks import DATE_ONLY, Zone
from jobs.source.extract import ARROW
from jobs.source.sqlserver.offers import FLAGS, Offer
from models.errors import ContractBroken

WATERMARK = "updated_at"
UNFLAGGED = (WATERMARK,)
"""Clocks about which a row says nothing: they order changes and are no event."""
UNFIT = (TypeError, ValueError, OverflowError, AttributeError, pa.ArrowInvalid, pa.ArrowTypeError)
"""What is raised for a value that does not fit its column."""
Make = Callable[[Sequence[Any]], pa.Array]
"""Makes the Arrow array of one column of a few rows."""
EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001  a clock without offset, as those that are counted from it


class Converter:
    """Makes chunks of one table; counts doubts of clocks where a row has no place for them, by column."""

    def __init__(self, offer: Offer) -> None:
        self.table = offer.table
        self.schema = schema(offer.table)
        self.columns = tuple(column.name for column in offer.table.columns)
        self.unsaid: Counter[str] = Counter()
        self._flags = self.columns.index(FLAGS) if FLAGS in self.columns else None
        self._zone = None if offer.zone == "UTC" else Zone(offer.zone, "first")
        self._makes = [_make(column.kind, offer.types[column.name]) for column in offer.table.columns]
        bases = [_base(offer.types[column.name]) for column in offer.table.columns]
        clocks = [place for place, column in enumerate(offer.table.columns) if column.kind is Kind.INSTANT]
        self._days = {place for place in clocks if bases[place] == "date"}
        self._local = [
            place
            for place in clocks
            if place in self._days or (self._zone is not None and bases[place] != "datetimeoffset")
        ]
        """Clocks without offset that have to be converted or flagged."""

    def part(self, given: Sequence[Sequence[Any]]) -> pa.RecordBatch:
        """Columns of few rows, with local clocks as they stand. Raises ContractBroken naming the column of a value that
        does not fit, not the value."""
        arrays = []
        for column, make, values in zip(self.table.columns, self._makes, given, strict=True):
            try:
                arrays.append(make(values))
            except UNFIT as error:
                raise self._broken(column) from error
        return pa.RecordBatch.from_arrays(arrays, schema=self.schema)

    def whole(self, parts: Sequence[pa.RecordBatch]) -> pa.Table:
        """Parts that have come for good as one table: local clocks become instants, doubts about them are flagged."""
        table = pa.Table.from_batches(parts, schema=self.schema)
        doubts: dict[int, list[str]] = {}
        for place in self._local:
            column = self.table.columns[place]
            try:
                made, found = self._instants(table.column(place).combine_chunks(), place in self._days)
            except UNFIT as error:
                raise self._broken(column) from error
            table = table.set_column(place, self.schema.field(place), made)
            if found and column.name not in UNFLAGGED:
                self._say(column.name, found, doubts)
        if doubts and self._flags is not None:
            flags = _flagged(table.column(self._flags).to_pylist(), doubts)
            table = table.set_column(self._flags, self.schema.field(self._flags), pa.array(flags, type=pa.string()))
        return table

    def _broken(self, column: ContractColumn) -> ContractBroken:
        return ContractBroken(f"{self.table.name}.{column.name} holds a value that is no {column.kind.words}")

    def _instants(self, walls: pa.Array, day_only: bool) -> tuple[pa.Array, dict[int, tuple[str, ...]]]:
        """Local clocks as instants, and the doubts of rows that have any."""
        made, found = instants(self._zone, walls) if self._zone else (walls, {})
        if day_only:
            given = pc.indices_nonzero(walls.is_valid()).to_pylist()
            found = {row: (DATE_ONLY, *found.get(row, ())) for row in given}
        return made, found

    def _say(self, name: str, found: Mapping[int, Sequence[str]], doubts: dict[int, list[str]]) -> None:
        """Doubts of one column to `doubts` by row, or counted where rows have no place for them."""
        if self._flags is None:
            self.unsaid[name] += len(found)
            return
        for row, words in found.items():
            doubts.setdefault(row, []).extend(f"{name}:{word}" for word in words)


def instants(zone: Zone, walls: pa.Array) -> tuple[pa.Array, dict[int, tuple[str, ...]]]:
    """Wall times of a zone in UTC. A day with one offset, nearly every day, is answered at once for all its rows; the
    others row by row, with their doubts."""
    days = walls.cast(pa.date32(), safe=False).dictionary_encode()
    offsets = pa.array([zone.offset(day) for day in days.dictionary.to_pylist()], type=pa.duration("us"))
    made = pc.subtract(walls, offsets.take(days.indices))
    open_rows = pc.and_(walls.is_valid(), made.is_null())
    rows = pc.indices_nonzero(open_rows)
    if not len(rows):
        return made, {}
    moments = [zone.moment(wall) for wall in walls.take(rows).to_pylist()]
    made = pc.replace_with_mask(made, open_rows, pa.array([moment.at for moment in moments], type=walls.type))
    found = zip(rows.to_pylist(), moments, strict=True)
    return made, {row: moment.doubts for row, moment in found if moment.doubts}


def schema(table: ContractTable) -> pa.Schema:
    """The Arrow schema of a contract table."""
    return pa.schema([(column.name, ARROW[column.kind]) for column in table.columns])


def _flagged(flags: Sequence[str | None], doubts: Mapping[int, Sequence[str]]) -> list[str | None]:
    """What rows say about their clocks, with what was found here."""
    return [";".join(part for part in (text, *doubts.get(row, ())) if part) or None for row, text in enumerate(flags)]


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


def _base(found: str) -> str:
    """The name of a type without its length."""
    return found.partition("(")[0]


def _make(kind: Kind, found: str) -> Make:
    """How values of one of SQL Server's types become an array of the contract's."""
    if kind is Kind.INSTANT and _base(found) not in ("date", "datetimeoffset"):
        return _walls
    way = _way(kind, _base(found))
    made = ARROW[kind]
    if way is None:
        return partial(pa.array, type=made)
    return lambda values: pa.array([None if value is None else way(value) for value in values], type=made)


def _walls(values: Sequence[Any]) -> pa.Array:
    """Clocks without offset, as time since the epoch: Arrow asks every clock for its offset, which takes twice as long
    as all of this."""
    since = [None if value is None else value - EPOCH for value in values]
    return pa.array(since, type=pa.duration("us")).view(ARROW[Kind.INSTANT])


def _way(kind: Kind, found: str) -> Callable[[Any], Any] | None:
    """How a value of one of SQL Server's types becomes one of the contract's; None where it is one already."""
    if kind is Kind.INSTANT:
        return _midnight if found == "date" else None  # Arrow goes by a value's own offset
    if kind is Kind.NUMBER:
        return _whole if found in ("decimal", "numeric") else None
    if kind is Kind.FLAG:
        return None if found == "bit" else _truth
    if kind is Kind.DECIMAL:
        return float if found in ("decimal", "numeric", "money", "smallmoney") else None
    if found == "uniqueidentifier":
        return lambda value: str(value).upper()  # drivers differ in case
    return str.rstrip if found in ("char", "nchar") else None
