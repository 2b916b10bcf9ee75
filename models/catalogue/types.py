"""The words in which the catalogue is declared: frozen values, no behaviour beyond look-ups.

Read by everything that serves, computes, documents or draws a view. Edm names are those of OData CSDL 4.01.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class Edm(StrEnum):
    """The primitive types that views use (OData CSDL 4.01, section 3.3)."""

    STRING = "Edm.String"
    BOOLEAN = "Edm.Boolean"
    INT32 = "Edm.Int32"
    INT64 = "Edm.Int64"
    DECIMAL = "Edm.Decimal"
    DOUBLE = "Edm.Double"
    DATE = "Edm.Date"
    INSTANT = "Edm.DateTimeOffset"


class Sensitivity(StrEnum):
    """How a value must be handled. Literals of RECORD and RESTRICTED columns never reach a log."""

    OPEN = "open"  # reference data and definitions
    AGGREGATE = "aggregate"  # counts and percentiles over many records
    RECORD = "record"  # about one incident, call or request
    RESTRICTED = "restricted"  # outcome, harm or consent of one person; names of staff


class Family(StrEnum):
    """The two families share one spine and are never added up; OPERATIONS is about the service itself."""

    VIOLENT = "violent_critical"
    CRISIS = "person_in_crisis"
    OPERATIONS = "operations"


class Additivity(StrEnum):
    """Along which cuts a metric may be summed."""

    ADDITIVE = "additive"  # over days and every other cut
    LAST_VALUE = "last_value"  # a stock: sums over cuts of one day, over days the closing value counts
    NONE = "none"  # never: distinct counts and percentiles


class Scope(StrEnum):
    """What a caller restricted to areas or teams gets of a view that has no such column."""

    OPEN = "open"  # reference or city-wide figures: all rows
    CLOSED = "closed"  # nothing: the view looks unknown


class Stage(StrEnum):
    """What a check looks at, and so when it runs."""

    DELIVERY = "delivery"  # what the source brought, before it becomes a night; an operator may accept a failure
    VIEWS = "views"  # the finished figures; a failure is a defect, and nobody may accept it


@dataclass(frozen=True)
class Check:
    """What must hold before figures are published. One that blocks keeps what is published; the others warn.

    `holds` ends without a full stop, `looks_at` names tables or views, `next_step` is for whoever is called at night.
    """

    id: str
    title: str
    holds: str
    blocking: bool
    stage: Stage
    looks_at: str
    next_step: str


@dataclass(frozen=True)
class Column:
    """One published column. `unit` is written out (`ms`, `incidents`); `codes` names a code list.

    No published value is less than `minimum`: a check of every night sees to it. `additivity` says how rows of the
    column may be put together; None where adding up means nothing.
    """

    name: str
    edm: Edm
    description: str
    nullable: bool = False
    unit: str | None = None
    codes: str | None = None
    sensitivity: Sensitivity = Sensitivity.AGGREGATE
    max_length: int | None = None
    precision: int | None = None
    scale: int | None = None
    searchable: bool = False
    hidden: bool = False
    minimum: int | None = None
    additivity: Additivity | None = None


@dataclass(frozen=True)
class Navigation:
    """To-one navigation: `name` leads from `columns` of this view to the key of `target`."""

    name: str
    target: str
    columns: tuple[str, ...]


@dataclass(frozen=True)
class View:
    """A published OData entity set.

    `key` is the OData key; `order` the total order in which rows are stored and answered by default
    (date first where there is one; ends with the key). `area` and `team` name the columns by which a
    caller's row scope restricts the rows; where one is absent, `scope` decides.
    """

    name: str
    entity: str
    title: str
    grain: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    roles: frozenset[str]
    order: tuple[str, ...] = ()
    navigations: tuple[Navigation, ...] = ()
    area: str | None = None
    team: str | None = None
    scope: Scope = Scope.CLOSED
    live: bool = False
    group: str = "facts"
    freshness: str = "once a night, when a refresh has been published"
    _by_name: dict[str, Column] = field(default_factory=dict, compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "order", self.order or self.key)
        self._by_name.update({column.name: column for column in self.columns})

    def column(self, name: str) -> Column:
        """The column of that exact name. Raises KeyError."""
        return self._by_name[name]

    def has(self, name: str) -> bool:
        """Whether there is a column of that exact name."""
        return name in self._by_name


@dataclass(frozen=True)
class Metric:
    """One defined figure: columns of one view, never an expression, so that SQL and DAX agree.

    value = numerator, or sum(numerator) / sum(denominator). `number` is the line in the daily list
    (D1 to D15). Clocks are NERIS names or columns of the source contract.
    """

    id: str
    number: str
    name: str
    definition: str
    family: Family
    view: str
    numerator: str
    denominator: str | None
    unit: str
    attribution_clock: str
    clock_start: str | None = None
    clock_stop: str | None = None
    missing: str | None = None
    invalid: str | None = None
    breakdown: tuple[str, ...] = ()
    additivity: Additivity = Additivity.ADDITIVE
    maturity_days: int = 0
    target: str | None = None
    owner: str = "Crisis team data steward"
    version: int = 1
    source: str = ""


@dataclass(frozen=True)
class Code:
    """One word of a code list, with the outside standard's word where one exists."""

    code: str
    label: str
    description: str = ""
    standard: str | None = None
    standard_code: str | None = None


@dataclass(frozen=True)
class CodeList:
    """A closed vocabulary. `unmapped` is the code under which foreign words are counted."""

    name: str
    title: str
    codes: tuple[Code, ...]
    unmapped: str = "unknown"

    def labels(self) -> dict[str, str]:
        """Code -> label, in the declared order."""
        return {code.code: code.label for code in self.codes}


@dataclass(frozen=True)
class Role:
    """Who may do what. `views` are granted by the views themselves; `actions` are the routes beside data."""

    name: str
    title: str
    description: str
    actions: frozenset[str] = frozenset()
    small_count: int = 1


@dataclass(frozen=True)
class Catalogue:
    """Everything declared, by name. Built once by `models.catalogue`; never changed."""

    version: str
    views: dict[str, View]
    metrics: dict[str, Metric]
    codes: dict[str, CodeList]
    roles: dict[str, Role]
    checks: dict[str, Check] = field(default_factory=dict)

    def readable(self, role: str) -> tuple[View, ...]:
        """The views that a role may read, in declared order; unknown roles read nothing."""
        return tuple(view for view in self.views.values() if role in view.roles)
