"""Who may do what: the roles of DESIGN section 8. Which view a role reads stands on the view.

Deny by default: a role reads exactly the views that name it and uses exactly the actions listed here.
No police role exists, and none has a person search.
"""

from __future__ import annotations

from models.catalogue.types import Role

VIEWER = "viewer"
LEAD = "lead"
ANALYST = "analyst"
REFRESH = "refresh"
ADMIN = "admin"

STAFF = frozenset({VIEWER, LEAD, ANALYST})
RECORDS = frozenset({ANALYST})
TRUST = frozenset({VIEWER, LEAD, ANALYST, REFRESH})

ROLES = (
    Role(VIEWER, "Viewer", "Crisis team staff and their dashboard: daily figures, open items, trust. No records."),
    Role(LEAD, "Team lead", "As viewer, usually restricted to the areas or teams that they lead."),
    Role(
        ANALYST,
        "Analyst",
        "All views, pseudonymous records included, for notebooks and Excel. No demographics under 5.",
        small_count=5,
    ),
    Role(REFRESH, "Refresh job", "Starts a refresh and reads how it went. No figures.", frozenset({"refresh-runs"})),
    Role(
        ADMIN,
        "Administrator",
        "Manages keys and reads the service's state. Holds no data rights.",
        frozenset({"admin"}),
    ),
)
