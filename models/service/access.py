"""Who may come in: API keys as hashes, with role, row scope and expiry. The secret itself is never stored."""

from __future__ import annotations

from pydantic import NaiveDatetime
from sqlmodel import Field

from models.service.base import ServiceTable


class ApiKey(ServiceTable, table=True):
    """One key. Two keys of one client may be valid at a time, so that a key can be rotated without a gap."""

    __tablename__ = "api_key"
    key_id: str = Field(primary_key=True, max_length=32, description="Public half: the user name for Basic.")
    client: str = Field(max_length=128, index=True, description="Whom it was given to.")
    role: str = Field(max_length=32, description="Role of the catalogue.")
    purpose: str = Field(default="operations", max_length=128, description="What it is used for; goes into the audit.")
    secret_hash: str = Field(max_length=64, description="HMAC-SHA-256 of the secret with the pepper, hex.")
    created_at: NaiveDatetime = Field(description="Naive UTC.")
    expires_at: NaiveDatetime | None = Field(default=None, description="Naive UTC; null = until revoked.")
    revoked_at: NaiveDatetime | None = Field(default=None, description="Naive UTC.")


class KeyScope(ServiceTable, table=True):
    """A row scope of a key: no entry of a kind = not restricted in that kind."""

    __tablename__ = "key_scope"
    scope_id: int | None = Field(default=None, primary_key=True)
    key_id: str = Field(max_length=32, foreign_key="api_key.key_id", index=True)
    kind: str = Field(max_length=16, description="area or team.")
    value: str = Field(max_length=64, description="Area code or team code.")
