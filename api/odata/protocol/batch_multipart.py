"""A multipart/mixed body -> the requests in it, and their answers -> a multipart/mixed body (OData 11.7.7, RFC 2046).

Lines may end in CRLF or LF; preamble and epilogue are passed over. Every byte is looked at a fixed number of times.
Pure; called by the batch route.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus

from api.odata.protocol.batch import FIELD_NAME, FIELD_VALUE, METHOD, REQUEST_ID, Form, Part, checked, too_many
from api.odata.protocol.header_fields import element
from models.errors import BatchProblem, CrisisError, MethodProblem

BOUNDARY = re.compile(r"[0-9A-Za-z'()+_,./:=? -]{0,69}[0-9A-Za-z'()+_,./:=?-]", re.ASCII)
MOST_FIELDS = 64
_AFTER = re.compile(rb"(--)?[ \t]*(?:\r?\n|\Z)")


def boundary_of(parameters: Mapping[str, str]) -> str:
    """The boundary in the parameters of a Content-Type. Raises BatchProblem."""
    boundary = parameters.get("boundary", "")
    if not BOUNDARY.fullmatch(boundary):
        hint = "Write Content-Type: multipart/mixed; boundary=batch_1, with at most 70 characters."
        raise BatchProblem("the multipart body has no usable boundary", hint=hint, target="Content-Type")
    return boundary


def read(body: bytes, boundary: str, most: int) -> tuple[Part, ...]:
    """The requests in a body; the operations of a change set as parts of one group, none of which may be asked.

    Raises BatchProblem for a body without the delimiter lines of `boundary`, and LimitProblem.
    """
    found: list[Part] = []
    for number, part in enumerate(_pieces(body, boundary, most), 1):
        found.extend(_part(part, f"changeset-{number}", most))
        if len(found) > most:
            raise too_many(most)
    return checked(found)


def _pieces(body: bytes, boundary: str, most: int) -> list[bytes]:
    """What stands between the delimiter lines, with the last line end: behind a request it means nothing."""
    mark = b"--" + boundary.encode("ascii")
    pieces: list[bytes] = []
    place, start = 0, -1
    while (place := body.find(mark, place)) >= 0:
        line = _AFTER.match(body, place + len(mark)) if place == 0 or body[place - 1] == ord("\n") else None
        if line is None:
            place += 1
            continue
        if start >= 0:
            pieces.append(body[start:place])
            if len(pieces) > most:
                raise too_many(most)
        if line[1]:
            return pieces
        place = start = line.end()
    hint = f"Begin each part with the line --{boundary} and end the body with --{boundary}--"
    raise BatchProblem("the multipart body is not closed by its boundary", hint=hint, target="$batch")


def _part(data: bytes, group: str, most: int) -> list[Part]:
    """One body part: a request, or the operations of a change set. What is wrong with it is its answer."""
    try:
        fields, content = _fields(data)
    except CrisisError as error:
        return [Part(problem=error)]
    kind = element(fields.get("content-type", ""))
    if kind.word.lower() == Form.MULTIPART:
        return _change_set(content, dict(kind.parameters), group, most)
    identifier = fields.get("content-id")
    try:
        if kind.word.lower() != "application/http":
            hint = "Begin it with Content-Type: application/http and an empty line."
            raise BatchProblem("a part of the batch is no HTTP request", hint=hint, target="$batch")
        return [_request(content, identifier)]
    except CrisisError as error:
        return [Part(id=_identifier(identifier), problem=error)]


def _request(content: bytes, identifier: str | None) -> Part:
    """`GET Areas?$top=2 HTTP/1.1` and its header fields; a body is passed over. The version may be left out."""
    line, _, rest = content.lstrip(b"\r\n").partition(b"\n")
    method, _, target = line.strip().partition(b" ")
    url, _, protocol = target.strip().rpartition(b" ")
    if not protocol.startswith(b"HTTP/"):
        url = target
    if not METHOD.fullmatch(method.decode("latin-1")) or not url.strip():
        hint = "Write it as GET Areas?$top=2 HTTP/1.1"
        raise BatchProblem("a part of the batch does not begin with a request line", hint=hint, target="$batch")
    fields, _ = _fields(rest)
    identifier = identifier if identifier is not None else fields.get("content-id")
    if identifier is not None and _identifier(identifier) is None:
        hint = "Use letters, digits and - . _ ~"
        raise BatchProblem("a Content-ID is not well written", hint=hint, target="Content-ID")
    return Part(method.decode("ascii"), url.strip().decode("utf-8", "replace"), fields, identifier)


def _change_set(content: bytes, parameters: Mapping[str, str], group: str, most: int) -> list[Part]:
    """Its operations, refused: one answer stands for all of them (OData 11.7.7.5)."""
    refused = MethodProblem("change sets are not offered: the views are read-only", target="change set")
    try:
        pieces = _pieces(content, boundary_of(parameters), most)
    except BatchProblem as error:
        return [Part(problem=error)]
    identifiers = [_content_id(piece) for piece in pieces] or [None]
    return [
        Part(id=identifier, group=group, operation=number, problem=refused)
        for number, identifier in enumerate(identifiers)
    ]


def _content_id(piece: bytes) -> str | None:
    try:
        return _identifier(_fields(piece)[0].get("content-id"))
    except CrisisError:
        return None


def _identifier(text: str | None) -> str | None:
    """A request identifier that may be written into an answer."""
    return text if text is not None and REQUEST_ID.fullmatch(text) else None


def _fields(data: bytes) -> tuple[dict[str, str], bytes]:
    """Header fields up to an empty line, by lower-case name, and what follows it. Raises BatchProblem."""
    found: dict[str, str] = {}
    name, place = "", 0
    for _ in range(MOST_FIELDS + 1):
        end = data.find(b"\n", place)
        line = data[place : end if end >= 0 else len(data)].rstrip(b"\r").decode("latin-1")
        place = end + 1 if end >= 0 else len(data)
        if not line:
            return found, data[place:]
        if line[0] in " \t" and name:
            found[name] += f" {_value(line)}"
            continue
        written, colon, value = line.partition(":")
        if not colon or not FIELD_NAME.fullmatch(written):
            raise BatchProblem("a part of the batch has a line that is no header field", target="$batch")
        name = written.lower()
        found[name] = f"{found[name]},{_value(value)}" if name in found else _value(value)
    raise BatchProblem(f"a part of the batch has more than {MOST_FIELDS} header fields", target="$batch")


def _value(text: str) -> str:
    if not FIELD_VALUE.fullmatch(text):
        raise BatchProblem("a header field in the batch holds control characters", target="$batch")
    return text.strip()


@dataclass(frozen=True)
class MultipartWriter:
    """Answers in the order of their requests. `boundary` stands in no answer: it is random."""

    boundary: str

    @property
    def content_type(self) -> str:
        """With the boundary."""
        return f"{Form.MULTIPART}; boundary={self.boundary}"

    def opening(self) -> bytes:
        """Nothing: there is no preamble."""
        return b""

    def head(self, part: Part, status: int, headers: Sequence[tuple[str, str]]) -> bytes:
        """Delimiter, fields of the part, status line and header fields."""
        lines = [f"--{self.boundary}", "Content-Type: application/http", "Content-Transfer-Encoding: binary"]
        if part.id is not None and part.operation is None:
            lines.append(f"Content-ID: {part.id}")
        lines += ["", f"HTTP/1.1 {status} {HTTPStatus(status).phrase}"]
        lines += [f"{name}: {value}" for name, value in headers]
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")

    def piece(self, piece: bytes | memoryview) -> tuple[bytes | memoryview, ...]:
        """As it is."""
        return (piece,)

    def tail(self) -> bytes:
        """The line end that belongs to the next delimiter."""
        return b"\r\n"

    def closing(self) -> bytes:
        """The last delimiter."""
        return f"--{self.boundary}--\r\n".encode()
