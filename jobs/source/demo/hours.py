"""When things happen: hour and weekday shape, seasons, days on which clocks change, gaps in the feed.

Local wall time in, naive UTC out. A day on which clocks change has 23 or 25 hours here as well.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from jobs.source.demo.chance import Chance, Shares, seeded
from jobs.source.demo.options import ZONE
from models.clock import day_end, day_start

PLACE = ZoneInfo(ZONE)

CALL_HOURS = {
    "week": (22, 17, 14, 11, 10, 11, 15, 24, 36, 45, 50, 53, 55, 57, 60, 62, 63, 62, 60, 57, 52, 46, 38, 30),
    "weekend": (33, 29, 25, 20, 15, 13, 14, 18, 26, 35, 42, 47, 50, 52, 54, 55, 56, 57, 58, 58, 56, 52, 46, 40),
}
"""Calls by local hour, as weights; the quietest hour is before dawn, the busiest in the late afternoon."""

VIOLENCE_HOURS = {
    "week": (50, 44, 38, 30, 20, 13, 10, 10, 12, 14, 17, 20, 23, 27, 34, 40, 42, 44, 48, 54, 60, 66, 66, 60),
    "weekend": (72, 74, 72, 62, 40, 22, 12, 9, 10, 12, 15, 18, 22, 26, 31, 36, 40, 44, 50, 58, 66, 74, 78, 76),
}
WORK_HOURS = {"week": (*(1,) * 7, 8, *(30,) * 9, 12, 6, *(3,) * 5), "weekend": (*(1,) * 8, *(6,) * 10, *(2,) * 6)}

WEEKDAYS = (0.98, 0.99, 1.0, 1.01, 1.05, 1.02, 0.95)
"""Calls by weekday, Monday first."""

GAP_DAYS = 0.006
"""Share of days on which the feed fails for 2 to 5 hours."""


@dataclass(frozen=True)
class Day:
    """One local day: `start` and `end` are naive UTC, `hours` the instants at which its local hours begin."""

    on: date
    start: datetime
    end: datetime
    hours: tuple[tuple[int, datetime], ...]

    @classmethod
    def of(cls, day: date) -> Day:
        """23, 24 or 25 hours; a doubled local hour stands in `hours` twice."""
        start, end = _naive(day_start(day, ZONE)), _naive(day_end(day, ZONE))
        count = round((end - start) / timedelta(hours=1))
        beginnings = (start + timedelta(hours=number) for number in range(count))
        return cls(day, start, end, tuple((local(moment).hour, moment) for moment in beginnings))

    @property
    def kind(self) -> str:
        """`week` or `weekend`."""
        return "weekend" if self.on.weekday() >= 5 else "week"

    def shape(self, weights: Mapping[str, tuple[int, ...]]) -> Shares[datetime]:
        """The beginnings of this day's hours with the weights of their local hours."""
        table = weights[self.kind]
        return Shares.of([(moment, table[hour]) for hour, moment in self.hours])

    def doubled(self) -> tuple[datetime, datetime] | None:
        """The two hours that bear one local name when clocks go back: naive UTC, end exclusive; None on other days."""
        if len(self.hours) != 25:
            return None
        first = next(
            moment for (hour, moment), (again, _) in zip(self.hours, self.hours[1:], strict=False) if hour == again
        )
        return first, first + timedelta(hours=2)

    def gap(self, seed: int) -> tuple[datetime, datetime] | None:
        """The hours of this day for which the feed failed, if it did."""
        chance = seeded(seed, "gap", self.on)
        if not chance.yes(GAP_DAYS):
            return None
        first = chance.randrange(6, 18)
        begin = self.hours[first][1]
        return begin, begin + timedelta(hours=chance.randint(2, 5))


def moment_in(hour: datetime, chance: Chance) -> datetime:
    """A second within the hour that begins there."""
    return hour + timedelta(seconds=int(chance.random() * 3600))


def level(day: date, first: date) -> float:
    """Calls of a day over those of the average day: weekday, season (busiest in July), slow growth."""
    season = 1.0 + 0.11 * math.cos(2 * math.pi * (day.timetuple().tm_yday - 197) / 365.25)
    growth = 1.0 + 0.06 * ((day - first).days / 365.25 - 1.0)
    return WEEKDAYS[day.weekday()] * season * max(0.5, growth)


def violence_level(day: date) -> float:
    """Violent incidents of a day over those of the average day: summers and weekends are worse."""
    season = 1.0 + 0.25 * math.cos(2 * math.pi * (day.timetuple().tm_yday - 200) / 365.25)
    return season * (1.25 if day.weekday() >= 4 else 0.81)


def local(moment: datetime) -> datetime:
    """A naive UTC instant as wall time in the city."""
    return moment.replace(tzinfo=UTC).astimezone(PLACE)


def midnight_before(moment: datetime) -> datetime:
    """What a naive UTC instant becomes when only its local date is typed."""
    return _naive(datetime.combine(local(moment).date(), time.min, tzinfo=PLACE))


def _naive(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(tzinfo=None)
