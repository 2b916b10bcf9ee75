"""Row `kill-points`: the refresh dies at each named point while somebody reads, and nothing comes of it."""

from __future__ import annotations

from jobs.refresh.crash import POINTS
from tests.drill.bench import Bench
from tests.drill.rows import Outcome, Row
from tests.helpers.drill import Result, drill


def run(bench: Bench) -> Outcome:
    """Every point once, with the product's own numbers."""
    found = []
    for result in drill(bench.folder / "kills"):
        bench.say(f"  {line(result)}")
        found.append(result)
    good = sum(result.good for result in found)
    reads = sum(result.reads for result in found)
    figure = f"{good} of {len(POINTS)} points survived, {reads} reads"
    return Outcome(figure, good == len(POINTS), tuple(line(result) for result in found if not result.good))


def line(result: Result) -> str:
    """What came of one point."""
    reads = f"{result.reads} reads" if not result.torn else f"TORN: {result.torn[0]}"
    equal = "identities equal" if result.identities_equal else "IDENTITIES DIFFER"
    left = f", left: {', '.join(result.leftovers)}" if result.leftovers else ""
    killed = "" if result.killed else ", WAS NOT KILLED"
    return f"{result.point:<24} {reads}, re-run {result.rerun}, {equal}{left}{killed}"


ROWS = (Row("kill-points", "readers see nothing of it, the next run makes good", run, short=False),)
