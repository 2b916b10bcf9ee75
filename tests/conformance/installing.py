"""Puts the foreign judges in place: pinned npm and PyPI packages, from lock files with hashes, below `build/`.

`Judges.node("oasis")` gives the folder in which `packages/oasis/package-lock.json` is installed, `Judges.python("clients")`
the interpreter of an environment with `packages/clients.txt`; both install once and again when the lock changes. Only these
two reach a package index. `run_script` runs a Node script in such a folder. Called by every row that has a foreign judge.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.conftest import ROOT

PACKAGES = Path(__file__).with_name("packages")
CLIENTS = Path(__file__).with_name("clients")
BUILD = ROOT / "build" / "conformance"
OLDEST_NODE = 20
PATIENCE = 900
"""Seconds for one command; a guard against hanging, not a claim."""


class Missing(Exception):
    """A judge cannot be called; one line says what is missing and where it comes from."""


@dataclass(frozen=True)
class Judges:
    """Where locks lie and where they are installed. `newest` is the newest Python that the packages can be read by."""

    packages: Path
    build: Path
    newest: tuple[int, int] | None = None

    def node(self, name: str) -> Path:
        """The folder in which the npm packages of `packages/<name>` are installed. Raises Missing."""
        npm = tool("npm")
        folder = self.build / name
        wanted = [self.packages / name / "package.json", self.packages / name / "package-lock.json"]
        if not _current(folder, wanted):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            for file in wanted:
                shutil.copy(file, folder)
            _must([npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], folder)
            _note(folder, wanted)
        return folder

    def python(self, name: str) -> Path:
        """The interpreter of an environment with the packages of `packages/<name>.txt`. Raises Missing.

        `packages/<name>-alone.txt`, where there is one, holds packages that come without what they say they require.
        """
        folder = self.build / f"python-{name}"
        alone = self.packages / f"{name}-alone.txt"
        locks = [self.packages / f"{name}.txt", *([alone] if alone.exists() else [])]
        found = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
        if not _current(folder, locks):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            _must([self.interpreter(), "-m", "venv", str(folder)], folder)
            pip = [str(found), "-m", "pip", "install", *QUIETLY, "--require-hashes"]
            for lock in locks:
                _must([*pip, *(["--no-deps"] if lock == alone else []), "-r", str(lock)], folder)
            _note(folder, locks)
        return found

    def interpreter(self) -> str:
        """A Python that the packages can be read by: this one, or one on the path. Raises Missing."""
        if self.newest is None or sys.version_info[:2] <= self.newest:
            return sys.executable
        for minor in range(self.newest[1], OLDEST_PYTHON - 1, -1):
            other = shutil.which(f"python3.{minor}")
            if other:
                return other
        newest = ".".join(map(str, self.newest))
        raise Missing(f"these judges need Python {newest} or older on the path (Debian: apt install python3.11)")


QUIETLY = ("--quiet", "--disable-pip-version-check", "--no-warn-script-location")
OLDEST_PYTHON = 11
CONFORMANCE = Judges(PACKAGES, BUILD)
node = CONFORMANCE.node
python = CONFORMANCE.python


def tool(name: str) -> str:
    """Path of `node` or `npm`. Raises Missing with the next step."""
    found = shutil.which(name)
    if found is None:
        raise Missing(
            f"{name} is not on the path; install Node.js {OLDEST_NODE} or newer (Debian: apt install nodejs npm)"
        )
    return found


def run_script(folder: Path, script: str, *arguments: str, stdin: str = "", env: dict[str, str] | None = None) -> str:
    """What `clients/<script>` prints, run by Node inside `folder`, where its packages are. Raises Missing when it fails."""
    shutil.copy(CLIENTS / script, folder)
    return run([tool("node"), script, *arguments], folder, stdin=stdin, env=env)


def run_client(script: str, *, stdin: str = "", env: dict[str, str] | None = None) -> str:
    """What `clients/<script>` prints, run by the Python of the PyPI clients. Raises Missing when it fails."""
    return run([str(python("clients")), str(CLIENTS / script)], BUILD, stdin=stdin, env=env)


def run(command: list[str], folder: Path, *, stdin: str = "", env: dict[str, str] | None = None) -> str:
    """Standard output of a command that has to succeed. Raises Missing with the end of what it said otherwise."""
    merged = {**os.environ, **(env or {})}
    try:
        done = subprocess.run(
            command, cwd=folder, env=merged, input=stdin, capture_output=True, text=True, check=False, timeout=PATIENCE
        )
    except subprocess.TimeoutExpired:
        raise Missing(f"{Path(command[0]).name} {command[1]} did not end within {PATIENCE} s") from None
    if done.returncode != 0:
        said = "\n".join((done.stdout + done.stderr).strip().splitlines()[-25:])
        raise Missing(f"{Path(command[0]).name} {' '.join(command[1:3])} ended with {done.returncode}:\n{said}")
    return done.stdout


def _must(command: list[str], folder: Path) -> None:
    run(command, folder, env={"npm_config_update_notifier": "false"})


def _stamp(files: list[Path]) -> str:
    digest = hashlib.sha256(sys.version.encode())
    for file in files:
        digest.update(file.read_bytes())
    return digest.hexdigest()


def _current(folder: Path, files: list[Path]) -> bool:
    mark = folder / ".installed"
    return mark.exists() and mark.read_text() == _stamp(files)


def _note(folder: Path, files: list[Path]) -> None:
    (folder / ".installed").write_text(_stamp(files))
