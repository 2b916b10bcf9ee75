"""Text that is nearly valid: whatever comes in, the answer is a result or an error of our own tree, never another one.

Also: text -> tree -> text -> tree comes back to the same tree, for random trees and for the standard's own cases.
"""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.odata.binding.binder import bind_key
from api.odata.binding.resource_path import ResourceKind, parse_path
from api.odata.exchange import Limits
from api.odata.language.options import read_options
from api.odata.language.parser import Budget, parse_expression
from api.odata.language.syntax import spell
from api.odata.language.tokens import decode
from models.errors import CrisisError, SyntaxProblem
from tests.helpers.odata_generator import trees
from tests.helpers.odata_oracle import Expr, write
from tests.helpers.odata_table import ANALYST, AS_OF, CATALOGUE, bound, load, rows_of, run

CASES = int(os.environ.get("CRISIS_GENERATED_CASES", "300"))
CALLERS_FAULT = (duckdb.InvalidInputException, duckdb.OutOfRangeException, duckdb.ConversionException)
QUIET = settings(
    deadline=None,
    database=None,
    derandomize="CRISIS_GENERATED_CASES" not in os.environ,
    suppress_health_check=list(HealthCheck),
)

ROWS = rows_of("""
Id | Name | Small | Count | Amount | Ratio | Day        | At                   | Flag
 1 | anna | 1     | 10    | 1.5    | 0.5   | 2026-01-31 | 2026-01-31T04:30:00Z | true
 2 |      |       |       |        |       |            |                      |
""")

QUERIES = [
    "$filter=Small%20eq%201%20and%20Name%20ne%20null&$top=5&$skip=0&$count=true",
    "$filter=contains(tolower(Name),'a%27%27b')&$orderby=Name%20desc,Id&$select=Id,Name",
    "$filter=At%20ge%202026-01-31T00%3A00%3A00%2B01%3A00%20and%20At%20lt%20now()%20sub%20duration'P1D'",
    "$filter=Day%20in%20(2026-01-31,'2026-02-01',null)%20or%20not%20(Flag%20eq%20true)",
    "$filter=(Small%20add%203)%20mul%20-2%20div%204%20mod%205%20le%20Amount%20divby%202.5e1",
    "$filter=substring(Name,1,2)%20eq%20'x'%20or%20indexof(Name,%22y%22)%20gt%20-1",
    "$filter=@p%20lt%20Count&@p=round(Amount)&$orderby=time(At)%20desc",
    '$filter=Name%20in%20["a","b%5C%22"]&$format=json&$schemaversion=*',
    "$filter=Other/Label%20eq%20'x'&$expand=Other($select=Label)",
    "$filter=case(Small%20gt%200:1,true:0)%20eq%201%20and%20Things/any(x:x/Small%20gt%20cast(Id,Edm.Int32))",
    "$filter=geo.distance(Name,geography'SRID=0;Point(1%202)')%20lt%20INF%20and%20Name%20has%20A.B'c'",
    "filter=year(Day)%20eq%202026%20and%20hour(At)%20eq%204&key=secret&!x",
]
PATHS = [
    "Things",
    "Things(1)/Name/$value",
    "Things(Id=1)",
    "Others(Kind='a%2Fb',Number=2)/Label",
    "Things/$count",
    "$metadata",
    "Things(@k)/Other",
    "Things(1)/Other/Label/$value",
    "Things/$filter(Name eq 'a)b' and Other/Label ne null)/$filter(@k)(1)/Name",
    "Things/N.Thing(1)/N.Best(Rank=2,Kind=@k)/$ref",
    "Things/1/Name/N.Shout()/$query",
    "$entity/N.Thing",
    "$crossjoin(Things,Others)",
]
PIECES = (
    *("%", "%2", "%00", "%C3", "%EF%BF%BD", "'", '"', "(", ")", ",", "/", "$", "@", "&", "=", ";", ":", " ", "+", "-"),
    *(" eq ", " and ", "not ", "null", "1e999", "9" * 40, "2026-13-01", "\ud800", "ß", "\x00", "((((", " in (", "$it/"),
    *("a.b", "INF"),
)


WORD = re.compile(r"(?<![\w%$@])(?:\d[\d.:TZ-]*|'[^'%]*'|[A-Z]\w+)")
WORDS = (
    "1",
    "-1.5",
    "9e9",
    "'x'",
    "2026-02-30",
    "2026-01-31",
    "null",
    "true",
    "Name",
    "Small",
    "Day",
    "At",
    "Flag",
    "@p",
)


