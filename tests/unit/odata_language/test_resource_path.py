"""Paths: what they lead to, decoded once a segment; 404 for unknown and forbidden alike, 501 for what is not offered."""

from __future__ import annotations

import pytest

from api.odata.exchange import Caller
from api.odata.resource_path import ResourceKind, parse_path
from api.odata.syntax import Alias, Literal
from models.errors import CrisisError, NameProblem, NotFound, SyntaxProblem, Unsupported
from tests.helpers.odata_table import ANALYST, CATALOGUE, OTHERS, THINGS


@pytest.mark.parametrize(
    ("path", "kind", "view", "key", "column"),
    [
        ("", ResourceKind.SERVICE, None, {}, None),
        ("/", ResourceKind.SERVICE, None, {}, None),
        ("$metadata", ResourceKind.METADATA, None, {}, None),
        ("%24metadata", ResourceKind.METADATA, None, {}, None),
        ("Things", ResourceKind.SET, THINGS, {}, None),
        ("Things/", ResourceKind.SET, THINGS, {}, None),
        ("Things/$count", ResourceKind.COUNT, THINGS, {}, None),
        ("Things(1)", ResourceKind.ENTITY, THINGS, {"Id": "1"}, None),
        ("Things%28Id=1%29", ResourceKind.ENTITY, THINGS, {"Id": "1"}, None),
        ("Things(1)/Name", ResourceKind.PROPERTY, THINGS, {"Id": "1"}, "Name"),
        ("Things(1)/Name/$value", ResourceKind.VALUE, THINGS, {"Id": "1"}, "Name"),
        ("Others(Kind='a%2Fb',Number=2)", ResourceKind.ENTITY, OTHERS, {"Kind": "a/b", "Number": "2"}, None),
        ("Others(Number=2,Kind='O''N%2527')", ResourceKind.ENTITY, OTHERS, {"Kind": "O'N%27", "Number": "2"}, None),
        ("Others(Kind=')(',Number=-2)/Label", ResourceKind.PROPERTY, OTHERS, {"Kind": ")(", "Number": "-2"}, "Label"),
        ("Things(@k)", ResourceKind.ENTITY, THINGS, {"Id": "@k"}, None),
    ],
)
def test_where_paths_lead(path: str, kind: ResourceKind, view: object, key: dict[str, str], column: str | None) -> None:
    found = parse_path(path, CATALOGUE, ANALYST)
    assert (found.kind, found.view) == (kind, view)
    written = {
        name: node.text if isinstance(node, Literal) else node.name
        for name, node in found.key
        if isinstance(node, Literal | Alias)
    }
    assert written == key
    assert (found.column.name if found.column else None) == column


@pytest.mark.parametrize(
    ("path", "error"),
    [
        ("Nothing", NotFound),
        ("Secrets", NotFound),
        ("things", NotFound),
        ("Things/1", NotFound),  # keys are not path segments here
        ("Things/$count/x", NotFound),
        ("Things/$value", NotFound),
        ("Things//Name", NotFound),
        ("Things(1)/Nothing", NotFound),
        ("Things(1)/Secret", NotFound),
        ("Things(1)/Name/x", NotFound),
        ("Things(1)/$count", NotFound),
        ("$metadata/x", NotFound),
        ("$nothing", NotFound),
        ("N.T/x", NotFound),
        ("Things(1)/Other", Unsupported),
        ("Things(1)/Other/Label", Unsupported),
        ("Things(1)/$ref", Unsupported),
        ("Things/$ref", Unsupported),
        ("Things/$each", Unsupported),
        ("Things/$query", Unsupported),
        ("Things/$filter(Id gt 1)", Unsupported),
        ("$batch", Unsupported),
        ("$all", Unsupported),
        ("$entity", Unsupported),
        ("$crossjoin(Things,Others)", Unsupported),
        ("Things()", SyntaxProblem),
        ("Things(1", SyntaxProblem),
        ("Things(1)x", SyntaxProblem),
        ("Things(1,2)", SyntaxProblem),
        ("Things(Id=1,Id=2)", SyntaxProblem),
        ("Things(Name)", SyntaxProblem),
        ("Things(1 add 1)", SyntaxProblem),
        ("Others(2)", SyntaxProblem),
        ("Others(Kind='a')", SyntaxProblem),
        ("Others(Kind='a',Number=1,Number=2)", SyntaxProblem),
        ("Things(%zz)", SyntaxProblem),
        ("Things(%FF)", SyntaxProblem),
        ("Things(id=1)", NameProblem),
    ],
)
def test_what_is_not_there(path: str, error: type[CrisisError]) -> None:
    with pytest.raises(CrisisError) as caught:
        parse_path(path, CATALOGUE, ANALYST)
    assert type(caught.value) is error, caught.value.message


def test_forbidden_and_unknown_look_the_same() -> None:
    def answer(name: str) -> tuple[object, ...]:
        with pytest.raises(NotFound) as caught:
            parse_path(name, CATALOGUE, ANALYST)
        error = caught.value
        return (error.message.replace(name, "X"), error.hint, error.position)

    assert answer("Secrets") == answer("Zzzzzzz")


def test_a_near_match_is_one_that_the_caller_may_see() -> None:
    with pytest.raises(NotFound) as caught:
        parse_path("Thing", CATALOGUE, ANALYST)
    assert caught.value.hint == "Did you mean Things?"
    with pytest.raises(NotFound) as caught:
        parse_path("Secret", CATALOGUE, ANALYST)
    assert caught.value.hint == NotFound.default_hint
    with pytest.raises(NotFound) as caught:
        parse_path("Thing", CATALOGUE, Caller("k", "refresh"))
    assert caught.value.hint == NotFound.default_hint
