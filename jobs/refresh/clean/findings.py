"""Defects of the source, counted: table `fact.finding` (day, table, field, finding, affected, excluded) and
`fact.looked_at` (records by table and day). What counts as a defect is declared here, one line each.

Called by clean once the facts are made. Counts only: no value of a row leaves this module.
In a condition, `s` is the source row, `f` its fate, `k` the fact that it became (null: it does not count).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import duckdb

from jobs.refresh.anchors import ANCHORS
from jobs.refresh.clean import seen
from jobs.source.contract import ContractTable
from models.snapshot.rowtext import literal, quoted

SKEW_MINUTES = 5
"""Clocks of source and job differ this much without anybody's fault."""
LATE_HOURS = 24
RECORD = "record"
COUNTS = "f.fate IS NULL"
"""The row became a fact. Not `k IS NOT NULL`: DuckDB says that of an outer join's missing row too."""


@dataclass(frozen=True)
class Finding:
    """`condition` marks the affected rows, `excluded` those of them that a figure leaves out (SQL, on s, f, k)."""

    field: str
    code: str
    condition: str
    excluded: str = "false"


def _out(field: str, code: str, fate: str) -> Finding:
    return Finding(field, code, f"f.fate = {literal(fate)}", "true")


def _lacks(clock: str, condition: str = COUNTS) -> Finding:
    """A clock that a record which counts should have; figures that need it leave the record out."""
    return Finding(clock, "missing_clock", f"s.{clock} IS NULL AND {condition}", "true")


def _order(field: str, milliseconds: str) -> Finding:
    return Finding(field, "clock_order", f"{milliseconds} < 0", "true")


def _too_long(field: str, milliseconds: str) -> Finding:
    return Finding(field, "too_long", f"too_long({milliseconds})", "true")


def _response_interval(*fields: tuple[str, str]) -> tuple[Finding, ...]:
    return tuple(make(field, column) for field, column in fields for make in (_order, _too_long))


AREA = (
    Finding("location_id", "unknown_area", f"{COUNTS} AND p.area_unknown"),
    Finding(
        "location_id",
        "area_missing",
        "k.area_id = 'unknown' AND (s.location_id IS NULL OR p.area_missing)",
    ),
    Finding("location_id", "point_zero", f"{COUNTS} AND p.point_zero"),
    Finding("location_id", "orphan", f"{COUNTS} AND s.location_id IS NOT NULL AND p.location_id IS NULL"),
)


@dataclass(frozen=True)
class Inspection:
    """One contract table: its rows joined to fate and fact (SQL after FROM); its anchor says by when a row is late."""

    table: str
    rows: str
    findings: tuple[Finding, ...]
    day: str = "f.day"


