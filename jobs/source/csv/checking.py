"""A mapping against the contract and the catalogue: every problem as one sentence that names its place. Pure.

Called by `mapping.load`, so that nothing is read with a mapping that cannot work.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Iterator
from string import Formatter
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from jobs.source.contract import Kind
from jobs.source.csv.mapping import Clock, Mapping, Rule, Scalar, Target
from jobs.source.csv.near import did_you_mean
from jobs.source.csv.targets import UPDATED, WRITTEN_HERE, Field, TargetTable, targets
from models.catalogue import CATALOGUE

COARSER = {
    "victim": ("incident", "call"),
    "unit_response": ("incident", "call"),
    "disposition": ("incident", "call", "dispatch", "unit_response"),
}
"""Tables of which one record has several rows at that grain: they need a key of their own."""


def rule_of(rule: str | Rule) -> Rule:
    """A bare text in a mapping means: copy that column."""
    return Rule(column=rule) if isinstance(rule, str) else rule


def rule_columns(rule: Rule) -> tuple[str, ...]:
    """Columns of the file that a rule names."""
    if rule.column is not None:
        return (rule.column,) if isinstance(rule.column, str) else rule.column
    if rule.present is not None:
        return tuple(column for column, _ in rule.present)
    if rule.text is not None:
        return placeholders(rule.text)
    return rule.content_except or ()


def placeholders(text: str) -> tuple[str, ...]:
    """Column names in braces of a text rule. Raises ValueError for unbalanced braces."""
    return tuple(name for _, name, _, _ in Formatter().parse(text) if name is not None)


def key_of(mapping: Mapping, target: Target) -> tuple[str, ...]:
    """Columns that tell the records of a table apart; empty: the content of the row."""
    return mapping.natural_key if target.key is None else target.key


def needed_columns(mapping: Mapping) -> tuple[str, ...]:
    """Every column of the file that the mapping names, in order of first use."""
    wanted: dict[str, None] = dict.fromkeys(mapping.natural_key)
    for clock in mapping.clocks.values():
        wanted.update(dict.fromkeys(clock.columns()))
    for target in mapping.tables.values():
        wanted.update(dict.fromkeys(target.key or ()))
        for rule in target.columns.values():
            wanted.update(dict.fromkeys(rule_columns(rule_of(rule))))
    return tuple(wanted)


def check(mapping: Mapping) -> tuple[str, ...]:
    """Every problem of a mapping; empty when it is sound."""
    return tuple(_problems(mapping))


def _problems(mapping: Mapping) -> Iterator[str]:
    yield from _zone("zone", mapping.zone)
    yield from _encoding(mapping.encoding)
    if len(mapping.delimiter) != 1:
        yield f"delimiter: {mapping.delimiter!r} is not one character"
    if not mapping.tables:
        yield "tables: none is given, so nothing would be imported"
    for name, clock in mapping.clocks.items():
        yield from _clock(f"clocks.{name}", clock, mapping)
    for name, target in mapping.tables.items():
        if name not in targets():
            yield f"tables.{name}: no table of the contract{did_you_mean(name, targets())}"
        else:
            yield from _target(mapping, targets()[name], target)
    for name, rows in mapping.rows.items():
        yield from _fixed_rows(name, rows)


def _fixed_rows(name: str, rows: list[dict[str, Scalar]]) -> Iterator[str]:
    if name not in targets() or targets()[name].numbered:
        with_text = ", ".join(table.name for table in targets().values() if not table.numbered)
        yield f"rows.{name}: fixed rows can be given for {with_text} only"
        return
    for row in rows:
        yield from _names(f"rows.{name}", row, targets()[name], given=set(row))
        for column, value in row.items():
            if column in targets()[name].fields:
                yield from _word(f"rows.{name}.{column}", value, targets()[name].fields[column])


def _target(mapping: Mapping, table: TargetTable, target: Target) -> Iterator[str]:
    place = f"tables.{table.name}"
    if table.name in COARSER.get(mapping.grain, ()) and key_of(mapping, target) == mapping.natural_key:
        yield (
            f"{place}: one row is one {mapping.grain}, and one {table.name} has several of them; "
            f"give {place}.key the columns that tell one {table.name} from another"
        )
    for written in WRITTEN_HERE:
        if written in target.columns:
            yield f"{place}.columns.{written}: written by the import; leave it out"
    for latest in target.latest:
        if latest not in target.columns or table.fields[latest].kind is not Kind.INSTANT:
            yield f"{place}.latest: {latest!r} is no clock column given under {place}.columns"
    if table.numbered and table.key in target.columns:
        yield f"{place}.columns.{table.key}: made by the import from the key; leave it out"
    yield from _names(place, target.columns, table, given={*target.columns, *((table.key,) if table.numbered else ())})
    for column, rule in target.columns.items():
        if column in table.fields:
            yield from _rule(f"{place}.columns.{column}", rule_of(rule), table.fields[column], mapping)


def _names(place: str, names: Iterable[str], table: TargetTable, *, given: set[str]) -> Iterator[str]:
    for name in names:
        if name not in table.fields:
            yield f"{place}: {table.name} has no column {name!r}{did_you_mean(name, table.fields)}"
    for field in table.fields.values():
        if field.required and field.name not in given | {UPDATED}:
            yield f"{place}: {table.name} needs the column {field.name!r}"


def _rule(place: str, rule: Rule, field: Field, mapping: Mapping) -> Iterator[str]:
    source = rule.source()
    if source is None:
        yield f"{place}: give exactly one of {', '.join(Rule.SOURCES)}"
        return
    if (source == "clock") != (field.kind is Kind.INSTANT):
        yield f"{place}: " + ("needs { clock = ... }" if field.kind is Kind.INSTANT else "is no clock column")
    if rule.clock is not None and rule.clock not in mapping.clocks:
        yield f"{place}: no clock {rule.clock!r} under clocks{did_you_mean(rule.clock, mapping.clocks)}"
    linked = mapping.tables.get(rule.link) if rule.link is not None else None
    if rule.link is not None and (linked is None or rule.link not in targets() or not targets()[rule.link].numbered):
        yield f"{place}: no table {rule.link!r} with numbers under tables{did_you_mean(rule.link, mapping.tables)}"
    if rule.codes is not None and rule.codes not in mapping.codes:
        yield f"{place}: no code map {rule.codes!r} under codes{did_you_mean(rule.codes, mapping.codes)}"
    if rule.text is not None:
        try:
            placeholders(rule.text)
        except ValueError as error:
            yield f"{place}: {rule.text!r} is no text with column names in braces: {error}"
    for value in _constants(rule, mapping):
        yield from _word(place, value, field)


def _constants(rule: Rule, mapping: Mapping) -> Iterator[Scalar]:
    """Every fixed value that a rule can give."""
    given = [rule.value, rule.default, rule.otherwise, *(value for _, value in rule.present or ())]
    if rule.codes in mapping.codes:
        given += [*mapping.codes[rule.codes].words.values(), mapping.codes[rule.codes].otherwise]
    yield from (value for value in given if value is not None)


def _word(place: str, value: Scalar, field: Field) -> Iterator[str]:
    """Fixed values must suit the column: a foreign word in a mapping is a slip of the pen."""
    fitting = {Kind.FLAG: (bool,), Kind.NUMBER: (int,), Kind.DECIMAL: (int, float), Kind.TEXT: (str,)}
    if field.kind in fitting and not (
        isinstance(value, fitting[field.kind]) and isinstance(value, bool) == (field.kind is Kind.FLAG)
    ):
        yield f"{place}: {value!r} is not {field.kind.words}"
    elif field.codes is not None and isinstance(value, str):
        words = CATALOGUE.codes[field.codes].labels()
        if value not in words:
            yield f"{place}: {value!r} is no word of the code list {field.codes}{did_you_mean(value, words)}"


def _clock(place: str, clock: Clock, mapping: Mapping) -> Iterator[str]:
    by_weekday = (clock.year, clock.month, clock.weekday)
    shapes = (
        clock.column is not None,
        clock.date is not None and None in (clock.hour, clock.time),
        None not in by_weekday,
        bool(clock.first_of),
    )
    if sum(shapes) != 1 or (clock.date is None and any(by_weekday) and None in by_weekday):
        yield f"{place}: give one of: column; date (with hour or time); year, month and weekday; first_of"
    if clock.zone is not None:
        yield from _zone(f"{place}.zone", clock.zone)
    if clock.otherwise is not None and not clock.first_of:
        yield f"{place}.otherwise: goes with first_of only"
    for name in clock.first_of:
        if name not in mapping.clocks:
            yield f"{place}.first_of: no clock {name!r}{did_you_mean(name, mapping.clocks)}"
        elif mapping.clocks[name].first_of:
            yield f"{place}.first_of: {name} is itself a first_of; name the clocks that it chooses from"


def _zone(place: str, zone: str) -> Iterator[str]:
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        yield f"{place}: {zone!r} is no time zone; write it as America/Toronto"


def _encoding(encoding: str) -> Iterator[str]:
    try:
        by_line = "a,\n".encode(codecs.lookup(encoding).name).endswith(b"a,\n")
    except LookupError:
        yield f"encoding: {encoding!r} is not known; write utf-8 or windows-1252"
        return
    if not by_line:
        yield f"encoding: {encoding} cannot be read line by line; save the file as UTF-8 and write utf-8"
