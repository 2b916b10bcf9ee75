"""What pages have in common: fields of the model by their names, the head of a page, shared filters. Pure.

Measures are named from the catalogue's metrics, so that a renamed metric renames what pages show.
"""

from __future__ import annotations

from models.catalogue import CATALOGUE
from powerbi.naming import pascal
from powerbi.report import theme
from powerbi.report.words import Above, Between, Box, Emphasis, Field, Kind, Paragraph, Visual, Well

LEFT, RIGHT, GAP = 16, 1264, 8
FOOT = Box(LEFT, 682, RIGHT - LEFT, 34)


def column(table: str, name: str, caption: str | None = None) -> Field:
    """A column."""
    return Field(table, name, caption=caption)


def measure(table: str, name: str, caption: str | None = None) -> Field:
    """A measure that belongs to no metric."""
    return Field(table, name, True, caption)


def figure(metric_id: str, variant: str = "", caption: str | None = None) -> Field:
    """A measure of a metric: its name, and behind a comma which variant of it."""
    metric = CATALOGUE.metrics[metric_id]
    return Field(metric.view, f"{metric.name}, {variant}" if variant else metric.name, True, caption)


def label(code_list: str, caption: str | None = None) -> Field:
    """The label of a code list; it sorts as the list does."""
    return Field(pascal(code_list), pascal(code_list), caption=caption)


def code(code_list: str) -> Field:
    """The code itself, for filters: labels may change."""
    return Field(pascal(code_list), "Code")


def metric_name(metric_id: str) -> str:
    """The name of a metric."""
    return CATALOGUE.metrics[metric_id].name


DAY = column("Dates", "OperationalDate", "Day")
MONTH = column("Dates", "MonthStart", "Month from")
AREA = column("Areas", "AreaName", "Area")
TEAM = column("Teams", "TeamName", "Team")
INCIDENT_TYPE = column("IncidentTypes", "IncidentTypeName", "Kind of incident")
FRESHNESS = measure("Snapshots", "Freshness")
PROVISIONAL = measure("Dates", "Provisional note")


def last_days(count: int) -> Between:
    """The last complete days before the as-of day, by the number of days."""
    return Between(column("Dates", "DaysBeforeAsOf"), 1, count)


def some(field: Field) -> Above:
    """Only where the measure counts something: a measure that counts gives 0, not a blank, where nothing is."""
    return Above(field, 0)


def values(*fields: Field) -> tuple[Well, ...]:
    """The columns of a table."""
    return (Well("Values", fields),)


def cards(*fields: Field) -> tuple[Well, ...]:
    """The values of a card."""
    return (Well("Data", fields),)


def chart(category: Field, *measures: Field, beside: tuple[Field, ...] = ()) -> tuple[Well, ...]:
    """The wells of a line or bar chart; `beside` is told in the tooltip."""
    wells = (Well("Category", (category,)), Well("Y", measures))
    return (*wells, Well("Tooltips", beside)) if beside else wells


def note(key: str, box: Box, *texts: str, size: int = 10) -> Visual:
    """A plain text; its alternative text is the text."""
    return Visual(key, Kind.TEXT, box, " ".join(texts), paragraphs=tuple(Paragraph(text, size) for text in texts))


def provisional(box: Box) -> Visual:
    """Which days may still change."""
    return Visual(
        "provisional", Kind.CARD, box, PROVISIONAL, wells=cards(PROVISIONAL), captions=False, size=10, blank="Not known"
    )


def head(title: str, left: int = LEFT) -> tuple[Visual, Visual]:
    """Title and freshness of a page: how old the figures are is never a click away."""
    return (
        Visual(
            "title",
            Kind.TEXT,
            Box(left, 8, 628 - left, 48),
            title,
            paragraphs=(Paragraph(title, 18, bold=True),),
        ),
        Visual(
            "freshness",
            Kind.CARD,
            Box(636, 8, 628, 48),
            FRESHNESS,
            wells=cards(FRESHNESS),
            captions=False,
            bold=True,
            blank="Age of the figures not known",
            emphases=(Emphasis(FRESHNESS, theme.ALARM, ("STALE",)),),
        ),
    )
