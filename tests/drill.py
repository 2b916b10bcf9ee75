"""`make drill`: kills the refresh at every named point and prints what came of it; the last line is the figure."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from jobs.refresh.crash import POINTS
from tests.helpers.drill import drill


def main() -> int:
    """Print the table; 0 when nobody was harmed at any point."""
    write = sys.stdout.write
    write(f"{'point':<24} {'readers ok':<16} {'re-run':<10} identities equal\n")
    good = 0
    with tempfile.TemporaryDirectory() as folder:
        for result in drill(Path(folder)):
            reads = f"{result.reads} reads" if not result.torn else f"TORN: {result.torn[0]}"
            equal = "yes" if result.identities_equal else "NO"
            remark = f"  left: {', '.join(result.leftovers)}" if result.leftovers else ""
            remark += "" if result.killed else "  WAS NOT KILLED"
            write(f"{result.point:<24} {reads:<16} {result.rerun:<10} {equal}{remark}\n")
            sys.stdout.flush()
            good += result.good
    write(f"{good} of {len(POINTS)} points survived\n")
    return 0 if good == len(POINTS) else 1


if __name__ == "__main__":
    sys.exit(main())
