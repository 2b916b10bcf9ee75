"""Puts the judges of the templates in place: `python("powerbi")` is an interpreter, `node("powerbi")` a folder.

Locks lie in `packages/`, installed copies below `build/`; see `tests.conformance.installing`. `ask` runs a script of
`judges/` by that interpreter with JSON on both sides: judges are never imported by the project or by pytest.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from tests.conformance.installing import Judges, Missing, run, tool
from tests.conftest import ROOT

__all__ = ["JUDGES", "Missing", "ask", "node", "python", "run", "run_script", "tool"]

JUDGES = Path(__file__).with_name("judges")
PACKAGES = Path(__file__).with_name("packages")
POWERBI = Judges(PACKAGES, ROOT / "build" / "powerbi-check", newest=(3, 12))
"""pythonnet 3.0.3, the way to Microsoft's object model, reads Python up to 3.12."""

node = POWERBI.node
python = POWERBI.python
QUIET = {"DOTNET_SYSTEM_GLOBALIZATION_INVARIANT": "1", "DOTNET_CLI_TELEMETRY_OPTOUT": "1", "PYTHONIOENCODING": "utf-8"}
"""No ICU needed, nothing sent anywhere."""


def ask(script: str, question: Any, *arguments: str) -> Any:
    """What `judges/<script>` answers: JSON in, JSON out, run in the environment of the judges. Raises Missing."""
    interpreter = str(python("powerbi"))
    command = [interpreter, str(JUDGES / script), *arguments]
    return json.loads(run(command, JUDGES, stdin=json.dumps(question), env=QUIET))


def run_script(script: str, *arguments: str, stdin: str = "") -> str:
    """What `judges/<script>` prints, run by Node where the npm packages are. Raises Missing."""
    folder = node("powerbi")
    shutil.copy(JUDGES / script, folder)
    return run([tool("node"), script, *arguments], folder, stdin=stdin, env=QUIET)
