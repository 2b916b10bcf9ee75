"""The calls of the oracle, with the units, contacts and follow-up that hang on them. Plain Python, no DuckDB.

Written from the definitions. Used by `oracle_facts`.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from types import SimpleNamespace as Fact

from jobs.refresh.clean.declared import DISPOSITION_ORDER, OUTCOME_ORDER, POLICE_ORDER, STOP_REASON_FITS
from models.catalogue.codes import STAGES
from tests.helpers.oracle_reader import NEVER, Chain, Facts, Reader, Reasons, follow, ms, survivors
from tests.helpers.source_tables import Row

UNIT_CLOCKS = (
    "time_dispatch",
    "time_enroute_to_scene",
    "time_staging",
    "time_on_scene",
    "time_engaged",
    "time_canceled_enroute",
    "time_unit_clear",
)


class Answer:
    """Calls, and all that hangs on them."""

    def __init__(self, r: Reader, found: Facts, incident_under: dict[object, object]) -> None:
        self.r, self.found, self.incident_under = r, found, incident_under
        self.incident = {fact.id: fact for fact in found.incidents}

    def calls(self) -> None:
        r = self.r
        base: Reasons = {}
        for row in r.table("call"):
            reason = None
            if r.typed(row, "call_arrival") is None:
                reason = "not_yet" if r.later(row, "call_arrival") else "no_clock"
            elif r.word("call_kind", row["kind"]) in ("update_request", "incomplete"):
                reason = "excluded_call"
            elif row.get("incident_id") in r.tests:
                reason = "excluded_status"
            base[row["call_id"]] = reason
        chain = Chain("call_id", "call_no", "duplicate_of")
        self.under, out = survivors(r.table("call"), chain, base, dedupe=r.given.profile.deduplicate)
        self.units()
        self.contacts()
        self.after_care()
        offers = self.offers()
        for row in r.table("call"):
            if out[row["call_id"]] is None:
                self.found.calls.append(self.call(row, offers))

    def units(self) -> None:
        r = self.r
        dispatched = {row["dispatch_id"]: row for row in r.table("dispatch")}
        team_of = {row["unit_id"]: row.get("team_code") for row in r.table("unit")}
        self.unit_of: dict[object, Fact] = {}
        self.unit_later: set[object] = set()
        equals: dict[tuple[object, ...], Fact] = {}
        for row in sorted(r.table("unit_response"), key=lambda row: (row["_first_recorded_at"], row["response_id"])):
            clocks = {name: r.typed(row, name) for name in UNIT_CLOCKS}
            known = any(clocks.values())
            if not known and (any(r.later(row, name) for name in UNIT_CLOCKS) or row["updated_at"] > r.as_of):
                self.unit_later.add(row["response_id"])
                continue
            dispatch = dispatched.get(row.get("dispatch_id"), {})
            call_ref = row.get("call_id") if row.get("call_id") is not None else dispatch.get("call_id")
            call = self.under.get(call_ref)
            if call is None:
                continue
            named = row.get("team_code") if row.get("team_code") is not None else dispatch.get("team_code")
            content = (call, row.get("unit_id"), named, *clocks.values())
            content += tuple(r.word(codes, row.get(name)) for name, codes in (
                ("mode", "response_mode"), ("contact_outcome", "contact_outcome"),
                ("disposition", "disposition"), ("police_on_scene", "police_on_scene"),
            ))  # fmt: skip
            content += (row["police_requested"], row["ems_requested"])
            twin = equals.get(content)
            if (
                twin
                and known
                and r.given.profile.deduplicate
                and (row.get("unit_id") is not None or twin.call_ref != call_ref)
            ):
                self.unit_of[row["response_id"]] = twin
                continue
            unit = self.unit(
                row,
                call,
                call_ref,
                self.r.team(row.get("team_code"), team_of.get(row.get("unit_id")), dispatch.get("team_code")),
            )
            equals.setdefault(content, unit)
            self.unit_of[row["response_id"]] = unit
            self.found.units.append(unit)

    def unit(self, row: Row, call: object, call_ref: object, team: str) -> Fact:
        r = self.r
        clear_later = r.later(row, "time_unit_clear")
        said = None if clear_later else r.word("contact_outcome", row.get("contact_outcome"))
        engaged = r.typed(row, "time_engaged")
        origin = next(each for each in r.table("call") if each["call_id"] == call_ref)
        return Fact(
            id=row["response_id"],
            call=call,
            call_ref=call_ref,
            team=team,
            mobile=r.word("response_mode", row.get("mode")) != "phone",
            day=r.day(r.typed(row, "time_dispatch")) or r.day(r.typed(origin, "call_arrival")),
            dispatch=r.timed(row, "time_dispatch"),
            enroute=r.timed(row, "time_enroute_to_scene"),
            on_scene=r.timed(row, "time_on_scene"),
            on_scene_day=r.day(r.typed(row, "time_on_scene")),
            clear=r.timed(row, "time_unit_clear"),
            cancelled_at=r.timed(row, "time_canceled_enroute"),
            arrived=r.typed(row, "time_on_scene") is not None or engaged is not None,
            arrives_later=r.later(row, "time_on_scene") or r.later(row, "time_engaged"),
            cancelled=r.typed(row, "time_canceled_enroute") is not None,
            ended=r.typed(row, "time_unit_clear") is not None or r.typed(row, "time_canceled_enroute") is not None,
            outcome=said if said not in (None, "unknown") else "engaged" if engaged else "unknown",
            disposition=None if clear_later else r.word("disposition", row.get("disposition")),
            police="unknown" if clear_later else r.word("police_on_scene", row.get("police_on_scene")) or "unknown",
            police_requested=bool(row["police_requested"]) and not clear_later,
            ems_requested=bool(row["ems_requested"]) and not clear_later,
        )

    def contacts(self) -> None:
        r = self.r
        merged = {
            row["person_key"]: row["merged_into"]
            for row in r.table("person")
            if row.get("merged_into") not in (None, row["person_key"])
        }
        consent = self.consents(merged)
        exists = {row["response_id"] for row in r.table("unit_response")}
        self.contact_of: dict[object, Fact] = {}
        for row in r.table("person_contact"):
            met = r.typed(row, "contact_at")
            unit = self.unit_of.get(row.get("response_id"))
            incident = self.incident_under.get(row.get("incident_id"))
            if r.later(row, "contact_at"):
                continue
            if met is None and (
                row.get("response_id") in self.unit_later
                or (unit is not None and not unit.arrived and unit.arrives_later)
                or (row.get("response_id") not in exists and row.get("incident_id") in r.reported_later)
            ):
                continue
            if unit is None and incident is None:
                continue
            said = r.word("contact_outcome", row.get("contact_outcome"))
            person = row.get("person_key")
            self.contact_of[row["contact_id"]] = Fact(
                id=row["contact_id"],
                unit=unit,
                incident=incident,
                role=r.word("contact_role", row.get("role")) or "unknown",
                engaged=bool(row["engaged"]) or said == "engaged",
                outcome=said if said not in (None, "unknown") else "engaged" if row["engaged"] else "unknown",
                disposition=r.word("disposition", row.get("disposition")),
                consent=consent.get(follow(person, merged) or person, "not_asked")
                if person is not None
                else "not_asked",
            )

    def consents(self, merged: dict[object, object]) -> dict[object, str]:
        """The last state of each person's consent to follow-up."""
        r = self.r
        last: dict[object, tuple[tuple[bool, datetime, object], str]] = {}
        for row in r.table("consent"):
            if r.word("consent_purpose", row["purpose"]) != "follow_up" or r.later(row, "given_at"):
                continue
            state = r.word("consent_state", row["state"]) or "not_asked"
            if r.typed(row, "withdrawn_at") is not None:
                state = "withdrawn"
            elif r.later(row, "withdrawn_at") and state == "withdrawn":
                state = "given"
            given = r.typed(row, "given_at")
            key = follow(row["person_key"], merged) or row["person_key"]
            place = (given is not None, given or NEVER, row["consent_id"])
            if key not in last or place > last[key][0]:
                last[key] = (place, state)
        return {key: state for key, (_, state) in last.items()}

    def after_care(self) -> None:
        """Referrals, the follow-up cohort, and which calls have a support of any kind."""
        r = self.r
        self.supported: set[object] = set()
        for row in r.table("referral"):
            made = r.typed(row, "made_at")
            if made is None or row.get("contact_id") is None:
                continue
            contact = self.contact_of.get(row["contact_id"])
            self._support(contact)
            self.found.referrals.append(
                Fact(
                    contact=contact,
                    service=r.word("service", row.get("service")) or "unknown",
                    made=made,
                    accepted=r.typed(row, "accepted_at"),
                    declined=r.typed(row, "declined_at"),
                    connected=r.typed(row, "connected_at"),
                )
            )
        attempts = defaultdict(list)
        for row in r.table("follow_up"):
            attempts[row.get("contact_id")].append(row)
            self._support(self.contact_of.get(row.get("contact_id")))
        for row in r.table("support"):
            held, planned = r.typed(row, "held_at"), r.plan(row, "planned_at")
            there = held is not None or (planned is not None and planned <= r.as_of) or row["updated_at"] <= r.as_of
            if there and (held or planned) and self.under.get(row.get("call_id")) is not None:
                self.supported.add(self.under[row.get("call_id")])
        for contact in self.contact_of.values():
            if contact.role == "service_user" and contact.engaged and contact.unit is not None and contact.unit.clear:
                tried = [t for t in (r.typed(row, "attempted_at") for row in attempts[contact.id]) if t]
                reached = [t for t in (r.typed(row, "reached_at") for row in attempts[contact.id]) if t]
                self.found.cohort.append(
                    Fact(
                        contact=contact,
                        ended=contact.unit.clear,
                        tried=min(tried, default=None),
                        reached=min(reached, default=None),
                    )
                )

    def _support(self, contact: Fact | None) -> None:
        if contact is not None and contact.unit is not None:
            self.supported.add(contact.unit.call)

    def offers(self) -> dict[object, str | None]:
        """Calls that were offered to a team, with the last recorded reason for declining."""
        r = self.r
        last: dict[object, tuple[tuple[bool, datetime, object], str | None]] = {}
        for row in r.table("dispatch"):
            call = self.under.get(row.get("call_id"))
            offered, accepted = r.typed(row, "offered_at"), r.typed(row, "accepted_at")
            known = offered or accepted or not (r.later(row, "offered_at") or r.later(row, "accepted_at"))
            if call is None or not known:
                continue
            place = (offered is not None, offered or NEVER, row["dispatch_id"])
            if call not in last or place > last[call][0]:
                last[call] = (place, r.word("stop_reason", row.get("declined_reason")))
        return {call: reason for call, (_, reason) in last.items()}

    def call(self, row: Row, offers: dict[object, str | None]) -> Fact:
        r, me = self.r, row["call_id"]
        units = sorted(
            (unit for unit in self.found.units if unit.call == me and unit.mobile),
            key=lambda unit: (unit.dispatch is None, unit.dispatch or NEVER, unit.id),
        )
        people = [
            contact
            for contact in self.contact_of.values()
            if contact.unit is not None and contact.unit.call == me and contact.unit.mobile
            and contact.role in ("service_user", "unknown")
        ]  # fmt: skip
        closed_later = r.later(row, "closed_at")
        closed = r.typed(row, "closed_at")
        eligible = None if r.later(row, "triaged_at") or r.later(row, "ready_at") else row.get("eligible")
        reason = None if closed_later else r.word("stop_reason", row.get("stop_reason"))
        reason = reason or offers.get(me)
        arrived = any(unit.arrived for unit in units)
        words = {unit.outcome for unit in units} | {contact.outcome for contact in people}
        evidence = {
            "supported": me in self.supported,
            "engaged": "engaged" in {unit.outcome for unit in units} or any(contact.engaged for contact in people),
            "arrived": arrived,
            "dispatched": bool(units),
            "offered": me in offers,
            "eligible": bool(eligible) or r.typed(row, "ready_at") is not None,
            "triaged": eligible is not None or r.typed(row, "triaged_at") is not None,
            "received": True,
        }
        stage = next(name for name, there in evidence.items() if there)
        rank = STAGES.index(stage) + 1
        answered = r.timed(row, "call_answering")
        no_answer = r.typed(row, "call_answering") is None and not r.later(row, "call_answering")
        abandoned = rank == 1 and no_answer and (r.typed(row, "abandoned_at") is not None or reason == "abandoned")
        is_open = closed is None and not abandoned and not (units and all(unit.ended for unit in units))
        by_phone = bool(row["resolved_by_phone"]) or reason == "resolved_by_phone"
        phone = not units and rank < 5 and closed is not None and by_phone
        word = _first(OUTCOME_ORDER, words)
        cancelled = bool(units) and not arrived and (
            all(unit.cancelled for unit in units)
            or (not is_open and (any(unit.cancelled for unit in units) or "cancelled" in (reason, word)))
        )  # fmt: skip
        police = "no" if phone else _first(POLICE_ORDER, {unit.police for unit in units}) or "unknown"
        created = r.timed(row, "call_create")
        on_scene = min((unit.on_scene for unit in units if unit.on_scene), default=None)
        dispatch = min((unit.dispatch for unit in units if unit.dispatch), default=None)
        clear = max((unit.clear for unit in units if unit.clear), default=None)
        given_up = max((unit.cancelled_at for unit in units if unit.cancelled_at), default=None)
        source = r.word("source", row.get("source")) or "unknown"
        accepted = source == "911" and row.get("transfer_911_accepted") is True and not r.later(row, "call_answering")
        completed = phone or (not is_open and rank >= 6)
        incident = self.incident.get(self.incident_under.get(row.get("incident_id")))
        disposition = _first(
            DISPOSITION_ORDER, {unit.disposition for unit in units} | {contact.disposition for contact in people}
        )
        return Fact(
            id=me,
            area=r.area(row.get("location_id")) or (incident.area if incident else "unknown"),
            team=units[0].team if units else "none",
            source=source,
            priority=r.word("priority", row.get("priority")) or "unknown",
            arrival=r.typed(row, "call_arrival"),
            arrival_timed=r.timed(row, "call_arrival"),
            created=created,
            create_day=r.day(r.typed(row, "call_create")) or r.day(r.typed(row, "call_arrival")),
            units=len(units),
            stage=rank,
            reason=self.stop(rank, reason, is_open),
            outcome="engaged"
            if rank >= 7
            else word
            if word not in (None, "unknown")
            else "cancelled"
            if cancelled
            else "unknown",
            disposition=disposition or ("unknown" if rank >= 7 else "none"),
            police=police,
            police_requested=any(unit.police_requested for unit in units),
            ems_requested=any(unit.ems_requested for unit in units),
            abandoned=abandoned,
            phone=phone,
            accepted_911=accepted,
            diverted_911=accepted and completed and police == "no",
            is_open=is_open,
            arrived=arrived,
            cancelled=cancelled,
            waiting=bool(units) and not arrived and not cancelled and is_open,
            gave_up=given_up or closed or clear,
            answer=ms(r.timed(row, "call_arrival"), answered),
            processing=ms(answered, dispatch),
            queue=ms(r.timed(row, "ready_at"), dispatch),
            first_arrival=ms(created, on_scene),
            reached=on_scene is not None,
            on_scene=ms(on_scene, clear),
        )

    @staticmethod
    def stop(rank: int, reason: str | None, is_open: bool) -> str:
        """The one reason why a call went no further."""
        if rank == len(STAGES):
            return "none"
        if reason in STOP_REASON_FITS:
            first, last = (STAGES.index(name) + 1 for name in STOP_REASON_FITS[reason])
            if first <= rank <= last:
                return reason
        return "in_progress" if is_open else "not_recorded"


def _first(order: tuple[str, ...], words: set[str | None]) -> str | None:
    return next((word for word in order if word in words), None)
