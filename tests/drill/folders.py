"""Rows of nights on which nothing can be written: the disk is full, a folder is read-only.

Both are real where this machine lets a process have mounts of its own (`unshare -rm`): a small tmpfs that is full but for
a part of what a night needs, and read-only mounts, which root cannot write either. The table runs in that process; run
by itself with words, this module is it. Elsewhere the system's error is injected, and the figure says so.
"""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from threading import Event, Thread
from unittest.mock import patch

from jobs.refresh.run import refresh
from models.errors import CrisisError
from tests.conftest import ROOT
from tests.drill.bench import Bench
from tests.drill.nights import AFTER, BAD, after, at, city, judged, ready, undisturbed
from tests.drill.rows import Outcome, Row

FULL = """
room for                          | exit | run             | message | shown     | readyz   | after
a fifth of what a night needs     | 24   | failed DiskFull | full    | yesterday | DiskFull | equal
a tenth of what a night needs     | 24   | failed DiskFull | full    | yesterday | DiskFull | equal
a hundredth of it                 | 24   | failed DiskFull | full    | yesterday | DiskFull | equal
nothing                           | 24   | published       | publish | yesterday | fresh    | equal
"""
"""With room for nothing not even the failure can be written down: only the exit code tells, and later the age."""
PARTS = {
    "a fifth": 0.2,
    "a tenth": 0.1,
    "a hundredth": 0.01,
    "nothing": 0.0,
}
CLOSED = """
read-only        | exit | run                      | message           | shown     | readyz            | after
snapshots        | 20   | failed FolderNotWritable | cannot be written | yesterday | FolderNotWritable | equal
history          | 20   | failed FolderNotWritable | cannot be written | yesterday | FolderNotWritable | equal
the home folder  | 20   | published                | publish           | yesterday | fresh             | equal
"""
"""In a home folder that is read-only the failure cannot be written down either."""
INJECTED = """
what happens | exit | run | shown | readyz | after
{0} | {1} | failed {2} | yesterday | {2} | equal
"""
DISK = 256 << 20
LEAST = 4096
"""A tmpfs gives whole pages."""


def sealed(name: str, number: int, code: str, exit_code: int) -> Callable[[Bench], Outcome]:
    """The row `name`: its table in a process with mounts of its own, or the error injected."""

    def run(bench: Bench) -> Outcome:
        ready(bench.folder)
        undisturbed(bench, AFTER)
        if subprocess.run(["unshare", "-rm", "true"], capture_output=True, check=False).returncode:
            return injected(bench, name, number, code, exit_code)
        words = [
            sys.executable,
            "-m",
            "tests.drill.folders",
            name,
            str(bench.folder),
            *(["--short"] if bench.short else []),
        ]
        with subprocess.Popen(["unshare", "-rm", *words], cwd=ROOT, stdout=subprocess.PIPE, text=True) as inside:
            said = [line.rstrip("\n") for line in inside.stdout or ()]
        for line in said[:-1]:
            bench.say(line)
        outcome = json.loads(said[-1])
        return Outcome(outcome["figure"], outcome["good"], tuple(outcome["remarks"]))

    return run


def injected(bench: Bench, name: str, number: int, code: str, exit_code: int) -> Outcome:
    """The same error from a write that fails, where mounts are not to be had."""

    def found(_line: dict[str, str]) -> dict[str, str]:
        here = city(bench, f"{name} injected")
        before, ended = here.version, 0
        with at(BAD), patch("jobs.refresh.build.manifest.write", side_effect=OSError(number, "")):
            try:
                refresh(here.settings)
            except CrisisError as error:
                ended = error.exit_code
        cells = here.look(ended, BAD, before).cells
        return cells | {"after": after(here, bench)}

    return judged(
        bench, INJECTED.format(name, exit_code, code), found, told=" (no mounts here: the error was injected)"
    )


def mount(*words: str) -> None:
    """Mount, in this process's own namespace."""
    subprocess.run(["mount", *words], check=True)


def free(folder: Path) -> int:
    """Bytes that can still be written."""
    found = os.statvfs(folder)
    return found.f_bavail * found.f_frsize


@contextmanager
def least_free(folder: Path) -> Iterator[list[int]]:
    """The least room that there was while inside."""
    least, over = [free(folder)], Event()

    def watch() -> None:
        while not over.wait(0.002):
            least[0] = min(least[0], free(folder))

    watching = Thread(target=watch)
    watching.start()
    yield least
    over.set()
    watching.join()


def full_disk(bench: Bench) -> Outcome:
    """A city on a disk with room for a part of what its night needs; then there is room again."""
    disk = bench.folder / "disk"
    disk.mkdir()
    mount("-t", "tmpfs", "-o", f"size={DISK}", "tmpfs", str(disk))
    trial = ready(bench.folder).copy(disk / "trial")
    trial.live(BAD)
    before = free(disk)
    with least_free(disk) as least:
        trial.night(BAD)
    needs = before - least[0]

    def found(line: dict[str, str]) -> dict[str, str]:
        part = next(share for words, share in PARTS.items() if line["room for"].startswith(words))
        here = ready(bench.folder).copy(disk / line["room for"])
        here.live(BAD)
        ballast = disk / "ballast"
        room = int(needs * part) // LEAST * LEAST
        with ballast.open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, free(disk) - room)
        before = here.version
        process = here.start(BAD)
        process.communicate()
        ballast.unlink()
        cells = here.look(process.returncode, BAD, before).cells
        return cells | {"after": after(here, bench)}

    return judged(bench, FULL, found, told=f" (a real tmpfs; a night needs {needs / 1e6:.1f} MB)")


def read_only(bench: Bench) -> Outcome:
    """A folder is mounted read-only for one night."""

    def found(line: dict[str, str]) -> dict[str, str]:
        here = city(bench, f"read-only {line['read-only']}")
        closed = here.home if "home" in line["read-only"] else here.home / line["read-only"]
        mount("--bind", str(closed), str(closed))
        mount("-o", "remount,ro,bind", str(closed))
        before = here.version
        process = here.start(BAD)
        process.communicate()
        subprocess.run(["umount", str(closed)], check=True)
        cells = here.look(process.returncode, BAD, before).cells
        return cells | {"after": after(here, bench)}

    return judged(bench, CLOSED, found, told=" (real read-only mounts)")


INSIDE = {"full-disk": full_disk, "read-only": read_only}


def main(name: str, folder: str, *words: str) -> None:
    """The table in this process; the last line is the outcome."""
    bench = Bench(lambda line: print(line, flush=True), short="--short" in words)
    bench.__dict__["folder"] = Path(folder)
    print(json.dumps(asdict(INSIDE[name](bench))))


ROWS = (
    Row(
        "full-disk",
        "the run ends with 24, yesterday stays; with room again it is right",
        sealed("full-disk", errno.ENOSPC, "DiskFull", 24),
    ),
    Row(
        "read-only",
        "the run ends with 20, yesterday stays; writable again it is right",
        sealed("read-only", errno.EROFS, "FolderNotWritable", 20),
        short=False,
    ),
)

if __name__ == "__main__":
    main(*sys.argv[1:])
