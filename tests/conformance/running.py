"""Runs the rows of a table and prints it: a line for each row as it ends, then all of them under one figure.

Knows nothing of what a row does. Called by `make conformance`, `make powerbi-check` and `make drill`.
"""

from __future__ import annotations

import sys
import time
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.conformance.installing import Missing
from tests.conformance.rows import Outcome, Row

WIDEST = 48
"""Characters of a figure up to which the column is as wide as its widest."""


def say(line: str) -> None:
    """One line, at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def ran(row: Row, bench: Any) -> Outcome:
    """Run one row; what cannot be called or breaks off has failed, with a line that says why."""
    say(f"{row.name}: {row.proves} ...")
    begun = time.monotonic()
    try:
        outcome = row.run(bench)
    except Missing as missing:
        outcome = Outcome("missing", good=False, remarks=(str(missing),))
    except Exception as error:  # noqa: BLE001 one broken judge must not hide what the others say
        frame = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{Path(frame.filename).name}:{frame.lineno}"
        outcome = Outcome("broke off", good=False, remarks=(f"{type(error).__name__}: {error} ({where})",))
    say(f"  {'ok  ' if outcome.good else 'FAIL'} {outcome.figure}  ({time.monotonic() - begun:.0f} s)")
    for remark in outcome.remarks:
        say("\n".join(f"      {line}" for line in remark.splitlines()))
    return outcome


def lines(outcomes: Mapping[Row, Outcome], *, proves: bool = True) -> list[str]:
    """One line for each row, in columns; `proves`: with what a good figure means."""
    wide = max((len(row.name) for row in outcomes), default=0)
    figures = min(WIDEST, max((len(outcome.figure) for outcome in outcomes.values()), default=0))
    return [
        f"{row.name:<{wide}}  {'ok  ' if outcome.good else 'FAIL'}  "
        + (f"{outcome.figure:<{figures}}  {row.proves}" if proves else outcome.figure)
        for row, outcome in outcomes.items()
    ]


def total(outcomes: Mapping[Row, Outcome]) -> int:
    """Print the last line; 0 when every row is good."""
    good = sum(outcome.good for outcome in outcomes.values())
    say(f"{good} of {len(outcomes)} rows as they must be")
    return 0 if good == len(outcomes) else 1
