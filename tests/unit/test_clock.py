"""City time: DST both ways, midnight, year end, instants with and without offsets."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from models import clock

TORONTO = "America/Toronto"

DAYS = """
local day    | hours | starts (UTC)
2026-03-08   | 23    | 2026-03-08T05:00:00.000Z
2026-11-01   | 25    | 2026-11-01T04:00:00.000Z
2024-02-29   | 24    | 2024-02-29T05:00:00.000Z
2026-07-01   | 24    | 2026-07-01T04:00:00.000Z
2026-12-31   | 24    | 2026-12-31T05:00:00.000Z
"""


@pytest.mark.parametrize("line", DAYS.strip().splitlines()[1:])
def test_days_have_their_own_length(line: str) -> None:
    day, hours, starts = (part.strip() for part in line.split("|"))
    assert clock.hours_in_day(date.fromisoformat(day), TORONTO) == int(hours)
    assert clock.iso(clock.day_start(date.fromisoformat(day), TORONTO)) == starts


def test_an_instant_falls_in_the_local_day() -> None:
    assert clock.local_day(datetime(2026, 1, 1, 4, 59, 59, tzinfo=UTC), TORONTO) == date(2025, 12, 31)
    assert clock.local_day(datetime(2026, 1, 1, 5, 0, 0, tzinfo=UTC), TORONTO) == date(2026, 1, 1)


def test_doubled_and_missing_hours_are_known() -> None:
    assert clock.is_ambiguous(datetime(2026, 11, 1, 1, 30), TORONTO)  # noqa: DTZ001 - a wall time has no zone
    assert not clock.is_ambiguous(datetime(2026, 11, 1, 2, 30), TORONTO)  # noqa: DTZ001
    assert clock.is_missing(datetime(2026, 3, 8, 2, 30), TORONTO)  # noqa: DTZ001
    assert not clock.is_missing(datetime(2026, 3, 8, 3, 30), TORONTO)  # noqa: DTZ001
    assert not clock.is_ambiguous(datetime(2026, 3, 8, 2, 30), TORONTO)  # noqa: DTZ001


def test_now_can_be_stopped_and_an_instant_needs_an_offset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRISIS_NOW", "2026-01-31T00:00:00.5-05:00")
    assert clock.iso(clock.now()) == "2026-01-31T05:00:00.500Z"
    with pytest.raises(ValueError, match="no offset"):
        clock.parse_instant("2026-01-31T00:00:00")
