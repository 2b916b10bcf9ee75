"""The semantic models' tables: which there are, which columns they have, what is shown, how rows are read."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest

from jobs.refresh.parameters import FIRST_CLOCK
from models.catalogue import CATALOGUE
from models.catalogue.types import Edm
from powerbi.audience import AUDIENCES
from powerbi.model.build import model
from powerbi.model.words import DataType, Model, Table
from powerbi.naming import pascal

audiences = pytest.mark.parametrize("name", AUDIENCES)
RECORDS = {"Incidents", "Calls", "Responses", "Contacts", "Referrals", "FollowUps", "Supports", "Requests"}


def code_tables(built: Model) -> set[str]:
    return {table.name for table in built.tables} - set(CATALOGUE.views)


@audiences
def test_each_view_of_the_role_but_codes_is_a_table_and_nothing_else_is(name: str) -> None:
    built = model(name)
    views = {view.name for view in CATALOGUE.readable(name)} - {"Codes"}
    assert {table.name for table in built.tables} - code_tables(built) == views
    assert code_tables(built) <= {pascal(codes) for codes in CATALOGUE.codes}
    lowered = [table.name.lower() for table in built.tables]
    assert len(lowered) == len(set(lowered)), "the engine does not tell upper from lower case"


def test_the_viewer_model_has_no_record_level_table() -> None:
    names = {table.name for table in model("viewer").tables}
    assert names & RECORDS == set()
    assert names < {table.name for table in model("analyst").tables}


TYPES = """
    Edm.String          string
    Edm.Boolean         boolean
    Edm.Int32           int64
    Edm.Int64           int64
    Edm.Decimal         decimal
    Edm.Date            dateTime
    Edm.DateTimeOffset  dateTime
"""


@audiences
def test_columns_are_those_of_the_view_with_the_type_that_holds_their_values(name: str) -> None:
    types = dict(line.split() for line in TYPES.strip().splitlines())
    for table in model(name).tables:
        if table.name not in CATALOGUE.views:
            continue
        view = CATALOGUE.views[table.name]
        wanted = [
            (column.name, types[column.edm.value], column.description)
            for column in view.columns
            if column.edm is not Edm.DOUBLE
        ]
        found = [(column.name, column.data_type.value, column.description) for column in table.columns]
        if table.name == "HourlyActivity":
            assert found.pop(3)[:2] == ("WeekdayName", "string")
        assert found == wanted
        assert all(column.source == column.name for column in table.columns)


@audiences
def test_numbers_and_days_have_a_format_and_nothing_is_a_float(name: str) -> None:
    for table in model(name).tables:
        for column in table.columns:
            spoken = column.data_type in (DataType.WHOLE, DataType.DECIMAL, DataType.DATE_TIME)
            assert bool(column.format) == spoken, f"{table.name}[{column.name}]"


SHOWN = """
    Dates           OperationalDate Year Quarter MonthName MonthStart IsoYear IsoWeek WeekStart WeekdayName IsWeekend HoursInDay DaysBeforeAsOf IsProvisional
    Areas           AreaName BoundaryVersion EquityClass
    IncidentTypes   IncidentTypeName FamilyName StandardCode
    Teams           TeamName
    DailyCalls
    DailyFunnel
    ResponsePercentiles
    HourlyActivity  Weekday WeekdayName Hour
    DataQuality     FieldName
    Revisions       RevisedOn
    Completeness    AgeDays
    ScopeMembers
    Priority        Priority Description
