"""`$metadata` cannot lie: what it advertises answers 200 with the value of the slow oracle, all else answers 501 by name.

The tests walk the document as it is served. A name that is advertised needs a line in ANSWERED, every other function,
operator and transformation of the OASIS grammars one in REFUSED; the grammars themselves say which there are.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
from lxml import etree

from tests.helpers.apply_instances import World
from tests.helpers.asking import Desk
from tests.helpers.capability_cases import (
    ANSWERED,
    REFUSED,
    faults_of_answered,
    faults_of_refused,
    lines,
    world_of,
)

NS = {"e": "http://docs.oasis-open.org/odata/ns/edm"}
CAPABILITIES = "Org.OData.Capabilities.V1"
AGGREGATION = "Org.OData.Aggregation.V1"
STANDARD = ("sum", "min", "max", "average", "countdistinct")
"""Part of `aggregate`: the vocabulary lists them nowhere."""
GRAMMAR = (
    ("odata-abnf-construction-rules.txt", r'^\w+MethodCallExpr +(?:=|=/) +"([\w.]+)"'),
    ("odata-abnf-construction-rules.txt", r'^(?:cast|isof|any|all)Expr += +"(\w+)"'),
    ("odata-abnf-construction-rules.txt", r'^\w+Expr += +(?:RWS )?"([a-z]+)" +(?:RWS|BWS|OPEN)'),
    ("odata-aggregation-abnf.txt", r'^\w+Trafo += %s"(\w+)"'),
    ("odata-aggregation-abnf.txt", r'^ +/ %s"(addnested)"'),
    ("odata-aggregation-abnf.txt", r'^(?:rollup|isdefined)\w+ +(?:=|=/) +%s"(\w+)"'),
    (
        "odata-aggregation-abnf.txt",
        r'^ *(?:aggregateMethod|nonprimAggMethod|) +[=/] %s"(sum|min|max|average|countdistinct)"',
    ),
)
"""Where the OASIS grammars name functions, operators, transformations and methods."""


@pytest.fixture(scope="module")
def world(published: Path, tmp_path_factory: pytest.TempPathFactory) -> World:
    """The rows of the snapshot, read without the service."""
    return world_of(published, tmp_path_factory.mktemp("world"))


@pytest.fixture(scope="module")
def served(ask: Desk) -> etree._Element:
    """`$metadata` as it is served to an analyst."""
    return etree.fromstring(ask.get("$metadata").body)


def texts(served: etree._Element, term: str, path: str = "") -> list[list[str]]:
    """The collections of texts that annotations of a term carry, each once."""
    found = served.xpath(f"//e:Annotation[@Term='{term}']{path}/e:Collection", namespaces=NS)
    return [list(item) for item in dict.fromkeys(tuple(str(text.text) for text in item) for item in found)]


def advertised(served: etree._Element) -> list[str]:
    """Names of operators, functions, transformations and methods; `concat` stands for the function, `concat(` for the other."""
    (functions,) = texts(served, f"{CAPABILITIES}.FilterFunctions")
    applied = f"{AGGREGATION}.ApplySupported"
    (transformations,) = texts(served, applied, "//e:PropertyValue[@Property='Transformations']")
    (methods,) = texts(served, applied, "//e:PropertyValue[@Property='CustomAggregationMethods']")
    rollup = served.xpath(
        f"//e:Annotation[@Term='{applied}']//e:PropertyValue[@Property='Rollup']/@EnumMember", namespaces=NS
    )
    assert set(rollup) == {f"{AGGREGATION}.RollupType/MultipleHierarchies"}
    renamed = [f"{name}(" if name in functions else name for name in transformations]
    return [*functions, *renamed, *STANDARD, *methods, "rollup", "rollups"]


def test_every_advertised_name_has_a_query_and_no_other(served: etree._Element, figure: Callable[[str], None]) -> None:
    figure(f"Capabilities: {len(lines(ANSWERED))} advertised names asked for, {len(lines(REFUSED))} others must be 501")
    assert sorted(advertised(served)) == sorted(lines(ANSWERED))
    for name, query in lines(ANSWERED).items():
        assert name.removesuffix("(").removesuffix("s" if name == "rollups" else "") in query


@pytest.mark.parametrize("name", lines(ANSWERED))
def test_what_is_advertised_answers_with_the_value_of_the_oracle(ask: Desk, world: World, name: str) -> None:
    assert faults_of_answered(ask, world, lines(ANSWERED)[name]) == []


@pytest.mark.parametrize("name", lines(REFUSED))
def test_what_is_not_offered_is_refused_by_name(ask: Desk, name: str) -> None:
    assert faults_of_refused(ask, name, lines(REFUSED)[name]) == []


def test_the_judges_notice_a_fault(ask: Desk, world: World) -> None:
    """An oracle with other rows, a query that keeps everything, an answer where a refusal is due, another's name."""
    emptied = World(world.catalogue, {**world.rows, "Calls": world.rows["Calls"][1:]})
    assert faults_of_answered(ask, emptied, "Calls?$filter=UnitCount ge 1") != []
    assert faults_of_answered(ask, world, "Calls?$filter=CallId ge 0") == ["40 rows say nothing"]
    assert faults_of_answered(ask, world, "Calls?$filter=Nope eq 1")[0].startswith("400")
    assert faults_of_refused(ask, "year", "Calls?$filter=year(CallArrival) eq 2025")[0].startswith("200")
    assert faults_of_refused(ask, "nest", "Calls?$filter=case(true:1) eq 1")[0].endswith("does not name nest")


