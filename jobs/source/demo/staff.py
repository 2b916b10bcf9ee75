"""The team itself: teams, units, partners, code map, staff scopes, shifts. All names are made up."""

from __future__ import annotations

from datetime import datetime, timedelta

from jobs.source import geography
from jobs.source.demo.chance import Chance
from jobs.source.demo.hours import Day
from jobs.source.demo.ledger import Ledger
from jobs.source.demo.words import VARIANTS

TEAMS = (
    ("mobile_ne", "Mobile team North East", "mobile"),
    ("mobile_nw", "Mobile team North West", "mobile"),
    ("mobile_se", "Mobile team South East", "mobile"),
    ("mobile_sw", "Mobile team South West", "mobile"),
    ("outreach", "Community outreach team", "outreach"),
    ("office", "Crisis response office", "office"),
)
MOBILE = tuple(code for code, _, kind in TEAMS if kind == "mobile")
UNITS_A_TEAM = 3
UNITS = {
    team: tuple(f"{team.removeprefix('mobile_').upper()}-{number}" for number in range(1, UNITS_A_TEAM + 1))
    for team in (*MOBILE, "outreach")
}
PARTNERS = (
    ("Lakeshore Community Health Centre", "health_centre"),
    ("Humber Valley Community Health Centre", "health_centre"),
    ("Eastside Anchor Agency", "anchor"),
    ("Northern Anchor Agency", "anchor"),
    ("City Housing Support", "city"),
    ("Harbour Hospital", "hospital"),
    ("School Safety Network", "school"),
    ("Independent Evaluation Group", "evaluator"),
)
STAFF = (
    ("morgan.reyes@example.org", "all", "*"),
    ("kim.osei@example.org", "team", "mobile_ne"),
    ("lee.tremblay@example.org", "team", "mobile_nw"),
    ("sam.okafor@example.org", "team", "mobile_se"),
    ("alex.singh@example.org", "team", "mobile_sw"),
    ("jordan.cho@example.org", "team", "outreach"),
    ("robin.haddad@example.org", "area", "001"),
    ("robin.haddad@example.org", "area", "002"),
    ("casey.noor@example.org", "area", "070"),
    ("casey.noor@example.org", "area", "073"),
)
"""(sign-in name, kind of scope, value): fictional people, a domain that nobody can own."""

SHIFTS = ((7, "day"), (15, "evening"), (23, "night"))
"""Local hour at which each shift begins; eight hours each."""

FILLED_SHARE = 0.93


def found(ledger: Ledger, at: datetime) -> None:
    """Write everything that was there before the first day. `at` is naive UTC."""
    for area in geography.area_rows(at):
        ledger.fixed("area", area.model_dump(exclude={"updated_at"}), at)
    for code, name, kind in TEAMS:
        ledger.fixed("team", {"team_code": code, "name": name, "kind": kind}, at)
    for team, units in UNITS.items():
        for unit in units:
            ledger.fixed("unit", {"unit_id": unit, "team_code": team}, at)
    for number, (name, kind) in enumerate(PARTNERS, start=1):
        ends_on = at + timedelta(days=365 * 5)
        ledger.fixed("partner", {"partner_id": number, "name": name, "kind": kind, "ends_on": ends_on}, at)
    entries = [
        (codes, word, code) for codes, words in VARIANTS.items() for code, spelt in words.items() for word in spelt
    ]
    for number, (codes, word, code) in enumerate(entries, start=1):
        entry = {"code_value_id": number, "code_list": codes, "source_code": word, "code": code}
        ledger.fixed("code_value", entry, at)
    for number, (name, kind, value) in enumerate(STAFF, start=1):
        scope = {"staff_scope_id": number, "user_principal_name": name, "scope_kind": kind, "scope_value": value}
        ledger.fixed("staff_scope", scope, at)


def shifts(day: Day, ledger: Ledger, chance: Chance) -> None:
    """One row for each unit and shift that begins on the day; some are not filled, some start late or run on."""
    begins = dict(day.hours)
    for units in UNITS.values():
        for unit in units:
            for hour, _ in SHIFTS:
                start = begins[hour]
                row = {
                    "shift_id": ledger.number("shift"),
                    "unit_id": unit,
                    "planned_start": start,
                    "planned_end": start + timedelta(hours=8),
                }
                if chance.yes(FILLED_SHARE):
                    row["actual_start"] = start + chance.between(-300, 900)
                    row["actual_end"] = start + timedelta(hours=8) + chance.between(-600, 2700)
                ledger.emit("shift", start - timedelta(days=7), row, chance)
