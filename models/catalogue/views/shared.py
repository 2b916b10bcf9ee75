"""Columns and navigations that many views share, so that one thing has one name and one description."""

from __future__ import annotations

from models.catalogue.columns import SNAPSHOT_ID, code, day, text
from models.catalogue.types import Column, Navigation

OPERATIONAL_DATE = day("OperationalDate", "Local operational day of the clock that the column's metric names.")
AREA_ID = text("AreaId", "Area of the incident or call, by its published code; see Areas.")
TEAM_CODE = text("TeamCode", "Team that answered; `none` where no team did. See Teams.")
INCIDENT_TYPE = code("IncidentTypeCode", "incident_type", "Kind of incident; see IncidentTypes.")
FAMILY = code("FamilyCode", "family", "Family of events; families are never added up.")
PRIORITY = code("PriorityCode", "priority", "Priority given when the call was taken.")
HARM = code("HarmCode", "harm", "Worst harm to anyone: fatal, injured, none or unknown.")

LOCAL_TEXT = "{} on the city's clock, for reading: 2026-11-25 05:00 (UTC-05:00)."

TO_DATE = Navigation("Day", "Dates", ("OperationalDate",))
TO_AREA = Navigation("Area", "Areas", ("AreaId",))
TO_TEAM = Navigation("Team", "Teams", ("TeamCode",))
TO_TYPE = Navigation("IncidentType", "IncidentTypes", ("IncidentTypeCode",))


def table(*columns: Column | tuple[Column, ...]) -> tuple[Column, ...]:
    """Columns in order, groups flattened, with the hidden `SnapshotId` at the end."""
    flat: list[Column] = []
    for item in columns:
        flat.extend(item if isinstance(item, tuple) else (item,))
    return (*flat, SNAPSHOT_ID)
