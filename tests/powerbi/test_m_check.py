"""How the M is judged, without a judge: parts of a policy, rows kept from refresh to refresh, expressions found in TMDL."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from itertools import pairwise
from typing import Any

import pytest

from powerbi.model import build, tmdl
from tests.powerbi_check import m_parts, m_reading, m_refreshes, m_syntax, m_truth
from tests.powerbi_check.m_dataset import Dataset
from tests.powerbi_check.m_parts import EVER, Policy
from tests.powerbi_check.m_reading import Read, Run
from tests.powerbi_check.rows import AUDIENCES

POLICIES = """
today      | kept    | anew    | first part              | last part kept          | last part of all        | parts
2026-11-25 | 20 year | 20 year | 2007-01-01 - 2008-01-01 | none                    | 2026-01-01 - 2027-01-01 | 20
2026-11-25 | 3 year  | 1 year  | 2024-01-01 - 2025-01-01 | 2025-01-01 - 2026-01-01 | 2026-01-01 - 2027-01-01 | 3
2026-01-01 | 2 year  | 1 year  | 2025-01-01 - 2026-01-01 | 2025-01-01 - 2026-01-01 | 2026-01-01 - 2027-01-01 | 2
2026-01-05 | 1 year  | 14 day  | 2026-01-01 - 2026-01-02 | none                    | 2026-01-05 - 2026-01-06 | 5
2026-03-10 | 1 year  | 14 day  | 2026-01-01 - 2026-02-25 | 2026-01-01 - 2026-02-25 | 2026-03-10 - 2026-03-11 | 15
2026-03-10 | 6 month | 2 month | 2025-10-01 - 2025-11-01 | 2026-01-01 - 2026-02-01 | 2026-03-01 - 2026-04-01 | 6
"""


@pytest.mark.parametrize("line", POLICIES.strip().splitlines()[1:])
def test_a_policy_cuts_the_days_into_parts_that_meet_and_ends_with_the_unit_of_today(line: str) -> None:
    today, keeps, reads, first, last_kept, last, number = (cell.strip() for cell in line.split("|"))
    units = [(int(each.split()[0]), each.split()[1]) for each in (keeps, reads)]
    kept, anew = Policy(*units[0], *units[1]).parts(date.fromisoformat(today))
    every = [*kept, *anew]
    assert [f"{start} - {end}" for start, end in (every[0], every[-1])] == [first, last]
    assert (f"{kept[-1][0]} - {kept[-1][1]}" if kept else "none") == last_kept
    assert len(every) == int(number)
    assert all(one[1] == other[0] for one, other in pairwise(every))


def test_other_ways_to_cut_the_days_leave_none_out() -> None:
    first, last = date(2025, 8, 8), date(2026, 11, 25)
    for cut in (m_parts.months(first, last), m_parts.days_around([first]), m_parts.at_random(first, last, 1, 9)):
        assert (cut[0][0], cut[-1][1]) == EVER
        assert all(one[1] == other[0] and one[0] < one[1] for one, other in pairwise(cut))


def test_a_row_that_lacks_is_twice_there_or_is_another_is_a_difference() -> None:
    one, other = {"Id": 1, "At": "2026-01-01"}, {"Id": 2, "At": None}
    assert m_truth.differences([other, one], [one, other]) == ([], [])
    assert m_truth.differences([one, one, other], [one, other]) == ([one], [])
    assert m_truth.differences([one], [one, other]) == ([], [other])
    assert m_truth.differences([{**one, "Id": "1"}], [one]) == ([{**one, "Id": "1"}], [one])
    assert m_truth.differences([{**one, "Id": 3}], [one], without=("Id",)) == ([], [])


@pytest.mark.parametrize("audience", AUDIENCES)
def test_every_m_expression_is_found_in_the_tmdl_as_the_document_has_it(audience: str) -> None:
    model = build.model(audience)
    policies = sum(table.refresh is not None for table in model.tables)
    found = m_syntax.expressions(tmdl.files(model))
    assert found == m_reading.queries(audience).expressions()
    assert len(found) == len(model.parameters) + len(model.tables) + policies


@pytest.mark.parametrize("audience", AUDIENCES)
def test_no_table_is_left_out_where_versions_are_compared(audience: str) -> None:
    assert m_refreshes.unwatched(audience) == []


RECORDS = tuple(m_reading.queries("analyst").windowed)


class Records:
    """A service with a few records; the M is not run, only its window is applied."""

    def __init__(self) -> None:
        self.days = {1: date(1995, 12, 31), 2: date(2025, 10, 21), 3: date(2026, 11, 24)}

    def read(self, _service: object, _audience: str, runs: Sequence[Run]) -> list[Read]:
        return [
            Read(
                {name: self.rows(run.days) if name in RECORDS else [] for name in run.tables}, types={}, asked=[], faults=[]
            )
            for run in runs
        ]  # fmt: skip

    def rows(self, days: tuple[date, date] | None) -> list[dict[str, Any]]:
        assert days is not None, "a table with a policy is never read whole"
        return [
            {"Id": number, "OperationalDate": day.isoformat()}
            for number, day in self.days.items()
            if days[0] <= day < days[1]
        ]


@pytest.mark.parametrize(
    ("policy", "wanted"),
    [(None, {2: "2025-12-31", 3: "2026-11-24", 4: "2024-05-05"}), (m_refreshes.FORTNIGHT, {2: "2025-10-21", 3: "2026-11-24"})],
    ids=["every part anew", "14 days anew"],
)  # fmt: skip
def test_old_rows_are_right_only_where_their_part_is_read_anew(
    policy: Policy | None, wanted: dict[int, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    service: Any = Records()
    monkeypatch.setattr(m_reading, "read", service.read)
    dataset = Dataset.of("analyst") if policy is None else Dataset("analyst", dict.fromkeys(RECORDS, policy))
    dataset.refresh(service, date(2026, 11, 25))
    assert {row["Id"] for row in dataset.rows["Requests"]} == {2, 3}, "what is older than the kept years is not loaded"
    service.days |= {2: date(2025, 12, 31), 4: date(2024, 5, 5)}
    dataset.refresh(service, date(2026, 11, 26))
    assert {row["Id"]: row["OperationalDate"] for row in dataset.rows["Requests"]} == wanted


def test_a_part_that_has_left_the_kept_years_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    service: Any = Records()
    monkeypatch.setattr(m_reading, "read", service.read)
    dataset = Dataset("analyst", dict.fromkeys(RECORDS, Policy(2, "year", 1, "year")))
    dataset.refresh(service, date(2026, 11, 25))
    assert [row["Id"] for row in dataset.rows["Calls"]] == [2, 3]
    dataset.refresh(service, date(2027, 1, 1))
    assert [row["Id"] for row in dataset.rows["Calls"]] == [3]
