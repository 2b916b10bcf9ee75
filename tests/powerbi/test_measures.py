"""Measures read like the definitions: what a metric is, becomes this DAX; what it must not be cut by, becomes BLANK."""

from __future__ import annotations

import re
from textwrap import dedent

import pytest

from models.catalogue import CATALOGUE
from models.catalogue.types import Edm
from powerbi.audience import AUDIENCES
from powerbi.measures import FACTS, comparisons, cuts, french, percentiles, targets
from powerbi.model import build
from powerbi.model.words import Measure

both = pytest.mark.parametrize("audience", AUDIENCES)
REFERENCE = re.compile(r"'([^']+)'\[([^\]]+)\]")
MEASURE = re.compile(r"(?<!')\[([^@\]][^\]]*)\]")
VARIABLE = re.compile(r"^VAR (\w+)", re.MULTILINE)


def dax(name: str, audience: str = "viewer") -> str:
    """The expression of a measure."""
    (found,) = [each for each in build.model(audience).measures() if each.name == name]
    return found.expression


VALUES = """
measure                               | what it is
Calls for service                     | SUM('DailyCalls'[CallCount]) + 0
Dispatch rate                         | DIVIDE( SUM('DailyCalls'[DispatchedCount]), SUM('DailyCalls'[EligibleCount]) )
Dispatch rate, n                      | SUM('DailyCalls'[EligibleCount]) + 0
Response time, first arrival          | DIVIDE( SUM('DailyResponses'[FirstArrivalMsSum]), SUM('DailyResponses'[FirstArrivalCount]) * 60000 )
Response time, first arrival, n       | SUM('DailyResponses'[FirstArrivalCount]) + 0
Response time, first arrival, n missing | SUM('DailyResponses'[FirstArrivalMissingCount]) + 0
Response time, first arrival, n invalid | SUM('DailyResponses'[FirstArrivalInvalidCount]) + 0
Response time, first arrival, within target | DIVIDE( SUM('DailyResponses'[WithinTargetCount]), SUM('DailyResponses'[TargetDueCount]) )
Critical incidents reported           | CALCULATE(SUM('DailyIncidents'[IncidentCount]), KEEPFILTERS('DailyIncidents'[FamilyCode] = "violent_critical")) + 0
Waiting count (DailyResponses)        | SUM('DailyResponses'[WaitingCount]) + 0
Answer, mean minutes (DailyCalls)     | DIVIDE( SUM('DailyCalls'[AnswerMsSum]), SUM('DailyCalls'[AnswerCount]) * 60000 )
Connection, mean minutes (DailyReferrals) | DIVIDE( SUM('DailyReferrals'[ConnectionMsSum]), SUM('DailyReferrals'[ConnectedCount]) * 60000 )
"""


@pytest.mark.parametrize("line", VALUES.strip().splitlines()[1:], ids=lambda line: line.partition("|")[0].strip())
def test_a_figure_is_its_columns_and_nothing_else(line: str) -> None:
    """Behind one guard: whether the view can answer here. A count over days without rows is 0, a ratio over none BLANK."""
    name, expected = (part.strip() for part in line.split("|", 1))
    (measure,) = [each for each in build.model("viewer").measures() if each.name == name]
    assert " ".join(measure.expression.split()) == f"IF( [Answerable ({measure.table})], {expected} )"


def test_a_stock_is_the_closing_value_of_the_last_day() -> None:
    assert dax("Backlog count (DailyRequests)") == dedent(
        """\
        VAR LastDay = MAX('Dates'[OperationalDate])
        RETURN
            IF(
                [Answerable (DailyRequests)],
                CALCULATE(SUM('DailyRequests'[BacklogCount]), 'Dates'[OperationalDate] = LastDay) + 0
            )"""
    )


def test_what_is_usual_for_a_day_looks_at_the_four_weeks_before_it_and_needs_them_all() -> None:
    """Counts: the mean a day, and a band by square roots, right for low counts. Nothing in the first four weeks."""
    assert dax("Calls for service, 28-day baseline") == dedent(
        """\
        VAR OnDay = [Last complete day]
        RETURN
            IF(
                OnDay - 28 >= [First day (DailyCalls)] && [Answerable (DailyCalls)],
                (CALCULATE(SUM('DailyCalls'[CallCount]), REMOVEFILTERS('Dates'), 'Dates'[OperationalDate] >= OnDay - 28 && 'Dates'[OperationalDate] < OnDay) + 0) / 28
            )"""
    )
    assert "POWER(MAX(0, SQRT(UsualMean) - 1), 2)" in dax("Calls for service, usual low")
    assert "POWER(SQRT(UsualMean) + 1, 2)" in dax("Calls for service, usual high")
    assert "MIN(1, UsualMean + 1.96 * SQRT(OneVaries / RecordCount))" in dax("Dispatch rate, usual high")


