"""Page tokens: sealed, the same for the same page, bound to version, query and caller; links without secrets."""

from __future__ import annotations

import base64
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.odata import paging
from api.odata.binding.bound_query import BoundQuery, OrderTerm
from api.odata.exchange import Caller
from api.odata.paging import Position
from api.odata.sealing import Sealer
from models.catalogue import CATALOGUE
from models.catalogue.types import Edm
from models.errors import TokenProblem

SEALER = Sealer(b"k" * 32)
VIEW = CATALOGUE.views["DailyCalls"]
CALLER = Caller("key-1", "lead", areas=frozenset({"001", "002"}))
QUERY = BoundQuery(
    view=VIEW,
    columns=VIEW.columns,
    all_columns=True,
    where='"CallCount" > $1',
    order=(OrderTerm('"CallCount"', Edm.INT64, descending=True),),
    parameters=(3,),
    top=None,
    skip=0,
    count=False,
    shape="",
    scoped=True,
)

values = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False),
    st.text(max_size=40),
    st.decimals(allow_nan=False, allow_infinity=False, places=6),
    st.dates(),
    st.datetimes(),
)
positions = st.builds(
    Position,
    version=st.just("20260131T090000Z-000000000001"),
    plan=st.binary(min_size=16, max_size=16),
    row=st.integers(0, 2**40),
    values=st.lists(values, max_size=4).map(tuple),
    left=st.none() | st.integers(0, 2**40),
    count=st.none() | st.integers(0, 2**40),
)


@given(position=positions)
def test_a_position_comes_back_exactly(position: Position) -> None:
    back = paging.unseal(paging.seal(position, SEALER), SEALER)
    assert back == position
    assert [type(value) for value in back.values] == [type(value) for value in position.values]


@given(position=positions)
def test_the_same_page_has_the_same_token_and_it_fits_into_an_address(position: Position) -> None:
    token = paging.seal(position, SEALER)
    assert token == paging.seal(position, SEALER)
    assert set(token) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")


def test_a_token_shows_nothing_of_what_is_in_it() -> None:
    position = Position("20260131T090000Z-000000000001", b"p" * 16, 4711, ("North York",), 12, 34)
    raw = base64.urlsafe_b64decode(paging.seal(position, SEALER) + "==")
    assert b"North York" not in raw
    assert b"20260131" not in raw


@given(position=positions, place=st.integers(0, 10_000), bit=st.integers(0, 7))
def test_a_changed_token_is_refused(position: Position, place: int, bit: int) -> None:
    token = paging.seal(position, SEALER)
    raw = bytearray(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
    raw[place % len(raw)] ^= 1 << bit
    with pytest.raises(TokenProblem):
        paging.unseal(base64.urlsafe_b64encode(bytes(raw)).rstrip(b"=").decode(), SEALER)


@pytest.mark.parametrize("token", ["", "x", "42", "%00", "é", "A" * 20_000, "AAAA====", "a b", "000000000000"])
def test_what_was_never_a_token_is_refused(token: str) -> None:
    with pytest.raises(TokenProblem):
        paging.unseal(token, SEALER)


def test_a_token_of_another_service_is_refused() -> None:
    token = paging.seal(Position("v", b"p" * 16, 1), Sealer(b"o" * 32))
    with pytest.raises(TokenProblem):
        paging.unseal(token, SEALER)


@pytest.mark.parametrize("length", [0, 16, 31, 33])
def test_a_key_has_32_bytes(length: int) -> None:
    with pytest.raises(ValueError, match="32"):
        Sealer(b"k" * length)


@pytest.mark.parametrize(
    "other",
    [
        replace(QUERY, where='"CallCount" >= $1'),
        replace(QUERY, where=None),
        replace(QUERY, parameters=(4,)),
        replace(QUERY, parameters=(Decimal(3),)),
        replace(QUERY, order=()),
        replace(QUERY, order=(OrderTerm('"CallCount"', Edm.INT64, descending=False),)),
        replace(QUERY, columns=VIEW.columns[:4]),
        replace(QUERY, view=CATALOGUE.views["DailyOutcomes"]),
        replace(QUERY, top=10),
        replace(QUERY, count=True),
    ],
)
def test_a_token_of_another_query_is_refused(other: BoundQuery) -> None:
    position = Position("v", paging.fingerprint(QUERY, CALLER), 1)
    paging.check(position, paging.fingerprint(QUERY, CALLER))
    with pytest.raises(TokenProblem):
        paging.check(position, paging.fingerprint(other, CALLER))


@pytest.mark.parametrize(
    "other",
    [
        replace(CALLER, role="analyst"),
        replace(CALLER, areas=frozenset({"001"})),
        replace(CALLER, areas=None),
        replace(CALLER, areas=frozenset()),
        replace(CALLER, teams=frozenset({"001", "002"}), areas=None),
        replace(CALLER, purpose="evaluation"),
    ],
)
def test_a_token_of_another_access_is_refused(other: Caller) -> None:
    assert paging.fingerprint(QUERY, CALLER) != paging.fingerprint(QUERY, other)


def test_a_rotated_key_goes_on_where_the_old_one_stopped() -> None:
    rotated = replace(CALLER, key_id="key-2", areas=frozenset({"002", "001"}))
    assert paging.fingerprint(QUERY, CALLER) == paging.fingerprint(QUERY, rotated)


LINKS = """
query                                            | kept
                                                 |
$filter=A%20eq%20%27x%27&$top=5                  | $filter=A%20eq%20%27x%27&$top=5
%24filter=A%20eq%201&%24orderby=B                | %24filter=A%20eq%201&%24orderby=B
filter=A eq 1&TOP=3                              | filter=A%20eq%201&TOP=3
$skip=20&$count=true                             | $count=true
$skiptoken=old&$select=A                         | $select=A
%24skiptoken=old                                 |
$filter=A eq @p&@p=%27x%27                       | $filter=A%20eq%20@p&@p=%27x%27
key=secret&$top=1                                | $top=1
subscription-key=secret                          |
api_key=s&token=t&password=u&code=v&sig=w        |
$top=1&x=y                                       | $top=1
"""


@pytest.mark.parametrize("line", LINKS.strip("\n").splitlines()[1:])
def test_a_next_link_keeps_the_odata_options_and_nothing_else(line: str) -> None:
    query, kept = (cell.strip() for cell in line.split("|"))
    link = paging.next_link("https://metrics.example/odata/v1/", "DailyCalls", query, "TOKEN")
    joined = f"{kept}&" if kept else ""
    assert link == f"https://metrics.example/odata/v1/DailyCalls?{joined}$skiptoken=TOKEN"


def test_instants_and_days_are_told_apart() -> None:
    position = Position("v", b"", 0, (datetime(2026, 1, 31), date(2026, 1, 31)))  # noqa: DTZ001
    assert [type(value) for value in paging.unseal(paging.seal(position, SEALER), SEALER).values] == [datetime, date]
