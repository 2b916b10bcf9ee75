"""A small SQL Server for tests: speaks TDS 7.4 and 8.0 on the loopback address, keeps its rows in SQLite.

`serving(file)` answers real drivers: logins, batches, prepared calls, transactions, cancels, TLS, and the faults that a
test asks for. It proves the way through a driver, never T-SQL and never SQL Server. Each session is one thread.
"""

from __future__ import annotations

import re
import select
import socket
import sqlite3
import ssl
import struct
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.helpers import tds_wire as wire
from tests.helpers.tds_sql import Answer, Database, Properties, Refused
from tests.helpers.tds_tls import InnerTls, Line
from tests.helpers.tds_types import Reader
from tests.helpers.tds_wire import Gone, Login

TEXTS = {
    1205: "Transaction was deadlocked on lock resources with another process and has been chosen as the victim.",
    1222: "Lock request time out period exceeded.",
    3960: "Snapshot isolation transaction aborted due to update conflict.",
    40613: "Database is not currently available. Please retry the connection later.",
}
PROCEDURES = {10: "sp_executesql", 11: "sp_prepare", 12: "sp_execute", 13: "sp_prepexec", 15: "sp_unprepare"}
PASSWORD = "Correct-1"
TLS_CONTENT = 0x16


@dataclass
class Fault:
    """What goes wrong with the next statements that match `statement`, `times` times.

    `error` answers with that number; `cut_after` closes the connection after so many rows; `hang` answers nothing for so
    many seconds unless the client cancels, and then goes on. `meanwhile` is what somebody else writes just before.
    """

    statement: str
    times: int = 1
    error: int | None = None
    cut_after: int | None = None
    hang: float = 0.0
    meanwhile: str = ""


@dataclass
class Server:
    """A running server: where it listens, what it saw, and what is to go wrong."""

    port: int
    file: Path
    password: str
    properties: Properties
    tls: ssl.SSLContext | None
    faults: list[Fault] = field(default_factory=list)
    statements: list[str] = field(default_factory=list)
    logins: list[Login] = field(default_factory=list)
    open: set[socket.socket] = field(default_factory=set)
    lock: threading.Lock = field(default_factory=threading.Lock)
    sent: Counter[str] = field(default_factory=Counter)
    """Rows of all answers so far, by statement."""

    def count(self, text: str, rows: int) -> None:
        """A statement was answered with so many rows."""
        with self.lock:
            self.sent[text] += rows

    def fault(self, text: str) -> Fault | None:
        """The fault for a statement, used up by one."""
        with self.lock:
            self.statements.append(text)
            for fault in self.faults:
                if fault.times > 0 and re.search(fault.statement, text, re.IGNORECASE):
                    fault.times -= 1
                    return fault
        return None


