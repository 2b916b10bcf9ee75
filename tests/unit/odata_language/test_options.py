"""Query options: names with and without `$`, doubled, unknown and foreign ones, values, aliases, limits."""

from __future__ import annotations

import pytest

from api.odata.exchange import Limits
from api.odata.language.options import QueryOptions, read_options
from api.odata.language.parser import LARGEST
from api.odata.language.vocabulary import Role, Vocabulary
from models.errors import CrisisError, LimitProblem, NameProblem, SyntaxProblem, Unsupported


def test_no_options() -> None:
    assert read_options("") == QueryOptions()


@pytest.mark.parametrize("name", ["$top", "top", "$TOP", "Top", "%24top"])
def test_names_work_with_and_without_dollar_in_any_case(name: str) -> None:
    assert read_options(f"{name}=5").top == 5


def test_every_option_at_once() -> None:
    options = read_options(
        "$filter=A%20eq%201&$select=A,B,*&$orderby=A desc, B&$top=5&$skip=6&$count=TRUE"
        "&$format=application/json;odata.metadata=full&$skiptoken=a%3Db&$schemaversion=*&@p='x'&subscription-key=s%zz"
    )
    assert options.filter is not None
    assert options.select is not None
    assert [item.name for item in options.select] == ["A", "B", "*"]
    assert [term.descending for term in options.orderby] == [True, False]
    assert (options.top, options.skip, options.count) == (5, 6, True)
    assert options.format == "application/json;odata.metadata=full"
    assert (options.skiptoken, options.schemaversion, list(options.aliases)) == ("a=b", "*", ["@p"])


@pytest.mark.parametrize(
    "query", ["key=1&key=2", "!special", "$=".replace("$", "x"), "id=5&index=x", "skiptoken=x", "&&"]
)
def test_options_that_are_not_odatas_are_tolerated_and_not_kept(query: str) -> None:
    assert read_options(query) == QueryOptions()


@pytest.mark.parametrize(
    "query", ["$top=1&top=2", "$filter=A eq 1&FILTER=A eq 2", "@p=1&@p=2", "$count=true&$count=true"]
)
def test_a_doubled_option_is_refused(query: str) -> None:
    with pytest.raises(SyntaxProblem, match="twice"):
        read_options(query)


def test_an_unknown_dollar_option_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(NameProblem) as caught:
        read_options("$fliter=A eq 1")
    assert caught.value.target == "$fliter"
    assert caught.value.hint == "Did you mean $filter?"


@pytest.mark.parametrize("name", ["$id", "$deltatoken"])
def test_an_option_that_is_not_offered_is_named(name: str) -> None:
    with pytest.raises(Unsupported) as caught:
        read_options(f"{name}=x")
    assert caught.value.status == 501
    assert caught.value.target == "$" + name.lower().removeprefix("$")


def test_501_only_when_all_the_rest_is_well_written() -> None:
    for first in ("$index=1", "$search='a'"):
        with pytest.raises(Unsupported):
            read_options(f"{first}&$top=1")
        with pytest.raises(SyntaxProblem):
            read_options(f"{first}&$top=x")
        with pytest.raises(SyntaxProblem):
            read_options(f"{first}&{first}")


def test_own_options_can_be_listed() -> None:
    listed = Vocabulary({Role.CUSTOM_OPTION: frozenset({"key"})})
    read_options("key=1&id=1&index=2", vocabulary=listed)
    for query in ("other=1", "index=x", "skiptoken=1"):
        read_options(query)
        with pytest.raises(SyntaxProblem):
            read_options(query, vocabulary=listed)


@pytest.mark.parametrize("query", ["@odata.x=1", "@=1", "@a b=1", "@1=1", "@p", "@p=", '@p="a"'])
def test_what_begins_with_at_is_a_parameter_alias(query: str) -> None:
    with pytest.raises(SyntaxProblem):
        read_options(query)


@pytest.mark.parametrize(
    ("query", "target"),
    [
        ("$top=-1", "$top"),
        ("$top=x", "$top"),
        ("$top=", "$top"),
        ("$top=1.5", "$top"),
        ("$top=%D9%A1", "$top"),  # a digit, but not of ASCII
        ("$skip=+1", "$skip"),
        ("$count=yes", "$count"),
        ("$count", "$count"),
        ("$filter", "$filter"),
        ("$filter=", "$filter"),
        ("$select=", "$select"),
        ("$select=A,,B", "$select"),
        ("$select=A B", "$select"),
        ("$select='A'", "$select"),
        ("$orderby=", "$orderby"),
        ("$format=", "$format"),
        ("$schemaversion= ", "$schemaversion"),
        ("$skiptoken=", "$skiptoken"),
        ("@p=", "@p"),
        ("@p=(", "@p"),
        ("$filter=%zz", "$filter"),
        ("$filter=%FF", "$filter"),
    ],
)
def test_wrong_values_are_400_and_name_the_option(query: str, target: str) -> None:
    with pytest.raises(SyntaxProblem) as caught:
        read_options(query)
    assert caught.value.target == target
    assert caught.value.position is not None


def test_a_plus_in_a_filter_is_a_plus() -> None:
    assert (
        read_options("$filter=At gt 2026-01-01T00:00:00+01:00").filter
        == read_options("$filter=At%20gt%202026-01-01T00%3A00%3A00%2B01%3A00").filter
    )


def test_numbers_beyond_64_bits_mean_all() -> None:
    assert read_options("$top=" + "9" * 5_000).top == LARGEST
    assert read_options("$top=0000000000000000000000000007").top == 7


def test_at_most_eight_order_terms() -> None:
    assert len(read_options("$orderby=" + ",".join("ABCDEFGH")).orderby) == 8
    with pytest.raises(LimitProblem):
        read_options("$orderby=" + ",".join("ABCDEFGHI"))


def test_nodes_are_counted_over_the_whole_request() -> None:
    limits = Limits(max_nodes=10)
    read_options("$filter=A eq 1&$orderby=B", limits)
    with pytest.raises(LimitProblem):
        read_options("$filter=A eq 1 and B eq 2&$orderby=length(C) add 1 add 2", limits)


@pytest.mark.parametrize(
    ("text", "feature"),
    [
        ("A/B", "paths in $select"),
        ("N.T/B", "qualified names and annotations in $select"),
        ("@N.T", "qualified names and annotations in $select"),
        ("N.*", "operations in $select"),
        ("A($top=1)", "options inside $select"),
    ],
)
def test_select_items_that_are_not_offered_are_read(text: str, feature: str) -> None:
    options = read_options(f"$select=X,{text},Y")
    assert options.select is not None
    assert [(item.name, item.feature) for item in options.select] == [("X", None), (text, feature), ("Y", None)]


def test_every_error_is_one_of_ours() -> None:
    for query in ("%", "=", "==", "$", "$=", "@", "@=", "%24%24=1", "$filter==", "\x00=1", "$filter=\x00"):
        try:
            read_options(query)
        except CrisisError as error:
            assert error.status == 400
