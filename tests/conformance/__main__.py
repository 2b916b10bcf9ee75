"""`make conformance`: runs every row and ends with one table; its last line is the figure.

`--only NAME` (may stand more than once) runs single rows, `--list` names them. Exit code 0 only when every row that was
asked for is as it must be.
"""

from __future__ import annotations

import argparse
import sys

from tests.conformance.bench import Bench
from tests.conformance.rows import Outcome, Row
from tests.conformance.running import lines, ran, say, total
from tests.conformance.table import ROWS


def table(outcomes: dict[Row, Outcome]) -> int:
    """Print the table; 0 when every row is good."""
    say("")
    say("\n".join(lines(outcomes)))
    return total(outcomes)


def main() -> int:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(prog="make conformance", description=__doc__)
    names = [row.name for row in ROWS]
    parser.add_argument("--only", action="append", choices=names, metavar="NAME", help="run only this row")
    parser.add_argument("--list", action="store_true", help="name the rows and end")
    asked = parser.parse_args()
    if asked.list:
        say("\n".join(f"{row.name:<28} {row.proves}" for row in ROWS))
        return 0
    with Bench(say) as bench:
        return table({row: ran(row, bench) for row in ROWS if asked.only is None or row.name in asked.only})


if __name__ == "__main__":
    sys.exit(main())
