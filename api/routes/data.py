"""The way of every data request: guard -> rate -> gate -> engine in a thread -> audit event on the disk -> bytes.

A raw ASGI app, because dictionaries and models are what makes such a service slow. `produce` is the OData engine or
the exports; both take an exchange.Request and give an exchange.Response. Mounted by `api.main`; the requests in a
batch come here too (api.routes.batch).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import anyio.to_thread

from api.edge.note import Note
from api.edge.sending import close, send_response, unmarked
from api.observe import StreamAborted
from api.odata.exchange import Caller, Request, Response
from api.routes.guard import Guarded
from api.routes.parts import Parts
from models.errors import CrisisError

Produce = Callable[[Request], Response]
PRIVATE = frozenset({"authorization", "x-api-key", "cookie", "proxy-authorization"})
"""Headers that go no further than the edge."""


class DataRoute(Guarded):
    """Everything below `prefix`, answered by `produce`."""

    def __init__(self, name: str, prefix: str, parts: Parts, produce: Produce) -> None:
        super().__init__(name, parts)
        self.prefix = prefix
        self._produce = produce

    async def answer(self, note: Note, caller: Caller, scope: Any, receive: Any, send: Any) -> None:
        """With exactly one audit event before the first byte."""
        request = self._request(scope["method"], note, caller)
        try:
            self._parts.rate.count(caller.key_id)
            async with self._parts.gate.turn():
                response = await anyio.to_thread.run_sync(self._produce, request)
        except CrisisError as error:
            response = self._parts.problem(error, note)
        except Exception:  # the frame answers it; the trail must know of it too
            await self.audit(note, caller, self._parts.problem(CrisisError(""), note))
            raise
        try:
            await self.audit(note, caller, response)
        except CrisisError:
            close(response.body)
            raise
        accepts = note.headers.get("accept-encoding", "")
        if not await send_response(response, scope, receive, send, accepts=accepts):
            self._parts.observe(StreamAborted(note.request_id, note.bytes_sent))
            await self.audit(note, caller, response, aborted=True)

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
            version=note.version,
        )
