"""What may go wrong with a delivery, on purpose: a source is damaged for one night and is whole again on the next.

Each fault names what the refresh has to say about it. Used by the drill of a year of nights, which holds the ledger of
faults against what was said.
"""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from models.catalogue import CATALOGUE
from models.clock import day_end, day_start, local_day

LINKS = (
    ("dispatch", "call_id", "call"),
    ("unit_response", "call_id", "call"),
    ("person_contact", "response_id", "unit_response"),
    ("follow_up", "contact_id", "person_contact"),
    ("referral", "contact_id", "person_contact"),
)
"""Table, the column by which it points at another, and that one; in order, so that a call takes all with it."""


@dataclass(frozen=True)
class Moment:
    """The night in which it goes wrong: now (aware UTC) and the city's zone."""

    now: datetime
    zone: str

    def days_ago(self, days: int) -> tuple[str, str]:
        """Start and end of a local day, as the source writes clocks."""
        day = local_day(self.now, self.zone) - timedelta(days=days)
        return text(day_start(day, self.zone)), text(day_end(day, self.zone))


@dataclass(frozen=True)
class Fault:
    """`says`: every one of these must be said, by check or by error code; `may_say`: what follows from it.

    `cures`: it is gone when the run is tried again.
    """

    name: str
    damage: Callable[[sqlite3.Connection, Moment], None] | None
    says: frozenset[str]
    may_say: frozenset[str] = frozenset()
    cures: bool = False

    @property
    def stops(self) -> bool:
        """The night must not publish: an error, or a check that the catalogue says is blocking."""
        checks = CATALOGUE.checks
        return not self.cures and any(word not in checks or checks[word].blocking for word in self.says)


@contextmanager
def damaged(source: Path, fault: Fault, moment: Moment) -> Iterator[None]:
    """The source as the fault leaves it, while inside. A fault without damage takes the whole file away."""
    whole = source.with_suffix(".whole")
    if fault.damage is None:
        source.rename(whole)
    else:
        shutil.copyfile(source, whole)
        connection = sqlite3.connect(source)
        with connection:
            fault.damage(connection, moment)
        connection.close()
    try:
        yield
    finally:
        whole.replace(source)


def text(moment: datetime) -> str:
    """An aware instant as SQLite holds it: naive UTC."""
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")


def half_a_day(con: sqlite3.Connection, moment: Moment) -> None:
    """Calls since noon of the last whole day, and what belongs to them, were not delivered."""
    start, end = moment.days_ago(1)
    noon = text(datetime.fromisoformat(start).replace(tzinfo=UTC) + timedelta(hours=12))
    _without_calls(con, "call_arrival >= ? AND call_arrival < ?", (noon, end))


def two_sources(con: sqlite3.Connection, moment: Moment) -> None:
    """No call of the last whole day that came by 911 or 211: six of seven."""
    _without_calls(con, "source IN ('911', '211') AND call_arrival >= ? AND call_arrival < ?", moment.days_ago(1))


def most_calls(con: sqlite3.Connection, _moment: Moment) -> None:
    """Two thirds of all calls are gone."""
    _without_calls(con, "call_id % 3 > 0", ())


def _without_calls(con: sqlite3.Connection, condition: str, values: tuple[str, ...]) -> None:
    con.execute(f"DELETE FROM call WHERE {condition}", values)
    for table, link, above in LINKS:
        key = {"call": "call_id", "unit_response": "response_id", "person_contact": "contact_id"}[above]
        con.execute(f"DELETE FROM {table} WHERE {link} NOT IN (SELECT {key} FROM {above})")


def silence(con: sqlite3.Connection, moment: Moment) -> None:
    """The source stands still: it is a copy of two days ago."""
    then = text(moment.now - timedelta(days=2))
    for table in (
        "incident",
        "call",
        "dispatch",
        "unit_response",
        "person_contact",
        "follow_up",
        "referral",
        "request",
    ):
        con.execute(f"DELETE FROM {table} WHERE updated_at >= ?", (then,))


def new_word(con: sqlite3.Connection, moment: Moment) -> None:
    """The source began to call a priority by a word of its own, another one each time: a known word is no news."""
    start, end = moment.days_ago(1)
    word = f"Z{start[5:10]}"
    con.execute("UPDATE call SET priority = ? WHERE call_arrival >= ? AND call_arrival < ?", (word, start, end))


def new_areas(con: sqlite3.Connection, moment: Moment) -> None:
    """For ten days places have had words that nobody knows."""
    start, _ = moment.days_ago(10)
    con.execute("UPDATE location SET area_word = 'Sector ' || area_word WHERE updated_at >= ?", (start,))


def clocks_out_of_order(con: sqlite3.Connection, moment: Moment) -> None:
    """For three days units have been on scene hours before they were sent."""
    start, _ = moment.days_ago(3)
    con.execute(
        "UPDATE unit_response SET time_on_scene = strftime('%Y-%m-%d %H:%M:%S.000000', time_dispatch, '-3 hours') "
        "WHERE time_dispatch >= ?",
        (start,),
    )


def clocks_ahead(con: sqlite3.Connection, moment: Moment) -> None:
    """Clocks of the last day lie in the next year."""
    ahead = text(moment.now + timedelta(days=365))
    con.execute(
        "UPDATE call SET closed_at = ? WHERE call_arrival >= ? AND call_arrival < ?", (ahead, *moment.days_ago(1))
    )


def no_requests(con: sqlite3.Connection, _moment: Moment) -> None:
    """A table is not there."""
    con.execute("DROP TABLE request")


def no_priority(con: sqlite3.Connection, _moment: Moment) -> None:
    """A column is not there."""
    con.execute("ALTER TABLE call DROP COLUMN priority")


FEWER = frozenset({"calls_by_source", "calls_unusual", "days_without_calls", "fewer_new_rows"})
"""What may follow from calls that are not there."""
FAULTS = (
    Fault("half a day lost", half_a_day, frozenset({"half_day_missing"}), FEWER),
    Fault("source silent", silence, frozenset({"half_day_missing"}), FEWER),
    Fault("two call sources silent", two_sources, frozenset({"calls_by_source"}), FEWER | {"half_day_missing"}),
    Fault("a word that nobody knows", new_word, frozenset({"unknown_codes"}), frozenset({"unmapped_codes"})),
    Fault("areas by new words", new_areas, frozenset({"area_match_rate"}), frozenset({"unknown_areas"})),
    Fault("clocks out of order", clocks_out_of_order, frozenset({"clock_order"})),
    Fault("clocks in the future", clocks_ahead, frozenset({"clocks_in_future"})),
    Fault("two thirds of the calls gone", most_calls, frozenset({"rows_lost"}), FEWER),
    Fault("a table gone", no_requests, frozenset({"ContractBroken"})),
    Fault("a column gone", no_priority, frozenset({"ContractBroken"})),
    Fault("source away all night", None, frozenset({"SourceUnreachable"})),
    Fault("source away, then back", None, frozenset({"SourceUnreachable"}), cures=True),
)
