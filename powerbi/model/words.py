"""The words in which a semantic model is said: frozen values between the catalogue and its spellings.

Names follow the Tabular Object Model (table, column, measure, partition, relationship, role, perspective, culture).
Built by the modules beside this one and by `powerbi.measures`; read by the writers of TMDL and JSON and by the report.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class DataType(StrEnum):
    """Types of a column in the model. Instants are `dateTime` in UTC."""

    STRING = "string"
    WHOLE = "int64"
    DECIMAL = "decimal"
    BOOLEAN = "boolean"
    DATE_TIME = "dateTime"


@dataclass(frozen=True)
class Column:
    """One column. `source` is the column that the partition's M yields; `sort_by` another column of the table."""

    name: str
    data_type: DataType
    source: str
    description: str
    hidden: bool = False
    key: bool = False
    format: str | None = None
    sort_by: str | None = None
    folder: str | None = None


@dataclass(frozen=True)
class Measure:
    """One measure. `expression` is DAX, lines separated by newlines; `format` a format string, None for text.

    `folder` is the display folder; `metric` the id of the catalogue's metric that it shows, if it shows one.
    """

    name: str
    table: str
    expression: str
    description: str
    folder: str
    format: str | None = None
    hidden: bool = False
    metric: str | None = None


@dataclass(frozen=True)
class Hierarchy:
    """Levels are columns of the table, from the widest to the narrowest."""

    name: str
    levels: tuple[str, ...]
    description: str


@dataclass(frozen=True)
class RefreshPolicy:
    """Yearly partitions: how many years are kept, how many of them are read anew with every refresh."""

    rolling_years: int
    incremental_years: int


@dataclass(frozen=True)
class Table:
    """One table with the M of its partition. `time` marks the date table."""

    name: str
    description: str
    columns: tuple[Column, ...]
    source: str
    measures: tuple[Measure, ...] = ()
    hierarchies: tuple[Hierarchy, ...] = ()
    time: bool = False
    hidden: bool = False
    refresh: RefreshPolicy | None = None


@dataclass(frozen=True)
class Relationship:
    """Many to one, filters from `to_table` to `from_table`."""

    from_table: str
    from_column: str
    to_table: str
    to_column: str


@dataclass(frozen=True)
class Parameter:
    """A query parameter; `value` is M, `kind` its M type (Text, DateTime)."""

    name: str
    value: str
    kind: str
    description: str


@dataclass(frozen=True)
class Role:
    """Dynamic row-level security: table -> DAX filter."""

    name: str
    description: str
    filters: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Perspective:
    """A subset of the model for one kind of reader: table -> columns, measures and hierarchies by name."""

    name: str
    members: tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True)
class Culture:
    """Captions in one language: (table, member or None) -> caption; display folders by their English path."""

    name: str
    captions: tuple[tuple[str, str | None, str], ...]
    folders: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Model:
    """A whole semantic model for one audience (`viewer` or `analyst`)."""

    name: str
    audience: str
    description: str
    culture: str
    parameters: tuple[Parameter, ...]
    tables: tuple[Table, ...]
    relationships: tuple[Relationship, ...]
    roles: tuple[Role, ...]
    perspectives: tuple[Perspective, ...]
    cultures: tuple[Culture, ...]

    def table(self, name: str) -> Table:
        """The table of that name. Raises KeyError."""
        for table in self.tables:
            if table.name == name:
                return table
        raise KeyError(name)

    def measures(self) -> tuple[Measure, ...]:
        """All measures, in the order of the tables."""
        return tuple(measure for table in self.tables for measure in table.measures)
