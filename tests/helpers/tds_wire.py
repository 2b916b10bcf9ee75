"""Messages of TDS 7.4 and 8.0 as a server sends and takes them: packets, login, tokens. No SQL, no state.

`read_message` and `packets` carry bodies; `Login` is what LOGIN7 says; the other functions make one token each.
Used by tds_server; written from Microsoft's open specification MS-TDS.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from tests.helpers.tds_tls import Line
from tests.helpers.tds_types import COLLATION, Reader, SqlType, described, writer

BATCH, CALL, ATTENTION, TRANSACTION, LOGIN, PRELOGIN = 0x01, 0x03, 0x06, 0x0E, 0x10, 0x12
ANSWER = 0x04
HEADER = struct.Struct(">BBHHBB")
MORE, ERROR, IN_TRANSACTION, COUNT, CANCELLED = 0x01, 0x02, 0x04, 0x10, 0x20
DONE, DONE_PROCEDURE, DONE_IN_PROCEDURE = 0xFD, 0xFE, 0xFF
ENCRYPTED, NOT_ENCRYPTED, REQUIRED = 1, 2, 3
VERSION = bytes((16, 0, 0x10, 0x00))
SERVER = "TESTSERVER"


class Gone(Exception):
    """The other side closed the connection."""


def read_message(sock: Line) -> tuple[int, bytes]:
    """One whole message: its type and its body. Raises Gone."""
    body = b""
    while True:
        kind, status, length, *_ = HEADER.unpack(_exactly(sock, HEADER.size))
        body += _exactly(sock, length - HEADER.size)
        if status & 1:
            return kind, body


def _exactly(sock: Line, count: int) -> bytes:
    data = b""
    while len(data) < count:
        try:
            part = sock.recv(count - len(data))
        except OSError as error:
            raise Gone from error
        if not part:
            raise Gone
        data += part
    return data


def packets(body: bytes, size: int) -> Iterator[bytes]:
    """An answer cut into packets of at most `size` bytes."""
    room = size - HEADER.size
    for number, start in enumerate(range(0, max(len(body), 1), room)):
        part = body[start : start + room]
        last = start + room >= len(body)
        yield HEADER.pack(ANSWER, int(last), len(part) + HEADER.size, 51, (number + 1) % 256, 0) + part


def prelogin(asked: bytes, encryption: int) -> bytes:
    """The answer to PRELOGIN: version 16, whether to encrypt, one stream a connection, and federated sign-in if asked."""
    values = [(0, VERSION + b"\0\0"), (1, bytes((encryption,))), (2, b"\0"), (3, b""), (4, b"\0")]
    if 6 in options(asked):
        values.append((6, b"\1"))
    offset = 5 * len(values) + 1
    head = body = b""
    for name, value in values:
        head += struct.pack(">BHH", name, offset, len(value))
        offset += len(value)
        body += value
    return head + b"\xff" + body


def options(asked: bytes) -> dict[int, bytes]:
    """The options of a client's PRELOGIN."""
    found, at = {}, 0
    while asked[at] != 0xFF:
        name, offset, length = struct.unpack_from(">BHH", asked, at)
        found[name] = asked[offset : offset + length]
        at += 5
    return found


@dataclass(frozen=True)
class Login:
    """What a client says when it signs in. `token` is the access token of Entra sign-in, else empty."""

    user: str
    password: str
    application: str
    database: str
    read_only_intent: bool
    packet_size: int
    token: str

    @classmethod
    def read(cls, body: bytes) -> Login:
        """LOGIN7 taken apart."""

        def field(at: int) -> bytes:
            offset, length = struct.unpack_from("<HH", body, at)
            return body[offset : offset + length * 2]

        hidden = bytes(((byte ^ 0xA5) << 4 | (byte ^ 0xA5) >> 4) & 0xFF for byte in field(44))
        return cls(
            user=field(40).decode("utf-16-le"),
            password=hidden.decode("utf-16-le"),
            application=field(48).decode("utf-16-le"),
            database=field(68).decode("utf-16-le"),
            read_only_intent=bool(body[26] & 0x20),
            packet_size=struct.unpack_from("<I", body, 8)[0] or 4096,
            token=_token(body) if body[27] & 0x10 else "",
        )


def _token(body: bytes) -> str:
    """The token of the FEDAUTH feature, where the client's library has fetched it already."""
    (pointer,) = struct.unpack_from("<H", body, 56)
    reader = Reader(body, struct.unpack_from("<I", body, pointer)[0])
    while (feature := reader.number("B")) != 0xFF:
        part = Reader(reader.take(reader.number("I")))
        if feature == 2:
            part.take(1)
            return part.take(part.number("I")).decode("utf-16-le")
    return ""


def accepted(login: Login) -> bytes:
    """What follows a good login."""
    database = login.database or "crisis"
    tokens = change(1, wide(database), wide("master")) + change(7, b"\x05" + COLLATION, b"\0")
    tokens += change(2, wide("us_english"), b"\0") + change(4, wide(str(login.packet_size)), wide("4096"))
    program = wide("Microsoft SQL Server")
    ack = struct.pack(">BI", 1, 0x74000004) + program + VERSION
    tokens += struct.pack("<BH", 0xAD, len(ack)) + ack
    if login.token:
        tokens += b"\xae\x02" + struct.pack("<I", 0) + b"\xff"
    return tokens + done()


def wide(text: str) -> bytes:
    """Text with its length in one byte."""
    return bytes((len(text),)) + text.encode("utf-16-le")


def change(kind: int, new: bytes, old: bytes) -> bytes:
    """ENVCHANGE: something about the session is different now."""
    return struct.pack("<BHB", 0xE3, 1 + len(new) + len(old), kind) + new + old


def done(status: int = 0, rows: int = 0, token: int = DONE) -> bytes:
    """The end of a statement."""
    return struct.pack("<BHHQ", token, status, 0xC1 if status & COUNT else 0, rows)


def error(number: int, text: str, severity: int = 16) -> bytes:
    """ERROR: what SQL Server says when a statement fails."""
    body = struct.pack("<IBBH", number, 1, severity, len(text)) + text.encode("utf-16-le")
    body += wide(SERVER) + b"\0" + struct.pack("<I", 1)
    return struct.pack("<BH", 0xAA, len(body)) + body


def columns(names: Sequence[str], kinds: Sequence[SqlType]) -> bytes:
    """COLMETADATA: the columns of a result."""
    head = struct.pack("<BH", 0x81, len(names))
    for name, kind in zip(names, kinds, strict=True):
        user = 80 if kind.name == "rowversion" else 0
        head += struct.pack("<IH", user, 0x0009) + described(kind) + wide(name)
    return head


def rows_of(kinds: Sequence[SqlType]) -> Callable[[Sequence[object]], bytes]:
    """What makes a ROW of the values of these types."""
    ways = [writer(kind) for kind in kinds]

    def row(values: Sequence[object]) -> bytes:
        return b"\xd1" + b"".join([way(value) for way, value in zip(ways, values, strict=True)])

    return row


def returned(handle: int) -> bytes:
    """RETURNVALUE: the handle of a statement that was prepared."""
    return struct.pack("<BHBBIH", 0xAC, 0, 0, 1, 0, 0) + b"\x26\x04\x04" + struct.pack("<i", handle)


def return_status() -> bytes:
    """RETURNSTATUS 0 of a procedure."""
    return struct.pack("<Bi", 0x79, 0)
