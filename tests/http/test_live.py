"""`crisis serve` for real: a process, a port, a signal, a certificate, and bytes that no client library would send."""

from __future__ import annotations

import datetime
import ipaddress
import json
import signal
import socket
import ssl
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from api.main import assemble, create_app
from jobs.commands import serve
from jobs.migrate import upgrade_service
from models.errors import ConfigurationError, FolderNotWritable, PortInUse
from models.settings import SOURCE_SECRETS, ApiSettings
from tests.helpers.live import free_port, serving
from tests.helpers.service import Login, make_keys
from tests.helpers.tiny_snapshot import big_snapshot

SOURCE = "mssql+pyodbc://reader:source-password@crisis-db/city"
ROWS = 60_000

posix_only = pytest.mark.skipif(sys.platform == "win32", reason="SIGTERM does not exist on Windows")


@pytest.fixture(scope="module")
def big_home(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Login]:
    """A home with one long view and a key for it."""
    home = tmp_path_factory.mktemp("big")
    big_snapshot(home / "snapshots", "DailyCalls", ROWS)
    settings = ApiSettings(home=home)
    upgrade_service(settings.service_database)
    return home, make_keys(settings)["viewer"]


@pytest.fixture(scope="module")
def live(big_home: tuple[Path, Login]) -> Iterator[tuple[str, Login, Path]]:
    """A running server: root, a viewer's key, home."""
    home, login = big_home
    with serving(home, CRISIS_SOURCE_URL=SOURCE, crisis_source_url=SOURCE) as (root, _):
        yield root, login, home


def test_it_serves_and_has_no_credentials_of_the_source(live: tuple[str, Login, Path]) -> None:
    root, login, _ = live
    with httpx.Client(auth=login.basic) as client:
        page = client.get(f"{root}/odata/v1/DailyCalls?$top=3")
        assert (page.status_code, len(page.json()["value"])) == (200, 3)
        assert page.headers["content-encoding"] == "gzip"
        assert page.headers.get_list("odata-version") == ["4.0"]
        assert "server" not in page.headers
        assert page.json()["@odata.context"].startswith(f"{root}/odata/v1/$metadata#")
        assert client.get(f"{root}/odata/v1").json() == client.get(f"{root}/odata/v1/").json()


def test_the_child_process_never_sees_the_source(live: tuple[str, Login, Path]) -> None:
    root, _, _ = live
    pid = _listener(int(root.rpartition(":")[2]))
    environment = Path(f"/proc/{pid}/environ").read_bytes() if pid else None
    if environment is None:
        pytest.skip("this platform does not show the environment of a process")
    assert b"source-password" not in environment
    assert b"CRISIS_HOME" in environment


def _listener(port: int) -> int | None:
    """Process id of the server on this port, where /proc shows it."""
    for line in Path("/proc").glob("[0-9]*/cmdline") if Path("/proc").is_dir() else ():
        try:
            if f"--port\0{port}\0".encode() in line.read_bytes():
                return int(line.parent.name)
        except OSError:
            continue
    return None


