"""The words in which a report is declared: frozen values between the pages and their JSON.

Pages (`powerbi.report.pages`) are written in them, `powerbi.report.pbir` spells them as PBIR; they touch nothing.
Positions are pixels of a page of 1280 by 720, of a phone page 324 wide.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """Visual types, by the names that PBIR gives them."""

    TEXT = "textbox"
    CARD = "cardVisual"
    TABLE = "tableEx"
    MATRIX = "pivotTable"
    LINE = "lineChart"
    BAR = "clusteredBarChart"
    SLICER = "slicer"
    NAVIGATOR = "pageNavigator"
    BACK = "actionButton"


class Stroke(StrEnum):
    """How a line is drawn, so that lines differ without their colours, too."""

    SOLID = "solid"
    DASHED = "dashed"
    DOTTED = "dotted"


@dataclass(frozen=True)
class Box:
    """Where a visual stands on its page."""

    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True)
class Field:
    """A column or measure of the model; `caption` is what the visual calls it."""

    table: str
    name: str
    measure: bool = False
    caption: str | None = None

    @property
    def reference(self) -> str:
        """The name by which a query and its formatting know the field."""
        return f"{self.table}.{self.name}"

    def called(self, caption: str) -> Field:
        """The same field under another caption."""
        return Field(self.table, self.name, self.measure, caption)


@dataclass(frozen=True)
class Well:
    """A role of a visual with the fields in it."""

    role: str
    fields: tuple[Field, ...]


@dataclass(frozen=True)
class Among:
    """Keeps rows whose column is one of the texts."""

    field: Field
    values: tuple[str, ...]


@dataclass(frozen=True)
class Between:
    """Keeps rows whose whole number lies between the two, both included."""

    field: Field
    low: int
    high: int


@dataclass(frozen=True)
class Above:
    """Keeps what a measure puts above a number."""

    field: Field
    limit: int


@dataclass(frozen=True)
class IsTrue:
    """Keeps rows whose flag is set."""

    field: Field


Filter = Among | Between | Above | IsTrue


@dataclass(frozen=True)
class Sort:
    """Rows in the order of one field; a label column brings the order of its code list."""

    field: Field
    descending: bool = False


@dataclass(frozen=True)
class Paragraph:
    """A paragraph of a text box; `size` in points."""

    text: str
    size: int = 11
    bold: bool = False


@dataclass(frozen=True)
class Series:
    """How one measure of a chart is drawn."""

    field: Field
    colour: str
    stroke: Stroke = Stroke.SOLID


@dataclass(frozen=True)
class Emphasis:
    """A value in another colour where a measure says so; the words or the sign beside it say the same.

    The text is one of the words, or holds it.
    """

    field: Field
    colour: str
    words: tuple[str, ...]


@dataclass(frozen=True)
class Visual:
    """One visual. Every visual has an alternative text: a sentence, or a text measure that states the insight.

    `reaches` names the visuals that a selection in this one filters (None: all). `blank` is what a card says for a
    blank value, `across` how many of its values stand in a row. `heat` is the measure that colours a matrix's cells.
    """

    key: str
    kind: Kind
    box: Box
    alt: str | Field
    title: str | None = None
    wells: tuple[Well, ...] = ()
    filters: tuple[Filter, ...] = ()
    sort: tuple[Sort, ...] = ()
    paragraphs: tuple[Paragraph, ...] = ()
    series: tuple[Series, ...] = ()
    emphases: tuple[Emphasis, ...] = ()
    heat: Field | None = None
    size: int = 12
    bold: bool = False
    captions: bool = True
    across: int | None = None
    blank: str | None = None
    reaches: tuple[str, ...] | None = None

    def fields(self) -> tuple[Field, ...]:
        """Every field that the visual reads, in whatever place."""
        found = [field for well in self.wells for field in well.fields]
        found += [each.field for group in (self.filters, self.sort, self.series, self.emphases) for each in group]
        found += [self.alt] if isinstance(self.alt, Field) else []
        found += [self.heat] if self.heat else []
        return tuple(found)


@dataclass(frozen=True)
class Phone:
    """A visual of the phone layout by its key, and its height there. `half` shares a row with the next one."""

    key: str
    height: int
    half: bool = False


@dataclass(frozen=True)
class Page:
    """One page; visuals stand in reading order, which is the order of the tab key. `drill` makes it a drill-through."""

    key: str
    title: str
    visuals: tuple[Visual, ...]
    phone: tuple[Phone, ...] = ()
    drill: tuple[Field, ...] = ()


@dataclass(frozen=True)
class Report:
    """All pages for one audience; the first one opens."""

    name: str
    audience: str
    pages: tuple[Page, ...]
