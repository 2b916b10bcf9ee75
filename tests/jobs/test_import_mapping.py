"""Mapping files: what is wrong with one is said with its place and a near match; the ready ones are sound."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from jobs.source.csv.library import READY, load, ready
from models.catalogue import CATALOGUE
from models.errors import ConfigurationError
from tests.conftest import ROOT
from tests.helpers.importing import CALLS, Desk


@pytest.fixture
def desk(home: Path) -> Desk:
    return Desk(home)


def test_the_ready_mappings_are_sound_and_say_where_the_data_come_from() -> None:
    assert ready() == (
        "lane_county_mobile_crisis",
        "san_francisco_fire",
        "toronto_persons_in_crisis",
        "toronto_shootings",
    )
    for name in ready():
        mapping = load(name)
        assert mapping.name == name
        assert mapping.licence and mapping.publisher and mapping.attribution.endswith(".")
        assert mapping.redistribution == (mapping.licence != "None stated")
    assert {load(name).zone for name in ready()} == {"America/Toronto", "America/Los_Angeles"}
    assert set(READY.iterdir()) == {READY / f"{name}.toml" for name in ready()}


SLIPS = [
    ('zone = "America/Toronto"', 'zone = "America/Tronto"', "zone: 'America/Tronto' is no time zone"),
    ('grain = "unit_response"', 'grain = "units"', "Invalid enum value 'units' - at `grain`"),
    ('title = "Calls of a town"', "", "missing required field `title`"),
    ("natural_key", "naturalkey", "contains unknown field `naturalkey`"),
    ('column = "clear"', 'colum = "clear"', "clocks.clear: contains unknown field `colum`"),
    (
        'codes = "outcome"',
        "codes = 7",
        "tables.unit_response.columns.contact_outcome: Expected `str | null`, got `int`",
    ),
    ("closed = true", 'closed = "yes"', "codes.outcome: Expected `bool`, got `str` - at `closed`"),
    ("[clocks.clear]", "[clocks.clear", "is not TOML"),
    ("[tables.unit_response", "[tables.unit_reponse", "tables.unit_reponse: no table of the contract; did you mean"),
    ('call_no = "call"', 'callno = "call"', "tables.call: call has no column 'callno'; did you mean 'call_no'"),
    ('call_no = "call"', "", "tables.call: call needs the column 'call_no'"),
    ('{ clock = "received" }', '{ clock = "recieved" }', "no clock 'recieved' under clocks; did you mean 'received'"),
    ('{ clock = "received" }', '"received"', "tables.call.columns.call_arrival: needs { clock = ... }"),
    ('codes = "outcome"', 'codes = "outcomes"', "no code map 'outcomes' under codes; did you mean 'outcome'"),
    ('{ link = "call" }', '{ link = "calls" }', "no table 'calls' with numbers under tables; did you mean 'call'"),
    ('{ link = "call" }', '{ link = "call", column = "call" }', "columns.call_id: give exactly one of value, column"),
    ('{ link = "call" }', "{ }", "columns.call_id: give exactly one of value, column"),
    (
        'kind = { value = "service" }',
        'kind = { value = "servce" }',
        "'servce' is no word of the code list call_kind; did",
    ),
    ('"Met" = "engaged"', '"Met" = "Engaged"', "'Engaged' is no word of the code list contact_outcome; did you mean"),
    ("default = false", 'default = "no"', "columns.police_requested: 'no' is not true or false"),
    ("default = false", "default = 0", "columns.police_requested: 0 is not true or false"),
    ('latest = ["closed_at"]', 'latest = ["closed"]', "tables.call.latest: 'closed' is no clock column"),
    ('call_no = "call"', 'call_no = "call"\ncall_id = "call"', "columns.call_id: made by the import from the key"),
    ('call_no = "call"', 'call_no = "call"\nclock_flags = "call"', "columns.clock_flags: written by the import"),
    ('column = "clear"', 'column = "clear"\nhour = "h"\ndate = "d"', "clocks.clear: give one of: column; date"),
    ('column = "clear"', 'column = "clear"\notherwise = 2026-01-01', "clocks.clear.otherwise: goes with first_of only"),
    ('column = "clear"', 'first_of = ["gone"]', "clocks.clear.first_of: no clock 'gone'"),
    ('column = "clear"', 'column = "clear"\nzone = "Mars"', "clocks.clear.zone: 'Mars' is no time zone"),
    ("null_words", 'encoding = "utf-9"\nnull_words', "encoding: 'utf-9' is not known; write utf-8 or windows-1252"),
    ("null_words", 'encoding = "utf-16"\nnull_words', "encoding: utf-16 cannot be read line by line"),
    ("null_words", 'delimiter = "||"\nnull_words', "delimiter: '||' is not one character"),
    ("[[rows.team]]", "[[rows.call]]", "rows.call: fixed rows can be given for area, team, unit only"),
    (
        'kind = "mobile"',
        'kind = "moble"',
        "rows.team.kind: 'moble' is no word of the code list team_kind; did you mean",
    ),
    ('name = "Mobile team"', "", "rows.team: team needs the column 'name'"),
]


@pytest.mark.parametrize(("right", "wrong", "message"), SLIPS, ids=[slip[2][:40] for slip in SLIPS])
def test_a_slip_in_a_mapping_is_named_with_its_place(desk: Desk, right: str, wrong: str, message: str) -> None:
    assert right in CALLS
    with pytest.raises(ConfigurationError) as problem:
        desk.mapping(CALLS.replace(right, wrong))
    assert problem.value.message.startswith("town.toml")
    assert message in f"{problem.value.message}\n{problem.value.hint}"


GRAINS = """
grain         | table         | who counts
victim        | incident      | a victim-level file never counts its rows as incidents
unit_response | call          | nor a unit-level file as calls
disposition   | unit_response | nor a disposition-level file as responses
"""


@pytest.mark.parametrize("line", GRAINS.strip().splitlines()[1:])
def test_a_finer_grain_needs_a_key_for_the_coarser_table(desk: Desk, line: str) -> None:
    grain, table, _ = (cell.strip() for cell in line.split("|"))
    columns = {
        "incident": 'incident_no = "call"\nfamily = { value = "violent_critical" }',
        "call": 'call_no = "call"\nkind = { value = "service" }',
        "unit_response": 'unit_id = "unit"',
    }
    head = CALLS.split("[clocks", 1)[0].replace('grain = "unit_response"', f'grain = "{grain}"')
    without = f"{head}\n[tables.{table}]\n[tables.{table}.columns]\n{columns[table]}\n"
    with pytest.raises(ConfigurationError, match=f"one row is one {grain}, and one {table} has several of them"):
        desk.mapping(without)
    desk.mapping(without.replace(f"[tables.{table}]\n", f'[tables.{table}]\nkey = ["call"]\n'))


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ("toronto_shooting", "there is no mapping 'toronto_shooting'; did you mean 'toronto_shootings'"),
        ("./nowhere.toml", "there is no mapping file ./nowhere.toml"),
    ],
)
def test_a_mapping_that_is_not_there_is_named_with_near_ones(asked: str, message: str) -> None:
    with pytest.raises(ConfigurationError) as problem:
        load(asked)
    assert message in problem.value.message
    assert "--list" in problem.value.hint


def test_fixed_words_of_ready_mappings_are_words_of_the_catalogue() -> None:
    words = load("lane_county_mobile_crisis").codes["disposition"].words
    assert set(words.values()) <= set(CATALOGUE.codes["disposition"].labels())


def test_the_example_of_the_guide_is_a_sound_mapping(desk: Desk) -> None:
    (example,) = re.findall(r"```toml\n(.*?)```", (ROOT / "docs" / "import.md").read_text("utf-8"), re.DOTALL)
    assert desk.mapping(example).grain == "unit_response"
