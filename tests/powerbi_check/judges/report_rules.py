"""What pbir-utils says about a report: JSON in (`report`, its folder), JSON out (`results` by rule, `violations`).

Called as a library: its command asks the package index for a newer version, and a judge asks nobody.
"""

from __future__ import annotations

import json
import sys

from pbir_utils.console_utils import console
from pbir_utils.rule_engine import ValidationError, validate_report


def main() -> None:
    """All rules that come with it, whatever their severity."""
    folder = json.load(sys.stdin)["report"]
    try:
        with console.suppress_all():
            found = validate_report(folder, source="all", strict=False)
        answer = {"results": found.results, "violations": found.violations}
    except ValidationError as error:
        answer = {"results": {"validation": False}, "violations": error.violations}
    json.dump(answer, sys.stdout)


if __name__ == "__main__":
    main()
