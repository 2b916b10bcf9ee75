"""exchange.Response -> ASGI messages: gzip where the client takes it, lengths where they are known, pieces that fit.

Memoryviews go to the socket as they are. Pulling a lazy body and compressing happen in a worker thread, so that the
event loop stays free. Called by the routes, after the audit event is on the disk.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from typing import Any

import anyio.to_thread
from isal import isal_zlib

from api.odata.exchange import Response

PIECE = 1 << 18
"""Bytes handed to the socket or the compressor at once: keeps the event loop answering others."""
SMALL = 1 << 14
"""Chunks below this are joined: a page may come as thousands of rows."""
WORTH_PACKING = 1_024
INLINE = 1 << 16
"""A body that is known and small is packed at once: a thread would take longer than the work."""
PACKABLE = ("application/json", "application/xml", "application/openmetrics", "multipart/mixed", "text/")
GZIP_LEVEL = 1

VARY = "Accept, Accept-Encoding, Authorization, X-API-Key, Prefer, OData-Version, OData-MaxVersion"
_END = object()


async def send_response(response: Response, scope: Any, receive: Any, send: Any, *, accepts: str) -> bool:
    """Send it all. `accepts` is the request's Accept-Encoding. False when the client left before the end."""
    known = _known_length(response.body)
    headers = {name.lower(): value for name, value in response.headers if name.lower() != "www-authenticate"}
    headers.setdefault("vary", VARY)
    repeated = [(name.lower(), value) for name, value in response.headers if name.lower() == "www-authenticate"]
    bodiless = response.status in (204, 304)
    packs = not bodiless and _packs(headers, known, accepts)
    headers.pop("content-length", None)
    if packs:
        headers["content-encoding"] = "gzip"
        if "etag" in headers:
            headers["etag"] = marked(headers["etag"])
    elif known is not None and not bodiless:
        headers["content-length"] = str(known)
    await send(
        {
            "type": "http.response.start",
            "status": response.status,
            "headers": [
                (name.encode("latin-1"), value.encode("latin-1")) for name, value in [*headers.items(), *repeated]
            ],
        }
    )
    if bodiless or scope["method"] == "HEAD":
        close(response.body)
        await send({"type": "http.response.body", "body": b""})
        return True
    pieces = packed(response.body) if packs else cut(response.body)
    try:
        if known is not None and known <= INLINE:
            await send({"type": "http.response.body", "body": b"".join(pieces)})
            return True
        return await _stream(pieces, receive, send, aside=packs or not isinstance(response.body, (tuple, list)))
    finally:
        close(response.body)


class OpenAnswer:
    """An answer whose body is written piece by piece while it comes about; `gone` is done when the client has left."""

    def __init__(self, receive: Any, send: Any) -> None:
        self._send = send
        self._packer: Any = None
        self.gone = asyncio.ensure_future(_disconnected(receive))

    async def start(self, status: int, headers: dict[str, str], *, accepts: str) -> None:
        """Status and header fields, with lower-case names."""
        made = {"vary": VARY, **headers}
        if _packs(made, None, accepts):
            made["content-encoding"] = "gzip"
            self._packer = isal_zlib.compressobj(GZIP_LEVEL, isal_zlib.DEFLATED, 31)
        fields = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in made.items()]
        await self._send({"type": "http.response.start", "status": status, "headers": fields})

    async def write(self, *pieces: bytes | memoryview) -> None:
        """Some of the body."""
        for piece in cut(pieces):
            out: Any = piece
            if self._packer is not None:
                pack = self._packer.compress
                out = pack(piece) if len(piece) <= INLINE else await anyio.to_thread.run_sync(pack, piece)
            if out:
                await self._send({"type": "http.response.body", "body": out, "more_body": True})

    async def end(self) -> None:
        """The end of the body."""
        last = self._packer.flush() if self._packer is not None else b""
        await self._send({"type": "http.response.body", "body": last})

    def close(self) -> None:
        """Nobody waits for the client to leave any more."""
        self.gone.cancel()


async def _stream(pieces: Iterator[bytes | memoryview], receive: Any, send: Any, *, aside: bool) -> bool:
    """Piece by piece; `aside` pulls them in a thread. Stops when the client has gone."""
    gone = asyncio.ensure_future(_disconnected(receive))
    try:
        while not gone.done():
            piece: Any = await anyio.to_thread.run_sync(next, pieces, _END) if aside else next(pieces, _END)
            if piece is _END:
                await send({"type": "http.response.body", "body": b""})
                return True
            await send({"type": "http.response.body", "body": piece, "more_body": True})
            if not aside:
                await asyncio.sleep(0)  # others get their turn between two pieces
        return False
    finally:
        gone.cancel()


async def _disconnected(receive: Any) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def cut(body: Iterable[bytes | memoryview]) -> Iterator[bytes | memoryview]:
    """The body in pieces of about `PIECE` bytes: small chunks joined, long memoryviews sliced and not copied."""
    held: list[bytes | memoryview] = []
    size = 0
    for chunk in body:
        if len(chunk) < SMALL:
            held.append(chunk)
            size += len(chunk)
            if size < PIECE:
                continue
        if size:
            yield b"".join(held)
            held, size = [], 0
        if len(chunk) >= SMALL:
            view = memoryview(chunk)
            for start in range(0, len(view), PIECE):
                yield view[start : start + PIECE]
    if size:
        yield b"".join(held)


def packed(body: Iterable[bytes | memoryview]) -> Iterator[bytes]:
    """The body as one gzip member, in pieces."""
    packer = isal_zlib.compressobj(GZIP_LEVEL, isal_zlib.DEFLATED, 31)
    for piece in cut(body):
        if out := packer.compress(piece):
            yield out
    yield packer.flush()


def marked(etag: str) -> str:
    """The entity tag of the packed form: other bytes need another strong tag (RFC 9110, 8.8.3.3)."""
    return etag if etag.startswith("W/") else etag.removesuffix('"') + '-gzip"'


def unmarked(tags: str) -> str:
    """If-Match or If-None-Match as the engine knows its tags."""
    return tags.replace('-gzip"', '"')


def takes_gzip(accepts: str) -> bool:
    """Whether Accept-Encoding allows gzip: named, or by `*`, with a weight above 0."""
    weights: dict[str, float] = {}
    for part in accepts.lower().split(","):
        coding, _, parameters = part.partition(";")
        _, _, weight = parameters.partition("q=")
        try:
            weights[coding.strip()] = float(weight.strip() or 1)
        except ValueError:
            weights[coding.strip()] = 0.0
    return weights.get("gzip", weights.get("*", 0.0)) > 0


def close(body: Iterable[bytes | memoryview]) -> None:
    """Let a lazy body give back what it holds (a pinned snapshot, a file)."""
    closing = getattr(body, "close", None)
    if closing is not None:
        closing()


def _known_length(body: Iterable[bytes | memoryview]) -> int | None:
    size = sum(map(len, body)) if isinstance(body, (tuple, list)) else getattr(body, "size", None)
    return int(size) if size is not None else None


def _packs(headers: dict[str, str], known: int | None, accepts: str) -> bool:
    if "content-encoding" in headers or (known is not None and known < WORTH_PACKING):
        return False
    return headers.get("content-type", "").startswith(PACKABLE) and takes_gzip(accepts)