def test_a_percentile_is_looked_up_in_one_row() -> None:
    """Never summed over cells, never averaged: the key of ResponsePercentiles is filled in whole, or the answer is BLANK."""
    found = dax("Interval p90")
    assert "NOT ISBLANK(ChosenCut) && HASONEVALUE('Interval'[Code])" in found
    filled = set(re.findall(r"'ResponsePercentiles'\[(\w+)\] = ", found))
    assert filled | {"IntervalCode"} == set(CATALOGUE.views["ResponsePercentiles"].key)
    asked = dax("Response time, first arrival, p90")
    assert asked == "CALCULATE([Interval p90], KEEPFILTERS('Interval'[Code] = \"first_arrival\"))"


@both
def test_each_view_refuses_the_dimensions_that_do_not_reach_it(audience: str) -> None:
    """A total repeated over a foreign cut is a wrong number."""
    model = build.model(audience)
    for view in sorted({each.table for each in model.measures()} & {view.name for view in AUDIENCES[audience].views()}):
        guards = [each for each in model.table(view).measures if each.name == f"Answerable ({view})"]
        if not guards:
            assert view in ("Dates", "Snapshots", "RefreshStatus")
            continue
        refused = set(re.findall(r"NOT ISFILTERED\('([^']+)'\)", guards[0].expression))
        reached = {each.to_table for each in model.relationships if each.from_table == view}
        allowed = {"Teams", "Priority"} if view == "ResponsePercentiles" else set()
        assert refused | reached | allowed == set(cuts.dimensions(audience)), view
        assert not refused & (reached | allowed), view


@both
def test_every_measure_of_a_view_stands_behind_its_guard(audience: str) -> None:
    """Directly or by a measure that does."""
    every = {each.name: each for each in build.model(audience).measures()}
    free = {f"{metric.name}, target" for metric in CATALOGUE.metrics.values()}

    def guarded(name: str) -> bool:
        expression = every[name].expression
        return "[Answerable (" in expression or any(
            guarded(each) for each in MEASURE.findall(expression) if each in every
        )

    for measure in every.values():
        if (
            measure.table not in ("Snapshots", "RefreshStatus", "Dates")
            and not measure.hidden
            and measure.name not in free
        ):
            assert guarded(measure.name), measure.name


@both
def test_all_names_exist(audience: str) -> None:
    """Columns with their table, measures without one, and no variable that is called like a table."""
    model = build.model(audience)
    columns = {(table.name, column.name) for table in model.tables for column in table.columns}
    names = [each.name for each in model.measures()]
    assert len(names) == len(set(names))
    tables = {table.name.lower() for table in model.tables}
    for measure in model.measures():
        assert set(REFERENCE.findall(measure.expression)) <= columns, measure.name
        assert set(MEASURE.findall(REFERENCE.sub("", measure.expression))) <= set(names), measure.name
        assert not {name.lower() for name in VARIABLE.findall(measure.expression)} & tables, measure.name


@both
def test_families_are_never_added_up(audience: str) -> None:
    """Wherever both stand in one view, a sum names the family of its metric."""
    for measure in build.model(audience).measures():
        sums = re.findall(r"SUM\('DailyIncidents'", measure.expression)
        kept = re.findall(r"KEEPFILTERS\('DailyIncidents'\[FamilyCode\] = \"violent_critical\"\)", measure.expression)
        assert len(sums) == len(kept), measure.name
    assert [name for name in sorted(FACTS) if cuts.has_family(name)] == ["DailyIncidents"]


@both
def test_only_utcnow_is_volatile(audience: str) -> None:
    """NOW is UTC in the service and local on a desktop: the age of data would differ by hours."""
    for measure in build.model(audience).measures():
        assert not re.search(r"\b(NOW|TODAY|RAND\w*)\(", measure.expression), measure.name
    (measure,) = [each for each in build.model(audience).measures() if "UTCNOW()" in each.expression]
    assert measure.name == "Data age (hours)"


def test_a_column_that_says_when_the_day_ended_is_a_stock() -> None:
    """Summing it over days would count one thing many times."""
    said = {
        (view.name, column.name)
        for view in CATALOGUE.views.values()
        if view.name in FACTS
        for column in view.columns
        if "when the day ended" in column.description
        or column.description.startswith(("Of the open", "Of the backlog"))
    }
    declared = {
        (view.name, column.name)
        for view in CATALOGUE.views.values()
        for column in view.columns
        if column.additivity == "last_value"
    }
    assert said == declared


@both
def test_no_published_count_is_out_of_reach(audience: str) -> None:
    """Each count of a daily fact is in a measure."""
    spoken = "\n".join(each.expression for each in build.model(audience).measures())
    for view in AUDIENCES[audience].views():
        if view.name in FACTS:
            for column in view.columns:
                if column.edm is Edm.INT64:
                    assert f"'{view.name}'[{column.name}]" in spoken, (view.name, column.name)


