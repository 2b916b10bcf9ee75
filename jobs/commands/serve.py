"""`crisis serve`: check what can be checked, then become uvicorn, without the credentials of the crisis database.

The web service is named by an import string only: jobs never import api. Run by people, bootstrap.py and containers.
"""

from __future__ import annotations

import errno
import os
import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from pydantic import ValidationError

import models
from models.database import engine
from models.errors import ConfigurationError, FolderNotWritable, PortInUse
from models.service import ready
from models.settings import SOURCE_SECRETS, ApiSettings

APPLICATION = "api.main:create_app"
GRACE_SECONDS = 8
"""What runs at SIGTERM may take this long to finish; the process is gone within 10 s."""


def register(app: typer.Typer) -> None:
    """Add `serve`."""
    app.command()(serve)


def serve(
    host: Annotated[str | None, typer.Option("--host", help="Address to listen on (CRISIS_HOST).")] = None,
    port: Annotated[int | None, typer.Option("--port", min=1, max=65535, help="Port (CRISIS_PORT).")] = None,
    public_url: Annotated[
        str | None, typer.Option("--public-url", help="Root under which clients reach it (CRISIS_PUBLIC_URL).")
    ] = None,
    workers: Annotated[int, typer.Option("--workers", min=1, help="Processes; limits count for each.")] = 1,
    record_requests: Annotated[
        Path | None,
        typer.Option(
            "--record-requests",
            metavar="FILE",
            help="Record every request in FILE, without any value that a client wrote (CRISIS_RECORD_REQUESTS).",
        ),
    ] = None,
) -> None:
    """Serve the published snapshot until SIGTERM.

    Example: crisis serve --port 8000

    Example: crisis serve --host 0.0.0.0 --port 8443 --public-url https://metrics.city.example

    Example: crisis serve --record-requests requests.jsonl
    """
    chosen = {"HOST": host, "PORT": port, "PUBLIC_URL": public_url, "RECORD_REQUESTS": record_requests}
    environment = _environment(os.environ, chosen)
    os.environ.update({name: value for name, value in environment.items() if name.startswith("CRISIS_")})
    try:
        settings = ApiSettings()
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        name = "CRISIS_" + "_".join(str(part) for part in first["loc"]).upper()
        raise ConfigurationError(f"{name}: {first['msg']}") from error
    _check(settings, workers)
    scheme = "https" if settings.tls_certificate else "http"
    root = settings.public_url or f"{scheme}://{settings.host}:{settings.port}/"
    typer.echo(f"Serving {root} until Ctrl+C or SIGTERM.")
    if settings.record_requests:
        typer.echo(f"Recording every request, without literals and keys, in {settings.record_requests}.")
    _become(command(settings, workers), environment)


def command(settings: ApiSettings, workers: int = 1) -> list[str]:
    """The uvicorn command line for these settings.

    `--app-dir` names our own folder, so that a foreign `api` in the working directory is never imported;
    forwarded headers are read by api.edge, which knows the trusted proxies, and never by uvicorn.
    """
    line = [sys.executable, "-m", "uvicorn", APPLICATION, "--factory"]
    line += ["--app-dir", str(Path(models.__file__).resolve().parents[1])]
    line += ["--host", settings.host, "--port", str(settings.port)]
    line += ["--no-access-log", "--no-server-header", "--no-proxy-headers", "--log-level", "warning"]
    line += ["--timeout-graceful-shutdown", str(GRACE_SECONDS), "--ws", "none", "--lifespan", "on"]
    if os.name == "posix":
        line += ["--loop", "uvloop", "--http", "httptools"]
    if settings.tls_certificate:
        line += ["--ssl-certfile", str(settings.tls_certificate)]
    if settings.tls_key:
        line += ["--ssl-keyfile", str(settings.tls_key)]
    if workers > 1:
        line += ["--workers", str(workers)]
    return line


def _environment(present: Mapping[str, str], chosen: Mapping[str, object]) -> dict[str, str]:
    """The environment of the web process. Settings are read whatever their case, so secrets go whatever theirs."""
    kept = {name: value for name, value in present.items() if name.upper() not in SOURCE_SECRETS}
    return kept | {f"CRISIS_{name}": str(value) for name, value in chosen.items() if value is not None}


def _check(settings: ApiSettings, workers: int = 1) -> None:
    """Raises FolderNotWritable, ConfigurationError or PortInUse: one clear line before anything starts."""
    _writable(settings.home)
    for file in (settings.tls_certificate, settings.tls_key):
        if file is not None and not file.is_file():
            raise ConfigurationError(f"there is no file {file}", hint="Mend CRISIS_TLS_CERTIFICATE or CRISIS_TLS_KEY.")
    if bool(settings.tls_certificate) != bool(settings.tls_key):
        raise ConfigurationError("a TLS certificate needs its key, and a key its certificate")
    if settings.record_requests and workers > 1:
        raise ConfigurationError("requests are recorded by one process", hint="Leave out --workers while recording.")
    ready.require(engine(settings.service_database))
    _free(settings.host, settings.port)


def _writable(home: Path) -> None:
    probe = home / f".writable-{os.getpid()}"
    try:
        home.mkdir(parents=True, exist_ok=True)
        probe.write_bytes(b"")
        probe.unlink()
    except OSError as error:
        raise FolderNotWritable(f"cannot write in {home}") from error


def _free(host: str, port: int) -> None:
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except socket.gaierror as error:
        raise ConfigurationError(f"{host!r} is no address of this machine", hint="Mend CRISIS_HOST.") from error
    with socket.socket(family, kind) as probe:
        if os.name == "posix":
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise PortInUse(f"port {port} is taken by another process") from error
            raise ConfigurationError(
                f"cannot listen on {host}:{port} ({error.strerror})", hint="Mend CRISIS_HOST or CRISIS_PORT."
            ) from error


def _become(line: list[str], environment: dict[str, str]) -> NoReturn:
    """Run the server in place of this process, so that signals reach it; Windows has no such thing and waits."""
    sys.stdout.flush()
    if os.name == "posix":
        os.execvpe(line[0], line, environment)  # noqa: S606 - our own interpreter and arguments
    raise typer.Exit(subprocess.run(line, env=environment, check=False).returncode)  # noqa: S603
