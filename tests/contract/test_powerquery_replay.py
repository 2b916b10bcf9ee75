"""The recorded requests of Power Query, Power BI and Excel, replayed on our views with their own headers.

The table is tests/helpers/powerquery.py. Without the reference file the same addresses are asked for with Power Query's
header set.
"""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from models.catalogue import CATALOGUE
from tests.helpers.asking import POWER_QUERY, ROOT, Answered, Desk
from tests.helpers.powerquery import AT_THE_EDGE, REPLAYS, Replay, Row
from tests.helpers.service import running


def entries(shared: Path) -> dict[str, dict[str, Any]]:
    """The reference file by entry."""
    loaded = json.loads((shared / "odata" / "powerquery-requests.json").read_text())
    return {entry["id"]: entry for entry in loaded}


def judge(replay: Replay, found: Answered, ask: Desk) -> None:
    """The answer is what the entry expects: status, one version header, JSON, and exactly the right rows."""
    assert found.status == replay.status, found.body
    assert [value for name, value in found.headers if name == "OData-Version"] == ["4.0"]
    if replay.status != 200:
        assert replay.says in found.body.decode()
        return
    assert found.header("Content-Type") == "application/json;odata.metadata=minimal"
    assert found.json["@odata.context"].startswith(f"{ROOT}$metadata#{replay.view}")
    fragment = found.json["@odata.context"].partition("#")[2]
    assert "()" not in fragment
    assert replay.context in (None, fragment)
    expected = expected_rows(replay, ask)
    assert expected
    if replay.single:
        (row,) = expected
        assert found.json == {"@odata.context": f"{ROOT}$metadata#{replay.view}/$entity", **row}
        return
    assert found.rows == expected
    assert "@odata.nextLink" not in found.json


def expected_rows(replay: Replay, ask: Desk) -> list[Row]:
    """The rows of the whole feeds, filtered, joined, grouped and cut in plain Python."""
    rows = [row for row in ask.get(replay.view).rows if replay.keeps(row)]
    if replay.grouped:
        counts = Counter(tuple(row[name] for name in replay.grouped) for row in rows)
        lowest_null = sorted(counts, key=lambda group: [(value is not None, value) for value in group])
        made = [dict(zip(replay.grouped, group, strict=True)) for group in lowest_null]
        rows = [
            row | {"Count@odata.type": "#Decimal", "Count": counts[group]}
            for row, group in zip(made, lowest_null, strict=True)
        ]
    else:
        rows = [
            {name: row[name] for name in replay.columns or row}
            | {name: partner(ask, replay.view, name, row, columns) for name, columns in replay.related.items()}
            for row in rows
        ]
    return rows[replay.skip :][: replay.top]


def partner(ask: Desk, view: str, navigation: str, row: Row, columns: tuple[str, ...]) -> Row | None:
    """The row that a navigation leads to."""
    declared = next(each for each in CATALOGUE.views[view].navigations if each.name == navigation)
    key = CATALOGUE.views[declared.target].key
    for other in ask.get(declared.target).rows:
        if all(row[ours] == other[theirs] for ours, theirs in zip(declared.columns, key, strict=True)):
            return {name: other[name] for name in columns or other}
    return None


@pytest.mark.parametrize("replay", REPLAYS, ids=lambda replay: replay.id)
def test_our_address_with_power_querys_headers(ask: Desk, replay: Replay) -> None:
    judge(replay, ask.get(replay.ours, headers=POWER_QUERY), ask)


@pytest.mark.shared
@pytest.mark.parametrize("replay", REPLAYS, ids=lambda replay: replay.id)
def test_the_recorded_request_with_its_own_headers(ask: Desk, shared: Path, replay: Replay) -> None:
    entry = entries(shared)[replay.id]
    address = entry["url"]
    for theirs, ours in replay.words:
        assert theirs in address, f"{theirs} is not in {address}"
        address = address.replace(theirs, ours)
    assert address == replay.ours
    judge(replay, ask.get(address, headers=entry["headers"]), ask)


def test_a_date_with_a_z_is_refused_with_the_form_that_is_meant(ask: Desk) -> None:
    """Analysts type `2025-01-01Z` into feed URLs for another server; the grammar has no such date."""
    found = ask.get(
        "Calls?$apply=filter(OperationalDate ge 2025-01-01Z)/aggregate($count as Count)", headers=POWER_QUERY
    )
    assert found.status == 400
    assert "Write 42, 4.2, 2026-01-31 or 05:00:00." in found.body.decode()


@pytest.mark.shared
def test_the_sign_in_question_gets_its_challenge(published: Path, shared: Path, tmp_path: Path) -> None:
    """`pq-orgaccount-challenge`, word for word, at the edge of the whole service."""
    shutil.copytree(published, tmp_path / "snapshots")
    headers = entries(shared)["pq-orgaccount-challenge"]["headers"]
    with running(tmp_path) as service:
        found = service.get("/odata/v1/", headers=headers)
    assert found.status_code == 401
    assert found.headers.get_list("www-authenticate")[0].startswith("Bearer authorization_uri=https://login.microsoft")


@pytest.mark.shared
def test_every_recorded_request_is_accounted_for(shared: Path, figure: Callable[[str], None]) -> None:
    recorded = entries(shared)
    replayed = {*(replay.id for replay in REPLAYS), *AT_THE_EDGE}
    assert replayed == set(recorded)
    assert len(REPLAYS) + len(AT_THE_EDGE) == len(recorded)
    replayable = {name for name, entry in recorded.items() if entry["replayable"]}
    more = f", and {len(replayed - replayable)} that are no whole request, completed"
    figure(f"Power Query requests replayed: {len(replayable & replayed)} of {len(replayable)}{more}")
