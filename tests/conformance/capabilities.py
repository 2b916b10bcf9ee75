"""What `$metadata` advertises against what is answered, name by name; the same cases as in the short form, with its counts.

`python -m tests.conformance.capabilities` prints them.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tests.conformance.bench import Bench
from tests.conformance.rows import Outcome, Row
from tests.helpers.asking import desk
from tests.helpers.capability_cases import ANSWERED, REFUSED, faults_of_answered, faults_of_refused, lines, world_of
from tests.helpers.tiny_snapshot import tiny_snapshot


def run(_: Bench | None) -> Outcome:
    """All cases on a small snapshot."""
    with tempfile.TemporaryDirectory(prefix="capabilities-") as name:
        folder = Path(name)
        tiny_snapshot(folder / "snapshots", seed=3, rows=40)
        asked = desk(folder / "snapshots")
        try:
            world = world_of(folder / "snapshots", folder)
            answered = {name: faults_of_answered(asked, world, text) for name, text in lines(ANSWERED).items()}
            refused = {name: faults_of_refused(asked, name, text) for name, text in lines(REFUSED).items()}
        finally:
            asked.engine.shelf.close()
    remarks = tuple(f"{name}: {fault}" for name, found in (answered | refused).items() for fault in found)
    good = [sum(not found for found in judged.values()) for judged in (answered, refused)]
    figure = f"{good[0]} of {len(answered)} advertised answered, {good[1]} of {len(refused)} others 501"
    return Outcome(figure, not remarks, remarks[:20])


ROW = Row("capabilities", "advertised: 200 with the oracle's value; everything else of the grammars: 501 by name", run)


def main() -> int:
    """Print the figure and what is wrong."""
    outcome = run(None)
    sys.stdout.writelines(f"{line}\n" for line in (*outcome.remarks, outcome.figure))
    return 0 if outcome.good else 1


if __name__ == "__main__":
    sys.exit(main())
