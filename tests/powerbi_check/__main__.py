"""`make powerbi-check`: runs every row and ends with one table for each audience; the last line is the figure.

`--short` leaves out what needs more than the Python package index, `--only NAME` (may stand more than once) runs single
rows (`--only tom` both audiences, `--only tom-viewer` one), `--list` names them. Exit code 0 only when every row that was
asked for is as it must be. Power BI Desktop does not run here, and the table says so.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable

from tests.conformance.running import lines, ran, say, total
from tests.powerbi_check.bench import Bench
from tests.powerbi_check.rows import AUDIENCES, Outcome, Row
from tests.powerbi_check.table import ROWS

NOT_RUN = "Desktop: not run"


def table(outcomes: dict[Row, Outcome]) -> int:
    """Print a table for each audience and the line that is always true; 0 when every row is good."""
    for audience in (*AUDIENCES, None):
        own = {row: outcome for row, outcome in outcomes.items() if row.audience == audience}
        if own:
            say("\n".join(["", heading(audience, own), *lines(own, proves=False)]))
    say(f"\n{NOT_RUN}")
    return total(outcomes)


def heading(audience: str | None, outcomes: dict[Row, Outcome]) -> str:
    """Whose templates, and how many rows are as they must be."""
    good = sum(outcome.good for outcome in outcomes.values())
    return f"{f'{audience} model and report' if audience else 'both'}: {good} of {len(outcomes)} rows"


def chosen(only: list[str] | None, *, short: bool) -> list[Row]:
    """The rows that were asked for."""
    offered = [row for row in ROWS if row.short or not short]
    return [row for row in offered if only is None or any(row.called(word) for word in only)]


def listed(rows: Iterable[Row]) -> str:
    """Names, and what each proves."""
    return "\n".join(f"{row.name:<28} {'short  ' if row.short else '       '}{row.proves}" for row in rows)


def main() -> int:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(prog="make powerbi-check", description=__doc__)
    parser.add_argument("--short", action="store_true", help="only what needs the Python package index alone")
    parser.add_argument("--only", action="append", metavar="NAME", help="run only this row")
    parser.add_argument("--list", action="store_true", help="name the rows and end")
    asked = parser.parse_args()
    if asked.list:
        say(listed(chosen(None, short=asked.short)))
        return 0
    for word in asked.only or ():
        if not any(row.called(word) for row in ROWS):
            parser.error(f"no row is called {word}; --list names them")
    with Bench(say, short=asked.short) as bench:
        return table({row: ran(row, bench) for row in chosen(asked.only, short=asked.short)})


if __name__ == "__main__":
    sys.exit(main())
