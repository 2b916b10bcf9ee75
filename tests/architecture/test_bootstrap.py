"""Setting up: what goes wrong is one clear line with a next step, and a second start installs nothing."""

from __future__ import annotations

import importlib.util
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.conftest import ROOT


@pytest.fixture
def bootstrap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """bootstrap.py as a module, working in a folder of its own that holds the locks and the project file."""
    spec = importlib.util.spec_from_file_location("bootstrap_under_test", ROOT / "bootstrap.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    for name in (*module.LOCKS.values(), "pyproject.toml"):
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    venv = tmp_path / ".venv"
    for name, value in {"ROOT": tmp_path, "VENV": venv, "PYTHON": venv / "bin" / "python"}.items():
        monkeypatch.setattr(module, name, value)
    monkeypatch.setattr(module.shutil, "which", lambda _name: None)
    return module


class Calls:
    """Stands in for subprocess.run: remembers every command, answers with one exit code."""

    def __init__(self, code: int) -> None:
        self.code = code
        self.commands: list[list[str]] = []

    def run(self, command: list[Any], **_options: object) -> subprocess.CompletedProcess[str]:
        self.commands.append([str(part) for part in command])
        return subprocess.CompletedProcess(command, self.code, "", "")


@pytest.fixture
def taken_port() -> Iterator[int]:
    """A port on which somebody else listens."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        yield other.getsockname()[1]


def test_a_port_in_use_is_one_line_with_the_next_step(taken_port: int) -> None:
    command = [sys.executable, "bootstrap.py", "run", "--port", str(taken_port)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 19
    assert done.stdout.splitlines() == [f"Port {taken_port} is in use. Choose another: make run PORT={taken_port + 1}"]
    assert done.stderr == ""


def test_a_missing_venv_module_names_the_package(bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap.subprocess, "run", Calls(1).run)
    with pytest.raises(bootstrap.Stop, match="apt install python3-venv"):
        bootstrap.install("run")
    assert not bootstrap.VENV.exists()


def test_a_folder_that_cannot_be_written_says_so(bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap.os, "access", lambda _path, _mode: False)
    with pytest.raises(bootstrap.Stop, match="cannot be written") as stop:
        bootstrap.install("run")
    assert stop.value.code == 20


def test_an_old_python_is_told_what_is_needed(bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap, "OLDEST", (99, 0))
    with pytest.raises(bootstrap.Stop, match=r"Python 99\.0 or newer is needed"):
        bootstrap.newer_python()


def test_a_second_start_installs_nothing_and_a_changed_lock_does(
    bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = Calls(0)
    monkeypatch.setattr(bootstrap.subprocess, "run", calls.run)
    bootstrap.PYTHON.parent.mkdir(parents=True)
    bootstrap.PYTHON.touch()
    bootstrap.install("run")
    assert ["--require-hashes" in command for command in calls.commands] == [True, False]
    calls.commands.clear()
    bootstrap.install("run")
    assert calls.commands == []
    with (bootstrap.ROOT / bootstrap.LOCKS["run"]).open("a") as lock:
        lock.write("\n")
    bootstrap.install("run")
    assert len(calls.commands) == 2


def test_what_the_test_run_installed_serves_the_demo_too(
    bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = Calls(0)
    monkeypatch.setattr(bootstrap.subprocess, "run", calls.run)
    bootstrap.PYTHON.parent.mkdir(parents=True)
    bootstrap.PYTHON.touch()
    bootstrap.install("test")
    calls.commands.clear()
    bootstrap.install("run")
    assert calls.commands == []
