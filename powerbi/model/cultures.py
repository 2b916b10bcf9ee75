"""A model's names -> captions for people in English and French: `AreaName` reads `Area name` or `Nom du secteur`.

Names stay those of the views in every language, so formulas and reports do not depend on the reader's.
Pure; called by build.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from models.catalogue import CATALOGUE
from models.catalogue.types import Edm
from powerbi.model import french
from powerbi.model.tables import FORMATS
from powerbi.model.words import Column, Culture, DataType, Table
from powerbi.naming import pascal, words

Captions = Iterator[tuple[str, str | None, str]]
CODE_TITLES = {pascal(codes.name): codes.title for codes in CATALOGUE.codes.values()}


@dataclass(frozen=True)
class Language:
    """How English captions of tables and members, measures and folders are said in a language."""

    name: str
    caption: Callable[[str], str]
    measure: Callable[[str], str]
    folder: Callable[[str], str]


def _same(english: str) -> str:
    return english


LANGUAGES = (
    Language("en-CA", _same, _same, _same),
    Language("fr-CA", french.caption, french.measure, french.folder),
)


def cultures(tables: tuple[Table, ...]) -> tuple[Culture, ...]:
    """One for each language, with a caption for everything that is shown. Raises KeyError for one that is missing."""
    return tuple(
        Culture(
            language.name,
            tuple(caption for table in tables if not table.hidden for caption in _captions(table, language)),
            tuple((path, _said(language, "folder", path, "display folders")) for path in _folders(tables)),
        )
        for language in LANGUAGES
    )


def title(table: Table) -> str:
    """What people call a table: the view's or the code list's title."""
    view = CATALOGUE.views.get(table.name)
    return view.title if view else CODE_TITLES[table.name]


def label(column: Column) -> str:
    """What people call a column. Instants say that they are UTC: `AsOf` is no local time, and no measure `As of`."""
    instant = column.data_type is DataType.DATE_TIME and column.format == FORMATS[Edm.INSTANT]
    return f"{words(column.name)} (UTC)" if instant else words(column.name)


def _captions(table: Table, language: Language) -> Captions:
    yield table.name, None, _said(language, "caption", title(table), table.name)
    for measure in table.measures:
        if not measure.hidden:
            yield table.name, measure.name, _said(language, "measure", measure.name, table.name)
    for column in table.columns:
        if not column.hidden:
            yield table.name, column.name, _said(language, "caption", label(column), table.name)
    for hierarchy in table.hierarchies:
        yield table.name, hierarchy.name, _said(language, "caption", hierarchy.name, table.name)


def _said(language: Language, kind: str, english: str, place: str) -> str:
    try:
        return str(getattr(language, kind)(english))
    except KeyError:
        words_in = "powerbi/measures/french.py" if kind == "measure" else "powerbi/model/french_words.py"
        raise KeyError(f"no {language.name} {kind} for {english!r} of {place}: add it to {words_in}") from None


def _folders(tables: tuple[Table, ...]) -> list[str]:
    """Every display folder, once, in the order of its first use."""
    shown: dict[str, None] = {}
    for table in tables:
        measures = [measure.folder for measure in table.measures if not measure.hidden]
        columns = [column.folder or "" for column in table.columns if not column.hidden]
        shown |= dict.fromkeys(path for path in (*measures, *columns) if path)
    return list(shown)
