"""`python -m powerbi.package` writes the committed templates, `--check` fails and names the first file that is stale.

Called by `make docs` and `make check`.
"""

from __future__ import annotations

import sys

from powerbi.package.assembly import templates
from powerbi.package.folders import COMMITTED, differences, read, write


def stale() -> list[str]:
    """What the committed files say other than the catalogue does now, the first in the order of the paths first."""
    present = read(COMMITTED) if COMMITTED.is_dir() else {}
    return [f"{path} {said}" for path, said in differences(present, templates())]


def main() -> int:
    """Write, or say what is stale."""
    if "--check" not in sys.argv:
        write(COMMITTED, templates())
        return 0
    old = stale()
    if old:
        more = f" (and {len(old) - 1} more)" if len(old) > 1 else ""
        sys.stderr.write(f"stale: powerbi/templates/{old[0]}{more}; run `make docs` and commit the result\n")
    return 1 if old else 0


if __name__ == "__main__":
    sys.exit(main())