def test_a_client_follows_next_links_to_the_last_row_over_the_wire(live: tuple[str, Login, Path]) -> None:
    root, login, _ = live
    url: str | None = f"{root}/odata/v1/DailyCalls?$select=OperationalDate"
    rows, pages = 0, 0
    with httpx.Client(auth=login.basic, timeout=60) as client:
        while url:
            page = client.get(url).json()
            rows, pages, url = rows + len(page["value"]), pages + 1, page.get("@odata.nextLink")
    assert (rows, pages) == (ROWS, ROWS // 10_000)


RAW = """
GET /odata/v1/Areas%C3%28 HTTP/1.1                  | 400
GET /odata/v1/Ar\xe9as HTTP/1.1                     | 400
GET /odata/v1/Areas?$filter=\xff HTTP/1.1           | 400
GET /odata/v1/../../etc/passwd HTTP/1.1             | 400
GET http://evil.example/odata/v1/ HTTP/1.1          | 200
GET / HTTP/1.1<CRLF>X-Forwarded-Proto: https        | 200
BREW /odata/v1/Areas HTTP/1.1                       | 400
GARBAGE                                             | 400
"""


@pytest.mark.parametrize("line", RAW.strip().split("\n"))
def test_raw_bytes_are_answered_and_the_server_lives_on(live: tuple[str, Login, Path], line: str) -> None:
    root, login, _ = live
    request, status = (part.strip().replace("<CRLF>", "\r\n") for part in line.rsplit("|", 1))
    head = f"{request}\r\nHost: 127.0.0.1\r\nX-API-Key: {login.token}\r\nConnection: close\r\n\r\n"
    answer = _spoken(root, head.encode("latin-1"))
    assert answer.split(b" ", 2)[1] == status.encode(), answer[:300]
    assert b"Traceback" not in answer
    assert httpx.get(f"{root}/healthz").status_code == 200


def _spoken(root: str, text: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", urlsplit(root).port or 0), timeout=30) as line:
        line.sendall(text)
        return b"".join(iter(lambda: line.recv(65_536), b""))


def test_a_client_that_hangs_up_is_in_the_trail_and_frees_its_place(live: tuple[str, Login, Path]) -> None:
    root, login, home = live
    before = len(_outcomes(home))
    for _ in range(8):  # more than there are places
        with socket.create_connection(("127.0.0.1", urlsplit(root).port or 0), timeout=30) as line:
            head = f"GET /odata/v1/DailyCalls HTTP/1.1\r\nHost: x\r\nPrefer: maxpagesize=50000\r\nX-API-Key: {login.token}\r\n\r\n"
            line.sendall(head.encode())
            assert line.recv(12) == b"HTTP/1.1 200"
    assert httpx.get(f"{root}/odata/v1/DailyCalls?$top=1", auth=login.basic, timeout=60).status_code == 200
    for _ in range(200):
        found = _outcomes(home)[before:]
        if found.count("aborted") == 8:
            break
        threading.Event().wait(0.05)
    assert found.count("aborted") == 8
    assert found.count("answered") == 9


def _outcomes(home: Path) -> list[str]:
    lines = [line for file in (home / "audit").glob("*.jsonl") for line in file.read_text().splitlines()]
    return [json.loads(line)["outcome"] for line in lines]


@posix_only
def test_sigterm_finishes_what_runs_and_the_log_has_no_secrets(big_home: tuple[Path, Login]) -> None:
    home, login = big_home
    with serving(home) as (root, process):
        httpx.get(f"{root}/odata/v1/DailyCalls?$filter=AreaId eq 'Jane'&$top=1", auth=login.basic)
        httpx.get(f"{root}/odata/v1/?api_key={login.secret}")
        with socket.create_connection(("127.0.0.1", urlsplit(root).port or 0), timeout=30) as line:
            head = f"GET /v1/views/DailyCalls.csv HTTP/1.1\r\nHost: x\r\nX-API-Key: {login.token}\r\nConnection: close\r\n\r\n"
            line.sendall(head.encode())
            got = line.recv(1_000)  # the answer has begun, most of it waits for us
            process.send_signal(signal.SIGTERM)
            with pytest.raises(httpx.TransportError):
                for _ in range(200):
                    httpx.get(f"{root}/healthz", timeout=5)
                    threading.Event().wait(0.05)
            got += b"".join(iter(lambda: line.recv(1 << 20), b""))
        head_text, _, body = got.partition(b"\r\n\r\n")
        assert f"content-length: {len(body)}".encode() in head_text
        assert body.count(b"\r\n") == ROWS + 1
        assert process.wait(timeout=10) in (0, -signal.SIGTERM)
        out, err = process.communicate()
    assert out.startswith("Serving http://127.0.0.1:")
    events = [json.loads(line) for line in err.splitlines()]  # every line of the log is JSON
    assert {"Started", "RequestDone", "AccessRefused"} <= {event["event"] for event in events}
    assert not [text for text in (login.secret, "Jane", "Traceback") if text in out + err]


# --- TLS --------------------------------------------------------------------------------------------------------------


def certificate(folder: Path) -> tuple[Path, Path]:
    """A self-signed certificate for 127.0.0.1 and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    moment = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(moment - datetime.timedelta(days=1))
        .not_valid_after(moment + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    files = folder / "cert.pem", folder / "key.pem"
    files[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    files[1].write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return files


def test_it_speaks_https_with_a_certificate(big_home: tuple[Path, Login], tmp_path: Path) -> None:
    home, login = big_home
    cert, key = certificate(tmp_path)
    trust = ssl.create_default_context(cafile=str(cert))
    with serving(home, verify=trust, CRISIS_TLS_CERTIFICATE=str(cert), CRISIS_TLS_KEY=str(key)) as (root, _):
        answer = httpx.get(f"{root}/odata/v1/", auth=login.basic, verify=trust)
        assert answer.status_code == 200
        assert answer.json()["@odata.context"].startswith("https://127.0.0.1:")
        assert answer.headers["strict-transport-security"]


# --- what is checked before it starts ---------------------------------------------------------------------------------


def test_a_port_in_use_is_said_with_the_way_out(big_home: tuple[Path, Login]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(PortInUse, match=f"port {port} is taken") as caught:
            serve._check(ApiSettings(home=big_home[0], port=port))
    assert "--port" in (caught.value.hint or "")


def test_what_cannot_work_is_said_before_it_starts(home: Path, tmp_path: Path) -> None:
    file = tmp_path / "a-file"
    file.write_text("")
    with pytest.raises(FolderNotWritable):
        serve._check(ApiSettings(home=file / "home"))
    with pytest.raises(ConfigurationError, match="lacks the table"):
        serve._check(ApiSettings(home=home))
    upgrade_service(f"sqlite:///{home / 'service.db'}")
    for wrong in (
        {"tls_certificate": tmp_path / "none.pem", "tls_key": file},
        {"tls_certificate": file},
        {"host": "no.such.host.invalid"},
        {"host": "192.0.2.1"},
    ):
        with pytest.raises(ConfigurationError):
            serve._check(ApiSettings(home=home, port=free_port(), **wrong))  # type: ignore[arg-type]
    serve._check(ApiSettings(home=home, port=free_port()))


def test_a_setting_that_cannot_be_read_is_named(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRISIS_PAGE_SIZE", "many")
    with pytest.raises(ConfigurationError, match="CRISIS_PAGE_SIZE"):
        serve.serve(host=None, port=None, public_url=None, workers=1)


def test_the_web_process_ends_with_one_line_and_the_exit_code_of_its_error(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CRISIS_PUBLIC_URL", "metrics")
    with pytest.raises(SystemExit) as caught:
        create_app()
    assert caught.value.code == ConfigurationError.exit_code
    assert capsys.readouterr().err.splitlines()[0].startswith("ConfigurationError: CRISIS_PUBLIC_URL")


def test_the_api_refuses_to_start_beside_credentials_of_the_source(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    upgrade_service(f"sqlite:///{home / 'service.db'}")
    monkeypatch.setenv("crisis_source_url", SOURCE)
    with pytest.raises(ConfigurationError, match="environment of the web service") as caught:
        assemble(ApiSettings(home=home))
    assert "source-password" not in str(caught.value) + str(caught.value.hint)
    assemble(ApiSettings(home=home, demo=True))


def test_the_command_line_names_only_our_folder_and_trusts_no_forwarded_header() -> None:
    line = serve.command(ApiSettings(port=8123), workers=2)
    assert "api.main:create_app" in line
    assert line[line.index("--app-dir") + 1] == str(Path(serve.__file__).resolve().parents[2])
    assert {"--no-access-log", "--no-proxy-headers", "--no-server-header"} <= set(line)
    kept = serve._environment(
        {"CRISIS_SOURCE_URL": SOURCE, "crisis_Source_Url": SOURCE, "PATH": "/bin"},
        {"HOST": None, "PORT": 8001, "PUBLIC_URL": None},
    )
    assert kept == {"PATH": "/bin", "CRISIS_PORT": "8001"}
    assert SOURCE_SECRETS == ("CRISIS_SOURCE_URL", "CRISIS_SOURCE_TOKEN_FILE")
