"""What $apply, $compute, $expand and $search refuse, where, and with which way on; limits; what the trail may tell."""

from __future__ import annotations

import pytest

from models.errors import LimitProblem, NameProblem, RequestError, SyntaxProblem, TypeProblem, Unsupported, ValueProblem
from tests.helpers.odata_table import bound, encode, load, run

ERRORS: list[tuple[str, type[RequestError], str]] = [
    ("$apply=aggregate(Small with sum as Name)/filter(Nam eq 1)", NameProblem, "no property 'Nam'"),
    ("$apply=groupby((Name))/filter(Small eq 1)", NameProblem, "result of the transformations before it"),
    ("$apply=compute(1 as Small)", NameProblem, "'Small' is taken"),
    ("$apply=compute(1 as Other)", NameProblem, "'Other' is taken"),
    ("$apply=compute(1 as X,2 as X)", NameProblem, "'X' is taken"),
    ("$apply=aggregate($count as N,Small with max as N)", NameProblem, "'N' is taken"),
    ("$apply=groupby((Small),aggregate(Count with sum as Small))", NameProblem, "grouping property"),
    ("$apply=groupby((Small),aggregate(Count with sum as _row))", NameProblem, "taken"),
    ("$apply=aggregate(Small with avg as N)", SyntaxProblem, "Expected an aggregation method"),
    ("$apply=aggregate(Small with Other.p90 as N)", Unsupported, "Other.p90"),
    ("$apply=aggregate(Name with sum as N)", TypeProblem, "sum takes no Edm.String"),
    ("$apply=aggregate(Flag with average as N)", TypeProblem, "average takes no Edm.Boolean"),
    ("$apply=aggregate(At with CrisisMetrics.p50 as N)", TypeProblem, "CrisisMetrics.p50 takes no"),
    ("$apply=aggregate(Forecast)", Unsupported, "custom aggregates"),
    ("$apply=aggregate(Small with sum from Name with max as N)", Unsupported, "from"),
    ("$apply=aggregate(Nothing/$count as N)", NameProblem, "no property 'Nothing'"),
    ("$apply=groupby((Other))", Unsupported, "Other as a whole"),
    ("$apply=groupby((Other/Nothing))", NameProblem, "Others has no property"),
    ("$apply=filter(Small)", TypeProblem, "Expected a condition"),
    ("$apply=topcount(Small,Small)", TypeProblem, "the same for all rows"),
    ("$apply=topcount(0,Small)", ValueProblem, "above 0"),
    ("$apply=topcount(1.5,Small)", TypeProblem, "takes a number first"),
    ("$apply=toppercent(101,Small)", ValueProblem, "at most 100"),
    ("$apply=topsum(10,Name)", TypeProblem, "adds up numbers"),
    ("$apply=concat(aggregate(Small with max as N),aggregate(Name with max as N))", TypeProblem, "different types"),
    ("$apply=search(x)/aggregate($count as N)&$search=x", Unsupported, "search on Things"),
    ("$apply=identity&$expand=Other", Unsupported, "$expand after $apply"),
    ("$apply=aggregate($count as N)&$select=M", NameProblem, "no property 'M'"),
    ("$apply=aggregate($count as N)&$orderby=Small", NameProblem, "no property 'Small'"),
    ("$compute=Small add 1 as Small", NameProblem, "'Small' is taken"),
    ("$compute=Small add 1 as Other", NameProblem, "'Other' is taken"),
    ("$compute=Later add 1 as X,1 as Later", NameProblem, "no property 'Later'"),
    ("$expand=Other,Other", SyntaxProblem, "expanded twice"),
    ("$expand=Small", NameProblem, "plain value"),
    ("$expand=Other($select=Nothing)", NameProblem, "Others has no property"),
    ("$expand=Other/$ref", Unsupported, "$ref"),
    ("$expand=Other($filter=Number eq 1)", Unsupported, "$filter"),
    ("$search=x", Unsupported, "$search on Things"),
]


@pytest.mark.parametrize(("query", "error", "says"), ERRORS, ids=[query for query, *_ in ERRORS])
def test_errors_say_what_is_wrong(query: str, error: type[RequestError], says: str) -> None:
    with pytest.raises(RequestError) as caught:
        bound(_encoded(query))
    assert type(caught.value) is error
    assert says in caught.value.message
    assert caught.value.target in query


def _encoded(query: str) -> str:
    return "&".join(encode(part) for part in query.split("&"))


