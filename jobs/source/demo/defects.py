"""What goes wrong in working databases, planted at small known rates and counted in the report.

One draw for a row decides on at most one defect, so that the counts can be checked against the rows. What
a defect needs and does not find (a clock that is not there) is not planted and not counted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from jobs.source.demo.chance import Chance
from jobs.source.demo.hours import midnight_before

if TYPE_CHECKING:
    from jobs.source.demo.ledger import Ledger

Row = dict[str, Any]


@dataclass(frozen=True)
class Defect:
    """`share` of the table's rows. `make` changes the row and says whether it did."""

    table: str
    name: str
    finding: str
    share: float
    make: Callable[[Row, Chance, datetime], bool]


def missing(clock: str) -> Callable[[Row, Chance, datetime], bool]:
    """The clock was never typed."""

    def make(row: Row, _chance: Chance, _end: datetime) -> bool:
        there = row[clock] is not None
        row[clock] = None
        return there

    return make


def before(clock: str, other: str) -> Callable[[Row, Chance, datetime], bool]:
    """The clock was typed wrongly and lies 1 to 40 minutes before the one that it should follow."""

    def make(row: Row, chance: Chance, _end: datetime) -> bool:
        if row[clock] is None or row[other] is None:
            return False
        row[clock] = row[other] - chance.between(60, 2400)
        return True

    return make


def too_early(clock: str) -> Callable[[Row, Chance, datetime], bool]:
    """The clock was typed 6 hours early: before the call came in."""

    def make(row: Row, _chance: Chance, _end: datetime) -> bool:
        if row[clock] is None:
            return False
        row[clock] -= timedelta(hours=6)
        return True

    return make


def date_only(clock: str) -> Callable[[Row, Chance, datetime], bool]:
    """Only the date was typed: local midnight, which the source's export flags."""

    def make(row: Row, _chance: Chance, _end: datetime) -> bool:
        if row[clock] is None or row["clock_flags"]:
            return False
        row[clock] = midnight_before(row[clock])
        row["clock_flags"] = f"{clock}:date_only"
        return True

    return make


def foreign(column: str, word: str) -> Callable[[Row, Chance, datetime], bool]:
    """A word that is in no code list and in no map."""

    def make(row: Row, _chance: Chance, _end: datetime) -> bool:
        if row[column] is None:
            return False
        row[column] = word
        return True

    return make


def late(row: Row, chance: Chance, end: datetime) -> bool:
    """Typed 2 to 9 days after the fact; only what has arrived by the end instant is there at all."""
    typed = row["updated_at"] + timedelta(days=2) + chance.between(0, 7 * 86_400)
    if typed > end:
        return False
    row["updated_at"] = typed
    return True


def too_long(row: Row, _chance: Chance, end: datetime) -> bool:
    """The unit forgot to clear and was cleared the next day."""
    if row["time_unit_clear"] is None or row["time_unit_clear"] + timedelta(days=1) > end:
        return False
    row["time_unit_clear"] += timedelta(days=1)
    row["updated_at"] = max(row["updated_at"], row["time_unit_clear"])
    return True


def orphaned(column: str) -> Callable[[Row, Chance, datetime], bool]:
    """Points to a record that was removed."""

    def make(row: Row, _chance: Chance, _end: datetime) -> bool:
        if row[column] is None:
            return False
        row[column] = -row[column]
        return True

    return make


def twice(row: Row, _chance: Chance, _end: datetime) -> bool:
    """Saved twice: equal but for the number. Only plain records, so that no other count doubles."""
    return not row.get("clock_flags") and all(name not in row or row[name] in plain for name, plain in PLAIN.items())


PLAIN: dict[str, tuple[object, ...]] = {
    "kind": ("service", "information", "support", "data", "media", "community"),
    "duplicate_of": (None,),
    "status": ("open", "responding", "monitoring", "closed"),
    "merged_into": (None,),
    "reopened_at": (None,),
    "stop_reason": ("none", "declined", "unable_to_locate", "resolved_by_phone"),
}

DEFECTS = (
    Defect("call", "call_answering", "missing_clock", 0.004, missing("call_answering")),
    Defect("call", "call_create", "missing_clock", 0.002, missing("call_create")),
    Defect("call", "triaged_at", "clock_order", 0.002, before("triaged_at", "call_create")),
    Defect("call", "source", "unmapped_code", 0.003, foreign("source", "intake desk 7")),
    Defect("call", "record", "duplicate_natural_key", 0.004, twice),
    Defect("call", "record", "late_row", 0.01, late),
    Defect("unit_response", "time_on_scene", "missing_clock", 0.03, missing("time_on_scene")),
    Defect("unit_response", "time_enroute_to_scene", "missing_clock", 0.03, missing("time_enroute_to_scene")),
    Defect("unit_response", "time_unit_clear", "missing_clock", 0.01, missing("time_unit_clear")),
    Defect("unit_response", "time_on_scene", "clock_order", 0.003, before("time_on_scene", "time_enroute_to_scene")),
    Defect("unit_response", "time_dispatch", "clock_order", 0.002, too_early("time_dispatch")),
    Defect("unit_response", "time_engaged", "date_without_time", 0.01, date_only("time_engaged")),
    Defect("unit_response", "time_unit_clear", "too_long", 0.001, too_long),
    Defect("unit_response", "contact_outcome", "unmapped_code", 0.003, foreign("contact_outcome", "see notes")),
    Defect("unit_response", "disposition", "unmapped_code", 0.004, foreign("disposition", "other (see file)")),
    Defect("unit_response", "record", "duplicate_natural_key", 0.003, twice),
    Defect("unit_response", "record", "late_row", 0.006, late),
    Defect("incident", "needs_assessment_at", "date_without_time", 0.02, date_only("needs_assessment_at")),
    Defect("incident", "occurred_from", "date_without_time", 0.008, date_only("occurred_from")),
    Defect("incident", "needs_assessment_at", "clock_order", 0.01, before("needs_assessment_at", "notified_at")),
    Defect("incident", "type_code", "unmapped_code", 0.003, foreign("type_code", "MISC 7")),
    Defect("incident", "record", "duplicate_natural_key", 0.004, twice),
    Defect("incident", "record", "late_row", 0.01, late),
    Defect("referral", "service", "unmapped_code", 0.005, foreign("service", "ask Jo")),
    Defect("referral", "connected_at", "clock_order", 0.002, before("connected_at", "made_at")),
    Defect("referral", "contact_id", "orphan", 0.001, orphaned("contact_id")),
    Defect("follow_up", "attempted_at", "missing_clock", 0.004, missing("attempted_at")),
    Defect("request", "first_answer_at", "clock_order", 0.004, before("first_answer_at", "received_at")),
    Defect("request", "record", "duplicate_natural_key", 0.004, twice),
)

BY_TABLE: dict[str, tuple[Defect, ...]] = {
    table: tuple(defect for defect in DEFECTS if defect.table == table)
    for table in {defect.table for defect in DEFECTS}
}
KEYS = {"call": "call_id", "incident": "incident_id", "unit_response": "response_id", "request": "request_id"}


def plant(table: str, row: Row, chance: Chance, ledger: Ledger) -> Iterator[Row]:
    """Perhaps spoil the row in place; yields the copy where it was saved twice."""
    lot = chance.random()
    for defect in BY_TABLE.get(table, ()):
        if lot >= defect.share:
            lot -= defect.share
            continue
        if defect.make(row, chance, ledger.end):
            ledger.report.count(table, defect.name, defect.finding)
            if defect.make is twice:
                yield row | {KEYS[table]: ledger.number(table)}
        return
