"""$expand and $select as items, with the options in their brackets: trees, what is not offered, places, bounded work."""

from __future__ import annotations

import pytest

from api.odata.language.expand_parser import parse_expand, parse_select
from api.odata.language.parser import Budget
from api.odata.language.query_syntax import ComputeItem, ExpandItem, NestedOptions
from api.odata.language.syntax import Name, SelectItem
from api.odata.language.tokens import decode_for_parsers
from models.errors import LimitProblem, SyntaxProblem


def expand(text: str, nodes: int = 2_000, depth: int = 64) -> tuple[ExpandItem, ...]:
    return parse_expand(text, Budget(nodes, depth), "$expand")


def select(text: str) -> tuple[SelectItem, ...]:
    return parse_select(text, Budget(2_000, 64), "$select")


AREA = ExpandItem("Area")


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("Area", (AREA,)),
        ("Area,Team", (AREA, ExpandItem("Team"))),
        ("*", (ExpandItem("*"),)),
        ("Area($select=A,B)", (ExpandItem("Area", NestedOptions(select=(SelectItem("A"), SelectItem("B")))),)),
        ("Area(SELECT=A)", (ExpandItem("Area", NestedOptions(select=(SelectItem("A"),))),)),
        (
            "Call($expand=Area($select=A),Team;$compute=A as B;@p=A)",
            (
                ExpandItem(
                    "Call",
                    NestedOptions(
                        expand=(
                            ExpandItem("Area", NestedOptions(select=(SelectItem("A"),))),
                            ExpandItem("Team"),
                        ),
                        compute=(ComputeItem(Name("A"), "B"),),
                        aliases={"@p": Name("A")},
                    ),
                ),
            ),
        ),
        (
            "Area($filter=A;$count=true;$select=A)",
            (ExpandItem("Area", NestedOptions(select=(SelectItem("A"),), features=(("$filter", 5), ("$count", 15)))),),
        ),
    ],
)
def test_trees(text: str, tree: object) -> None:
    assert expand(text) == tree


FEATURES = """
text                          | feature
$value                        | $value in $expand
*/$ref                        | $ref in $expand
*($levels=2)                  | $levels
Area/$ref                     | $ref in $expand
Area/$ref($top=1)             | $ref in $expand
Area/$count                   | $count in $expand
Area/$count($search=a)        | $count in $expand
Area/N.T                      | type casts in $expand
N.T/Area($select=A)           | type casts in $expand
Place/Area                    | paths in $expand
@N.Term                       | annotations in $expand
"""


@pytest.mark.parametrize("line", FEATURES.strip().splitlines()[1:])
def test_what_is_not_offered_is_read_to_its_end_and_named(line: str) -> None:
    text, feature = (part.strip() for part in line.split("|"))
    (item,) = expand(text)
    assert item.feature == feature
    with pytest.raises(SyntaxProblem):
        expand(text + "/")


PLACES = """
text                        | position
(nothing)                   | 0
Area()                      | 5
Area($top)                  | 9
Area($top=x)                | 10
Area($top=1;)               | 12
Area( $top=1)               | 5
Area($top= 1)               | 10
Area($nothing=1)            | 5
Area($select=A              | 14
Area($levels=0)             | 13
Area($levels=1;$levels=2)   | 15
Area/$ref($select=A)        | 10
Area/$count($top=1)         | 12
Area/$value                 | 5
Area/                       | 5
Area,                       | 5
Area/ Team                  | 5
*($top=1)                   | 2
$ref                        | 0
Area($search=)              | 13
Area($expand=Team($top=x))  | 23
"""


@pytest.mark.parametrize("line", PLACES.strip().splitlines()[1:])
def test_errors_name_the_place(line: str) -> None:
    text, position = (part.strip() for part in line.split("|"))
    with pytest.raises(SyntaxProblem) as caught:
        expand("" if text == "(nothing)" else text)
    assert (caught.value.position, caught.value.target) == (int(position), "$expand"), caught.value.message


def test_a_semicolon_in_a_search_word_is_one_only_when_it_was_encoded() -> None:
    (item,) = expand("Area($search=a;$top=1)")
    assert [feature for feature, _ in item.options.features] == ["$search", "$top"]
    (item,) = parse_expand(decode_for_parsers("Area($search=a%3B$top=1)"), Budget(100, 64))
    assert [feature for feature, _ in item.options.features] == ["$search"]


SELECTED = """
text                       | name                     | feature
A                          | A                        | -
*                          | *                        | -
A/B                        | A/B                      | paths in $select
N.T/B                      | N.T/B                    | qualified names and annotations in $select
@N.T                       | @N.T                     | qualified names and annotations in $select
N.f(a,b)                   | N.f(a,b)                 | options inside $select
N.*                        | N.*                      | operations in $select
A($top=1;$select=B)        | A($top=1;$select=B)      | options inside $select
"""


@pytest.mark.parametrize("line", SELECTED.strip().splitlines()[1:])
def test_select_items(line: str) -> None:
    text, name, feature = (part.strip() for part in line.split("|"))
    assert select(f"X,{text}, Y") == (
        SelectItem("X"),
        SelectItem(name, None if feature == "-" else feature),
        SelectItem("Y"),
    )


@pytest.mark.parametrize(
    "text",
    ["", "A,", "A/", "A()", "A($expand=B)", "A($levels=1)", "A(b c)", "N.*/A", "*/A", "1", "A as B", "A.", "$it"],
)
def test_wrong_select_items(text: str) -> None:
    with pytest.raises(SyntaxProblem):
        select(text)


def test_thousands_of_items_are_counted() -> None:
    for text in ("Area" + ",Area" * 3_000, "Area(@p=1" + "".join(f";@p{number}=1" for number in range(3_000)) + ")"):
        with pytest.raises(LimitProblem):
            expand(text)
        assert len(expand(text, nodes=100_000)) in (1, 3_001)
