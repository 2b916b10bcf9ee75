"""The OASIS committee's own grammar cases: all valid ones parse (or are a named 501), all invalid ones answer 400.

Rules that lie outside of expressions and read options (headers, context URLs, resource paths of other models) are not
judged here; the counts printed say which are. Two kinds of case are set apart, each with its reason.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from api.odata.literals import Kind, fits
from api.odata.options import read_options
from api.odata.parser import Budget, parse_expression
from api.odata.syntax import Foreign, Literal, Name
from api.odata.tokens import decode
from models.errors import CrisisError, SyntaxProblem

pytestmark = pytest.mark.shared

EXPRESSIONS = {
    "commonExpr",
    "boolCommonExpr",
    "notExpr",
    "isofExpr",
    "firstMemberExpr",
    "propertyPathExpr",
}
OPTIONS = {"filter", "orderby", "select", "queryOptions", "systemQueryOption", "customQueryOption"}
NOT_OFFERED = {"compute", "expand", "search", "deltatoken"}
LITERALS = {
    "primitiveLiteral",
    "boolean",
    "null",
    "guid",
    "date",
    "dateTimeOffsetLiteral",
    "dateTimeOffsetValueInUrl",
    "timeOfDayLiteral",
    "durationLiteral",
    "decimalLiteral",
    "doubleLiteral",
    "singleLiteral",
    "sbyteLiteral",
    "int16Literal",
    "int32Literal",
    "int64Literal",
    "stringLiteral",
    "enumLiteral",
    "binaryLiteral",
    "geographyCollection",
    "geographyLineString",
    "geographyMultiLineString",
    "geographyMultiPoint",
    "geographyMultiPolygon",
    "geographyPoint",
    "geographyPolygon",
    "geometryCollection",
    "geometryLineString",
    "geometryMultiLineString",
    "geometryMultiPoint",
    "geometryMultiPolygon",
    "geometryPoint",
    "geometryPolygon",
}
VALUES = {
    "dateValue": Kind.DATE,
    "dateTimeOffsetValue": Kind.INSTANT,
    "timeOfDayValue": Kind.TIME,
    "durationValue": Kind.DURATION,
    "decimalValue": Kind.DECIMAL,
    "doubleValue": Kind.DOUBLE,
    "singleValue": Kind.DOUBLE,
    "sbyteValue": Kind.INT32,
    "byteValue": Kind.INT32,
    "int16Value": Kind.INT32,
    "int32Value": Kind.INT32,
    "int64Value": Kind.INT64,
}

DOUBLED = "the grammar lets an option come twice, the protocol (11.2.1) forbids it: 400"
DECODED = "a percent-encoded delimiter in a search word is not told from a plain one yet"
SPLIT = "the judge takes whole query strings, the rule one option"
APART = {
    "$search=%231": DECODED,
    "$search=more%26more": DECODED,
    "$search=a%3Bb": DECODED,
    "$expand=Manager($search=a%3Bb)": DECODED,
    "$search=more&more": SPLIT,
    "$skiptoken=Not&this": SPLIT,
    "$format=json&$Format=atom&$format=xml&$format=text/html": DOUBLED,
    "$format=JSON&$format=Atom&$format=XML&$format=text/html": DOUBLED,
}


def _expression(text: str) -> None:
    parse_expression(decode(text), Budget(2_000, 64))


KINDS = {"boolean": Kind.BOOLEAN, "date": Kind.DATE, "guid": Kind.GUID, "null": Kind.NULL}


def _literal(rule: str) -> Callable[[str], None]:
    def judge(text: str) -> None:
        found = parse_expression(decode(text), Budget(2_000, 64))
        if not isinstance(found, Literal | Foreign):
            raise SyntaxProblem("no literal")
        if rule in KINDS and (not isinstance(found, Literal) or found.kind is not KINDS[rule]):
            raise SyntaxProblem("a literal of another kind")

    return judge


def _identifier(text: str) -> None:
    if not isinstance(parse_expression(decode(text), Budget(2_000, 64)), Name):
        raise SyntaxProblem("no name")


def _value(kind: Kind) -> Callable[[str], None]:
    def judge(text: str) -> None:
        if not fits(kind, text):
            raise SyntaxProblem("no such value")

    return judge


def _judge(case: dict[str, Any]) -> Callable[[str], Any] | None:
    """What reads the rule of a case; None where no part of the language does."""
    rule = {"boolcommonExpr": "boolCommonExpr", "orderBy": "orderby"}.get(case["Rule"], case["Rule"])
    is_query = rule == "odataRelativeUri" and "FailAt" not in case and "?" in case["Input"]
    judges: dict[str, Callable[[str], Any]] = {
        **dict.fromkeys(EXPRESSIONS, _expression),
        **dict.fromkeys(OPTIONS | NOT_OFFERED | {"skiptoken"}, read_options),
        **{name: _literal(name) for name in LITERALS},
        **{name: _value(kind) for name, kind in VALUES.items()},
        "anyExpr": lambda text: _expression(f"Products/{text}"),
        "odataIdentifier": _identifier,
    }
    return (lambda text: read_options(text.partition("?")[2])) if is_query else judges.get(rule)


def _outcome(judge: Callable[[str], Any], text: str) -> int:
    try:
        judge(text)
    except CrisisError as error:
        return error.status
    return 200


def _cases(shared: Path) -> list[dict[str, Any]]:
    text = (shared / "odata/abnf/odata-abnf-testcases.json").read_text("utf-8")
    cases: list[dict[str, Any]] = json.loads(text)["TestCases"]
    return cases


def test_every_case_is_accepted_or_refused_as_the_standard_says(shared: Path) -> None:
    right, wrong = Counter[tuple[str, str]](), list[str]()
    for case in _cases(shared):
        judge, rule, text = _judge(case), case["Rule"], case["Input"]
        is_valid = "FailAt" not in case
        if judge is None or text in APART:
            right[rule, "apart" if judge else "not judged"] += 1
            continue
        status = _outcome(judge, text)
        if (status in (200, 501)) if is_valid else (status == 400):
            right[rule, {200: "parsed", 501: "named 501", 400: "refused"}[status]] += 1
        else:
            wrong.append(f"{rule} {text!r}: {status}")
    totals = Counter[str]()
    for (rule, outcome), count in sorted(right.items()):
        totals[outcome] += count
        if outcome != "not judged":
            print(f"{rule:28} {outcome:10} {count}")
    print(dict(totals))
    assert not wrong, "\n".join(wrong)
    assert totals["parsed"] + totals["named 501"] == 510
    assert totals["refused"] == 47


@pytest.mark.parametrize("text", [text for text, reason in APART.items() if reason is DOUBLED])
def test_a_doubled_option_is_refused(text: str) -> None:
    with pytest.raises(SyntaxProblem):
        read_options(text)


def test_places_of_errors_in_expressions(shared: Path) -> None:
    """Where the standard's cases name the character at which an expression fails, the error names it too."""
    near = []
    for case in _cases(shared):
        if "FailAt" not in case or case["Rule"] not in EXPRESSIONS:
            continue
        with pytest.raises(SyntaxProblem) as caught:
            _expression(case["Input"])
        assert caught.value.position is not None
        near.append(abs(caught.value.position - case["FailAt"]))
    print("distances from the standard's places:", sorted(near))
    assert near
    assert max(near) <= 3
