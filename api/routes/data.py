"""The way of every data request: guard -> rate -> gate -> engine in a thread -> audit event on the disk -> bytes.

A raw ASGI app, because dictionaries and models are what makes such a service slow. `produce` is the OData engine or
the exports; both take an exchange.Request and give an exchange.Response. Mounted by `api.main`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import anyio.to_thread

from api.edge.audit import AuditEvent, event_time
from api.edge.note import Note, note_of
from api.edge.sending import close, send_response, unmarked
from api.observe import StreamAborted
from api.odata.exchange import Caller, Request, Response
from api.routes.guard import admit
from api.routes.parts import Parts
from models.errors import CrisisError

Produce = Callable[[Request], Response]
PRIVATE = frozenset({"authorization", "x-api-key", "cookie", "proxy-authorization"})
"""Headers that go no further than the edge."""


class DataRoute:
    """Everything below `prefix`, answered by `produce`. `name` is the route's word in counts and audit."""

    def __init__(self, name: str, prefix: str, parts: Parts, produce: Produce) -> None:
        self.name = name
        self.prefix = prefix
        self._parts = parts
        self._produce = produce

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one request of a known caller, with exactly one audit event before its first byte."""
        note = note_of(scope)
        note.route = self.name
        caller = await admit(note, self._parts)
        request = self._request(scope["method"], note, caller)
        try:
            self._parts.rate.count(caller.key_id)
            async with self._parts.gate.turn():
                response = await anyio.to_thread.run_sync(self._produce, request)
        except CrisisError as error:
            response = self._parts.problem(error, note)
        except Exception:  # the frame answers it; the trail must know of it too
            await self._audit(note, caller, self._parts.problem(CrisisError(""), note))
            raise
        try:
            await self._audit(note, caller, response)
        except CrisisError:
            close(response.body)
            raise
        accepts = note.headers.get("accept-encoding", "")
        if not await send_response(response, scope, receive, send, accepts=accepts):
            self._parts.observe(StreamAborted(note.request_id, note.bytes_sent))
            await self._audit(note, caller, response, aborted=True)

    def _request(self, method: str, note: Note, caller: Caller) -> Request:
        headers = {name: value for name, value in note.headers.items() if name not in PRIVATE}
        for name in ("if-match", "if-none-match"):
            if name in headers:
                headers[name] = unmarked(headers[name])
        return Request(
            method=method,
            path=note.target.path[len(self.prefix) :].removeprefix("/"),
            query=note.target.query,
            headers=headers,
            root=f"{note.root.rstrip('/')}{self.prefix}/",
            caller=caller,
            limits=self._parts.limits,
        )

    async def _audit(self, note: Note, caller: Caller, response: Response, *, aborted: bool = False) -> None:
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
