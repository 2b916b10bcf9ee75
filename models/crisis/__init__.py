"""The reference crisis database: SQLModel tables that are the source contract.

Importing this package registers every table in `METADATA`, in an order that respects references.
Clocks are naive UTC (`DateTime`); code columns hold words of the catalogue's code lists or foreign
words, which clean counts as unmapped. No references are enforced by the database: a working source
breaks them, and the checks count it.
"""

from __future__ import annotations

from models.crisis.base import METADATA, CrisisTable
from models.crisis.care import Consent, FollowUp, PersonContact, Referral, Request, Support
from models.crisis.events import Call, Dispatch, Incident, StatusEvent, UnitResponse
from models.crisis.reference import (
    Area,
    CodeValue,
    CrisisMarker,
    Location,
    Partner,
    Person,
    Shift,
    StaffScope,
    Team,
    Unit,
)

CONTRACT: tuple[type[CrisisTable], ...] = (
    Area,
    Team,
    Unit,
    Partner,
    CodeValue,
    StaffScope,
    Shift,
    Location,
    Person,
    Incident,
    Call,
    Dispatch,
    UnitResponse,
    StatusEvent,
    PersonContact,
    Consent,
    Support,
    Referral,
    FollowUp,
    Request,
)
"""The contract tables, in the order in which they are read and filled."""

__all__ = ["CONTRACT", "METADATA", "CrisisMarker", "CrisisTable"]
