"""Aggregation and navigation never reach behind a caller's rows: hidden ones are not counted, summed, joined, failed on.

The same figures are made in plain Python from the rows that the caller gets without `$apply`.
"""

from __future__ import annotations

from collections import Counter

import duckdb
import pytest

from api.odata.exchange import Caller
from models.errors import NameProblem
from tests.helpers.asking import Desk, caller
from tests.helpers.odata_table import bound, connection, encode, load, named, run

EAST, WEST = caller(areas={"001", "nsa"}, key_id="east"), caller(areas={"002", "003"}, key_id="west")
NOBODY = caller(areas=set(), key_id="none")
BY_AREA = "groupby((AreaId),aggregate(CallCount with sum as Calls,CallCount with max as Most,$count as Rows))"


@pytest.mark.parametrize("who", [EAST, WEST], ids=lambda who: who.key_id)
def test_sums_and_counts_are_of_the_callers_rows(ask: Desk, who: Caller) -> None:
    mine = ask.all_rows("DailyCalls", who)
    sums, rows = Counter[str](), Counter[str]()
    for row in mine:
        sums[row["AreaId"]] += row["CallCount"]
        rows[row["AreaId"]] += 1
    found = ask.get(f"DailyCalls?$apply={BY_AREA}", who)
    assert {row["AreaId"]: (row["Calls"], row["Rows"]) for row in found.rows} == {
        area: (sums[area], rows[area]) for area in rows
    }
    total = ask.get("DailyCalls?$apply=aggregate(CallCount with sum as Calls,$count as Rows)", who).rows
    assert [(row["Calls"], row["Rows"]) for row in total] == [(sum(sums.values()), len(mine))]
    assert ask.get(f"DailyCalls/$count?$apply={BY_AREA}", who).body == str(len(rows)).encode()


def test_no_rows_are_counted_as_none(ask: Desk) -> None:
    found = ask.get("DailyCalls?$apply=aggregate(CallCount with sum as Calls,$count as Rows)", NOBODY)
    assert [(row["Calls"], row["Rows"]) for row in found.rows] == [(None, 0)]
    assert ask.get(f"DailyCalls?$apply={BY_AREA}", NOBODY).rows == []


PATHS = """
view      | navigation | foreign key | target
Calls     | Incident   | IncidentId  | Incidents
Responses | Call       | CallId      | Calls
FollowUps | Contact    | ContactId   | Contacts
"""


@pytest.mark.parametrize("line", PATHS.strip().splitlines()[1:])
@pytest.mark.parametrize("who", [EAST, WEST], ids=lambda who: who.key_id)
def test_navigation_to_a_hidden_row_leads_nowhere(ask: Desk, line: str, who: Caller) -> None:
    """In $expand, in $filter, in $orderby and in a grouping alike."""
    view, navigation, foreign, target = (cell.strip() for cell in line.split("|"))
    key = {"Incidents": "IncidentId", "Calls": "CallId", "Contacts": "ContactId"}[target]
    seen = {row[key]: row for row in ask.all_rows(target, who)}
    for row in ask.all_rows(f"{view}?$expand={navigation}", who):
        assert row[navigation] == seen.get(row[foreign])
    mine = ask.all_rows(view, who)
    kept = ask.all_rows(f"{view}?$filter={navigation} ne null", who)
    assert kept == [row for row in mine if row[foreign] in seen]
    areas = Counter(seen[row[foreign]]["AreaId"] if row[foreign] in seen else None for row in mine)
    grouped = ask.get(f"{view}?$apply=groupby(({navigation}/AreaId),aggregate($count as Rows))", who).rows
    assert {row[navigation] and row[navigation]["AreaId"]: row["Rows"] for row in grouped} == areas
    first = ask.get(f"{view}?$orderby={navigation}/{key}&$top=1&$expand={navigation}($select={key})", who).rows[0]
    assert first[navigation] is None if None in areas else first[navigation]


@pytest.mark.parametrize(
    "query",
    [
        "$expand={}",
        "$expand={}($select=Id)",
        "$filter={}/Id eq 1",
        "$filter={} eq null",
        "$select={}",
        "$apply=groupby(({}/Id))",
        "$apply=aggregate({}/$count as N)",
        "$apply=aggregate({}/Id with max as N)",
        "$apply=topcount(1,{}/Id)",
    ],
)
def test_navigation_to_what_a_role_may_not_read_does_not_exist(query: str) -> None:
    """`Secret` leads to a view of admins; it answers to the letter like a name that nobody has."""
    errors = []
    for name in ("Secret", "Xecret"):
        with pytest.raises(NameProblem) as caught:
            bound(query.format(name))
        errors.append((caught.value.message.replace(name, "?"), caught.value.hint, caught.value.position))
    assert errors[0] == errors[1]
    bound(query.format("Other").replace("/Id", "/Number").replace("=Id", "=Number"))


SCOPED = Caller("k2", "lead", areas=frozenset({"001"}))
ROWS = [{"Id": 1, "Area": "001", "Small": 2}, {"Id": 2, "Area": "002", "Small": 0}]
FAILING = """
apply
compute(10 div Small as X)/aggregate(X with sum as S)
filter(10 div Small gt 1)
aggregate(10 div Small with sum as S)
groupby((Name),aggregate(10 div Small with max as S))
compute(10 div Small as X)/filter(X gt 1)/aggregate($count as N)
orderby(10 div Small)/top(5)
topcount(1,10 div Small)
topsum(1,10 div Small)
concat(filter(10 div Small gt 1),aggregate($count as N))
"""


@pytest.mark.parametrize("apply", FAILING.strip().splitlines()[1:])
def test_what_fails_in_a_hidden_row_does_not_fail(apply: str) -> None:
    """An error would tell that some row holds a zero."""
    load(ROWS)
    query = f"$apply={encode(apply)}"
    assert len(run(bound(query, SCOPED))) == 1 + apply.startswith("concat")
    with pytest.raises((duckdb.InvalidInputException, duckdb.OutOfRangeException)):
        everyone = bound(query)
        sql = f"SELECT * FROM {everyone.table}"
        connection().execute(sql, named(sql, everyone.parameters)).fetchall()


def test_pages_of_a_result_are_sealed_to_their_query_and_caller(ask: Desk) -> None:
    small = {"Prefer": "odata.maxpagesize=1"}
    address = f"DailyCalls?$apply={BY_AREA}&$orderby=Rows desc&$count=true"
    pages = list(ask.pages(address, EAST, small))
    assert [row for page in pages for row in page.rows] == ask.get(address, EAST).rows
    assert len(pages) == 2
    link = pages[0].json["@odata.nextLink"]
    for other in (
        link.replace("with%20max", "with%20min"),
        link.replace("Rows%20desc", "Rows"),
    ):
        assert other != link
        assert ask.get(other, EAST).code == "InvalidPageToken"
    assert ask.get(link, WEST).code == "InvalidPageToken"
    assert ask.get(address, EAST).header("ETag") != ask.get(address, WEST).header("ETag")
