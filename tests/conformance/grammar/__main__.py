"""`python -m tests.conformance.grammar --cases 100000 --seed 1`: our verdict on generated and broken addresses against
the official grammar's, figures at the end. Exit code 0 only without a disagreement and with every alternative of the table used.
"""

from __future__ import annotations

import argparse
import sys

from tests.conformance.grammar.comparison import compare
from tests.conformance.installing import Missing


def main() -> int:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(prog="python -m tests.conformance.grammar", description=__doc__)
    parser.add_argument("--cases", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--show", type=int, default=20, help="how many disagreements to print")
    asked = parser.parse_args()
    try:
        found = compare(asked.cases, asked.seed)
    except Missing as missing:
        sys.stdout.write(f"not compared: {missing}\n")
        return 2
    sys.stdout.write("\n".join((*found.lines(), *map(str, found.disagreements[: asked.show]), "")))
    return 0 if found.is_good else 1


if __name__ == "__main__":
    sys.exit(main())
