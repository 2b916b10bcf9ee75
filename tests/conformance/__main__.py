"""`make conformance`: runs every row and ends with one table; its last line is the figure.

`--only NAME` (may stand more than once) runs single rows, `--list` names them. Exit code 0 only when every row that was
asked for is as it must be.
"""

from __future__ import annotations

import argparse
import sys
import time

from tests.conformance.bench import Bench
from tests.conformance.installing import Missing
from tests.conformance.rows import Outcome, Row
from tests.conformance.table import ROWS

WIDEST = 48
"""Characters of a figure up to which the column is as wide as its widest."""


def say(line: str) -> None:
    """One line, at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def ran(row: Row, bench: Bench) -> Outcome:
    """Run one row; what cannot be called or breaks off has failed, with a line that says why."""
    say(f"{row.name}: {row.proves} ...")
    begun = time.monotonic()
    try:
        outcome = row.run(bench)
    except Missing as missing:
        outcome = Outcome("missing", good=False, remarks=(str(missing),))
    except Exception as error:  # noqa: BLE001 one broken judge must not hide what the others say
        outcome = Outcome("broke off", good=False, remarks=(f"{type(error).__name__}: {error}",))
    say(f"  {'ok  ' if outcome.good else 'FAIL'} {outcome.figure}  ({time.monotonic() - begun:.0f} s)")
    for remark in () if outcome.good else outcome.remarks:
        say("\n".join(f"      {line}" for line in remark.splitlines()))
    return outcome


def table(outcomes: dict[Row, Outcome]) -> int:
    """Print the table; 0 when every row is good."""
    wide = max(len(row.name) for row in outcomes)
    figures = min(WIDEST, max(len(outcome.figure) for outcome in outcomes.values()))
    say("")
    for row, outcome in outcomes.items():
        say(f"{row.name:<{wide}}  {'ok  ' if outcome.good else 'FAIL'}  {outcome.figure:<{figures}}  {row.proves}")
    good = sum(outcome.good for outcome in outcomes.values())
    say(f"{good} of {len(outcomes)} rows as they must be")
    return 0 if good == len(outcomes) else 1


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
