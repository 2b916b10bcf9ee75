"""From a bare checkout to a running service or a finished test run, with the standard library alone.

Makes `.venv`, installs the locked packages (uv where it is at hand, pip otherwise), then hands over to
`crisis`, pytest or the checks. `make` calls this; where there is no make: `py bootstrap.py run`.
A second start installs nothing and needs no network.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
PYTHON = BIN / ("python.exe" if os.name == "nt" else "python")
OLDEST = (3, 11)
LOCKS = {"run": "requirements.lock", "test": "requirements-test.lock"}


class Stop(Exception):
    """One clear line for people, and the exit code."""

    def __init__(self, line: str, code: int = 2) -> None:
        super().__init__(line)
        self.code = code


def say(line: str) -> None:
    """One line of progress."""
    print(line, flush=True)


def call(*command: str | Path, env: dict[str, str] | None = None) -> int:
    """Run a command in the checkout and wait for it; its exit code."""
    merged = {**os.environ, **(env or {})}
    return subprocess.run([str(part) for part in command], cwd=ROOT, env=merged, check=False).returncode


def must(what: str, *command: str | Path) -> None:
    """Run a command that has to succeed."""
    if call(*command) != 0:
        raise Stop(f"{what} failed; its output is above. Mend that and run the same command again.")


def newer_python() -> str:
    """A Python that is new enough: this one, or one on the path. Raises Stop when there is none."""
    if sys.version_info >= OLDEST:
        return sys.executable
    for name in ("python3.14", "python3.13", "python3.12", "python3.11"):
        found = shutil.which(name)
        if found:
            return found
    wanted = ".".join(map(str, OLDEST))
    raise Stop(f"Python {wanted} or newer is needed, this is {sys.version.split()[0]}. Debian: apt install python3.11")


def make_venv() -> None:
    """Make `.venv` unless it is there and whole."""
    if PYTHON.exists():
        return
    say("Making .venv ...")
    uv = shutil.which("uv")
    python = newer_python()
    try:
        if uv:
            must("uv venv", uv, "venv", "--quiet", "--seed", "--python", python, VENV)
            return
        probe = subprocess.run([python, "-c", "import venv, ensurepip"], capture_output=True, check=False)
        if probe.returncode != 0:
            raise Stop("Python's venv module is missing. Debian: apt install python3-venv, then run this again.")
        must("python -m venv", python, "-m", "venv", VENV)
    except Stop:
        shutil.rmtree(VENV, ignore_errors=True)
        raise


def stamp(kind: str) -> str:
    """What the installed packages depend on: lock, project file, place."""
    digest = hashlib.sha256(str(ROOT).encode())
    for name in (LOCKS[kind], "pyproject.toml"):
        digest.update((ROOT / name).read_bytes())
    return digest.hexdigest()


def install(kind: str) -> None:
    """Install the locked packages and this project, unless that has been done. `test` holds all of `run`."""
    writable()
    make_venv()
    for done in ("test", kind):
        mark = VENV / f".installed-{done}"
        if mark.exists() and mark.read_text() == stamp(done):
            return
    say(f"Installing {LOCKS[kind]} ... (once; later starts need no network)")
    uv = shutil.which("uv")
    tool: list[str | Path] = [uv, "pip", "install", "--quiet", "--python", PYTHON] if uv else [
        PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
    ]  # fmt: skip
    must("installing the locked packages", *tool, "--require-hashes", "-r", LOCKS[kind])
    must("installing this project", *tool, "--no-deps", "--no-build-isolation", "-e", ".")
    (VENV / f".installed-{kind}").write_text(stamp(kind))


def writable() -> None:
    """The checkout must take files. Raises Stop."""
    if not os.access(ROOT, os.W_OK):
        raise Stop(f"{ROOT} cannot be written by this user. Copy the checkout to a folder of your own.", 20)


def free_port(port: int) -> None:
    """The port must be free. Raises Stop."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        if os.name != "nt":
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            raise Stop(f"Port {port} is in use. Choose another: make run PORT={port + 1}", 19) from None


def run(port: int, calls: int | None) -> int:
    """A served demo city: fill once, refresh, print keys and steps, serve."""
    free_port(port)
    install("run")
    env = {"CRISIS_DEMO": "1", "CRISIS_PORT": str(port)}
    size = ("--calls", str(calls)) if calls else ()
    code = call(BIN / "crisis", "demo", *size, env=env)
    if code != 0:
        return code
    command = [str(BIN / "crisis"), "serve"]
    if os.name == "nt":
        return call(*command, env=env)
    os.chdir(ROOT)
    return os.execve(command[0], command, {**os.environ, **env})


def test(rest: list[str]) -> int:
    """The whole suite, without network."""
    install("test")
    alone = any(item.startswith(("-n", "-x", "-s", "--pdb")) for item in rest)
    workers = () if alone else ("-n", "2", "--dist", "worksteal")
    return call(PYTHON, "-m", "pytest", *workers, *rest)


