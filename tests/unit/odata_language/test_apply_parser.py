"""$apply and $compute as trees: each transformation, what is read and not offered, places of errors, bounded work."""

from __future__ import annotations

import pytest

from api.odata.language.apply_parser import parse_apply, parse_compute
from api.odata.language.parser import Budget
from api.odata.language.query_syntax import (
    Aggregate,
    AggregateItem,
    Compute,
    ComputeItem,
    Concat,
    Cut,
    Extremes,
    Filter,
    ForeignStep,
    GroupBy,
    Grouping,
    Identity,
    OrderBy,
    Search,
    Sequence,
    Words,
)
from api.odata.language.syntax import Infix, Name, OrderItem, Path
from api.odata.language.vocabulary import Role, Vocabulary
from models.errors import LimitProblem, SyntaxProblem, Unsupported


def parse(text: str, nodes: int = 2_000, depth: int = 64) -> Sequence:
    return parse_apply(text, Budget(nodes, depth), "$apply")


A, B = Name("A"), Name("B")


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("identity", (Identity(),)),
        ("identity/identity", (Identity(), Identity())),
        ("filter(A eq B)", (Filter(Infix("eq", A, B)),)),
        ("filter( A )", (Filter(A),)),
        ("search(a)/top(3)", (Search(Words("a")), Cut("top", 3))),
        ("skip( 0 )", (Cut("skip", 0),)),
        ("orderby(A desc, B)", (OrderBy((OrderItem(A, descending=True), OrderItem(B))),)),
        ("compute(A add B as C,B as D)", (Compute((ComputeItem(Infix("add", A, B), "C"), ComputeItem(B, "D"))),)),
        ("topcount(A,B)", (Extremes("topcount", A, B),)),
        ("concat(identity,filter(A)/identity)", (Concat(((Identity(),), (Filter(A), Identity()))),)),
        ("aggregate(A with sum as T)", (Aggregate((AggregateItem(A, "sum", "T"),)),)),
        ("aggregate(A/B with min as T)", (Aggregate((AggregateItem(Path(("A", "B")), "min", "T"),)),)),
        ("aggregate(A)", (Aggregate((AggregateItem(A, None, None),)),)),
        ("aggregate(A/B as T)", (Aggregate((AggregateItem(Path(("A", "B")), None, "T"),)),)),
        ("aggregate(A add B with max as T)", (Aggregate((AggregateItem(Infix("add", A, B), "max", "T"),)),)),
        ("aggregate($count as T)", (Aggregate((AggregateItem(None, None, "T"),)),)),
        ("aggregate(A/B/$count as T)", (Aggregate((AggregateItem(None, None, "T", ("A", "B")),)),)),
        ("aggregate(A with N.p50 as T)", (Aggregate((AggregateItem(A, "N.p50", "T"),)),)),
        ("groupby((A))", (GroupBy((Grouping((("A",),)),)),)),
        ("groupby((A,B/A),identity)", (GroupBy((Grouping((("A",),)), Grouping((("B", "A"),))), (Identity(),)),)),
        ("groupby((rollup(A,B/A)))", (GroupBy((Grouping((("A",), ("B", "A")), is_rollup=True),)),)),
        ("identity / identity", (Identity(), Identity())),  # as a Power BI refresh sends it
    ],
)
def test_trees(text: str, tree: object) -> None:
    assert parse(text) == tree


FEATURES = """
text                                          | feature
aggregate(A with sum from B with max as T)    | from
aggregate($count from B with max as T)        | from
aggregate(A from B as T)                      | custom aggregates
aggregate(N.T/A with sum as T)                | type casts
aggregate(A/N.T/$count as T)                  | type casts
groupby((A/N.T/B))                            | type casts
groupby((rollup(A)))                          | named hierarchies
groupby((rolluprecursive($root/A,B,C)))       | rolluprecursive
nest(identity as A)                           | nest
addnested(A,identity as B)                    | addnested
join(A as B,identity)                         | join
outerjoin(A as B)                             | outerjoin
ancestors($root/A,B,C,identity,2,keep start)  | ancestors
descendants($root/A,B,C,filter(A))            | descendants
traverse($root/A,B,C,preorder,A desc)         | traverse
N.f(a=1)                                      | the function N.f
"""


def _features(steps: Sequence) -> list[str]:
    found = []
    for step in steps:
        parts: tuple[object, ...] = (step,)
        parts += step.items if isinstance(step, Aggregate) else step.groupings if isinstance(step, GroupBy) else ()
        found += [part.feature for part in parts if isinstance(part, AggregateItem | Grouping | ForeignStep)]
    return [feature for feature in found if feature]


