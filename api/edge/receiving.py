"""The body of a request, within a number of bytes and of seconds. Called by the batch route: no other has a body."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from models.errors import BatchProblem, BodyTooLarge, BodyTooSlow


async def body_of(receive: Any, headers: Mapping[str, str], *, most: int, seconds: float) -> bytes:
    """The whole body. Raises BodyTooLarge, without waiting for the rest of it, BodyTooSlow and BatchProblem."""
    announced = headers.get("content-length", "")
    if announced.isascii() and announced.isdigit() and int(announced[:20]) > most:
        raise _too_large(most)
    try:
        async with asyncio.timeout(seconds):
            return await _whole(receive, most)
    except TimeoutError as error:
        raise BodyTooSlow(f"the body did not arrive within {seconds:g} seconds") from error


async def _whole(receive: Any, most: int) -> bytes:
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise BatchProblem("the body ended before its end")
        body += message.get("body", b"")
        if len(body) > most:
            raise _too_large(most)
        if not message.get("more_body", False):
            return bytes(body)


def _too_large(most: int) -> BodyTooLarge:
    return BodyTooLarge(f"the body of a batch may have {most} bytes")
