"""Batches as a client writes them, and their answers taken apart by parsers that are not ours.

`multipart(...)` and `as_json(...)` make bodies with their headers; `parts_of(answer)` reads either answer.
"""

from __future__ import annotations

import base64
import http.client
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from email.parser import BytesParser
from email.policy import HTTP
from typing import Any

import httpx

BOUNDARY = "batch_id-1795339761808-32"


@dataclass(frozen=True)
class Ask:
    """One request of a batch."""

    url: str
    method: str = "GET"
    headers: Mapping[str, str] | None = None
    id: str | None = None
    depends_on: Sequence[str] = ()


@dataclass(frozen=True)
class Answered:
    """One answer of a batch; header names in lower case, the body as bytes."""

    id: str | None
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)

    @property
    def code(self) -> str:
        """Code of an error."""
        return str(self.json["error"]["code"])


def multipart(*asked: Ask | str, ending: str = "\r\n") -> tuple[bytes, dict[str, str]]:
    """Body and headers of a multipart batch, in the way of OpenUI5."""
    lines: list[str] = []
    for one in map(_ask, asked):
        lines += [f"--{BOUNDARY}", "Content-Type:application/http", "Content-Transfer-Encoding:binary"]
        lines += [f"Content-ID:{one.id}"] if one.id else []
        lines += ["", f"{one.method} {one.url} HTTP/1.1"]
        lines += [f"{name}:{value}" for name, value in (one.headers or {}).items()]
        lines += ["", ""]
    text = ending.join([*lines, f"--{BOUNDARY}--", ""])
    return text.encode(), {"Content-Type": f"multipart/mixed; boundary={BOUNDARY}", "Accept": "multipart/mixed"}


def as_json(*asked: Ask | str) -> tuple[bytes, dict[str, str]]:
    """Body and headers of a JSON batch; requests without an identifier get their number."""
    requests = []
    for number, one in enumerate(map(_ask, asked), 1):
        made: dict[str, Any] = {"id": one.id or str(number), "method": one.method.lower(), "url": one.url}
        made |= {"headers": dict(one.headers)} if one.headers else {}
        made |= {"dependsOn": list(one.depends_on)} if one.depends_on else {}
        requests.append(made)
    return json.dumps({"requests": requests}).encode(), {"Content-Type": "application/json"}


def parts_of(answer: httpx.Response) -> list[Answered]:
    """The answers in an answer."""
    assert answer.status_code == 200, answer.text
    if answer.headers["content-type"] == "application/json":
        return [_from_json(one) for one in answer.json()["responses"]]
    return list(_from_multipart(answer))


def _ask(one: Ask | str) -> Ask:
    return Ask(one) if isinstance(one, str) else one


def _from_json(one: dict[str, Any]) -> Answered:
    headers: dict[str, str] = one["headers"]
    media = headers.get("content-type", "").partition(";")[0]
    body = b""
    if "body" in one and media == "application/json":
        body = json.dumps(one["body"]).encode()
    elif "body" in one:
        text = one["body"]
        body = text.encode() if media.startswith("text/") else base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    return Answered(one.get("id"), one["status"], headers, body)


def _from_multipart(answer: httpx.Response) -> Sequence[Answered]:
    if answer.content.count(b"\r\n") == 1:
        assert answer.content.startswith(b"--")
        return []  # nothing but the last delimiter
    text = f"Content-Type: {answer.headers['content-type']}\r\n\r\n".encode() + answer.content
    message = BytesParser(policy=HTTP).parsebytes(text)
    assert not message.defects, message.defects
    payload = message.get_payload()
    found = []
    for part in payload:
        assert part.get_content_type() == "application/http"
        content = part.get_payload(decode=True)
        wire = http.client.HTTPResponse(_Wire(content))  # type: ignore[arg-type]
        wire.begin()
        head, _, body = content.partition(b"\r\n\r\n")
        names = [line.partition(b":")[0].lower() for line in head.split(b"\r\n")[1:]]
        assert len(set(names) - {b"www-authenticate"}) == len([name for name in names if name != b"www-authenticate"])
        headers: dict[str, str] = {}
        for name, value in wire.getheaders():
            headers[name.lower()] = f"{headers[name.lower()]}, {value}" if name.lower() in headers else value
        if "content-length" in headers:
            assert int(headers["content-length"]) == len(body)
        found.append(Answered(part["Content-ID"], wire.status, headers, body))
    return found


class _Wire:
    """A socket that has said everything."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def makefile(self, *_: object) -> io.BytesIO:
        return io.BytesIO(self._content)
