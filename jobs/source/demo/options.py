"""What a demo city is made from, and what it turned out to be: `Options` in, `Report` out."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from models.clock import local_day
from models.errors import ConfigurationError

ZONE = "America/Toronto"
CITY = "Demo City (Toronto geography)"
UNFINISHED = "Demo City (unfinished)"
"""The marker's city while rows are being written: a run that was killed is recognised by it and starts over."""

NOTICE = "Demonstration data: every incident, call and person is made up; no real event is shown."
DEFAULT_SEED = 20_260_401
DEFAULT_CALLS = 60_000
DEFAULT_YEARS = 2.0
EPOCH = date(2000, 1, 1)
"""Numbers of records count from here, so that a day keeps its numbers whatever day the city ends on."""


@dataclass(frozen=True)
class Options:
    """`end` is an aware instant: nothing after it has happened yet. `calls` is the expected number of call records."""

    end: datetime
    calls: int = DEFAULT_CALLS
    years: float = DEFAULT_YEARS
    seed: int = DEFAULT_SEED

    def __post_init__(self) -> None:
        if self.calls < 1 or not 0.02 <= self.years <= 20:
            raise ConfigurationError(
                "a demo city needs at least one call, and between 0.02 and 20 years",
                hint="Example: crisis demo --calls 60000 --years 2",
            )

    @property
    def days(self) -> int:
        """Local days, the day of `end` included."""
        return max(7, round(self.years * 365.25))

    @property
    def last_day(self) -> date:
        """The local day of `end`."""
        return local_day(self.end, ZONE)

    @property
    def first_day(self) -> date:
        """The first local day with records."""
        return self.last_day - timedelta(days=self.days - 1)

    @property
    def calls_a_day(self) -> float:
        """Expected call records on an average whole day."""
        return self.calls / self.days

    @property
    def end_utc(self) -> datetime:
        """`end` as the databases hold it: naive UTC."""
        return self.end.astimezone(UTC).replace(tzinfo=None)


Found = tuple[str, str, str]
"""Contract table, field (`record` for the whole record), finding of the catalogue."""


@dataclass
class Report:
    """What was written. `defects` counts what is wrong in the rows as they stand in the database."""

    first_day: date
    last_day: date
    rows: Counter[str] = field(default_factory=Counter)
    defects: Counter[Found] = field(default_factory=Counter)
    gaps: list[tuple[datetime, datetime]] = field(default_factory=list)
    """Hours for which the feed delivered no calls: naive UTC, end exclusive."""
    largest_held: int = 0
    """Most rows that were in memory at a time."""

    def count(self, table: str, name: str, finding: str, times: int = 1) -> None:
        """Note a defect that is in the rows."""
        self.defects[table, name, finding] += times