SUMS = "aggregate(Small with sum as N)"
LIMITS = {
    "branches of concat": f"$apply=concat({','.join([SUMS] * 65)})",
    "branches of concat, over several": "/".join(
        ["$apply=concat(identity,identity)", *["concat(identity,identity)"] * 32]
    ),
    "groupings of rollups": f"$apply=groupby(({','.join(['rollup(Name,Small,Count)'] * 4)}))",
    "a value computed from itself twice, many times": "$compute="
    + ",".join(["Small as X0", *(f"X{n} add X{n} as X{n + 1}" for n in range(40))]),
}


@pytest.mark.parametrize("case", LIMITS)
def test_work_that_multiplies_is_limited(case: str) -> None:
    with pytest.raises(LimitProblem):
        bound(_encoded(LIMITS[case]))


def test_the_sql_of_a_sequence_grows_with_its_text_and_not_with_its_branches() -> None:
    def size(times: int) -> int:
        return len(bound("$apply=" + "/".join(["concat(identity,filter(Small gt 1))"] * times)).source)

    first, last = size(3) - size(2), size(6) - size(5)
    assert last < 1.2 * first


OUTLINES = """
groupby((Name,Other/Label),aggregate(Small with sum as Jane)) | groupby(Name,Other/Label;aggregate(sum))
compute(Small add 1 as Jane)/groupby((Jane))                  | compute/groupby(*)
groupby((rollup(Name,Small)),topcount(3,Count))               | groupby(Name,Small;topcount)
concat(aggregate($count as Jane),filter(Name eq 'Jane')/top(7)) | concat(aggregate(),filter/top)
orderby(Name)/skip(7)/identity                                | orderby/skip/identity
"""


@pytest.mark.parametrize("line", OUTLINES.strip().splitlines())
def test_the_outline_names_what_is_declared_and_nothing_else(line: str) -> None:
    apply, outline = (cell.strip() for cell in line.split("|"))
    shape = bound(f"$apply={encode(apply)}").shape
    assert shape.endswith(f"|{outline}")
    assert "Jane" not in shape
    assert "7" not in shape


def test_values_of_a_caller_are_never_in_the_text() -> None:
    apply = "filter(Name eq 'neil')/compute(concat(Name,'o''neil') as X)/topcount(77,X)"
    query = bound(f"$apply={encode(apply)}&$filter=X ne 'neil'")
    assert "neil" not in query.source + str(query.where)
    assert set(query.parameters) == {"neil", "o'neil", 77}


def test_what_one_part_of_a_result_lacks_is_null_there() -> None:
    """`Id` is never null in the view, and absent in the row of the aggregate."""
    load([{"Id": 1}, {"Id": 2}])
    both = "concat(identity,aggregate($count as N))"
    assert len(run(bound(f"$apply={both}/filter(Id ne null)"))) == 2
    assert len(run(bound(f"$apply={both}&$filter=Id eq null"))) == 1
    assert len(run(bound(f"$apply={both}&$filter=Id gt 0"))) == 2


def test_a_constant_has_no_value_in_a_group_that_has_lost_its_rows() -> None:
    load([{"Id": 1}, {"Id": 2}])
    for value in ("1.5", "Name eq null"):
        apply = f"groupby((Id),filter(Id gt 1)/aggregate({value} with countdistinct as N))"
        assert len(run(bound(f"$apply={apply}&$filter=N eq 0"))) == 1
        assert len(run(bound(f"$apply={apply}&$filter=N eq 1"))) == 1


def test_literals_that_are_words_are_aggregated_as_values() -> None:
    load([{"Id": 1}, {"Id": 2}])
    for literal in ("true", "INF"):
        assert len(run(bound(f"$apply=aggregate({literal} with max as N)&$filter=N eq {literal}"))) == 1


def test_an_entity_and_a_transient_row_are_never_the_same_related_row() -> None:
    """Data Aggregation 4.0, 3.1.2: the path leads to the other thing as a whole, and to what a grouping has left of it."""
    load([{"Id": 1}, {"Id": 2}])
    both = "concat(groupby((Other/Label)),identity)"
    counted = run(bound(f"$apply={both}/aggregate(Other/$count as N)&$filter=N eq 4"))
    assert len(counted) == 1


@pytest.mark.parametrize(
    "apply", ["orderby(Small mod 2.5e0 desc)", "topcount(5,substring(Name,0,1))", "bottomsum(5,Small mod 2.5e0)"]
)
def test_values_that_may_fail_can_be_ordered_by(apply: str) -> None:
    """DuckDB orders windows by no expression that may raise: such a value is a column first."""
    load([{"Id": 1, "Small": 2, "Name": "x"}, {"Id": 2, "Small": 3, "Name": "y"}])
    assert len(run(bound(f"$apply={encode(apply)}"))) == 2