CHECKS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("ruff check", ("-m", "ruff", "check", "--quiet", ".")),
    ("ruff format", ("-m", "ruff", "format", "--quiet", "--check", ".")),
    ("mypy", ("-m", "mypy", "--no-error-summary")),
    ("import contracts", ("-c", "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports())")),
    ("dependencies", ("-m", "deptry", ".")),
    ("generated documents", ("-m", "models.documents", "--check")),
    ("Power BI templates", ("-m", "powerbi.package", "--check")),
)


def check() -> int:
    """Every check, also after one has failed; the last line is the count."""
    install("test")
    failed = [name for name, command in CHECKS if _check(name, command) != 0]
    say(f"checks: {len(CHECKS) - len(failed)} passed, {len(failed)} failed")
    return 1 if failed else 0


def _check(name: str, command: tuple[str, ...]) -> int:
    done = subprocess.run([str(PYTHON), *command], cwd=ROOT, capture_output=True, text=True, check=False)
    say(f"  {'ok  ' if done.returncode == 0 else 'FAIL'} {name}")
    if done.returncode != 0:
        say((done.stdout + done.stderr).strip())
    return done.returncode


def drill(rest: list[str]) -> int:
    """Bad nights, one row a kind; ends with a table of figures; `--short` is the gate's form."""
    install("test")
    return call(PYTHON, "-m", "tests.drill", *rest)


def conformance(rest: list[str]) -> int:
    """Foreign judges, from their registries by locks with hashes; ends with a table, `--only NAME` for one row."""
    install("test")
    return call(PYTHON, "-m", "tests.conformance", *rest)


def powerbi_check(rest: list[str]) -> int:
    """Foreign judges over the Power BI templates, by locks with hashes; ends with a table; `--short` without npm."""
    install("test")
    return call(PYTHON, "-m", "tests.powerbi_check", *rest)


def sqlserver_check(rest: list[str]) -> int:
    """The way to SQL Server with each ODBC driver; ends with a table; `--rows 1000000` measures reading too."""
    install("test")
    return call(PYTHON, "-m", "tests.sqlserver", *rest)


def pictures(rest: list[str]) -> int:
    """Draw the report's pages for docs/powerbi anew and say what does not fit; --audience NAME for one report."""
    install("test")
    return call(PYTHON, "-m", "tests.powerbi_check.pictures", *rest)


def reference() -> int:
    """Published figures on real open data, as far as the data folder is there."""
    install("test")
    return call(PYTHON, "-m", "pytest", "-s", "tests/jobs/test_reference_results.py")


def docs() -> int:
    """Write the generated documents anew."""
    install("test")
    made = ("models.documents", "jobs.source.dictionary", "powerbi.package")
    return max(call(PYTHON, "-m", name) for name in made)


def clean() -> int:
    """Remove everything that was made here: .venv, var, caches."""
    for name in (".venv", "var", "build", ".mypy_cache", ".ruff_cache", ".pytest_cache", ".hypothesis"):
        shutil.rmtree(ROOT / name, ignore_errors=True)
    say("Removed .venv, var and caches.")
    return 0


def main() -> int:
    """Read the command line and do one thing."""
    parser = argparse.ArgumentParser(prog="bootstrap.py", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    serve = commands.add_parser("run", help="serve the demo city")
    serve.add_argument("--port", type=int, default=int(os.environ.get("CRISIS_PORT", "8000")))
    serve.add_argument("--calls", type=int, default=None, help="size of the demo city (default 60000)")
    for name, function in (
        ("check", check),
        ("reference", reference),
        ("docs", docs),
        ("clean", clean),
    ):
        commands.add_parser(name, help=(function.__doc__ or "").split(";")[0])
    commands.add_parser("test", help="run the tests; further words go to pytest")
    commands.add_parser("drill", help="bad nights and what came of each; --short, --only NAME, --list")
    commands.add_parser("conformance", help="foreign judges; --only NAME, --list")
    commands.add_parser("powerbi-check", help="judges of the Power BI templates; --short, --only NAME, --list")
    commands.add_parser("sqlserver-check", help="the way to SQL Server with each ODBC driver; --rows N")
    commands.add_parser("pictures", help="draw the report's pages anew; --audience NAME")
    options, rest = parser.parse_known_args()
    with_words = {
        "test": test,
        "drill": drill,
        "conformance": conformance,
        "powerbi-check": powerbi_check,
        "sqlserver-check": sqlserver_check,
        "pictures": pictures,
    }
    if rest and options.command not in with_words:
        parser.error(f"unknown words: {' '.join(rest)}")
    try:
        if options.command == "run":
            return run(options.port, options.calls)
        if options.command in with_words:
            return with_words[options.command](rest)
        return {"check": check, "reference": reference, "docs": docs, "clean": clean}[options.command]()
    except Stop as stop:
        say(str(stop))
        return stop.code
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
