"""Paths: what they lead to, decoded once a segment; 404 for unknown and forbidden alike, 501 for what is not offered."""

from __future__ import annotations

import pytest

from api.odata.binding.resource_path import ResourceKind, parse_path
from api.odata.exchange import Caller
from api.odata.language.syntax import Alias, Literal
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
        ("Things/Name", NotFound),
        ("Things/Nothing/$count", NotFound),
        ("Things(1)/Nothing", NotFound),
        ("Things(1)/Secret", NotFound),
        ("Things(1)/Name/x", NotFound),
        ("Things(1)/Secret/Id", NotFound),
        ("Things(1)/Other/Nothing", NotFound),
        ("Things(1)/Nothing(1)", NotFound),
        ("Nothing/$filter(Id gt 1)", NotFound),
        ("Things/1", Unsupported),  # keys are not path segments here
        ("Things/a'b/Name", Unsupported),
        ("Things/N.Thing", Unsupported),
        ("Things/N.Thing(1)", Unsupported),
        ("Things(1)/N.Thing", Unsupported),
        ("Things(1)/N.Best(Rank=@r)/Name", Unsupported),
        ("Things(1)/Name/N.Shout()", Unsupported),
        ("Things(1)/Name/$query", Unsupported),
        ("Things(1)/$value", Unsupported),
        ("Things(1)/$query", Unsupported),
        ("Things(1)/Other/$ref", Unsupported),
        ("Things(1)/$ref", Unsupported),
        ("Things/$ref", Unsupported),
        ("Things/$each", Unsupported),
        ("Things/$query", Unsupported),
        ("Things/$filter(Id gt 1)", Unsupported),
        ("Things/$filter(Other/Label eq 'a)b')/$count", Unsupported),
        ("$batch", Unsupported),
        ("$all", Unsupported),
        ("$all/N.Thing", Unsupported),
        ("$crossjoin(Things,Others)", Unsupported),
        ("Things/$count/x", SyntaxProblem),
        ("Things/$value", SyntaxProblem),
        ("Things//Name", SyntaxProblem),
        ("Things(1)/$count", SyntaxProblem),
        ("Things(1)/Name/$count", SyntaxProblem),
        ("Things(1)/Name/0", SyntaxProblem),
        ("Things(1)/Name/$ref", SyntaxProblem),
        ("Things(1)/Name()", SyntaxProblem),
        ("Things(1)/Name/$value/x", SyntaxProblem),
        ("Things(1)/Other(1)", SyntaxProblem),
        ("Things(1)/Other/$count", SyntaxProblem),
        ("$metadata/x", SyntaxProblem),
        ("$entity", SyntaxProblem),
        ("$nothing", SyntaxProblem),
        ("$COUNT", SyntaxProblem),
        ("N.T/x", SyntaxProblem),
        ("1", SyntaxProblem),
        ("$crossjoin()", SyntaxProblem),
        ("Things/$filter()", SyntaxProblem),
        ("Things/$filter(Id gt)", SyntaxProblem),
        ("Things(null)", SyntaxProblem),
        ("Things( 1)", SyntaxProblem),
        ("Things(Id =1)", SyntaxProblem),
        ("Things(binary'Zg==')", SyntaxProblem),
        ("Things(Id=1)(1)", SyntaxProblem),
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


@pytest.mark.parametrize(
    ("path", "kind", "column"),
    [
        ("Things(1)/Other", ResourceKind.ENTITY, None),
        ("Things(1)/Other/", ResourceKind.ENTITY, None),
        ("Things(@k)/Other/Label", ResourceKind.PROPERTY, "Label"),
        ("Things(Id=1)/Other/Label/$value", ResourceKind.VALUE, "Label"),
    ],
)
def test_to_one_navigation_leaves_a_trail(path: str, kind: ResourceKind, column: str | None) -> None:
    found = parse_path(path, CATALOGUE, ANALYST)
    assert (found.kind, found.view, found.key) == (kind, OTHERS, ())
    assert (found.column.name if found.column else None) == column
    assert found.trail is not None
    assert (found.trail.view, [name for name, _ in found.trail.key]) == (THINGS, ["Id"])
    assert found.trail.hops == (THINGS.navigations[0],)


ROOT_OPTIONS = """
path          | query                       | error
$metadata     |                             | -
$metadata     | $format=json&key=1          | -
$metadata     | $Format=json                | -
$metadata     | filter=x                    | -
$metadata     | $filter=true                | $filter
$metadata     | @p=1                        | @p
$entity       | $id=Things(1)               | 501
$entity       | id=Things(1)&$format=json   | 501
$entity       | $id=Things(1)&$select=Name  | $select
$entity/N.T   | $id=Things(1)&$select=Name  | 501
$entity       | $format=json                | $id
$batch        | $top=1                      | $top
$all          | $top=1                      | 501
Things        | $top=1                      | -
"""


@pytest.mark.parametrize("line", ROOT_OPTIONS.strip().splitlines()[1:])
def test_what_the_root_takes(line: str) -> None:
    path, query, error = (cell.strip() for cell in line.split("|"))
    if error == "-":
        parse_path(path, CATALOGUE, ANALYST, query)
        return
    with pytest.raises(Unsupported if error == "501" else SyntaxProblem) as caught:
        parse_path(path, CATALOGUE, ANALYST, query)
    assert error in ("501", caught.value.target)


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