INSPECTIONS = (
    Inspection(
        "incident",
        """src.incident s JOIN fact.incident_fate f USING (incident_id)
        LEFT JOIN fact.incident k USING (incident_id) LEFT JOIN fact.place p ON p.location_id = s.location_id
        LEFT JOIN src.incident t ON t.incident_id = s.merged_into""",
        (
            _out(RECORD, "duplicate_natural_key", "duplicate"),
            _out(RECORD, "merged_incident", "merged"),
            _out(RECORD, "excluded_status", "excluded_status"),
            Finding(RECORD, "reopened_incident", "k.reopened"),
            Finding(
                "merged_into",
                "orphan",
                "(s.merged_into IS NOT NULL AND t.incident_id IS NULL)"
                " OR (f.fate = 'merged' AND f.survivor_id IS NULL)",
                "f.fate = 'merged'",
            ),
            _lacks("reported_at", "f.fate = 'no_clock'"),
            _lacks("occurred_from", "k.family = 'violent_critical'"),
            _lacks("notified_at", "k.family = 'violent_critical'"),
            _lacks("needs_assessment_at", "k.assessment_state = 'missing'"),
            Finding("closed_at", "missing_clock", "k.closed_unknown", "true"),
            _order("notification_delay", "k.notification_ms"),
            _order("assessment", "k.assessment_ms"),
            Finding("closed_at", "clock_order", "k.closed_at < k.reported_at", "true"),
            *AREA,
        ),
    ),
    Inspection(
        "call",
        """src.call s JOIN fact.call_fate f USING (call_id)
        LEFT JOIN fact.call k USING (call_id) LEFT JOIN fact.place p ON p.location_id = s.location_id
        LEFT JOIN src.incident t ON t.incident_id = s.incident_id LEFT JOIN src.call o ON o.call_id = s.duplicate_of""",
        (
            _out(RECORD, "duplicate_natural_key", "duplicate"),
            _out(RECORD, "excluded_call", "excluded_call"),
            _out(RECORD, "excluded_status", "excluded_status"),
            Finding("incident_id", "orphan", "s.incident_id IS NOT NULL AND t.incident_id IS NULL"),
            Finding("duplicate_of", "orphan", "s.duplicate_of IS NOT NULL AND o.call_id IS NULL"),
            _lacks("call_arrival", "f.fate = 'no_clock'"),
            _lacks("call_answering", "NOT k.is_abandoned"),
            _lacks("call_create", "NOT k.is_abandoned"),
            _lacks("triaged_at", "k.stage >= 2"),
            _lacks("ready_at", "k.stage >= 3"),
            _lacks("closed_at", "NOT k.is_open AND NOT k.is_abandoned"),
            *_response_interval(
                ("answer", "k.answer_ms"),
                ("processing", "k.processing_ms"),
                ("queue", "k.queue_ms"),
                ("first_arrival", "k.first_arrival_ms"),
                ("on_scene", "k.on_scene_ms"),
            ),
            Finding("triaged_at", "clock_order", "k.triaged_at < k.call_create"),
            Finding("stop_reason", "reason_not_recorded", "k.stop_reason = 'not_recorded'"),
            *AREA,
        ),
    ),
    Inspection(
        "dispatch",
        """(SELECT d.*, c.survivor_id, c.call_id IS NULL AS is_orphan, c.day,
            CASE WHEN not_yet(d.offered_at) OR c.fate = 'not_yet' THEN 'not_yet' END AS fate
            FROM src.dispatch d LEFT JOIN fact.call_fate c USING (call_id)) s
        JOIN LATERAL (SELECT s.fate, record_day(known(s.offered_at), s.updated_at) AS day) f ON true""",
        (
            Finding("call_id", "orphan", "s.is_orphan", "true"),
            Finding("offered_at", "missing_clock", "s.offered_at IS NULL"),
            Finding("accepted_at", "clock_order", "s.accepted_at < s.offered_at"),
        ),
    ),
    Inspection(
        "unit_response",
        """src.unit_response s JOIN fact.response_fate f USING (response_id)
        LEFT JOIN fact.unit k USING (response_id) LEFT JOIN fact.team_word t ON t.raw = s.team_code
        LEFT JOIN fact.call c ON c.call_id = k.call_id""",
        (
            _out(RECORD, "duplicate_natural_key", "duplicate"),
            _out("call_id", "orphan", "orphan"),
            Finding("team_code", "orphan", f"{COUNTS} AND s.team_code IS NOT NULL AND t.team_code IS NULL"),
            _lacks("time_dispatch"),
            _lacks("time_enroute_to_scene", "k.has_arrived"),
            _lacks("time_on_scene", "k.mobile AND k.has_ended AND NOT k.was_cancelled"),
            _lacks("time_unit_clear", "k.has_arrived"),
            *_response_interval(
                ("turnout", "k.turnout_ms"),
                ("travel", "k.travel_ms"),
                ("on_scene", "k.on_scene_ms"),
                ("committed", "k.committed_ms"),
            ),
            Finding("time_dispatch", "clock_order", "k.time_dispatch < c.timed_call_arrival"),
            Finding("time_engaged", "clock_order", "k.time_engaged < k.time_on_scene"),
        ),
    ),
    Inspection(
        "status_event",
        """src.status_event s JOIN LATERAL (
            SELECT CASE WHEN not_yet(s."at") THEN 'not_yet' END AS fate, record_day(known(s."at"), s.updated_at) AS day
        ) f ON true""",
        (
            Finding("at", "missing_clock", 's."at" IS NULL'),
            Finding("recorded_at", "clock_order", 's.recorded_at < s."at"'),
            Finding("recorded_at", "late_row", f's.recorded_at > s."at" + INTERVAL {LATE_HOURS} HOUR'),
        ),
    ),
    Inspection(
        "person_contact",
        """src.person_contact s JOIN fact.contact_fate f USING (contact_id) LEFT JOIN fact.met k USING (contact_id)
        LEFT JOIN src.unit_response r ON r.response_id = s.response_id
        LEFT JOIN src.incident i ON i.incident_id = s.incident_id""",
        (
            Finding(
                "response_id", "orphan", "s.response_id IS NOT NULL AND r.response_id IS NULL", "k.contact_id IS NULL"
            ),
            Finding(
                "incident_id", "orphan", "s.incident_id IS NOT NULL AND i.incident_id IS NULL", "k.contact_id IS NULL"
            ),
            Finding(RECORD, "orphan", "s.response_id IS NULL AND s.incident_id IS NULL", "true"),
            _lacks("contact_at"),
            Finding(
                "time_unit_clear",
                "missing_clock",
                "k.is_engaged AND k.role = 'service_user' AND k.ended_at IS NULL AND r.time_unit_clear IS NULL",
                "true",
            ),
        ),
    ),
    Inspection(
        "support",
        """src.support s JOIN (SELECT * REPLACE (looked_at_day AS day) FROM fact.support_fate) f USING (support_id)""",
        (
            _out("incident_id", "orphan", "orphan"),
            _out("planned_at", "missing_clock", "no_clock"),
        ),
    ),
    Inspection(
        "referral",
        """src.referral s JOIN fact.referral_fate f USING (referral_id) LEFT JOIN fact.referral k USING (referral_id)
        LEFT JOIN src.person_contact c ON c.contact_id = s.contact_id""",
        (
            _lacks("made_at", "f.fate = 'no_clock'"),
            Finding("contact_id", "orphan", "c.contact_id IS NULL", "k.referral_id IS NULL"),
            _order("referral_connection", "k.connection_ms"),
            Finding("accepted_at", "clock_order", "k.acceptance_ms < 0"),
        ),
    ),
    Inspection(
        "follow_up",
        """src.follow_up s JOIN fact.follow_up_fate f USING (follow_up_id)
        LEFT JOIN fact.met k ON k.contact_id = s.contact_id""",
        (
            _out("contact_id", "orphan", "orphan"),
            Finding("follow_up", "clock_order", "known(s.attempted_at) < k.ended_at", "true"),
        ),
    ),
    Inspection(
        "request",
        """src.request s JOIN fact.request_fate f USING (request_id) LEFT JOIN fact.request k USING (request_id)
        LEFT JOIN fact.team_word t ON t.raw = s.team_code""",
        (
            _out(RECORD, "duplicate_natural_key", "duplicate"),
            _lacks("received_at", "f.fate = 'no_clock'"),
            _lacks("due_at"),
            _order("request_answer", "k.answer_ms"),
            Finding("team_code", "orphan", f"{COUNTS} AND s.team_code IS NOT NULL AND t.team_code IS NULL"),
        ),
    ),
)