def test_every_custom_aggregate_is_the_sum_of_its_column(
    ask: Desk, world: World, served: etree._Element, figure: Callable[[str], None]
) -> None:
    path = f"//e:EntitySet/e:Annotation[@Term='{AGGREGATION}.CustomAggregate']"
    found = [(note.getparent().get("Name"), note.get("Qualifier")) for note in served.xpath(path, namespaces=NS)]
    for view, column in found:
        query = f"{view}?$apply=aggregate({column}, {column} with sum as Again)"
        answer = json.loads(ask.get(query).body, parse_int=Decimal, parse_float=Decimal)
        (row,) = answer["value"]
        expected = sum(Decimal(one[column]) for one in world.rows[view])
        assert (row[column], row["Again"]) == (expected, expected), query
    figure(f"Custom aggregates: {len(found)} additive columns of {len(dict(found))} views answer with their sum")
    assert len(found) > 60


@pytest.mark.parametrize(
    "query",
    [
        "DailyIncidents?$apply=aggregate(OpenIncidentCount)",  # a stock
        "DailyIncidents?$apply=aggregate(AreaId)",
        "DailyIncidents?$apply=aggregate(Area/AreaName as T)",
        "DailyIncidents?$apply=aggregate(Nope)",
        "DailyIncidents?$apply=aggregate(IncidentCount with max as IncidentCount)/aggregate(IncidentCount)",
        "DailyIncidents?$apply=aggregate(IncidentCount from OperationalDate with average as T)",
    ],
)
def test_nothing_else_is_a_custom_aggregate(ask: Desk, query: str) -> None:
    assert faults_of_refused(ask, "custom aggregates", query) == []


@pytest.mark.shared
def test_the_grammars_have_no_other_function_operator_transformation_or_method(shared: Path) -> None:
    named = set()
    for file, pattern in GRAMMAR:
        text = (shared / "odata" / "abnf" / file).read_text("utf-8")
        found = {name.lower() for name in re.findall(pattern, text, re.MULTILINE)}
        assert found, pattern
        named |= found
    ours = {name.lower().removesuffix("(") for name in (*lines(ANSWERED), *lines(REFUSED))}
    assert len(named) > 70
    assert named - ours == set()
