"""The 401 challenge: both schemes, Bearer first, one header line each. Pure; sent with every Unauthenticated.

Power Query sends an empty Bearer token to learn where to sign in and reads `authorization_uri` from the answer; the
Basic line makes its user name and password kind work (reference: connector authentication of Power Query).
"""

from __future__ import annotations

REALM = "Crisis Metrics"


def challenge(tenant: str | None) -> tuple[tuple[str, str], ...]:
    """The two WWW-Authenticate header lines; `tenant` is the Entra tenant, `common` where none is set."""
    uri = f"https://login.microsoftonline.com/{tenant or 'common'}/oauth2/authorize"
    return (
        ("WWW-Authenticate", f"Bearer authorization_uri={uri}"),
        ("WWW-Authenticate", f'Basic realm="{REALM}", charset="UTF-8"'),
    )
