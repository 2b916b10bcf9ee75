"""Names of the models: one word for one thing, captions in both languages, none twice where a reader chooses by it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest

from models.catalogue import CATALOGUE
from powerbi.audience import AUDIENCES
from powerbi.model import french_words
from powerbi.model.build import model
from powerbi.model.words import Model
from powerbi.naming import dax_column, pascal, words

audiences = pytest.mark.parametrize("name", AUDIENCES)

WORDS = """
    FirstArrivalCount   First arrival count
    EmsRequested        EMS requested
    AgeMs               Age (ms)
    P50Ms               P50 (ms)
    From911Count        From 911 count
    AnsweredIn15sCount  Answered in 15s count
    CallId              Call ID
    IsoWeek             ISO week
"""


@pytest.mark.parametrize("line", WORDS.strip().splitlines(), ids=lambda line: line.split()[0])
def test_a_name_in_words(line: str) -> None:
    name, wanted = line.strip().split(None, 1)
    assert words(name) == wanted


def test_names_as_dax_and_tables_of_code_lists() -> None:
    assert pascal("stop_reason") == "StopReason"
    assert dax_column("It's", "a]b") == "'It''s'[a]]b]"


def shown(built: Model) -> Iterator[tuple[str, str | None]]:
    """Everything that a reader sees: tables, columns, measures, hierarchies."""
    for table in built.tables:
        if table.hidden:
            continue
        yield table.name, None
        members = (*table.columns, *table.measures)
        yield from ((table.name, member.name) for member in members if not member.hidden)
        yield from ((table.name, hierarchy.name) for hierarchy in table.hierarchies)


@audiences
def test_all_that_is_shown_has_a_caption_in_english_and_french(name: str) -> None:
    built = model(name)
    assert [culture.name for culture in built.cultures] == ["en-CA", "fr-CA"]
    for culture in built.cultures:
        captions = {(table, member): caption for table, member, caption in culture.captions}
        assert set(shown(built)) <= captions.keys()
        assert all(caption.strip() == caption and caption for caption in captions.values())
    levels = {(table.name, level) for table in built.tables for each in table.hierarchies for level in each.levels}
    assert levels <= {(table, member) for table, member, _ in built.cultures[1].captions}


@audiences
def test_folders_have_a_name_in_both_languages(name: str) -> None:
    built = model(name)
    used = {measure.folder for measure in built.measures() if not measure.hidden}
    used |= {column.folder for table in built.tables for column in table.columns if column.folder and not column.hidden}
    for culture in built.cultures:
        assert used == dict(culture.folders).keys()


@audiences
@pytest.mark.parametrize("language", ["en-CA", "fr-CA"])
def test_no_caption_stands_twice_among_tables_in_a_table_or_among_measures(name: str, language: str) -> None:
    """A server refuses the first two; the third would let a reader take one measure for another."""
    built = model(name)
    (culture,) = [culture for culture in built.cultures if culture.name == language]
    measures = {(measure.table, measure.name) for measure in built.measures()}
    among = Counter(("tables", caption.lower()) for _, member, caption in culture.captions if member is None)
    among += Counter((table, caption.lower()) for table, member, caption in culture.captions if member)
    among += Counter(
        ("measures", caption.lower()) for table, member, caption in culture.captions if (table, member) in measures
    )
    assert [key for key, times in among.items() if times > 1] == []


def test_the_two_models_say_the_same_thing_alike() -> None:
    viewer, analyst = ({(t, m): c for t, m, c in model(name).cultures[1].captions} for name in AUDIENCES)
    assert {key: analyst[key] for key in viewer} == viewer


def test_no_french_word_is_kept_for_nothing_and_none_has_two_meanings() -> None:
    used = set()
    for table in model("analyst").tables:
        used |= {words(column.name) for column in table.columns}
        used |= {hierarchy.name for hierarchy in table.hierarchies}
        used |= {view.title for view in CATALOGUE.views.values()} | {codes.title for codes in CATALOGUE.codes.values()}
    kept = french_words.TABLES.keys() | french_words.COLUMNS.keys() | french_words.HIERARCHIES.keys()
    assert sorted(kept - used) == []
    both = french_words.TABLES.keys() & french_words.COLUMNS.keys()
    assert [key for key in both if french_words.TABLES[key] != french_words.COLUMNS[key]] == []


@audiences
def test_measures_and_columns_of_a_table_do_not_share_a_name_whatever_the_case(name: str) -> None:
    built = model(name)
    measures = [measure.name.lower() for measure in built.measures()]
    assert len(measures) == len(set(measures))
    for table in built.tables:
        columns = {column.name.lower() for column in table.columns}
        assert columns & {measure.name.lower() for measure in table.measures} == set()


@audiences
def test_everything_has_a_description(name: str) -> None:
    built = model(name)
    for table in built.tables:
        described = (*table.columns, *table.measures, *table.hierarchies)
        assert table.description and all(each.description for each in described), table.name


PERSPECTIVES = """
    Daily figures  viewer analyst  shows Dates Areas DailyCalls OpenItems Priority        hides DataQuality Incidents
    Trust          viewer analyst  shows Dates DataQuality Revisions RefreshStatus        hides DailyCalls ScopeMembers
    Records        analyst         shows Dates Incidents Calls Severity                   hides DailyCalls Snapshots
"""


@pytest.mark.parametrize("line", PERSPECTIVES.strip().splitlines(), ids=lambda line: line.split("  ")[0].strip())
def test_perspectives_show_what_belongs_together(line: str) -> None:
    head, hides = line.strip().split(" hides ")
    head, shows = head.split(" shows ")
    name, readers = (part.strip() for part in head.split("  ", 1))
    for audience in AUDIENCES:
        found = {each.name: dict(each.members) for each in model(audience).perspectives}
        assert (name in found) == (audience in readers.split())
        if name in found:
            assert set(shows.split()) <= found[name].keys()
            assert set(hides.split()) & found[name].keys() == set()
