"""`make drill`: bad nights, one row a kind, then a table of figures; the last line is the figure.

`--short` is the gate's form, `--only NAME` (may stand more than once) runs single rows, `--list` names them, `--seed N`
draws other random moments. Exit code 0 only when every row that was asked for is as it must be.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping

from tests.conformance import rows as conformance
from tests.conformance.running import lines, ran, say, total
from tests.drill.bench import SEED, Bench
from tests.drill.rows import Outcome, Row
from tests.drill.table import ROWS


def chosen(only: list[str] | None, *, short: bool) -> list[Row]:
    """The rows that were asked for."""
    offered = [row for row in ROWS if row.short or not short]
    return [row for row in offered if only is None or any(row.called(word) for word in only)]


def figures(outcomes: Mapping[Row, conformance.Outcome]) -> list[str]:
    """The block of figures: what each row counted, under its name."""
    told = [
        (row.name, what, value)
        for row, outcome in outcomes.items()
        if isinstance(outcome, Outcome)
        for what, value in outcome.figures
    ]
    if not told:
        return []
    wide = max(len(name) for name, _, _ in told)
    words = max(len(what) for _, what, _ in told)
    return ["", "figures", *(f"{name:<{wide}}  {what:<{words}}  {value}" for name, what, value in told)]


def table(outcomes: Mapping[Row, conformance.Outcome]) -> int:
    """Print every figure once more, then how many rows are good; 0 when all are. No row at all is no success."""
    say("\n".join(["", *lines(outcomes), *figures(outcomes), ""]))
    return total(outcomes) if outcomes else 1


def main() -> int:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(prog="make drill", description=__doc__)
    parser.add_argument("--short", action="store_true", help="the gate's form: few and small")
    parser.add_argument("--only", action="append", metavar="NAME", help="run only this row")
    parser.add_argument("--list", action="store_true", help="name the rows and end")
    parser.add_argument(
        "--seed", type=int, default=SEED, metavar="N", help=f"what random moments are drawn by ({SEED})"
    )
    asked = parser.parse_args()
    if asked.list:
        say("\n".join(f"{row.name:<28} {'short  ' if row.short else '       '}{row.proves}" for row in ROWS))
        return 0
    for word in asked.only or ():
        if not any(row.called(word) for row in ROWS):
            parser.error(f"no row is called {word}; --list names them")
    with Bench(say, short=asked.short, seed=asked.seed) as bench:
        return table({row: ran(row, bench) for row in chosen(asked.only, short=asked.short)})


if __name__ == "__main__":
    sys.exit(main())
