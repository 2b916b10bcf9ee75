"""Records into the reference crisis database: what is not there is added, what differs is changed, what is equal
stays untouched, so that the same file twice adds nothing. Writes the contract tables and the marker row.

One transaction a chunk: a killed import leaves whole chunks, and running it again completes them. Any
SQLAlchemy dialect. Called by the import run.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from collections.abc import Mapping as Lookup
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, Row, Table, bindparam, insert, select, update

from jobs.source.csv.checking import key_of, rule_of
from jobs.source.csv.identity import PARAMETERS, Seen, collision, identity
from jobs.source.csv.mapping import Mapping
from jobs.source.csv.records import Made
from jobs.source.csv.targets import FLAGS, UPDATED, TargetTable, targets
from models.crisis import CrisisMarker
from models.crisis.reference import MARKER
from models.errors import ImportRejected

MARKERS: Table = CrisisMarker.__table__  # type: ignore[attr-defined]
NATURAL_KEYS = {"incident": "incident_no", "call": "call_no", "request": "request_no"}
"""Columns that staff tell records apart by."""


@dataclass
class Tally:
    """What became of one table's records in one file. `disagreeing`: another row of the file said otherwise before."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    disagreeing: int = 0

    def plus(self, other: Tally) -> Tally:
        """Both together."""
        return Tally(*(getattr(self, each.name) + getattr(other, each.name) for each in fields(self)))


class Target:
    """The database being filled; `moment` (naive UTC) becomes `updated_at` of what is added or changed."""

    def __init__(self, engine: Engine, mapping: Mapping, moment: datetime) -> None:
        self.engine = engine
        self.mapping = mapping
        self.moment = moment
        self.latest = latest_places(mapping)
        self.naturals = natural_places(mapping)
        self.marked = False

    def check(self) -> None:
        """Raises ImportRejected where the data would not go together with what is there."""
        with self.engine.connect() as connection:
            row = self._marker(connection)
        if row.synthetic:
            raise ImportRejected(
                "the crisis database holds a demonstration city, and real events must not be mixed with it",
                hint="Set CRISIS_HOME to a new folder and import there.",
            )
        if row.city and (row.city, row.zone) != (self.mapping.city, self.mapping.zone):
            raise ImportRejected(
                f"the crisis database is that of {row.city} ({row.zone}), the mapping is that of {self.mapping.city} "
                f"({self.mapping.zone})",
                hint="Days are counted in one zone: set CRISIS_HOME to a folder of its own for each city.",
            )

    def write(self, records: Sequence[Made], seen: Seen) -> dict[str, Tally]:
        """One chunk of records, in one transaction; what became of them, by table. The first that is not empty
        brings the marker row and the mapping's fixed rows."""
        if not records:
            return {}
        with self.engine.begin() as connection:
            if not self.marked:
                self._mark(connection)
                self._tables(connection, list(fixed_records(self.mapping)), None)
            tallies = self._tables(connection, records, seen)
        self.marked = True
        return tallies

    def _tables(self, connection: Connection, records: Sequence[Made], seen: Seen | None) -> dict[str, Tally]:
        by_table: dict[str, list[Made]] = {}
        for record in records:
            by_table.setdefault(record.table, []).append(record)
        return {
            name: self._table(connection, targets()[name], by_table[name], seen)
            for name in targets()
            if name in by_table
        }

    def _table(self, connection: Connection, target: TargetTable, records: list[Made], seen: Seen | None) -> Tally:
        tally = Tally()
        names = [column for column in target.fields if column != UPDATED]
        key = names.index(target.key)
        latest = self.latest.get(target.name, ())
        chosen = first_of_each(target.name, records, latest, tally)
        before = seen.among(target.name, [record.identity for record in chosen]) if seen else set()
        stored = self._stored(connection, target.source, target.key, names, [record.values[key] for record in chosen])
        new: list[dict[str, Any]] = []
        different: list[dict[str, Any]] = []
        for record in chosen:
            old = stored.get(record.values[key])
            if old is None:
                new.append(self._row(names, record.values))
                continue
            values, agrees = combine(record.values, old, latest)
            if values == old:
                tally.unchanged += 1
            elif record.identity.number in before and not agrees:
                tally.disagreeing += 1
            else:
                self._same_record(target.name, old, record)
                different.append(self._row(names, values))
                tally.changed += record.identity.number not in before
        if new:
            connection.execute(insert(target.source), new)
        if different:
            connection.execute(_update(target, names), [{f"to_{name}": row[name] for name in row} for row in different])
        if seen:
            seen.add(target.name, [record.identity for record in chosen])
        return tally.plus(Tally(added=len(new)))

    def _row(self, names: list[str], values: tuple[object, ...]) -> dict[str, Any]:
        return {**dict(zip(names, values, strict=True)), UPDATED: self.moment}

    def _same_record(self, table: str, old: tuple[object, ...], record: Made) -> None:
        """A stored record under this number must be the same one, by the number that staff use."""
        place = self.naturals.get(table)
        if place is not None and old[place] != record.values[place]:
            raise collision(table, record.identity.number)

    def _stored(
        self, connection: Connection, table: Table, key: str, names: list[str], wanted: Sequence[object]
    ) -> dict[object, tuple[object, ...]]:
        columns = [table.c[name] for name in names]
        place = names.index(key)
        found: dict[object, tuple[object, ...]] = {}
        for start in range(0, len(wanted), PARAMETERS):
            query = select(*columns).where(table.c[key].in_(wanted[start : start + PARAMETERS]))
            found.update((row[place], tuple(row)) for row in connection.execute(query))
        return found

    def _marker(self, connection: Connection) -> Row[Any]:
        return connection.execute(select(MARKERS).where(MARKERS.c.marker == MARKER)).one()

    def _mark(self, connection: Connection) -> None:
        known = self._marker(connection).attribution or ""
        own = self.mapping.attribution
        values = {
            "synthetic": False,
            "city": self.mapping.city,
            "zone": self.mapping.zone,
            "attribution": known if own in known else f"{known} {own}".strip(),
        }
        connection.execute(update(MARKERS).where(MARKERS.c.marker == MARKER).values(values))


