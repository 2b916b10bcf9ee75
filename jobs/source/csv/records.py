"""One row of a file -> the records that it makes in the contract tables, or everything that is wrong with it. Pure.

A row with a fault makes no record in any table. Called by the import run once for each row.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from jobs.source.csv.checking import key_of, rule_columns, rule_of
from jobs.source.csv.clocks import BadValue, ClockReader
from jobs.source.csv.identity import Identity, identity
from jobs.source.csv.mapping import Mapping, Rule
from jobs.source.csv.rules import Line, Reader, Rules
from jobs.source.csv.targets import FLAGS, UPDATED, TargetTable, targets

REMEMBERED = 10_000
"""Records of one table kept at hand, such as areas and units, that come again with many rows."""


@dataclass(frozen=True)
class Made:
    """One record: its identity, and its values in the order of the table's columns, without `updated_at`."""

    table: str
    identity: Identity
    values: tuple[object, ...]


class RecordMaker:
    """A mapping ready to run against one header."""

    def __init__(self, mapping: Mapping, header: Sequence[str]) -> None:
        self.rules = Rules(mapping, header)
        self.clocks = ClockReader(mapping)
        self.tables = [
            _TableMaker(mapping, table, self.rules) for name, table in targets().items() if name in mapping.tables
        ]
        self.flag_places = {table.table.name: table.places[FLAGS] for table in self.tables if FLAGS in table.places}
        self.reads_all = any(
            rule_of(rule).content_except for target in mapping.tables.values() for rule in target.columns.values()
        )
        self.by_content = any(not table.key_columns for table in self.tables if table.table.numbered)

    def make(self, cells: dict[str, str | None], content: str, repeat: int) -> tuple[list[Made], list[BadValue]]:
        """The records of one row and no faults, or no record and its faults, those of one column once."""
        faults: list[BadValue] = []
        line = Line(cells, content, repeat)
        line.moments = self.clocks.read(cells, faults)
        made = [record for table in self.tables if (record := table.make(line, faults)) is not None]
        if not faults:
            return made, []
        return [], list({(fault.column, fault.reason): fault for fault in faults}.values())

    def doubts(self, records: Sequence[Made]) -> Iterator[str]:
        """Every `table.column:doubt` that the records of one row carry."""
        for record in records:
            place = self.flag_places.get(record.table)
            flags = record.values[place] if place is not None else None
            if isinstance(flags, str):
                yield from (f"{record.table}.{flag}" for flag in flags.split(";"))


class _TableMaker:
    """One table of the mapping: its key, and a reader for each of its columns in the order of the contract."""

    def __init__(self, mapping: Mapping, table: TargetTable, rules: Rules) -> None:
        declared = {name: rule_of(rule) for name, rule in mapping.tables[table.name].columns.items()}
        self.table = table
        self.namespace = mapping.name
        self.key_columns = key_of(mapping, mapping.tables[table.name])
        self.fields = [each for name, each in table.fields.items() if name != UPDATED]
        self.places = {each.name: place for place, each in enumerate(self.fields)}
        self.fixed = [each.default for each in self.fields]
        self.readers: list[tuple[int, Reader]] = []
        for place, each in enumerate(self.fields):
            rule = declared.get(each.name)
            if rule is not None and rule.value is not None:
                self.fixed[place] = rule.value
            elif rule is not None:
                self.readers.append((place, rules.reader(rule, each)))
        self.inputs = self._inputs(declared)
        self.memory: dict[tuple[str | None, ...], Made] = {}
        self.required = [(place, each) for place, each in enumerate(self.fields) if each.required]
        self.flagged = [(name, rule.clock) for name, rule in declared.items() if rule.clock is not None]
        self.sources = {name: " or ".join(rule_columns(rule)) or name for name, rule in declared.items()}

    def make(self, line: Line, faults: list[BadValue]) -> Made | None:
        """This table's record of the row; None where a text key is empty, and after a fault."""
        inputs = tuple([line.cells[column] for column in self.inputs]) if self.inputs else None
        if inputs is not None and (before := self.memory.get(inputs)) is not None:
            line.made[self.table.name] = before.identity
            return before
        made = self._make(line, faults)
        if inputs is not None and made is not None:
            if len(self.memory) >= REMEMBERED:
                self.memory.clear()
            self.memory[inputs] = made
        return made

    def _make(self, line: Line, faults: list[BadValue]) -> Made | None:
        known = len(faults)
        own = self._number(line, faults) if self.table.numbered else None
        line.made[self.table.name] = line.own = own
        values = self.fixed.copy()
        for place, reader in self.readers:
            try:
                values[place] = reader(line)
            except BadValue as fault:
                faults.append(fault)
        if FLAGS in self.places:
            values[self.places[FLAGS]] = self._flags(line)
        if own is not None:
            values[self.places[self.table.key]] = own.number
        key = values[self.places[self.table.key]]
        if key is None or len(faults) > known:
            return None
        for place, each in self.required:
            if values[place] is None:
                reason = f"{self.table.name}.{each.name} must not be empty"
                faults.append(
                    BadValue(self.sources.get(each.name, each.name), "", reason, "fill it in, or give a default")
                )
        return Made(self.table.name, own or identity(self.table.name, str(key)), tuple(values))

    def _inputs(self, declared: dict[str, Rule]) -> tuple[str, ...]:
        """The cells that alone decide the record, so that a repeat need not be made again; empty: more than cells."""
        if (self.table.numbered and not self.key_columns) or any(
            rule.source() not in ("value", "column", "text", "present") for rule in declared.values()
        ):
            return ()
        cells = [column for rule in declared.values() for column in rule_columns(rule)]
        return tuple(dict.fromkeys((*(self.key_columns if self.table.numbered else ()), *cells)))

    def _number(self, line: Line, faults: list[BadValue]) -> Identity | None:
        if not self.key_columns:
            return line.numbered(self.namespace, line.content, str(line.repeat))
        parts = [line.cells[column] or "" for column in self.key_columns]
        if "" in parts:
            column = self.key_columns[parts.index("")]
            faults.append(
                BadValue(column, "", "empty, and part of the natural key", "write what tells this record apart")
            )
            return None
        return line.numbered(self.namespace, *parts)

    def _flags(self, line: Line) -> str | None:
        flags = [f"{name}:{doubt}" for name, clock in self.flagged if clock for doubt in line.moments[clock].doubts]
        return ";".join(flags) or None
