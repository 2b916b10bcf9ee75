"""TLS for the small SQL Server: outside everything (TDS 8.0), or begun inside PRELOGIN packets (TDS 7.4). And certificates.

`InnerTls` looks like a socket. Used by tds_server and tds_wire; `server_context` by the tests of TLS.
"""

from __future__ import annotations

import ssl
import struct
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path
from typing import Protocol

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

HEADER = struct.Struct(">BBHHBB")
PRELOGIN = 0x12


class Line(Protocol):
    """What messages travel on."""

    def recv(self, size: int, /) -> bytes: ...

    def sendall(self, data: bytes, /) -> None: ...

    def fileno(self) -> int: ...


class InnerTls:
    """A socket with TLS on it; with `wrapped` the handshake travels in PRELOGIN packets, what follows does not."""

    def __init__(self, sock: Line, context: ssl.SSLContext, *, wrapped: bool) -> None:
        self.sock = sock
        self.wrapped = wrapped
        self.came, self.goes = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.came, self.goes, server_side=True)
        while True:
            try:
                self.tls.do_handshake()
                break
            except ssl.SSLWantReadError:
                self._flush()
                self._fill()
        self._flush()
        self.wrapped = False

    def fileno(self) -> int:
        """For select."""
        return self.sock.fileno()

    def sendall(self, data: bytes) -> None:
        """Encrypt and send."""
        self.tls.write(data)
        self._flush()

    def recv(self, size: int) -> bytes:
        """Up to `size` bytes; none at the end."""
        while True:
            try:
                return self.tls.read(size)
            except ssl.SSLWantReadError:
                if not self._fill():
                    return b""
            except ssl.SSLError:
                return b""

    def _flush(self) -> None:
        data = self.goes.read()
        if data:
            head = HEADER.pack(PRELOGIN, 1, len(data) + HEADER.size, 0, 0, 0) if self.wrapped else b""
            self.sock.sendall(head + data)

    def _fill(self) -> bool:
        """Take what has come; raises OSError when the other side has gone in the middle of the handshake."""
        if not self.wrapped:
            data = self.sock.recv(65_536)
        else:
            length = HEADER.unpack(self._exactly(HEADER.size))[2]
            data = self._exactly(length - HEADER.size)
        self.came.write(data)
        return bool(data)

    def _exactly(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            part = self.sock.recv(count - len(data))
            if not part:
                raise ConnectionResetError
            data += part
        return data


def server_context(folder: Path, *, name: str = "localhost") -> tuple[ssl.SSLContext, Path]:
    """A context with a certificate of its own making for 127.0.0.1 and `name`, and the certificate's file."""
    key = rsa.generate_private_key(public_exponent=65_537, key_size=2048)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=30))
        .add_extension(
            x509.SubjectAlternativeName([x509.DNSName(name), x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file, secret = folder / "server.pem", folder / "server.key"
    file.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.maximum_version = ssl.TLSVersion.TLSv1_2  # what 1.3 sends after its handshake is no PRELOGIN any more
    context.set_alpn_protocols(["tds/8.0"])
    context.load_cert_chain(file, secret)
    return context, file