def first_of_each(table: str, records: list[Made], latest: Sequence[int], tally: Tally) -> list[Made]:
    """Each record once; a later row that says otherwise is counted and not taken. Raises ImportRejected on a clash."""
    chosen: dict[int, Made] = {}
    for record in records:
        first = chosen.setdefault(record.identity.number, record)
        if first is record:
            continue
        if first.identity.proof != record.identity.proof:
            raise collision(table, record.identity.number)
        values, agrees = combine(first.values, record.values, latest)
        tally.disagreeing += not agrees
        if values != first.values:
            chosen[record.identity.number] = Made(table, first.identity, values)
    return list(chosen.values())


def combine(
    first: tuple[object, ...], later: tuple[object, ...], latest: Sequence[int]
) -> tuple[tuple[object, ...], bool]:
    """Two sayings about one record: the first one with the later of the `latest` clocks, and whether they agree
    in everything else."""
    if first == later:
        return first, True
    both = list(first)
    other = list(later)
    for place in latest:
        both[place] = other[place] = _joined(first[place], later[place])
    return tuple(both), both == other


def _joined(one: object, other: object) -> object:
    """The later of two clocks, or all flags of both; in any order of the rows the same."""
    clocks = [value for value in (one, other) if isinstance(value, datetime)]
    flags = {flag for value in (one, other) if isinstance(value, str) for flag in value.split(";")}
    return max(clocks) if clocks else ";".join(sorted(flags)) or None


def latest_places(mapping: Mapping) -> dict[str, tuple[int, ...]]:
    """Places of the `latest` clocks, and of their flags, in the values of each table."""
    places: dict[str, tuple[int, ...]] = {}
    for name, table in mapping.tables.items():
        names = [column for column in targets()[name].fields if column != UPDATED]
        joined = (*table.latest, FLAGS) if table.latest and FLAGS in names else table.latest
        places[name] = tuple(names.index(column) for column in joined)
    return places


def natural_places(mapping: Mapping) -> dict[str, int]:
    """Places of the numbers that staff use, in tables where they are copied from the key and so never change."""
    places: dict[str, int] = {}
    for name, column in NATURAL_KEYS.items():
        target = mapping.tables.get(name)
        if target is not None and (rule_of(target.columns[column]).column,) == key_of(mapping, target):
            places[name] = [each for each in targets()[name].fields if each != UPDATED].index(column)
    return places


def _update(target: TargetTable, names: list[str]) -> Any:
    changed = [name for name in (*names, UPDATED) if name != target.key]
    where = target.source.c[target.key] == bindparam(f"to_{target.key}")
    return update(target.source).where(where).values({name: bindparam(f"to_{name}") for name in changed})


def fixed_records(mapping: Mapping) -> Iterator[Made]:
    """The rows that a mapping brings itself (teams, areas), and the boundaries that it asks for."""
    declared: dict[str, list[Lookup[str, object]]] = {name: list(rows) for name, rows in mapping.rows.items()}
    if mapping.boundaries is not None:
        from jobs.source.geography import area_rows  # noqa: PLC0415 loads shapely, half a second

        areas = [row.model_dump(exclude={UPDATED}) for row in area_rows(datetime(1970, 1, 1))]  # noqa: DTZ001 not kept
        declared.setdefault("area", []).extend(areas)
    for name, rows in declared.items():
        target = targets()[name]
        for row in rows:
            values = tuple(row.get(each.name, each.default) for each in target.fields.values() if each.name != UPDATED)
            yield Made(name, identity(name, str(row[target.key])), values)
