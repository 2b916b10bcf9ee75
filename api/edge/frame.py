"""The outermost ASGI layer: request id, URL limit, security headers, errors to answers, one observation a request.

The only broad `except` of the web service stands here: what no one foresaw becomes a 500 with its request id and
nothing of its message, which may hold values. Wraps everything that `api.main` puts together.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from api.edge.connection import connection_of, headers_of, public_root
from api.edge.note import MEMBER_KEY, SCOPE_KEY, Member, Note
from api.edge.sending import send_response
from api.edge.target import require_readable, target_of
from api.observe import Observer, RequestDone, UnexpectedFailure, place_of
from api.odata.exchange import Response
from models.errors import CrisisError
from models.settings import ApiSettings

App = Callable[[Any, Any, Any], Awaitable[None]]
Problem = Callable[[CrisisError, Note], Response]
Record = Callable[[str, Note], None]

STANDARD_HEADERS = (
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-resource-policy", "same-origin"),
    ("content-security-policy", "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"),
    ("cache-control", "no-store"),
)
"""Set on every answer that does not say otherwise itself."""
TRANSPORT_SECURITY = ("strict-transport-security", "max-age=31536000")


class Frame:
    """Wraps `app`; `problem` turns an error into the answer that its callers expect, `record` writes requests down."""

    def __init__(
        self, app: App, settings: ApiSettings, observe: Observer, problem: Problem, record: Record | None = None
    ) -> None:
        self._app = app
        self._settings = settings
        self._observe = observe
        self._problem = problem
        self._record = record

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one request, whatever happens below."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        note = self._note(scope)
        scope[SCOPE_KEY] = note
        wire = _Wire(send, note)
        try:
            require_readable(note.target, self._settings.max_url_length)
            await self._app(scope, receive, wire.send)
        except CrisisError as error:
            await self._answer_error(error, note, wire, scope, receive)
        except Exception as error:  # the HTTP edge: see the module's docstring  # noqa: BLE001
            self._observe(UnexpectedFailure(note.request_id, **place_of(error)))
            await self._answer_error(unforeseen(note), note, wire, scope, receive)
        finally:
            self._observe(
                RequestDone(
                    note.request_id,
                    scope["method"],
                    note.route,
                    note.target.redacted,
                    note.status,
                    note.code,
                    note.key_id,
                    round(note.milliseconds, 3),
                    note.bytes_sent,
                )
            )
            if self._record is not None:
                self._record(scope["method"], note)

    def _note(self, scope: Any) -> Note:
        headers = headers_of(scope)
        connection = connection_of(scope, headers, self._settings.trusted_proxies)
        note = Note(target_of(scope), headers, connection, public_root(self._settings, connection, headers))
        member = scope.get(MEMBER_KEY)
        if isinstance(member, Member):
            note.request_id, note.version = member.request_id, member.version
        if self._record is not None:
            note.parts = []
        return note

    async def _answer_error(self, error: CrisisError, note: Note, wire: _Wire, scope: Any, receive: Any) -> None:
        note.code = error.code
        if note.status:
            return  # the answer has begun: it ends short, and the client sees that it did
        response = self._problem(error, note)
        await send_response(response, scope, receive, wire.send, accepts="")


def unforeseen(note: Note) -> CrisisError:
    """What a caller is told of a failure that no one foresaw."""
    return CrisisError(f"something unexpected happened (request id {note.request_id})")


class _Wire:
    """Counts what goes out and adds the standard headers to its start."""

    def __init__(self, send: Any, note: Note) -> None:
        self._send = send
        self._note = note

    async def send(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            self._note.status = message["status"]
            fields = {name.lower(): value for name, value in message["headers"]}
            self._note.content_type = fields.get(b"content-type", b"").decode("latin-1") or None
            wanted = [("x-request-id", self._note.request_id), *STANDARD_HEADERS]
            if self._note.connection.scheme == "https":
                wanted.append(TRANSPORT_SECURITY)
            extra = [(name.encode(), value.encode()) for name, value in wanted if name.encode() not in fields]
            message = {**message, "headers": [*message["headers"], *extra]}
        else:
            self._note.bytes_sent += len(message.get("body", b""))
        await self._send(message)
