"""Contract tables of what happened: incidents, calls, dispatches, unit responses, status events.

Clock names follow NERIS (core_mod_dispatch, core_mod_unit_response).
"""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Field

from models.crisis.base import FLAGS, Clock, CrisisTable, clock, link, number, required, updated, word


class Incident(CrisisTable, table=True):
    __tablename__ = "incident"
    incident_id: int = number("Number of the incident.")
    incident_no: str = required("Number that staff use; the natural key.")
    family: str = required("Code list family.")
    type_code: str | None = word("Kind as first reported: code list incident_type.")
    type_final_code: str | None = word("Kind as corrected, code list incident_type; wins where present.")
    severity: str | None = word("Code list severity.")
    harm: str | None = word("Worst harm: code list harm.")
    fatal_count: int = Field(default=0, description="People killed.")
    injured_count: int = Field(default=0, description="People injured.")
    status: str | None = word("Code list incident_status.")
    source: str | None = word("Code list source.")
    occurred_from: Clock = clock("Earliest moment it can have happened.")
    occurred_to: Clock = clock("Latest moment.")
    reported_at: Clock = clock("When it was reported.")
    notified_at: Clock = clock("When the crisis team was told.")
    needs_assessment_at: Clock = clock("When the needs assessment was made.")
    closed_at: Clock = clock("When it was closed; null while open.")
    reopened_at: Clock = clock("When it was reopened.")
    merged_into: int | None = link("Surviving incident.")
    location_id: int | None = link("Place.")
    clock_flags: str | None = word(FLAGS, 512)
    updated_at: datetime = updated()


class Call(CrisisTable, table=True):
    __tablename__ = "call"
    call_id: int = number("Number of the call.")
    call_no: str = required("Number that staff use; the natural key.")
    incident_id: int | None = link("Incident, if one was opened.", index=True)
    kind: str = required("Code list call_kind.")
    source: str | None = word("Code list source.")
    priority: str | None = word("Code list priority.")
    call_arrival: Clock = clock("The call rang.")
    call_answering: Clock = clock("It was answered.")
    call_create: Clock = clock("The record was created.")
    triaged_at: Clock = clock("Triage ended.")
    ready_at: Clock = clock("Found eligible and ready to send.")
    closed_at: Clock = clock("Closed.")
    abandoned_at: Clock = clock("The caller hung up before the answer.")
    eligible: bool | None = Field(default=None, description="Eligible for a team; null while not decided.")
    stop_reason: str | None = word("Code list stop_reason, as recorded.")
    resolved_by_phone: bool = Field(default=False, description="Closed without dispatch and resolved.")
    transfer_911_accepted: bool | None = Field(default=None, description="For calls from 911: transfer accepted.")
    duplicate_of: int | None = link("The call that this one repeats.")
    location_id: int | None = link("Place.")
    clock_flags: str | None = word(FLAGS, 512)
    updated_at: datetime = updated()


class Dispatch(CrisisTable, table=True):
    __tablename__ = "dispatch"
    dispatch_id: int = number("Number of the dispatch.")
    call_id: int | None = link("Call.", index=True)
    team_code: str | None = word("Team it was offered to.")
    offered_at: Clock = clock("Offered.")
    accepted_at: Clock = clock("Accepted.")
    declined_reason: str | None = word("Code list stop_reason: team_declined, no_team.")
    updated_at: datetime = updated()


class UnitResponse(CrisisTable, table=True):
    __tablename__ = "unit_response"
    response_id: int = number("Number of the unit response.")
    dispatch_id: int | None = link("Dispatch.")
    call_id: int | None = link("Call.", index=True)
    unit_id: str | None = word("Unit sent.")
    team_code: str | None = word("Team of the unit.")
    time_dispatch: Clock = clock("Dispatched.")
    time_enroute_to_scene: Clock = clock("On the way.")
    time_staging: Clock = clock("Staging.")
    time_on_scene: Clock = clock("On scene.")
    time_engaged: Clock = clock("With the person.")
    time_canceled_enroute: Clock = clock("Cancelled on the way.")
    time_unit_clear: Clock = clock("Free again.")
    mode: str | None = word("Code list response_mode.")
    contact_outcome: str | None = word("Code list contact_outcome.")
    disposition: str | None = word("Code list disposition.")
    police_requested: bool = Field(default=False, description="The team asked for police.")
    ems_requested: bool = Field(default=False, description="The team asked for an ambulance.")
    police_on_scene: str | None = word("Code list police_on_scene.")
    clock_flags: str | None = word(FLAGS, 512)
    updated_at: datetime = updated()


class StatusEvent(CrisisTable, table=True):
    __tablename__ = "status_event"
    event_id: int = number("Number of the event.")
    response_id: int | None = link("Unit response.")
    incident_id: int | None = link("Or incident.")
    status: str = required("Clock name, or code list incident_status.")
    at: Clock = clock("When it happened.")
    recorded_at: Clock = clock("When it was typed.")
    recorded_by: str | None = word("device, radio or typed_later.")
    updated_at: datetime = updated()
