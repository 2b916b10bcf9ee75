"""API keys: made, hashed, verified, rotated, revoked. Rows of the service database in and out.

A key is an id (`cm_` and 12 characters, public) and a secret (`cms_` and 43 characters, 256 random bits, shown
once). Stored is HMAC-SHA-256 of the secret with the pepper: a fast hash is right for a secret that cannot be
guessed, and Power BI sends it with every page. Called by `crisis keys`, the demo city and api.auth.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import string
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine
from sqlmodel import Session, col, select

from models.catalogue import CATALOGUE
from models.clock import now
from models.errors import ConfigurationError
from models.service.access import ApiKey, KeyScope

KEY_ID = re.compile(r"cm_[a-z0-9]{12}\Z")
SECRET_FORM = re.compile(r"cms_[A-Za-z0-9_-]{43}")
"""What every secret of ours looks like: by this a secret in a URL is known, whatever the option is called."""

MOST_VALID = 2
OVERLAP = timedelta(days=7)
_ALPHABET = string.ascii_lowercase + string.digits


@dataclass(frozen=True)
class NewKey:
    """A key just made. `secret` exists here only: neither row holds it."""

    key: ApiKey
    scopes: tuple[KeyScope, ...]
    secret: str = field(repr=False)


def stored_hash(secret: str, pepper: bytes) -> str:
    """HMAC-SHA-256 of the secret with the pepper, 64 hex digits."""
    return hmac.new(pepper, secret.encode(), hashlib.sha256).hexdigest()


def matches(secret: str, stored: str, pepper: bytes) -> bool:
    """Whether `secret` is the one whose hash is `stored`; takes the same time whatever differs."""
    return hmac.compare_digest(stored_hash(secret, pepper), stored)


def is_valid(key: ApiKey, moment: datetime) -> bool:
    """Whether the key may be used at an aware instant: neither revoked nor expired."""
    if key.revoked_at is not None:
        return False
    return key.expires_at is None or _naive(moment) < key.expires_at


def new_key(
    client: str,
    role: str,
    *,
    pepper: bytes,
    areas: Iterable[str] = (),
    teams: Iterable[str] = (),
    expires: datetime | None = None,
    purpose: str = "operations",
) -> NewKey:
    """A key for a client, not stored yet. `expires` is an aware instant; None = until revoked.

    No areas (teams) = not restricted in areas (teams). Raises ConfigurationError for an unknown role, and for a
    client or purpose that is empty or too long.
    """
    if role not in CATALOGUE.roles:
        known = ", ".join(CATALOGUE.roles)
        raise ConfigurationError(f"there is no role {role!r}", hint=f"Choose one of: {known}.")
    for name, value in (("client", client), ("purpose", purpose)):
        if not value.strip() or len(value) > 128:
            raise ConfigurationError(f"the {name} is empty or longer than 128 characters", hint=f"Give --{name} TEXT.")
    key_id = "cm_" + "".join(secrets.choice(_ALPHABET) for _ in range(12))
    secret = "cms_" + secrets.token_urlsafe(32)
    key = ApiKey(
        key_id=key_id,
        client=client,
        role=role,
        purpose=purpose,
        secret_hash=stored_hash(secret, pepper),
        created_at=_naive(now()),
        expires_at=_naive(expires) if expires else None,
    )
    wanted = [("area", value) for value in areas] + [("team", value) for value in teams]
    scopes = tuple(KeyScope(key_id=key_id, kind=kind, value=value) for kind, value in dict.fromkeys(wanted))
    return NewKey(key, scopes, secret)


def store(engine: Engine, made: NewKey) -> None:
    """Write a new key and its scopes in one transaction.

    Raises ConfigurationError when the client holds two valid keys of this role already.
    """
    with Session(engine, expire_on_commit=False) as session:
        _add(session, made)
        session.commit()


def rotate(engine: Engine, key_id: str, *, pepper: bytes, overlap: timedelta = OVERLAP) -> NewKey:
    """A second key for the same client, role, purpose and scopes; the old one ends after `overlap` at the latest.

    The new key lives as long as the old one was made for. Raises ConfigurationError for a key that is unknown
    or no longer valid, and when two keys are valid already.
    """
    moment = now()
    with Session(engine, expire_on_commit=False) as session:
        old = _valid(session, key_id, moment)
        scopes = session.exec(select(KeyScope).where(KeyScope.key_id == key_id)).all()
        lifetime = old.expires_at - old.created_at if old.expires_at else None
        made = new_key(
            old.client,
            old.role,
            pepper=pepper,
            areas=[scope.value for scope in scopes if scope.kind == "area"],
            teams=[scope.value for scope in scopes if scope.kind == "team"],
            expires=moment + lifetime if lifetime else None,
            purpose=old.purpose,
        )
        _add(session, made)
        end = _naive(moment + overlap)
        old.expires_at = min(old.expires_at, end) if old.expires_at else end
        session.add(old)
        session.commit()
        session.refresh(made.key)
    return made


def revoke(engine: Engine, key_id: str) -> ApiKey:
    """End a key now; revoking it again changes nothing. Raises ConfigurationError for an unknown key."""
    with Session(engine, expire_on_commit=False) as session:
        key = _known(session, key_id)
        if key.revoked_at is None:
            key.revoked_at = _naive(now())
            session.add(key)
            session.commit()
        return key


def listed(engine: Engine) -> tuple[tuple[ApiKey, tuple[KeyScope, ...]], ...]:
    """Every key with its scopes, oldest first. Read by `crisis keys list` and, often, by api.auth."""
    with Session(engine, expire_on_commit=False) as session:
        keys = session.exec(select(ApiKey).order_by(col(ApiKey.created_at), col(ApiKey.key_id))).all()
        scopes = session.exec(select(KeyScope).order_by(col(KeyScope.scope_id))).all()
    held: dict[str, list[KeyScope]] = {key.key_id: [] for key in keys}
    for scope in scopes:
        held[scope.key_id].append(scope)
    return tuple((key, tuple(held[key.key_id])) for key in keys)


def _add(session: Session, made: NewKey) -> None:
    moment = now()
    held = session.exec(select(ApiKey).where(ApiKey.client == made.key.client, ApiKey.role == made.key.role)).all()
    valid = [key.key_id for key in held if is_valid(key, moment)]
    if len(valid) >= MOST_VALID:
        raise ConfigurationError(
            f"{made.key.client} holds {len(valid)} valid keys of the role {made.key.role} already",
            hint=f"Revoke one first: crisis keys revoke {valid[0]} (or name another --client).",
        )
    session.add(made.key)
    session.flush()
    session.add_all(made.scopes)


def _known(session: Session, key_id: str) -> ApiKey:
    key = session.get(ApiKey, key_id)
    if key is None:
        raise ConfigurationError(f"there is no key {key_id!r}", hint="`crisis keys list` shows the keys.")
    return key


def _valid(session: Session, key_id: str, moment: datetime) -> ApiKey:
    key = _known(session, key_id)
    if not is_valid(key, moment):
        raise ConfigurationError(
            f"the key {key_id} is revoked or expired", hint="Make a new one: crisis keys add --role ... --client ..."
        )
    return key


def _naive(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(tzinfo=None)
