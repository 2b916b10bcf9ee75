"""The outline of a model, the audience -> what it must not read, cannot read, or reads from a wrong address. Pure.

Called by `examine`; the catalogue says which views there are and who reads them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from models.catalogue import CATALOGUE
from models.errors import ConfigurationError
from powerbi.package.address import api_base_url
from powerbi.package.inspection.m_names import undefined
from powerbi.package.inspection.outline import Outline
from powerbi.package.inspection.words import Finding, Kind

ADDRESS = "ApiBaseUrl"
VIEW = re.compile(r'\[\s*Name\s*=\s*"((?:[^"]|"")*)"')
"""How the M of a table names the view that it takes from the feed."""
TEXT = re.compile(r'\s*"((?:[^"]|"")*)"')
EXPRESSIONS = "definition/expressions.tmdl"


def misread(model: Outline, audience: str) -> Iterator[Finding]:
    """Views that the role of the audience may not read, and views that are none."""
    allowed = {view.name for view in CATALOGUE.readable(audience)}
    for name, table in model.tables.items():
        for source in table.sources:
            for view in dict.fromkeys(VIEW.findall(source)):
                if view in allowed:
                    continue
                kind = Kind.AUDIENCE if view in CATALOGUE.views else Kind.SOURCE
                says = f"the {audience} role may not read it" if kind is Kind.AUDIENCE else "there is no such view"
                yield Finding(kind, table.file, f"table {name}", f"reads the view {view}: {says}")
        if table.sources and not any(VIEW.search(source) for source in table.sources):
            yield Finding(Kind.SOURCE, table.file, f"table {name}", "reads no view of the service")
        if name in CATALOGUE.views and name not in allowed and not table.sources:
            yield Finding(Kind.AUDIENCE, table.file, f"table {name}", f"the {audience} role may not read it")


def lost_steps(model: Outline) -> Iterator[Finding]:
    """Steps of M that another step asks for and that are not there."""
    known = {*model.parameters, *model.tables}
    for name, table in model.tables.items():
        for step in sorted({step for source in table.sources for step in undefined(source)} - known):
            yield Finding(Kind.SOURCE, table.file, f"table {name}", f"asks for {step}, which is no step and no query")


def address(model: Outline) -> str | None:
    """What the parameter ApiBaseUrl says; None where it is not there or no text."""
    found = TEXT.match(model.parameters.get(ADDRESS, ""))
    return found[1].replace('""', '"') if found else None


def misdirected(model: Outline) -> Iterator[Finding]:
    """An address that templates cannot carry."""
    said = address(model)
    if said is None:
        yield Finding(Kind.ADDRESS, EXPRESSIONS, f"parameter {ADDRESS}", "is not there, or is no text")
        return
    try:
        wanted = api_base_url(said)
    except ConfigurationError as error:
        yield Finding(Kind.ADDRESS, EXPRESSIONS, f"parameter {ADDRESS}", error.message)
        return
    if wanted != said:
        yield Finding(Kind.ADDRESS, EXPRESSIONS, f"parameter {ADDRESS}", "must have no slash or blank at its end")


def unmarked_dates(model: Outline) -> Iterator[Finding]:
    """No date table, or one without its key: then nothing that looks back in time is right."""
    marked = [name for name, table in model.tables.items() if table.time]
    keyed = [
        name for name in marked if any("isKey" in properties for properties in model.tables[name].columns.values())
    ]
    if keyed != ["Dates"]:
        file = model.tables["Dates"].file if "Dates" in model.tables else "definition/model.tmdl"
        said = f"is not the one marked date table with a key; marked: {', '.join(marked) or 'none'}"
        yield Finding(Kind.DATES, file, "table Dates", said)