@st.composite
def mutated(draw: st.DrawFn, seeds: list[str]) -> str:
    """A valid text with a few characters cut, doubled, swapped or put in."""
    text = draw(st.sampled_from(seeds))
    if draw(st.booleans()):  # another word or literal: still well written, perhaps of a wrong type
        words = [word.span() for word in WORD.finditer(text)] or [(0, 0)]
        start, end = draw(st.sampled_from(words))
        text = text[:start] + draw(st.sampled_from(WORDS)) + text[end:]
    if draw(st.booleans()):  # another digit: perhaps out of range
        places = [place for place, character in enumerate(text) if character.isdigit()] or [0]
        place = draw(st.sampled_from(places))
        text = text[:place] + draw(st.sampled_from(["0", "9", "33", "9" * 20])) + text[place + 1 :]
    for _ in range(draw(st.sampled_from([0, 0, 1, 1, 2, 4]))):
        place = draw(st.integers(0, len(text)))
        length = draw(st.integers(0, 6))
        piece = draw(st.sampled_from(PIECES) | st.characters() | st.just(text[place : place + length] * 2))
        text = text[:place] + piece + text[place + length :]
    return text


def outcome(query: str) -> str:
    """`answered`, or the code of our own error; anything else escapes and fails the test."""
    try:
        run(bound(query))
    except CrisisError as error:
        assert error.status in (400, 501), (query, error.status)
        assert error.message
        return error.code
    except CALLERS_FAULT:
        return "InvalidValue"
    return "answered"


def test_mutated_queries_give_answers_or_errors_of_our_own() -> None:
    seen = Counter[str]()
    load(ROWS)

    @settings(QUIET, max_examples=CASES * 3)
    @given(mutated(QUERIES))
    def feed(query: str) -> None:
        seen[outcome(query)] += 1

    feed()
    print(dict(seen))
    wanted = {"answered", "SyntaxError", "UnknownName", "TypeMismatch", "NotImplemented"}
    assert wanted <= set(seen)


def test_mutated_paths_give_resources_or_errors_of_our_own() -> None:
    seen = Counter[str]()

    @settings(QUIET, max_examples=CASES)
    @given(mutated(PATHS))
    def feed(path: str) -> None:
        try:
            resource = parse_path(path, CATALOGUE, ANALYST)
            if resource.view is not None and resource.kind not in (ResourceKind.SET, ResourceKind.COUNT):
                options = read_options("@k=1")
                start = resource.trail or resource
                assert start.view is not None
                bind_key(start.view, start.key, options, ANALYST, Limits(), as_of=AS_OF, catalogue=CATALOGUE)
            seen[resource.kind.name] += 1
        except CrisisError as error:
            assert error.status in (400, 404, 501), (path, error.status)
            seen[error.code] += 1

    feed()
    print(dict(seen))
    assert {"NotFound", "SyntaxError", "NotImplemented"} <= set(seen)
    assert {"ENTITY", "PROPERTY", "VALUE", "SET"} <= set(seen)


@pytest.mark.parametrize("query", QUERIES)
def test_seeds_parse(query: str) -> None:
    """The seeds are valid: a fuzz of wrong texts would only ever see the first error."""
    assert outcome(query) in ("answered", "NotImplemented", "SyntaxError" if "%22y%22" in query else "answered")


def test_random_trees_come_back_from_their_text() -> None:
    @settings(QUIET, max_examples=CASES)
    @given(trees("b", 5))
    def check(expression: Expr) -> None:
        tree = parse_expression(write(expression), Budget(5_000, 100))
        text = spell(tree)
        again = parse_expression(text, Budget(5_000, 100))
        assert again == tree
        assert spell(again) == text

    check()


@pytest.mark.shared
def test_the_standards_cases_come_back_from_their_text(shared: Path) -> None:
    cases = json.loads((shared / "odata/abnf/odata-abnf-testcases.json").read_text("utf-8"))["TestCases"]
    rules = {"commonExpr", "boolCommonExpr", "firstMemberExpr", "isofExpr", "notExpr", "primitiveLiteral"}
    valid = [case["Input"] for case in cases if case["Rule"] in rules and "FailAt" not in case]
    for text in valid:
        tree = parse_expression(decode(text), Budget(2_000, 64))
        assert parse_expression(spell(tree), Budget(2_000, 64)) == tree, text
    print(len(valid), "cases")
    assert len(valid) > 180


@settings(QUIET, max_examples=200)
@given(st.text(max_size=40))
def test_any_text_at_all_in_a_filter(text: str) -> None:
    try:
        parse_expression(text, Budget(2_000, 64), "$filter")
    except CrisisError as error:
        assert error.target == "$filter"
        assert isinstance(error, SyntaxProblem) or error.status == 400
