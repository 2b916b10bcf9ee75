"""Values of SQL Server's types <-> the bytes that TDS 7.4 has for them. Pure.

A `SqlType` is read from a declared column type (`DATETIME2(7)`); `described` and `writer` give its bytes in a result,
`Reader.parameter` takes a parameter apart. Used by tds_sql and tds_server; written from Microsoft's open specification
MS-TDS.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any
from uuid import UUID

COLLATION = bytes.fromhex("0904d00034")
"""SQL_Latin1_General_CP1_CI_AS."""
MAX = 0xFFFF
"""The length of NVARCHAR(MAX) and its like."""
DAY_ONE = date(1, 1, 1).toordinal()
DAY_1900 = date(1900, 1, 1)
DECLARED = re.compile(r"\s*(\w+)\s*(?:\(\s*(\w+)\s*(?:,\s*(\d+)\s*)?\))?")
INTEGERS = {"tinyint": 1, "smallint": 2, "int": 4, "integer": 4, "bigint": 8}
TICKS = 10_000_000
"""A second in 100 nanoseconds, the finest unit of DATETIME2."""


@dataclass(frozen=True)
class SqlType:
    """One type as SQL Server names it; `length` counts characters or bytes, MAX for no limit."""

    name: str
    length: int = 0
    precision: int = 18
    scale: int = 0

    @property
    def spelled(self) -> str:
        """The type as T-SQL writes it."""
        if self.name == "decimal":
            return f"decimal({self.precision},{self.scale})"
        if self.name in ("datetime2", "datetimeoffset", "time"):
            return f"{self.name}({self.scale})"
        return f"{self.name}({'max' if self.length == MAX else self.length})" if self.length else self.name


NVARCHAR = SqlType("nvarchar", 4000)
BIGINT = SqlType("bigint")
PLAIN = ("bit", "float", "real", "date", "datetime", "smalldatetime", "uniqueidentifier")
WITHOUT_LENGTH = {name: SqlType(name) for name in (*INTEGERS, *PLAIN)} | {
    "integer": SqlType("int"),
    "rowversion": SqlType("rowversion", 8),
    "text": SqlType("nvarchar", MAX),  # SQLite takes no NVARCHAR(MAX)
}


def declared(text: str) -> SqlType:
    """`DECIMAL(9, 6)` as a type; what SQL Server does not have becomes the nearest that it has."""
    matched = DECLARED.match(text)
    if matched is None:
        return NVARCHAR
    name, first, second = matched[1].lower(), matched[2], matched[3]
    name = {"boolean": "bit", "double": "float", "numeric": "decimal", "timestamp": "rowversion"}.get(name, name)
    if name in ("datetime2", "datetimeoffset", "time"):
        return SqlType(name, scale=int(first) if first else 7)
    if name == "decimal":
        return SqlType(name, precision=int(first or 18), scale=int(second or 0))
    if name in ("varchar", "nvarchar", "char", "nchar", "varbinary", "binary"):
        return SqlType(name, MAX if (first or "").lower() == "max" else int(first or 30))
    return WITHOUT_LENGTH.get(name, NVARCHAR)


def described(kind: SqlType) -> bytes:
    """TYPE_INFO of a result column."""
    name = kind.name
    if name in INTEGERS:
        return bytes((0x26, INTEGERS[name]))
    fixed = {
        "bit": b"\x68\x01", "float": b"\x6d\x08", "real": b"\x6d\x04", "date": b"\x28", "datetime": b"\x6f\x08",
        "smalldatetime": b"\x6f\x04", "uniqueidentifier": b"\x24\x10",
    }  # fmt: skip
    if name in fixed:
        return fixed[name]
    if name == "decimal":
        return bytes((0x6A, 17, kind.precision, kind.scale))
    if name in ("time", "datetime2", "datetimeoffset"):
        return bytes(({"time": 0x29, "datetime2": 0x2A, "datetimeoffset": 0x2B}[name], kind.scale))
    if name in ("varbinary", "binary", "rowversion"):
        return struct.pack("<BH", 0xAD if name == "rowversion" else 0xA5, kind.length)
    wide = name.startswith("n")
    code = {"nvarchar": 0xE7, "nchar": 0xEF, "varchar": 0xA7, "char": 0xAF}[name]
    length = MAX if kind.length == MAX else kind.length * (2 if wide else 1)
    return struct.pack("<BH", code, length) + COLLATION


def writer(kind: SqlType) -> Callable[[Any], bytes]:
    """What writes a value of a row; chosen once for a column, since a million rows may follow."""
    null = _null(kind)
    if kind.name in ("varchar", "nvarchar", "char", "nchar", "varbinary", "binary", "rowversion"):
        return lambda value: null if value is None else _long(kind, value)
    write = WRITERS["integer" if kind.name in INTEGERS else kind.name]

    def written(value: Any) -> bytes:
        if value is None:
            return null
        body = write(kind, value)
        return bytes((len(body),)) + body

    return written


def _null(kind: SqlType) -> bytes:
    if kind.length == MAX:
        return b"\xff" * 8
    return b"\xff\xff" if kind.length else b"\x00"


def _long(kind: SqlType, value: Any) -> bytes:
    if isinstance(value, bytes):
        body = value
    else:
        text = str(value)
        if kind.name in ("char", "nchar"):
            text = text.ljust(kind.length)
        body = text.encode("utf-16-le") if kind.name.startswith("n") else text.encode("cp1252", "replace")
    if kind.length == MAX:
        part = struct.pack("<I", len(body)) + body if body else b""
        return struct.pack("<Q", len(body)) + part + struct.pack("<I", 0)
    return struct.pack("<H", len(body)) + body


def moment(value: Any) -> datetime:
    """A stored ISO text as a datetime."""
    return value if isinstance(value, datetime) else datetime.fromisoformat(str(value))


def _ticks(at: time | datetime, scale: int) -> bytes:
    seconds = at.hour * 3600 + at.minute * 60 + at.second
    count = (seconds * TICKS + at.microsecond * 10) // 10 ** (7 - scale)
    return count.to_bytes(3 if scale < 3 else 4 if scale < 5 else 5, "little")


def _days(day: date) -> bytes:
    return (day.toordinal() - DAY_ONE).to_bytes(3, "little")


def _datetime2(kind: SqlType, value: Any) -> bytes:
    at = moment(value)
    return _ticks(at, kind.scale) + _days(at)


def _offset(kind: SqlType, value: Any) -> bytes:
    at = moment(value)
    offset = at.utcoffset() or timedelta(0)
    utc = at.astimezone(UTC) if at.tzinfo else at
    return _ticks(utc.time(), kind.scale) + _days(utc.date()) + struct.pack("<h", int(offset.total_seconds() // 60))


def _datetime(_kind: SqlType, value: Any) -> bytes:
    at = moment(value)
    midnight = datetime.combine(at.date(), time.min)
    ticks = round((at - midnight).total_seconds() * 300)  # the old type counts in 1/300 of a second
    return struct.pack("<iI", (at.date() - DAY_1900).days, ticks)


def _small(_kind: SqlType, value: Any) -> bytes:
    at = moment(value) + timedelta(seconds=30)  # rounds to the minute
    return struct.pack("<HH", (at.date() - DAY_1900).days, at.hour * 60 + at.minute)


def _decimal(kind: SqlType, value: Any) -> bytes:
    count = int((Decimal(str(value)) * 10**kind.scale).to_integral_value())
    return bytes((int(count >= 0),)) + abs(count).to_bytes(16, "little")


WRITERS: dict[str, Callable[[SqlType, Any], bytes]] = {
    "integer": lambda kind, value: int(value).to_bytes(INTEGERS[kind.name], "little", signed=kind.name != "tinyint"),
    "bit": lambda _kind, value: bytes((int(bool(value)),)),
    "float": lambda _kind, value: struct.pack("<d", float(value)),
    "real": lambda _kind, value: struct.pack("<f", float(value)),
    "date": lambda _kind, value: _days(date.fromisoformat(str(value)[:10])),
    "time": lambda kind, value: _ticks(time.fromisoformat(str(value)), kind.scale),
    "datetime2": _datetime2,
    "datetimeoffset": _offset,
    "datetime": _datetime,
    "smalldatetime": _small,
    "decimal": _decimal,
    "uniqueidentifier": lambda _kind, value: UUID(str(value)).bytes_le,
}


class Reader:
    """Takes bytes from the front of a message."""

    def __init__(self, data: bytes, at: int = 0) -> None:
        self.data = data
        self.at = at

    def __bool__(self) -> bool:
        return self.at < len(self.data)

    def take(self, count: int) -> bytes:
        """The next bytes."""
        self.at += count
        return self.data[self.at - count : self.at]

    def number(self, form: str) -> int:
        """The next number, spelled as struct spells it, little-endian."""
        return int(struct.unpack("<" + form, self.take(struct.calcsize("<" + form)))[0])

    def short_text(self) -> str:
        """Text with its length in one byte."""
        return self.take(self.number("B") * 2).decode("utf-16-le")

    def parameter(self) -> Any:
        """TYPE_INFO and value of one parameter of a call, as what SQLite stores."""
        code = self.number("B")
        if code in FIXED:
            return self.number(FIXED[code])
        if code in (0xE7, 0xEF, 0xA7, 0xAF, 0xA5, 0xAD):
            return self._long(code)
        if code in (0x63, 0x23):
            return self._text(code)
        scale = 0
        if code in (0x6A, 0x6C):
            _length, _precision, scale = self.take(3)
        elif code != 0x28:  # a date says nothing about itself; the others one number, a scale or a length
            scale = self.number("B")
        body = self.take(self.number("B"))
        return READERS[code](body, scale) if body else None

    def _long(self, code: int) -> Any:
        length = self.number("H")
        if code not in (0xA5, 0xAD):
            self.take(5)
        if length == MAX:
            if self.number("Q") == 2**64 - 1:
                return None
            body = b""
            while count := self.number("I"):
                body += self.take(count)
        else:
            count = self.number("H")
            if count == MAX:
                return None
            body = self.take(count)
        return _decoded(code, body)

    def _text(self, code: int) -> Any:
        self.take(4 + 5)
        count = self.number("i")
        return None if count < 0 else _decoded(0xE7 if code == 0x63 else 0xA7, self.take(count))


def _decoded(code: int, body: bytes) -> Any:
    if code in (0xA5, 0xAD):
        return body
    return body.decode("utf-16-le" if code in (0xE7, 0xEF) else "cp1252")


def _clock(body: bytes, scale: int) -> timedelta:
    return timedelta(microseconds=int.from_bytes(body, "little") * 10 ** (7 - scale) / 10)


def _day(body: bytes) -> datetime:
    return datetime.fromordinal(int.from_bytes(body, "little") + DAY_ONE)


def stored(at: datetime) -> str:
    """A moment as SQLite keeps it here and as SQLAlchemy writes it there, so that texts compare as moments."""
    return at.isoformat(" ", "microseconds")


def _moment_offset(body: bytes, scale: int) -> str:
    utc = _day(body[-5:-2]) + _clock(body[:-5], scale)
    minutes = struct.unpack("<h", body[-2:])[0]
    return stored(utc.replace(tzinfo=UTC).astimezone(timezone(timedelta(minutes=minutes))))


def _number(body: bytes, scale: int) -> str:
    count = int.from_bytes(body[1:], "little")
    return str(Decimal(count if body[0] else -count).scaleb(-scale))


def _old_moment(body: bytes, _scale: int) -> str:
    days, part = struct.unpack("<iI" if len(body) == 8 else "<HH", body)
    step = timedelta(seconds=part / 300) if len(body) == 8 else timedelta(minutes=part)
    return stored(datetime.combine(DAY_1900, time.min) + timedelta(days=days) + step)


FIXED = {0x30: "B", 0x32: "B", 0x34: "h", 0x38: "i", 0x7F: "q"}
READERS: dict[int, Callable[[bytes, int], Any]] = {
    0x26: lambda body, _scale: int.from_bytes(body, "little", signed=len(body) > 1),
    0x68: lambda body, _scale: body[0],
    0x6D: lambda body, _scale: struct.unpack("<d" if len(body) == 8 else "<f", body)[0],
    0x6A: _number,
    0x6C: _number,
    0x28: lambda body, _scale: _day(body).date().isoformat(),
    0x29: lambda body, scale: str((_day(b"\0\0\0") + _clock(body, scale)).time()),
    0x2A: lambda body, scale: stored(_day(body[-3:]) + _clock(body[:-3], scale)),
    0x2B: _moment_offset,
    0x6F: _old_moment,
    0x24: lambda body, _scale: str(UUID(bytes_le=body)).upper(),
}
