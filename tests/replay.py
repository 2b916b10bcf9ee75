"""`python -m tests.replay FILE`: asks the requests of a recording of a service over a small made-up snapshot.

Prints those whose answer is another than recorded and those that could not be asked; the last line is the figure.
`--record FILE` makes such a file from our own requests.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from tests.helpers.recording_own import record
from tests.helpers.replaying import entries, verdicts
from tests.helpers.service import running
from tests.helpers.tiny_snapshot import tiny_snapshot


def main(arguments: list[str]) -> int:
    """0 when every request that could be asked was answered as recorded."""
    for name in [name for name in os.environ if name.upper().startswith("CRISIS_")]:
        del os.environ[name]
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        tiny_snapshot(home / "snapshots")
        if arguments[:1] == ["--record"]:
            record(home, Path(arguments[1]))
            return 0
        return replayed(home, Path(arguments[0]))


def replayed(home: Path, file: Path) -> int:
    """Ask and print."""
    write = sys.stdout.write
    good = asked = skipped = 0
    with running(home, requests_per_minute=1_000_000) as service:
        for verdict in verdicts(entries(file.read_text("utf-8")), service):
            skipped += verdict.skipped is not None
            asked += verdict.skipped is None
            good += verdict.skipped is None and verdict.fault is None
            if verdict.fault or verdict.skipped:
                write(f"{verdict.fault or verdict.skipped:<40} {verdict.asked}\n")
    write(f"{good} of {asked} requests answered as recorded; {skipped} could not be asked\n")
    return 0 if good == asked else 1


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1:]))
