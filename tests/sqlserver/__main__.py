"""`make sqlserver-check`: the tests of the way to SQL Server with every driver, and a table; the last line is the figure.

Installs Microsoft's driver by a lock with hashes below `build/` (for tests only: its licence lets it be used to develop
and test, not be passed on); FreeTDS is Debian's. With CRISIS_TEST_MSSQL the same tests run against a real server.
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
from collections import Counter, defaultdict
from pathlib import Path
from xml.etree import ElementTree

from tests.conformance.installing import Judges, Missing
from tests.conftest import ROOT
from tests.sqlserver import bench
from tests.sqlserver.drivers import MICROSOFT, registered

BUILD = ROOT / "build" / "sqlserver-check"
JUDGES = Judges(Path(__file__).with_name("packages"), BUILD)
NAMES = ("FreeTDS", "Microsoft")


def microsoft_driver() -> Path | None:
    """The driver's file from the lock; None where unixODBC knows one. Raises Missing."""
    if MICROSOFT in registered():
        return None
    python = JUDGES.python("driver")
    pattern = f"lib/python*/site-packages/mssql_python_odbc/libs/linux/debian_ubuntu/{platform.machine()}/lib/lib*sql*"
    found = sorted(python.parents[1].glob(pattern))
    if not found:
        raise Missing(f"the package has no driver for {platform.system()} on {platform.machine()}")
    return found[0]


def run(words: list[str], environment: dict[str, str]) -> dict[str, Counter[str]]:
    """Outcomes by driver; tests that take no driver stand under "no driver"."""
    result = BUILD / "result.xml"
    BUILD.mkdir(parents=True, exist_ok=True)
    result.unlink(missing_ok=True)
    command = [sys.executable, "-m", "pytest", "tests/sqlserver", f"--junit-xml={result}", *words]
    subprocess.run(command, cwd=ROOT, env={**os.environ, **environment}, check=False)
    found: dict[str, Counter[str]] = defaultdict(Counter)
    if not result.is_file():
        found["no driver"]["failed"] += 1
        return found
    for case in ElementTree.parse(result).getroot().iter("testcase"):  # noqa: S314  pytest wrote it just now
        name = next((name for name in (*NAMES, "real server") if name in case.get("name", "")), "no driver")
        kinds = {child.tag for child in case}
        outcome = "failed" if kinds & {"failure", "error"} else "skipped" if "skipped" in kinds else "passed"
        found[name][outcome] += 1
    return found


def table(found: dict[str, Counter[str]]) -> bool:
    """Print the matrix; whether every driver ran and nothing failed."""
    print(f"\n{'driver':<14}{'passed':>8}{'failed':>8}{'skipped':>9}")
    for name, counts in sorted(found.items()):
        print(f"{name:<14}{counts['passed']:>8}{counts['failed']:>8}{counts['skipped']:>9}")
    wanted = ("real server",) if "real server" in found else NAMES
    return all(found[name]["passed"] for name in wanted) and not any(each["failed"] for each in found.values())


def main() -> int:
    """Run and say what was found."""
    parser = argparse.ArgumentParser(prog="make sqlserver-check", description=__doc__)
    parser.add_argument("--rows", type=int, default=0, help="also measure reading so many rows, for example 1000000")
    options, words = parser.parse_known_args()
    remark, environment = "", {}
    try:
        driver = microsoft_driver()
        if driver is not None:
            environment["CRISIS_TEST_ODBC_DRIVER"] = str(driver)
    except Missing as missing:
        remark = f"Microsoft's driver is not here: {missing}"
    found = run(words, environment)
    good = table(found)
    if remark:
        print(remark)
    if options.rows:
        good = bench.table(options.rows, environment) and good
    real = "SQL Server itself: run" if "real server" in found else "SQL Server itself: not run"
    figures = ", ".join(f"{name} {found[name]['passed']} passed" for name in sorted(found) if name != "no driver")
    print(f"driver path: {figures or 'no driver ran'}; {real}")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
