"""Contract table -> the clock whose local day a record belongs to when nothing else is known but the record itself.

Declared once for what is asked of single records and their past versions: late rows, revisions, completeness. Tables
without an event of their own (areas, teams, places, codes) have none. Read by jobs.refresh.clean and .versions.
"""

from __future__ import annotations

ANCHORS = {
    "incident": "reported_at",
    "call": "call_arrival",
    "dispatch": "offered_at",
    "unit_response": "time_dispatch",
    "status_event": "at",
    "person_contact": "contact_at",
    "support": "held_at",
    "referral": "made_at",
    "follow_up": "attempted_at",
    "request": "received_at",
}
