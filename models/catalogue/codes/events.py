"""Code lists of incidents and calls: kinds, harm, status, sources, stages and reasons of the funnel."""

from __future__ import annotations

from models.catalogue.codes.plain import UNKNOWN, plain
from models.catalogue.types import Code, CodeList

APCO = "APCO 2.103.1"

INCIDENT_TYPES: tuple[tuple[str, str, str, str | None], ...] = (
    ("shooting", "Shooting", "violent_critical", "SHOOT"),
    ("firearm_discharge", "Firearm discharge", "violent_critical", "WEAPON"),
    ("stabbing", "Stabbing or slashing", "violent_critical", "STABBING"),
    ("homicide", "Homicide", "violent_critical", "HOMICIDE"),
    ("swarming", "Swarming", "violent_critical", "FIGHT"),
    ("other_violent", "Other violent incident", "violent_critical", "ASSAULT"),
    ("crisis", "Person in crisis", "person_in_crisis", "EDP"),
    ("suicide_related", "Suicide-related", "person_in_crisis", "SUICTHRT"),
    ("overdose", "Overdose", "person_in_crisis", "OD"),
    ("wellness_check", "Wellness check", "person_in_crisis", "WELFARE"),
    ("intoxication", "Intoxication", "person_in_crisis", "INTOX"),
    ("medical", "Medical or fire response", "person_in_crisis", None),
    ("other_crisis", "Other crisis call", "person_in_crisis", "CITASST"),
)
"""(code, label, family, APCO code); the order is the order of display."""

UNKNOWN_TYPES: tuple[tuple[str, str, str], ...] = (
    ("unknown_violent", "Violent incident, kind unknown", "violent_critical"),
    ("unknown_crisis", "Crisis call, kind unknown", "person_in_crisis"),
    ("unknown", "Unknown kind", "unknown"),
)
"""(code, label, family): an incident whose kind is not recorded, or a foreign word, keeps its family."""

CODE_LISTS = (
    CodeList(
        "incident_type",
        "Kind of critical incident",
        (
            *(
                Code(code, label, f"Family {family}.", APCO if standard else None, standard)
                for code, label, family, standard in INCIDENT_TYPES
            ),
            *(Code(code, label, f"Family {family}.") for code, label, family in UNKNOWN_TYPES),
        ),
    ),
    plain(
        "family",
        "Family of events",
        ("violent_critical", "Violent critical incidents"),
        ("person_in_crisis", "People in crisis"),
        ("operations", "The service itself"),
        ("unknown", "Family not recorded"),
    ),
    plain("harm", "Worst harm", ("fatal", "Fatal"), ("injured", "Injured"), ("none", "No one hurt"), UNKNOWN),
    plain(
        "severity",
        "Severity",
        ("fatal", "Fatal"),
        ("life_threatening", "Life threatening"),
        ("injured", "Injured"),
        ("no_injury", "No injury"),
        UNKNOWN,
    ),
    plain(
        "incident_status",
        "Status of an incident",
        ("open", "Open"),
        ("responding", "Responding"),
        ("monitoring", "Monitoring"),
        ("closed", "Closed"),
        ("reopened", "Reopened"),
        ("merged", "Merged into another"),
        ("duplicate", "Duplicate"),
        ("void", "Void"),
        ("test", "Test"),
        UNKNOWN,
    ),
    plain(
        "source",
        "Where a report or call came from",
        ("911", "911 transfer"),
        ("211", "211"),
        ("paramedic", "Paramedics"),
        ("partner", "Partner line"),
        ("community", "In the community"),
        ("walk_in", "Walk-in"),
        ("police", "Police"),
        ("media", "Media"),
        ("self", "Own observation"),
        UNKNOWN,
    ),
    plain(
        "call_kind",
        "Kind of call record",
        ("service", "Call for service"),
        ("update_request", "Update request"),
        ("incomplete", "Incomplete log"),
        unmapped="service",
    ),
    plain("priority", "Priority", ("1", "1 (highest)"), ("2", "2"), ("3", "3"), ("4", "4"), UNKNOWN),
    plain(
        "stage",
        "Stage of the funnel",
        ("received", "Received"),
        ("triaged", "Triaged"),
        ("eligible", "Eligible"),
        ("offered", "Offered to a team"),
        ("dispatched", "Dispatched"),
        ("arrived", "Arrived"),
        ("engaged", "Engaged"),
        ("supported", "Supported"),
    ),
    plain(
        "stop_reason",
        "Why a call went no further",
        ("none", "Went all the way"),
        ("in_progress", "Still in progress"),
        ("abandoned", "Caller hung up"),
        ("resolved_by_phone", "Resolved by phone"),
        ("ineligible_safety", "Not eligible: safety"),
        ("ineligible_medical", "Not eligible: medical"),
        ("ineligible_area", "Not eligible: outside the area"),
        ("ineligible_hours", "Not eligible: outside hours"),
        ("ineligible_other", "Not eligible: other"),
        ("no_team", "No team available"),
        ("team_declined", "Team declined"),
        ("cancelled", "Cancelled before arrival"),
        ("unable_to_locate", "Unable to locate"),
        ("gone_on_arrival", "Gone on arrival"),
        ("declined", "Person declined"),
        ("safety", "Unsafe"),
        ("no_support_needed", "No support needed"),
        ("not_recorded", "Reason not recorded"),
        unmapped="not_recorded",
    ),
)
