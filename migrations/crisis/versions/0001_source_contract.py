"""The source contract as tables, with the marker that says that they are ours.

Revision ID: crisis_0001
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "crisis_0001"
down_revision: str | None = None
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    """The marker first: it is what lets a later run go on here."""
    marker = op.create_table(
        "crisis_marker",
        sa.Column("marker", sa.String(length=64), nullable=False),
        sa.Column("synthetic", sa.Boolean(), nullable=False),
        sa.Column("city", sa.String(length=128), nullable=False),
        sa.Column("zone", sa.String(length=64), nullable=False),
        sa.Column("attribution", sa.String(length=2000), nullable=False),
        sa.PrimaryKeyConstraint("marker", name=op.f("pk_crisis_marker")),
    )
    op.bulk_insert(
        marker, [{"marker": "crisis-metrics-reference", "synthetic": False, "city": "", "zone": "", "attribution": ""}]
    )
    op.create_table(
        "area",
        sa.Column("area_id", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("version", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("equity_class", sa.String(length=64), nullable=False),
        sa.Column("label_latitude", sa.Float(), nullable=True),
        sa.Column("label_longitude", sa.Float(), nullable=True),
        sa.Column("updated_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("area_id", name=op.f("pk_area")),
    )
    op.create_index(op.f("ix_area_updated_at"), "area", ["updated_at"], unique=False)
    op.create_table(
        "call",
        sa.Column("call_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("call_no", sa.String(length=64), nullable=False),
        sa.Column("incident_id", sa.BigInteger(), nullable=True),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("source", sa.String(length=64), nullable=True),
        sa.Column("priority", sa.String(length=64), nullable=True),
        sa.Column("call_arrival", sa.DateTime(), nullable=True),
        sa.Column("call_answering", sa.DateTime(), nullable=True),
        sa.Column("call_create", sa.DateTime(), nullable=True),
        sa.Column("triaged_at", sa.DateTime(), nullable=True),
        sa.Column("ready_at", sa.DateTime(), nullable=True),
        sa.Column("closed_at", sa.DateTime(), nullable=True),
        sa.Column("abandoned_at", sa.DateTime(), nullable=True),
        sa.Column("eligible", sa.Boolean(), nullable=True),
        sa.Column("stop_reason", sa.String(length=64), nullable=True),
        sa.Column("resolved_by_phone", sa.Boolean(), nullable=False),
        sa.Column("transfer_911_accepted", sa.Boolean(), nullable=True),
        sa.Column("duplicate_of", sa.BigInteger(), nullable=True),
        sa.Column("location_id", sa.BigInteger(), nullable=True),
        sa.Column("clock_flags", sa.String(length=512), nullable=True),
        sa.Column("updated_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("call_id", name=op.f("pk_call")),
    )
    op.create_index(op.f("ix_call_incident_id"), "call", ["incident_id"], unique=False)
    op.create_index(op.f("ix_call_updated_at"), "call", ["updated_at"], unique=False)
    op.create_table(
        "code_value",
        sa.Column("code_value_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("code_list", sa.String(length=64), nullable=False),
        sa.Column("source_code", sa.String(length=128), nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("updated_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("code_value_id", name=op.f("pk_code_value")),
    )
    op.create_index(op.f("ix_code_value_updated_at"), "code_value", ["updated_at"], unique=False)
    op.create_table(
        "consent",
        sa.Column("consent_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("person_key", sa.BigInteger(), nullable=True),
        sa.Column("purpose", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=64), nullable=False),
        sa.Column("given_at", sa.DateTime(), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(), nullable=True),
        sa.Column("updated_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("consent_id", name=op.f("pk_consent")),
    )
    op.create_index(op.f("ix_consent_updated_at"), "consent", ["updated_at"], unique=False)
    op.create_table(
        "dispatch",
        sa.Column("dispatch_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("call_id", sa.BigInteger(), nullable=True),
        sa.Column("team_code", sa.String(length=64), nullable=True),
        sa.Column("offered_at", sa.DateTime(), nullable=True),
        sa.Column("accepted_at", sa.DateTime(), nullable=True),
        sa.Column("declined_reason", sa.String(length=64), nullable=True),
        sa.Column("updated_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("dispatch_id", name=op.f("pk_dispatch")),
    )
    op.create_index(op.f("ix_dispatch_call_id"), "dispatch", ["call_id"], unique=False)
    op.create_index(op.f("ix_dispatch_updated_at"), "dispatch", ["updated_at"], unique=False)
    op.create_table(
        "follow_up",
        sa.Column("follow_up_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("contact_id", sa.BigInteger(), nullable=True),
        sa.Column("due_at", sa.DateTime(), nullable=True),
        sa.Column("attempted_at", sa.DateTime(), nullable=True),
        sa.Column("reached_at", sa.DateTime(), nullable=True),
        sa.Column("attempt_no", sa.Integer(), nullable=False),
        sa.Column("method", sa.String(length=64), nullable=True),
        sa.Column("result", sa.String(length=64), nullable=True),
        sa.Column("updated_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("follow_up_id", name=op.f("pk_follow_up")),
    )
    op.create_index(op.f("ix_follow_up_contact_id"), "follow_up", ["contact_id"], unique=False)
    op.create_index(op.f("ix_follow_up_updated_at"), "follow_up", ["updated_at"], unique=False)
    op.create_table(
        "incident",
        sa.Column("incident_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("incident_no", sa.String(length=64), nullable=False),
        sa.Column("family", sa.String(length=64), nullable=False),
        sa.Column("type_code", sa.String(length=64), nullable=True),
        sa.Column("type_final_code", sa.String(length=64), nullable=True),
        sa.Column("severity", sa.String(length=64), nullable=True),
        sa.Column("harm", sa.String(length=64), nullable=True),
        sa.Column("fatal_count", sa.Integer(), nullable=False),
        sa.Column("injured_count", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=64), nullable=True),
        sa.Column("source", sa.String(length=64), nullable=True),
        sa.Column("occurred_from", sa.DateTime(), nullable=True),
        sa.Column("occurred_to", sa.DateTime(), nullable=True),
        sa.Column("reported_at", sa.DateTime(), nullable=True),
        sa.Column("notified_at", sa.DateTime(), nullable=True),
        sa.Column("needs_assessment_at", sa.DateTime(), nullable=True),
        sa.Column("closed_at", sa.DateTime(), nullable=True),
        sa.Column("reopened_at", sa.DateTime(), nullable=True),
        sa.Column("merged_into", sa.BigInteger(), nullable=True),
        sa.Column("location_id", sa.BigInteger(), nullable=True),
        sa.Column("clock_flags", sa.String(length=512), nullable=True),
        sa.Column("updated_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("incident_id", name=op.f("pk_incident")),
    )
    op.create_index(op.f("ix_incident_updated_at"), "incident", ["updated_at"], unique=False)
    op.create_table(
        "location",
        sa.Column("location_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("area_word", sa.String(length=128), nullable=True),
        sa.Column("geocode_method", sa.String(length=64), nullable=True),
        sa.Column("latitude", sa.Float(), nullable=True),
        sa.Column("longitude", sa.Float(), nullable=True),
        sa.Column("updated_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("location_id", name=op.f("pk_location")),
    )
    op.create_index(op.f("ix_location_updated_at"), "location", ["updated_at"], unique=False)
    op.create_table(
        "partner",
        sa.Column("partner_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("ends_on", sa.DateTime(), nullable=True),
        sa.Column("updated_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("partner_id", name=op.f("pk_partner")),
    )
    op.create_index(op.f("ix_partner_updated_at"), "partner", ["updated_at"], unique=False)
    op.create_table(
        "person",
        sa.Column("person_key", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("year_band", sa.String(length=64), nullable=True),
        sa.Column("gender_code", sa.String(length=64), nullable=True),
        sa.Column("collected_as", sa.String(length=64), nullable=True),
        sa.Column("first_seen_at", sa.DateTime(), nullable=True),
        sa.Column("merged_into", sa.BigInteger(), nullable=True),
        sa.Column("updated_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("person_key", name=op.f("pk_person")),
    )
    op.create_index(op.f("ix_person_updated_at"), "person", ["updated_at"], unique=False)
    op.create_table(
        "person_contact",
        sa.Column("contact_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("person_key", sa.BigInteger(), nullable=True),
        sa.Column("incident_id", sa.BigInteger(), nullable=True),
        sa.Column("response_id", sa.BigInteger(), nullable=True),
        sa.Column("role", sa.String(length=64), nullable=True),
        sa.Column("harm", sa.String(length=64), nullable=True),
        sa.Column("engaged", sa.Boolean(), nullable=False),
        sa.Column("contact_outcome", sa.String(length=64), nullable=True),
        sa.Column("disposition", sa.String(length=64), nullable=True),
        sa.Column("contact_at", sa.DateTime(), nullable=True),
        sa.Column("updated_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("contact_id", name=op.f("pk_person_contact")),
    )
    op.create_index(op.f("ix_person_contact_response_id"), "person_contact", ["response_id"], unique=False)
    op.create_index(op.f("ix_person_contact_updated_at"), "person_contact", ["updated_at"], unique=False)
    op.create_table(
        "referral",
        sa.Column("referral_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("contact_id", sa.BigInteger(), nullable=True),
        sa.Column("partner_id", sa.BigInteger(), nullable=True),
        sa.Column("service", sa.String(length=64), nullable=True),
        sa.Column("made_at", sa.DateTime(), nullable=True),
        sa.Column("accepted_at", sa.DateTime(), nullable=True),
        sa.Column("declined_at", sa.DateTime(), nullable=True),
        sa.Column("connected_at", sa.DateTime(), nullable=True),
        sa.Column("closed_at", sa.DateTime(), nullable=True),
        sa.Column("updated_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("referral_id", name=op.f("pk_referral")),
    )
    op.create_index(op.f("ix_referral_contact_id"), "referral", ["contact_id"], unique=False)
    op.create_index(op.f("ix_referral_updated_at"), "referral", ["updated_at"], unique=False)
    op.create_table(
        "request",
        sa.Column("request_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("request_no", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=True),
        sa.Column("team_code", sa.String(length=64), nullable=True),
        sa.Column("received_at", sa.DateTime(), nullable=True),
        sa.Column("assigned_at", sa.DateTime(), nullable=True),
        sa.Column("first_answer_at", sa.DateTime(), nullable=True),
        sa.Column("due_at", sa.DateTime(), nullable=True),
        sa.Column("closed_at", sa.DateTime(), nullable=True),
        sa.Column("outcome", sa.String(length=64), nullable=True),
        sa.Column("updated_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("request_id", name=op.f("pk_request")),
    )
    op.create_index(op.f("ix_request_updated_at"), "request", ["updated_at"], unique=False)
    op.create_table(
        "shift",
        sa.Column("shift_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("unit_id", sa.String(length=64), nullable=True),
        sa.Column("planned_start", sa.DateTime(), nullable=True),
        sa.Column("planned_end", sa.DateTime(), nullable=True),
        sa.Column("actual_start", sa.DateTime(), nullable=True),
        sa.Column("actual_end", sa.DateTime(), nullable=True),
        sa.Column("updated_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("shift_id", name=op.f("pk_shift")),
    )
    op.create_index(op.f("ix_shift_updated_at"), "shift", ["updated_at"], unique=False)
    op.create_table(
        "staff_scope",
        sa.Column("staff_scope_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("user_principal_name", sa.String(length=254), nullable=False),
        sa.Column("scope_kind", sa.String(length=64), nullable=False),
        sa.Column("scope_value", sa.String(length=64), nullable=False),
        sa.Column("updated_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("staff_scope_id", name=op.f("pk_staff_scope")),
    )
    op.create_index(op.f("ix_staff_scope_updated_at"), "staff_scope", ["updated_at"], unique=False)
    op.create_table(
        "status_event",
        sa.Column("event_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("response_id", sa.BigInteger(), nullable=True),
        sa.Column("incident_id", sa.BigInteger(), nullable=True),
        sa.Column("status", sa.String(length=64), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(), nullable=True),
        sa.Column("recorded_by", sa.String(length=64), nullable=True),
        sa.Column("updated_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("event_id", name=op.f("pk_status_event")),
    )
    op.create_index(op.f("ix_status_event_updated_at"), "status_event", ["updated_at"], unique=False)
    op.create_table(
        "support",
        sa.Column("support_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("incident_id", sa.BigInteger(), nullable=True),
        sa.Column("call_id", sa.BigInteger(), nullable=True),
        sa.Column("kind", sa.String(length=64), nullable=True),
        sa.Column("planned_at", sa.DateTime(), nullable=True),
        sa.Column("held_at", sa.DateTime(), nullable=True),
        sa.Column("people_band", sa.String(length=64), nullable=True),
        sa.Column("partner_id", sa.BigInteger(), nullable=True),
        sa.Column("updated_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("support_id", name=op.f("pk_support")),
    )
    op.create_index(op.f("ix_support_incident_id"), "support", ["incident_id"], unique=False)
    op.create_index(op.f("ix_support_updated_at"), "support", ["updated_at"], unique=False)
    op.create_table(
        "team",
        sa.Column("team_code", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("updated_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("team_code", name=op.f("pk_team")),
    )
    op.create_index(op.f("ix_team_updated_at"), "team", ["updated_at"], unique=False)
    op.create_table(
        "unit",
        sa.Column("unit_id", sa.String(length=64), nullable=False),
        sa.Column("team_code", sa.String(length=64), nullable=True),
        sa.Column("updated_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("unit_id", name=op.f("pk_unit")),
    )
    op.create_index(op.f("ix_unit_updated_at"), "unit", ["updated_at"], unique=False)
    op.create_table(
        "unit_response",
        sa.Column("response_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("dispatch_id", sa.BigInteger(), nullable=True),
        sa.Column("call_id", sa.BigInteger(), nullable=True),
        sa.Column("unit_id", sa.String(length=64), nullable=True),
        sa.Column("team_code", sa.String(length=64), nullable=True),
        sa.Column("time_dispatch", sa.DateTime(), nullable=True),
        sa.Column("time_enroute_to_scene", sa.DateTime(), nullable=True),
        sa.Column("time_staging", sa.DateTime(), nullable=True),
        sa.Column("time_on_scene", sa.DateTime(), nullable=True),
        sa.Column("time_engaged", sa.DateTime(), nullable=True),
        sa.Column("time_canceled_enroute", sa.DateTime(), nullable=True),
        sa.Column("time_unit_clear", sa.DateTime(), nullable=True),
        sa.Column("mode", sa.String(length=64), nullable=True),
        sa.Column("contact_outcome", sa.String(length=64), nullable=True),
        sa.Column("disposition", sa.String(length=64), nullable=True),
        sa.Column("police_requested", sa.Boolean(), nullable=False),
        sa.Column("ems_requested", sa.Boolean(), nullable=False),
        sa.Column("police_on_scene", sa.String(length=64), nullable=True),
        sa.Column("clock_flags", sa.String(length=512), nullable=True),
        sa.Column("updated_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("response_id", name=op.f("pk_unit_response")),
    )
    op.create_index(op.f("ix_unit_response_call_id"), "unit_response", ["call_id"], unique=False)
    op.create_index(op.f("ix_unit_response_updated_at"), "unit_response", ["updated_at"], unique=False)


def downgrade() -> None:
    """Drop every table, the marker last."""
    op.drop_index(op.f("ix_unit_response_updated_at"), table_name="unit_response")
    op.drop_index(op.f("ix_unit_response_call_id"), table_name="unit_response")
    op.drop_table("unit_response")
    op.drop_index(op.f("ix_unit_updated_at"), table_name="unit")
    op.drop_table("unit")
    op.drop_index(op.f("ix_team_updated_at"), table_name="team")
    op.drop_table("team")
    op.drop_index(op.f("ix_support_updated_at"), table_name="support")
    op.drop_index(op.f("ix_support_incident_id"), table_name="support")
    op.drop_table("support")
    op.drop_index(op.f("ix_status_event_updated_at"), table_name="status_event")
    op.drop_table("status_event")
    op.drop_index(op.f("ix_staff_scope_updated_at"), table_name="staff_scope")
    op.drop_table("staff_scope")
    op.drop_index(op.f("ix_shift_updated_at"), table_name="shift")
    op.drop_table("shift")
    op.drop_index(op.f("ix_request_updated_at"), table_name="request")
    op.drop_table("request")
    op.drop_index(op.f("ix_referral_updated_at"), table_name="referral")
    op.drop_index(op.f("ix_referral_contact_id"), table_name="referral")
    op.drop_table("referral")
    op.drop_index(op.f("ix_person_contact_updated_at"), table_name="person_contact")
    op.drop_index(op.f("ix_person_contact_response_id"), table_name="person_contact")
    op.drop_table("person_contact")
    op.drop_index(op.f("ix_person_updated_at"), table_name="person")
    op.drop_table("person")
    op.drop_index(op.f("ix_partner_updated_at"), table_name="partner")
    op.drop_table("partner")
    op.drop_index(op.f("ix_location_updated_at"), table_name="location")
    op.drop_table("location")
    op.drop_index(op.f("ix_incident_updated_at"), table_name="incident")
    op.drop_table("incident")
    op.drop_index(op.f("ix_follow_up_updated_at"), table_name="follow_up")
    op.drop_index(op.f("ix_follow_up_contact_id"), table_name="follow_up")
    op.drop_table("follow_up")
    op.drop_index(op.f("ix_dispatch_updated_at"), table_name="dispatch")
    op.drop_index(op.f("ix_dispatch_call_id"), table_name="dispatch")
    op.drop_table("dispatch")
    op.drop_index(op.f("ix_consent_updated_at"), table_name="consent")
    op.drop_table("consent")
    op.drop_index(op.f("ix_code_value_updated_at"), table_name="code_value")
    op.drop_table("code_value")
    op.drop_index(op.f("ix_call_updated_at"), table_name="call")
    op.drop_index(op.f("ix_call_incident_id"), table_name="call")
    op.drop_table("call")
    op.drop_index(op.f("ix_area_updated_at"), table_name="area")
    op.drop_table("area")
    op.drop_table("crisis_marker")