"""


@audiences
@pytest.mark.parametrize("line", SHOWN.strip().splitlines(), ids=lambda line: line.split()[0])
def test_people_see_names_and_measures_never_keys_codes_or_columns_of_facts(name: str, line: str) -> None:
    table, *shown = line.split()
    assert [column.name for column in model(name).table(table).columns if not column.hidden] == shown


@audiences
def test_keys_codes_and_the_version_are_hidden_everywhere(name: str) -> None:
    built = model(name)
    related = {(each.from_table, each.from_column) for each in built.relationships}
    for table in built.tables:
        for column in table.columns:
            if column.name in ("SnapshotId", "Code", "SortOrder") or (table.name, column.name) in related:
                assert column.hidden, f"{table.name}[{column.name}]"


@audiences
def test_one_table_is_the_calendar_and_its_key_is_a_day(name: str) -> None:
    (dates,) = [table for table in model(name).tables if table.time]
    assert [(column.name, column.data_type) for column in dates.columns if column.key] == [
        ("OperationalDate", DataType.DATE_TIME)
    ]


@audiences
def test_only_what_relationships_lead_to_is_a_key(name: str) -> None:
    built = model(name)
    keys = {(table.name, column.name) for table in built.tables for column in table.columns if column.key}
    assert keys == {(each.to_table, each.to_column) for each in built.relationships}


@audiences
def test_sort_columns_and_levels_are_columns_of_the_same_table(name: str) -> None:
    for table in model(name).tables:
        names = {column.name for column in table.columns}
        assert {column.sort_by for column in table.columns if column.sort_by} <= names
        assert {level for hierarchy in table.hierarchies for level in hierarchy.levels} <= names


def test_a_label_has_one_place_in_its_list() -> None:
    """A column sorted by another must have one value there for each of its own: two equal labels would not."""
    for codes in CATALOGUE.codes.values():
        labels = [code.label for code in codes.codes]
        assert len(labels) == len(set(labels)), codes.name


RELATED = """
    DailyIncidents       Dates Areas IncidentTypes Harm
    DailyCalls           Dates Areas Source Priority
    DailyFunnel          Dates Areas Priority Stage StopReason
    DailyResponses       Dates Areas Teams Priority
    ResponsePercentiles  Dates Period Interval Cut
    DailyOutcomes        Dates Areas Teams ContactOutcome Disposition
    DailyReferrals       Dates Areas Service
    DailyFollowUps       Dates Areas Teams
    DailyRequests        Dates Teams RequestKind
    OpenItems            Areas Teams ItemKind Severity DueState
    HourlyActivity       Period Activity
    DataQuality          Dates ContractTable Finding
    Revisions            Dates ContractTable
    Completeness         ContractTable
    MetricDefinitions
    Snapshots
    RefreshStatus
    ScopeMembers
"""


@audiences
@pytest.mark.parametrize("line", RELATED.strip().splitlines(), ids=lambda line: line.split()[0])
def test_the_star(name: str, line: str) -> None:
    table, *wanted = line.split()
    assert [each.to_table for each in model(name).relationships if each.from_table == table] == wanted


@audiences
def test_each_relationship_leads_from_a_column_to_the_key_of_a_dimension_and_never_between_records(name: str) -> None:
    built = model(name)
    for each in built.relationships:
        target = built.table(each.to_table)
        assert [column.name for column in target.columns if column.key] == [each.to_column]
        assert each.from_column in {column.name for column in built.table(each.from_table).columns}
        assert each.to_table not in RECORDS
    ends = [(each.from_table, each.to_table) for each in built.relationships]
    assert len(ends) == len(set(ends)), "two paths between two tables are ambiguous"


def steps(table: Table) -> list[str]:
    """The function of each step behind the feed and the view, in order."""
    return re.findall(r"^    \w+ = (Table\.\w+)\(", table.source, re.MULTILINE)


SOURCES = """
    Dates
    DailyCalls
    ResponsePercentiles
    OpenItems       Table.TransformColumns
    Areas           Table.RemoveColumns
    HourlyActivity  Table.AddColumn
    Priority        Table.SelectRows Table.SelectColumns Table.RenameColumns
    Calls           Table.SelectRows Table.TransformColumns
"""


@pytest.mark.parametrize("line", SOURCES.strip().splitlines(), ids=lambda line: line.split()[0])
def test_facts_load_whole_and_only_records_have_a_window(line: str) -> None:
    name, *wanted = line.split()
    assert steps(model("analyst").table(name)) == wanted


def test_the_window_is_in_the_records_own_query_closed_at_its_start_open_at_its_end() -> None:
    window = "each [OperationalDate] >= DateTime.Date(RangeStart) and [OperationalDate] < DateTime.Date(RangeEnd)"
    for table in model("analyst").tables:
        assert (window in table.source) == (table.name in RECORDS)
        assert (table.refresh is not None) == (table.name in RECORDS)
    assert [each.name for each in model("viewer").parameters] == ["ApiBaseUrl"]
    assert [each.name for each in model("analyst").parameters] == ["ApiBaseUrl", "RangeStart", "RangeEnd"]


def test_every_part_of_the_records_is_read_anew_with_each_refresh() -> None:
    """The editor of Power BI wants fewer years read than kept: the one that is only kept lies before any clock."""
    (policy,) = {table.refresh for table in model("analyst").tables if table.refresh}
    assert policy.rolling_years == policy.incremental_years + 1
    assert datetime.now(UTC).year - policy.incremental_years <= FIRST_CLOCK.year


@audiences
def test_instants_are_utc_without_a_zone_and_days_are_left_alone(name: str) -> None:
    for table in model(name).tables:
        view = CATALOGUE.views.get(table.name)
        instants = {column.name for column in view.columns if column.edm is Edm.INSTANT} if view else set()
        made = set(re.findall(r'\{"(\w+)", each DateTimeZone\.RemoveZone\(DateTimeZone\.ToUtc\(_\)\)', table.source))
        assert made == instants