@contextmanager
def serving(
    file: Path,
    *faults: Fault,
    password: str = PASSWORD,
    properties: Properties | None = None,
    tls: ssl.SSLContext | None = None,
) -> Iterator[Server]:
    """A server over the SQLite file; with `tls` it encrypts where asked, as TDS 7.4 (`yes`) or 8.0 (`strict`)."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = Server(listener.getsockname()[1], file, password, properties or Properties(), tls, list(faults))
    threads = [threading.Thread(target=_listen, args=(listener, server), daemon=True)]
    threads[0].start()
    try:
        yield server
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        for sock in list(server.open):
            _close(sock)
        threads[0].join(timeout=10)


def _listen(listener: socket.socket, server: Server) -> None:
    sessions = []
    while True:
        try:
            sock, _address = listener.accept()
        except OSError:
            break
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        server.open.add(sock)
        sessions.append(threading.Thread(target=_session, args=(sock, server), daemon=True))
        sessions[-1].start()
    for session in sessions:
        session.join(timeout=10)


def _close(sock: socket.socket) -> None:
    with suppress(OSError):
        sock.shutdown(socket.SHUT_RDWR)
    sock.close()


def _session(sock: socket.socket, server: Server) -> None:
    try:
        line: Line = sock
        if server.tls is not None and sock.recv(1, socket.MSG_PEEK) == bytes((TLS_CONTENT,)):
            line = InnerTls(sock, server.tls, wrapped=False)  # TDS 8.0: TLS first, then everything else inside
        Session(line, server).run()
    except (Gone, OSError):
        pass
    finally:
        server.open.discard(sock)
        _close(sock)


class Session:
    """One client's connection."""

    def __init__(self, sock: Line, server: Server) -> None:
        self.sock = sock
        self.server = server
        self.size = 4096
        self.transaction = 0
        self.prepared: dict[int, str] = {}
        self.database = Database(server.file, server.properties)

    def run(self) -> None:
        """Sign the client in, then answer until it goes."""
        try:
            if not self._login():
                return
            while True:
                kind, body = wire.read_message(self.sock)
                if kind == wire.ATTENTION:
                    self._send(wire.done(wire.CANCELLED))
                elif kind == wire.TRANSACTION:
                    self._send(self._transaction(_after_headers(body)))
                elif kind == wire.BATCH:
                    reader = _after_headers(body)
                    self._answer(reader.data[reader.at :].decode("utf-16-le"), {}, None)
                elif kind == wire.CALL:
                    self._call(_after_headers(body))
        finally:
            self.database.close()

    def _send(self, body: bytes) -> None:
        for packet in wire.packets(body, self.size):
            self.sock.sendall(packet)

    def _login(self) -> bool:
        kind, body = wire.read_message(self.sock)
        if kind == wire.PRELOGIN:
            inner = self.server.tls if isinstance(self.sock, socket.socket) else None
            asked = wire.options(body)[1][0] in (wire.ENCRYPTED, wire.REQUIRED)
            self._send(wire.prelogin(body, wire.ENCRYPTED if inner and asked else wire.NOT_ENCRYPTED))
            if inner and asked:
                self.sock = InnerTls(self.sock, inner, wrapped=True)
            kind, body = wire.read_message(self.sock)
        login = Login.read(body)
        self.server.logins.append(login)
        if not login.token and login.password != self.server.password:
            text = f"Login failed for user '{login.user}'."
            self._send(wire.error(18456, text, 14) + wire.done(wire.ERROR))
            return False
        self._send(wire.accepted(login))
        self.size = login.packet_size
        return True

    def _transaction(self, reader: Reader) -> bytes:
        request = reader.number("H")
        begun, none = b"\x08" + struct.pack("<q", self.transaction + 1), b"\0"
        if request == 5:
            self.transaction += 1
            self.database.connection.execute("BEGIN")
            return wire.change(8, begun, none) + wire.done()
        if self.database.connection.in_transaction:
            self.database.connection.execute("COMMIT" if request == 7 else "ROLLBACK")
        again = bool(reader.data[reader.at + 1 :][:1] and reader.data[-1] & 1 and request == 7)
        answer = wire.change(9 if request == 7 else 10, none, begun)
        return answer + wire.done() if not again else answer + self._transaction(Reader(struct.pack("<H", 5)))

    def _call(self, reader: Reader) -> None:
        """A remote procedure: the ways in which drivers send a statement with parameters."""
        name = reader.number("H")
        number = reader.number("H") if name == 0xFFFF else 0
        called = PROCEDURES.get(number, "") if number else reader.take(name * 2).decode("utf-16-le").lower()
        reader.take(2)
        given: list[tuple[str, Any]] = []
        while reader and reader.data[reader.at] not in (0x80, 0xFF, 0xFE):  # several calls in one message
            label = reader.short_text()
            reader.take(1)
            given.append((label.lstrip("@"), reader.parameter()))
        values = [value for _label, value in given]
        if called == "sp_executesql":
            self._answer(values[0], _named(values[1], given[2:]), None)
        elif called == "sp_prepare":
            self._send(self._handle(values[2]))
        elif called == "sp_prepexec":
            self._answer(values[2], _named(values[1], given[3:]), self._keep(values[2]))
        elif called == "sp_execute":
            text = self.prepared.get(values[0], "")
            self._answer(text, _named(None, given[1:], text), 0)
        elif called == "sp_unprepare":
            self.prepared.pop(values[0], None)
            self._send(wire.return_status() + wire.done(token=wire.DONE_PROCEDURE))
        else:
            self._send(wire.error(2812, f"Could not find stored procedure '{called}'.") + self._end(wire.ERROR))

    def _keep(self, text: str) -> int:
        handle = len(self.prepared) + 1
        self.prepared[handle] = text
        return handle

    def _handle(self, text: str) -> bytes:
        handle = self._keep(text)
        return wire.return_status() + wire.returned(handle) + wire.done(token=wire.DONE_PROCEDURE)

    def _end(self, status: int) -> bytes:
        return wire.done(status, token=wire.DONE_PROCEDURE)

    def _answer(self, text: str, parameters: dict[str, Any], handle: int | None) -> None:
        """Do a statement and send its rows. `handle` is None for a batch, 0 for a call without a new handle."""
        called = handle is not None or bool(parameters)
        end = wire.DONE_PROCEDURE if called else wire.DONE
        fault = self.server.fault(text)
        try:
            if fault is not None:
                self._suffer(fault)
            answer = self.database.run(text, parameters)
        except Refused as refused:
            self._send(self._failed(refused) + wire.done(wire.ERROR, token=end))
            return
        except TimeoutError:
            return  # the client has cancelled and been told so
        self._send_rows(text, answer, fault.cut_after if fault else None, called, handle or 0)

    def _suffer(self, fault: Fault) -> None:
        if fault.meanwhile:
            with closing(sqlite3.connect(self.server.file)) as other:
                other.executescript(fault.meanwhile)
        if fault.hang:
            ready, _, _ = select.select([self.sock], [], [], fault.hang)
            if ready:
                wire.read_message(self.sock)
                self._send(wire.done(wire.CANCELLED))
                raise TimeoutError
        if fault.error is not None:
            raise Refused(fault.error, TEXTS.get(fault.error, "The statement failed."), 13)

    def _failed(self, refused: Refused) -> bytes:
        """An error; a deadlock takes the transaction with it."""
        body = wire.error(refused.number, refused.text, refused.severity)
        if refused.number in (1205, 3960) and self.database.connection.in_transaction:
            self.database.connection.execute("ROLLBACK")
            body += wire.change(10, b"\0", b"\x08" + struct.pack("<q", self.transaction))
        return body

    def _send_rows(self, text: str, answer: Answer, cut: int | None, called: bool, handle: int) -> None:
        body = bytearray(wire.columns(answer.names, answer.kinds) if answer.names else b"")
        room = self.size - wire.HEADER.size
        count = sent = 0
        row = wire.rows_of(answer.kinds)
        for values in answer.rows:
            if count == cut:
                break
            body += row(values)
            count += 1
            while len(body) - sent > 16 * room:  # whole packets go out while the rest is read
                self._part(bytes(body[sent : sent + room]))
                sent += room
            if sent > 64 * room:
                del body[:sent]
                sent = 0
        self.server.count(text, count)
        if cut is not None:
            for start in range(sent, len(body), room):
                self._part(bytes(body[start : start + room]))
            raise Gone
        flags = wire.COUNT if answer.names else 0
        if called:
            body += wire.done(flags | wire.MORE, count, wire.DONE_IN_PROCEDURE) + wire.return_status()
            body += wire.returned(handle) if handle else b""
            body += wire.done(token=wire.DONE_PROCEDURE)
        else:
            body += wire.done(flags, count)
        self._send(bytes(body[sent:]))

    def _part(self, body: bytes) -> None:
        """A packet that is not the last of its message."""
        self.sock.sendall(wire.HEADER.pack(wire.ANSWER, 0, len(body) + wire.HEADER.size, 51, 0, 0) + body)


def _after_headers(body: bytes) -> Reader:
    """A request behind its ALL_HEADERS."""
    return Reader(body, struct.unpack_from("<I", body, 0)[0])


def _named(declaration: str | None, given: Sequence[tuple[str, Any]], text: str = "") -> dict[str, Any]:
    """Parameters by name: as labelled, else by the order of the declaration (or of the statement)."""
    order = list(dict.fromkeys(re.findall(r"@(\w+)", declaration or text)))
    return {label or order[place]: value for place, (label, value) in enumerate(given)}
