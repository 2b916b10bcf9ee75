"""`python -m tests.powerbi_check.pictures`: draws every page of both reports anew and says what is wrong with them.

`--audience viewer` draws one; the demo city is made, served and read by the templates' own M first.
"""

from __future__ import annotations

import argparse
import sys

from tests.conformance.running import say
from tests.powerbi_check.bench import Bench
from tests.powerbi_check.pictures import writing
from tests.powerbi_check.rows import AUDIENCES


def main() -> int:
    """Draw, write, say."""
    parser = argparse.ArgumentParser(prog="python -m tests.powerbi_check.pictures", description=__doc__)
    parser.add_argument("--audience", action="append", choices=AUDIENCES, help="draw the pages of this one only")
    asked = parser.parse_args()
    faults = 0
    with Bench(say) as bench:
        for audience in asked.audience or AUDIENCES:
            drawn = writing.sheets(audience, bench.rows_file(audience))
            writing.write(audience, drawn)
            for name, sheet in drawn.items():
                say(f"{name}: {sheet.drawn} of {sheet.wanted} visuals")
                say("\n".join(f"  {fault}" for fault in [*sheet.faults(), *(f"beyond: {b}" for b in sheet.beyond)]))
                faults += len(sheet.faults())
    say(f"{faults} faults")
    return 0 if not faults else 1


if __name__ == "__main__":
    sys.exit(main())
