"""Credential -> Caller, by the key rows of the service database, read again every few seconds.

A revoked key is refused within `FRESH_SECONDS`. While the database does not answer, rows read before go on for
`GRACE_SECONDS`; then access closes. Called from worker threads by the guard; shared by all requests of a process.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from api.auth.credentials import Credential
from api.observe import KeysUnreadable, Observer
from api.odata.exchange import Caller
from models.clock import now
from models.errors import Unauthenticated, Unavailable
from models.service import ApiKey, KeyScope, keys

FRESH_SECONDS = 3.0
RETRY_SECONDS = 0.2
"""An unknown key id makes the rows be read again, but not more often than this: a new key works at once."""
GRACE_SECONDS = 30.0

_NO_HASH = "0" * 64


@dataclass(frozen=True)
class _Entry:
    key: ApiKey
    caller: Caller


class Keyring:
    """The valid keys of this moment. Safe to share between threads."""

    def __init__(
        self, engine: Engine, pepper: bytes, observe: Observer, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._engine = engine
        self._pepper = pepper
        self._observe = observe
        self._clock = clock
        self._entries: dict[str, _Entry] = {}
        self._read_at = float("-inf")
        self._tried_at = float("-inf")
        self._lock = threading.Lock()

    def is_fresh(self, credential: Credential) -> bool:
        """Whether `caller` will answer without asking the database, so that it need not leave the event loop."""
        return credential.key_id in self._entries and self._clock() - self._read_at < FRESH_SECONDS

    def caller(self, credential: Credential) -> Caller:
        """Who holds this key. Raises Unauthenticated (unknown, wrong, expired and revoked alike) or Unavailable."""
        if not self.is_fresh(credential):
            self._read_again(known=credential.key_id in self._entries)
        entry = self._entries.get(credential.key_id)
        stored = entry.key.secret_hash if entry else _NO_HASH
        right = keys.matches(credential.secret, stored, self._pepper)
        if entry is None or not right or not keys.is_valid(entry.key, now()):
            raise Unauthenticated("this address needs a key")
        return entry.caller

    def _read_again(self, *, known: bool) -> None:
        with self._lock:
            moment = self._clock()
            age = moment - self._read_at
            if age < (FRESH_SECONDS if known else RETRY_SECONDS):
                return  # another thread has just read them
            if moment - self._tried_at >= RETRY_SECONDS:
                self._tried_at = moment
                try:
                    rows = keys.listed(self._engine)
                except SQLAlchemyError as error:
                    self._observe(KeysUnreadable(type(error).__name__))
                else:
                    self._entries = {key.key_id: _Entry(key, _caller(key, scopes)) for key, scopes in rows}
                    self._read_at = moment
                    return
            if age > GRACE_SECONDS:
                raise Unavailable("the keys cannot be read", hint="The service database does not answer; try again.")


def _caller(key: ApiKey, scopes: tuple[KeyScope, ...]) -> Caller:
    values: dict[str, set[str]] = {"area": set(), "team": set()}
    for scope in scopes:
        if scope.kind not in values:
            # A restriction that this version does not know must not fall away: nothing is in scope.
            return Caller(key.key_id, key.role, key.purpose, frozenset(), frozenset())
        values[scope.kind].add(scope.value)
    areas, teams = (frozenset(values[kind]) or None for kind in ("area", "team"))
    return Caller(key.key_id, key.role, key.purpose, areas, teams)
