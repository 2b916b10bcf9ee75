"""Column rules of a mapping, compiled: each becomes a function from a row to the value of one contract column. Pure.

A value that cannot be taken raises BadValue; words outside a code list are kept and counted, for clean counts
them as unmapped too. Called by `records` when a file is opened.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from jobs.source.contract import Kind
from jobs.source.csv.checking import rule_columns
from jobs.source.csv.clocks import BadValue, Moment
from jobs.source.csv.identity import Identity, identity
from jobs.source.csv.mapping import Mapping, Rule, Words
from jobs.source.csv.targets import Field
from models.catalogue import CATALOGUE

TRUE = frozenset({"true", "t", "yes", "y", "1"})
FALSE = frozenset({"false", "f", "no", "n", "0"})
WORDS_SHOWN = 12
WORDS_COUNTED = 1_000
"""Foreign words counted by name; what comes after is counted together, so that memory stays bounded."""

OTHERS = "(more words)"
AREA_DIGITS = 3


@dataclass
class Line:
    """One row while it is being read. `content` is its text as a whole, `repeat` how often that came before,
    `own` the identity of the record being made, `made` those of the row's records by table."""

    cells: dict[str, str | None]
    content: str
    repeat: int
    moments: dict[str, Moment] = field(default_factory=dict)
    made: dict[str, Identity | None] = field(default_factory=dict)
    own: Identity | None = None
    numbers: dict[tuple[str, ...], Identity] = field(default_factory=dict)

    def numbered(self, *key: str) -> Identity:
        """The identity of a key; tables with the same key share it, since numbers differ within a table only."""
        known = self.numbers.get(key)
        if known is None:
            known = self.numbers[key] = identity(*key)
        return known


Reader = Callable[[Line], object]
Convert = Callable[[str, str], object]


class Rules:
    """Makes readers for one mapping and one header. `unmapped` counts (code list, word)."""

    def __init__(self, mapping: Mapping, header: Sequence[str]) -> None:
        self.mapping = mapping
        self.header = tuple(header)
        self.unmapped: Counter[tuple[str, str]] = Counter()

    def reader(self, rule: Rule, target: Field) -> Reader:
        """The function that gives `target` its value by `rule`, which is none of a fixed value."""
        makers: dict[str, Callable[[Rule, Field], Reader]] = {
            "column": self._column,
            "clock": _clock,
            "link": _link,
            "text": self._text,
            "present": _present,
            "content_except": self._content,
            "own_number": _own_number,
        }
        return makers[str(rule.source())](rule, target)

    def _column(self, rule: Rule, target: Field) -> Reader:
        columns = rule_columns(rule)
        default = target.default if rule.default is None else rule.default
        plain = self._plain(rule, target)
        convert = self._by_words(self.mapping.codes[rule.codes], rule.codes, plain, target) if rule.codes else plain

        def read(line: Line) -> object:
            for column in columns:
                cell = line.cells[column]
                if cell is not None:
                    return convert(column, cell)
            return default

        return read

    def _by_words(self, codes: Words, name: str, plain: Convert, target: Field) -> Convert:
        known = {_normal(word): code for word, code in codes.words.items()}
        own = frozenset(CATALOGUE.codes[target.codes].labels()) if target.codes else frozenset()

        def convert(column: str, cell: str) -> object:
            code = known.get(_normal(cell))
            if code is not None:
                return code
            if codes.closed:
                listed = ", ".join(codes.words) if len(codes.words) <= WORDS_SHOWN else f"{len(codes.words)} words"
                advice = f"the map [codes.{name}] knows {listed}: write one of them, or add this word to the map"
                raise BadValue(column, cell, "word outside a closed code map", advice)
            return codes.otherwise if codes.otherwise is not None and cell not in own else plain(column, cell)

        return convert

    def _plain(self, rule: Rule, target: Field) -> Convert:
        convert = CONVERSIONS[target.kind]
        if target.kind is not Kind.TEXT:
            return convert
        longest = target.length
        style = STYLES[rule.style]
        own = frozenset(CATALOGUE.codes[target.codes].labels()) if target.codes else None

        def text(column: str, cell: str) -> str:
            made = style(cell)
            if longest is not None and len(made) > longest:
                raise BadValue(column, cell, f"{len(made)} characters, {longest} at most", "shorten the text")
            if own is not None and made not in own:
                self._count(str(target.codes), made)
            return made

        return text

    def _count(self, codes: str, word: str) -> None:
        known = (codes, word) in self.unmapped or len(self.unmapped) < WORDS_COUNTED
        self.unmapped[codes, word if known else OTHERS] += 1

    def _text(self, rule: Rule, target: Field) -> Reader:
        columns = rule_columns(rule)
        pattern = str(rule.text)
        plain = self._plain(rule, target)

        def read(line: Line) -> object:
            if any(line.cells[column] is None for column in columns):
                return target.default if rule.default is None else rule.default
            return plain(columns[0] if columns else target.name, pattern.format_map(line.cells))

        return read

    def _content(self, rule: Rule, _target: Field) -> Reader:
        left_out = rule.content_except or ()
        columns = tuple(column for column in self.header if column not in left_out)

        def read(line: Line) -> object:
            return f"{identity(*(line.cells[column] or '' for column in columns)).number:016x}"

        return read


def _clock(rule: Rule, _target: Field) -> Reader:
    name = str(rule.clock)
    return lambda line: line.moments[name].at


def _link(rule: Rule, _target: Field) -> Reader:
    table = str(rule.link)

    def read(line: Line) -> object:
        made = line.made[table]
        return made.number if made is not None else None

    return read


def _own_number(_rule: Rule, _target: Field) -> Reader:
    return lambda line: f"{line.own.number:016x}" if line.own is not None else None


def _present(rule: Rule, _target: Field) -> Reader:
    choices = rule.present or ()

    def read(line: Line) -> object:
        for column, value in choices:
            if line.cells[column] is not None:
                return value
        return rule.otherwise

    return read


def _whole(column: str, cell: str) -> int:
    try:
        value = float(cell)
        if value != int(value):
            raise ValueError
    except (ValueError, OverflowError):
        raise BadValue(column, cell, "not a whole number", "write digits only, or leave it empty") from None
    return int(value) if "." in cell or "e" in cell.lower() else int(cell)


def _number(column: str, cell: str) -> float:
    try:
        value = float(cell)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise BadValue(column, cell, "not a number", "write it as 43.6532, or leave it empty")
    return value


def _flag(column: str, cell: str) -> bool:
    word = cell.casefold()
    if word not in TRUE | FALSE:
        raise BadValue(column, cell, "neither yes nor no", "write true or false, or add a code map to the mapping")
    return word in TRUE


def _slug(cell: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", cell.casefold()).strip("-")


def _normal(word: str) -> str:
    return " ".join(word.split()).casefold()


CONVERSIONS: dict[Kind, Convert] = {
    Kind.NUMBER: _whole,
    Kind.DECIMAL: _number,
    Kind.FLAG: _flag,
    Kind.TEXT: lambda _column, cell: cell,
}

STYLES: dict[str | None, Callable[[str], str]] = {
    None: lambda cell: cell,
    "slug": _slug,
    "upper": str.upper,
    "lower": str.lower,
    "three_digits": lambda cell: cell.zfill(AREA_DIGITS) if cell.isdigit() else cell,
}