NAMES = """
metric                       | suffixes beside the metric itself
Calls for service            | yesterday; same weekday; 28-day baseline; usual low; usual high; status; month to date; year before; change on year; yesterday status; yesterday 28-day baseline; yesterday usual low; yesterday usual high; yesterday same weekday; yesterday summary
Open incidents and age       | yesterday; same weekday; 28-day baseline; usual low; usual high; status; year before; change on year; yesterday status; yesterday 28-day baseline; yesterday usual low; yesterday usual high; yesterday same weekday; yesterday summary; p50; p50 low; p50 high; p90; p90 low; p90 high; percentile note
Referrals connected          | n; n invalid; same weekday; 28-day baseline; usual low; usual high; status; month to date; year before; change on year; p50; p50 low; p50 high; p90; p90 low; p90 high; percentile note
"""


@pytest.mark.parametrize("line", NAMES.strip().splitlines()[1:], ids=lambda line: line.partition("|")[0].strip())
def test_the_measures_of_a_metric(line: str) -> None:
    """A stock has no month to date; what matures in 30 days has nothing to say of yesterday."""
    metric, suffixes = (part.strip() for part in line.split("|"))
    made = [each for each in build.model("viewer").measures() if each.metric and not each.hidden]
    found = [each.name.removeprefix(f"{metric}, ") for each in made if each.name.startswith(f"{metric}, ")]
    assert found == suffixes.split("; ")


def test_each_metric_with_two_clocks_shows_the_percentiles_of_its_interval() -> None:
    clocked = {each.id for each in CATALOGUE.metrics.values() if each.clock_start and each.clock_stop}
    assert set(percentiles.INTERVALS) == clocked
    assert set(percentiles.INTERVALS.values()) <= set(CATALOGUE.codes["interval"].labels())


def test_each_target_has_its_share() -> None:
    assert set(targets.COLUMNS) == {each.id for each in CATALOGUE.metrics.values() if each.target}


def test_the_viewer_has_no_measure_of_records() -> None:
    viewer, analyst = ({each.name for each in build.model(audience).measures()} for audience in ("viewer", "analyst"))
    more = sorted(analyst - viewer)
    assert [name for name in more if "records" not in name] == ["Answerable (Calls)", "Answerable (Incidents)"]
    assert len(more) == 14


def test_the_words_of_a_status_are_these_five() -> None:
    words = {"as usual", "above usual", "below usual", "no baseline", "no figure"}
    assert set(re.findall(r'"([^"]+)"', dax("Dispatch rate, status"))) == words == set(comparisons.STATUSES)


FRENCH = """
English                                        | French
Calls for service                              | Appels de service
Response time, first arrival, p90 low          | Délai d’intervention, première arrivée, p90, borne inférieure
Calls for service, yesterday 28-day baseline   | Appels de service, hier, référence de 28 jours
Waiting count (DailyResponses)                 | Appels en attente d’arrivée (délais par jour)
Interval n missing                             | Intervalle, n manquants
On scene p50 (records)                         | Temps sur place, p50 (enregistrements)
"""


@pytest.mark.parametrize("line", FRENCH.strip().splitlines()[1:])
def test_french_names_are_composed_like_the_english_ones(line: str) -> None:
    english, expected = (part.strip() for part in line.split("|"))
    assert french.measure(english) == expected


def test_each_measure_has_a_french_name_of_its_own() -> None:
    shown = [each for each in build.model("analyst").measures() if not each.hidden]
    captions = [french.measure(each.name) for each in shown]
    assert len(set(captions)) == len(captions)
    assert all(french.folder(each.folder) for each in shown)
    with pytest.raises(KeyError):
        french.measure("Calls for service, of which nobody knows")


@both
def test_descriptions_and_formats(audience: str) -> None:
    """A sentence for each; numbers have a format, texts have none."""
    texts = (
        "status",
        "summary",
        "note",
        "text",
        "title",
        "notice",
        "outcome",
        "since",
        "versions",
        "Freshness",
        "target",
    )
    for measure in build.model(audience).measures():
        assert measure.description.endswith("."), measure.name
        if measure.format is None and not measure.hidden:
            assert measure.name.endswith(texts), measure.name


def test_a_measure_keeps_its_place_and_words() -> None:
    """What is declared of it reaches the model."""
    (measure,) = [each for each in build.model("viewer").measures() if each.name == "Dispatch rate"]
    assert measure == Measure(
        "Dispatch rate",
        "DailyCalls",
        measure.expression,
        "D7. Calls for service with a mobile dispatch over calls found eligible.",
        "D7 Dispatch rate",
        "0.0 %",
        metric="dispatch_rate",
    )
