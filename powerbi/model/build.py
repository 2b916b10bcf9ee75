"""Catalogue -> the whole semantic model of one audience: `model("viewer")`, `model("analyst")`.

Pure and the same for each call; called by the writers of TMDL and JSON, the report, the packages and the tests.
"""

from __future__ import annotations

from functools import cache

from models.catalogue import CATALOGUE
from powerbi.audience import AUDIENCES, Audience
from powerbi.measures import measures
from powerbi.model import code_tables, cultures, perspectives, relationships, security, sources, tables
from powerbi.model.words import Measure, Model, Table

CULTURE = "en-CA"


@cache
def model(audience: str) -> Model:
    """The model of an audience, by its name. Raises KeyError for a name that is none."""
    reader = AUDIENCES[audience]
    built = _tables(reader, measures(audience))
    star = relationships.relationships(reader)
    return Model(
        name=reader.model,
        audience=reader.name,
        description=f"{reader.description} Definitions {CATALOGUE.version}.",
        culture=CULTURE,
        parameters=(sources.API_BASE_URL, *(sources.RANGE if any(table.refresh for table in built) else ())),
        tables=built,
        relationships=star,
        roles=(security.role(reader),),
        perspectives=perspectives.perspectives(reader, built, star),
        cultures=cultures.cultures(built),
    )


def _tables(reader: Audience, spoken: tuple[Measure, ...]) -> tuple[Table, ...]:
    views = {view.name: view for view in reader.views()}
    if homeless := sorted({measure.table for measure in spoken} - set(views)):
        raise ValueError(f"measures of {reader.name} live in tables that its model lacks: {', '.join(homeless)}")
    made = [
        tables.table(view, tuple(measure for measure in spoken if measure.table == view.name))
        for view in views.values()
    ]
    return (*made, *(code_tables.table(codes) for codes in code_tables.lists(reader)))
