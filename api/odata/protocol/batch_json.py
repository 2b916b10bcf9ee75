"""A JSON batch -> the requests in it, and their answers -> a JSON batch (OData JSON 19).

Pure; called by the batch route. Answers in JSON go through as they come; texts become JSON texts, and everything else
base64url, as the format asks.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import msgspec

from api.odata.protocol.batch import FIELD_NAME, FIELD_VALUE, METHOD, REQUEST_ID, Form, Part, checked, too_many
from models.errors import BatchProblem, CrisisError, DependencyFailed, MediaTypeProblem, Unsupported

CHARSETS = ("utf-8", "utf-16", "utf-32")
_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


class _Body(msgspec.Struct):
    requests: list[msgspec.Raw]


class _Identified(msgspec.Struct, rename={"group": "atomicityGroup"}):
    id: str
    group: str | None = None


class _Request(msgspec.Struct, rename={"depends_on": "dependsOn", "condition": "if"}):
    method: str
    url: str
    headers: dict[str, str] = msgspec.field(default_factory=dict)
    depends_on: list[str] = msgspec.field(default_factory=list)
    condition: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    body: msgspec.Raw = msgspec.Raw(b"null")


def charset_of(parameters: Mapping[str, str]) -> str:
    """The character set in the parameters of a Content-Type. Raises MediaTypeProblem."""
    charset = parameters.get("charset", "utf-8").lower()
    if charset not in CHARSETS:
        raise MediaTypeProblem("a batch is read in UTF-8, UTF-16 or UTF-32", target="Content-Type")
    return charset


def read(body: bytes, charset: str, most: int) -> tuple[Part, ...]:
    """The requests in a body. What is wrong with one of them is its answer, as long as its identifier can be read.

    Raises BatchProblem and LimitProblem.
    """
    try:
        text = body if charset == "utf-8" else body.decode(charset).encode()
        raws = msgspec.json.decode(text, type=_Body).requests
        if len(raws) > most:
            raise too_many(most)
        identified = [msgspec.json.decode(raw, type=_Identified) for raw in raws]
    except _UNREADABLE as error:
        hint = 'Write {"requests":[{"id":"1","method":"get","url":"Areas"}]}'
        raise BatchProblem("the body is no batch in JSON", hint=hint, target="$batch") from error
    _require_order(identified)
    parts: list[Part] = []
    before: set[str] = set()
    for raw, known in zip(raws, identified, strict=True):
        parts.append(_part(raw, known, before))
        before |= {known.id} | ({known.group} if known.group is not None else set())
    return checked(parts)


def _require_order(requests: Sequence[_Identified]) -> None:
    """Raises BatchProblem for identifiers that are not well written, and for groups that are torn apart."""
    groups = [request.group for request in requests]
    for name in (*(request.id for request in requests), *(group for group in groups if group is not None)):
        if not REQUEST_ID.fullmatch(name):
            hint = "Use letters, digits and - . _ ~"
            raise BatchProblem("an identifier in the batch is not well written", hint=hint, target="$batch")
    if {request.id for request in requests} & set(groups):
        raise BatchProblem("an atomicity group has the identifier of a request", target="atomicityGroup")
    begun = [now for last, now in pairwise((None, *groups)) if now is not None and now != last]
    if len(begun) > len(set(begun)):
        raise BatchProblem("the requests of an atomicity group do not stand together", target="atomicityGroup")


def _part(raw: msgspec.Raw, known: _Identified, before: set[str]) -> Part:
    try:
        return _request(raw, known, before)
    except CrisisError as error:
        return Part(id=known.id, group=known.group, problem=error)


def _request(raw: msgspec.Raw, known: _Identified, before: set[str]) -> Part:
    """One request object. Raises the problem that is its answer."""
    try:
        asked = msgspec.json.decode(raw, type=_Request)
    except _UNREADABLE as error:
        hint = "method and url are texts, headers an object of texts, dependsOn an array of texts."
        raise BatchProblem("a request of the batch is not well written", hint=hint, target="$batch") from error
    if known.group is not None:
        raise Unsupported("This service does not offer atomicity groups.", target="atomicityGroup")
    if asked.condition is not msgspec.UNSET:
        raise DependencyFailed("conditions of requests are not offered", hint="Leave out `if`.", target="if")
    if not set(asked.depends_on) <= before:
        hint = "Name identifiers of requests that stand before it in the batch."
        raise BatchProblem("dependsOn names no request before this one", hint=hint, target="dependsOn")
    if not METHOD.fullmatch(asked.method) or not asked.url.isprintable():
        hint = 'Write "method":"get" and a percent-encoded "url".'
        raise BatchProblem("a request of the batch has no usable method and url", hint=hint, target="$batch")
    if bytes(asked.body) != b"null" and asked.method.lower() in ("get", "head"):
        raise BatchProblem("a request that reads has no body", hint="Leave out `body`.", target="body")
    headers = {name.lower(): value for name, value in asked.headers.items()}
    if not all(FIELD_NAME.fullmatch(name) and FIELD_VALUE.fullmatch(value) for name, value in headers.items()):
        hint = "Names are words with hyphens, values are Latin-1 on one line."
        raise BatchProblem("a header field in the batch is not well written", hint=hint, target="headers")
    return Part(asked.method.upper(), asked.url, headers, known.id, tuple(asked.depends_on))


class JsonWriter:
    """Answers with the identifiers of their requests. Holds a body only where it has to be spelled anew."""

    content_type: str = Form.JSON

    def __init__(self) -> None:
        self._separator = b""
        self._goes_through = True
        self._held: list[bytes] = []
        self._begun = False
        self._media = ""

    def opening(self) -> bytes:
        """The object and its one member."""
        return b'{"responses":['

    def head(self, part: Part, status: int, headers: Sequence[tuple[str, str]]) -> bytes:
        """Everything but the body."""
        fields: dict[str, str] = {}
        for name, value in headers:
            known = fields.get(name.lower())
            fields[name.lower()] = value if known is None else f"{known}, {value}"
        made: dict[str, Any] = {} if part.id is None else {"id": part.id}
        made |= {} if part.group is None else {"atomicityGroup": part.group}
        made |= {"status": status, "headers": fields}
        self._media = fields.get("content-type", "").partition(";")[0]
        self._held, self._begun = [], False
        text = self._separator + msgspec.json.encode(made).removesuffix(b"}")
        self._separator = b",\n"
        return text

    def piece(self, piece: bytes | memoryview) -> tuple[bytes | memoryview, ...]:
        """JSON goes through; anything else waits for its end."""
        if self._media != Form.JSON:
            self._held.append(bytes(piece))
            return ()
        if self._begun or not piece:
            return (piece,)
        self._begun = True
        return (b',"body":', piece)

    def tail(self) -> bytes:
        """The body that waited, and the end of the object."""
        body = b"".join(self._held)
        if not body:
            return b"}"
        text = body.decode() if self._media.startswith("text/") else base64.urlsafe_b64encode(body).decode().rstrip("=")
        return b',"body":' + msgspec.json.encode(text) + b"}"

    def closing(self) -> bytes:
        """The end of array and object."""
        return b"]}\n"