DOUBTS = {
    "date_only": ("date_without_time", "param.date_only_as_unknown"),
    "ambiguous": ("ambiguous_local_time", "false"),
    "missing": ("missing_local_time", "false"),
    "day_unknown": ("day_unknown", "false"),
}
"""Doubt noted by the importer -> finding, and whether the clock is then left out of intervals."""


def load(con: duckdb.DuckDBPyConnection) -> None:
    """Make `fact.finding` and `fact.looked_at`."""
    con.execute(
        """CREATE TABLE fact.finding (day DATE, contract_table VARCHAR, field VARCHAR, finding VARCHAR,
            affected BIGINT, excluded BIGINT);
        CREATE TABLE fact.looked_at (day DATE, contract_table VARCHAR, records BIGINT);
        -- the as-of moment of the night before the one that first saw a row
        CREATE TABLE fact.night_before AS
        SELECT recorded_at, lag(as_of) OVER (ORDER BY recorded_at) AS as_of FROM src._nights"""
    )
    for inspection in INSPECTIONS:
        con.execute(_query(inspection))
    con.execute(GONE)


GONE = """
INSERT INTO fact.finding
SELECT param.as_of_day, contract_table, 'record', 'deleted', deleted_count, deleted_count
FROM src._deleted, param WHERE deleted_count > 0;
-- nobody knows the day of a row that is gone: it counts among the records of the as-of day
INSERT INTO fact.looked_at
SELECT param.as_of_day, contract_table, deleted_count FROM src._deleted, param WHERE deleted_count > 0
"""


