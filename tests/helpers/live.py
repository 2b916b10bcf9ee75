"""Programs over a home folder as processes of their own: `crisis` commands, and `crisis serve` on a free port of this machine."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

import httpx

PATIENCE = 60.0
"""Seconds to come up on a busy machine; a guard against hanging, not a claim."""


def free_port() -> int:
    """A port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def crisis(*arguments: str, home: Path, log: Path | None = None, **environment: str) -> subprocess.Popen[str]:
    """Start a `crisis` command with no CRISIS_ setting but these. What it says goes into pipes, or into `log`.

    A pipe that nobody reads fills after a few hundred requests and then holds the server up: long runs need `log`.
    """
    kept = {name: value for name, value in os.environ.items() if not name.upper().startswith("CRISIS_")}
    with log.open("a") if log else nullcontext(subprocess.PIPE) as out:
        return subprocess.Popen(
            [sys.executable, "-m", "jobs.cli", *arguments],
            env={**kept, "CRISIS_HOME": str(home), **environment},
            stdout=out,
            stderr=out,
            text=True,
        )


@contextmanager
def program(text: str, *words: str, home: Path, **environment: str) -> Iterator[subprocess.Popen[str]]:
    """A program of its own over a home folder, killed with this block; its output is piped."""
    process = subprocess.Popen(
        [sys.executable, "-c", text, *words],
        env=os.environ | {"CRISIS_HOME": str(home)} | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


@contextmanager
def serving(
    home: Path, *arguments: str, verify: str | bool = True, log: Path | None = None, **environment: str
) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """A running server: its root (without closing slash) and its process, which is ended afterwards."""
    port = free_port()
    process = crisis("serve", "--port", str(port), *arguments, home=home, log=log, **environment)
    root = f"{'https' if 'CRISIS_TLS_KEY' in environment else 'http'}://127.0.0.1:{port}"
    try:
        wait_for(root, process, verify)
        yield root, process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def wait_for(root: str, process: subprocess.Popen[str], verify: str | bool) -> None:
    """Return when the server answers; fails with what it said when it has ended."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        assert process.poll() is None, process.communicate()
        try:
            httpx.get(f"{root}/healthz", verify=verify)
        except httpx.TransportError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError("the server did not come up")
