"""Contract tables that other rows point to: areas, teams, units, partners, codes, staff scopes, shifts, places, people."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Field

from models.crisis.base import Clock, CrisisTable, clock, link, number, required, updated, word

MARKER = "crisis-metrics-reference"
"""What the marker row says in every database that we made."""


class CrisisMarker(CrisisTable, table=True):
    """One row that says: this schema is ours, and whether its content is synthetic. No contract table."""

    __tablename__ = "crisis_marker"
    marker: str = Field(primary_key=True, description="Always `crisis-metrics-reference`.", max_length=64)
    synthetic: bool = Field(default=False, description="True for demonstration data.")
    city: str = Field(default="", description="Name of the city.", max_length=128)
    zone: str = Field(
        default="", description="Zone of the operational day, such as America/Toronto; empty: setting.", max_length=64
    )
    attribution: str = Field(
        default="", description="Sources and licences to name, one sentence each.", max_length=2000
    )


class Area(CrisisTable, table=True):
    __tablename__ = "area"
    area_id: str = Field(primary_key=True, description="Published code, such as 001.", max_length=64)
    kind: str = required("Code list area_kind.")
    version: str = required("Set of boundaries, such as toronto-158.")
    name: str = required("Name.", 128)
    equity_class: str = required("NIA, EN or none.")
    label_latitude: float | None = Field(default=None, description="Label point, WGS 84.")
    label_longitude: float | None = Field(default=None, description="Label point, WGS 84.")
    updated_at: datetime = updated()


class Team(CrisisTable, table=True):
    __tablename__ = "team"
    team_code: str = Field(primary_key=True, description="Code of the team.", max_length=64)
    name: str = required("Name.", 128)
    kind: str = required("Code list team_kind.")
    updated_at: datetime = updated()


class Unit(CrisisTable, table=True):
    __tablename__ = "unit"
    unit_id: str = Field(primary_key=True, description="Call sign.", max_length=64)
    team_code: str | None = word("Team it belongs to.")
    updated_at: datetime = updated()


class Partner(CrisisTable, table=True):
    __tablename__ = "partner"
    partner_id: int = number("Number of the partner.")
    name: str = required("Name.", 128)
    kind: str = required("Code list partner_kind.")
    ends_on: Clock = clock("When the data-sharing agreement ends.")
    updated_at: datetime = updated()


class CodeValue(CrisisTable, table=True):
    """The source's own words and what they mean: the map from its codes to the catalogue's."""

    __tablename__ = "code_value"
    code_value_id: int = number("Number of the entry.")
    code_list: str = required("Code list of the catalogue.")
    source_code: str = required("The word as the source writes it.", 128)
    code: str = required("The catalogue's word.")
    updated_at: datetime = updated()


class StaffScope(CrisisTable, table=True):
    __tablename__ = "staff_scope"
    staff_scope_id: int = number("Number of the entry.")
    user_principal_name: str = required("Sign-in name.", 254)
    scope_kind: str = required("area, team or all.")
    scope_value: str = required("Area code, team code or *.")
    updated_at: datetime = updated()


class Shift(CrisisTable, table=True):
    __tablename__ = "shift"
    shift_id: int = number("Number of the shift.")
    unit_id: str | None = word("Unit on shift.")
    planned_start: Clock = clock("Planned start.")
    planned_end: Clock = clock("Planned end.")
    actual_start: Clock = clock("Actual start.")
    actual_end: Clock = clock("Actual end.")
    updated_at: datetime = updated()


class Location(CrisisTable, table=True):
    __tablename__ = "location"
    location_id: int = number("Number of the place.")
    area_word: str | None = word(
        "Area as the source writes it: a code, NSA, outside, or a word that nobody knows.", 128
    )
    geocode_method: str | None = word("Code list geocode_method.")
    latitude: float | None = Field(default=None, description="WGS 84; 0 with longitude 0 means not known.")
    longitude: float | None = Field(default=None, description="WGS 84.")
    updated_at: datetime = updated()


class Person(CrisisTable, table=True):
    """Pseudonymous: a random key, no name. Demographics stay here; no view publishes them yet."""

    __tablename__ = "person"
    person_key: int = number("Random number, cut when the person asks.")
    year_band: str | None = word("Band of the year of birth.")
    gender_code: str | None = word("As described, or not asked.")
    collected_as: str | None = word("self_described, staff_observed or unknown.")
    first_seen_at: Clock = clock("First contact.")
    merged_into: int | None = link("Key that replaced this one.")
    updated_at: datetime = updated()
