"""POST $batch: one body -> many requests, each on the way of every data request, and one answer (OData 11.7).

A request in a batch is asked of `inner`, the frame around the data route, as if it had come alone with the key of the
batch: guard, rate, gate, engine, audit event before its first byte. All of them read one snapshot. Its bytes are handed
on as they come; nothing is collected. Mounted by `api.main`.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import anyio.to_thread

from api.edge.frame import App
from api.edge.note import MEMBER_KEY, SCOPE_KEY, Member, Note, PartDone
from api.edge.receiving import body_of
from api.edge.sending import OpenAnswer, send_response
from api.observe import StreamAborted
from api.odata.exchange import Caller, Response, Trace
from api.odata.language.options import QueryOptions, read_options
from api.odata.protocol import batch, batch_json, batch_multipart, negotiation
from api.odata.protocol.batch import Form, Part, Writer
from api.odata.protocol.header_fields import element
from api.odata.protocol.preferences import OFFERED_TO_BATCHES, Preferences, preferences
from api.routes.guard import Guarded
from api.routes.parts import Parts
from models.errors import BatchMethodProblem, BatchProblem, Busy, CrisisError, MediaTypeProblem

CARRIED = frozenset({"authorization", "x-api-key", "host", "forwarded"})
"""Fields of the batch that each request in it comes with: who asks, and on which way."""
SHOWN = {
    name.lower(): name
    for name in (
        "Allow",
        "Cache-Control",
        "Content-Language",
        "Content-Length",
        "Content-Type",
        "ETag",
        "OData-Version",
        "Preference-Applied",
        "Retry-After",
        "Server-Timing",
        "Vary",
        "WWW-Authenticate",
        "X-Request-Id",
    )
}
"""Fields of an answer that stand in its part; the others speak to browsers about the whole."""
RUN_OUT = "the batch has taken its {:g} seconds; this request was not asked"


@dataclass(frozen=True)
class Asked:
    """A batch that was read: its requests, how they are answered, and what holds for all of them."""

    parts: tuple[Part, ...]
    sent: Form
    form: Form
    version: str
    schema: str | None
    snapshot: str | None
    preferences: Preferences
    deadline: float

    @property
    def goes_on(self) -> bool:
        """Whether after an error the next one is asked: a multipart batch stops, one in JSON does not (11.7.7.4)."""
        wish = self.preferences.continue_on_error
        return self.sent is Form.JSON if wish is None else wish


@dataclass
class Run:
    """One batch being answered."""

    asked: Asked
    note: Note
    caller: Caller
    scope: Any
    out: OpenAnswer
    writer: Writer
    succeeded: set[str] = field(default_factory=set)


class BatchRoute(Guarded):
    """Answers batches of what lies below `prefix`. `snapshot` names the current version, `clock` counts seconds."""

    def __init__(
        self,
        prefix: str,
        parts: Parts,
        inner: App,
        snapshot: Callable[[], str | None],
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__("batch", parts)
        self._clock = clock
        self._prefix = prefix
        self._inner = inner
        self._snapshot = snapshot

    async def answer(self, note: Note, caller: Caller, scope: Any, receive: Any, send: Any) -> None:
        """The answer to a batch that cannot be read is one error; else each request has its own."""
        try:
            self._parts.rate.count(caller.key_id)
            asked = await self._read(scope["method"], note, receive)
        except CrisisError as error:
            response = self._parts.problem(error, note)
            await self.audit(note, caller, response)
            await send_response(response, scope, receive, send, accepts="")
            return
        writer = batch_json.JsonWriter() if asked.form is Form.JSON else _multipart()
        out = OpenAnswer(receive, send)
        try:
            await self._answer(Run(asked, note, caller, scope, out, writer))
        finally:
            out.close()

    async def _read(self, method: str, note: Note, receive: Any) -> Asked:
        """The batch, when its header fields and its body can be read."""
        if method != "POST":
            raise BatchMethodProblem("a batch is sent with POST", target="$batch")
        headers, settings = note.headers, self._parts.settings
        deadline = self._clock() + settings.batch_seconds
        for name in ("if-match", "if-none-match"):
            if name in headers:
                raise BatchProblem("a condition belongs to a request in the batch, not to the batch", target=name)
        if headers.get("content-encoding", "identity").strip().lower() != "identity":
            raise MediaTypeProblem("the body of a batch is not packed", target="Content-Encoding")
        options = read_options(note.target.query, self._parts.limits)
        if options != QueryOptions(format=options.format, schemaversion=options.schemaversion):
            raise BatchProblem("a batch takes $format and $schemaversion, nothing else", target="$batch")
        version = negotiation.version(headers)
        sent, read = _reader(headers.get("content-type", ""))
        form = batch.answer_form(headers, options.format, sent)
        body = await body_of(receive, headers, most=settings.batch_bytes, seconds=settings.batch_seconds)
        parts = await anyio.to_thread.run_sync(read, body, settings.batch_requests)
        wishes = preferences(headers, 0, OFFERED_TO_BATCHES)
        snapshot = await anyio.to_thread.run_sync(self._snapshot)
        return Asked(parts, sent, form, version, options.schemaversion, snapshot, wishes, deadline)

    async def _answer(self, run: Run) -> None:
        """Opening, each request in turn, closing."""
        asked, note, out = run.asked, run.note, run.out
        whole = Response(200, (), (), Trace(shape=f"{len(asked.parts)} requests", version=asked.snapshot))
        await self.audit(note, run.caller, whole)
        headers = {"odata-version": asked.version, "content-type": run.writer.content_type}
        if asked.preferences.applied:
            headers["preference-applied"] = asked.preferences.applied
        await out.start(200, headers, accepts=note.headers.get("accept-encoding", ""))
        await out.write(run.writer.opening())
        for number, part in enumerate(asked.parts, 1):
            if part.operation and asked.form is Form.MULTIPART:
                continue  # the answer to the first operation of its change set stands for all
            status = await self._ask(run, part, number)
            if out.gone.done():
                self._parts.observe(StreamAborted(note.request_id, note.bytes_sent))
                await self.audit(note, run.caller, whole, aborted=True)
                return
            if status is None:
                return  # it broke off in the middle: the answer ends short, and the client sees that it did
            if status >= 400 and not asked.goes_on:
                break
        await out.write(run.writer.closing())
        await out.end()

    async def _ask(self, run: Run, part: Part, number: int) -> int | None:
        """Ask one request and write its answer; its status, None when the answer broke off."""
        request_id = f"{run.note.request_id}-{number}"
        sink = _Sink(part, run)
        try:
            await self._inner(self._scope(run, part, request_id), sink.receive, sink.send)
        except CrisisError as error:
            note = replace(run.note, request_id=request_id)
            response = self._parts.problem(error, note)
            await self.audit(note, run.caller, response)
            named = replace(response, headers=(*response.headers, ("X-Request-Id", request_id)))
            await send_response(named, {"method": "POST"}, sink.receive, sink.send, accepts="")
        if run.note.parts is not None:
            run.note.parts.append(PartDone(part, sink.status, sink.content_type))
        if not sink.ended:
            return None
        if part.id is not None and 200 <= sink.status < 300:
            run.succeeded.add(part.id)
        return sink.status

    def _scope(self, run: Run, part: Part, request_id: str) -> dict[str, Any]:
        """The ASGI scope of a request as if it had come alone. Raises the CrisisError that is its answer."""
        if part.problem is not None:
            raise part.problem
        if self._clock() > run.asked.deadline:
            hint = "Send fewer requests in one batch; CRISIS_BATCH_SECONDS is the limit."
            raise Busy(RUN_OUT.format(self._parts.settings.batch_seconds), hint=hint)
        problem = batch.unmet(part, run.succeeded)
        if problem is not None:
            raise problem
        outer = run.note.headers
        public = f"{run.note.root.rstrip('/')}{self._prefix}/"
        spoken = f"{run.note.connection.scheme}://{outer.get('host', '')}{self._prefix}/"
        path, query = batch.located(part.url, (public, spoken))
        raw = f"{self._prefix}/{path}".encode()
        own = batch.headers_for(part, outer).items()
        carried = [(name, value) for name, value in outer.items() if name in CARRIED or name.startswith("x-forwarded-")]
        return {
            **{name: value for name, value in run.scope.items() if name != SCOPE_KEY},
            "method": part.method,
            "path": raw.decode("latin-1"),
            "raw_path": raw,
            "query_string": batch.with_schema(query, run.asked.schema).encode(),
            "headers": [(name.encode("latin-1"), value.encode("latin-1")) for name, value in (*carried, *own)],
            MEMBER_KEY: Member(request_id, run.asked.snapshot),
        }


class _Sink:
    """Takes the ASGI messages of one answer and writes them as a part of the batch's."""

    def __init__(self, part: Part, run: Run) -> None:
        self._part = part
        self._run = run
        self.status = 0
        self.content_type: str | None = None
        self.ended = False

    async def receive(self) -> dict[str, Any]:
        """There is no body; all that can come is that the client leaves."""
        await asyncio.wait([self._run.out.gone])
        return {"type": "http.disconnect"}

    async def send(self, message: Any) -> None:
        """One message of the answer."""
        out, writer = self._run.out, self._run.writer
        if message["type"] == "http.response.start":
            self.status = message["status"]
            shown = self._shown(message["headers"])
            self.content_type = dict(shown).get("Content-Type")
            await out.write(writer.head(self._part, self.status, shown))
            return
        await out.write(*writer.piece(message.get("body", b"")))
        if not message.get("more_body", False):
            await out.write(writer.tail())
            self.ended = True

    def _shown(self, headers: Sequence[tuple[bytes, bytes]]) -> list[tuple[str, str]]:
        """What is left out: the length of a body that HEAD leaves out, which would be read as that of the part, and
        the tag of a bare value or of nothing: OpenUI5 writes it into the object that it read, and drops the batch."""
        pairs = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in headers]
        bare = self.status == 204 or dict(pairs).get("content-type", "").startswith("text/plain")
        left_out = {"content-length"} if self._part.method == "HEAD" else set()
        left_out |= {"etag"} if bare else set()
        return [(SHOWN[name], value) for name, value in pairs if name in SHOWN and name not in left_out]


def _multipart() -> batch_multipart.MultipartWriter:
    return batch_multipart.MultipartWriter(f"batch_{secrets.token_hex(16)}")


def _reader(content_type: str) -> tuple[Form, Callable[[bytes, int], tuple[Part, ...]]]:
    """The format of a body, and what reads it. Raises MediaTypeProblem and BatchProblem."""
    kind = element(content_type)
    parameters = dict(kind.parameters)
    if kind.word.lower() == Form.MULTIPART:
        boundary = batch_multipart.boundary_of(parameters)
        return Form.MULTIPART, lambda body, most: batch_multipart.read(body, boundary, most)
    if kind.word.lower() == Form.JSON:
        charset = batch_json.charset_of(parameters)
        return Form.JSON, lambda body, most: batch_json.read(body, charset, most)
    raise MediaTypeProblem("a batch is multipart/mixed or application/json", target="Content-Type")