def _query(inspection: Inspection) -> str:
    """One pass over the table: counts by day, unfolded into findings, and the number of records looked at."""
    contract = seen.table(inspection.table)
    found = [*_generated(contract, inspection), *inspection.findings]
    future = " OR ".join(_in_future(clock) for clock in seen.events(contract)) or "false"
    members = ",\n        ".join(
        f"{{'field': {literal(each.field)}, 'finding': {literal(each.code)}, "
        f"'affected': {_count(each.condition)}, 'excluded': {_excluded(each)}}}"
        for each in found
    )
    return f"""
CREATE OR REPLACE TEMP TABLE inspected AS
SELECT {inspection.day} AS day, count(*) AS records, [
        {members}
    ] AS findings
FROM {inspection.rows}
LEFT JOIN fact.night_before n ON n.recorded_at = s._first_recorded_at
CROSS JOIN param
WHERE f.fate IS DISTINCT FROM 'not_yet' OR {future}
GROUP BY {inspection.day};
INSERT INTO fact.looked_at SELECT day, {literal(inspection.table)}, records FROM inspected;
INSERT INTO fact.finding
SELECT day, {literal(inspection.table)}, found.field, found.finding, found.affected, found.excluded
FROM (SELECT day, unnest(findings) AS found FROM inspected)
WHERE found.affected > 0;
DROP TABLE inspected"""


def _count(condition: str) -> str:
    return f"count(*) FILTER (WHERE {condition})"


def _excluded(each: Finding) -> str:
    """All, none, or those of the affected rows that meet the condition."""
    if each.excluded in ("true", "false"):
        return _count(each.condition) if each.excluded == "true" else "CAST(0 AS BIGINT)"
    return _count(f"({each.condition}) AND {each.excluded}")


def _in_future(clock: str) -> str:
    """A clock after the moment at which the row was recorded is an error, not a thing that is still to come."""
    return f"COALESCE(s.{quoted(clock)} > s._recorded_at + INTERVAL {SKEW_MINUTES} MINUTE, false)"


def _generated(contract: ContractTable, inspection: Inspection) -> Iterator[Finding]:
    """The findings that every clock and every coded column can have."""
    for clock in seen.events(contract):
        yield Finding(clock, "clock_in_future", _in_future(clock), "true")
    for clock in (*seen.events(contract), *seen.plans(contract)):
        yield Finding(clock, "clock_too_early", f"too_early(s.{quoted(clock)})", "true")
    if seen.flagged(contract):
        for clock in seen.events(contract):
            for doubt, (code, excluded) in DOUBTS.items():
                condition = (
                    f"s.{quoted(clock)} IS NOT NULL AND doubted(s.{seen.FLAGS}, {literal(clock)}, {literal(doubt)})"
                )
                yield Finding(clock, code, condition, excluded)
    for column in seen.coded(contract):
        if contract.name in seen.READ:
            yield Finding(column.name, "unmapped_code", _foreign(column.name, column.codes or ""))
    # proved: a night that came 24 h after the event did not have the row; the first night cannot prove it
    anchor = f"known(s.{quoted(ANCHORS[inspection.table])})"
    yield Finding(RECORD, "late_row", f"{anchor} + INTERVAL {LATE_HOURS} HOUR <= n.as_of")
    # at most: somebody still wrote in the row 24 h after the last event that it tells
    clocks = ", ".join(f"known(s.{quoted(clock)})" for clock in seen.events(contract))
    still = f"s.updated_at > GREATEST({clocks}, NULL) + INTERVAL {LATE_HOURS} HOUR AND NOT not_yet(s.updated_at)"
    yield Finding(seen.WATERMARK, "late_row", still)
    yield Finding(RECORD, "revised", "s._revised")


def _foreign(column: str, codes: str) -> str:
    words = f"SELECT raw FROM catalogue.word WHERE code_list = {literal(codes)} AND is_foreign"
    return f"s.{column} IN ({words})"