@pytest.mark.parametrize("line", FEATURES.strip().splitlines()[1:])
def test_what_is_not_offered_is_read_to_its_end_and_named(line: str) -> None:
    text, feature = (part.strip() for part in line.split("|"))
    assert _features(parse(text)) == [feature]
    with pytest.raises(SyntaxProblem):  # and a fault in it is still a fault
        parse(text[:-1])


PLACES = """
text                                     | position
(nothing)                                | 0
Identity                                 | 0
identity/                                | 9
filter()                                 | 7
filter (A)                               | 7
aggregate()                              | 10
aggregate(A with sum)                    | 20
aggregate(A with total as T)             | 17
aggregate(A with sum as 1)               | 24
aggregate($count with sum as T)          | 10
aggregate(A AS T)                        | 12
groupby(A)                               | 8
groupby(())                              | 9
groupby((A),)                            | 12
groupby((A/N.T))                         | 14
concat(identity)                         | 15
top(-1)                                  | 4
top('1')                                 | 4
orderby( A)                              | 8
topcount(1)                              | 10
compute(A)                               | 9
rollup(A,B)                              | 0
ancestors($root/A,B,C,aggregate(A),1)    | 22
traverse($root/A,B,C,inorder)            | 21
search(a                                 | 8
search("a)                               | 7
join(A/B as C/D)                         | 13
"""


@pytest.mark.parametrize("line", PLACES.strip().splitlines()[1:])
def test_errors_name_the_place(line: str) -> None:
    text, position = (part.strip() for part in line.split("|"))
    with pytest.raises(SyntaxProblem) as caught:
        parse("" if text == "(nothing)" else text)
    assert (caught.value.position, caught.value.target) == (int(position), "$apply"), caught.value.message


def test_names_of_transformations_are_hinted_at() -> None:
    with pytest.raises(SyntaxProblem) as caught:
        parse("Filter(A)")
    assert caught.value.hint is not None
    assert "case-sensitive" in caught.value.hint


def test_search_words_take_what_no_token_may() -> None:
    assert parse("search(a-b* 50%)") == parse("search(a-b* AND 50%)")
    with pytest.raises(Unsupported, match="single quotes"):
        parse("search('a b')/identity")
    with pytest.raises(SyntaxProblem):
        parse("search('a b')/identit")


def test_a_vocabulary_tells_collections_and_custom_aggregates() -> None:
    names = {
        Role.ENTITIES: frozenset({"Sales"}),
        Role.ENTITY: frozenset({"Product"}),
        Role.PRIMITIVE: frozenset({"Amount"}),
        **dict.fromkeys(set(Role) - {Role.ENTITIES, Role.ENTITY, Role.PRIMITIVE, Role.ALIAS}, frozenset[str]()),
    }

    def read(text: str) -> Sequence:
        return parse_apply(text, Budget(2_000, 64, Vocabulary(names)))

    for text in ("aggregate(Sales/Amount with sum as T)", "groupby((Product/Amount))", "groupby((Product))"):
        read(text)
    for text in (
        "aggregate(Amount)",
        "aggregate(Amount as T)",
        "aggregate(Sales/Amount add 1 with sum as T)",
        "groupby((Sales/Amount))",
        "groupby((Amount/Amount))",
        "aggregate(Other with sum as T)",
    ):
        with pytest.raises(SyntaxProblem):
            read(text)


def test_compute() -> None:
    items = parse_compute("A add B as C,B as D", Budget(100, 64), "$compute")
    assert items == (ComputeItem(Infix("add", A, B), "C"), ComputeItem(B, "D"))
    for text in ("A", "A as", "A as 1", "A as B,", "A as B, B as C", ""):
        with pytest.raises(SyntaxProblem):
            parse_compute(text, Budget(100, 64), "$compute")


@pytest.mark.parametrize(
    ("begin", "part", "end"),
    [
        ("identity", "/identity", ""),
        ("aggregate($count as T", ",$count as T", ")"),
        ("groupby((A", ",A", "))"),
        ("concat(identity", ",identity", ")"),
        ("compute(1 as A", ",1 as A", ")"),
        ("search(a", " a", ")"),
        ("search(a", " OR a", ")"),
    ],
)
def test_thousands_of_parts_are_counted(begin: str, part: str, end: str) -> None:
    """Flat texts are no nesting; each part takes from the budget, so that none is free."""
    budget = Budget(100_000, 64)
    parse_apply(begin + part * 3_000 + end, budget)
    assert 3_000 <= 100_000 - budget.nodes <= 10_000
    with pytest.raises(LimitProblem):
        parse(begin + part * 3_000 + end)
