"""The slow half of the proof: source rows -> facts in plain Python, written from the definitions, not from the SQL.

Loops and dictionaries only; no DuckDB. `metric_oracle` makes the figures of it. Definitions: the catalogue's column
descriptions and jobs/refresh/parameters.py (profiles).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import SimpleNamespace as Fact

from jobs.refresh.parameters import Parameters
from models.catalogue.codes import INCIDENT_TYPES
from tests.helpers.oracle_calls import Answer
from tests.helpers.oracle_reader import Chain, Facts, Reader, Reasons, plain, survivors
from tests.helpers.source_tables import Row

FAMILY_OF = {code: family for code, _, family, _ in INCIDENT_TYPES}
UNKNOWN_OF = {"violent_critical": "unknown_violent", "person_in_crisis": "unknown_crisis"}


def facts(rows: Mapping[str, Iterable[Row]], given: Parameters) -> Facts:
    """Everything that counts."""
    reader, found = Reader(rows, given), Facts()
    fate = _incidents(reader, found)
    Answer(reader, found, fate).calls()
    _requests(reader, found)
    return found


def _incidents(r: Reader, found: Facts) -> dict[object, object]:
    base: Reasons = {}
    rows = r.table("incident")
    for row in rows:
        row["_status"] = r.word("incident_status", row.get("status"))
        reason = "excluded_status" if row["_status"] in ("void", "test") else None
        if r.typed(row, "reported_at") is None:
            reason = "not_yet" if r.later(row, "reported_at") else "no_clock"
        base[row["incident_id"]] = reason
    chain = Chain("incident_id", "incident_no", "merged_into")
    under, out = survivors(rows, chain, base, dedupe=r.given.profile.deduplicate)
    found.incidents = [_incident(r, row) for row in rows if out[row["incident_id"]] is None]
    r.tests = {
        row["incident_id"] for row in rows if out[row["incident_id"]] == "excluded_status" and row["_status"] == "test"
    }
    r.reported_later = {key for key, reason in out.items() if reason == "not_yet"}
    return under


def _incident(r: Reader, row: Row) -> Fact:
    status = row["_status"]
    closed, reopened = r.typed(row, "closed_at"), r.typed(row, "reopened_at")
    if status == "reopened" and reopened is None and not r.later(row, "reopened_at"):
        closed, reopened = None, r.typed(row, "reported_at")
    elif closed is not None and reopened is not None and reopened >= closed:
        closed = None
    undated = closed is None and reopened is None and status == "closed" and not r.later(row, "closed_at")
    family = r.word("family", row["family"])
    raw = row.get("type_final_code")
    kind = r.word("incident_type", raw if raw is not None and plain(raw) else row.get("type_code"))
    if kind not in FAMILY_OF:
        kind = {"violent_critical": "unknown_violent", "person_in_crisis": "unknown_crisis"}.get(str(family), "unknown")
    family = FAMILY_OF.get(kind) or {"unknown_violent": "violent_critical", "unknown_crisis": "person_in_crisis"}.get(
        kind, "unknown"
    )
    said = {r.word("harm", row.get("harm")), r.word("severity", row.get("severity"))}
    fatal, injured = max(int(str(row["fatal_count"])), 0), max(int(str(row["injured_count"])), 0)
    harm = "unknown"
    if said & {"none", "no_injury"}:
        harm = "none"
    if said & {"injured", "life_threatening"} or injured:
        harm = "injured"
    if "fatal" in said or fatal:
        harm = "fatal"
    notified, assessed = r.timed(row, "notified_at"), r.timed(row, "needs_assessment_at")
    return Fact(
        id=row["incident_id"],
        area=r.area(row.get("location_id")) or "unknown",
        type=kind,
        family=family,
        harm=harm,
        occurred=r.timed(row, "occurred_from"),
        occurred_day=r.day(r.typed(row, "occurred_from")),
        reported=r.typed(row, "reported_at"),
        reported_timed=r.timed(row, "reported_at"),
        notified=notified,
        assessed=assessed,
        closed=closed,
        undated=undated,
        fatal=fatal,
        injured=injured,
    )


def _requests(r: Reader, found: Facts) -> None:
    kept: set[str] = set()
    for row in sorted(r.table("request"), key=lambda row: (row["_first_recorded_at"], row["request_id"])):
        received = r.typed(row, "received_at")
        if received is None:
            continue
        number = str(row["request_no"]).strip() or f"id {row['request_id']}"
        if r.given.profile.deduplicate and number in kept:
            continue
        kept.add(number)
        found.requests.append(
            Fact(
                kind=r.word("request_kind", row.get("kind")) or "unknown",
                team=r.team(row.get("team_code")),
                received=received,
                answered=r.typed(row, "first_answer_at"),
                closed=r.typed(row, "closed_at"),
                due=r.plan(row, "due_at"),
            )
        )
