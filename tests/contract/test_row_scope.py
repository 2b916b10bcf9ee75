"""Two keys of one role with different areas never share a byte of each other's rows: bodies, counts, tags, tokens."""

from __future__ import annotations

import re
from typing import Any

import pytest

from api.odata.exchange import Caller
from models.catalogue import CATALOGUE
from models.catalogue.types import View
from tests.helpers.asking import Desk, caller

EAST, WEST = caller(areas={"001", "nsa"}, key_id="east"), caller(areas={"002", "003"}, key_id="west")
TEAM_EAST, TEAM_WEST = caller(teams={"east"}, key_id="east"), caller(teams={"west", "none"}, key_id="west")
PAIRS = {"areas": (EAST, WEST), "teams": (TEAM_EAST, TEAM_WEST)}
SMALL = {"Prefer": "odata.maxpagesize=3"}
SHAPES = (
    "",
    "?$orderby=SnapshotId desc",
    "?$filter=not (SnapshotId eq null)",
    "?$count=true",
    "?$select=SnapshotId",
)


def _column(view: View, what: str) -> str | None:
    return view.area if what == "areas" else view.team


SCOPED = [(view, what) for what in PAIRS for view in CATALOGUE.views.values() if _column(view, what)]
scoped = pytest.mark.parametrize(
    ("view", "what"), SCOPED, ids=lambda item: item if isinstance(item, str) else item.name
)


def allowed(who: Caller, what: str) -> frozenset[str]:
    found = who.areas if what == "areas" else who.teams
    assert found is not None
    return found


@scoped
@pytest.mark.parametrize("shape", SHAPES)
def test_each_gets_its_rows_and_all_of_them(ask: Desk, view: View, what: str, shape: str) -> None:
    column = str(_column(view, what))
    address = f"{view.name}{shape}" if "select" not in shape else f"{view.name}{shape},{column}"
    everything = ask.all_rows(address)
    values = {row[column] for row in everything}
    for who in PAIRS[what]:
        mine = ask.all_rows(address, who, SMALL)
        assert mine == [row for row in everything if row[column] in allowed(who, what)]
    assert not values - allowed(PAIRS[what][0], what) - allowed(PAIRS[what][1], what)


@scoped
def test_no_byte_of_the_others_rows(ask: Desk, view: View, what: str) -> None:
    """Not in a page, a link, a header or a trace; and no two answers have the same tag."""
    for shape in SHAPES:
        mine, theirs = (list(ask.pages(f"{view.name}{shape}", who, SMALL)) for who in PAIRS[what])
        tags = [page.header("ETag") for page in (*mine, *theirs)]
        assert len(set(tags)) == len(tags)
        if "select" in shape or not mine or not theirs:
            continue
        my_rows = {row for page in mine for row in _lines(page.body)}
        assert my_rows.isdisjoint(row for page in theirs for row in _lines(page.body))


@scoped
def test_the_token_of_one_is_refused_for_the_other(ask: Desk, view: View, what: str) -> None:
    one, other = PAIRS[what]
    headers = {"Prefer": "odata.maxpagesize=1"}
    for first, second in ((one, other), (other, one), (one, caller()), (caller(), one)):
        link = ask.get(view.name, first, headers).json.get("@odata.nextLink")
        if link is None:
            assert len(ask.all_rows(view.name, first)) <= 1
            continue
        assert ask.get(link, first, headers).status == 200
        refused = ask.get(link, second, headers)
        assert (refused.status, refused.code) == (400, "InvalidPageToken")


@scoped
def test_the_tag_of_one_is_no_tag_of_the_other(ask: Desk, view: View, what: str) -> None:
    one, other = PAIRS[what]
    tag = str(ask.get(view.name, one).header("ETag"))
    assert ask.get(view.name, one, {"If-None-Match": tag}).status == 304
    assert ask.get(view.name, other, {"If-None-Match": tag}).status == 200


@scoped
def test_ordinals_do_not_show_how_many_rows_are_hidden(ask: Desk, view: View, what: str) -> None:
    """No digit in a link but those of the sealed token: its length does not depend on what is hidden."""
    for who in PAIRS[what]:
        links = [
            page.json.get("@odata.nextLink", "") for page in ask.pages(view.name, who, {"Prefer": "maxpagesize=1"})
        ]
        assert all(re.fullmatch(r"https://[^?]+\?\$skiptoken=[A-Za-z0-9_-]+", link) for link in links[:-1])


def test_an_empty_scope_sees_no_row_and_no_error(ask: Desk) -> None:
    nobody = caller(areas=set())
    assert ask.get("Calls", nobody).rows == []
    assert ask.get("Calls/$count", nobody).body == b"0"
    assert ask.get("Calls?$count=true&$orderby=CallId desc", nobody).json["@odata.count"] == 0


def test_nothing_is_computed_in_rows_that_are_hidden(ask: Desk) -> None:
    """A division that fails only in another area's rows tells nothing about them."""
    rows: list[dict[str, Any]] = ask.get("Calls").rows
    hidden = next(row["CallId"] for row in rows if row["AreaId"] == "002")
    for shape in (f"$filter=1 div (CallId sub {hidden}) eq 7", f"$orderby=1 div (CallId sub {hidden})"):
        assert ask.get(f"Calls?{shape}", caller(areas={"002"})).status == 400
        assert ask.get(f"Calls?{shape}", caller(areas={"001"})).status == 200


def _lines(body: bytes) -> list[bytes]:
    """The rows of a page, one a line, as they were sent."""
    return [line.rstrip(b",") for line in body.splitlines()[1:-1]]
