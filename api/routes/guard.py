"""The one way in: Note -> Caller. Every route goes through here, or stands in `OPEN_ROUTES` with its reason.

Refuses, in this order: a secret in the URL, a way on which credentials may not travel, no or no valid key.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from typing import Any

import anyio.to_thread
from fastapi import Request

from api.auth.credentials import credential_of
from api.edge.audit import AuditEvent, event_time
from api.edge.note import Note, note_of
from api.observe import AccessRefused
from api.odata.exchange import Caller, Response
from api.routes.parts import Parts
from models.catalogue import CATALOGUE
from models.errors import AccessError, Forbidden, InsecureTransport, Unauthenticated

OPEN_ROUTES = {
    "/": "start page: definitions and freshness, no figures",
    "/healthz": "asked by supervisors that hold no key; says only that the process lives",
    "/readyz": "asked by load balancers that hold no key; says version and freshness, no figures",
    "/docs": "how to use the interface; no figures",
    "/openapi.json": "the interface for generators; declarations only",
}
"""Routes without a key, by name, each with its reason. Everything else is guarded; a test walks all routes."""


class Guarded(ABC):
    """An ASGI app that is entered with a key or not at all: `answer` is reached through `admit` alone.

    `name` is the route's word in counts and audit.
    """

    def __init__(self, name: str, parts: Parts) -> None:
        self.name = name
        self._parts = parts

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one request of a known caller."""
        note = note_of(scope)
        note.route = self.name
        await self.answer(note, await admit(note, self._parts), scope, receive, send)

    @abstractmethod
    async def answer(self, note: Note, caller: Caller, scope: Any, receive: Any, send: Any) -> None:
        """The answer itself."""

    async def audit(self, note: Note, caller: Caller, response: Response, *, aborted: bool = False) -> None:
        """Return when the trail has it. Raises AuditUnavailable."""
        note.code = response.trace.code
        await self._parts.trail.write(
            AuditEvent(
                time=event_time(),
                request_id=note.request_id,
                key_id=caller.key_id,
                role=caller.role,
                purpose=caller.purpose,
                route=self.name,
                target=note.target.redacted,
                view=response.trace.view,
                shape=response.trace.shape,
                rows=response.trace.rows,
                version=response.trace.version,
                outcome="aborted" if aborted else response.trace.code or "answered",
                status=response.status,
                bytes_sent=note.bytes_sent if aborted else None,
            )
        )


async def admit(note: Note, parts: Parts) -> Caller:
    """Who asks. Raises Unauthenticated, InsecureTransport or Unavailable."""
    try:
        caller = await _known(note, parts)
    except AccessError as error:
        parts.observe(AccessRefused(note.request_id, type(error).__name__, note.target.redacted))
        raise
    note.key_id, note.role = caller.key_id, caller.role
    return caller


async def _known(note: Note, parts: Parts) -> Caller:
    if note.target.carries_secret:
        raise Unauthenticated(
            "a key must never stand in a URL",
            hint="Send it as Basic: user = key id, password = secret. If this was a real secret, revoke it now.",
        )
    if not note.connection.private:
        raise InsecureTransport("this address takes keys over https only")
    credential = credential_of(note.headers)
    if parts.keyring.is_fresh(credential):
        return parts.keyring.caller(credential)
    return await anyio.to_thread.run_sync(parts.keyring.caller, credential)


def requires(parts: Parts, *actions: str) -> Callable[[Request], Awaitable[Caller]]:
    """A FastAPI dependency: a caller whose role lists one of `actions`. Raises as `admit`, and Forbidden."""

    async def dependency(request: Request) -> Caller:
        caller = await admit(note_of(request.scope), parts)
        _allow(caller, actions)
        parts.rate.count(caller.key_id)
        return caller

    dependency.guards = actions  # type: ignore[attr-defined]
    return dependency


def requires_here_or(parts: Parts, *actions: str) -> Callable[[Request], Awaitable[Caller | None]]:
    """As `requires`, but a client on this machine needs no key: for what scrapes counters beside the service."""
    guarded = requires(parts, *actions)

    async def dependency(request: Request) -> Caller | None:
        return None if note_of(request.scope).connection.local else await guarded(request)

    dependency.guards = actions  # type: ignore[attr-defined]
    return dependency


def actions_of(dependency: Any) -> tuple[str, ...]:
    """The actions of which a dependency asks one; empty when it guards nothing."""
    return tuple(getattr(dependency, "guards", ()))


def _allow(caller: Caller, actions: tuple[str, ...]) -> None:
    role = CATALOGUE.roles.get(caller.role)
    if role is None or not role.actions & set(actions):
        raise Forbidden("your role may not use this route")
