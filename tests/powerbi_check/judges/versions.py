"""Which judges stand ready: names and versions of what is installed, and that Microsoft's object model starts."""

from __future__ import annotations

import importlib.metadata
import json
import sys

import tabular


def object_model() -> tuple[str, str]:
    """Versions of the Tabular Object Model and of the .NET that runs it."""
    loaded = tabular.start()
    import System

    file = System.Diagnostics.FileVersionInfo.GetVersionInfo(loaded["Microsoft.AnalysisServices.Tabular"].Location)
    return str(file.ProductVersion).partition("+")[0], str(System.Environment.Version)


def main() -> None:
    """JSON in: distribution names; JSON out: name to version, and the two of the object model."""
    names = json.load(sys.stdin)
    tom, dotnet = object_model()
    found = {name: importlib.metadata.version(name) for name in names}
    tabular.finish({**found, "TOM": tom, ".NET": dotnet})


if __name__ == "__main__":
    main()
