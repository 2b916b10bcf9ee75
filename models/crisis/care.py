"""Contract tables of what is done for people: contacts, consents, supports, referrals, follow-ups, requests."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Field

from models.crisis.base import Clock, CrisisTable, clock, link, number, required, updated, word


class PersonContact(CrisisTable, table=True):
    __tablename__ = "person_contact"
    contact_id: int = number("Number of the contact.")
    person_key: int | None = link("Person; null where nobody was identified.")
    incident_id: int | None = link("Incident.")
    response_id: int | None = link("Unit response.", index=True)
    role: str | None = word("Code list contact_role.")
    harm: str | None = word("Code list harm.")
    engaged: bool = Field(default=False, description="The person was engaged.")
    contact_outcome: str | None = word("Code list contact_outcome.")
    disposition: str | None = word("Code list disposition.")
    contact_at: Clock = clock("When the contact began.")
    updated_at: datetime = updated()


class Consent(CrisisTable, table=True):
    """The last state for each person and purpose is in force."""

    __tablename__ = "consent"
    consent_id: int = number("Number of the entry.")
    person_key: int | None = link("Person.")
    purpose: str = required("Code list consent_purpose.")
    state: str = required("Code list consent_state.")
    given_at: Clock = clock("When this state began.")
    withdrawn_at: Clock = clock("When it was withdrawn.")
    updated_at: datetime = updated()


class Support(CrisisTable, table=True):
    __tablename__ = "support"
    support_id: int = number("Number of the support.")
    incident_id: int | None = link("Incident.", index=True)
    call_id: int | None = link("Or call.")
    kind: str | None = word("Code list support_kind.")
    planned_at: Clock = clock("Planned for.")
    held_at: Clock = clock("Held.")
    people_band: str | None = word("Code list people_band.")
    partner_id: int | None = link("Partner.")
    updated_at: datetime = updated()


class Referral(CrisisTable, table=True):
    __tablename__ = "referral"
    referral_id: int = number("Number of the referral.")
    contact_id: int | None = link("Contact.", index=True)
    partner_id: int | None = link("Partner.")
    service: str | None = word("Code list service.")
    made_at: Clock = clock("Made.")
    accepted_at: Clock = clock("Accepted.")
    declined_at: Clock = clock("Declined.")
    connected_at: Clock = clock("First attendance proven.")
    closed_at: Clock = clock("Closed.")
    updated_at: datetime = updated()


class FollowUp(CrisisTable, table=True):
    __tablename__ = "follow_up"
    follow_up_id: int = number("Number of the follow-up.")
    contact_id: int | None = link("Contact.", index=True)
    due_at: Clock = clock("Due.")
    attempted_at: Clock = clock("Tried.")
    reached_at: Clock = clock("Reached.")
    attempt_no: int = Field(default=1, description="1 = first attempt.")
    method: str | None = word("Code list follow_up_method.")
    result: str | None = word("Code list follow_up_result.")
    updated_at: datetime = updated()


class Request(CrisisTable, table=True):
    __tablename__ = "request"
    request_id: int = number("Number of the request.")
    request_no: str = required("Number that staff use; the natural key.")
    kind: str | None = word("Code list request_kind.")
    team_code: str | None = word("Team that has it.")
    received_at: Clock = clock("Received.")
    assigned_at: Clock = clock("Assigned.")
    first_answer_at: Clock = clock("First answer.")
    due_at: Clock = clock("Due.")
    closed_at: Clock = clock("Closed.")
    outcome: str | None = word("Code list request_outcome.")
    updated_at: datetime = updated()
